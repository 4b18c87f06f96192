-- How many bytes the files and documents of one client may have in all, for case_settings. It holds for everybody.

-- What is on its way counts with what it was announced as, so that many at once don't pass one by one; what goes doesn't.
create function casebase.bytes_of_client(client uuid) returns bigint
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(kept.bytes), 0)::bigint
  from (
    select f.file_size as bytes
    from public.cases c
    join public.case_files f on f.case_id = c.id
    where c.client_id = client
      and f.state <> 'deleting'
    union all
    select d.file_size
    from public.client_documents d
    where d.client_id = client
      and d.state <> 'deleting'
  ) kept
$$;

-- Asked when a file is reserved and when its true size is known. Whoever adds to a client waits for whoever came before.
-- AFTER: the policies have spoken.
create function casebase.hold_quota() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most   bigint := (select s.bytes_per_client from public.case_settings s);
  client uuid   := to_jsonb(new) ->> 'client_id';
begin
  if most is null then
    return null;
  end if;
  if tg_relid = 'public.case_files'::regclass then
    select c.client_id into client from public.cases c where c.id = (to_jsonb(new) ->> 'case_id')::bigint;
  end if;
  perform pg_advisory_xact_lock(hashtext('casebase.hold_quota'), hashtext(client::text));
  if casebase.bytes_of_client(client) > most then
    raise exception 'the files of one client may have % bytes in all', most
      using errcode = 'check_violation', column = 'file_size',
            hint = 'Delete files that are not needed any more, or have an admin raise case_settings.bytes_per_client.';
  end if;
  return null;
end
$$;

-- A file's size changes with its state only (keep_file).
create trigger hold_quota after insert or update of state on public.case_files
  for each row when (new.state <> 'deleting') execute function casebase.hold_quota();
create trigger hold_quota after insert or update of state on public.client_documents
  for each row when (new.state <> 'deleting') execute function casebase.hold_quota();

-- Of a client of the caller's, or of any for staff.
create function casebase.client_usage(client uuid) returns jsonb
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from public.clients c
    where c.id = client
      and (casebase.is_staff() or c.id = any (casebase.my_clients()))
  ) then
    raise exception 'there is no such client' using errcode = 'PT404', detail = 'client_id';
  end if;
  return jsonb_build_object(
    'used_bytes', casebase.bytes_of_client(client),
    'most_bytes', (select s.bytes_per_client from public.case_settings s)
  );
end
$$;
