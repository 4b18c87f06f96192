-- Documents for a client: rows that say, with those of case_files, what may lie in client-bucket. A row is one version of a
-- document; another version is another row, with another object, of the same document_id.

create table public.client_documents (
  id                bigint      not null generated always as identity,
  client_id         uuid        not null,
  category          text        not null,
  -- 0: a new document, which a trigger gives the number of its first version.
  document_id       bigint      not null default 0,
  file_name         text        not null default '',
  file_url          text        not null generated always as ('s3://' || bucket_id || '/' || object_path) stored,
  file_size         bigint      not null,
  uploaded_at       timestamptz not null default now(),
  uploaded_by       uuid,
  original_name     text        not null,
  content_type      text        not null,
  bucket_id         text        not null default '',
  object_path       text        collate "C" not null default '',
  state             text        not null default 'pending',
  object_version    text,
  sha256            text,
  rejection         text,
  notes             text[]      not null default '{}',
  updated_at        timestamptz not null default now(),
  replaced_at       timestamptz,
  constraint client_documents_pkey primary key (id),
  constraint client_documents_object_path_key unique (bucket_id, object_path),
  constraint client_documents_place_check check (bucket_id <> '' and object_path <> ''),
  constraint client_documents_client_id_fkey foreign key (client_id) references public.clients (id),
  constraint client_documents_uploaded_by_fkey foreign key (uploaded_by) references auth.users (id) on delete set null,
  constraint client_documents_category_fkey foreign key (category) references public.document_categories (code),
  constraint client_documents_file_name_check check (casebase.is_object_name(file_name)),
  constraint client_documents_extension_check
    check (casebase.file_extension(file_name) is not distinct from casebase.file_extension(original_name)),
  constraint client_documents_original_name_check check (char_length(original_name) between 1 and 255),
  constraint client_documents_file_size_check check (file_size between 0 and 5368709120),
  constraint client_documents_content_type_check
    check (content_type ~ '^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+( ?;[ -~]*)?$' and char_length(content_type) <= 255),
  constraint client_documents_state_check check (state in ('pending', 'uploaded', 'available', 'deleting')),
  constraint client_documents_notes_check check (notes <@ array[
    'named_otherwise', 'password_protected', 'web_page', 'macros', 'embedded_objects',
    'programs', 'archives', 'expands', 'not_looked_through'
  ]),
  constraint client_documents_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint client_documents_checked_check
    check (state <> 'available' or sha256 is not null and object_version is not null and file_size > 0),
  constraint client_documents_times_check check (
    least(uploaded_at, updated_at, replaced_at) >= '0001-01-01 00:00+00'
    and greatest(uploaded_at, updated_at, replaced_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.client_documents is
  'Documents for a client, of no case: policies, handbooks and the like. A row is one version of a document.

They lie in client-bucket and go the way of case_files: reserved by rpc/reserve_client_document or an insert, uploaded, checked. Another version of a document is another row of the same document_id; it takes the place of the one before once it is available.

Read by client members (their clients'', the current versions) and staff, once available; until then by the uploader. Written by admins and staff of scope all or departments, who read the versions that were replaced, too.

- PT409: set to uploaded, there is no object at its path; or the row is to be deleted, and the object is there.';
comment on column public.client_documents.id is 'The key.';
comment on column public.client_documents.client_id is 'The client. It never changes.';
comment on column public.client_documents.category is 'What kind of document it is, and its folder.';
comment on column public.client_documents.document_id is
  'The document that this is a version of: the id of its first version, for as long as any is there. Left out or 0: a new document.';
comment on column public.client_documents.replaced_at is
  'Since when another version has been in its place. Null: this one is current.';
comment on column public.client_documents.file_name is
  'The last part of object_path. Left out, the database makes it of original_name; taken, it gets a number.';
comment on column public.client_documents.file_url is
  's3://<bucket_id>/<object_path>. No link for a browser: the service, or a signed URL of Storage, gives the bytes.';
comment on column public.client_documents.file_size is
  'In bytes: as it was announced until the file is available, then as it was counted.';
comment on column public.client_documents.uploaded_at is 'When the file was reserved.';
comment on column public.client_documents.uploaded_by is 'Who uploads it (auth.users.id); null: the user is deleted.';
comment on column public.client_documents.original_name is
  'As the uploader called it, on one line and without folders; downloads give it back.';
comment on column public.client_documents.content_type is
  'The media type: as it was declared until the file is available, then as the service found it.';
comment on column public.client_documents.bucket_id is 'Always client-bucket. The database sets it.';
comment on column public.client_documents.object_path is
  'Where its object is in the bucket: <client_id>/<category>/<file_name>. A path is used once.';
comment on column public.client_documents.state is
  'pending (reserved), uploaded (its object is there), available (checked: others see it), deleting (its object goes, then the row). rpc and routes make the steps; the uploader sets uploaded, and who lets go of it deleting.';
comment on column public.client_documents.object_version is
  'The version of the object that was checked. Others read this version only.';
comment on column public.client_documents.sha256 is
  'The SHA-256 of the content in hexadecimal; null until it is checked.';
comment on column public.client_documents.rejection is 'Why the service refused the content; null: it has not.';
comment on column public.client_documents.notes is
  'What the service noticed in what it took, e.g. macros. docs/files.md says what each word means.';
comment on column public.client_documents.updated_at is 'When the row was last changed.';
alter table public.client_documents enable row level security;
revoke all on public.client_documents from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.client_documents
  alter column category set statistics 0,
  alter column object_path set statistics 0,
  alter column file_url set statistics 0,
  alter column content_type set statistics 0,
  alter column file_name set statistics 0,
  alter column original_name set statistics 0,
  alter column sha256 set statistics 0,
  alter column rejection set statistics 0,
  alter column notes set statistics 0;
create index client_documents_client_id_idx on public.client_documents (client_id, category, uploaded_at desc);
create index client_documents_category_idx on public.client_documents (category);
create index client_documents_document_id_idx on public.client_documents (document_id);
-- Whoever reads a document finds one of it (replace_version).
create unique index client_documents_current_key on public.client_documents (document_id)
  where state = 'available' and replaced_at is null;
create index client_documents_uploaded_by_idx on public.client_documents (uploaded_by) where uploaded_by is not null;
create index client_documents_unfinished_idx on public.client_documents (state, updated_at) where state <> 'available';
