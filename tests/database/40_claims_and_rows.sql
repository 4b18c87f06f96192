-- Authority is in rows; a token can only say less. What it claims is never enough, what it hides is never given.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(24);
select tests.world();

-- A row that is switched off, with a token that is still valid.
select is(tests.does('Alan', 'select from cases'), '3', 'staff of scope all see every case');
update staff_members set active = false where user_id = tests.filled('{Alan}')::uuid;
select is(tests.does('Alan', 'select from cases'), '0', 'and none in the next statement after their row is switched off');
select is(tests.does('Alan', $$update cases set title = 't'$$), '0', 'nor change any');
select is(tests.does('Alan', 'select from staff_members'), '0', 'nor see who is staff');
update staff_members set active = true where user_id = tests.filled('{Alan}')::uuid;
select is(tests.does('Alan', 'select from cases'), '3', 'switched on, they are back');
delete from staff_departments;
select is(tests.does('Dora', 'select from cases'), '0', 'leaving a department ends its sight');
delete from client_members where user_id = tests.filled('{Carla}')::uuid;
select is(tests.does('Carla', 'select from cases'), '0', 'and so does leaving a client');

-- The lesser of claim and row.
select is(tests.does('Ada', 'select from cases', '{"case_role": "client"}'), '0', 'an admin''s row gives a client''s token nothing');
select is(tests.does('Ada', 'select from cases', '{}'), '0', 'nor a token without the claim');
select is(tests.does('Ada', 'delete from interactions where id = {shown}', '{"case_role": "staff"}'), '0', 'a staff token makes an admin staff');
select is(tests.would('Ada', 'delete from interactions where id = {shown}', '{"case_role": "admin"}'), '1', 'an admin token an admin');
select is(tests.does('Alan', 'delete from interactions where id = {shown}', '{"case_role": "admin"}'), '0', 'but not who is staff by row');
select is(tests.does('Faye', 'select from cases', '{"case_role": "admin"}'), '0', 'a claim without a row is nothing');
select is(tests.does('Otto', 'select from cases', '{"case_role": "staff"}'), '1', 'a client stays a client, whatever the token says');
select is(tests.does('Otto', 'select from cases', '{}'), '1', 'and whatever it doesn''t say');
select is(tests.does('Alan', 'select from cases', '{"case_role": ["staff"]}'), '0', 'an odd claim is none');
select is(tests.does('Alan', 'select from cases', '["staff"]'), '0', 'odd metadata neither');

-- user_metadata is the user's own to write.
select tests.become('Faye');
select set_config('request.jwt.claims', format('{"sub": "%s", "role": "authenticated", "user_metadata": {"case_role": "admin"}}', tests.filled('{Alan}')), true);
select is((select count(*) from cases), 0::bigint, 'user_metadata is never read');
select set_config('request.jwt.claims', format('{"sub": "%s", "role": "authenticated", "app_metadata": {"case_role": "staff"}}', tests.filled('{Alan}')), true);
select is((select count(*) from cases), 3::bigint, 'where app_metadata is');
select tests.become_nobody();

-- A subject that is no uuid (a third party's token) may not break anything, other people's buckets least of all.
insert into storage.buckets (id, name) values ('theirs', 'theirs');
insert into storage.objects (bucket_id, name) values ('theirs', 'x');
create policy theirs on storage.objects for select to authenticated using (bucket_id = 'theirs');
set local role authenticated;
select set_config('request.jwt.claims', '{"sub": "auth0|123", "role": "authenticated"}', true);
select is((select count(*) from storage.objects), 1::bigint, 'a foreign subject reads the host''s objects and none of ours');
select is((select count(*) from cases), 0::bigint, 'and no case');
select set_config('request.jwt.claims', '{"role": "authenticated"}', true);
select is((select count(*) from storage.objects), 1::bigint, 'as one without any');
select set_config('request.jwt.claims', '', true);
select is((select count(*) from storage.objects), 1::bigint, 'or without claims');
select is((select count(*) from cases), 0::bigint, 'which sees no case either');
reset role;

select * from finish();
rollback;
