-- functions with one row of a relation as their only parameter that return rows of a relation
select coalesce(
         json_agg(
           json_build_object(
             'function', json_build_object('schema', pn.nspname, 'name', p.proname),
             'table', json_build_object('schema', fn.nspname, 'name', f.relname),
             'foreign_table', json_build_object('schema', tn.nspname, 'name', t.relname),
             'to_one', not p.proretset or p.prorows = 1
           )
           order by p.oid
         ),
         '[]'
       )
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace
  join pg_catalog.pg_class f on f.reltype = p.proargtypes[0] and f.relkind in ('r', 'p', 'v', 'm', 'f')
  join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
  join pg_catalog.pg_class t on t.reltype = p.prorettype and t.relkind in ('r', 'p', 'v', 'm', 'f')
  join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
 where p.pronargs = 1
