-- Verification, by the service's own role: one set of functions for both kinds of file. The service reads the bytes
-- between begin and finish; finish refuses when the object was replaced meanwhile. 55000: not in a state for it.

-- The table of a kind of file, case_file or client_document.
create function casebase.files_of(kind text) returns regclass
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  case kind
    when 'case_file' then return 'public.case_files'::regclass;
    when 'client_document' then return 'public.client_documents'::regclass;
    else
      raise exception 'there is no kind of file %', kind
        using errcode = 'invalid_parameter_value', hint = 'There are case_file and client_document.';
  end case;
end
$$;

create function casebase.verification_begin(kind text, id bigint)
  returns table (bucket_id text, object_path text, object_version text, content_type text, file_size bigint)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select r.bucket_id, r.object_path, o.version, r.content_type, r.file_size
    from casebase.reserved_objects r
    join storage.objects o on o.bucket_id = r.bucket_id and o.name = r.object_path
    where r.kind = verification_begin.kind
      and r.id = verification_begin.id
      and r.state = 'uploaded';
  if not found then
    raise exception '% % has no upload to verify', kind, id using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- Answers the row.
create function casebase.verification_finish(
  kind           text,
  id             bigint,
  object_version text,
  sha256         text,
  file_size      bigint,
  content_type   text,
  notes          text[] default '{}'
) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  verified jsonb;
begin
  execute format($sql$
    update %s f
    set state          = 'available',
        object_version = $2,
        sha256         = $3,
        file_size      = $4,
        content_type   = $5,
        notes          = $6
    where f.id = $1
      and f.state = 'uploaded'
      and casebase.object_version(f.bucket_id, f.object_path) = $2
    returning to_jsonb(f)
  $sql$, casebase.files_of(kind)) into verified using id, object_version, sha256, file_size, content_type, notes;
  if verified is null then
    raise exception '% % was replaced or is not waiting for verification', kind, id
      using errcode = 'object_not_in_prerequisite_state', hint = 'Begin again.';
  end if;
  return verified;
end
$$;

-- The same for bytes that the service itself wrote a moment ago, while the row is pending: they need not be read back where
-- Storage's own record of the object proves that they arrived. It was written once, so by whom its success was told; its
-- size and its tag, which is an MD5, are those of what was sent ("etags": the forms in which Storage's backends give it).
-- Answers the row as "file", or null where that proves nothing and nothing has changed; and the object's tag as "etag". The
-- row is locked first, so that whoever overwrites the object has done it before, or finds the row no longer pending
-- (keep_object).
create function casebase.verification_finish_sent(
  kind         text,
  id           bigint,
  etags        text[],
  sha256       text,
  file_size    bigint,
  content_type text,
  notes        text[] default '{}'
) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  bucket   text;
  path     text;
  written  record;
  verified jsonb;
begin
  execute format($sql$
    select f.bucket_id, f.object_path
    from %s f
    where f.id = $1
      and f.state = 'pending'
    for update
  $sql$, casebase.files_of(kind)) into bucket, path using id;
  if path is null then
    raise exception '% % is not pending', kind, id using errcode = 'object_not_in_prerequisite_state';
  end if;
  select coalesce(o.version, '') as version,
         btrim(o.metadata ->> 'eTag', '"') as etag,
         o.metadata ->> 'size' = file_size::text
           and not exists (
             select from casebase.overwritten_objects w
             where w.bucket_id = o.bucket_id and w.object_path = o.name
           ) as whole
  into written
  from storage.objects o
  where o.bucket_id = bucket
    and o.name = path;
  if written.whole and written.etag = any (etags) then
    execute format($sql$
      update %s f
      set state          = 'available',
          object_version = $2,
          sha256         = $3,
          file_size      = $4,
          content_type   = $5,
          notes          = $6
      where f.id = $1
      returning to_jsonb(f)
    $sql$, casebase.files_of(kind)) into verified using id, written.version, sha256, file_size, content_type, notes;
  end if;
  return jsonb_build_object('file', verified, 'etag', written.etag);
end
$$;

create function casebase.verification_reject(kind text, id bigint, reason text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rejected bigint;
begin
  execute format($sql$
    update %s f
    set state     = 'deleting',
        rejection = left($2, 1000)
    where f.id = $1
      and f.state in ('pending', 'uploaded')
    returning f.id
  $sql$, casebase.files_of(kind)) into rejected using id, reason;
  if rejected is null then
    raise exception '% % is not waiting for verification', kind, id using errcode = 'object_not_in_prerequisite_state';
  end if;
  if kind = 'case_file' then
    perform casebase.record_rejected_file(id);
  end if;
end
$$;

-- Lets go of an upload that its caller's token can't take back any more, having ended while the bytes came: the row goes,
-- or, where an object lies at its place, which only Storage deletes, is left to who may delete it. Nothing of a file that
-- is available. Answers whether no row is left.
create function casebase.upload_withdraw(kind text, id bigint) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  left_over boolean;
begin
  execute format($sql$
    update %s f
    set state     = 'deleting',
        rejection = 'its upload was not finished'
    where f.id = $1
      and f.state in ('pending', 'uploaded')
  $sql$, casebase.files_of(kind)) using id;
  execute format($sql$
    delete from %s f
    where f.id = $1
      and f.state = 'deleting'
      and not casebase.has_objects(to_jsonb(f))
  $sql$, casebase.files_of(kind)) using id;
  execute format('select exists (select from %s f where f.id = $1)', casebase.files_of(kind)) into left_over using id;
  return not left_over;
end
$$;

-- How many bytes one of our buckets takes in one object; null: it has no limit of its own, or is none of ours. Storage's
-- REST interface holds a body to it only where it is told the body's length, so the service holds the others: whoever
-- reserves a file is told (reserve_case_file).
create function casebase.bucket_size_limit(bucket_id text) returns bigint
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select b.file_size_limit
  from storage.buckets b
  where b.id = bucket_size_limit.bucket_id
    and b.id in ('admin-bucket', 'client-bucket')
$$;
