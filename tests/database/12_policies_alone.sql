-- A statement that names no column is judged by its own policy alone; with a condition the SELECT policy helps it out.
-- So here are updates and deletes of everything there is, and what each person's reach is then.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();

-- Files in every state, shown and internal, of the case's client, of Alan, and of Sam, who was staff there and is one of
-- Acme's still. None has an object: rows may go.
delete from storage.objects;
alter table case_files disable trigger a_keep_file;
delete from case_files;
insert into case_files (case_id, file_name, original_name, content_type, file_size, visible_to_client, uploaded_by)
select c.id, c.case_id || '-1634567890-' || p.name || s.state || shown, 'x', 'application/pdf', 1, shown, p.id
from cases c
join tests.people p on p.name in ('Alan', 'Sam', case c.id::text when tests.id('other case') then 'Otto' else 'Carla' end)
cross join unnest(array['pending', 'uploaded', 'available', 'deleting']) s (state)
cross join unnest(array[true, false]) shown
where c.id in (tests.id('case')::bigint, tests.id('other case')::bigint);
update case_files set state = substring(file_name from '(uploaded|available|deleting)'), sha256 = repeat('a', 64), object_version = 'v1'
where file_name ~ 'uploaded|available|deleting';
alter table case_files enable trigger a_keep_file;
-- Documents likewise, of Alan and Dora.
alter table client_documents disable trigger a_keep_file;
delete from client_documents;
insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, uploaded_by)
select c.id, 'policies', p.name || s.state, 'x', 'application/pdf', 1, p.id
from clients c
join tests.people p on p.name in ('Alan', 'Dora')
cross join unnest(array['pending', 'uploaded', 'available', 'deleting']) s (state);
update client_documents set state = substring(file_name from '(uploaded|available|deleting)'), sha256 = repeat('a', 64), object_version = 'v1'
where file_name ~ 'uploaded|available|deleting';
alter table client_documents enable trigger a_keep_file;

create temporary table reaches (
  place serial, statement text,
  "Ada" text, "Alan" text, "Dora" text, "Asta" text, "Sam" text, "Carla" text, "Otto" text, "Ivan" text, "Faye" text, "Nemo" text
);
insert into reaches (statement, "Ada", "Alan", "Dora", "Asta", "Sam", "Carla", "Otto", "Ivan", "Faye", "Nemo") values
-- Of a case's 24 files, staff reach what is available or going, and their own; clients what they see and what is theirs.
('select from case_files',                       '24','32','12','12','22','6','6','0','0','0'),
('update case_files set state = ''deleting''',   '24','32','12','12','18','2','2','0','0','0'),
('delete from case_files',                       '12','12','6','6','7','1','1','0','0','0'),
-- Of a client's 8 documents, those who write them reach what is available or going, and their own; the others read.
('select from client_documents',                 '8','12','12','4','8','2','2','0','0','0'),
('update client_documents set state = ''deleting''', '8','12','12','0','8','0','0','0','0','0'),
('delete from client_documents',                 '4','4','4','0','4','0','0','0','0','0'),
-- Everything else that is written at all.
('update cases set title = ''t''',               '3','3','2','1','42501','42501','1','0','0','0'),
('update interactions set visible_to_client = true', '6','6','4','2','2','0','0','0','0','0'),
('update internal_notes set content = ''Careful''', '3','3','2','1','1','0','0','0','0','0'),
('update internal_notes set content = ''c''',    '3','42501','42501','42501','42501','0','0','0','0','0'),
('update case_internal set tags = array[''x'']', '3','3','2','1','1','0','0','0','0','0'),
('delete from interactions',                     '6','0','0','0','0','0','0','0','0','0'),
('delete from internal_notes',                   '3','0','0','0','0','0','0','0','0','0'),
('delete from case_internal',                    '3','0','0','0','0','0','0','0','0','0'),
('update clients set kind = ''person''',         '2','0','0','0','0','0','0','0','0','0'),
('update client_members set display_name = ''x''', '3','0','0','0','0','0','0','0','0','0'),
('delete from client_members',                   '3','0','0','0','0','0','0','0','0','0'),
('update departments set created_at = now()',    '3','0','0','0','0','0','0','0','0','0'),
('update specialties set created_at = now()',    '1','0','0','0','0','0','0','0','0','0'),
('delete from specialties',                      '1','0','0','0','0','0','0','0','0','0'),
('update staff_members set display_name = ''x''', '6','0','0','0','0','0','0','0','0','0'),
('delete from staff_members',                    'PT409','0','0','0','0','0','0','0','0','0'),
('update staff_departments set user_id = user_id', '3','0','0','0','0','0','0','0','0','0'),
('delete from staff_departments',                '3','0','0','0','0','0','0','0','0','0'),
('update staff_specialties set user_id = user_id', '1','0','0','0','0','0','0','0','0','0'),
('delete from staff_specialties',                '1','0','0','0','0','0','0','0','0','0'),
('update party_types set label = ''x''',         '4','0','0','0','0','0','0','0','0','0'),
('select from casebase.event_types',             '21','21','21','21','21','21','21','0','0','0'),
-- Webhooks are for admins. Endpoints are managed by functions, and by hand.
('insert into casebase.webhook_endpoints (url) values (''https://a'')', '1','42501','42501','42501','42501','42501','42501','42501','42501','42501'),
('select from casebase.webhook_endpoints',       '1','0','0','0','0','0','0','0','0','0'),
('update casebase.webhook_endpoints set url = ''https://a''', '1','0','0','0','0','0','0','0','0','0'),
('delete from casebase.webhook_endpoints',       '1','0','0','0','0','0','0','0','0','0');
delete from casebase.webhook_endpoints;
insert into casebase.webhook_endpoints (url) values ('https://example.com/');

