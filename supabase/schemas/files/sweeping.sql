-- What was begun and never ended, and what is not as it should be: what the service does and says by itself, by its own role.

-- What changed less than this long ago somebody may be about.
create function casebase.settling_time() returns interval
  language sql immutable set search_path = pg_catalog, pg_temp
as $$ select interval '15 minutes' $$;

-- How long a file may stay pending. More than any URL or token lives that writes its object: of Storage, a signed URL two
-- hours, an upload in pieces 24. (That they are written in vain later is keep_object's part.)
create function casebase.pending_time() returns interval
  language sql immutable set search_path = pg_catalog, pg_temp
as $$ select interval '48 hours' $$;

-- The next steps, oldest first:
--   verify  its object is there, and whoever wrote it didn't see to the end
--   remove  nobody ends it any more: it was never written, its uploader is gone, or it was to be deleted
--   move    it is to lie in the other bucket
--   clear   it lies there, and its old object is left
-- A step that was done meanwhile is refused by what does it.
create function casebase.files_to_sweep() returns table (
  kind              text,
  id                bigint,
  step              text,
  bucket_id         text,
  object_path       text,
  other_bucket_id   text,
  other_object_path text,
  original_name     text,
  content_type      text,
  file_size         bigint,
  sha256            text
)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with unfinished as (
    select 'case_file' as kind, f.id, f.state, f.uploaded_by, f.rejection, f.updated_at, f.bucket_id, f.object_path,
           f.other_state, f.other_bucket_id, f.other_object_path, f.original_name, f.content_type, f.file_size, f.sha256
    from public.case_files f
    where f.state <> 'available' or f.other_object_path is not null
    union all
    select 'client_document', d.id, d.state, d.uploaded_by, d.rejection, d.updated_at, d.bucket_id, d.object_path,
           null, null, null, d.original_name, d.content_type, d.file_size, d.sha256
    from public.client_documents d
    where d.state <> 'available'
  ),
  found as (
    select u.*,
           case
             when u.state = 'available' then case u.other_state when 'pending' then 'move' else 'clear' end
             when u.state = 'deleting' or u.uploaded_by is null
               or casebase.object_version(u.bucket_id, u.object_path) is null
             then 'remove'
             else 'verify'
           end as step,
           -- Why a file was refused its uploader may read for a while.
           case
             when u.state = 'pending' or u.state = 'deleting' and u.rejection is not null
             then casebase.pending_time()
             else casebase.settling_time()
           end as patience
    from unfinished u
  )
  select f.kind, f.id, f.step, f.bucket_id, f.object_path, f.other_bucket_id, f.other_object_path,
         f.original_name, f.content_type, f.file_size, f.sha256
  from found f
  where f.updated_at <= now() - f.patience
  order by f.updated_at, f.id
$$;

-- Says in its uploader's place that a pending file's object is there.
create function casebase.upload_complete(kind text, id bigint) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  execute format($sql$update %s f set state = 'uploaded' where f.id = $1 and f.state = 'pending'$sql$, casebase.files_of(kind))
  using id;
end
$$;

-- The files that can be read, those of a kind after one, a thousand at a time, and what is wrong with each: null, nothing.
create function casebase.check_files(kind text, after bigint) returns table (id bigint, fault text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  for id, fault in execute format($sql$
    select f.id,
           case
             when o.id is null then 'its object is not there'
             when coalesce(o.version, '') <> f.object_version then 'its object is another version than was checked'
             when (o.metadata ->> 'size')::numeric <> f.file_size then 'its object has another size'
           end
    from %s f
    left join storage.objects o on o.bucket_id = f.bucket_id and o.name = f.object_path
    where f.state = 'available'
      and f.id > $1
    order by f.id
    limit 1000
  $sql$, casebase.files_of(kind)) using after
  loop
    return next;
  end loop;
end
$$;

-- The objects of a bucket after one, a thousand at a time, and whether a file names each. What none names is nobody's here
-- to delete: it may be older than Casebase, or a person's repair.
create function casebase.check_objects(bucket text, after text) returns table (object_path text, is_named boolean)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select o.name,
         exists (
           select from casebase.reserved_objects r
           where r.bucket_id = o.bucket_id and r.object_path = o.name collate "C"
         )
  from storage.objects o
  where o.bucket_id = bucket
    and bucket in ('admin-bucket', 'client-bucket')
    and o.name collate "C" > after collate "C"
  order by o.name collate "C"
  limit 1000
$$;
