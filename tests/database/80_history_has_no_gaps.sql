-- Every change leaves an entry, numbered per case without gaps, with who did it; and it outlives them.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(37);
select tests.world();

create function pg_temp.entries(the_case text) returns text language sql
as $$
  select string_agg(type || ' by ' || actor_name, ', ' order by seq) from case_events
  where case_id = tests.id(the_case)::bigint and seq > coalesce(tests.id('seen ' || the_case)::bigint, 0)
$$;
-- Later looks start here.
create function pg_temp.seen(the_case text) returns void language sql
as $$
  delete from tests.names where name = 'seen ' || the_case;
  insert into tests.names select 'seen ' || the_case, max(seq) from case_events where case_id = tests.id(the_case)::bigint;
$$;

select is(pg_temp.entries('case'), 'case.created by Carla, interaction.created by system, interaction.created by system, internal_note.created by system, case_internal.updated by system, case_file.available by Alan, case_file.available by Alan',
  'a case begins with its creation');
select pg_temp.seen('case');

-- What each change leaves.
select is(tests.does('Alan', $$update cases set status = 'in_progress', title = 'New', assigned_to = '{Dora}' where id = {case}$$), '1', 'one statement that changes three things');
select is(pg_temp.entries('case'), 'case.assigned by Alan, case.status_changed by Alan, case.updated by Alan', 'leaves an entry for each kind');
select is((select data from case_events where case_id = tests.id('case')::bigint and type = 'case.status_changed'),
  jsonb_build_object('case', tests.id('case')::bigint, 'case_id', tests.id('number'), 'client_id', tests.id('acme'),
                     'changes', '{"status": {"from": "open", "to": "in_progress"}}'::jsonb),
  'that says which case and what changed');
select is((select data -> 'changes' from case_events where case_id = tests.id('case')::bigint and type = 'case.assigned'),
  (select jsonb_build_object('assigned_to', jsonb_build_object('from', a.id, 'to', d.id)) from tests.people a, tests.people d where a.name = 'Asta' and d.name = 'Dora'),
  'from whom to whom');
select pg_temp.seen('case');
select is(tests.does('Alan', $$update cases set title = title, status = status where id = {case}$$), '1', 'an update that changes nothing');
select is(pg_temp.entries('case'), null, 'leaves nothing');
select is(tests.does('Carla', $$select escalate_case({case}, 'r')$$), '1', 'escalating');
select is(pg_temp.entries('case'), 'case.escalated by Carla, case.updated by Carla', 'says that it was, and the new priority');
select pg_temp.seen('case');
select is(tests.does('Dora', $$select hand_over_case({case}, '{south}', '{Sam}', 'Please')$$), '1', 'handing over');
select is(pg_temp.entries('case'), 'internal_note.created by Dora, case.handed_over by Dora, case.assigned by Dora', 'says so');
select pg_temp.seen('case');
select is(tests.does('Carla', $$insert into interactions (case_id, content) select {case}, 'n' || n from generate_series(1, 3) n$$), '3', 'three at once');
select is(tests.does('Ada', $$update interactions set content = 'x' where content = 'n2'$$), '1', 'one changed');
select is(tests.does('Ada', $$delete from interactions where content = 'n3'$$), '1', 'one deleted');
select is(pg_temp.entries('case'), 'interaction.created by Carla, interaction.created by Carla, interaction.created by Carla, interaction.updated by Ada, interaction.deleted by Ada',
  'each is there');
