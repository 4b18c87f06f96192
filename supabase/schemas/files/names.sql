-- A storage key segment that nothing trips over: Storage's own characters, no slash, no control, no leading or
-- trailing dot or space.
create function casebase.is_object_name(name text) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select octet_length(name) between 1 and 200
     and name ~ '^[A-Za-z0-9_!*''()&$=@;:+,?-]([A-Za-z0-9_!.*''() &$=@;:+,?-]*[A-Za-z0-9_!*''()&$=@;:+,?-])?$'
$$;
