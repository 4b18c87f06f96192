-- The two buckets: there, private, and taking what the service sends. Who may change buckets over the API is said by the
-- policies of storage.buckets, which are the project's. What the service takes is CASEBASE_MAX_FILE_BYTES, by default 50 MiB
-- (casebase.max_file_bytes).
with ours as (
  select wanted.id, b.id is not null as is_there, b.public, b.file_size_limit, b.allowed_mime_types
  from unnest(array['admin-bucket', 'client-bucket']) wanted (id)
  left join storage.buckets b on b.id = wanted.id
)
select 'error' as severity, 'bucket ' || o.id as thing, 'is missing: no file goes there' as problem,
       format('insert into storage.buckets (id, name, public, file_size_limit) values (%L, %L, false, 52428800)', o.id, o.id) as mend,
       true as safe
from ours o
where not o.is_there

union all
select 'error', 'bucket ' || o.id, 'is public: whoever knows a file''s path reads it, signed in or not',
       format('update storage.buckets set public = false where id = %L', o.id), true
from ours o
where o.public

union all
select 'warning', 'bucket ' || o.id,
       'has no limit of its own: an upload by a signed URL may be as large as the project''s limit is',
       format('update storage.buckets set file_size_limit = 52428800 where id = %L', o.id), false
from ours o
where o.is_there
  and o.file_size_limit is null

union all
select 'warning', 'bucket ' || o.id,
       format('takes files of up to %s bytes, the service of up to %s (CASEBASE_MAX_FILE_BYTES): what is between is refused by Storage',
              o.file_size_limit, taken.bytes),
       format('update storage.buckets set file_size_limit = %s where id = %L', taken.bytes, o.id), false
from ours o
cross join (
  select coalesce(substring(current_setting('casebase.max_file_bytes', true) from '^\s*(\d{1,18})\s*$')::bigint, 52428800) as bytes
) taken
where o.file_size_limit < taken.bytes

union all
select 'warning', 'bucket ' || o.id,
       format('takes only files that are declared as %s: the service sends others, which are then refused',
              array_to_string(o.allowed_mime_types, ', ')),
       format('update storage.buckets set allowed_mime_types = null where id = %L', o.id), false
from ours o
where o.allowed_mime_types is not null

union all
select 'warning', format('policy %s on storage.buckets', quote_ident(p.polname)),
       'lets users change or delete buckets, ours included: a public one is read by everybody',
       format('alter policy %I on storage.buckets to service_role', p.polname), false
from pg_policy p
where p.polrelid = 'storage.buckets'::regclass
  and p.polpermissive
  and p.polcmd in ('w', 'd', '*')
  and p.polroles && array[0, to_regrole('anon')::oid, to_regrole('authenticated')::oid]
  and coalesce(pg_get_expr(p.polqual, p.polrelid), '') !~ '''(admin|client)-bucket'''
