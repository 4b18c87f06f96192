-- Some rules stand twice, so that one that is lost by mistake doesn't open what the other holds. Here the one is taken away
-- and the other tried.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select plan(52 + 1);
select tests.world();
insert into case_stages (stage, status) values ('With legal', 'waiting');
savepoint whole;

-- Authors: without the column's grant nobody names one; with it, a trigger says whose it is.
grant insert (created_by) on interactions, internal_notes, cases to authenticated;
grant insert (uploaded_by) on case_files, client_documents to authenticated;
select is(tests.sees('Carla', $$insert into interactions (case_id, content, created_by) values ({case}, 'c', '{Alan}') returning created_by$$), tests.filled('{Carla}'), 'an interaction is its writer''s');
select is(tests.sees('Alan', $$insert into internal_notes (case_id, content, created_by) values ({case}, 'c', '{Dora}') returning created_by$$), tests.filled('{Alan}'), 'a note too');
select is(tests.sees('Carla', $$insert into cases (client_id, title, created_by) values ('{acme}', 't', '{Alan}') returning created_by$$), tests.filled('{Carla}'), 'a case');
select is(tests.sees('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, uploaded_by)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'a/b', 1, '{Alan}') returning uploaded_by$$), tests.filled('{Carla}'), 'a file');
select is(tests.sees('Dora', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, uploaded_by)
  values ('{acme}', 'policies', 'x.pdf', 'x.pdf', 'a/b', 1, '{Alan}') returning uploaded_by$$), tests.filled('{Dora}'), 'and a document');
rollback to whole;

-- Constraints: without the triggers that see to it.
alter table cases disable trigger f_follow_status;
select is(tests.would('service', format('update cases set status = %L where id = {case}', status)), '23514', 'a case that is ' || status || ' has a time')
from unnest(array['resolved', 'closed']) status;
select is(tests.would('service', $$update cases set status = 'closed', resolved_at = now() where id = {case}$$), '23514', 'each its own');
alter table cases enable trigger f_follow_status;
alter table cases disable trigger d_agree_on_stage;
select is(tests.would('service', $$update cases set stage = 'With legal' where id = {case}$$), '23503', 'a stage belongs to its status');
alter table cases enable trigger d_agree_on_stage;
alter table cases drop constraint if exists cases_action_required_by_check;
select is(tests.would('service', format('update cases set action_required_by = %L where id = {case}', due)), '23514', 'what is due is due at a time that can be read, not at ' || due)
from unnest(array['-infinity', 'infinity', '0001-12-31 23:59:59+00 BC', '10000-01-01 00:00+00']) due;
alter table cases disable trigger let_go_of_reservations;
select is(tests.would('Ada', 'delete from cases where id = {case}'), '23503', 'a case with files stays');
rollback to whole;

-- Places and secrets: without the triggers that say where they are.
alter table case_files disable trigger user;
alter table client_documents disable trigger user;
alter table casebase.webhook_secrets disable trigger user;
select is(tests.would('owner', format($$insert into case_files (case_id, file_name, original_name, content_type, file_size, bucket_id, object_path)
  values ({case}, 'x', 'x', 'a/b', 1, %s)$$, place)), outcome, 'a file has a place: ' || place)
from (values ('''admin-bucket'', ''x''', '1'), ('''admin-bucket'', ''''', '23514'), (''''', ''x''', '23514')) v (place, outcome);
select is(tests.would('owner', format($$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, bucket_id, object_path)
  values ('{acme}', 'policies', 'x', 'x', 'a/b', 1, %s)$$, place)), outcome, 'so has a document: ' || place)
from (values ('''client-bucket'', ''x''', '1'), ('''client-bucket'', ''''', '23514'), (''''', ''x''', '23514')) v (place, outcome);
insert into casebase.webhook_endpoints (url) values ('https://example.com/');
select is(tests.would('owner', format('insert into casebase.webhook_secrets (endpoint_id, previous_valid_for, secret, vault_id) select id, ''0'', %s from casebase.webhook_endpoints', places)), outcome,
  'a secret is in one place: ' || places)
