-- Departments, specialties, party types, stages and categories that are switched off: what has them keeps them, and nobody
-- chooses them any more. And rpc/structure_uses.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
select plan(73);

insert into case_stages (stage, status) values ('With legal', 'in_progress'), ('Drafted', 'in_progress');
insert into specialties (name) values ('Pensions');
insert into tests.names select 'pensions', id from specialties where name = 'Pensions';

-- Who switches them off.
select is(tests.would(who, statement), case who when 'Ada' then '1' when 'service' then '1' when 'anon' then '42501' else '0' end, who || ': ' || statement)
from unnest(array['Ada', 'Alan', 'Carla', 'Faye', 'anon', 'service']) who,
     unnest(array[
       $$update departments set active = false where name = 'South'$$, $$update specialties set active = false where name = 'Payroll'$$,
       $$update party_types set active = false where code = 'CONTRACTOR'$$, $$update case_stages set active = false where stage = 'With legal'$$,
       $$update document_categories set active = false where code = 'policies'$$]) statement;
select is(tests.would('Ada', $$update departments set active = false where is_default$$), '23514', 'the default department stays on');
select is(tests.would('Ada', $$update departments set active = false where name = 'North'; update departments set is_default = true where name = 'North'$$), '23514', 'and one that is off becomes none');
select is(tests.would('Ada', format('update party_types set active = false where code = %L', code)),
  case when code in ('ARGAN', 'CLIENT') then '23514' else '1' end, code || ' goes, or is needed')
from unnest(array['ARGAN', 'CLIENT', 'EMPLOYEE']) code;

-- What has them keeps them.
update cases set required_specialty_id = tests.id('payroll')::uuid, action_required_of = 'CONTRACTOR', status = 'in_progress', stage = 'With legal'
where id = tests.id('case')::bigint;
update departments set active = false where name in ('North');
update specialties set active = false where name = 'Payroll';
update party_types set active = false where code = 'CONTRACTOR';
update case_stages set active = false where stage = 'With legal';
update document_categories set active = false where code = 'policies';
select is(tests.would('Ada', $$update cases set title = 'Other words', department_id = department_id, required_specialty_id = required_specialty_id, stage = stage,
  action_required_of = action_required_of where id = {case}$$), '1', 'a case that has them is worked on');
select is(tests.would('Ada', format('update cases set %s where id = {case}', change)), '1', 'and gets others: ' || change)
from unnest(array[$$department_id = '{south}'$$, $$required_specialty_id = '{pensions}'$$, $$required_specialty_id = null$$,
  $$stage = 'Drafted'$$, $$action_required_of = 'EMPLOYEE'$$]) change;

-- Nobody chooses them.
update cases set status = 'in_progress' where id = tests.id('other case')::bigint;
select is(tests.refusal(who, format('update cases set %s where id = {other case}', change)),
  '23514 | the ' || what || ' is switched off | Choose another one, or have an admin switch it on again.', who || ' gives no other case the ' || what)
from unnest(array['Ada', 'Alan']) who,
     (values ('department', $$department_id = '{north}'$$), ('specialty', $$required_specialty_id = '{payroll}'$$), ('stage', $$stage = 'With legal'$$),
             ('party type', $$action_required_of = 'CONTRACTOR'$$)) v (what, change);
select is(tests.would('Ada', format('update cases set %s where id = {other case}', change)), '1', 'nor is anything else refused: ' || change)
from unnest(array[$$required_specialty_id = '{pensions}'$$, $$stage = 'Drafted'$$, $$action_required_of = 'EMPLOYEE'$$]) change;
select is(tests.would('Ada', format($$insert into cases (client_id, title, %s) values ('{acme}', 'New', %s)$$, col, value)), '23514', 'no new case has the ' || col)
from (values ('department_id', $$'{north}'$$), ('required_specialty_id', $$'{payroll}'$$), ('action_required_of', $$'CONTRACTOR'$$)) v (col, value);
select is(tests.would('Ada', $$insert into cases (client_id, title, department_id, required_specialty_id, action_required_of) values ('{acme}', 'New', '{south}', '{pensions}', 'EMPLOYEE')$$), '1', 'others it has');
select is(tests.sees('Ada', $$select error ->> 'message' from update_cases(array[{other case}], '{"stage": "With legal"}')$$), 'the stage is switched off', 'many at once hear it, too');

