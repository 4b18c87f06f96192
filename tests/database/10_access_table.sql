-- The access table, cell by cell: what happens when each of them runs the statement. A number is the rows it reads or
-- changes, 42501 a refusal, any other code a rule. Every refusal stands beside the same statement succeeding.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
-- What nothing hangs on.
insert into clients (name) values ('Idle');
insert into departments (name) values ('Idle');
insert into party_types (code, label) values ('IDLE', 'Idle');
insert into document_categories (code, label) values ('idle', 'Idle');
insert into case_stages (stage, status) values ('Idle', 'open');
insert into invitations (email) values ('idle@example.com');
with made as (insert into cases (client_id, title) values (tests.id('other')::uuid, 'idle') returning id)
insert into tests.names select 'idle case', id from made;
-- In Acme's resolved case: a place that Carla reserved, a file on its way out, and one whose object is gone already.
insert into case_files (case_id, file_name, original_name, content_type, file_size, visible_to_client, uploaded_by)
select tests.id('resolved case')::bigint, tests.id('resolved number') || '-1634567890-' || f.name || '.pdf', 'x.pdf', 'application/pdf', 1, true, p.id
from (values ('place', 'Carla'), ('going', 'Alan'), ('gone', 'Alan')) f (name, uploader)
join tests.people p on p.name = f.uploader;
insert into tests.names
  select substring(file_name from '-([a-z]+)\.pdf$'), object_path from case_files where case_id = tests.id('resolved case')::bigint and state = 'pending';
insert into storage.objects (bucket_id, name, version) values ('client-bucket', tests.id('going'), 'v1');
update case_files set state = 'deleting', object_version = 'v1' where object_path in (tests.id('going'), tests.id('gone'));
-- Acme's case in North is late.
update cases set action_required_by = now() - interval '1 day' where id = tests.id('case')::bigint;
-- And a document of Acme's whose object is gone.
insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, state, uploaded_by)
select tests.id('acme')::uuid, 'policies', 'old.pdf', 'old.pdf', 'application/pdf', 1, 'deleting', id from tests.people where name = 'Alan';

create temporary table cells (
  place serial, statement text,
  "Ada" text, "Alan" text, "Dora" text, "Asta" text, "Sam" text, "Carla" text, "Otto" text,
  "Ivan" text, "Faye" text, "Nemo" text, "anon" text, "service" text
);

insert into cells (statement, "Ada", "Alan", "Dora", "Asta", "Sam", "Carla", "Otto", "Ivan", "Faye", "Nemo", "anon", "service") values
-- cases: see
('select from cases',                                        '4','4','2','1','3','2','2','0','0','0','42501','4'),
('select from cases where id = {case}',                      '1','1','1','1','1','1','0','0','0','0','42501','1'),
('select from cases where id = {other case}',                '1','1','0','0','1','0','1','0','0','0','42501','1'),
('select from case_counts() c, generate_series(1, c.count)', '4','4','2','1','3','2','2','0','0','0','42501','42501'),
-- cases: create
($$insert into cases (client_id, title) values ('{acme}', 't')$$,
                                                             '1','1','42501','42501','1','1','42501','42501','42501','42501','42501','1'),
($$insert into cases (client_id, title) values ('{other}', 't')$$,
                                                             '1','1','42501','42501','42501','42501','1','42501','42501','42501','42501','1'),
($$insert into cases (client_id, title, department_id, priority) values ('{acme}', 't', '{north}', 'high')$$,
                                                             '1','1','1','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$insert into cases (client_id, title, department_id, priority) values ('{acme}', 't', '{south}', 'high')$$,
                                                             '1','1','42501','42501','1','42501','42501','42501','42501','42501','42501','1'),
-- cases: edit title and description; a client only while it is open
($$update cases set title = 't', description = 'd' where id = {case}$$,
                                                             '1','1','1','1','1','1','0','0','0','0','42501','1'),
($$update cases set title = 't' where id = {resolved case}$$,
                                                             '1','1','1','0','42501','42501','0','0','0','0','42501','1'),
