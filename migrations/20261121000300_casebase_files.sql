-- Files of cases and documents of clients: the rows that say what may lie in the two buckets.
--
-- A row is reserved (pending), its object written (uploaded), checked by the service (available), and goes
-- (deleting). Row and object are written with the caller's own token; only the service makes a file available.

-- A storage key segment that nothing trips over: Storage's own characters, no slash, no control, no leading or
-- trailing dot or space.
create function casebase.is_object_name(name text) returns boolean
  language sql immutable set search_path = ''
as $$
  select octet_length(name) between 1 and 200
     and name ~ '^[A-Za-z0-9_!*''()&$=@;:+,?-]([A-Za-z0-9_!.*''() &$=@;:+,?-]*[A-Za-z0-9_!*''()&$=@;:+,?-])?$'
$$;

create table public.case_files (
  id                bigint      not null generated always as identity,
  case_id           bigint      not null,
  interaction_id    bigint,
  file_name         text        not null,
  file_url          text        not null generated always as ('s3://' || bucket_id || '/' || object_path) stored,
  file_size         bigint      not null,
  uploaded_at       timestamptz not null default now(),
  uploaded_by       uuid,
  original_name     text        not null,
  content_type      text        not null,
  visible_to_client boolean     not null default false,
  bucket_id         text        not null,
  -- Policies look it up for each object: comparing bytes is quick, comparing words isn't.
  object_path       text        collate "C" not null,
  state             text        not null default 'pending',
  object_version    text,
  sha256            text,
  rejection         text,
  updated_at        timestamptz not null default now(),
  constraint case_files_pkey primary key (id),
  constraint case_files_object_path_key unique (bucket_id, object_path),
  -- No cascade: an object must not lose its row. Files go first, then the case.
  constraint case_files_case_id_fkey foreign key (case_id) references public.cases (id),
  constraint case_files_interaction_id_fkey foreign key (interaction_id, case_id)
    references public.interactions (id, case_id) on delete set null (interaction_id),
  constraint case_files_uploaded_by_fkey foreign key (uploaded_by) references auth.users (id) on delete set null,
  constraint case_files_file_name_check check (casebase.is_object_name(file_name)),
  constraint case_files_original_name_check
    check (char_length(original_name) between 1 and 1024 and original_name !~ '[[:cntrl:]]'),
  constraint case_files_file_size_check check (file_size between 0 and 5368709120),
  constraint case_files_content_type_check
    check (content_type ~ '^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+( ?;[ -~]*)?$' and char_length(content_type) <= 255),
  constraint case_files_state_check check (state in ('pending', 'uploaded', 'available', 'deleting')),
  constraint case_files_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint case_files_checked_check
    check (state <> 'available' or sha256 is not null and object_version is not null and file_size > 0)
);
comment on column public.case_files.interaction_id is 'Null: a file of the case itself.';
comment on column public.case_files.file_name is 'CASE-0001-<unix seconds>-<name>, or CASE-0001-interaction-<id>-<unix seconds>-<name>.';
comment on column public.case_files.original_name is 'As the uploader called it; downloads give it back.';
comment on column public.case_files.object_version is 'The version of the object that was checked. Others read this version only.';
comment on column public.case_files.rejection is 'Why the service refused the content.';
alter table public.case_files enable row level security;
revoke all on public.case_files from public, anon, authenticated, service_role;
create index case_files_case_id_idx on public.case_files (case_id, uploaded_at desc);
create index case_files_interaction_id_idx on public.case_files (interaction_id, case_id) where interaction_id is not null;
create index case_files_uploaded_at_idx on public.case_files (uploaded_at desc);
create index case_files_uploaded_by_idx on public.case_files (uploaded_by) where uploaded_by is not null;
-- For the sweep: what is under way is little.
create index case_files_unfinished_idx on public.case_files (state, updated_at) where state <> 'available';

