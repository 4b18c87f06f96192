-- People come in: invited, when they sign in with the address, confirmed; or by themselves, where an admin lets them. And
-- there is always an admin.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
insert into tests.people (name, what) select name, 'comes in' from unnest(array['New', 'Late', 'Vague', 'Gone']) name;
insert into auth.users (id, email, aud, role, email_confirmed_at, deleted_at)
select id, lower(name) || '@example.com', 'authenticated', 'authenticated', case when name <> 'Vague' then now() end, case when name = 'Gone' then now() end
from tests.people where what = 'comes in';
update auth.users set email = 'New@Example.com' where id = tests.filled('{New}')::uuid;
select plan(102);

-- What the hook makes of who signs in.
create function pg_temp.signs_in(who text) returns text language sql as $$
  select coalesce(tests.sees('auth service', format('select casebase.custom_access_token_hook(''{"user_id": "{%s}", "claims": {}}'') #>> ''{claims,app_metadata,case_role}''', who)), 'nobody')
$$;
select is(pg_temp.signs_in('New'), 'nobody', 'who wasn''t invited is nobody');

-- Invited by whom, to what.
select is(tests.would(who, 'select invite(''new@example.com'')'), '42501', who || ' invites nobody')
from unnest(array['Alan', 'Dora', 'Asta', 'Sam', 'Carla', 'Ivan', 'Faye', 'Nemo', 'anon']) who;
select is(tests.refusal(who, 'select invite(''new@example.com'')'), '42501 | only admins invite people | Ask an admin.', who || ' hears who does') from unnest(array['Alan', 'Carla', 'Nemo']) who;
select is((select email from invite('by.owner@example.com')), 'by.owner@example.com', 'the owner may');
delete from invitations where email = 'by.owner@example.com';
select is(tests.sees('Ada', $$select i.email || ' ' || (i.client_id = '{acme}') from invite('NEW@example.com', '{acme}', 'Nina') i$$), 'new@example.com true', 'an admin invites an address');
select is(tests.does('Ada', $$select invite('other@example.com', '{acme}')$$), '1', 'and another');
select is((select count(*) from client_members where user_id = tests.filled('{New}')::uuid), 0::bigint, 'whoever has it is nothing yet');
select is(pg_temp.signs_in('New'), 'client', 'until they sign in');
select is((select display_name from client_members where user_id = tests.filled('{New}')::uuid and client_id = tests.id('acme')::uuid), 'Nina', 'called as the invitation says');
select is((select string_agg(email, ' ') from invitations where accepted_at is null), 'other@example.com', 'it is used up, and nobody else''s');
delete from invitations where email = 'other@example.com';
delete from client_members where user_id = tests.filled('{New}')::uuid;
select is(pg_temp.signs_in('New'), 'nobody', 'once');
select is(tests.does('Ada', $$select invite('new@example.com', scope => 'departments', department_ids => array['{north}']::uuid[])$$), '1', 'to the staff');
select is(pg_temp.signs_in('New'), 'staff', 'staff');
select is((select concat_ws(' ', m.display_name, m.scope, m.is_admin, m.active, (select string_agg(n.name, ' ') from staff_departments d join departments n on n.id = d.department_id where d.user_id = m.user_id))
  from staff_members m where m.user_id = tests.filled('{New}')::uuid), 'new departments f t North', 'as far as it says, called by their address');