-- cases: status, priority
($$update cases set status = 'resolved' where id = {case}$$, '1','1','1','1','42501','42501','0','0','0','0','42501','1'),
($$update cases set priority = 'low' where id = {case}$$,    '1','1','1','42501','42501','42501','0','0','0','0','42501','1'),
-- cases: assignment, department. Dora would lose sight of a case that goes to South: rpc/hand_over_case.
($$update cases set assigned_to = '{Dora}' where id = {case}$$,
                                                             '1','1','1','42501','42501','42501','0','0','0','0','42501','1'),
($$update cases set department_id = '{south}' where id = {case}$$,
                                                             '1','1','42501','42501','42501','42501','0','0','0','0','42501','1'),
($$select hand_over_case({case}, '{south}')$$,               '1','1','1','42501','PT404','42501','42501','42501','42501','42501','42501','42501'),
-- cases: one whose assignee was dismissed
($$select from cases where assigned_to = '{Ivan}'$$,         '1','1','1','0','1','1','0','0','0','0','42501','1'),
($$update cases set status = 'open' where assigned_to = '{Ivan}'$$,
                                                             '1','1','1','0','42501','42501','0','0','0','0','42501','1'),
($$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
   values ({resolved case}, 'A', 'ARGAN', 'B', 'EMPLOYEE', 'c')$$,
                                                             '1','1','1','42501','1','1','42501','42501','42501','42501','42501','1'),
($$insert into internal_notes (case_id, content) values ({resolved case}, 'c')$$,
                                                             '1','1','1','42501','42501','42501','42501','42501','42501','42501','42501','1'),