select plan((select count(*)::integer from reaches) + 33);

select is(
  (select jsonb_object_agg(who.name, tests.would(who.name, r.statement))
   from jsonb_each_text(to_jsonb(r) - 'place' - 'statement') who (name, expected)),
  to_jsonb(r) - 'place' - 'statement',
  r.statement)
from reaches r
order by r.place;

-- What an update leaves must be its writer's to leave: the new row, by its own policy.
select is(tests.would('Carla', $$update case_files set state = 'pending' where file_name = '{number}-1634567890-Carlapendingtrue'$$), '42501',
  'a file isn''t reserved again');
select is(tests.would('Carla', $$update case_files set state = 'deleting' where file_name = '{number}-1634567890-Carlapendingtrue'$$), '1', 'but let go');
select is(tests.would('Dora', $$update client_documents set state = 'pending' where file_name = 'Dorapending'$$), '42501', 'a document isn''t either');
select is(tests.would('Dora', $$update client_documents set state = 'deleting' where file_name = 'Dorapending'$$), '2', 'but let go');

-- Dora sees what is North's: one open case.
update cases set department_id = tests.id('south')::uuid where id = tests.id('resolved case')::bigint;
select is(tests.would('Dora', $$update cases set priority = 'low'$$), '1', 'Dora works all that she sees');
select is(tests.would('Dora', $$update cases set department_id = '{south}'$$), '42501', 'and none of it leaves her sight');
-- Sam works South and is one of Acme's, which sees its cases in North as well.
update cases set department_id = tests.id('south')::uuid, assigned_to = null where id = tests.id('case')::bigint;
update cases set status = 'in_progress' where id = tests.id('resolved case')::bigint;
select is(tests.would('Sam', $$update cases set department_id = '{north}' where id = {case}$$), '1', 'what a client may edit, its member may leave to another department');
select is(tests.would('Sam', $$update cases set department_id = '{north}' where id = {resolved case}$$), '42501', 'once it is taken up, only by handing it over');
select is(tests.would('Sam', $$select hand_over_case({resolved case}, '{north}')$$), '1', 'which is possible');

-- Who may write in a case as staff, while it is in their hands.
update cases set department_id = tests.id('north')::uuid, assigned_to = tests.filled('{Asta}')::uuid where id = tests.id('case')::bigint;
select is(tests.sees('Asta', 'select count(*) from case_events'), (select count(*)::text from case_events where case_id = tests.id('case')::bigint),
  'who has a case reads its history');
