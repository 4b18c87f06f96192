-- What the project has made beside our tables and PostgREST takes for a part of them: relationships that make an embedding
-- ambiguous (PGRST201), functions that stand for a column or in a relationship's place, functions of an rpc's name (PGRST203).
with ours as (
  select to_regclass(name) as oid, name from unnest($1::text[]) name where starts_with(name, 'public.')
),
keys as (
  select c.oid, c.conname, c.conrelid, c.confrelid, c.conkey
  from pg_constraint c
  join pg_class r on r.oid = c.conrelid
  where c.contype = 'f'
    and r.relnamespace = 'public'::regnamespace
),
-- A table whose key is made of two of its foreign keys joins what these point to.
junctions as (
  select a.conrelid as via, a.confrelid as one, b.confrelid as other
  from keys a
  join keys b on b.conrelid = a.conrelid and b.oid <> a.oid and a.confrelid < b.confrelid
  join pg_constraint k on k.conrelid = a.conrelid and k.contype = 'p' and k.conkey @> a.conkey and k.conkey @> b.conkey
)
select 'error' as severity, format('table %s', j.via::regclass) as thing,
       format('joins %s and %s for PostgREST, which are related already: embedding one in the other answers 300 (PGRST201)',
              j.one::regclass, j.other::regclass) as problem,
       format('alter table %s drop constraint …, add primary key …: a key of its own, so that it joins nothing', j.via::regclass) as mend,
       false as safe
from junctions j
where j.via not in (select o.oid from ours o)
  and j.one in (select o.oid from ours o)
  and j.other in (select o.oid from ours o)
  and exists (select from keys k where (k.conrelid, k.confrelid) in ((j.one, j.other), (j.other, j.one)))

union all
-- A name that an embedding is asked for under is a relationship's or a column's.
select case
         when f.proname in (select split_part(o.name, '.', 2) from ours o) then 'error'
         else 'note'
       end,
       'function ' || f.oid::regprocedure,
       case
         when f.proname in (select split_part(o.name, '.', 2) from ours o)
           then format('takes a row of %s: PostgREST asks it in the place of the relationship of that name', t.typrelid::regclass)
         else format('takes a row of %s: PostgREST offers it as a column of that name', t.typrelid::regclass)
       end,
       format('alter function %s rename to …', f.oid::regprocedure),
       false
from pg_proc f
join pg_type t on t.oid = f.proargtypes[0] and t.typrelid <> 0
where f.pronamespace = 'public'::regnamespace
  and f.pronargs = 1
  and t.typrelid in (select o.oid from ours o)

union all
select 'error', 'function ' || f.oid::regprocedure,
       format('has the name of Casebase''s %s: PostgREST may not know which of them is called (PGRST203)', ours.identity),
       format('alter function %s rename to …', f.oid::regprocedure),
       false
from pg_proc f
join unnest($2::text[]) ours (identity) on split_part(ours.identity, '(', 1) = format('public.%I', f.proname)
where f.pronamespace = 'public'::regnamespace
  and not f.oid::regprocedure::text = any ($2::text[])