from (values ('''s'', null', '1'), ('null, gen_random_uuid()', '1'), ('null, null', '23514'), ('''s'', gen_random_uuid()', '23514')) v (places, outcome);
alter table casebase.webhook_endpoints disable trigger check_event_types;
select is(tests.would('owner', format('update casebase.webhook_endpoints set event_types = array[%s]', types)), outcome, 'types of events are written so: ' || types)
from (values ('''case.updated'', ''case.*''', '1'), ('''case.updated'', null', '23514'), ('''case updated''', '23514'), ('''case.updated.twice''', '23514')) v (types, outcome);
select is(tests.would('owner', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, bucket_id, object_path)
  values ({case}, 'x', '', 'a/b', 1, 'admin-bucket', 'x')$$), '23514', 'a file was called something');
select is(tests.would('owner', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, bucket_id, object_path)
  values ('{acme}', 'policies', 'x', '', 'a/b', 1, 'client-bucket', 'x')$$), '23514', 'so was a document');
rollback to whole;

-- Names: one that is too long or there already is refused without the triggers that judge and number them.
alter table case_files disable trigger user;
alter table client_documents disable trigger user;
select is(tests.would('owner', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, bucket_id, object_path)
  values ({case}, 'x', repeat('x', 256), 'a/b', 1, 'admin-bucket', 'x')$$), '23514', 'a name of 256 characters');
select is(tests.would('owner', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, bucket_id, object_path)
  values ('{acme}', 'policies', 'x', repeat('x', 256), 'a/b', 1, 'client-bucket', 'x')$$), '23514', 'also of a document');
select is(tests.would('owner', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, bucket_id, object_path)
  select case_id, file_name, original_name, content_type, file_size, bucket_id, object_path from case_files limit 1$$), '23505', 'two files have no place in common');
select is(tests.would('owner', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, bucket_id, object_path)
  select client_id, category, file_name, original_name, content_type, file_size, bucket_id, object_path from client_documents limit 1$$), '23505', 'nor two documents');
rollback to whole;

-- Helpers and lists answer by themselves, whatever the policies of what they read.
drop policy read_departments on departments;
drop policy read_staff_departments on staff_departments;
drop policy read_staff_members on staff_members;
drop policy see_cases on cases;
select is(tests.sees(who, 'select cardinality(casebase.my_departments())'), n, who || ' works in ' || n)
from (values ('Ada', '3'), ('Alan', '3'), ('Dora', '1'), ('Asta', '0')) v (who, n);
select is(tests.sees(who, 'select total from list_cases()') || ' ' || tests.sees(who, 'select coalesce(sum(count), 0) from case_counts()'), n || ' ' || n, who || ' is told of ' || n)
from (values ('Ada', '3'), ('Dora', '2'), ('Carla', '2'), ('Otto', '1')) v (who, n);
rollback to whole;

-- Only the owner of its table vouches for a file.
alter table client_documents owner to supabase_admin;
grant all on client_documents to postgres;
select is(tests.would('owner', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, state)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'a/b', 1, 'uploaded')$$), '1', 'the owner of the one');
select is(tests.would('owner', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, state)
  values ('{acme}', 'policies', 'x.pdf', 'x.pdf', 'a/b', 1, 'uploaded')$$), '23514', 'is not that of the other');
rollback to whole;

-- Who names another default department writes that one and the one before.
select is(tests.does('Ada', $$update departments set is_default = true where name = 'South'$$), '1', 'a default department');
create temporary table north as select ctid::text as place from departments where name = 'North';
select is(tests.does('Ada', $$update departments set is_default = true where name = 'General'$$), '1', 'another');
select is((select d.ctid::text from departments d where d.name = 'North'), (select place from north), 'a third has nothing to do with it');
rollback to whole;

-- A hook that is cancelled lets people sign in.
alter table staff_members rename to staff_members_that_were;
create function public.cancelled() returns boolean language plpgsql as $$ begin raise exception using errcode = 'query_canceled'; end $$;
create view staff_members as select * from staff_members_that_were where public.cancelled();
alter view staff_members owner to postgres;
select is(tests.sees('auth service', $$select casebase.custom_access_token_hook('{"user_id": "{Ada}", "claims": {}}')$$), tests.filled('{"claims": {}, "user_id": "{Ada}"}'), 'the event goes back as it came');
rollback to whole;
create or replace function casebase.accept_invitations(person uuid) returns void language plpgsql as $$ begin raise exception using errcode = 'query_canceled'; end $$;
select is(tests.sees('auth service', $$select casebase.custom_access_token_hook('{"user_id": "{Ada}", "claims": {}}') #> '{claims,app_metadata}'$$), '{"case_role": "admin"}', 'or, where only the invitations were, as who they are');
rollback to whole;

-- A deadlock among many cases is the call's, also where no single case would meet it.
create temporary sequence calls;
grant usage on calls to public;
create function pg_temp.fail() returns trigger language plpgsql as $$
begin
  if nextval('calls') = 1 then
    raise exception using errcode = tg_argv[0];
  end if;
  return new;
end
$$;
create trigger zz_fail before update on cases for each row execute function pg_temp.fail('40P01');
select is(tests.would('Alan', $$select update_cases(array[{case}, {other case}], '{"title": "t"}')$$), '40P01', 'a deadlock is to be tried again');
drop trigger zz_fail on cases;
alter sequence calls restart;
create trigger zz_fail before update on cases for each row execute function pg_temp.fail('53100');
select is(tests.would('Alan', $$select update_cases(array[{case}, {other case}], '{"title": "t"}')$$), '53100', 'as is a full disk');
-- Or one of them alone, when the update of all was refused for another reason.
create function pg_temp.fail_later() returns trigger language plpgsql as $$
begin
  raise exception using errcode = case nextval('calls') when 1 then 'check_violation' else tg_argv[0] end;
end
$$;
drop trigger zz_fail on cases;
alter sequence calls restart;
create trigger zz_fail before update on cases for each row execute function pg_temp.fail_later('40P01');
select is(tests.would('Alan', $$select update_cases(array[{case}, {other case}], '{"title": "t"}')$$), '40P01', 'one case''s deadlock');
drop trigger zz_fail on cases;
alter sequence calls restart;
create trigger zz_fail before update on cases for each row execute function pg_temp.fail_later('53100');
select is(tests.would('Alan', $$select update_cases(array[{case}, {other case}], '{"title": "t"}')$$), '53100', 'or full disk');

select * from finish();
rollback;