select is(tests.would('Asta', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
  values ({case}, 'A', 'ARGAN', 'B', 'EMPLOYEE', 'c')$$), '1', 'and writes in it unseen');
select is(tests.would('Carla', $$insert into interactions (case_id, content) values ({case}, 'c')$$), '1', 'its client in the open');
select is(tests.would(who, $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1)$$), outcome, who || ' adds files: ' || outcome)
from (values ('Asta', '1'), ('Dora', '1'), ('Sam', '1'), ('Carla', '1'), ('Otto', '42501'), ('Ivan', '42501'), ('Nemo', '42501')) v (who, outcome);

-- Should the triggers that make what a client adds visible be lost, the policies refuse what is not.
alter table interactions disable trigger b_set_speaker;
alter table case_files disable trigger b_place_case_file;
select is(tests.would('Carla', format($$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
  values ({case}, 'A', 'CLIENT', 'B', 'ARGAN', 'c', %L)$$, shown)), case when shown then '1' else '42501' end, 'said in the open: ' || shown)
from unnest(array[true, false]) shown;
-- Without its place the file is refused in any case; the policy speaks first.
select is(tests.would('Carla', format($$insert into case_files (case_id, file_name, original_name, content_type, file_size, visible_to_client)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1, %L)$$, shown)), case when shown then '23514' else '42501' end, 'added in the open: ' || shown)
from unnest(array[true, false]) shown;

-- Should a file's first state be lost, nothing comes that is not pending. (Without its place it is refused in any case.)
alter table case_files disable trigger user;
alter table client_documents disable trigger user;
create function tests.adds(what text) returns text language sql
as $$
  select tests.would('Dora', case what
    when 'a file' then $s$insert into case_files (case_id, file_name, original_name, content_type, file_size)
      values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1)$s$
    else $s$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size)
      values ('{acme}', 'policies', 'x.pdf', 'x.pdf', 'application/pdf', 1)$s$
  end)
$$;
select is(tests.adds(what), '23514', what || ' is added') from unnest(array['a file', 'a document']) what;
alter table case_files alter state set default 'deleting';
alter table client_documents alter state set default 'deleting';
select is(tests.adds(what), '42501', what || ' that is to go is not') from unnest(array['a file', 'a document']) what;

-- A case that comes into sight while a statement runs, as one does that a reply opens: there, whoever is no client's by the
-- statement's own lights reads and writes what is their own and in the open.
create function tests.joins_acme(who text) returns boolean language sql volatile security definer
as $$
  insert into public.client_members (client_id, user_id, display_name)
  select tests.id('acme')::uuid, id, name from tests.people where name = who
  returning true
$$;
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client, created_by)
select tests.id('case')::bigint, 'A', 'CLIENT', 'B', 'ARGAN', 'c', v.shown, tests.filled('{' || v.who || '}')::uuid
from (values ('Otto', true), ('Otto', false), ('Carla', true)) v (who, shown);
select is(tests.sees('Otto', $$select count(*) from interactions where case_id = {case}$$), '0', 'Otto sees nothing of Acme''s');
select is(
  tests.sees('Otto', $$
    select (select count(*) from interactions where case_id = {case} and joined.now)
    from (select tests.joins_acme('Otto') as now offset 0) joined$$),
  '1', 'and while he becomes one of theirs, what he said in the open');
delete from client_members where client_id = tests.id('acme')::uuid and user_id = tests.filled('{Otto}')::uuid;
create function tests.says_while_joining(shown boolean) returns text language sql
as $$
  select tests.would('Otto', format($s$
    insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
    select {case}, 'A', 'CLIENT', 'B', 'ARGAN', 'c', %L
    from (select tests.joins_acme('Otto') as now offset 0) joined
    where joined.now$s$, shown))
$$;
select is(tests.says_while_joining(shown), case when shown then '1' else '42501' end, 'he says it in the open: ' || shown)
from unnest(array[true, false]) shown;
alter table interactions disable trigger a_set_author;
select is(tests.says_while_joining(true), '42501', 'and as himself');
select is(tests.would('Carla', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
  values ({case}, 'A', 'CLIENT', 'B', 'ARGAN', 'c', true)$$), '1', 'which is not asked of who is a client there');

select * from finish();
rollback;
