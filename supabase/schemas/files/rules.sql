-- What a file's row says stays true: where it lies, how it goes from state to state, what it hangs on.

-- Only the table's owner vouches for a file's content: the verification functions run as the owner.
create function casebase.vouches_for_files(files regclass) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select pg_has_role(current_user, c.relowner, 'member') from pg_catalog.pg_class c where c.oid = files
$$;

-- What is reserved is pending, the caller's own, and called what a file may be called.
create function casebase.reserve_file() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  fault text;
begin
  if row_security_active(tg_relid) then
    new.uploaded_by := casebase.caller_id();
  else
    new.uploaded_by := coalesce(new.uploaded_by, casebase.caller_id());
  end if;
  if new.state <> 'pending' and not casebase.vouches_for_files(tg_relid) then
    raise exception 'a new file is pending' using errcode = 'check_violation', column = 'state';
  end if;

  new.original_name := casebase.kept_name(new.original_name);
  fault := casebase.name_fault(new.original_name);
  if fault is not null then
    raise exception 'original_name "%" is not taken: %', left(regexp_replace(new.original_name, '[\u0001-\u001f\u007f-\u009f]', '?', 'g'), 300), fault
      using errcode = 'check_violation', column = 'original_name', constraint = tg_table_name || '_original_name_check',
            hint = 'A name is one line of 1 to 255 characters without / and \. Pack a program into an archive, if it belongs to the case.';
  end if;
  return new;
end
$$;

create trigger a_reserve_file before insert on public.case_files
  for each row execute function casebase.reserve_file();
create trigger a_reserve_file before insert on public.client_documents
  for each row execute function casebase.reserve_file();

-- A place is not used again when its file is gone: a signed download, or somebody's bookmark, would show other bytes as
-- that file, and an upload that was signed for it would write another's.
create table casebase.spent_paths (
  bucket_id   text             not null,
  object_path text collate "C" not null,
  constraint spent_paths_pkey primary key (bucket_id, object_path)
);
comment on table casebase.spent_paths is 'Where a file lay, or was to lie, whose row is gone. Kept: signed URLs may live for years.';
alter table casebase.spent_paths enable row level security;
revoke all on casebase.spent_paths from public, anon, authenticated, service_role;

create function casebase.spend(bucket text, path text) returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
  insert into casebase.spent_paths (bucket_id, object_path)
  select bucket, path where path is not null
  on conflict do nothing;
  delete from casebase.overwritten_objects w
  where w.bucket_id = bucket and w.object_path = path;
$$;

create function casebase.spend_path() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.spend(old.bucket_id, old.object_path);
  perform casebase.spend(to_jsonb(old) ->> 'other_bucket_id', to_jsonb(old) ->> 'other_object_path');
  return null;
end
$$;

create trigger spend_path after delete on public.case_files
  for each row execute function casebase.spend_path();
create trigger spend_path after delete on public.client_documents
  for each row execute function casebase.spend_path();

-- The name itself where it is free in its folder, or else with a number that is: " (2)", " (3)" … before the extension.
-- As its owner, who alone sees every file and what is spent. Whoever reserves in a folder waits for whoever came before
-- to it, so that no two are given one name; there are 1,024 locks, so that a statement may reserve in any number of
-- folders.
create function casebase.free_file_name(bucket text, folder text, wanted text) returns text
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  parts  text[]  := regexp_match(wanted, '^(.*?)(?: \(\d+\))?(\.[A-Za-z0-9]{1,16})?$');
  taken  integer := 0;
  free   integer;
  number integer := 1;
  suffix text;
  name   text := wanted;
begin
  perform pg_advisory_xact_lock(hashtext('casebase.free_file_name'), hashtext(bucket || '/' || folder) & 1023);
  -- Doubled until one is free, then halved: a hundred files of one name are a dozen looks.
  loop
    if exists (select from casebase.reserved_objects r where r.bucket_id = bucket and r.object_path = folder || name)
       or exists (select from casebase.spent_paths s where s.bucket_id = bucket and s.object_path = folder || name)
    then
      taken := number;
    else
      free := number;
      wanted := name;
    end if;
    exit when free = taken + 1;
    number := case when free is null then taken * 2 else (taken + free) / 2 end;
    suffix := ' (' || number || ')' || coalesce(parts[2], '');
    name := left(parts[1], 200 - length(suffix)) || suffix;
  end loop;
  return wanted;
end
$$;

-- The place of a case's file follows from its case. Cases are read through the caller's own policies: for one
-- that they don't see nothing is set or said, and the policy refuses the row as it refuses a missing case's.
create function casebase.place_case_file() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  the_case record;
  prefix   text;
  folder   text;
