-- $1: the exposed schemas
select coalesce(json_agg(to_json(relation)), '[]')
  from (
    select n.nspname as schema,
           c.relname as name,
           pg_catalog.obj_description(c.oid, 'pg_class') as description,
           -- bits of pg_relation_is_updatable: 1 << CmdType (update 2, insert 3, delete 4)
           c.relkind in ('r', 'p') or writes.bits & 8 = 8 as insertable,
           c.relkind in ('r', 'p') or writes.bits & 4 = 4 as updatable,
           c.relkind in ('r', 'p') or writes.bits & 16 = 16 as deletable,
           coalesce(col.list, '[]') as columns
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      cross join lateral (
        select case when c.relkind in ('v', 'f')
                    then pg_catalog.pg_relation_is_updatable(c.oid, true)
                    else 0
               end as bits
      ) writes
      left join lateral (
        select json_agg(
                 json_build_object(
                   'name', a.attname,
                   'description', pg_catalog.col_description(a.attrelid, a.attnum),
                   'nullable', not (a.attnotnull or t.typtype = 'd' and t.typnotnull),
                   'base_type', case
                     when t.typtype = 'd' and base.typnamespace = 'pg_catalog'::regnamespace
                       then pg_catalog.format_type(base.oid, null)
                     when t.typtype <> 'd' and t.typnamespace = 'pg_catalog'::regnamespace
                       then pg_catalog.format_type(a.atttypid, null)
                     else pg_catalog.format_type(a.atttypid, a.atttypmod)
                   end,
                   'nominal_type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                   'max_length', case
                     when base.typname in ('varchar', 'bpchar')
                       then nullif(greatest(a.atttypmod, t.typtypmod) - 4, -5)
                   end,
                   'default', case
                     when a.attgenerated <> '' then null
                     when a.attidentity = 'd'
                       then (
                         select format('nextval(%L)', s.objid::regclass)
                           from pg_catalog.pg_depend s
                          where s.classid = 'pg_catalog.pg_class'::regclass
                            and s.refobjid = a.attrelid
                            and s.refobjsubid = a.attnum
                            and s.deptype = 'i'
                       )
                     when d.adbin is null then t.typdefault
                     else pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                   end,
                   'labels', (
                     select coalesce(json_agg(e.enumlabel order by e.enumsortorder), '[]')
                       from pg_catalog.pg_enum e
                      where e.enumtypid = base.oid
                   )
                 )
                 order by a.attnum
               ) as list
          from pg_catalog.pg_attribute a
          join pg_catalog.pg_type t on t.oid = a.atttypid
          cross join lateral (
            -- a domain may be over a domain
            with recursive chain as (
              select t.oid, t.typname, t.typnamespace, t.typbasetype
              union all
              select b.oid, b.typname, b.typnamespace, b.typbasetype
                from chain
                join pg_catalog.pg_type b on b.oid = chain.typbasetype
            )
            select oid, typname, typnamespace from chain where typbasetype = 0
          ) base
          left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
         where a.attrelid = c.oid
           and a.attnum > 0
           and not a.attisdropped
      ) col on true
     where n.nspname = any($1)
       and c.relkind in ('r', 'p', 'v', 'm', 'f')
       and not c.relispartition
  ) relation