create table public.client_documents (
  id                bigint      not null generated always as identity,
  client_id         uuid        not null,
  category          text        not null,
  file_name         text        not null,
  file_url          text        not null generated always as ('s3://' || bucket_id || '/' || object_path) stored,
  file_size         bigint      not null,
  uploaded_at       timestamptz not null default now(),
  uploaded_by       uuid,
  original_name     text        not null,
  content_type      text        not null,
  bucket_id         text        not null,
  object_path       text        collate "C" not null,
  state             text        not null default 'pending',
  object_version    text,
  sha256            text,
  rejection         text,
  updated_at        timestamptz not null default now(),
  constraint client_documents_pkey primary key (id),
  constraint client_documents_object_path_key unique (bucket_id, object_path),
  constraint client_documents_client_id_fkey foreign key (client_id) references public.clients (id),
  constraint client_documents_uploaded_by_fkey foreign key (uploaded_by) references auth.users (id) on delete set null,
  -- {client-id}/cases/ belongs to case files.
  constraint client_documents_category_check check (category ~ '^[a-z0-9][a-z0-9-]{0,62}$' and category <> 'cases'),
  constraint client_documents_file_name_check check (casebase.is_object_name(file_name)),
  constraint client_documents_original_name_check
    check (char_length(original_name) between 1 and 1024 and original_name !~ '[[:cntrl:]]'),
  constraint client_documents_file_size_check check (file_size between 0 and 5368709120),
  constraint client_documents_content_type_check
    check (content_type ~ '^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+( ?;[ -~]*)?$' and char_length(content_type) <= 255),
  constraint client_documents_state_check check (state in ('pending', 'uploaded', 'available', 'deleting')),
  constraint client_documents_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint client_documents_checked_check
    check (state <> 'available' or sha256 is not null and object_version is not null and file_size > 0)
);
comment on table public.client_documents is 'Policies, handbooks and the like: files for a client, of no case.';
alter table public.client_documents enable row level security;
revoke all on public.client_documents from public, anon, authenticated, service_role;
create index client_documents_client_id_idx on public.client_documents (client_id, category, uploaded_at desc);
create index client_documents_uploaded_by_idx on public.client_documents (uploaded_by) where uploaded_by is not null;
create index client_documents_unfinished_idx on public.client_documents (state, updated_at) where state <> 'available';

-- Both kinds of row as Storage's policies need them. security_invoker: what a caller doesn't see is not there.
create view casebase.reserved_objects with (security_invoker = true) as
  select f.bucket_id, f.object_path, f.state, f.uploaded_by, f.object_version from public.case_files f
  union all
  select d.bucket_id, d.object_path, d.state, d.uploaded_by, d.object_version from public.client_documents d;
revoke all on casebase.reserved_objects from public, anon, authenticated, service_role;

-- What Storage's policies ask before a write. SECURITY INVOKER: the rows are what the caller sees of them.
-- Functions, and cheap ones by declaration, so that the planner takes no other bucket's statement for expensive.
create function casebase.may_upload_object(bucket text, path text) returns boolean
  language plpgsql stable cost 10 set search_path = ''
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
  language plpgsql stable cost 10 set search_path = ''
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
  language plpgsql stable security definer set search_path = ''
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

-- Only the table's owner vouches for a file's content: the verification functions run as the owner.
create function casebase.vouches_for_files(files regclass) returns boolean
  language sql stable set search_path = ''
as $$
  select pg_has_role(current_user, c.relowner, 'member') from pg_catalog.pg_class c where c.oid = files
$$;

-- What is reserved is pending, and the caller's own.
create function casebase.reserve_file() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if row_security_active(tg_relid) then
    new.uploaded_by := casebase.caller_id();
  else
    new.uploaded_by := coalesce(new.uploaded_by, casebase.caller_id());
  end if;
  if new.state <> 'pending' and not casebase.vouches_for_files(tg_relid) then
    raise exception 'a new file is pending' using errcode = 'check_violation', column = 'state';
  end if;
  return new;
end
$$;

create trigger a_reserve_file before insert on public.case_files
  for each row execute function casebase.reserve_file();
create trigger a_reserve_file before insert on public.client_documents
  for each row execute function casebase.reserve_file();

-- The place of a case's file follows from its case. Cases are read through the caller's own policies: for one
-- that they don't see nothing is set or said, and the policy refuses the row as it refuses a missing case's.
create function casebase.place_case_file() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  the_case record;
  prefix   text;
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
  if not starts_with(new.file_name, prefix)
     or substr(new.file_name, length(prefix) + 1) !~ '^[0-9]{9,11}-[^ .]'
  then
    raise exception 'the file name must be %<unix seconds>-<name>', prefix
      using errcode = 'check_violation', column = 'file_name', constraint = 'case_files_file_name_check',
            hint = 'Let the service name the file, or follow the form.';
  end if;

  new.bucket_id := case when new.visible_to_client then 'client-bucket' else 'admin-bucket' end;
  new.object_path := the_case.client_id || '/cases/' || the_case.case_id || '/' || new.file_name;
  return new;
end
$$;

create trigger b_place_case_file before insert on public.case_files
  for each row execute function casebase.place_case_file();

create function casebase.place_client_document() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.bucket_id := 'client-bucket';
  new.object_path := new.client_id || '/' || new.category || '/' || new.file_name;
  return new;
end
$$;

create trigger b_place_client_document before insert on public.client_documents
  for each row execute function casebase.place_client_document();