update staff_members set active = false where user_id = tests.filled('{New}')::uuid;
select is(pg_temp.signs_in('New'), 'nobody', 'who was dismissed');
select is(tests.does('Ada', $$select invite('new@example.com', is_admin => true, scope => 'all')$$), '1', 'may be invited again');
select is(tests.does('Ada', $$update staff_members set active = false where user_id = '{New}'$$), '1', 'dismissed they are already');
select is(pg_temp.signs_in('New'), 'admin', 'as an admin');
-- Who has to go doesn't come back by what was still on its way.
select is(tests.does('Ada', $$select invite('new@example.com', scope => 'all')$$) || tests.does('Ada', $$select invite('new@example.com', '{acme}')$$) || tests.does('Ada', $$select invite('gone@example.com', scope => 'all')$$), '111', 'invited while they are there, somebody else too');
select is(tests.does('Ada', $$update staff_members set display_name = 'N.', active = true where user_id = '{New}'$$), '1', 'another change');
select is((select count(*) from invitations where email = 'new@example.com' and accepted_at is null), 2::bigint, 'leaves invitations alone');
select is((select count(*) from invitations where email = 'new@example.com' and accepted_at is not null), 3::bigint, 'those that were used stay on record');
create temp table were as select count(*) filter (where accepted_at is null) open, count(*) filter (where accepted_at is not null) used from invitations;
select is(tests.does('Ada', $$update staff_members set active = false where user_id = '{New}'$$), '1', 'and dismissed');
select is((select format('%s %s', open - count(*) filter (where accepted_at is null), used - count(*) filter (where accepted_at is not null)) from were, invitations group by open, used), '1 0', 'one is gone, nobody else''s and none that was used');
delete from invitations where email = 'gone@example.com';
select is(pg_temp.signs_in('New'), 'client', 'they are no staff any more; a client''s member, as invited');
select is(tests.does('Ada', $$select invite('new@example.com', '{acme}')$$) || tests.does('Ada', $$select invite('new@example.com', '{other}')$$), '11', 'invited again');
select is(tests.does('Ada', $$delete from client_members where user_id = '{New}' and client_id = '{acme}'$$), '1', 'and taken out');
select is((select string_agg(i.client_id::text, ' ') from invitations i where i.email = 'new@example.com' and i.accepted_at is null), tests.id('other'), 'that client''s invitation is gone, and no other');
select is(tests.does('Ada', $$delete from invitations where email = 'new@example.com'$$) > '0', true, 'so are all');
select is(tests.does('Ada', $$select invite('new@example.com', scope => 'all')$$), '1', 'invited to the staff once more');
select is(tests.does('Ada', $$delete from staff_members where user_id = '{New}'$$), '1', 'and struck off');
select is(pg_temp.signs_in('New'), 'nobody', 'they are nobody');
-- Never before.
select is(tests.does('Ada', $$select invite('vague@example.com', '{acme}')$$), '1', 'an address that nobody has confirmed');
select is(pg_temp.signs_in('Vague'), 'nobody', 'is nobody''s');
update auth.users set email_confirmed_at = now() where id = tests.filled('{Vague}')::uuid;
select is(pg_temp.signs_in('Vague'), 'client', 'until it is');
select is(tests.does('Ada', $$select invite('gone@example.com', '{acme}')$$), '1', 'one whose user is deleted');
select is(pg_temp.signs_in('Gone'), 'nobody', 'is nobody''s any more');
select is(tests.does('Ada', $$insert into invitations (email, client_id, expires_at) values ('late@example.com', '{acme}', now() - interval '1 second')$$), '1', 'an invitation');
select is(pg_temp.signs_in('Late'), 'nobody', 'ends');
select is(tests.does('Ada', $$select invite('late@example.com', '{acme}')$$), '1', 'made again');
select is((select count(*) from invitations where email = 'late@example.com'), 1::bigint, 'it replaces the one before');
select is(tests.does('Ada', $$select invite('late@example.com', '{other}')$$), '1', 'to another client');
select is(pg_temp.signs_in('Late'), 'client', 'and both hold');
select is((select count(*) from client_members where user_id = tests.filled('{Late}')::uuid), 2::bigint, 'at once');
select is(tests.does('Ada', $$delete from invitations where email = 'gone@example.com'$$), '1', 'an admin takes one back');
-- One that can't be kept keeps nobody out.
select is(tests.does('Ada', $$select invite('otto@example.com', '{acme}', 'Otto')$$), '1', 'an invitation');
update auth.users set email_confirmed_at = now() where id = tests.filled('{Otto}')::uuid;
alter table invitations rename to invitations_that_were;
select is(pg_temp.signs_in('Otto'), 'client', 'that can''t be read keeps nobody from signing in');
alter table invitations_that_were rename to invitations;
select is(tests.would(who, format('select casebase.accept_invitations(%L)', tests.filled('{Late}'))), '42501', who || ' accepts none in another''s name')
from unnest(array['Ada', 'Late', 'service', 'anon', 'auth service']) who;

