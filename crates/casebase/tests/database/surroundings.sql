-- Everything about a project that an installation must leave alone: what it is about, what of it, and its value. Whatever
-- has an owner has a name here that goes on through the installation.
with
  relations as (
    select c.*, c.oid::regclass::text as relation
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  ),
  functions as (
    select p.*, p.oid::regprocedure::text as function
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  )
select relation, 'table', concat_ws(' ', relkind, relowner::regrole, relacl, relrowsecurity, relforcerowsecurity, reloptions, reltablespace)
from relations
union all
select r.relation, 'column ' || a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attacl, a.attstattarget, a.attidentity, pg_get_expr(d.adbin, d.adrelid))
from relations r
join pg_attribute a on a.attrelid = r.oid and not a.attisdropped
left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
union all
select r.relation, 'policy ' || p.polname,
       concat_ws(' ', p.polpermissive, p.polcmd, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
from relations r
join pg_policy p on p.polrelid = r.oid
union all
select r.relation, 'trigger ' || t.tgname, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
from relations r
join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
union all
select r.relation, 'constraint ' || c.conname, pg_get_constraintdef(c.oid)
from relations r
join pg_constraint c on c.conrelid = r.oid
union all
select i.indrelid::regclass::text, 'index ' || i.indexrelid::regclass, concat_ws(' ', i.indisvalid, pg_get_indexdef(i.indexrelid))
from pg_index i
join relations r on r.oid = i.indrelid
union all
select function, 'function', concat_ws(' ', proowner::regrole, proacl, proconfig, prosecdef, md5(pg_get_functiondef(oid)))
from functions
where prokind <> 'a'
union all
select t.oid::regtype::text, 'type', concat_ws(' ', t.typtype, t.typowner::regrole, t.typacl)
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
union all
select nspname, 'schema', concat_ws(' ', nspowner::regrole, nspacl) from pg_namespace where nspname !~ '^pg_(temp|toast)'
union all
select concat_ws(' ', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype), 'default privileges', defaclacl::text from pg_default_acl
union all
select concat_ws(' ', d.datname, s.setrole::regrole), 'settings', s.setconfig::text
from pg_db_role_setting s
left join pg_database d on d.oid = s.setdatabase
union all
select extname, 'extension', concat_ws(' ', extnamespace::regnamespace, extversion) from pg_extension
union all
select r.rolname, 'role',
       concat_ws(' ', r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolreplication, r.rolbypassrls, r.rolconnlimit, r.rolvaliduntil)
from pg_roles r
union all
select a.member::regrole::text, 'member of ' || a.roleid::regrole, a.admin_option::text from pg_auth_members a
union all
select d.datname, 'database', concat_ws(' ', d.datdba::regrole, d.datacl) from pg_database d
union all
select l.lanname, 'language', concat_ws(' ', l.lanacl) from pg_language l
union all
select e.evtname, 'event trigger', concat_ws(' ', e.evtevent, e.evtenabled, e.evtfoid::regprocedure) from pg_event_trigger e
union all
select p.pubname, 'publication', concat_ws(' ', p.puballtables, (select array_agg(t.prrelid::regclass) from pg_publication_rel t where t.prpubid = p.oid))
from pg_publication p
union all
select 'storage.buckets', 'row ' || b.id, to_jsonb(b)::text from storage.buckets b
union all
select 'storage.objects', 'rows in ' || o.bucket_id, md5(string_agg(to_jsonb(o)::text, '' order by o.id)) from storage.objects o group by o.bucket_id
union all
select 'auth.users', 'rows', md5(string_agg(to_jsonb(u)::text, '' order by u.id)) from auth.users u
union all
select 'public.clients', 'rows', md5(string_agg(to_jsonb(c)::text, '' order by c.id)) from public.clients c
