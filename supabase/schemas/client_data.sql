-- All that is kept of one client, for whom it is to be given to, or who wants it erased: `casebase export-client` and
-- `casebase erase-client`. For the project's owner; nobody else executes these.

-- Answers under an Idempotency-Key that say something of the client's: of a case, interaction, file or document. What is
-- neither says which case it is of.
create function casebase.answers_about(client uuid) returns setof casebase.idempotency_keys
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select k.*
  from casebase.idempotency_keys k
  where strpos(k.body, client::text) > 0
    or substring(k.body from '"case_id": ?"?(?:CASE-0*)?([1-9][0-9]{0,17})')::bigint in (
      select c.id from public.cases c where c.client_id = client)
$$;

-- Every row, by its table; objects are Storage's.
create function casebase.client_records(client uuid) returns table (kind text, record jsonb)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'clients', to_jsonb(c) from public.clients c where c.id = client
  union all
  select 'client_members', to_jsonb(m) from public.client_members m where m.client_id = client
  union all
  select 'invitations', to_jsonb(i) from public.invitations i where i.client_id = client
  union all
  select 'cases', to_jsonb(c) from public.cases c where c.client_id = client
  union all
  select 'case_internal', to_jsonb(x)
  from public.cases c join public.case_internal x on x.case_id = c.id where c.client_id = client
  union all
  select 'interactions', to_jsonb(x)
  from public.cases c join public.interactions x on x.case_id = c.id where c.client_id = client
  union all
  select 'internal_notes', to_jsonb(x)
  from public.cases c join public.internal_notes x on x.case_id = c.id where c.client_id = client
  union all
  select 'case_files', to_jsonb(x)
  from public.cases c join public.case_files x on x.case_id = c.id where c.client_id = client
  union all
  select 'case_events', to_jsonb(x)
  from public.cases c join public.case_events x on x.case_id = c.id where c.client_id = client
  union all
  select 'client_documents', to_jsonb(d) from public.client_documents d where d.client_id = client
  union all
  select 'webhook_payloads', to_jsonb(p)
  from casebase.webhook_payloads p where strpos(p.body, client::text) > 0 and p.scrubbed_at is null
  union all
  select 'idempotency_keys', to_jsonb(k) - 'claim' from casebase.answers_about(client) k
  union all
  select 'spent_paths', to_jsonb(s) from casebase.spent_paths s where starts_with(s.object_path, client || '/')
  union all
  select 'overwritten_objects', to_jsonb(w)
  from casebase.overwritten_objects w where starts_with(w.object_path, client || '/')
  union all
  select 'objects', jsonb_build_object('bucket_id', o.bucket_id, 'object_path', o.name, 'metadata', o.metadata)
  from storage.objects o
  where o.bucket_id in ('admin-bucket', 'client-bucket')
    and o.name like client || '/%'
$$;

-- A step of erasing a client, in a transaction of its own: so many cases with all that hangs on them, or, when there is none
-- left, the rest. Answers whether it was the last. Refused (PT409) while an object of theirs is there: the object goes first,
-- through Storage's API. Whoever dies in between calls it again.
--
-- Receivers of webhooks hear that the cases are gone, without a word of what they were. Paths of the client's may be used
-- again, for their names say what the files were called; every path of a case has its number, which is used once.
create function casebase.erase_client(client uuid, at_most integer) returns boolean
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  batch bigint[];
begin
  -- Who opens a case for it meanwhile waits, and is refused.
  perform from public.clients c where c.id = client for update;
  delete from public.client_members m where m.client_id = client;
  delete from public.invitations i where i.client_id = client;
  -- As long as it is known which cases are theirs.
  delete from casebase.idempotency_keys k
  using casebase.answers_about(client) a
  where k.user_id = a.user_id and k.key = a.key;

  batch := array(select c.id from public.cases c where c.client_id = client order by c.id limit at_most);
  if batch <> '{}' then
    delete from public.case_files f where f.case_id = any (batch);
    delete from public.cases c where c.id = any (batch);
    perform casebase.scrub_webhook_payloads(batch);
    return false;
  end if;

  delete from public.client_documents d where d.client_id = client;
  -- Of cases that were deleted before.
  perform casebase.scrub_webhook_payloads(array(
    select p.case_id from casebase.webhook_payloads p where strpos(p.body, client::text) > 0));
  delete from casebase.spent_paths s where starts_with(s.object_path, client || '/');
  delete from casebase.overwritten_objects w where starts_with(w.object_path, client || '/');
  delete from public.clients c
  where c.id = client
    and (select s.is_ours from casebase.client_source s);
  return true;
end
$$;
