-- The roles that access rests on are no more than they are meant to be.
with casebase as (
  select n.nspowner as owner from pg_namespace n where n.nspname = 'casebase'
),
held as (
  select r.* from pg_roles r where r.rolname in ('anon', 'authenticated', 'casebase_worker')
)
select 'error' as severity, 'role casebase_worker' as thing,
       'is missing: the service can''t connect' as problem,
       'create role casebase_worker login noinherit; alter role casebase_worker set statement_timeout = ''10s'';' as mend,
       false as safe
where not exists (select from pg_roles r where r.rolname = 'casebase_worker')

union all
select 'error', 'role ' || h.rolname, 'is held by no policy and no grant: it is a superuser, or bypasses row level security',
       format('alter role %I nosuperuser nobypassrls', h.rolname), false
from held h
where h.rolsuper or h.rolbypassrls

union all
select 'error', 'role casebase_worker', 'may make roles or databases, or replicate: the service needs none of it',
       concat('alter role casebase_worker',
              case when h.rolcreaterole then ' nocreaterole' end,
              case when h.rolcreatedb then ' nocreatedb' end,
              case when h.rolreplication then ' noreplication' end),
       false
from held h
where h.rolname = 'casebase_worker'
  and (h.rolcreaterole or h.rolcreatedb or h.rolreplication)

union all
select 'error', 'role casebase_worker', 'may not log in: the service can''t connect', 'alter role casebase_worker login', true
from held h
where h.rolname = 'casebase_worker'
  and not h.rolcanlogin

union all
-- What a role is a member of, it can become.
select 'error', 'role ' || h.rolname, format('is a member of %I, and may do what that role may', other.rolname),
       format('revoke %I from %I', other.rolname, h.rolname), false
from held h
join pg_auth_members m on m.member = h.oid
join pg_roles other on other.oid = m.roleid
where h.rolname = 'casebase_worker'
   or other.rolsuper
   or other.rolbypassrls
   or other.oid = (select c.owner from casebase c)
   or other.rolname in ('authenticated', 'casebase_worker', 'service_role', 'supabase_auth_admin', 'supabase_storage_admin')

union all
select 'warning', 'role casebase_worker',
       'has no statement_timeout of 10s: a call that hangs outlives the lease of what it works on',
       'alter role casebase_worker set statement_timeout = ''10s''', true
from held h
where h.rolname = 'casebase_worker'
  and not coalesce('statement_timeout=10s' = any (h.rolconfig), false)

union all
-- Not ours, and nobody reaches a table without it.
select 'error', 'schema public', format('can''t be used by %I: nothing of the API answers', r.rolname),
       format('grant usage on schema public to %I', r.rolname), false
from pg_roles r
where r.rolname in ('authenticated', 'service_role')
  and not has_schema_privilege(r.oid, 'public', 'usage')