begin
  new.bucket_id := null;
  new.object_path := null;
  select c.case_id, c.client_id,
         c.department_id = any (casebase.my_departments())
           or coalesce(c.assigned_to = casebase.staff_id(), false) as as_staff
  into the_case
  from public.cases c
  where c.id = new.case_id;
  if not found then
    return new;
  end if;

  -- What a client adds, clients see.
  if row_security_active(tg_relid) and not the_case.as_staff then
    new.visible_to_client := true;
  end if;

  prefix := the_case.case_id || '-' || coalesce('interaction-' || new.interaction_id || '-', '');
  if new.file_name = '' then
    new.file_name := prefix || floor(extract(epoch from now()))::bigint || '-' || casebase.plain_file_name(new.original_name);
  elsif not starts_with(new.file_name, prefix)
     or substr(new.file_name, length(prefix) + 1) !~ '^[0-9]{9,11}-[^ .]'
  then
    raise exception 'the file name must be %<unix seconds>-<name>', prefix
      using errcode = 'check_violation', column = 'file_name', constraint = 'case_files_file_name_check',
            hint = 'Leave it out, and the database names the file.';
  end if;

  new.bucket_id := case when new.visible_to_client then 'client-bucket' else 'admin-bucket' end;
  folder := the_case.client_id || '/cases/' || the_case.case_id || '/';
  new.file_name := casebase.free_file_name(new.bucket_id, folder, new.file_name);
  new.object_path := folder || new.file_name;
  return new;
end
$$;

create trigger b_place_case_file before insert on public.case_files
  for each row execute function casebase.place_case_file();

-- A document's first version gives it its number; another one goes where the others lie. They are looked up through the
-- caller's own policies, so a document that isn't seen and one that doesn't exist get the same answer.
create function casebase.place_client_document() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  folder text := new.client_id || '/' || new.category || '/';
begin
  if new.document_id = 0 then
    new.document_id := new.id;
  elsif not exists (
    select from public.client_documents d
    where d.document_id = new.document_id
      and d.client_id = new.client_id
      and d.category = new.category
      and d.state = 'available'
  ) then
    raise exception 'there is no document % in this category of this client', new.document_id
      using errcode = 'check_violation', column = 'document_id', hint = 'Leave document_id out for a new document.';
  end if;

  if new.file_name = '' then
    new.file_name := casebase.plain_file_name(new.original_name);
  end if;
  new.bucket_id := 'client-bucket';
  new.file_name := casebase.free_file_name(new.bucket_id, folder, new.file_name);
  new.object_path := folder || new.file_name;
  return new;
end
$$;

create trigger b_place_client_document before insert on public.client_documents
  for each row execute function casebase.place_client_document();

-- A file stays what it was reserved as, and its state goes one way. Who may move it at all is the policies' part.
create function casebase.keep_file() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  changed text[] := casebase.changed_columns(to_jsonb(old), to_jsonb(new));
  moving  constant text[] := '{visible_to_client,other_bucket_id,other_object_path,other_state,other_version,moved_by,replaced_at}';
begin
  new.updated_at := now();
  -- These become null when the interaction or the user is deleted.
  if new.uploaded_by is null then
    changed := array_remove(changed, 'uploaded_by');
  end if;
  if to_jsonb(new) -> 'interaction_id' = 'null' then
    changed := array_remove(changed, 'interaction_id');
  end if;

  -- A file moves by the functions made for it (moving.sql), and then its place goes along. A document is replaced by
  -- the step that makes its next version available.
  if changed && moving and casebase.vouches_for_files(tg_relid) then
    if not changed <@ (moving || '{bucket_id,object_path,file_name,object_version}'::text[]) then
      raise exception 'a file that moves changes nothing else' using errcode = 'check_violation';
    end if;
    return new;
  end if;

  if not changed <@ '{state,file_size,content_type,sha256,object_version,rejection,notes}' then
    raise exception 'a file never changes its %', changed[1]
      using errcode = 'check_violation', hint = 'Upload it again instead.';
  end if;
  if new.state = old.state then
    if changed <> '{}' then
      raise exception 'a file changes only when its state does' using errcode = 'check_violation';
    end if;
    return new;
  end if;

  case old.state || ' to ' || new.state
    when 'pending to uploaded' then
      if row_security_active(tg_relid) and old.uploaded_by is distinct from casebase.caller_id() then
        raise exception 'only who reserved a file can upload it' using errcode = 'insufficient_privilege';
      end if;
      if casebase.object_version(old.bucket_id, old.object_path) is null then
        raise exception 'there is no object at % in %', old.object_path, old.bucket_id
          using errcode = 'PT409', hint = 'Upload the object first.';
      end if;
    when 'pending to available', 'uploaded to available' then
      if not casebase.vouches_for_files(tg_relid) then
        raise exception 'only the service makes a file available'
          using errcode = 'insufficient_privilege', hint = 'Ask it to verify the file.';
      end if;
    when 'pending to deleting', 'uploaded to deleting', 'available to deleting' then
      if row_security_active(tg_relid) and changed <> '{state}' then
        raise exception 'a file that goes changes nothing else' using errcode = 'check_violation';
      end if;
    else
      raise exception 'a file can''t go from % to %', old.state, new.state
        using errcode = 'check_violation', column = 'state',
              hint = 'A file goes from pending to uploaded to available, and from anywhere to deleting.';
  end case;
  return new;
