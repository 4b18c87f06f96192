-- What somebody deletes, what goes with it, what is let go of it, and what keeps it there: each reference alone.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
insert into tests.names values ('gone', 'c0000000-0000-4000-8000-000000000001'), ('west', 'd0000000-0000-4000-8000-000000000001'), ('bare', 'cases where title = ''Bare''');

-- What a statement comes to, after what came before it: its rows, or the SQLSTATE; and then the answer to the question.
create function pg_temp.comes_of(before text, who text, statement text, question text) returns text language plpgsql
as $$
declare
  said text;
begin
  execute tests.filled(before);
  said := tests.does(who, statement);
  if said ~ '^[1-9]\d?$' then
    execute tests.filled(question) into said;
  end if;
  raise exception using errcode = 'UNDO1';
exception
  when sqlstate 'UNDO1' then return said;
end
$$;

create temporary table stories (place serial, title text, before text, who text, statement text, question text, answer text);
insert into stories (title, before, who, statement, question, answer) values
  -- A client.
  ('a client with a case stays', $$insert into clients (id, name) values ('{gone}', 'Gone'); insert into cases (client_id, title) values ('{gone}', 'Bare')$$,
   'Ada', $$delete from clients where id = '{gone}'$$, 'select count(*) from {bare}', '23503'),
  ('a client with a document stays', $$insert into clients (id, name) values ('{gone}', 'Gone');
     insert into client_documents (client_id, category, original_name, content_type, file_size) values ('{gone}', 'policies', 'a.pdf', 'a/b', 1)$$,
   'Ada', $$delete from clients where id = '{gone}'$$, 'select count(*) from client_documents', '23503'),
  ('its members and who is invited go with it', $$insert into clients (id, name) values ('{gone}', 'Gone');
     insert into client_members (client_id, user_id, display_name) values ('{gone}', '{Nemo}', 'N'); insert into invitations (client_id, email) values ('{gone}', 'a@b')$$,
   'Ada', $$delete from clients where id = '{gone}'$$, $$select (select count(*) from client_members where client_id = '{gone}') + (select count(*) from invitations)$$, '0'),
  -- A department, a stage, a party, a specialty.
  ('a department with a case stays', $$insert into departments (id, name) values ('{west}', 'West'); insert into cases (client_id, department_id, title) values ('{acme}', '{west}', 'Bare')$$,
   'Ada', $$delete from departments where id = '{west}'$$, 'select count(*) from {bare}', '23503'),
  ('its staff leave it', $$insert into departments (id, name) values ('{west}', 'West'); insert into staff_departments values ('{Dora}', '{west}')$$,
   'Ada', $$delete from departments where id = '{west}'$$, $$select count(*) from staff_departments where user_id = '{Dora}'$$, '1'),
  ('a stage with a case stays', $$insert into case_stages (stage, status) values ('Triage', 'open'); insert into cases (client_id, stage, title) values ('{acme}', 'Triage', 'Bare')$$,
   'Ada', $$delete from case_stages where stage = 'Triage'$$, 'select count(*) from {bare}', '23503'),
  ('a party whose move it is stays', $$insert into party_types (code, label) values ('OTHER', 'Other'); insert into cases (client_id, action_required_of, title) values ('{acme}', 'OTHER', 'Bare')$$,
   'Ada', $$delete from party_types where code = 'OTHER'$$, 'select count(*) from {bare}', '23503'),
  ('one that spoke stays', $$insert into party_types (code, label) values ('OTHER', 'Other');
     insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({case}, 'A', 'OTHER', 'B', 'CLIENT', 'c')$$,
   'Ada', $$delete from party_types where code = 'OTHER'$$, 'select 1', '23503'),
  ('one that was spoken to stays', $$insert into party_types (code, label) values ('OTHER', 'Other');
     insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({case}, 'A', 'ARGAN', 'B', 'OTHER', 'c')$$,
   'Ada', $$delete from party_types where code = 'OTHER'$$, 'select 1', '23503'),
  ('who spoke is called as the party is', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({case}, 'A', 'EMPLOYEE', 'B', 'CLIENT', 'c')$$,
   'service', $$update party_types set code = 'STAFF' where code = 'EMPLOYEE'$$, $$select party1_type from interactions where content = 'c'$$, 'STAFF'),
  ('a case needs no specialty that is gone', $$insert into cases (client_id, required_specialty_id, title) values ('{acme}', '{payroll}', 'Bare')$$,
   'Ada', $$delete from specialties where id = '{payroll}'$$, $$select count(*) || ' ' || count(required_specialty_id) || ' ' || (select count(*) from staff_specialties) from {bare}$$, '1 0 0'),
  -- Who leaves the staff, and who is deleted.
  ('whose case it was leaves it', $$insert into cases (client_id, assigned_to, title) values ('{acme}', '{Dora}', 'Bare')$$,
   'Ada', $$delete from staff_members where user_id = '{Dora}'$$,
   $$select count(*) || ' ' || count(assigned_to) || ' ' || (select count(*) from staff_departments where user_id = '{Dora}') || ' ' || (select count(*) from staff_specialties) from {bare}$$, '1 0 0 0'),
  ('what somebody made stays without them', $$insert into cases (client_id, title, created_by, escalated_by, escalated_at) values ('{acme}', 'Bare', '{Nemo}', '{Nemo}', now());
     insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, created_by) select id, 'A', 'ARGAN', 'B', 'CLIENT', 'c', '{Nemo}' from {bare};
     insert into internal_notes (case_id, content, created_by) select id, 'c', '{Nemo}' from {bare};
     insert into case_files (case_id, original_name, content_type, file_size, uploaded_by) select id, 'hers.pdf', 'a/b', 1, '{Nemo}' from {bare};
     insert into client_documents (client_id, category, original_name, content_type, file_size, uploaded_by) values ('{acme}', 'policies', 'hers.pdf', 'a/b', 1, '{Nemo}');
     insert into case_events (case_id, seq, type, actor_id, actor_name, visible_to_client, data) select id, 99, 'case.updated', '{Nemo}', 'Nemo', true, '{}' from {bare};
     insert into casebase.webhook_endpoints (url, description, created_by) values ('https://example.com/', 'hers', '{Nemo}')$$,
   'auth service', $$delete from auth.users where id = '{Nemo}'$$,
   $$select concat_ws(', ',
       (select count(*) || ' case of ' || count(created_by) || ' escalated by ' || count(escalated_by) from {bare}),
       (select count(*) || ' interaction of ' || count(created_by) from interactions where content = 'c'),
       (select count(*) || ' note of ' || count(created_by) from internal_notes where content = 'c'),
       (select count(*) || ' file of ' || count(uploaded_by) from case_files where original_name = 'hers.pdf'),
       (select count(*) || ' document of ' || count(uploaded_by) from client_documents where original_name = 'hers.pdf'),
       (select count(*) || ' event of ' || count(actor_id) from case_events where seq = 99),
       (select count(*) || ' endpoint of ' || count(created_by) from casebase.webhook_endpoints where description = 'hers'))$$,
   '1 case of 0 escalated by 0, 1 interaction of 0, 1 note of 0, 1 file of 0, 1 document of 0, 1 event of 0, 1 endpoint of 0'),
  ('what they were goes', $$insert into client_members (client_id, user_id, display_name) values ('{acme}', '{Nemo}', 'N'); insert into staff_members (user_id, display_name) values ('{Nemo}', 'N');
     insert into casebase.idempotency_keys (user_id, key, asked, alive_until, expires_at) values ('{Nemo}', 'k', repeat('a', 64), now(), now())$$,
   'auth service', $$delete from auth.users where id = '{Nemo}'$$,
   $$select (select count(*) from client_members where user_id = '{Nemo}') + (select count(*) from staff_members where user_id = '{Nemo}') + (select count(*) from casebase.idempotency_keys)$$, '0'),
  -- A case, and what was said in it.
  ('what is in a case goes with it', $$insert into cases (client_id, title) values ('{acme}', 'Bare'); insert into case_internal (case_id) select id from {bare};
     insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) select id, 'A', 'ARGAN', 'B', 'CLIENT', 'c' from {bare};
     insert into internal_notes (case_id, content) select id, 'c' from {bare}; insert into tests.names select 'id', id from {bare}$$,
   'Ada', 'delete from {bare}', $$select (select count(*) from case_internal where case_id = {id}) + (select count(*) from interactions where case_id = {id})
     + (select count(*) from internal_notes where case_id = {id}) + (select count(*) from case_events where case_id = {id})$$, '0'),
  ('what was taken from it stays', $$insert into cases (client_id, title) values ('{acme}', 'Bare'); insert into cases (client_id, title, split_from) select '{acme}', 'Split', id from {bare}$$,
   'Ada', 'delete from {bare}', $$select count(*) || ' ' || count(split_from) from cases where title = 'Split'$$, '1 0'),
  ('what followed it stays', $$insert into cases (client_id, title) values ('{acme}', 'Bare'); insert into cases (client_id, title, follow_up_of) select '{acme}', 'Follows', id from {bare}$$,
   'Ada', 'delete from {bare}', $$select count(*) || ' ' || count(follow_up_of) from cases where title = 'Follows'$$, '1 0'),
  ('its duplicates stay its client''s', $$insert into cases (client_id, title) values ('{acme}', 'Bare'); insert into cases (client_id, title, status, merged_into) select '{acme}', 'Twice', 'closed', id from {bare}$$,
   'Ada', 'delete from {bare}', $$select count(client_id) || ' ' || count(merged_into) from cases where title = 'Twice'$$, '1 0'),
  ('the files of what was said stay its case''s', $$insert into case_files (case_id, interaction_id, original_name, content_type, file_size) values ({case}, {hidden}, 'said.pdf', 'a/b', 1)$$,
   'Ada', 'delete from interactions where id = {hidden}', $$select count(case_id) || ' ' || count(interaction_id) from case_files where original_name = 'said.pdf'$$, '1 0'),
  -- What is sent.
  ('what is said of an event goes with it', 'select', 'owner', $$delete from casebase.event_types where type = 'case.merged'$$, $$select count(*) from casebase.event_schemas where type = 'case.merged'$$, '0'),
  ('an endpoint''s secrets and subscriptions go', 'select', 'Ada', $$select delete_webhook_endpoint(id) from create_webhook_endpoint('https://example.com/')$$,
   'select (select count(*) from casebase.webhook_secrets) + (select count(*) from casebase.webhook_subscriptions)', '0'),
  ('attempts go with their delivery', $$insert into casebase.webhook_endpoints (url) values ('https://example.com/'); insert into cases (client_id, title) values ('{acme}', 'Bare');
     insert into casebase.webhook_attempts (delivery_id, number, started_at, status) select id, 1, now(), 200 from casebase.webhook_deliveries$$,
   'owner', 'delete from casebase.webhook_deliveries', 'select count(*) from casebase.webhook_attempts', '0');

select plan((select count(*)::integer from stories));
select is(pg_temp.comes_of(before, who, statement, question), answer, title) from stories order by place;

select * from finish();
rollback;
