-- The server: what Casebase needs of it, and settings that switch off what its rules rest on.
select 'error' as severity,
       'PostgreSQL ' || current_setting('server_version') as thing,
       'is too old: Casebase needs version 15 or newer' as problem,
       null as mend,
       false as safe
where current_setting('server_version_num')::int < 150000

union all
select 'warning', 'the database', 'is a read-only replica: nothing can be changed here', null, false
where pg_is_in_recovery()

union all
-- A dump's restore sets it for itself; kept for a role or the database, no rule of ours is asked any more.
select 'error',
       concat('the setting ', setting, coalesce(' of the role ' || r.rolname, ' of every role')),
       'keeps every trigger of that role''s sessions from running: no rule, no history, no webhook',
       format('alter %s reset session_replication_role',
              case
                when s.setrole = 0 then format('database %I', current_database())
                when s.setdatabase = 0 then format('role %I', r.rolname)
                else format('role %I in database %I', r.rolname, current_database())
              end),
       false
from pg_db_role_setting s
cross join unnest(s.setconfig) setting
left join pg_roles r on r.oid = s.setrole
where s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
  and setting ~* '^session_replication_role=(replica|local)'
