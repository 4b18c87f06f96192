-- PostgREST reads the schema again when it is told to. Hosted projects tell it after every change, by event triggers.

create function extensions.pgrst_ddl_watch() returns event_trigger
  language plpgsql set search_path = ''
  as $$
  begin
    if exists (
      select from pg_catalog.pg_event_trigger_ddl_commands() c
       where c.schema_name is distinct from 'pg_temp'
         and c.command_tag not in ('CREATE INDEX', 'ALTER INDEX', 'CREATE POLICY', 'ALTER POLICY', 'CREATE TRIGGER', 'ALTER TRIGGER')
    ) then
      notify pgrst, 'reload schema';
    end if;
  end
  $$;

create function extensions.pgrst_drop_watch() returns event_trigger
  language plpgsql set search_path = ''
  as $$
  begin
    if exists (
      select from pg_catalog.pg_event_trigger_dropped_objects() d
       where not d.is_temporary
         and d.object_type not in ('index', 'policy', 'trigger')
    ) then
      notify pgrst, 'reload schema';
    end if;
  end
  $$;

create event trigger pgrst_ddl_watch on ddl_command_end
  execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop
  execute function extensions.pgrst_drop_watch();
