-- $1: the exposed schemas
select coalesce(json_agg(to_json(routine)), '[]')
  from (
    select n.nspname as schema,
           p.proname as name,
           pg_catalog.obj_description(p.oid, 'pg_proc') as description,
           (
             select coalesce(
                      json_agg(
                        json_build_object(
                          'name', nullif(argument.name, ''),
                          'type_name', argument.type::regtype::text
                        )
                        order by argument.position
                      ),
                      '[]'
                    )
               from unnest(
                      coalesce(p.proallargtypes, p.proargtypes::oid[]),
                      p.proargnames,
                      p.proargmodes
                    ) with ordinality as argument (type, name, mode, position)
              where argument.mode is null or argument.mode in ('i', 'b', 'v')
           ) as arguments,
           p.pronargdefaults as defaults,
           p.provariadic <> 0 as variadic,
           p.proretset as returns_set,
           result.typtype = 'c'
             or coalesce(p.proargmodes::text[] && '{t,b,o}', false) as returns_composite,
           rn.nspname as return_schema,
           result.typname as return_name,
           p.provolatile as volatility,
           coalesce(p.proconfig, '{}') as settings
      from pg_catalog.pg_proc p
      join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      cross join lateral (
        with recursive chain as (
          select t.oid, t.typname, t.typtype, t.typnamespace, t.typbasetype
            from pg_catalog.pg_type t
           where t.oid = p.prorettype
          union all
          select b.oid, b.typname, b.typtype, b.typnamespace, b.typbasetype
            from chain
            join pg_catalog.pg_type b on b.oid = chain.typbasetype
        )
        select oid, typname, typtype, typnamespace from chain where typbasetype = 0
      ) result
      join pg_catalog.pg_namespace rn on rn.oid = result.typnamespace
     where n.nspname = any($1)
       and p.prokind = 'f'
       and result.oid <> 'pg_catalog.trigger'::regtype
  ) routine
