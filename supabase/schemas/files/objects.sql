-- The two buckets, and what ties an object in them to its row.

-- Both kinds of row as Storage's policies need them, and the second place of a file that moves: whoever moves it writes
-- there, and whoever sees the file may clear it away. security_invoker: what a caller doesn't see is not there.
create view casebase.reserved_objects with (security_invoker = true) as
  select f.bucket_id, f.object_path, f.state, f.uploaded_by, f.object_version,
         'case_file' as kind, f.id, f.content_type, f.file_size
  from public.case_files f
  union all
  select d.bucket_id, d.object_path, d.state, d.uploaded_by, d.object_version,
         'client_document', d.id, d.content_type, d.file_size
  from public.client_documents d
  union all
  select f.other_bucket_id, f.other_object_path, f.other_state, f.moved_by, f.other_version,
         'moving_file', f.id, f.content_type, f.file_size
  from public.case_files f
  where f.other_object_path is not null;
revoke all on casebase.reserved_objects from public, anon, authenticated, service_role;

-- What Storage's policies ask before a write. SECURITY INVOKER: the rows are what the caller sees of them.
-- Functions, and cheap ones by declaration, so that the planner takes no other bucket's statement for expensive.
create function casebase.may_upload_object(bucket text, path text) returns boolean
  language plpgsql stable cost 10 set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from casebase.reserved_objects r
    where r.bucket_id = bucket
      and r.object_path = path
      and r.state = 'pending'
      and r.uploaded_by = (select casebase.caller_id())
  );
end
$$;

create function casebase.may_delete_object(bucket text, path text) returns boolean
  language plpgsql stable cost 10 set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from casebase.reserved_objects r
    where r.bucket_id = bucket
      and r.object_path = path
      and r.state = 'deleting'
  );
end
$$;

-- The version of an object of ours, or null where there is none. Tells nothing about other buckets.
create function casebase.object_version(bucket text, path text) returns text
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(o.version, '')
    from storage.objects o
    where o.bucket_id = bucket
      and o.name = path
      and bucket in ('admin-bucket', 'client-bucket')
  );
end
$$;

-- Whether a file's object is there still, or its second one while it moves.
create function casebase.has_objects(file jsonb) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select casebase.object_version(file ->> 'bucket_id', file ->> 'object_path') is not null
    or casebase.object_version(file ->> 'other_bucket_id', file ->> 'other_object_path') is not null
$$;

-- What was written more than once while its row was pending: who sent the bytes that are there, only reading them tells.
create table casebase.overwritten_objects (
  bucket_id   text             not null,
  object_path text collate "C" not null,
  constraint overwritten_objects_pkey primary key (bucket_id, object_path)
);
comment on table casebase.overwritten_objects is 'Objects of ours that were overwritten while their row was pending.';
alter table casebase.overwritten_objects enable row level security;
revoke all on casebase.overwritten_objects from public, anon, authenticated, service_role;

-- What a restored row waits for (casebase restore): its object is put back, where there is none, by the project's own key.
-- Until it has been read back and its version noted, nobody else reads it.
create table casebase.objects_to_restore (
  bucket_id   text             not null,
  object_path text collate "C" not null,
  -- Of which backup.
  backup_id   uuid             not null,
  constraint objects_to_restore_pkey primary key (bucket_id, object_path)
);
comment on table casebase.objects_to_restore is
  'Objects of rows that a backup brought back, until they are there again. Written by the project''s owner alone.';
alter table casebase.objects_to_restore enable row level security;
revoke all on casebase.objects_to_restore from public, anon, authenticated, service_role;

-- No object is written without its row being pending, or without having been noted by a restoration
-- (objects_to_restore): what was uploaded, checked or deleted is never written again, whoever writes. Storage asks the
-- policies when it signs an upload, not when the bytes come (and then writes with all rights), and asks nothing when a
-- signed download is used: this alone keeps bytes that somebody checked from being swapped under a URL that somebody
-- holds. The lock makes a late upload and the step to uploaded wait for each other. AFTER: the policies have spoken.
-- Other buckets never come here: the triggers' conditions leave them out.
create function casebase.keep_object() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' and (new.bucket_id, new.name) is distinct from (old.bucket_id, old.name) then
    raise exception 'objects of admin-bucket and client-bucket are not moved' using errcode = 'insufficient_privilege';
  end if;
  -- Whose token it was signed for is the object's owner; a secret key's has none.
  perform from public.case_files f
  where f.bucket_id = new.bucket_id and f.object_path = new.name and f.state = 'pending'
    and (new.owner_id is null or new.owner_id = f.uploaded_by::text)
  for share;
  if not found then
    perform from public.client_documents d
    where d.bucket_id = new.bucket_id and d.object_path = new.name and d.state = 'pending'
      and (new.owner_id is null or new.owner_id = d.uploaded_by::text)
    for share;
  end if;
  if not found then
    perform from public.case_files f
    where f.other_bucket_id = new.bucket_id and f.other_object_path = new.name and f.other_state = 'pending'
      and (new.owner_id is null or new.owner_id = f.moved_by::text)
    for share;
  end if;
  if not found and tg_op = 'INSERT' and new.owner_id is null then
    perform from casebase.objects_to_restore r
    where r.bucket_id = new.bucket_id and r.object_path = new.name
    for share;
  end if;
  if not found then
    raise exception 'no pending file of the same user is reserved at % in %', new.name, new.bucket_id
      using errcode = 'insufficient_privilege', hint = 'An object is written only while its row is pending.';
  end if;
  if tg_op = 'UPDATE' then
    insert into casebase.overwritten_objects (bucket_id, object_path) values (new.bucket_id, new.name)
    on conflict (bucket_id, object_path) do nothing;
  end if;
  return null;
end
$$;

create trigger casebase_keep_new after insert on storage.objects
  for each row when (new.bucket_id in ('admin-bucket', 'client-bucket'))
  execute function casebase.keep_object();
create trigger casebase_keep_changed after update on storage.objects
  for each row when (
    (old.bucket_id in ('admin-bucket', 'client-bucket') or new.bucket_id in ('admin-bucket', 'client-bucket'))
    and (
      old.bucket_id is distinct from new.bucket_id
      or old.name is distinct from new.name
      or old.version is distinct from new.version
    )
  )
  execute function casebase.keep_object();

-- The buckets; that nobody else has one of these names was looked at first (preflight.sql). What the service takes by
-- default, 50 MiB, Storage holds as well until the project sets a limit of its own. Which types are declared is not asked:
-- the service looks at the bytes.
insert into storage.buckets (id, name, public, file_size_limit)
values ('admin-bucket', 'admin-bucket', false, 52428800), ('client-bucket', 'client-bucket', false, 52428800);
