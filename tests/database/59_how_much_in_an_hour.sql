-- The members of one client open so many cases and say so much in an hour, and no more.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
select plan(35);
delete from interactions;
insert into client_members (client_id, user_id, display_name) values (tests.id('acme')::uuid, tests.filled('{Nemo}')::uuid, 'Nemo'), (tests.id('other')::uuid, tests.filled('{Nemo}')::uuid, 'Nemo');
alter table cases disable trigger a_keep_identity;
update cases set created_at = now() - interval '61 minutes';
alter table cases enable trigger a_keep_identity;

select is((select row(cases_per_hour, interactions_per_hour)::text from case_settings), '(60,600)', 'by default, as many as people write');
select is(tests.does('Ada', 'update case_settings set cases_per_hour = 3, interactions_per_hour = 4'), '1', 'an admin sets it');

create function pg_temp.opens(who text, client text default 'acme', n integer default 1) returns text language sql as $$
  select tests.does(who, format('insert into cases (client_id, title) select ''{%s}'', ''t'' from generate_series(1, %s)', client, n))
$$;
select is(pg_temp.opens('Carla') || pg_temp.opens('Nemo') || pg_temp.opens('Carla'), '111', 'three cases');
select is(pg_temp.opens('Carla'), 'PT429', 'and no fourth');
select is(pg_temp.opens('Nemo'), 'PT429', 'whoever of them opens it');
select matches(tests.refusal('Carla', 'insert into cases (client_id, title) values (''{acme}'', ''t'')'),
  '^PT429 \| 3 cases in an hour are as many as one client may write \| (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) \| Try again after \1\.$', 'who is told when');
select is(pg_temp.opens('Nemo', 'other') || pg_temp.opens('Otto', 'other'), '11', 'another client has hours of its own');
select is(pg_temp.opens('Otto', 'other', 2), 'PT429', 'many at once are many');
select is(pg_temp.opens('Otto', 'acme'), '42501', 'of a client that isn''t theirs they hear nothing');
select is(pg_temp.opens('Alan') || pg_temp.opens('service') || pg_temp.opens('Ada'), '111', 'staff and service keys are not counted');
alter table cases disable trigger a_keep_identity;
update cases set created_at = now() - interval '61 minutes' where id = (select min(id) from cases where created_by = tests.filled('{Carla}')::uuid and title = 't');
alter table cases enable trigger a_keep_identity;
select is(pg_temp.opens('Carla'), '1', 'an hour later there is room for one');
select is(pg_temp.opens('Carla'), 'PT429', 'and one only');

create function pg_temp.says(who text, the_case text, n integer default 1) returns text language sql as $$
  select tests.does(who, format('insert into interactions (case_id, content) select {%s}, ''c'' from generate_series(1, %s)', the_case, n))
$$;
select is(pg_temp.says('Carla', 'case', 2) || pg_temp.says('Nemo', 'resolved case') || pg_temp.says('Sam', 'case'), '211', 'four things are said');
select is(pg_temp.says(who, the_case), 'PT429', who || ' says no fifth, in ' || the_case)
from unnest(array['Carla', 'Nemo', 'Sam']) who, unnest(array['case', 'resolved case']) the_case;
select matches(tests.refusal('Carla', 'insert into interactions (case_id, content) values ({case}, ''c'')'), '^PT429 \| 4 interactions in an hour are as many', 'as they are told');
select is(pg_temp.says('Nemo', 'other case', 4), '4', 'to the other client''s case they may');
select is(pg_temp.says('Otto', 'other case'), 'PT429', 'which is full then');
select is(pg_temp.says('Otto', 'case'), '42501', 'in a case that they don''t see they hear nothing');
select is(pg_temp.says('Dora', 'case', 5) || pg_temp.says('Alan', 'other case', 5), '55', 'staff say what they like');
alter table interactions disable trigger a_keep_identity;
update interactions set created_at = now() - interval '61 minutes';
alter table interactions enable trigger a_keep_identity;
select is(pg_temp.says('Carla', 'case') || pg_temp.says('Otto', 'other case'), '11', 'an hour later there is room again');
select is(tests.does('Ada', 'update case_settings set cases_per_hour = null, interactions_per_hour = null'), '1', 'an admin takes it away');
select is(pg_temp.opens('Carla', 'acme', 100) || pg_temp.says('Carla', 'case', 100), '100100', 'and all is taken');
select is(tests.does('Ada', 'update case_settings set cases_per_hour = 0, interactions_per_hour = 0'), '1', 'or closes the desk');
select is(pg_temp.opens('Carla') || pg_temp.says('Carla', 'case') || pg_temp.opens('Otto', 'other'), 'PT429PT429PT429', 'to every client');
select is(pg_temp.says('Otto', 'case'), '42501', 'in a case that they don''t see they hear nothing of it either');
select is(tests.refusal('Carla', 'insert into cases (client_id, title) values (''{acme}'', ''t'')'), 'PT429 | 0 cases in an hour are as many as one client may write | An admin has set it so.', 'who are not told to wait');
alter table cases disable trigger a_keep_identity;
update cases set created_at = now() - interval '61 minutes';
alter table cases enable trigger a_keep_identity;
select is(pg_temp.opens('Carla'), 'PT429', 'and not only where there was something in the last hour');
select is(pg_temp.opens('Alan') || pg_temp.says('Dora', 'case'), '11', 'not to staff');
select is(tests.would('service', 'update case_settings set only_row = false'), '23514', 'there is one row');
select is(tests.would('Alan', 'update case_settings set cases_per_hour = 1'), '0', 'which is an admin''s');

select * from finish();
rollback;