-- What the database opens behind a case stays where that one is.
select is(tests.would('Ada', $$select split_case({shown})$$), '1', 'something that was said becomes a case of its own');
update cases set status = 'closed' where id = tests.id('resolved case')::bigint;
select is(tests.would('Carla', $$insert into interactions (case_id, content) values ({resolved case}, 'And another thing')$$), '1', 'a reply to a closed case opens another');

-- Documents.
select is(tests.refusal('Alan', $$insert into client_documents (client_id, category, original_name, content_type, file_size) values ('{acme}', 'policies', 'new.pdf', 'application/pdf', 1)$$),
  '23514 | the category is switched off | Choose another one, or have an admin switch it on again.', 'no other document comes into a category that is off');
select is(tests.would('Alan', $$insert into client_documents (client_id, category, original_name, content_type, file_size) values ('{acme}', 'handbooks', 'new.pdf', 'application/pdf', 1)$$), '1', 'into another it does');
select is(tests.would('Alan', $$insert into client_documents (client_id, category, document_id, original_name, content_type, file_size) values ('{acme}', 'policies', {policy}, 'policy.pdf', 'application/pdf', 1)$$), '1', 'and one that is there gets another version');

-- What is used by what.
select is(tests.refusal(who, 'select * from structure_uses()'), '42501 | only admins see what is used where | Ask an admin.', who || ' is told nothing')
from unnest(array['Alan', 'Dora', 'Carla', 'Ivan', 'Faye', 'Nemo']) who;
select is(tests.would(who, 'select * from structure_uses()'), '42501', who || ' may not ask') from unnest(array['anon', 'service', 'worker']) who;
insert into casebase.webhook_endpoints (url, department_ids) values
  ('https://example.com/a', array[tests.id('south')::uuid]), ('https://example.com/b', array[tests.id('south')::uuid, tests.id('north')::uuid]),
  ('https://example.com/c', '{}');
update specialties set active = true;
update cases set required_specialty_id = tests.id('payroll')::uuid where id = tests.id('other case')::bigint;
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
values (tests.id('case')::bigint, 'Bob', 'CONTRACTOR', 'Rob', 'CONTRACTOR', 'To each other'), (tests.id('case')::bigint, 'Bob', 'CONTRACTOR', 'Alan', 'ARGAN', 'Back');
update party_types set active = true;
insert into case_stages (stage, status) values ('Never', 'open');
-- Of another's document that nobody reads yet an admin hears, too.
select is(tests.does('Dora', $$insert into client_documents (client_id, category, original_name, content_type, file_size) values ('{acme}', 'handbooks', 'new.pdf', 'application/pdf', 1)$$), '1', 'a document is on its way');
select is(tests.sees('Ada', $$
  select string_agg(concat_ws(' ', u.kind, coalesce(d.name, s.name, u.key), u.used_by, u.uses), E'\n' order by u.kind, coalesce(d.name, s.name, u.key) collate "C", u.used_by)
  from structure_uses() u
  left join departments d on d.id::text = u.key
  left join specialties s on s.id::text = u.key$$),
$$category handbooks documents 1
category policies documents 2
department North cases 2
department North staff 2
department North webhooks 1
department South cases 1
department South staff 1
department South webhooks 2
party_type ARGAN interactions 7
party_type CLIENT interactions 3
party_type CONTRACTOR cases 1
party_type CONTRACTOR interactions 5
specialty Payroll cases 2
specialty Payroll staff 1
stage With legal cases 1$$, 'an admin sees what each of them is used by');
select * from finish();
rollback;
