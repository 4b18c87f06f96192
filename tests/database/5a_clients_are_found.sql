-- rpc/find_clients and rpc/client_names: whom staff open cases for, and whose they work, also where public.clients is the
-- project's own and lets them read nothing.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(53);
select tests.world();

create function pg_temp.finds(person text, letters text, page_size integer default 25) returns text language sql as $$
  select tests.sees(person, format('select string_agg(f.name, '', '') from find_clients(%L, %s) f', letters, page_size))
$$;
create function pg_temp.names(person text, ids text default '{acme},{other}') returns text language sql as $$
  select tests.sees(person, format('select string_agg(n.name, '', '' order by n.name) from client_names(array[''%s'']::uuid[]) n', replace(ids, ',', ''',''')))
$$;

-- As far as the host lets them read: nothing.
revoke all on public.clients from authenticated;
select is(pg_temp.finds(who, ''), found, who || ' finds ' || coalesce(found, 'none')) from (values
  ('Ada', 'Acme, Other Ltd'), ('Alan', 'Acme, Other Ltd'), ('Dora', 'Acme, Other Ltd'), ('Sam', 'Acme, Other Ltd'),
  ('Asta', null), ('Carla', null), ('Otto', null), ('Ivan', null), ('Faye', null), ('Nemo', null)
) as people (who, found);
select is(pg_temp.names(who), named, who || ' hears ' || coalesce(named, 'no name')) from (values
  ('Ada', 'Acme, Other Ltd'), ('Alan', 'Acme, Other Ltd'), ('Dora', 'Acme, Other Ltd'), ('Sam', 'Acme, Other Ltd'),
  ('Asta', 'Acme'), ('Carla', null), ('Otto', null), ('Ivan', null), ('Faye', null), ('Nemo', null)
) as people (who, named);
select is(tests.would(who, call), '42501', who || ' may not call ' || call)
from unnest(array['anon', 'service', 'worker']) who,
     unnest(array['select find_clients()', 'select client_names(null)']) call;
delete from staff_departments where user_id = tests.filled('{Dora}')::uuid;
select is(pg_temp.finds('Dora', ''), null, 'who works in no department opens no case, and finds nobody to open one for');

insert into clients (id, name) values
  ('00000000-0000-4000-8000-000000000002', 'Twin'), ('00000000-0000-4000-8000-000000000001', 'TWIN'),
  ('00000000-0000-4000-8000-000000000003', 'Macme'), ('00000000-0000-4000-8000-000000000004', 'acme Berlin'), ('00000000-0000-4000-8000-000000000005', '100% ours');
select is(pg_temp.finds('Alan', letters), found, 'Alan finds by ' || coalesce(letters, 'nothing') || ': ' || coalesce(found, 'none')) from (values
  ('ACM', 'Acme, acme Berlin, Macme'),
  ('m', 'Macme, Acme, acme Berlin'),
  ('twin', 'TWIN, Twin'),
  ('0% ', '100% ours'),
  ('a%e', null),
  ('_', null),
  ('nobody', null),
  (null, '100% ours, Acme, acme Berlin, Macme, Other Ltd, TWIN, Twin')
) as asked (letters, found);
select is(pg_temp.finds('Alan', 'acm', 2), 'Acme, acme Berlin', 'no more than were asked for');
select is(tests.would('Alan', 'select find_clients('''', 0)'), '22023', 'some');
select is(tests.sees('Alan', 'select count(*) from client_names(null)'), '0', 'nobody is called nothing');
select is(pg_temp.names('Alan', '{acme},00000000-0000-4000-8000-00000000000f'), 'Acme', 'nor who isn''t there');

-- A table of the project's own, whose name is another column, or none.
alter table public.clients add column title text;
update public.clients set title = 'Acme Incorporated' where id = tests.filled('{acme}')::uuid;
update casebase.client_source set name_column = 'title';
select is(pg_temp.finds('Alan', 'inc'), 'Acme Incorporated', 'found by the project''s own column');
select is(pg_temp.names('Alan', '{other}'), tests.filled('{other}'), 'who has no name is called by the id');
select is(tests.sees('Carla', 'select name from my_clients()'), 'Acme Incorporated', 'whoever acts for them reads it, too');
select throws_ok($$update casebase.client_source set name_column = 'heading'$$, '22023', 'name_column "heading": public.clients has no such column',
  'a column that is not there is no name');
select throws_ok($$update casebase.client_source set name_column = 'priority'$$, '22023', null, 'nor is a column of another table');
select throws_ok($$update casebase.client_source set name_column = 'ctid'$$, '22023', null, 'nor is one of the system''s');
alter table public.clients rename column title to heading;
select is(pg_temp.finds('Alan', left(tests.filled('{acme}'), 12)), tests.filled('{acme}'), 'when the project has renamed it, they are called by the id');
select is(tests.sees('Carla', 'select name from my_clients()'), tests.filled('{acme}'), 'by whoever acts for them, too');
select lives_ok($$update casebase.client_source set name_column = 'heading'$$, 'until Casebase is told');
select is(pg_temp.finds('Alan', 'inc'), 'Acme Incorporated', 'under its new name it is found');
alter table public.clients drop column heading;
select is(pg_temp.names('Alan', '{acme}'), tests.filled('{acme}'), 'nor does it stop anything that it is gone');
select throws_ok($$update casebase.client_source set name_column = attname from pg_attribute where attrelid = 'public.clients'::regclass and attisdropped$$,
  '22023', null, 'what is gone is no name');
create function pg_temp.hint_of(statement text) returns text language plpgsql as $$
declare
  hint text;
begin
  execute statement;
  return null;
exception when others then
  get stacked diagnostics hint = pg_exception_hint;
  return hint;
end
$$;
select is(pg_temp.hint_of($$update casebase.client_source set name_column = 'nothing'$$),
  (select format('It has %s.', string_agg(c.column_name, ', ' order by c.ordinal_position)) from information_schema.columns c where c.table_schema = 'public' and c.table_name = 'clients'),
  'which there are is said');
update casebase.client_source set name_column = null;
select is(pg_temp.finds('Alan', left(tests.filled('{acme}'), 12)), tests.filled('{acme}'), 'where no column was recognised, all are');

select * from finish();
rollback;
