-- storage.objects is shared with every bucket of the project. A permissive policy of its own that forgets to look at the
-- bucket opens ours as well, but for our restrictive ones; a restrictive one shuts ours, too.
with theirs as (
  select p.polname, p.polpermissive,
         coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') as conditions,
         case p.polcmd when 'r' then 'read' when 'a' then 'written' when 'w' then 'changed' when 'd' then 'deleted' else 'used' end as done
  from pg_policy p
  where p.polrelid = 'storage.objects'::regclass
    and not starts_with(p.polname, 'casebase_')
    and p.polroles && array[0, to_regrole('anon')::oid, to_regrole('authenticated')::oid]
)
select 'error' as severity, 'row level security of storage.objects' as thing,
       'is off: whoever may use Storage reads and writes every bucket' as problem,
       'alter table storage.objects enable row level security' as mend,
       false as safe
from pg_class c
where c.oid = 'storage.objects'::regclass
  and not c.relrowsecurity

union all
select 'note', format('policy %s on storage.objects', quote_ident(t.polname)),
       format('names no bucket, or one of ours: objects of admin-bucket and client-bucket would be %s by it, '
              'and only the restrictive policies casebase_… keep them from it', t.done),
       null, false
from theirs t
where t.polpermissive
  and (t.conditions !~ 'bucket_id' or t.conditions ~ '''(admin|client)-bucket''')

union all
select 'warning', format('policy %s on storage.objects', quote_ident(t.polname)),
       'is restrictive and names no bucket: it holds for admin-bucket and client-bucket as well, and may keep people from their files',
       format('alter policy %I on storage.objects using (bucket_id in (''admin-bucket'', ''client-bucket'') or (…))', t.polname), false
from theirs t
where not t.polpermissive
  and t.conditions !~ 'bucket_id'