-- A file stays what it was reserved as, and its state goes one way. Who may move it at all is the policies' part.
create function casebase.keep_file() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  changed text[] := casebase.changed_columns(to_jsonb(old), to_jsonb(new));
begin
  new.updated_at := now();
  -- These become null when the interaction or the user is deleted.
  if new.uploaded_by is null then
    changed := array_remove(changed, 'uploaded_by');
  end if;
  if to_jsonb(new) -> 'interaction_id' = 'null' then
    changed := array_remove(changed, 'interaction_id');
  end if;

  if not changed <@ '{state,file_size,content_type,sha256,object_version,rejection}' then
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
    when 'uploaded to available' then
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

create trigger a_keep_file before update on public.case_files
  for each row execute function casebase.keep_file();
create trigger a_keep_file before update on public.client_documents
  for each row execute function casebase.keep_file();

-- No row goes while its object is there.
create function casebase.keep_row_of_object() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if casebase.object_version(old.bucket_id, old.object_path) is not null then
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

-- And no object without its row being pending: what was uploaded, checked or deleted is never written again, whoever
-- writes. Storage asks the policies when it signs an upload, not when the bytes come (and then writes with all rights),
-- and asks nothing when a signed download is used: this alone keeps bytes that somebody checked from being swapped
-- under a URL that somebody holds. The lock makes a late upload and the step to uploaded wait for each other. AFTER: the
-- policies have spoken. Other buckets never come here: the triggers' conditions leave them out.
create function casebase.keep_object() returns trigger
  language plpgsql security definer set search_path = ''
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
    raise exception 'no pending file of the same user is reserved at % in %', new.name, new.bucket_id
      using errcode = 'insufficient_privilege', hint = 'An object is written only while its row is pending.';
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
    and (old.bucket_id, old.name, old.version) is distinct from (new.bucket_id, new.name, new.version)
  )
  execute function casebase.keep_object();

-- Nor is a place used again when its file is gone: a signed download, or somebody's bookmark, would show other bytes as
-- that file, and an upload that was signed for it would write another's.
create table casebase.spent_paths (
  bucket_id   text             not null,
  object_path text collate "C" not null,
  constraint spent_paths_pkey primary key (bucket_id, object_path)
);
comment on table casebase.spent_paths is 'Where a file lay, or was to lie, whose row is gone. Kept: signed URLs may live for years.';
alter table casebase.spent_paths enable row level security;
revoke all on casebase.spent_paths from public, anon, authenticated, service_role;

create function casebase.spend_path() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  insert into casebase.spent_paths (bucket_id, object_path) values (old.bucket_id, old.object_path)
  on conflict do nothing;
  return null;
end
$$;

create trigger spend_path after delete on public.case_files
  for each row execute function casebase.spend_path();
create trigger spend_path after delete on public.client_documents
  for each row execute function casebase.spend_path();

-- AFTER: the policies have spoken. It says what the unique constraint says of a path that is taken.
create function casebase.refuse_spent_path() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if exists (
    select from casebase.spent_paths s where s.bucket_id = new.bucket_id and s.object_path = new.object_path
  ) then
    raise exception 'duplicate key value violates unique constraint "%_object_path_key"', tg_table_name
      using errcode = 'unique_violation', constraint = tg_table_name || '_object_path_key',
            detail = 'A file that is gone had this path.';
  end if;
  return null;
end
$$;

create trigger refuse_spent_path after insert on public.case_files
  for each row execute function casebase.refuse_spent_path();
create trigger refuse_spent_path after insert on public.client_documents
  for each row execute function casebase.refuse_spent_path();

-- A file that clients see never hangs on an interaction that they don't. Both sides lock the interaction, so
-- neither can slip past the other. AFTER: the policies have spoken, so an error here tells nothing new.
create function casebase.check_file_interaction() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  perform from public.interactions i where i.id = new.interaction_id and i.visible_to_client for share;
  if not found then
    raise exception 'a file that the client sees can''t belong to an interaction that the client doesn''t see'
      using errcode = 'check_violation', column = 'visible_to_client',
            hint = 'Make the interaction visible first, or the file internal.';
  end if;
  return null;
end
$$;

create trigger check_interaction after insert on public.case_files
  for each row when (new.visible_to_client and new.interaction_id is not null)
  execute function casebase.check_file_interaction();

-- What nobody but its uploader sees yet keeps no interaction in the open: it is let go.
create function casebase.check_interaction_files() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  update public.case_files f
  set state = 'deleting', rejection = 'its interaction is not shown to the client any more'
  where f.interaction_id = new.id and f.case_id = new.case_id and f.visible_to_client
    and f.state in ('pending', 'uploaded');
  if exists (
    select from public.case_files f
    where f.interaction_id = new.id and f.case_id = new.case_id and f.visible_to_client and f.state = 'available'
  ) then
    raise exception 'the interaction has files that the client sees'
      using errcode = 'check_violation', column = 'visible_to_client', hint = 'Delete them first.';
  end if;
  return new;
end
$$;

