-- The project's own public.clients, where it had one: its key, and the column that is a client's name.
with source as (
  select s.is_ours, s.name_column from casebase.client_source s
)
select 'error' as severity, 'public.clients' as thing,
       case
         when s.name_column is null then 'has no column that was recognised as a client''s name: my_clients and every list have null for it'
         else format('has no column %I, which was a client''s name', s.name_column)
       end as problem,
       'update casebase.client_source set name_column = ''…''' as mend,
       false as safe
from source s
where not s.is_ours
  and not exists (
    select from pg_attribute a
    where a.attrelid = to_regclass('public.clients')
      and a.attname = s.name_column
      and a.attnum > 0
      and not a.attisdropped)

union all
select 'error', 'casebase.client_source', 'has no row: no client has a name',
       'insert into casebase.client_source (is_ours, name_column) values (…, ''name'')', false
where not exists (select from source)
