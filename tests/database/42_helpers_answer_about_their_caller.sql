-- What the policies and rules ask, asked directly: the API doesn't expose these functions, but whoever is signed in may
-- execute them. Each answers about its caller, and about a case only to whoever sees it.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
-- In the hands of somebody of another department: hers are three arms of one condition, one at a time.
update cases set assigned_to = tests.filled('{Asta}')::uuid where id in (tests.id('resolved case')::bigint, tests.id('other case')::bigint);
insert into tests.names values ('none', '00000000-0000-4000-8000-000000000000');

create temporary table answers (
  place serial, query text,
  "Ada" text, "Alan" text, "Dora" text, "Asta" text, "Sam" text, "Carla" text, "Otto" text, "Ivan" text, "Faye" text, "Nemo" text
);
insert into answers (query, "Ada", "Alan", "Dora", "Asta", "Sam", "Carla", "Otto", "Ivan", "Faye", "Nemo") values
('select casebase.staff_standing()',     'admin','all','departments','assigned','departments','-','-','-','-','-'),
('select casebase.is_staff()',           'true','true','true','true','true','false','false','false','false','false'),
('select casebase.is_admin()',           'true','false','false','false','false','false','false','false','false','false'),
('select casebase.is_known()',           'true','true','true','true','true','true','true','false','false','false'),
('select casebase.staff_id() = casebase.caller_id()', 'true','true','true','true','true','-','-','-','-','-'),
('select cardinality(casebase.my_departments())', '3','3','1','0','1','0','0','0','0','0'),
('select cardinality(casebase.my_clients())', '0','0','0','0','1','1','1','0','0','0'),
('select string_agg(name, '', '') from my_clients()', '-','-','-','-','Acme','Acme','Other Ltd','-','-','-'),
('select casebase.my_name(''{acme}'')',  'Ada','Alan','Dora','Asta','Sam','Carla','Otto','Ivan','-','-'),
('select casebase.default_department() is not null', 'true','true','true','true','true','true','true','true','true','true'),
-- Who works a case, in North and in South.
('select (casebase.case_parties({case})).assignee', 'Asta','Asta','Asta','Asta','Asta','Asta','-','-','-','-'),
('select (casebase.case_parties({other case})).assignee', 'Asta','Asta','-','Asta','Asta','-','Asta','-','-','-'),
-- What rpc does for whoever sees the case: its client, its department, who works it.
('select (reopen_case({resolved case})).status', 'open','open','open','open','open','open','PT404','PT404','PT404','PT404'),
($$select (escalate_case({case}, 'r')).priority$$, 'high','high','high','high','high','high','PT404','PT404','PT404','PT404'),
($$select (escalate_case({other case}, 'r')).priority$$, 'high','high','PT404','high','high','PT404','high','PT404','PT404','PT404'),
('select cardinality(entries) from case_timeline({case})', '3','3','3','3','3','3','PT404','PT404','PT404','PT404'),
('select cardinality(entries) from case_timeline({other case})', '3','3','PT404','3','3','PT404','3','PT404','PT404','PT404'),
('select cardinality(entries) from casebase.case_timeline(array[{other case}], 10, null)', '3','3','0','3','3','0','3','0','0','0'),
('select count(*) from case_people({case})', '3','3','3','3','3','3','PT404','PT404','PT404','PT404'),
('select count(*) from case_people({other case})', '3','3','PT404','3','3','PT404','3','PT404','PT404','PT404'),
-- Handing over is for those who work in departments, of what they see as staff.
('select hand_over_case({case}, ''{south}'')::text', '-','-','-','42501','PT404','42501','42501','42501','42501','42501'),
('select hand_over_case({other case}, ''{north}'')::text', '-','-','PT404','42501','-','42501','42501','42501','42501','42501'),
-- Pages and counts.
('select cardinality(cases) || '' '' || total from list_cases()', '3 3','3 3','2 2','3 3','3 3','2 2','1 1','0 0','0 0','0 0'),
('select cardinality(interactions) from list_interactions({case})', '2','2','2','2','1','1','PT404','PT404','PT404','PT404'),
-- As staff or as a client, and of what is not in sight nothing.
('select cardinality((page).interactions) from casebase.list_interactions(array[{case}], 10, null)', '2','2','2','2','1','1','0','0','0','0'),
('select cardinality((page).interactions) from casebase.list_interactions(array[{other case}], 10, null)', '2','2','0','2','2','0','1','0','0','0'),
('select sum(count) from case_counts()', '3','3','2','3','3','2','1','-','-','-');

