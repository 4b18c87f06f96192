-- rpc/deactivate_staff_member: who is switched off leaves no open case behind, and all of it happens or nothing.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
select plan(37);

create function pg_temp.off(whom text, heir text default 'null') returns text language sql
as $$ select format('select deactivate_staff_member(%L, %s)', '{' || whom || '}', case heir when 'null' then heir else quote_literal('{' || heir || '}') end) $$;
create function pg_temp.has(the_case text) returns text language sql
as $$ select coalesce(p.name, 'nobody') from cases c left join tests.people p on p.id = c.assigned_to where c.id = tests.id(the_case)::bigint $$;

select is(tests.refusal(who, pg_temp.off('Asta')), '42501 | only admins switch staff off | Ask an admin.', who || ' switches nobody off')
from unnest(array['Alan', 'Dora', 'Asta', 'Sam', 'Carla', 'Ivan', 'Faye', 'Nemo']) who;
select is(tests.would(who, pg_temp.off('Asta')), '42501', who || ' may not call it') from unnest(array['anon', 'service', 'worker']) who;

insert into cases (client_id, department_id, title, status, assigned_to)
select tests.id('acme')::uuid, tests.id('north')::uuid, status, status, tests.filled('{Asta}')::uuid
from unnest(array['in_progress', 'waiting', 'resolved', 'closed']) status;
insert into tests.names select 'her ' || title, id from cases where title = status;
update cases set assigned_to = tests.filled('{Sam}')::uuid where id = tests.id('other case')::bigint;

select is(tests.refusal('Ada', pg_temp.off('Nemo')), 'PT404 | there is no such member of staff | user_id', 'who is none can''t be switched off');
select is(tests.refusal('Ada', pg_temp.off('Asta', 'Asta')),
  '22023 | who is switched off can''t have the cases | Name somebody else, or nobody.', 'nobody hands over to themselves');
select is(tests.refusal('Ada', pg_temp.off('Asta', 'Ivan')), '23514 | a case can be assigned to active staff only', 'nor to who is off');
select is(tests.refusal('Ada', pg_temp.off('Asta', 'Carla')), '23514 | a case can be assigned to active staff only', 'nor to a client');
select is((select active from staff_members where user_id = tests.filled('{Asta}')::uuid), true, 'then she stays');
select is(pg_temp.has('case'), 'Asta', 'with her cases');

select is(tests.sees('Ada', pg_temp.off('Asta', 'Alan')), '3', 'three of hers go to Alan');
select is(pg_temp.has(v.the_case), 'Alan', 'Alan has ' || v.the_case) from unnest(array['case', 'her in_progress', 'her waiting']) v (the_case);
select is(pg_temp.has(v.the_case), 'Asta', v.the_case || ' stays hers') from unnest(array['her resolved', 'her closed']) v (the_case);
select is(pg_temp.has('other case'), 'Sam', 'another''s stays theirs');
select is((select string_agg(p.name, ' ' order by p.name) from staff_members s join tests.people p on p.id = s.user_id where not s.active), 'Asta Ivan', 'and she alone is off');
select is((select e.actor_name from case_events e where e.case_id = tests.id('case')::bigint and e.type = 'case.assigned' order by e.seq desc limit 1), 'Ada', 'the history says who gave them');

-- To nobody.
insert into invitations (email) values ('sam@example.com');
select is(tests.sees('Ada', pg_temp.off('Sam')), '1', 'Sam''s go to nobody');
select is(pg_temp.has('other case'), 'nobody', 'so anybody can take it');
select is((select count(*) from invitations where email = 'sam@example.com'), 0::bigint, 'he isn''t invited back');
select is(tests.sees('Sam', 'select count(*) from staff_members'), '0', 'he sees nothing any more as staff');
select is(tests.sees('Ada', pg_temp.off('Sam')), '0', 'a second time changes nothing');

select is(tests.would('owner', pg_temp.off('Dora')), '1', 'the project''s owner may');

-- The last admin.
select is(tests.refusal('Ada', pg_temp.off('Ada', 'Alan')), 'PT409 | there must be an admin | Make somebody else an admin first.', 'the last admin stays');
update cases set assigned_to = tests.filled('{Ada}')::uuid where id = tests.id('case')::bigint;
select is(tests.would('Ada', pg_temp.off('Ada', 'Alan')), 'PT409', 'cases or not');
select is(pg_temp.has('case'), 'Ada', 'and keeps them');
update staff_members set is_admin = true where user_id = tests.filled('{Dora}')::uuid;
select is(tests.sees('Ada', pg_temp.off('Ada', 'Dora')), '1', 'one of two goes');
select is(pg_temp.has('case'), 'Dora', 'and leaves hers');
select * from finish();
rollback;
