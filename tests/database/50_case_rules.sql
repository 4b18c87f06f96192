-- Rules of a case that hold whoever writes, and the ways that a client has: reopening and escalating.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(71);
select tests.world();

-- The number.
select matches(tests.sees('Carla', 'select case_id from cases where id = {case}'), '^CASE-\d{4,}$', 'a case has a number');
insert into cases (id, client_id, title) overriding system value values (10000, tests.id('acme')::uuid, 't'), (123456, tests.id('acme')::uuid, 't');
select is((select string_agg(case_id, ' ' order by id) from cases where id in (10000, 123456)), 'CASE-10000 CASE-123456', 'that keeps all its digits');
select is(tests.refusal('service', $$update cases set case_id = 'CASE-1'$$),
  '428C9 | column "case_id" can only be updated to DEFAULT | Column "case_id" is a generated column.', 'and can''t be chosen');

-- Status and its companions.
select is(tests.does('Alan', $$update cases set status = 'in_progress' where id = {case}$$), '1', 'a case is taken up');
select is(tests.would('Carla', $$update cases set description = 'd' where id = {case}$$), '42501', 'from then on its client doesn''t edit it');
select is(tests.does('Alan', $$update cases set status = 'resolved' where id = {case}$$), '1', 'resolved');
select isnt(tests.sees('Alan', 'select resolved_at from cases where id = {case}'), null, 'with the time it was');
select matches(tests.refusal('Carla', $$update cases set title = 't' where id = {case}$$), '^42501 \| a client edits a case only while it is open \| .*reopen_case',
  'a client who edits a resolved case is told what to do instead');
select is(tests.would('Carla', $$update cases set status = 'open' where id = {case}$$), '42501', 'a client has no hand on the status');
select is(tests.refusal('Carla', $$select escalate_case({case}, 'r')$$), 'PT409 | the case is resolved | Reopen it first.', 'a resolved case is not escalated');
select is(tests.does('Carla', 'select reopen_case({case})'), '1', 'a client reopens a case');
select is(tests.sees('Carla', 'select status || coalesce(resolved_at::text, '' unresolved'') from cases where id = {case}'), 'open unresolved', 'and it is open');
select is(tests.does('Carla', 'select reopen_case({case})'), 'PT409', 'once');
select is(tests.would('Alan', $$update cases set status = 'done' where id = {case}$$), '23514', 'there is no other status');
select is(tests.would('service', $$update cases set resolved_at = now() where id = {case}$$), '1', 'resolved_at follows the status');
select is(tests.would('Alan', $$update cases set priority = 'asap' where id = {case}$$), '23514', 'there is no other priority');

-- What some client of the API can't read is refused, or it would take away every page that the case is on.
select is(tests.would('Alan', format($$update cases set metadata = %L where id = {case}$$, value)), '23514', left(value, 30) || ' is refused')
from unnest(array['{"n": 1e400}', '{"n": [-1e309]}', '{"n": ' || repeat('9', 400) || '}',
                  '{"d": ' || repeat('[', 33) || repeat(']', 33) || '}', '{"d": ' || repeat('{"d":', 126) || '1' || repeat('}', 127)]) value;
select is(tests.would('Alan', format($$update cases set metadata = %L where id = {case}$$, value)), '1', left(value, 30) || ' is taken')
from unnest(array['{"n": 1e308, "m": -1.7976931348623157e308, "k": 1e-400}', '{"d": ' || repeat('[', 31) || '1' || repeat(']', 31) || '}']) value;
select is(tests.would('Alan', $$update case_internal set metadata = '{"n": 1e400}' where case_id = {case}$$), '23514', 'nor beside the case');
select is(tests.would('Alan', format($$update cases set action_required_by = %L where id = {case}$$, value)), '23514', value || ' is no deadline')
from unnest(array['infinity', '10000-01-01', '0044-03-15 BC']) value;

-- Escalation.
select is(tests.does('Carla', $$select escalate_case({case}, 'r')$$), '1', 'a client escalates a case');
select is(tests.sees('Carla', 'select priority || (escalated_by = ''{Carla}'') || (escalated_at is not null) from cases where id = {case}'), 'hightruetrue',
  'it has a high priority, and who and when are known');
select is(tests.does('Asta', $$select escalate_case({case}, 'r')$$), 'PT409', 'it is escalated once');
select is(tests.does('Asta', $$update cases set status = 'in_progress' where id = {case}$$), '1', 'and taken up');
select is(tests.sees('Asta', 'select escalated_at is not null from cases where id = {case}'), 'true', 'stays so');
select is(tests.does('Alan', $$update cases set priority = 'urgent', status = 'resolved' where id = {case}$$), '1', 'when it was resolved');
select is(tests.does('Dora', $$update cases set status = 'resolved', priority = 'urgent' where id = {case}$$), '1', 'and told so again');
select is(tests.sees('Dora', 'select escalated_at is not null from cases where id = {case}'), 'true', 'it was escalated');
select is(tests.does('Carla', 'select reopen_case({case})'), '1', 'and reopened');
select is(tests.does('Carla', $$select escalate_case({case}, 'r')$$), '1', 'it can be escalated anew');
select is(tests.sees('Carla', 'select priority from cases where id = {case}'), 'urgent', 'which lowers no priority');

-- What staff of scope assigned may change.
select is(tests.would('Asta', $$update cases set status = 'in_progress', action_required_of = 'CLIENT', metadata = '{"a": 1}' where id = {case}$$), '1',
  'staff of scope assigned work their case');
