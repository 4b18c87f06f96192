-- The storage schema as a hosted project has it, as far as policies, migrations and the local server use it.
-- Run once by the superuser, after roles.sql and auth.sql.

create schema storage authorization supabase_storage_admin;
grant usage on schema storage to postgres with grant option;
grant usage on schema storage to anon, authenticated, service_role;

set role supabase_storage_admin;

alter default privileges in schema storage grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges in schema storage grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges in schema storage grant all on sequences to postgres, anon, authenticated, service_role;

create type storage.buckettype as enum ('STANDARD', 'ANALYTICS', 'VECTOR');

create table storage.buckets (
  id                 text primary key,
  name               text not null,
  owner              uuid,
  created_at         timestamptz default now(),
  updated_at         timestamptz default now(),
  public             boolean default false,
  avif_autodetection boolean default false,
  file_size_limit    bigint,
  allowed_mime_types text[],
  owner_id           text,
  type               storage.buckettype not null default 'STANDARD',
  versioning_status  text not null default 'DISABLED',
  -- Storage 1.70 has the columns and lets nobody switch it on.
  constraint buckets_versioning_status_check check (versioning_status in ('DISABLED', 'ENABLED', 'SUSPENDED')),
  constraint buckets_versioning_standard_only_check check (type = 'STANDARD' or versioning_status = 'DISABLED'),
  constraint buckets_versioning_dark_check check (versioning_status = 'DISABLED')
);
create unique index bname on storage.buckets (name);
comment on column storage.buckets.owner is 'Deprecated: owner_id holds it.';

create table storage.objects (
  id               uuid primary key default gen_random_uuid(),
  bucket_id        text constraint "objects_bucketId_fkey" references storage.buckets (id),
  name             text,
  owner            uuid,
  created_at       timestamptz default now(),
  updated_at       timestamptz default now(),
  last_accessed_at timestamptz default now(),
  metadata         jsonb,
  path_tokens      text[] generated always as (string_to_array(name, '/')) stored,
  version          text,
  owner_id         text,
  user_metadata    jsonb,
  archived_at      timestamptz,
  is_delete_marker boolean not null default false,
  is_versioned     boolean not null default false
);
create unique index bucketid_objname on storage.objects (bucket_id, name);
create index idx_objects_bucket_id_name on storage.objects (bucket_id, name collate "C");
create index idx_objects_bucket_id_name_lower on storage.objects (bucket_id, lower(name) collate "C");
create index name_prefix_search on storage.objects (name text_pattern_ops);
comment on column storage.objects.owner is 'Deprecated: owner_id holds it.';

-- An upload in parts keeps nobody from deleting its bucket by SQL: it goes with it.
create table storage.s3_multipart_uploads (
  id               text primary key,
  in_progress_size bigint not null default 0,
  upload_signature text not null,
  bucket_id        text not null references storage.buckets (id) on delete cascade,
  key              text collate "C" not null,
  version          text not null,
  owner_id         text,
  created_at       timestamptz not null default now(),
  user_metadata    jsonb,
  metadata         jsonb
);
create index idx_multipart_uploads_list on storage.s3_multipart_uploads (bucket_id, key collate "C", created_at);

create table storage.s3_multipart_uploads_parts (
  id          uuid primary key default gen_random_uuid(),
  upload_id   text not null references storage.s3_multipart_uploads (id) on delete cascade,
  size        bigint not null default 0,
  part_number integer not null,
  bucket_id   text not null references storage.buckets (id) on delete cascade,
  key         text collate "C" not null,
  etag        text not null,
  owner_id    text,
  version     text not null,
  created_at  timestamptz not null default now()
);
create index idx_multipart_parts_upload on storage.s3_multipart_uploads_parts (upload_id, part_number);

-- Resumable (TUS) uploads. A hosted project keeps these beside the bytes; here all state is in the database.
create table storage.resumable_uploads (
  version         text primary key,
  bucket_id       text not null references storage.buckets (id) on delete cascade,
  object_name     text not null,
  upload_length   bigint,
  upload_offset   bigint not null default 0,
  upload_metadata jsonb,
  created_at      timestamptz not null default now()
);

create table storage.migrations (
  id          integer primary key,
  name        varchar(100) unique not null,
  hash        varchar(40) not null,
  executed_at timestamp default current_timestamp
);

alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
alter table storage.s3_multipart_uploads enable row level security;
alter table storage.s3_multipart_uploads_parts enable row level security;
alter table storage.resumable_uploads enable row level security;
alter table storage.migrations enable row level security;

grant all on storage.buckets, storage.objects to postgres with grant option;
grant all on storage.buckets, storage.objects to anon, authenticated, service_role;

revoke all on storage.s3_multipart_uploads, storage.s3_multipart_uploads_parts from anon, authenticated;
grant select on storage.s3_multipart_uploads, storage.s3_multipart_uploads_parts to anon, authenticated;
revoke all on storage.resumable_uploads, storage.migrations from postgres, anon, authenticated;

-- The parts of a name, for policies.

create function storage.foldername(name text) returns text[]
language sql immutable
return (string_to_array(name, '/'))[1 : cardinality(string_to_array(name, '/')) - 1];

create function storage.filename(name text) returns text
language sql immutable
return (string_to_array(name, '/'))[cardinality(string_to_array(name, '/'))];

-- What follows the last dot of the file's name; the whole name if it has none.
create function storage.extension(name text) returns text
language sql immutable
return reverse(split_part(reverse(storage.filename(name)), '.', 1));

-- The operation that the server performs, e.g. storage.object.upload.
create function storage.operation() returns text
language sql stable
return current_setting('storage.operation', true);

create function storage.allow_only_operation(expected_operation text) returns boolean
language sql stable
return coalesce(
  nullif(regexp_replace(expected_operation, '^storage\.', ''), '') = regexp_replace(storage.operation(), '^storage\.', ''),
  false);

create function storage.allow_any_operation(expected_operations text[]) returns boolean
language sql stable
return exists (select from unnest(expected_operations) as expected where storage.allow_only_operation(expected));

create function storage.can_insert_object(bucketid text, name text, owner uuid, metadata jsonb) returns void
language plpgsql as $$
begin
  insert into storage.objects (bucket_id, name, owner, metadata)
  values (bucketid, name, owner, metadata);
  raise sqlstate 'PT200' using message = 'ROLLBACK', detail = 'rollback successful insert';
end $$;

create function storage.get_size_by_bucket() returns table (size bigint, bucket_id text)
language sql stable as $$
  select sum((objects.metadata ->> 'size')::bigint)::bigint, objects.bucket_id
  from storage.objects
  group by objects.bucket_id
$$;

-- Listing. A name with the delimiter after the prefix stands for its folder, everything else for itself.

create function storage.get_common_prefix(p_key text, p_prefix text, p_delimiter text) returns text
language sql immutable
return case
  when position(p_delimiter in substr(p_key, length(p_prefix) + 1)) > 0
    then left(p_key, length(p_prefix) + position(p_delimiter in substr(p_key, length(p_prefix) + 1)) + length(p_delimiter) - 1)
end;

-- By name or time, within one folder level; the cursor is the last name (and time) of the page before.
create function storage.search_by_timestamp(
  p_prefix text, p_bucket_id text, p_limit integer, p_level integer,
  p_start_after text, p_sort_order text, p_sort_column text, p_sort_column_after text
) returns table (
  key text, name text, id uuid, updated_at timestamptz, created_at timestamptz, last_accessed_at timestamptz, metadata jsonb
)
language plpgsql stable as $$
begin
  return query execute format(
    $sql$
      with entries as (
        select rtrim(storage.get_common_prefix(o.name, $1, '/'), '/') as name,
               null::uuid as id, min(o.created_at) as updated_at, min(o.created_at) as created_at,
               null::timestamptz as last_accessed_at, null::jsonb as metadata
        from storage.objects o
        where o.bucket_id = $2
          and starts_with(o.name, $1)
          and storage.get_common_prefix(o.name, $1, '/') is not null
        group by 1
        union all
        select o.name, o.id, o.updated_at, o.created_at, o.last_accessed_at, o.metadata
        from storage.objects o
        where o.bucket_id = $2
          and starts_with(o.name, $1)
          and storage.get_common_prefix(o.name, $1, '/') is null
      )
      select split_part(e.name, '/', $3), e.*
      from entries e
      where $5 = ''
         or row (date_trunc('milliseconds', e.%1$I), e.name collate "C")
            %2$s row (coalesce(nullif($6, '')::timestamptz, 'epoch'), $5)
      order by date_trunc('milliseconds', e.%1$I) %3$s, e.name collate "C" %3$s
      limit $4
    $sql$,
    p_sort_column,
    case p_sort_order when 'asc' then '>' else '<' end,
    p_sort_order)
  using coalesce(p_prefix, ''), p_bucket_id, p_level, p_limit, coalesce(p_start_after, ''), p_sort_column_after;
