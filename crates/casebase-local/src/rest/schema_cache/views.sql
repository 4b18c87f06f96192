-- $1: the schemas whose views are looked through
select coalesce(json_agg(to_json(v)), '[]')
  from (
    select c.oid::bigint as oid,
           json_build_object('schema', n.nspname, 'name', c.relname) as qi,
           (
             select json_object_agg(a.attnum, a.attname)
               from pg_catalog.pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           ) as columns,
           r.ev_action::text as definition,
           -- the columns of everything it selects from, by number, to name where a column comes from
           (
             select json_object_agg(s.oid, s.columns)
               from (
                 select a.attrelid::bigint as oid, json_object_agg(a.attnum, a.attname) as columns
                   from pg_catalog.pg_attribute a
                  where a.attnum > 0
                    and not a.attisdropped
                    and a.attrelid in (
                      select d.refobjid
                        from pg_catalog.pg_depend d
                       where d.classid = 'pg_catalog.pg_rewrite'::regclass
                         and d.objid = r.oid
                         and d.refclassid = 'pg_catalog.pg_class'::regclass
                    )
                  group by a.attrelid
               ) s
           ) as sources
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_rewrite r on r.ev_class = c.oid and r.rulename = '_RETURN'
     where c.relkind in ('v', 'm')
       and n.nspname = any($1)
  ) v