select matches(tests.refusal('Asta', $$update cases set assigned_to = null where id = {case}$$), '^42501 \| you can''t change assigned_to of this case \| You can change ',
  'but don''t give it away, and are told so');

-- Specialties.
insert into specialties (name) values ('Pensions');
insert into tests.names select 'pensions', id from specialties where name = 'Pensions';
select is(tests.does('Alan', $$update cases set assigned_to = null, required_specialty_id = '{pensions}' where id = {case}$$), '1', 'a case can need a specialty');
select is(tests.would('Dora', $$update cases set assigned_to = '{Dora}' where id = {case}$$), '23514', 'who lacks it can''t take the case');
select is(tests.would('Dora', $$select hand_over_case({case}, null, '{Dora}')$$), '23514', 'nor be handed it');
select is(tests.would('Ada', $$update cases set assigned_to = '{Dora}' where id = {case}$$), '1', 'an admin can assign it all the same');
insert into staff_specialties values (tests.filled('{Dora}')::uuid, tests.id('pensions')::uuid);
select is(tests.would('Dora', $$update cases set assigned_to = '{Dora}' where id = {case}$$), '1', 'who has it can');
select is(tests.would('Alan', $$insert into cases (client_id, title, assigned_to, required_specialty_id) values ('{acme}', 't', '{Alan}', '{pensions}')$$), '23514',
  'the same holds for a new case');
select is(tests.would('Ada', $$update cases set assigned_to = '{Ivan}' where id = {case}$$), '23514', 'nobody inactive gets a case');
select is(tests.would('Ada', $$update cases set assigned_to = '{Carla}' where id = {case}$$), '23514', 'nor a client');
select is(tests.would('service', $$update cases set assigned_to = '{Ivan}' where id = {case}$$), '23514', 'not even by a service key');

update cases set assigned_to = tests.filled('{Alan}')::uuid where id = tests.id('case')::bigint;
select is(tests.would('Alan', $$update cases set assigned_to = assigned_to, required_specialty_id = required_specialty_id, title = 't' where id = {case}$$), '1',
  'whom an admin gave it without keeps it, as long as nothing of that is changed');
update cases set assigned_to = tests.filled('{Asta}')::uuid, required_specialty_id = null where id = tests.id('case')::bigint;
update cases set required_specialty_id = tests.id('pensions')::uuid where id = tests.id('case')::bigint;
update staff_members set active = false where user_id = tests.filled('{Asta}')::uuid;
select is(tests.would('Alan', $$update cases set required_specialty_id = null where id = {case}$$), '1', 'whose assignee was switched off can still change');
select is(tests.would('Ada', $$delete from specialties where name = 'Pensions'$$), '1', 'and its specialty go');
update staff_members set active = true where user_id = tests.filled('{Asta}')::uuid;
update cases set assigned_to = null where id = tests.id('case')::bigint;

-- Handing over.
select is(tests.would('Dora', $$update cases set department_id = '{south}' where id = {case}$$), '42501', 'a plain update can''t end one''s own sight');
select is(tests.does('Dora', $$select hand_over_case({case}, '{south}', null, 'Yours now')$$), '1', 'hand_over_case can');
select is(tests.sees('Dora', 'select count(*) from cases where id = {case}'), '0', 'the case is out of the giver''s sight');
select is(tests.sees('Sam', $$select (department_id = '{south}')::text || (assigned_to is null) from cases where id = {case}$$), 'truetrue', 'and in the other department''s, with nobody');
select is(tests.sees('Sam', $$select content || (created_by = '{Dora}') from internal_notes where case_id = {case} order by id desc limit 1$$), 'Yours nowtrue',
  'with a note in the giver''s name');
select is(tests.would('Sam', 'select hand_over_case({case})'), '22023', 'one must say to whom');
select is(tests.would('Asta', $$select hand_over_case({case}, '{north}')$$), '42501', 'staff of scope assigned don''t hand over');

-- Bounds.
select is(tests.would('Alan', $$update cases set title = ' ' where id = {case}$$), '23514', 'a title says something');
select is(tests.would('Alan', $$update cases set metadata = '[1]' where id = {case}$$), '23514', 'metadata is an object');
select is(tests.would('Alan', $$update cases set metadata = jsonb_build_object('a', repeat('x', 20000)) where id = {case}$$), '23514', 'of bounded size');

-- Departments.
select is(tests.does('Ada', $$update departments set is_default = true where name = 'South'$$), '1', 'an admin names another default department');
select is((select string_agg(name, ', ') from departments where is_default), 'South', 'and there is one');
select is(tests.does('Ada', $$insert into departments (name, is_default) values ('West', true)$$), '1', 'a new one');
select is((select string_agg(name, ', ') from departments where is_default), 'West', 'is the only one');
select is(tests.does('Ada', $$update departments set is_default = true where name = 'South'$$), '1', 'and no longer');
select is(tests.would('Ada', $$update departments set is_default = false$$), '23514', 'never none');
select is(tests.would('Ada', $$update departments set is_default = false where name = 'North'$$), '1', 'though one that isn''t can be told so');
select is(tests.would('Ada', $$update departments set is_default = true where is_default$$), '1', 'as can the one that is');
select is(tests.would('Ada', $$delete from departments where is_default$$), '23514', 'not by deletion either');

select * from finish();
rollback;