select pg_temp.seen('case');
select is(tests.does('Ada', $$update internal_notes set content = 'Thanks' where content = 'Please'$$), '1', 'a changed note');
select is(tests.does('Ada', $$delete from internal_notes where content = 'Thanks'$$), '1', 'a deleted note');
select is(pg_temp.entries('case'), 'internal_note.updated by Ada, internal_note.deleted by Ada', 'too');
select pg_temp.seen('case');
update case_files set state = 'deleting' where case_id = tests.id('case')::bigint and visible_to_client;
insert into case_files (case_id, file_name, original_name, content_type, file_size, uploaded_by)
select id, case_id || '-1634567890-late.pdf', 'late.pdf', 'application/pdf', 1, tests.filled('{Alan}')::uuid from cases where id = tests.id('case')::bigint;
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where file_name like '%-late.pdf';
update case_files set state = 'uploaded' where file_name like '%-late.pdf';
insert into tests.names select 'late', id from case_files where file_name like '%-late.pdf';
select is(tests.does('worker', $$select casebase.verification_finish('case_file', {late}, 'v1', repeat('a', 64), 1, 'application/pdf')$$), '1', 'a file that is checked');
select is(pg_temp.entries('case'), 'case_file.deleted by system, case_file.available by Alan', 'and one that goes, in their uploader''s name');
select is(tests.does('Ada', $$update cases set priority = 'low' where id in ({case}, {resolved case}, {other case})$$), '3', 'a statement over three cases');

select is((select count(*) from (select case_id from case_events group by case_id having max(seq) <> count(*) or min(seq) <> 1) gaps), 0::bigint, 'no case''s numbers have a gap');
select is((select count(*) from case_events e join casebase.case_counters k using (case_id) group by e.case_id having max(e.seq) <> max(k.last_seq)), null::bigint, 'or differ from its counter');
select is((select count(*) from casebase.case_counters), 3::bigint, 'each case has a counter');

-- A statement that fails leaves no entry and no gap.
select is(tests.does('Alan', $$update cases set status = case id when {case} then 'resolved' else 'nonsense' end where id in ({case}, {other case})$$), '23514', 'a statement that fails');
select is((select count(*) from case_events where data -> 'changes' -> 'status' ->> 'to' = 'resolved'), 0::bigint, 'leaves nothing');

-- What clients read: their own side, and no numbers whose gaps would count the staff's.
select is(tests.sees('Carla', $$select string_agg(distinct type, ' ' order by type) from unnest((case_timeline({case})).entries)$$),
  'case.created case.escalated case.status_changed case.updated case_file.available case_file.deleted interaction.created interaction.updated', 'a client reads what concerns them');
select is(tests.sees('Carla', $$select count(*) from unnest((case_timeline({case})).entries) where type = 'interaction.created'$$), '3', 'the interactions they see, while they are there');
select is(tests.sees('Carla', $$select string_agg(key, ' ' order by key) from (select distinct key from unnest((case_timeline({case})).entries) t, jsonb_object_keys(to_jsonb(t)) key) k$$),
  'actor_name created_at data type', 'and neither seq nor id');
select is(tests.does('Alan', $$update interactions set visible_to_client = false where content = 'n1'$$), '1', 'an interaction that is hidden later');
select is(tests.sees('Carla', $$select count(*) from unnest((case_timeline({case})).entries) where type like 'interaction.%' and actor_name = 'Carla'$$), '1', 'is out of the client''s history too');
select is(tests.does('Ada', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
  values ({case}, 'A. Whistle', 'CONTRACTOR', 'Ada', 'ARGAN', 'w')$$), '1', 'one that was hidden at first');
select is(tests.does('Ada', $$update interactions set party1_name = 'A contractor', visible_to_client = true where content = 'w'$$), '1', 'is cleaned and then shown');
select is(tests.sees('Carla', $$select string_agg(data #>> '{changes,party1_name}', ' ') from unnest((case_timeline({case})).entries) where data -> 'changes' ? 'party1_name'$$),
  '{"changed": true}', 'and its client doesn''t read what it said before');

-- With its case.
select is(tests.does('Ada', $$delete from interactions where case_id = {case}$$), '5', 'an admin clears a case');
delete from storage.objects where name like tests.filled('%/{number}/%');
delete from case_files where case_id = tests.id('case')::bigint;
select is(tests.does('Ada', 'delete from cases where id = {case}'), '1', 'and deletes it');
select is((select count(*) from case_events where case_id = tests.id('case')::bigint), 0::bigint, 'and its history goes with it');

select * from finish();
rollback;
