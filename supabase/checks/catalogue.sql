-- What is in the catalogue, a thing a row: in a project that the migrations alone have made, what they made (catalogue.json,
-- which `casebase doctor` compares with); in any other, what has become of it, and what is the project's own.
--
-- kind, thing and name say what it is, statement what makes it so, undo what takes it away (null: nothing does that
-- doctor would advise). What is too long to be kept has its digest for a statement. Names are written in full, so run it
-- with search_path = pg_catalog.
with namespaces as (
  select n.oid, n.nspname, n.nspowner, n.nspacl
  from pg_namespace n
  where n.nspname in ('public', 'casebase')
),
relations as (
  select c.*, n.nspname, format('%I.%I', n.nspname, c.relname) as thing
  from pg_class c
  join namespaces n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'S')
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
),
-- Of storage.objects only what is called as ours is: the rest is the project's.
policed as (
  select r.oid, r.thing, true as is_ours from relations r where r.relkind in ('r', 'p')
  union all
  select to_regclass('storage.objects'), 'storage.objects', false
),
functions as (
  select p.*, p.oid::regprocedure::text as thing
  from pg_proc p
  join namespaces n on n.oid = p.pronamespace
  where p.prokind in ('f', 'p')
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
),
granted as (
  select 'schema' as what, quote_ident(n.nspname) as thing, a.grantee, a.privilege_type, a.is_grantable, null::text as columns
  from namespaces n
  cross join aclexplode(n.nspacl) a
  where n.nspname = 'casebase'
    and a.grantee <> n.nspowner
  union all
  select case when r.relkind = 'S' then 'sequence' else 'table' end, r.thing, a.grantee, a.privilege_type, a.is_grantable, null
  from relations r
  cross join aclexplode(r.relacl) a
  where a.grantee <> r.relowner
  union all
  select 'table', r.thing, a.grantee, a.privilege_type, a.is_grantable,
         string_agg(quote_ident(t.attname), ', ' order by t.attnum)
  from relations r
  join pg_attribute t on t.attrelid = r.oid and not t.attisdropped
  cross join aclexplode(t.attacl) a
  where a.grantee <> r.relowner
  group by r.thing, a.grantee, a.privilege_type, a.is_grantable
  union all
  select case f.prokind when 'p' then 'procedure' else 'function' end, f.thing, a.grantee, a.privilege_type, a.is_grantable, null
  from functions f
  cross join aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
  where a.grantee <> f.proowner
),
grants as (
  select g.what, g.thing, lower(g.privilege_type) as privilege, g.is_grantable,
         case when g.columns is null then '' else format(' (%s)', g.columns) end as columns,
         case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end as grantee
  from granted g
),
policies as (
  select p.polname, t.thing,
         case when p.polpermissive then '' else 'as restrictive ' end as combined,
         case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
           as command,
         (select string_agg(case when role = 0 then 'public' else quote_ident(pg_get_userbyid(role)) end, ', ' order by role)
          from unnest(p.polroles) role) as roles,
         pg_get_expr(p.polqual, p.polrelid) as condition,
         pg_get_expr(p.polwithcheck, p.polrelid) as check_condition
  from pg_policy p
  join policed t on t.oid = p.polrelid
  where t.is_ours
     or starts_with(p.polname, 'casebase_')
)
select 'schema' as kind, 'casebase' as thing, '' as name, 'create schema casebase' as statement, null as undo

union all
select 'table', r.thing, '', format('create table %s', r.thing), null
from relations r
where r.relkind in ('r', 'p')

union all
select 'sequence', r.thing, '', format('create sequence %s', r.thing), format('drop sequence %s', r.thing)
from relations r
where r.relkind = 'S'

union all
select 'row level security', r.thing, '',
       format('alter table %s %s row level security', r.thing, case when r.relrowsecurity then 'enable' else 'disable' end), null
from relations r
where r.relkind in ('r', 'p')

union all
select 'forced row level security', r.thing, '',
       format('alter table %s %sforce row level security', r.thing, case when r.relforcerowsecurity then '' else 'no ' end), null
from relations r
where r.relkind in ('r', 'p')