-- By themselves.
select is(tests.refusal('Nemo', 'select register(''Nemo'')'), 'PT403 | registration is closed | An admin opens it: case_settings.registration_open.', 'nobody comes in by themselves');
select is(tests.sees('Nemo', 'select may_register from my_access()'), 'false', 'and is offered none');
select is(tests.does('Ada', 'update case_settings set registration_open = true'), '1', 'until an admin opens it');
select is(tests.sees('Nemo', 'select may_register from my_access()'), 'false', 'who has confirmed no address is offered none');
select is(tests.refusal('Nemo', 'select register(''Nemo'')'), 'PT403 | your e-mail address is not confirmed | Follow the link in the mail first.', 'with a confirmed address');
update auth.users set email_confirmed_at = now() where id = tests.filled('{Nemo}')::uuid;
update auth.users set deleted_at = now() where id = tests.filled('{Nemo}')::uuid;
select is(tests.would('Nemo', 'select register(''Nemo'')'), 'PT403', 'who was deleted has none');
select is(tests.sees('Nemo', 'select may_register from my_access()'), 'false', 'and is offered nothing');
update auth.users set deleted_at = null where id = tests.filled('{Nemo}')::uuid;
select is(tests.sees('Nemo', 'select may_register from my_access()'), 'true', 'who has one is offered it');
select is(tests.would('Nemo', 'select register('' '')'), '23514', 'and a name');
select is(tests.does('Nemo', 'select register(''Nemo N.'')'), '1', 'one does');
select is((select xmax::text from auth.users where id = tests.filled('{Gone}')::uuid), '0', 'whom nobody else waits for');
select is(tests.sees('Nemo', 'select name from my_clients()'), 'Nemo N.', 'and is a client');
select is((select kind from clients where name = 'Nemo N.'), 'person', 'of kind person');
select is(tests.sees('Nemo', 'insert into cases (client_id, title) select id, ''Ouch'' from my_clients() returning title'), 'Ouch', 'who opens a case');
update auth.users set email_confirmed_at = now() where id in (tests.filled('{Alan}')::uuid, tests.filled('{Otto}')::uuid);
select is(tests.sees(who, 'select may_register from my_access()'), 'false', who || ' is somebody already, and is offered nothing') from unnest(array['Nemo', 'Otto', 'Alan']) who;
select is(tests.refusal('Alan', 'select register(''x'')'), 'PT409 | you are registered already | rpc/my_access says what you are.', 'nor can staff');
select is(tests.would(who, 'select register(''x'')'), outcome, who || ' registers: ' || outcome)
from (values ('Nemo', 'PT409'), ('Otto', 'PT409'), ('anon', '42501'), ('service', '42501')) v (who, outcome);
update casebase.client_source set is_ours = false;
delete from client_members where user_id = tests.filled('{Nemo}')::uuid;
select is(tests.refusal('Nemo', 'select register(''x'')'), 'PT403 | this project has clients of its own making | Ask whoever looks after it.', 'where the clients are the project''s own, nobody');
select is(tests.sees('Nemo', 'select may_register from my_access()'), 'false', 'nor is it offered');

-- There is always an admin.
delete from staff_members where user_id = tests.filled('{New}')::uuid;
select is(tests.refusal('Ada', statement), 'PT409 | there must be an admin | Make somebody else an admin first.', 'the last one stays: ' || statement)
from unnest(array['update staff_members set is_admin = false where user_id = ''{Ada}''', 'update staff_members set active = false where user_id = ''{Ada}''',
                  'delete from staff_members where user_id = ''{Ada}''', 'update staff_members set is_admin = false']) statement;
select is(tests.would('Ada', 'update staff_members set display_name = ''Ada L.'', scope = ''all'' where user_id = ''{Ada}'''), '1', 'and may be called otherwise');
select is(tests.does('Ada', 'update staff_members set is_admin = true where user_id = ''{Alan}'''), '1', 'once there is another');
select is(tests.would('Ada', 'update staff_members set is_admin = false where user_id = ''{Ada}'''), '1', 'one may go');
select is(tests.would('Ada', 'update staff_members set is_admin = false'), 'PT409', 'but not both at once');
update staff_members set is_admin = false where user_id = tests.filled('{Alan}')::uuid;
select is(tests.would('auth service', 'delete from auth.users where id = ''{Ada}'''), '1', 'who is deleted is gone, the last admin too');

-- Who is kept from being staff is told why.
select is(tests.sees('Alan', 'select concat_ws('' '', standing, is_client, problem) from my_access()'), 'all f', 'who is what they are has no problem');
create function pg_temp.told_without_hook(statement text) returns text language plpgsql as $$
declare
  said text;
begin
  perform tests.become('Alan', '{}');
  begin
    execute statement into said;
  exception when others then said := sqlstate || ' ' || sqlerrm;
  end;
  perform tests.become_nobody();
  return said;
end
$$;
select matches(pg_temp.told_without_hook('select problem from my_access()'), '^You are on the staff, and your token does not say so\. .*custom_access_token_hook', 'whose token says nothing is told so');
select matches(pg_temp.told_without_hook('select list_cases()'), '^PT403 You are on the staff', 'instead of an empty list');
select matches(pg_temp.told_without_hook('select search_cases(''x'')'), '^PT403 You are on the staff', 'and of a search that finds nothing');
insert into client_members (client_id, user_id, display_name) values (tests.id('acme')::uuid, tests.filled('{Alan}')::uuid, 'Alan');
select is(pg_temp.told_without_hook(statement), '2', 'who is a client''s, too, gets what clients get: ' || statement)
from unnest(array['select total from list_cases()', 'select cardinality(hits) from search_cases(''hello'')']) statement;
select is(tests.sees('Ivan', 'select concat_ws('' '', standing, is_client, problem) from my_access()') || tests.sees('Faye', 'select concat_ws('' '', standing, is_client, problem) from my_access()'), 'ff', 'who is not on the staff is not told so');

select * from finish();
rollback;
