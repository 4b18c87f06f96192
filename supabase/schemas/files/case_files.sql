-- Files of cases: rows that say, with those of client_documents, what may lie in the two buckets.
--
-- A row is reserved (pending), its object written (uploaded), checked by the service (available), and goes
-- (deleting). Row and object are written with the caller's own token; only the service makes a file available.

create table public.case_files (
  id                bigint      not null generated always as identity,
  case_id           bigint      not null,
  interaction_id    bigint,
  file_name         text        not null default '',
  file_url          text        not null generated always as ('s3://' || bucket_id || '/' || object_path) stored,
  file_size         bigint      not null,
  uploaded_at       timestamptz not null default now(),
  uploaded_by       uuid,
  original_name     text        not null,
  content_type      text        not null,
  visible_to_client boolean     not null default false,
  -- A trigger knows the place: who reserves it sends none.
  bucket_id         text        not null default '',
  -- Policies look it up for each object: comparing bytes is quick, comparing words isn't.
  object_path       text        collate "C" not null default '',
  state             text        not null default 'pending',
  object_version    text,
  sha256            text,
  rejection         text,
  notes             text[]      not null default '{}',
  updated_at        timestamptz not null default now(),
  -- While it moves between the buckets (moving.sql).
  other_bucket_id   text,
  other_object_path text        collate "C",
  other_state       text,
  other_version     text,
  moved_by          uuid,
  constraint case_files_pkey primary key (id),
  constraint case_files_object_path_key unique (bucket_id, object_path),
  constraint case_files_place_check check (bucket_id <> '' and object_path <> ''),
  -- No cascade: an object must not lose its row. Files go first, then the case.
  constraint case_files_case_id_fkey foreign key (case_id) references public.cases (id),
  constraint case_files_interaction_id_fkey foreign key (interaction_id, case_id)
    references public.interactions (id, case_id) on delete set null (interaction_id),
  constraint case_files_moved_by_fkey foreign key (moved_by) references auth.users (id) on delete set null,
  constraint case_files_other_place_check check (
    num_nulls(other_bucket_id, other_object_path, other_state) in (0, 3)
    and coalesce(other_state in ('pending', 'deleting'), true)
  ),
  constraint case_files_uploaded_by_fkey foreign key (uploaded_by) references auth.users (id) on delete set null,
  constraint case_files_file_name_check check (casebase.is_object_name(file_name)),
  constraint case_files_extension_check
    check (casebase.file_extension(file_name) is not distinct from casebase.file_extension(original_name)),
  constraint case_files_original_name_check check (char_length(original_name) between 1 and 255),
  constraint case_files_file_size_check check (file_size between 0 and 5368709120),
  constraint case_files_content_type_check
    check (content_type ~ '^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+( ?;[ -~]*)?$' and char_length(content_type) <= 255),
  constraint case_files_state_check check (state in ('pending', 'uploaded', 'available', 'deleting')),
  constraint case_files_notes_check check (notes <@ array[
    'named_otherwise', 'password_protected', 'web_page', 'macros', 'embedded_objects',
    'programs', 'archives', 'expands', 'not_looked_through'
  ]),
  constraint case_files_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint case_files_checked_check
    check (state <> 'available' or sha256 is not null and object_version is not null and file_size > 0),
  constraint case_files_times_check check (
    least(uploaded_at, updated_at) >= '0001-01-01 00:00+00'
    and greatest(uploaded_at, updated_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.case_files is
  'Files of cases: a row for each, and an object in one of two storage buckets.

Reserved by rpc/reserve_case_file or an insert; then the object is uploaded to bucket_id and object_path, and the service checks it and makes it available. The service''s upload route does all of it. What changes otherwise: docs/files.md.

Read by client members (the visible ones of their cases) and staff (all of the cases they see), once available; until then by the uploader. Added by both; what a client adds, clients see. Deleted by staff, and by client members their own while it is not available: state to deleting, then the object, then the row.

- PT409: set to uploaded, there is no object at its path; or the row is to be deleted, and the object is there.';
comment on column public.case_files.id is 'The key.';
comment on column public.case_files.case_id is 'The case (cases.id). It never changes.';
comment on column public.case_files.interaction_id is
  'The interaction of the same case that it belongs to. Null: a file of the case itself.';
comment on column public.case_files.file_name is
  'CASE-0001-<unix seconds>-<name>, or CASE-0001-interaction-<id>-<unix seconds>-<name>. Left out, the database makes it; taken, it gets a number.';
comment on column public.case_files.file_url is
  's3://<bucket_id>/<object_path>. No link for a browser: the service, or a signed URL of Storage, gives the bytes.';
comment on column public.case_files.file_size is
  'In bytes: as it was announced until the file is available, then as it was counted.';
comment on column public.case_files.uploaded_at is 'When the file was reserved.';
comment on column public.case_files.uploaded_by is 'Who uploads it (auth.users.id); null: the user is deleted.';
comment on column public.case_files.original_name is
  'As the uploader called it, on one line and without folders; downloads give it back.';
comment on column public.case_files.content_type is
  'The media type: as it was declared until the file is available, then as the service found it.';
comment on column public.case_files.visible_to_client is
  'Whether the client sees it. What a client adds, they see; rpc/change_file_visibility changes it.';
comment on column public.case_files.bucket_id is
  'admin-bucket, or client-bucket where the client sees it. The database sets it.';
comment on column public.case_files.object_path is
  'Where its object is in the bucket: <client_id>/cases/CASE-0001/<file_name>. A path is used once.';
comment on column public.case_files.state is
  'pending (reserved), uploaded (its object is there), available (checked: others see it), deleting (its object goes, then the row). rpc and routes make the steps; the uploader sets uploaded, and who lets go of it deleting.';
comment on column public.case_files.object_version is
  'The version of the object that was checked. Others read this version only.';
comment on column public.case_files.sha256 is 'The SHA-256 of the content in hexadecimal; null until it is checked.';
comment on column public.case_files.rejection is 'Why the service refused the content; null: it has not.';
comment on column public.case_files.notes is
  'What the service noticed in what it took, e.g. macros. docs/files.md says what each word means.';
comment on column public.case_files.updated_at is 'When the row was last changed.';
comment on column public.case_files.other_bucket_id is
  'While the file moves between the buckets: where else it lies, or is to lie.';
comment on column public.case_files.other_object_path is 'And at which path there.';
comment on column public.case_files.other_state is
  'pending: it is being copied there; deleting: what is there goes; null: it does not move.';
comment on column public.case_files.other_version is 'The version of the object that is there and was checked.';
comment on column public.case_files.moved_by is 'Who moves it, or moved it last.';
alter table public.case_files enable row level security;
revoke all on public.case_files from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.case_files
  alter column object_path set statistics 0,
  alter column other_bucket_id set statistics 0,
  alter column other_object_path set statistics 0,
  alter column other_state set statistics 0,
  alter column other_version set statistics 0,
  alter column file_url set statistics 0,
  alter column content_type set statistics 0,
  alter column file_name set statistics 0,
  alter column original_name set statistics 0,
  alter column sha256 set statistics 0,
  alter column rejection set statistics 0,
  alter column notes set statistics 0;
create index case_files_case_id_idx on public.case_files (case_id, uploaded_at desc);
create index case_files_interaction_id_idx on public.case_files (interaction_id, case_id) where interaction_id is not null;
create index case_files_uploaded_at_idx on public.case_files (uploaded_at desc);
create index case_files_uploaded_by_idx on public.case_files (uploaded_by) where uploaded_by is not null;
create index case_files_other_place_idx on public.case_files (other_bucket_id, other_object_path) where other_object_path is not null;
create index case_files_moved_by_idx on public.case_files (moved_by) where moved_by is not null;
-- For the sweep: what is under way is little.
create index case_files_unfinished_idx on public.case_files (state, updated_at) where state <> 'available';
