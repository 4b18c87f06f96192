-- settings of the roles that this connection may switch to, as far as any user may set them
select coalesce(json_object_agg(rolname, settings), '{}')
  from (
    select r.rolname,
           json_agg(json_build_array(pair.name, pair.value)) as settings
      from pg_catalog.pg_db_role_setting s
      join pg_catalog.pg_roles r on r.oid = s.setrole
      cross join unnest(s.setconfig) as item
      cross join lateral (
        select split_part(item, '=', 1) as name,
               substr(item, strpos(item, '=') + 1) as value
      ) pair
      join pg_catalog.pg_settings known on known.name = pair.name and known.context = 'user'
     where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
       and pg_catalog.pg_has_role(current_user, r.oid, 'member')
       and r.rolname <> current_user
     group by r.rolname
  ) by_role