end $$;

-- In byte order of the names; a folder sorts where its names do, and a cursor that names one is past all of it.
create function storage.list_objects_with_delimiter(
  _bucket_id text, prefix_param text, delimiter_param text, max_keys integer default 100,
  start_after text default '', next_token text default '', sort_order text default 'asc'
) returns table (
  name text, id uuid, metadata jsonb, updated_at timestamptz, created_at timestamptz, last_accessed_at timestamptz
)
language plpgsql stable as $$
declare
  prefix text := coalesce(prefix_param, '');
  after text := coalesce(nullif(next_token, ''), start_after, '');
  ascending boolean := lower(coalesce(sort_order, 'asc')) = 'asc';
begin
  if after <> '' and exists (
    select from storage.objects o where o.bucket_id = _bucket_id and starts_with(o.name, after || delimiter_param)
  ) then
    after := after || delimiter_param;
  end if;
  return query execute format(
    $sql$
      with entries as (
        select distinct on (coalesce(storage.get_common_prefix(o.name, $2, $3), o.name))
               coalesce(storage.get_common_prefix(o.name, $2, $3), o.name) as position,
               storage.get_common_prefix(o.name, $2, $3) as folder,
               o.name, o.id, o.metadata, o.updated_at, o.created_at, o.last_accessed_at
        from storage.objects o
        where o.bucket_id = $1
          and starts_with(o.name, $2)
      )
      select case when e.folder is null then e.name else rtrim(e.folder, $3) end,
             case when e.folder is null then e.id end,
             case when e.folder is null then e.metadata end,
             case when e.folder is null then e.updated_at end,
             case when e.folder is null then e.created_at end,
             case when e.folder is null then e.last_accessed_at end
      from entries e
      where $4 = ''
         or e.position collate "C" %1$s $4
      order by e.position collate "C" %2$s
      limit $5
    $sql$,
    case when ascending then '>' else '<' end,
    case when ascending then 'asc' else 'desc' end)
  using _bucket_id, prefix, delimiter_param, after, max_keys;
end $$;

create function storage.search_v2(
  prefix text, bucket_name text, limits integer default 100, levels integer default 1, start_after text default '',
  sort_order text default 'asc', sort_column text default 'name', sort_column_after text default ''
) returns table (
  key text, name text, id uuid, updated_at timestamptz, created_at timestamptz, last_accessed_at timestamptz, metadata jsonb
)
language plpgsql stable as $$
declare
  direction text := case when lower(sort_order) = 'desc' then 'desc' else 'asc' end;
  most integer := least(coalesce(limits, 100), 1500);
begin
  if lower(sort_column) in ('updated_at', 'created_at') then
    return query
      select *
      from storage.search_by_timestamp(
        prefix, bucket_name, most, levels, start_after, direction, lower(sort_column), sort_column_after);
  else
    return query
      select split_part(l.name, '/', levels), l.name, l.id, l.updated_at, l.created_at, l.last_accessed_at, l.metadata
      from storage.list_objects_with_delimiter(bucket_name, prefix, '/', most, start_after, '', direction) l;
  end if;
end $$;

-- The first listing: pages by offset, ignores case, and names entries relative to the prefix.
create function storage.search(
  prefix text, bucketname text, limits integer default 100, levels integer default 1, offsets integer default 0,
  search text default '', sortcolumn text default 'name', sortorder text default 'asc'
) returns table (
  name text, id uuid, updated_at timestamptz, created_at timestamptz, last_accessed_at timestamptz, metadata jsonb
)
language plpgsql stable as $$
declare
  direction text := case when lower(coalesce(sortorder, 'asc')) = 'asc' then 'asc' else 'desc' end;
  wanted text := lower(coalesce(prefix, '') || coalesce(search, ''));
  start integer := length(coalesce(prefix, '')) + 1;
  most integer := least(coalesce(limits, 100), 1500);
  -- Sorted by a time, prefix and search are patterns: what they stand for has no escapes.
  plain_prefix text := regexp_replace(coalesce(prefix, ''), '\\(.)', '\1', 'g');
  plain_search text := regexp_replace(coalesce(search, ''), '\\(.)', '\1', 'g');
