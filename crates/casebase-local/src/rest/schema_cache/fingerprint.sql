select concat_ws(
         ' ',
         (select concat(count(*), '/', max(xmin::text::bigint)) from pg_catalog.pg_class),
         (select concat(count(*), '/', max(xmin::text::bigint)) from pg_catalog.pg_attribute),
         (select concat(count(*), '/', max(xmin::text::bigint)) from pg_catalog.pg_constraint),
         (select concat(count(*), '/', max(xmin::text::bigint)) from pg_catalog.pg_proc)
       )
