-- rpc/case_people names whoever the caller sees to have done something in a case, and nobody else.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();

-- One person for each thing that can be done. Four are members of Acme, to be called something.
insert into tests.people (name, what)
select name, 'did one thing' from unnest(array['said it openly', 'said it hidden', 'noted it', 'showed a file', 'kept a file', 'still uploads', 'escalated it', 'nameless']) name;
insert into auth.users (id, email, aud, role)
select id, replace(name, ' ', '.') || '@example.com', 'authenticated', 'authenticated' from tests.people where what = 'did one thing';
insert into client_members (client_id, user_id, display_name)
select tests.id('acme')::uuid, id, name from tests.people where what = 'did one thing' and name <> 'nameless';
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client, created_by)
select tests.id('case')::bigint, 'A', 'ARGAN', 'B', 'CLIENT', 'c', name <> 'said it hidden', id
from tests.people where name in ('said it openly', 'said it hidden', 'nameless');
insert into internal_notes (case_id, content, created_by) select tests.id('case')::bigint, 'c', id from tests.people where name = 'noted it';
alter table case_files disable trigger a_keep_file;
update case_files set uploaded_by = (select id from tests.people where name = case when visible_to_client then 'showed a file' else 'kept a file' end)
where case_id = tests.id('case')::bigint;
alter table case_files enable trigger a_keep_file;
insert into case_files (case_id, file_name, original_name, content_type, file_size, visible_to_client, uploaded_by)
select tests.id('case')::bigint, tests.id('number') || '-1634567890-late.pdf', 'x.pdf', 'application/pdf', 1, true, id from tests.people where name = 'still uploads';
update cases set escalated_at = now(), escalated_by = (select id from tests.people where name = 'escalated it') where id = tests.id('case')::bigint;
-- In Other Ltd's case, and in Acme's other one, somebody else.
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client, created_by)
select tests.id(c)::bigint, 'A', 'ARGAN', 'B', 'CLIENT', 'c', true, (select id from tests.people where name = 'Sam')
from unnest(array['other case', 'resolved case']) c;
insert into internal_notes (case_id, content, created_by)
select tests.id(c)::bigint, 'c', (select id from tests.people where name = 'Dora') from unnest(array['other case', 'resolved case']) c;

select plan(13);

create function pg_temp.people(who text, the_case text) returns text language sql
as $$ select tests.sees(who, format('select string_agg(display_name || case when is_staff then ''*'' else '''' end, '', '' order by display_name) from case_people({%s})', the_case)) $$;

select is(pg_temp.people(who, 'case'), 'Asta*, Carla, escalated it, kept a file, noted it, said it hidden, said it openly, showed a file', who || ', as staff, sees who did what')
from unnest(array['Ada', 'Alan', 'Dora', 'Asta']) who;
select is(pg_temp.people(who, 'case'), 'Asta*, Carla, escalated it, said it openly, showed a file', who || ', as its client, whom the client sees')
from unnest(array['Carla', 'Sam']) who;
select is(pg_temp.people('Carla', 'resolved case'), 'Alan*, Carla, Ivan*, Sam*', 'another case has others');
select is(pg_temp.people('Dora', 'resolved case'), 'Alan*, Carla, Dora*, Ivan*, Sam*', 'for staff too');
select is(tests.would(who, 'select from case_people({case})'), 'PT404', who || ' is told of none')
from unnest(array['Otto', 'Ivan', 'Faye', 'Nemo']) who;

-- A client's members are called as that client calls them.
insert into client_members (client_id, user_id, display_name) values (tests.id('other')::uuid, tests.filled('{Carla}')::uuid, 'Carla of Other');
select is(pg_temp.people('Carla', 'case') || ' / ' || (select pg_temp.people('Otto', 'other case')),
  'Asta*, Carla, escalated it, said it openly, showed a file / Alan*, Otto, Sam*', 'by the name they have there');

select * from finish();
rollback;