-- The value, the SQLSTATE, or - for null; and nothing stays.
create function pg_temp.answer(person text, query text) returns text language plpgsql
as $$
declare
  value text;
begin
  begin
    value := tests.sees(person, query);
    raise exception using errcode = 'UNDO1';
  exception
    when sqlstate 'UNDO1' then
      perform tests.become_nobody();
      return coalesce(value, '-');
    when others then
      perform tests.become_nobody();
      return sqlstate;
  end;
end
$$;

select plan((select count(*)::integer from answers) + 19);
select is(
  (select jsonb_object_agg(who.name, pg_temp.answer(who.name, a.query))
   from jsonb_each_text(to_jsonb(a) - 'place' - 'query') who (name, expected)),
  to_jsonb(a) - 'place' - 'query', a.query)
from answers a
order by a.place;

-- A case in the hands of staff of scope departments who work elsewhere is theirs like their departments' own.
update cases set assigned_to = tests.filled('{Dora}')::uuid where id = tests.id('other case')::bigint;
select is(tests.would('Dora', statement), '1', 'in her hands: ' || statement)
from unnest(array[
  'select from cases where id = {other case}',
  $$update cases set priority = 'high', action_required_of = 'CLIENT' where id = {other case}$$,
  $$insert into internal_notes (case_id, content) values ({other case}, 'c')$$,
  $$select hand_over_case({other case}, '{north}')$$,
  $$select hand_over_case({other case}, null, '{Sam}')$$,
  'select from unnest((list_cases()).cases) c where c.id = {other case}']) statement;
select is(tests.would('Dora', 'select hand_over_case({other case}, null, null, ''c'')'), '22023', 'to somebody');

-- Who is handed a case keeps it, or it is nobody's.
select is(tests.does('Dora', $$select hand_over_case({other case}, '{south}', null, null)$$), '1', 'to the department where it is');
select is((select assigned_to from cases where id = tests.id('other case')::bigint), tests.filled('{Dora}')::uuid, 'it stays in her hands');
select is(tests.does('Dora', $$select hand_over_case({other case}, null, '{Sam}')$$), '1', 'to a colleague');
select is((select row(department_id, assigned_to)::text from cases where id = tests.id('other case')::bigint), tests.filled('({south},{Sam})'), 'it is his, where it was');
select is((select count(*) from internal_notes where case_id = tests.id('other case')::bigint), 1::bigint, 'and no note was made of it');
select cmp_ok((select count(*) from case_events where case_id = tests.id('other case')::bigint and actor_id = tests.filled('{Dora}')::uuid), '>', 0::bigint, 'of what she did there');
select is(tests.sees('Dora', $$select count(*) from casebase.my_entries_since(array[{other case}], '-infinity')$$), '0', 'she is told nothing any more');
insert into tests.names select 'hers', array_agg(id)::text from case_events where case_id = tests.id('other case')::bigint and actor_id = tests.filled('{Dora}')::uuid;
select is(tests.would('Dora', format('select casebase.undo_changes_of({other case}, %L)', tests.id('hers'))), 'PT404', 'nor takes anything back there');
select is(tests.does('Dora', $$insert into internal_notes (case_id, content) values ({case}, 'c')$$), '1', 'a note is no change of a case');
select is(tests.sees('Dora', $$select count(*) from casebase.my_entries_since(array[{case}], '-infinity')$$), '0', 'and what others did is not hers');
select is((select string_agg(row(c.department_id, c.assigned_to)::text, ' ') from cases c where c.id <> tests.id('other case')::bigint),
  tests.filled('({north},{Asta}) ({north},{Asta})'), 'nor anything done to another case');

-- Where the project's own table of clients has no name that is known, they are called by their id.
update casebase.client_source set name_column = null;
select is(tests.sees('Carla', 'select string_agg(name, '' '') from my_clients()'), tests.filled('{acme}'), 'a client without a name is a client');

select * from finish();
rollback;