create trigger c_check_files before update of visible_to_client on public.interactions
  for each row when (old.visible_to_client and not new.visible_to_client)
  execute function casebase.check_interaction_files();

-- A case goes after its files; what has no object, and may be seen by nobody but its uploader, goes with it.
create function casebase.let_go_of_reservations() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.case_files f
  where f.case_id = old.id
    and f.state <> 'available'
    and casebase.object_version(f.bucket_id, f.object_path) is null;
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

-- Changes of many rows take turns, as those of cases do.
create trigger take_turns before update or delete on public.case_files
  for each statement execute function casebase.take_turns('id');
create trigger take_turns before update or delete on public.client_documents
  for each statement execute function casebase.take_turns('id');

-- The buckets.

insert into storage.buckets (id, name, public)
values ('admin-bucket', 'admin-bucket', false), ('client-bucket', 'client-bucket', false)
on conflict (id) do nothing;

do $$
begin
  if exists (select from storage.buckets b where b.id in ('admin-bucket', 'client-bucket') and b.public) then
    raise exception 'admin-bucket and client-bucket must be private'
      using hint = 'Make them private in Storage''s settings, then migrate again.';
  end if;
end
$$;

-- Verification, by the service's own role. The service reads the bytes between begin and finish; finish refuses
-- when the object was replaced meanwhile. 55000: not in a state for it.

create function casebase.verification_begin(file_id bigint)
  returns table (bucket_id text, object_path text, object_version text, content_type text, file_size bigint)
  language plpgsql security definer set search_path = ''
as $$
begin
  return query
    select f.bucket_id, f.object_path, o.version, f.content_type, f.file_size
    from public.case_files f
    join storage.objects o on o.bucket_id = f.bucket_id and o.name = f.object_path
    where f.id = file_id and f.state = 'uploaded';
  if not found then
    raise exception 'file % has no upload to verify', file_id using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

create function casebase.verification_finish(
  file_id        bigint,
  object_version text,
  sha256         text,
  file_size      bigint,
  content_type   text
) returns public.case_files
  language plpgsql security definer set search_path = ''
as $$
declare
  verified public.case_files;
begin
  update public.case_files f
  set state          = 'available',
      object_version = verification_finish.object_version,
      sha256         = verification_finish.sha256,
      file_size      = verification_finish.file_size,
      content_type   = verification_finish.content_type
  where f.id = file_id
    and f.state = 'uploaded'
    and casebase.object_version(f.bucket_id, f.object_path) = verification_finish.object_version
  returning f.* into verified;
  if not found then
    raise exception 'file % was replaced or is not waiting for verification', file_id
      using errcode = 'object_not_in_prerequisite_state', hint = 'Begin again.';
  end if;
  return verified;
end
$$;

create function casebase.verification_reject(file_id bigint, reason text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update public.case_files f
  set state     = 'deleting',
      rejection = left(reason, 1000)
  where f.id = file_id
    and f.state in ('pending', 'uploaded');
  if not found then
    raise exception 'file % is not waiting for verification', file_id using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- The same for a client's documents.

create function casebase.document_verification_begin(document_id bigint)
  returns table (bucket_id text, object_path text, object_version text, content_type text, file_size bigint)
  language plpgsql security definer set search_path = ''
as $$
begin
  return query
    select d.bucket_id, d.object_path, o.version, d.content_type, d.file_size
    from public.client_documents d
    join storage.objects o on o.bucket_id = d.bucket_id and o.name = d.object_path
    where d.id = document_id and d.state = 'uploaded';
  if not found then
    raise exception 'document % has no upload to verify', document_id
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

create function casebase.document_verification_finish(
  document_id    bigint,
  object_version text,
  sha256         text,
  file_size      bigint,
  content_type   text
) returns public.client_documents
  language plpgsql security definer set search_path = ''
as $$
declare
  verified public.client_documents;
begin
  update public.client_documents d
  set state          = 'available',
      object_version = document_verification_finish.object_version,
      sha256         = document_verification_finish.sha256,
      file_size      = document_verification_finish.file_size,
      content_type   = document_verification_finish.content_type
  where d.id = document_id
    and d.state = 'uploaded'
    and casebase.object_version(d.bucket_id, d.object_path) = document_verification_finish.object_version
  returning d.* into verified;
  if not found then
    raise exception 'document % was replaced or is not waiting for verification', document_id
      using errcode = 'object_not_in_prerequisite_state', hint = 'Begin again.';
  end if;
  return verified;
end
$$;

create function casebase.document_verification_reject(document_id bigint, reason text) returns void
  language plpgsql security definer set search_path = ''
as $$
begin
  update public.client_documents d
  set state     = 'deleting',
      rejection = left(reason, 1000)
  where d.id = document_id
    and d.state in ('pending', 'uploaded');
  if not found then
    raise exception 'document % is not waiting for verification', document_id
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;
