select coalesce(json_agg(to_json(key) order by key.table_oid, key.name), '[]')
  from (
    select k.contype as kind,
           k.conname as name,
           k.conrelid::bigint as table_oid,
           json_build_object('schema', n.nspname, 'name', c.relname) as table,
           (
             select json_agg(a.attname order by part.position)
               from unnest(k.conkey) with ordinality as part (attnum, position)
               join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = part.attnum
           ) as columns,
           (
             select json_build_object(
                      'table', json_build_object('schema', fn.nspname, 'name', f.relname),
                      'table_oid', k.confrelid::bigint,
                      'columns', (
                        select json_agg(a.attname order by part.position)
                          from unnest(k.confkey) with ordinality as part (attnum, position)
                          join pg_catalog.pg_attribute a
                            on a.attrelid = k.confrelid and a.attnum = part.attnum
                      )
                    )
               from pg_catalog.pg_class f
               join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
              where f.oid = k.confrelid
           ) as target
      from pg_catalog.pg_constraint k
      join pg_catalog.pg_class c on c.oid = k.conrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where k.contype in ('p', 'u', 'f')
       -- a partition's keys are its parent's
       and k.conparentid = 0
       and n.nspname not in ('pg_catalog', 'information_schema')
  ) key