end
$$;

-- A new version takes the place of the one before in the step that makes it available: whoever looks finds one of them,
-- and never none or both. Of two that come at once the later one stays; the lock lets it see the other. What was replaced
-- stays as well, for those who write documents.
create function casebase.replace_version() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtext('casebase.replace_version'), hashtext(new.document_id::text));
  update public.client_documents d
  set replaced_at = now()
  where d.document_id = new.document_id
    and d.state = 'available'
    and d.replaced_at is null;
  return new;
end
$$;

create trigger b_replace_version before update of state on public.client_documents
  for each row when (new.state = 'available' and old.state <> 'available')
  execute function casebase.replace_version();

-- changed_columns leaves case_id out, which elsewhere is generated.
create trigger a_keep_case before update on public.case_files
  for each row execute function casebase.keep_identity('case_id');
create trigger a_keep_file before update on public.case_files
  for each row execute function casebase.keep_file();
create trigger a_keep_file before update on public.client_documents
  for each row execute function casebase.keep_file();

-- No row goes while its object is there.
create function casebase.keep_row_of_object() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if casebase.has_objects(to_jsonb(old)) then
    raise exception 'the object of this file is still in %', old.bucket_id
      using errcode = 'PT409', hint = 'Delete the object through Storage first.';
  end if;
  return old;
end
$$;

create trigger a_keep_row_of_object before delete on public.case_files
  for each row execute function casebase.keep_row_of_object();
create trigger a_keep_row_of_object before delete on public.client_documents
  for each row execute function casebase.keep_row_of_object();

-- A file that clients see never hangs on an interaction that they don't. Both sides lock the interaction, so
-- neither can slip past the other. AFTER: the policies have spoken, so an error here tells nothing new.
create function casebase.check_shown(interaction bigint) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform from public.interactions i where i.id = interaction and i.visible_to_client for share;
  if not found then
    raise exception 'a file that the client sees can''t belong to an interaction that the client doesn''t see'
      using errcode = 'check_violation', column = 'visible_to_client',
            hint = 'Make the interaction visible first, or the file internal.';
  end if;
end
$$;

create function casebase.check_file_interaction() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.check_shown(new.interaction_id);
  return null;
end
$$;

create trigger check_interaction after insert or update of visible_to_client on public.case_files
  for each row when (new.visible_to_client and new.interaction_id is not null)
  execute function casebase.check_file_interaction();

-- What nobody but its uploader sees yet keeps no interaction in the open: it is let go.
create function casebase.check_interaction_files() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update public.case_files f
  set state = 'deleting', rejection = 'its interaction is not shown to the client any more'
  where f.interaction_id = new.id and f.visible_to_client
    and f.state in ('pending', 'uploaded');
  if exists (
    select from public.case_files f
    where f.interaction_id = new.id and f.visible_to_client and f.state = 'available'
  ) then
    raise exception 'the interaction has files that the client sees'
      using errcode = 'check_violation', column = 'visible_to_client', hint = 'Hide or delete them first.';
  end if;
  return new;
end
$$;

create trigger c_check_files before update of visible_to_client on public.interactions
  for each row when (old.visible_to_client and not new.visible_to_client)
  execute function casebase.check_interaction_files();

-- A case goes after its files; what has no object, and may be seen by nobody but its uploader, goes with it.
create function casebase.let_go_of_reservations() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from public.case_files f
  where f.case_id = old.id
    and f.state <> 'available'
    and not casebase.has_objects(to_jsonb(f));
  if exists (select from public.case_files f where f.case_id = old.id) then
    raise exception '% has files', old.case_id
      using errcode = 'foreign_key_violation', constraint = 'case_files_case_id_fkey',
            hint = 'Delete them first: set state to deleting, delete the object, then the row. What was uploaded and never checked, its uploader deletes, or a secret key.';
  end if;
  return old;
end
$$;

create trigger let_go_of_reservations before delete on public.cases
  for each row execute function casebase.let_go_of_reservations();
