-- Functions of ours run with their owner's rights, and a table's owner is asked for no policy: all is one owner's.
with casebase as (
  select n.oid, n.nspowner as owner, n.nspowner::regrole::text as name from pg_namespace n where n.nspname = 'casebase'
)
select 'error' as severity,
       format('%s %s', case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end, c.oid::regclass) as thing,
       format('belongs to %s, not to %s as the rest of Casebase', c.relowner::regrole, casebase.name) as problem,
       format('alter %s %s owner to %s', case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end,
              c.oid::regclass, casebase.name) as mend,
       false as safe
from casebase
join pg_class c on c.relnamespace = casebase.oid or c.oid = any (array(select to_regclass(ours) from unnest($1::text[]) ours)::oid[])
where c.relkind in ('r', 'p', 'v', 'S')
  and c.relowner <> casebase.owner

union all
select 'error', 'function ' || f.oid::regprocedure,
       format('belongs to %s, not to %s as the rest of Casebase', f.proowner::regrole, casebase.name),
       format('alter routine %s owner to %s', f.oid::regprocedure, casebase.name),
       false
from casebase
join pg_proc f on f.pronamespace = casebase.oid or f.oid = any (array(select to_regprocedure(ours) from unnest($2::text[]) ours)::oid[])
where f.proowner <> casebase.owner