('select from case_people({resolved case})',                 '3','3','3','PT404','3','3','PT404','PT404','PT404','PT404','42501','42501'),
-- cases: taken by staff who see them, where nobody has them
($$select take_case({idle case})$$,                          '1','1','PT404','PT404','PT404','PT404','42501','PT404','PT404','PT404','42501','42501'),
($$select take_case({case})$$,                               'PT409','PT409','PT409','1','PT409','42501','PT404','PT404','PT404','PT404','42501','42501'),
($$select take_case({resolved case})$$,                      'PT409','PT409','PT409','PT404','PT409','PT409','PT404','PT404','PT404','PT404','42501','42501'),
-- cases: overdue
('select from overdue_cases',                                '1','1','1','1','1','1','0','0','0','0','42501','1'),
($$insert into overdue_cases (client_id, title) values ('{acme}', 't')$$,
                                                             '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
($$update overdue_cases set title = 't'$$,                   '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
('delete from overdue_cases',                                '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
-- cases: delete (those with files keep until the files are gone)
($$delete from cases where id = {idle case}$$,               '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$delete from cases where id = {case}$$,                    '23503','0','0','0','0','0','0','0','0','0','42501','23503'),
-- reopen and escalate, through rpc
($$select reopen_case({resolved case})$$,                    '1','1','1','PT404','1','1','PT404','PT404','PT404','PT404','42501','42501'),
($$select escalate_case({case}, 'r')$$,                           '1','1','1','1','1','1','PT404','PT404','PT404','PT404','42501','42501'),

-- interactions
('select from interactions where case_id = {case}',          '2','2','2','2','1','1','0','0','0','0','42501','2'),
('select from unnest((list_interactions({case})).interactions)', '2','2','2','2','1','1','PT404','PT404','PT404','PT404','42501','42501'),
('select from interactions where id = {hidden}',             '1','1','1','1','0','0','0','0','0','0','42501','1'),
('select from interactions where id = {other hidden}',       '1','1','0','0','1','0','0','0','0','0','42501','1'),
($$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
   values ({case}, 'A', 'ARGAN', 'B', 'EMPLOYEE', 'c')$$,    '1','1','1','1','1','1','42501','42501','42501','42501','42501','1'),
-- Words are their author's; these have none.
($$update interactions set content = 'c' where id = {shown}$$,
                                                             '1','42501','42501','42501','0','0','0','0','0','0','42501','1'),
('delete from interactions where id = {shown}',              '1','0','0','0','0','0','0','0','0','0','42501','1'),

-- internal notes and case_internal
('select from internal_notes where case_id = {case}',        '1','1','1','1','0','0','0','0','0','0','42501','1'),
('select from internal_notes where case_id = {other case}',  '1','1','0','0','1','0','0','0','0','0','42501','1'),
($$insert into internal_notes (case_id, content) values ({case}, 'c')$$,
                                                             '1','1','1','1','42501','42501','42501','42501','42501','42501','42501','1'),
($$update internal_notes set content = 'c' where case_id = {case}$$,
                                                             '1','42501','42501','42501','0','0','0','0','0','0','42501','1'),
-- Without a condition the SELECT policy doesn't help: the UPDATE policy alone decides.
('update internal_notes set content = content',              '3','3','2','1','1','0','0','0','0','0','42501','3'),
('delete from internal_notes where case_id = {case}',        '1','0','0','0','0','0','0','0','0','0','42501','1'),
('select from case_internal where case_id = {case}',         '1','1','1','1','0','0','0','0','0','0','42501','1'),
($$update case_internal set tags = array['x'] where case_id = {case}$$,
                                                             '1','1','1','1','0','0','0','0','0','0','42501','1'),
($$update case_internal set tags = array['x']$$,             '3','3','2','1','1','0','0','0','0','0','42501','3'),
('update interactions set visible_to_client = true',         '6','6','4','2','2','0','0','0','0','0','42501','6'),
($$insert into case_internal (case_id, tags) values ({case}, array['x']) on conflict (case_id) do update set tags = excluded.tags$$,
                                                             '1','1','1','1','42501','42501','42501','42501','42501','42501','42501','1'),
('delete from case_internal where case_id = {case}',         '1','0','0','0','0','0','0','0','0','0','42501','1'),

-- files
('select from case_files where case_id = {case}',            '2','2','2','2','1','1','0','0','0','0','42501','2'),
('select from case_files where case_id = {other case}',      '2','2','0','0','2','0','1','0','0','0','42501','2'),
($$insert into case_files (case_id, file_name, original_name, content_type, file_size)
   values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1)$$,
                                                             '1','1','1','1','1','1','42501','42501','42501','42501','42501','1'),
($$insert into case_files (case_id, interaction_id, file_name, original_name, content_type, file_size)
   values ({case}, {hidden}, '{number}-interaction-{hidden}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1)$$,
                                                             '1','1','1','1','42501','42501','42501','42501','42501','42501','42501','1'),
($$update case_files set state = 'deleting' where case_id = {case} and visible_to_client$$,
                                                             '1','1','1','1','0','0','0','0','0','0','42501','1'),
($$update case_files set state = 'pending' where case_id = {case}$$,    '23514','23514','23514','23514','0','0','0','0','0','0','42501','23514'),
($$delete from case_files where object_path = '{gone}'$$,    '1','1','1','0','0','0','0','0','0','0','42501','1'),
-- never while their object is there
($$delete from case_files where object_path = '{going}'$$,   'PT409','PT409','PT409','0','0','0','0','0','0','0','42501','PT409'),
('delete from case_files where case_id = {case}',            '0','0','0','0','0','0','0','0','0','0','42501','PT409'),

-- client documents
('select from client_documents',                             '3','3','3','2','3','1','1','0','0','0','42501','3'),
($$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size)
   values ('{acme}', 'handbooks', 'h.pdf', 'h.pdf', 'application/pdf', 1)$$,
                                                             '1','1','1','42501','1','42501','42501','42501','42501','42501','42501','1'),
($$delete from client_documents where state = 'deleting'$$,  '1','1','1','0','1','0','0','0','0','0','42501','1'),
($$update client_documents set state = 'deleting' where client_id = '{acme}' and state = 'available'$$,
                                                             '1','1','1','0','1','0','0','0','0','0','42501','1'),

-- which of them there are
('select from document_categories',                          '3','3','3','3','3','3','3','0','0','0','42501','3'),
($$insert into document_categories (code, label) values ('contracts', 'Contracts')$$,
                                                             '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$update document_categories set label = 'X' where code = 'policies'$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$delete from document_categories where code = 'idle'$$,    '1','0','0','0','0','0','0','0','0','0','42501','1'),
-- by rpc
($$select reserve_client_document('h.pdf', 'application/pdf', client_id => '{acme}', category => 'handbooks')$$,
                                                             '1','1','1','42501','1','42501','42501','PT404','PT404','PT404','42501','42501'),
($$select reserve_client_document('h.pdf', 'application/pdf', document_id => {policy})$$,
                                                             '1','1','1','42501','1','42501','PT404','PT404','PT404','PT404','42501','42501'),
($$select from unnest((list_client_documents('{acme}')).documents)$$,
                                                             '2','2','2','1','2','1','PT404','PT404','PT404','PT404','42501','42501'),
('select from document_versions({policy})',                  '1','1','1','1','1','1','0','0','0','0','42501','42501'),

-- storage: what lies in our buckets is what its row is
($$select from storage.objects where bucket_id = 'client-bucket'$$,
                                                             '6','6','5','3','5','3','2','0','0','0','0','6'),
($$select from storage.objects where bucket_id = 'admin-bucket'$$,
                                                             '3','3','2','1','1','0','0','0','0','0','0','3'),
($$insert into storage.objects (bucket_id, name) values ('client-bucket', '{place}')$$,
                                                             '42501','42501','42501','42501','42501','1','42501','42501','42501','42501','42501','1'),
($$insert into storage.objects (bucket_id, name) values ('client-bucket', '{acme}/cases/{number}/x.pdf')$$,
                                                             '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
($$update storage.objects set metadata = '{}' where bucket_id = 'client-bucket'$$,
                                                             '0','0','0','0','0','0','0','0','0','0','0','6'),
($$update storage.objects set name = name || 'x' where bucket_id = 'client-bucket'$$,
                                                             '0','0','0','0','0','0','0','0','0','0','0','42501'),
($$delete from storage.objects where bucket_id = 'client-bucket'$$,
                                                             '1','1','1','0','0','0','0','0','0','0','0','6'),

-- history
('select from case_events where case_id = {other case}',     '7','7','0','0','7','0','0','0','0','0','42501','7'),
('select from unnest((case_timeline({other case})).entries)', '3','3','PT404','PT404','3','PT404','3','PT404','PT404','PT404','42501','42501'),
($$insert into case_events (case_id, seq, type, actor_name, visible_to_client, data) values ({case}, 99, 'a.b', 'x', true, '{}')$$,
                                                             '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
($$update case_events set type = 'a.b'$$,                    '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
($$delete from case_events$$,                                '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),

-- people
('select from case_people({case})',                          '3','3','3','3','3','3','PT404','PT404','PT404','PT404','42501','42501'),
('select from staff_members',                                '6','6','6','6','6','0','0','0','0','0','42501','6'),
('select from client_members',                               '3','3','3','3','3','0','0','0','0','0','42501','3'),
('select from staff_departments',                            '3','3','3','3','3','0','0','0','0','0','42501','3'),
('select from staff_specialties',                            '1','1','1','1','1','0','0','0','0','0','42501','1'),
($$insert into staff_members (user_id, display_name, is_admin) values ('{Nemo}', 'Nemo', true)$$,
                                                             '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$update staff_members set is_admin = true, scope = 'all' where user_id in ('{Alan}', '{Dora}', '{Asta}', '{Sam}')$$,
                                                             '4','0','0','0','0','0','0','0','0','0','42501','4'),
($$delete from staff_members where user_id = '{Ivan}'$$,     '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$insert into client_members (client_id, user_id, display_name) values ('{other}', '{Carla}', 'Carla')$$,
                                                             '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$delete from client_members where user_id = '{Carla}'$$,   '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$insert into staff_departments (user_id, department_id) values ('{Dora}', '{south}')$$,
                                                             '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
-- the rest of it: managed by admins alone
($$update staff_departments set department_id = '{south}' where user_id = '{Dora}'$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$delete from staff_departments where user_id = '{Dora}'$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$insert into staff_specialties (user_id, specialty_id) values ('{Alan}', '{payroll}')$$, '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$update staff_specialties set user_id = '{Alan}'$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$delete from staff_specialties$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$update client_members set display_name = 'X' where user_id = '{Carla}'$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$update clients set name = 'X' where id = '{acme}'$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$delete from clients where name = 'Idle'$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
('select from clients',                                      '3','3','3','3','3','1','1','0','0','0','42501','3'),
($$insert into clients (name) values ('New')$$,              '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
('select from my_clients()',                                 '0','0','0','0','1','1','1','0','0','0','42501','42501'),
('select from unnest((list_cases()).cases)',                 '4','4','2','1','3','2','2','0','0','0','42501','42501'),
('select from unnest((search_cases(''hello'')).hits)',         '3','3','2','1','3','2','1','0','0','0','42501','42501'),
('select from unnest((search_cases(''careful'')).hits)',       '3','3','2','1','1','0','0','0','0','0','42501','42501'),

-- people come in
($$select invite('new@example.com')$$,                       '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
('select from invitations',                                  '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$insert into invitations (email) values ('new@example.com')$$, '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$update invitations set accepted_at = now()$$,             '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
('delete from invitations',                                  '1','0','0','0','0','0','0','0','0','0','42501','1'),
('select from my_access()',                                  '1','1','1','1','1','1','1','1','1','1','42501','42501'),
('select from case_settings',                                '1','1','1','1','1','1','1','0','0','0','42501','1'),
('insert into case_settings default values',                 '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
('update case_settings set registration_open = true',        '1','0','0','0','0','0','0','0','0','0','42501','1'),
('delete from case_settings',                                '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),

-- departments, specialties, party types
('select from specialties',                                  '1','1','1','1','1','1','1','0','0','0','42501','1'),
($$update specialties set name = 'X'$$,                      '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$delete from specialties$$,                                '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$delete from departments where name = 'Idle'$$,            '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$update party_types set label = 'X' where code = 'CLIENT'$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$insert into party_types (code, label) values ('UNION', 'Union')$$,
                                                             '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$delete from party_types where code = 'IDLE'$$,            '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$delete from party_types where code = 'CLIENT'$$,          '0','0','0','0','0','0','0','0','0','0','42501','23503'),
('select from departments',                                  '4','4','4','4','4','4','4','0','0','0','42501','4'),
('select from party_types',                                  '5','5','5','5','5','5','5','0','0','0','42501','5'),
($$insert into departments (name) values ('East')$$,         '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$update departments set name = 'Norther' where name = 'North'$$,
                                                             '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$delete from party_types where code in ('ARGAN', 'CONTRACTOR')$$,
                                                             '23503','0','0','0','0','0','0','0','0','0','42501','23503'),
($$insert into specialties (name) values ('Pensions')$$,     '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),

-- a project's own words for where a case is, and which status follows which
('select from case_stages', '1','1','1','1','1','1','1','0','0','0','42501','1'),
($$insert into case_stages (stage, status) values ('With legal', 'waiting')$$, '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$update case_stages set position = 1$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
($$update case_stages set status = 'waiting'$$, '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1'),
($$delete from case_stages$$, '1','0','0','0','0','0','0','0','0','0','42501','1'),
('select from status_transitions', '16','16','16','16','16','16','16','0','0','0','42501','16'),
($$insert into status_transitions values ('closed', 'waiting', 'client', 'm')$$, '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
($$update status_transitions set made_by = 'client'$$, '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
($$delete from status_transitions$$, '42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501'),

-- webhooks
($$select create_webhook_endpoint('https://example.com/')$$, '1','42501','42501','42501','42501','42501','42501','42501','42501','42501','42501','1');

select plan(143);

select is(
  (select jsonb_object_agg(who.name, tests.would(who.name, c.statement))
   from jsonb_each_text(to_jsonb(c) - 'place' - 'statement') who (name, expected)),
  to_jsonb(c) - 'place' - 'statement',
  regexp_replace(c.statement, '\s+', ' ', 'g'))
from cells c
order by c.place;

-- The table is whole: each of ours, and Storage's, with every command; allowed to somebody and refused to somebody else.
select is_empty($$
  select t.name, command
  from (select c.oid::regclass::text as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
        union all select 'storage.objects') t,
       unnest(array['select from %s', 'insert into %s', 'update %s', 'delete from %s']) command
  where not exists (
    select from cells c, jsonb_each_text(to_jsonb(c) - 'place' - 'statement') allowed, jsonb_each_text(to_jsonb(c) - 'place' - 'statement') refused
    where c.statement ~ ('^' || format(command, t.name) || '\M')
      and (allowed.value ~ '^[1-9]\d{0,3}$' or t.name in ('case_events', 'overdue_cases', 'status_transitions') and command <> 'select from %s'
           or t.name = 'case_settings' and command in ('insert into %s', 'delete from %s'))
      and refused.value in ('0', '42501'))
  $$, 'no table or command is missing');

select * from finish();
rollback;