begin
  if lower(sortcolumn) in ('updated_at', 'created_at', 'last_accessed_at') then
    return query execute format(
      $sql$
        with found as (
          select o.*, storage.get_common_prefix(o.name, $7, '/') as folder
          from storage.objects o
          where o.bucket_id = $3
            and o.name ilike $1 || $2 || '%%'
        )
        (select substr(rtrim(f.folder, '/'), $4), null::uuid, null::timestamptz, null::timestamptz, null::timestamptz, null::jsonb
         from found f
         where f.folder is not null
         group by 1
         order by 1 %1$s)
        union all
        (select substr(f.name, $4), f.id, f.updated_at, f.created_at, f.last_accessed_at, f.metadata
         from found f
         where f.folder is null
         order by f.%2$I %1$s)
        limit $5 offset $6
      $sql$, direction, lower(sortcolumn))
    using coalesce(prefix, ''), coalesce(search, ''), bucketname, length(plain_prefix) + 1, most, offsets,
          plain_prefix || plain_search;
  else
    return query execute format(
      $sql$
        with entries as (
          select distinct on (coalesce(storage.get_common_prefix(lower(o.name), $1, '/'), o.name))
                 coalesce(storage.get_common_prefix(lower(o.name), $1, '/'), lower(o.name)) as position,
                 storage.get_common_prefix(o.name, $1, '/') as folder,
                 o.name, o.id, o.updated_at, o.created_at, o.last_accessed_at, o.metadata
          from storage.objects o
          where o.bucket_id = $2
            and starts_with(lower(o.name), $1)
        )
        select substr(coalesce(rtrim(e.folder, '/'), e.name), $3),
               case when e.folder is null then e.id end,
               case when e.folder is null then e.updated_at end,
               case when e.folder is null then e.created_at end,
               case when e.folder is null then e.last_accessed_at end,
               case when e.folder is null then e.metadata end
        from entries e
        order by e.position collate "C" %1$s, e.name collate "C" %1$s
        limit $4 offset $5
      $sql$, direction)
    using wanted, bucketname, start, most, offsets;
  end if;
end $$;

create function storage.list_multipart_uploads_with_delimiter(
  bucket_id text, prefix_param text, delimiter_param text, max_keys integer default 100,
  next_key_token text default '', next_upload_token text default ''
) returns table (key text, id text, created_at timestamptz)
language sql stable as $$
  select distinct on (entry.key collate "C") entry.key, entry.id, entry.created_at
  from (
    select coalesce(storage.get_common_prefix(u.key, $2, $3), u.key) as key, u.id, u.created_at
    from storage.s3_multipart_uploads u
    where u.bucket_id = $1
      and u.key ilike $2 || '%'
  ) as entry
  where ($5 = '' or $6 <> '' or entry.key collate "C" > $5)
    and ($6 = '' or entry.id collate "C" > $6)
  order by entry.key collate "C", entry.created_at
  limit $4
$$;

-- Guards.

create function storage.update_updated_at_column() returns trigger
language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end $$;

create trigger update_objects_updated_at
before update on storage.objects
for each row execute function storage.update_updated_at_column();

create function storage.enforce_bucket_name_length() returns trigger
language plpgsql as $$
begin
  if length(new.name) > 100 then
    raise exception 'bucket name "%" is too long (% characters). Max is 100.', new.name, length(new.name);
  end if;
  return new;
end $$;

create trigger enforce_bucket_name_length_trigger
before insert or update of name on storage.buckets
for each row execute function storage.enforce_bucket_name_length();

-- Bytes would be left without their row. The server says so before it deletes; a superuser resets what it likes.
create function storage.protect_delete() returns trigger
language plpgsql as $$
begin
  if coalesce(current_setting('storage.allow_delete_query', true), '') <> 'true'
    and not (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
  then
    raise insufficient_privilege using
      message = 'Direct deletion from storage tables is not allowed. Use the Storage API instead.',
      hint = 'Rows deleted here would leave their files behind.';
  end if;
  return null;
end $$;

create trigger protect_buckets_delete
before delete on storage.buckets
for each statement execute function storage.protect_delete();

create trigger protect_objects_delete
before delete on storage.objects
for each statement execute function storage.protect_delete();

reset role;
