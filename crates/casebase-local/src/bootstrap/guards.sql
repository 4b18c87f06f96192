-- The limits a hosted project sets on its owner in the managed schemas: in auth and storage it may create,
-- alter and drop policies and triggers, and nothing else. Hosted projects do it with an extension of the server;
-- here the owner is a member of the owning roles and event triggers refuse what goes beyond.
--
-- Not reproduced: the owner can still grant privileges on managed tables (GRANT names no object to an event trigger).

create schema local_stack;
revoke all on schema local_stack from public;
grant usage on schema local_stack to public;

-- Whether whoever runs this statement manages auth and storage: the superuser, or the services' own logins.
create function local_stack.manages_schemas() returns boolean
  language sql stable set search_path = ''
  as $$
    select (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
        or (current_user in ('supabase_auth_admin', 'supabase_storage_admin')
            and (session_user in ('supabase_auth_admin', 'supabase_storage_admin')
                 or (select rolsuper from pg_catalog.pg_roles where rolname = session_user)))
  $$;

create function local_stack.guard_managed_schemas() returns event_trigger
  language plpgsql set search_path = ''
  as $$
  declare
    command record;
  begin
    if local_stack.manages_schemas() then
      return;
    end if;
    for command in select * from pg_catalog.pg_event_trigger_ddl_commands() loop
      if command.command_tag in ('CREATE POLICY', 'ALTER POLICY', 'CREATE TRIGGER', 'ALTER TRIGGER') then
        continue;
      end if;
      if command.schema_name in ('auth', 'storage')
         or command.object_identity in ('auth', 'storage')
         or command.object_identity ~ ' on (auth|storage)\.'
      then
        raise insufficient_privilege using
          message = format('must be owner of %s %s', command.object_type, command.object_identity),
          hint = 'auth and storage are managed: a migration may create policies and triggers there, nothing else.';
      end if;
    end loop;
  end
  $$;

create function local_stack.guard_managed_drops() returns event_trigger
  language plpgsql set search_path = ''
  as $$
  declare
    dropped record;
  begin
    if local_stack.manages_schemas() then
      return;
    end if;
    for dropped in select * from pg_catalog.pg_event_trigger_dropped_objects() loop
      if (dropped.schema_name in ('auth', 'storage') or dropped.object_identity in ('auth', 'storage'))
         and dropped.object_type not in ('policy', 'trigger')
      then
        raise insufficient_privilege using
          message = format('must be owner of %s %s', dropped.object_type, dropped.object_identity),
          hint = 'auth and storage are managed: a migration may drop its own policies and triggers there, nothing else.';
      end if;
    end loop;
  end
  $$;

create event trigger local_stack_guard_ddl on ddl_command_end
  execute function local_stack.guard_managed_schemas();
create event trigger local_stack_guard_drop on sql_drop
  execute function local_stack.guard_managed_drops();
