-- Nobody writes in another's name, and nobody sets what is not theirs to set.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(42);
select tests.world();

-- Who made it.
select is(tests.would('Carla', $$insert into cases (client_id, title, created_by) values ('{acme}', 't', '{Otto}')$$), '42501',
  'a client can''t name another as a case''s author');
select is(tests.would('Ada', $$update cases set created_by = '{Otto}' where id = {case}$$), '42501',
  'nor can an admin, later');
select is(tests.does('Carla', $$insert into cases (client_id, title) values ('{acme}', 'mine')$$), '1', 'without it the case is made');
select is((select created_by::text from cases where title = 'mine'), tests.filled('{Carla}'), 'and the database says whose it is');
select is(tests.would('Carla', $$insert into interactions (case_id, content, created_by) values ({case}, 'c', '{Alan}')$$), '42501',
  'a client can''t name another as an interaction''s author');
select is(tests.would('Alan', $$insert into internal_notes (case_id, content, created_by) values ({case}, 'c', '{Dora}')$$), '42501',
  'nor staff a note''s');
select is(tests.would('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, uploaded_by)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1, '{Alan}')$$), '42501',
  'nor anybody a file''s uploader');

-- Who speaks.
select is(tests.does('Carla', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
  values ({case}, 'Alan', 'ARGAN', 'Carla', 'CLIENT', 'We will pay.', false)$$), '1', 'a client''s interaction is taken');
select is((select (party1_name, party1_type, party2_name, party2_type, visible_to_client)::text from interactions where content = 'We will pay.'),
  '(Carla,CLIENT,Asta,ARGAN,t)', 'but it is the client who speaks, to whoever works the case, in the open');
select is(tests.does('Otto', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
  values ({other case}, 'Alan', 'ARGAN', 'Otto', 'CLIENT', 'We promise.', false)$$), '1', 'in a case that nobody works');
select is((select (party1_name, party1_type, party2_name, party2_type, visible_to_client)::text from interactions where content = 'We promise.'),
  '(Otto,CLIENT,Argan,ARGAN,t)', 'it is the client who speaks too');
select is(tests.does('Carla', $$insert into interactions (case_id, content) values ({case}, 'Only this.')$$), '1',
  'a client needs to say nothing but the content');
select is(tests.does('Alan', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
  values ({case}, 'Bob', 'CONTRACTOR', 'Alan', 'ARGAN', 'On the phone')$$), '1', 'staff record who spoke');
select is((select (party1_name, party1_type, visible_to_client, created_by)::text from interactions where content = 'On the phone'),
  tests.filled('(Bob,CONTRACTOR,f,{Alan})'), 'as they say, hidden unless they say otherwise, in their own name');
select is(tests.does('Sam', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
  values ({case}, 'Alan', 'ARGAN', 'B', 'EMPLOYEE', 'Two hats')$$), '1', 'staff who see a case only as its client');
select is((select party1_name || party1_type from interactions where content = 'Two hats'), 'SamCLIENT', 'speak as the client there');

-- What was said stays so.
select is(tests.would('Alan', $$update interactions set content = 'I agree.' where content = 'Only this.'$$), '42501', 'staff can''t change a client''s words');
select is(tests.would('Dora', $$update interactions set party1_name = 'Bob' where content = 'We will pay.'$$), '42501', 'or who said them');
select is(tests.would('Dora', $$update interactions set content = 'c' where content = 'On the phone'$$), '42501', 'or a colleague''s');
select is(tests.would('Alan', $$update interactions set content = 'c', party1_name = 'Bert' where content = 'On the phone'$$), '1', 'their own they can');
select is(tests.would('Dora', $$update interactions set visible_to_client = true where content = 'On the phone'$$), '1', 'and show or hide what a colleague wrote');
select is(tests.would('Ada', $$update interactions set content = 'c' where content = 'Only this.'$$), '1', 'an admin can change any, in their own name');
select is(tests.does('Alan', $$insert into internal_notes (case_id, content) values ({case}, 'His')$$), '1', 'a note');
select is(tests.would('Dora', $$update internal_notes set content = 'Hers' where content = 'His'$$), '42501', 'is its author''s too');
select is(tests.would('Alan', $$update internal_notes set content = 'Still his' where content = 'His'$$), '1', 'to change');

-- What follows from something else.
select is(tests.would('Alan', $$insert into cases (id, client_id, title) overriding system value values (1000000, '{acme}', 't')$$), '42501',
  'nobody chooses a case''s id');
select is(tests.would('Alan', $$insert into cases (client_id, title, created_at) values ('{acme}', 't', '2000-01-01')$$), '42501',
  'or its date');
select is(tests.would('Ada', $$update cases set client_id = '{other}' where id = {case}$$), '42501', 'not even an admin moves a case to another client');
select is(tests.would('service', $$update cases set client_id = '{other}' where id = {case}$$), '23514', 'nor a service key');
select is(tests.would('service', $$update cases set created_by = '{Otto}' where id = {case}$$), '23514', 'nor changes it the author');
select is(tests.would('service', $$update interactions set case_id = {other case} where id = {shown}$$), '23514', 'an interaction stays with its case');
select is(tests.would('Ada', $$update case_internal set case_id = {other case} where case_id = {case}$$), '23514', 'nor moves an internal record');
select is(tests.would('service', $$update internal_notes set case_id = {other case} where case_id = {case}$$), '23514', 'or a note');
select is(tests.would('service', $$update case_files set case_id = {other case} where case_id = {case}$$), '23514', 'or a file');
select is(tests.would('service', $$update internal_notes set created_by = '{Otto}' where case_id = {case}$$), '23514', 'or changes a note''s author');
select is(tests.would('service', $$update interactions set created_by = '{Otto}' where id = {shown}$$), '23514', 'or an interaction''s');
select is(tests.would('Ada', $$update cases set escalated_by = '{Otto}' where id = {case}$$), '42501', 'escalated_by is set by escalating');
select is(tests.would('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, bucket_id, object_path)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1, 'client-bucket', '{other}/x')$$), '42501',
  'nobody chooses where a file lies');
select is(tests.would('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, state)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1, 'available')$$), '42501',
  'or that it was checked');

-- A client's new case: title and description.
select matches(tests.refusal('Carla', $$insert into cases (client_id, title, priority, metadata) values ('{acme}', 't', 'urgent', '{"a":null}')$$),
  '^42501 \| you can''t set (priority, metadata|metadata, priority) when you open a case \| ',
  'a client is told what can''t be set');
select is(tests.would('Carla', $$insert into cases (client_id, title, assigned_to) values ('{acme}', 't', '{Alan}')$$), '42501',
  'a client can''t choose who works the case');
select is(tests.would('Carla', $$insert into cases (client_id, title, description, status, priority) values ('{acme}', 't', 'd', 'open', 'medium')$$), '1',
  'saying what is so anyway is no harm');

select * from finish();
rollback;