union all
select 'policy', p.thing, p.polname,
       format('create policy %I on %s %sfor %s to %s', p.polname, p.thing, p.combined, p.command, p.roles)
         || coalesce(' using (' || p.condition || ')', '')
         || coalesce(' with check (' || p.check_condition || ')', ''),
       format('drop policy %I on %s', p.polname, p.thing)
from policies p

union all
select 'grant', g.thing, format('%s%s to %s', g.privilege, case when g.columns = '' then '' else ' of columns' end, g.grantee),
       format('grant %s%s on %s %s to %s%s', g.privilege, g.columns, g.what, g.thing, g.grantee,
              case when g.is_grantable then ' with grant option' else '' end),
       format('revoke %s%s on %s %s from %s', g.privilege, g.columns, g.what, g.thing, g.grantee)
from grants g

union all
select 'function', f.thing, '', md5(pg_get_functiondef(f.oid)),
       format('drop %s %s', case f.prokind when 'p' then 'procedure' else 'function' end, f.thing)
from functions f

union all
-- From PostgreSQL 16 on, a table's alias is not printed where it is the only one.
select 'view', r.thing, '', md5(concat(regexp_replace(pg_get_viewdef(r.oid), '\m[a-z]\.', '', 'g'), r.reloptions)),
       format('drop view %s', r.thing)
from relations r
where r.relkind = 'v'

union all
select 'type', t.oid::regtype::text, '',
       format('create type %s as (%s)', t.oid::regtype,
              (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
               from pg_attribute a
               where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)),
       format('drop type %s', t.oid::regtype)
from pg_class c
join pg_type t on t.oid = c.reltype
join namespaces n on n.oid = c.relnamespace
where c.relkind = 'c'

union all
-- A view is one rule; the others rewrite what is asked of a table.
select 'rule', r.thing, w.rulename, pg_get_ruledef(w.oid), format('drop rule %I on %s', w.rulename, r.thing)
from relations r
join pg_rewrite w on w.ev_class = r.oid and w.rulename <> '_RETURN'

union all
select 'column', r.thing, a.attname,
       format('alter table %s add column %I %s', r.thing, a.attname, format_type(a.atttypid, a.atttypmod))
         || case when a.attnotnull then ' not null' else '' end
         || case
              when a.attgenerated <> '' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
              when a.attidentity = 'a' then ' generated always as identity'
              when a.attidentity = 'd' then ' generated by default as identity'
              when d.adbin is not null then format(' default %s', pg_get_expr(d.adbin, d.adrelid))
              else ''
            end,
       format('alter table %s drop column %I', r.thing, a.attname)
from relations r
join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where r.relkind in ('r', 'p')

union all
-- Not null is the column's (newer servers have it here as well).
select 'constraint', r.thing, c.conname,
       format('alter table %s add constraint %I %s', r.thing, c.conname, pg_get_constraintdef(c.oid)),
       format('alter table %s drop constraint %I', r.thing, c.conname)
from relations r
join pg_constraint c on c.conrelid = r.oid
where c.contype in ('p', 'u', 'f', 'c', 'x')

union all
select 'index', r.thing, i.relname, pg_get_indexdef(i.oid) || case when x.indisvalid then '' else ' -- not valid' end,
       format('drop index %I.%I', r.nspname, i.relname)
from relations r
join pg_index x on x.indrelid = r.oid
join pg_class i on i.oid = x.indexrelid
where not exists (select from pg_constraint c where c.conindid = i.oid and c.contype in ('p', 'u', 'x'))

union all
-- Live notices are switched on and off: realtime.sql.
select 'trigger', t.thing, g.tgname, pg_get_triggerdef(g.oid), format('drop trigger %I on %s', g.tgname, t.thing)
from policed t
join pg_trigger g on g.tgrelid = t.oid
where not g.tgisinternal
  and (t.is_ours and g.tgname <> 'send_notices' or starts_with(g.tgname, 'casebase_'))

union all
select 'trigger state', t.thing, g.tgname,
       format('alter table %s %s trigger %I', t.thing,
              case g.tgenabled when 'O' then 'enable' when 'A' then 'enable always' when 'R' then 'enable replica' else 'disable' end,
              g.tgname),
       null
from policed t
join pg_trigger g on g.tgrelid = t.oid
where not g.tgisinternal
  and (t.is_ours and g.tgname <> 'send_notices' or starts_with(g.tgname, 'casebase_'))

order by 1, 2, 3, 4
