-- The roles beside the API's: the service's, the auth service's, the owner's. Each can do its work and nothing else.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(42);
select tests.world();

-- The service's role. Its functions are tried in 60 and 70; here: it has nothing else.
select is((select string_agg(privilege_type || ' ' || table_schema || '.' || table_name, ', ')
  from information_schema.table_privileges where grantee = 'casebase_worker' and table_schema in ('public', 'storage', 'auth')), null,
  'the service''s role may touch no table of the API, Storage or Auth');
select is((select rolcanlogin and not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolinherit)
  from pg_roles where rolname = 'casebase_worker'), true, 'it signs in, and has no power');
select is((select count(*) from pg_auth_members where member = 'casebase_worker'::regrole), 0::bigint, 'it is nobody else');
select is(tests.does('worker', 'select from cases'), '42501', 'it reads no case');
select is(tests.does('worker', $$select casebase.make_admin('nemo@example.com')$$), '42501', 'makes no admin');
select is(tests.would(who, $$select casebase.verification_reject('case_file', 1, 'x')$$), '42501', who || ' can''t verify')
from unnest(array['Ada', 'Carla', 'anon', 'service', 'auth service']) who;

-- Refusing a file.
insert into case_files (case_id, file_name, original_name, content_type, file_size, state, uploaded_by)
select id, case_id || '-1634567890-virus.pdf', 'v.pdf', 'application/pdf', 1, 'uploaded', tests.filled('{Asta}')::uuid from cases where id = tests.id('case')::bigint;
insert into tests.names select 'virus', max(id) from case_files;
select is(tests.does('worker', $$select casebase.verification_reject('case_file', {virus}, 'an executable')$$), '1', 'the service refuses a file');
select is(tests.sees('Asta', 'select state || '': '' || rejection from case_files where id = {virus}'), 'deleting: an executable', 'and says why');
select is(tests.does('worker', $$select casebase.verification_reject('case_file', {virus}, 'again')$$), '55000', 'once');

-- The hook.
create function pg_temp.claimed(person text) returns text language sql
as $$ select tests.sees('auth service', format(
  $q$select casebase.custom_access_token_hook('{"user_id": "{%s}", "claims": {"sub": "x", "app_metadata": {"provider": "email"}}}') #> '{claims,app_metadata}'$q$, person)) $$;
select is(pg_temp.claimed('Ada'), '{"provider": "email", "case_role": "admin"}', 'the hook names an admin');
select is(pg_temp.claimed('Asta'), '{"provider": "email", "case_role": "staff"}', 'staff');
select is(pg_temp.claimed('Sam'), '{"provider": "email", "case_role": "staff"}', 'staff who are clients too');
select is(pg_temp.claimed('Carla'), '{"provider": "email", "case_role": "client"}', 'a client');
select is(pg_temp.claimed('Ivan'), '{"provider": "email"}', 'and leaves alone who was staff');
select is(pg_temp.claimed('Nemo'), '{"provider": "email"}', 'or is nobody');
select is(tests.sees('auth service', format('select casebase.custom_access_token_hook(%L)', event)), event::jsonb::text, 'the hook gives back ' || event)
from unnest(array['{}', 'null', '[]', '{"user_id": "x", "claims": {}}', '{"claims": {}, "user_id": null}', '"x"']) event;
select is(tests.sees('auth service', $$select casebase.custom_access_token_hook('{"user_id": "{Ada}", "claims": {"app_metadata": "odd"}}') = '{"user_id": "{Ada}", "claims": {"app_metadata": "odd"}}'$$), 'true',
  'and metadata that is no object');
select is(tests.sees('auth service', $$select casebase.custom_access_token_hook('{"user_id": "{Ada}", "claims": {}}') #>> '{claims,app_metadata,case_role}'$$), 'admin',
  'where there is no metadata yet, it makes it');
select is(tests.would('Ada', $$select casebase.custom_access_token_hook('{}')$$), '42501', 'nobody else calls it');
select is(tests.does('auth service', 'select from staff_members'), '42501', 'and the auth service reads none of our tables');

-- The first admin.
select is(tests.refusal('owner', $$select casebase.make_admin('NEMO@example.com')$$),
  'P0002 | NEMO@example.com has not been confirmed | Follow the link in the confirmation mail first, then run this again.', 'an address that nobody has confirmed makes no admin');
update auth.users set email_confirmed_at = now() where email = 'nemo@example.com';
select is(tests.does('owner', $$select casebase.make_admin('NEMO@example.com')$$), '1', 'the project''s owner makes an admin');
select is(tests.sees('auth service', $$select casebase.custom_access_token_hook('{"user_id": "{Nemo}", "claims": {}}') #>> '{claims,app_metadata,case_role}'$$), 'admin', 'who is one at the next sign-in');
select is(tests.does('owner', $$select casebase.make_admin('nobody@example.com')$$), 'P0002', 'somebody who signed up');
update auth.users set email_confirmed_at = now(), deleted_at = now() where email = 'faye@example.com';
select is(tests.would('owner', $$select casebase.make_admin('faye@example.com')$$), 'P0002', 'and is there still');
update auth.users set email_confirmed_at = null, deleted_at = null where email = 'faye@example.com';
select is(tests.would('Ada', $$select casebase.make_admin('faye@example.com')$$), '42501', 'nobody else can, not even an admin');

-- Departures: the auth service deletes users, and nothing of ours stands in its way.
select is(tests.does('Asta', $$update cases set status = 'in_progress' where id = {case}$$), '1', 'Asta has worked her case');
-- One by one, as the auth service does: rows that were made in the same transaction, as here, have all their references
-- checked again whenever they change.
select is(tests.does('auth service', format($$delete from auth.users where id = '{%s}'$$, who)), '1', who || ' is deleted')
from unnest(array['Asta', 'Carla', 'Alan']) who;
select is((select row(created_by, assigned_to)::text from cases where id = tests.id('case')::bigint), '(,)', 'the case has lost them');
select is((select string_agg(type || ' by ' || actor_name || coalesce(actor_id::text, ''), ', ' order by seq) from case_events
  where case_id = tests.id('case')::bigint and type in ('case.created', 'case.status_changed', 'case.assigned')),
  'case.created by Carla, case.status_changed by Asta, case.assigned by system', 'its history has their names, and that it is nobody''s now');
select is((select count(*) from case_files where uploaded_by is null and state = 'available'), 6::bigint, 'their files stay');

select * from finish();
rollback;
