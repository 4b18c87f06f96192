-- Many cases in one call, continued: trying it first, tags, a reply to many, and taking changes back.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(97);
select tests.world();
insert into tests.names values ('all three', tests.filled('{case},{resolved case},{other case}'));
insert into specialties (name) values ('Pensions');
insert into tests.names select 'pensions', id from specialties where name = 'Pensions';

create function pg_temp.outcome(person text, ids text, changes text, dry_run boolean default false) returns text language sql as $$
  select tests.sees(person, format('select string_agg(result || coalesce('' '' || (error ->> ''code''), ''''), '', '' order by id) from update_cases(array[%s]::bigint[], %L, %L)', ids, changes, dry_run))
$$;
create function pg_temp.state() returns text language sql as $$
  select string_agg(concat_ws(' ', c.status, c.priority, i.tags::text), ', ' order by c.id) from cases c left join case_internal i on i.case_id = c.id
  where c.id in (tests.id('case')::bigint, tests.id('resolved case')::bigint, tests.id('other case')::bigint)
$$;

-- Trying it first.
create temporary table before as select pg_temp.state() as state, (select count(*) from case_events) as events, (select max(version) from cases) as version;
select is(pg_temp.outcome(who, '{all three}', '{"status": "resolved", "add_tags": ["new"]}', true), said, who || ' would get: ' || said)
from (values ('Alan', 'done, done, done'), ('Dora', 'done, done, not_visible'), ('Asta', 'done, not_visible, not_visible'), ('Carla', 'refused 42501, refused 42501, not_visible')) v (who, said);
select is((select row(pg_temp.state(), (select count(*) from case_events), (select max(version) from cases))::text), (select b::text from before b), 'and nothing has happened');
select is(tests.sees('Alan', $$select count(events) from update_cases(array[{case}], '{"status": "resolved"}', true)$$), '0', 'nor left an entry');
update cases set status = 'closed' where id = tests.id('resolved case')::bigint;
select is(pg_temp.outcome('Alan', '{all three}', '{"status": "waiting"}', true), 'done, refused PT409, done', 'where one can''t, it is said');
select is(pg_temp.outcome('Alan', '{all three}', '{"status": "waiting"}'), 'done, refused PT409, done', 'as when it is done');
update cases set status = 'open' where id in (tests.id('case')::bigint, tests.id('other case')::bigint);
update cases set status = 'resolved' where id = tests.id('resolved case')::bigint;

-- Tags, with and without a column.
delete from case_internal where case_id = tests.id('resolved case')::bigint;
select is(pg_temp.outcome('Dora', '{all three}', '{"add_tags": ["new", "vip"]}'), 'done, done, not_visible', 'tags are added');
select is(pg_temp.state(), 'open medium {vip,new}, resolved medium {new,vip}, open medium {vip}', 'each once');
select is(pg_temp.outcome('Dora', '{all three}', '{"add_tags": ["vip"]}'), 'unchanged, unchanged, not_visible', 'again: nothing to change');
select is(pg_temp.outcome('Dora', '{all three}', '{"remove_tags": ["vip", "none"], "priority": "high"}'), 'done, done, not_visible', 'and taken away');
select is(pg_temp.state(), 'open high {new}, resolved high {new}, open medium {vip}', 'with a column beside');
delete from case_internal where case_id = tests.id('case')::bigint;
select is(pg_temp.outcome('Dora', '{case}', '{"remove_tags": ["new"]}'), 'unchanged', 'from one that has none');
select is((select count(*) from case_internal where case_id = tests.id('case')::bigint), 0::bigint, 'it is not written for that');
select is(pg_temp.outcome('Dora', '{case}', '{"remove_tags": ["new"], "add_tags": ["new", "old"]}'), 'done', 'both at once');
select is((select tags from case_internal where case_id = tests.id('case')::bigint), '{old}', 'what is taken away is away');
select is(pg_temp.outcome('Alan', '{other case}', '{"add_tags": ["only"]}'), 'done', 'one case gets a tag');
select is((select string_agg(case_id::text, ' ') from case_internal where 'only' = any (tags)), tests.id('other case'), 'and no other');
select is(pg_temp.outcome('Carla', '{case}', '{"add_tags": ["mine"]}'), 'refused 42501', 'a client has no tags');
select is(pg_temp.outcome('Alan', '{case}', '{"add_tags": [" "]}'), 'refused 23514', 'a tag says something');
select is(pg_temp.outcome('Asta', '{case}', '{"add_tags": ["asta"], "priority": "low"}'), 'refused 42501', 'what is refused by half is not done by half');
select is((select tags from case_internal where case_id = tests.id('case')::bigint), '{old}', 'neither tags');
select matches(tests.refusal('Alan', format($$select update_cases(array[{case}], %L)$$, changes)), '^22023 \| add_tags must be an array of tags', changes)
from unnest(array['{"add_tags": "vip"}', '{"add_tags": [1]}', '{"add_tags": [null]}']) changes;

-- A reply to many.
select is(tests.would('Dora', $$select casebase.reply_in_place(array[{all three}], 'Next week', true)$$), '42501', 'nobody writes into a case that they don''t see');
select is(tests.sees('Dora', $$select string_agg(result, ' ' order by id) from reply_to_cases(array[{all three}, -1], 'Next week')$$), 'not_visible done done not_visible', 'staff reply to many');
select is((select string_agg(party1_name || ' to ' || party2_name || case when visible_to_client then ', shown' else '' end, '; ' order by case_id) from interactions where content = 'Next week'),
  'Dora to Carla, shown; Dora to Carla, shown', 'in the open, to the client of each');
select is(tests.does('Dora', $$select reply_to_cases(array[{case}], 'Between us', false)$$), '1', 'or between themselves');
select is((select visible_to_client from interactions where content = 'Between us' and created_by = tests.filled('{Dora}')::uuid), false, 'unseen');
select is(tests.sees('Carla', $$select string_agg(result, ' ' order by id) from reply_to_cases(array[{all three}], 'Hello?')$$), 'done done not_visible', 'clients to theirs');
select is(tests.sees('Carla', 'select status from cases where id = {resolved case}'), 'open', 'which opens what was resolved');
select is(tests.sees('Carla', $$select result || (error ->> 'code') from reply_to_cases(array[{case}], ' ')$$), 'refused23514', 'a reply says something');
select is(tests.would('Carla', $$select reply_to_cases(array(select generate_series(1, 1001)), 'c')$$), '22023', 'at most a thousand');
update cases set status = 'closed' where id = tests.id('case')::bigint;
select is(tests.sees('Carla', $$select result from reply_to_cases(array[{case}], 'And now?')$$), 'done', 'a closed one');
select is((select c.follow_up_of::text from interactions i join cases c on c.id = i.case_id where i.content = 'And now?'), tests.id('case'), 'has it in the case that follows');
insert into tests.names select 'replies', tests.sees('Carla', $$select jsonb_agg(r) from reply_to_cases(array[{case}, {resolved case}], 'And both?') r$$);
select is(
  (select string_agg((r ->> 'result') || ' ' || coalesce(c.follow_up_of, c.id), ', ' order by r ->> 'id')
   from jsonb_array_elements(tests.id('replies')::jsonb) r
   left join interactions i on i.id = (r ->> 'interaction_id')::bigint
   left join cases c on c.id = i.case_id),
  tests.filled('done {case}, done {resolved case}'), 'also among others, and its sender hears which interaction it is');
update cases set status = 'open' where id = tests.id('case')::bigint;

-- Taking it back.
create temporary table done (events bigint[]);
grant all on done to public;
create function pg_temp.does_many(person text, ids text, changes text) returns text language sql as $$
  select tests.does(person, format('with u as (select * from update_cases(array[%s]::bigint[], %L)) insert into done select array_agg(e) from u, unnest(u.events) e', ids, changes))
$$;
create function pg_temp.undoes(person text) returns text language sql as $$
  select tests.sees(person, format('select string_agg(result || coalesce('' '' || (error ->> ''code'') || '' '' || coalesce(error ->> ''details'', error ->> ''message''), ''''), '', '' order by id) from undo_changes(%L)', (select events from done)))
$$;
update cases set priority = 'medium', status = 'open' where id in (tests.id('case')::bigint, tests.id('resolved case')::bigint, tests.id('other case')::bigint);
update cases set assigned_to = tests.filled('{Asta}')::uuid where id = tests.id('resolved case')::bigint;
select is(pg_temp.does_many('Alan', '{all three}', tests.filled('{"status": "closed", "priority": "low", "assigned_to": "{Alan}", "required_specialty_id": null}')), '1', 'somebody closes three cases');
select is((select cardinality(events) from done), 9, 'which leaves three entries each');
select is((select string_agg(distinct type, ' ' order by type) from case_events where id = any ((select events from done)::bigint[])), 'case.assigned case.status_changed case.updated', 'those');
select is(pg_temp.undoes(who), said, who || ' undoes it: ' || coalesce(said, 'no answer'))
from (values ('Dora', 'refused 42501 only who made a change takes it back, refused 42501 only who made a change takes it back'), ('Carla', null), ('Otto', null), ('Nemo', null)) v (who, said);
select is(tests.does('Dora', $$update cases set priority = 'urgent' where id = {resolved case}$$), '1', 'somebody changes one since');
update staff_members set active = false where user_id = tests.filled('{Ada}')::uuid;
select is(pg_temp.undoes('Ada'), null, 'who is no admin any more undoes nothing');
update staff_members set active = true where user_id = tests.filled('{Ada}')::uuid;
select is(pg_temp.undoes('Alan'), 'done, partly PT409 priority: changed since, done', 'who did it takes it back, but for what was changed since');
select is((select string_agg(concat_ws(' ', status, priority, p.name), ', ' order by c.id) from cases c left join tests.people p on p.id = c.assigned_to where c.id in (tests.id('case')::bigint, tests.id('resolved case')::bigint, tests.id('other case')::bigint)),
  'open medium Asta, open urgent Asta, open medium', 'and each is as it was');
select is((select string_agg(e.type || ' by ' || e.actor_name, ', ' order by e.seq) from (select * from case_events where case_id = tests.id('other case')::bigint order by seq desc limit 3) e),
  'case.assigned by Alan, case.status_changed by Alan, case.updated by Alan', 'which the history has, too');
delete from done;
select is(pg_temp.does_many('Alan', '{case}', '{"title": "Another", "description": "Other words", "metadata": {"a": 1}, "action_required_by": "2030-01-01"}'), '1', 'words');
select is(pg_temp.undoes('Ada'), 'partly PT409 description: the history has no old value; metadata: the history has no old value', 'are not in the history; an admin takes back the rest');
select is((select concat_ws(' ', title, description, metadata, action_required_by) from cases where id = tests.id('case')::bigint), 'case Other words {"a": 1}', 'which is the title and the deadline');
-- Several changes at once go back to the first.
delete from done;
select is(pg_temp.does_many('Dora', '{case}', '{"status": "in_progress", "priority": "low"}'), '1', 'one change');
select is(pg_temp.does_many('Dora', '{case}', '{"status": "waiting", "action_required_by": "2030-01-01"}'), '1', 'and another');
update done set events = (select array_agg(e) from done, unnest(events) e);
delete from done where ctid <> (select min(ctid) from done);
select is(pg_temp.undoes('Dora'), 'done', 'are taken back together');
select is((select concat_ws(' ', status, priority, action_required_of, action_required_by) from cases where id = tests.id('case')::bigint), 'open medium', 'with all that followed from them');
-- Each case goes back to what it was itself.
delete from done;
update cases set priority = case id when tests.id('case')::bigint then 'high' else 'urgent' end where id in (tests.id('case')::bigint, tests.id('other case')::bigint);
select is(pg_temp.does_many('Alan', '{case},{other case}', '{"priority": "low"}'), '1', 'two cases');
select is(pg_temp.undoes('Alan'), 'done, done', 'are taken back');
select is((select string_agg(priority, ' ' order by id) from cases where id in (tests.id('case')::bigint, tests.id('other case')::bigint)), 'high urgent', 'each to its own');
-- By the rules of every case.
delete from done;
select is(pg_temp.does_many('Alan', '{case}', tests.filled('{"assigned_to": "{Dora}"}')), '1', 'a case changes hands');
update staff_members set active = false where user_id = tests.filled('{Asta}')::uuid;
select is(pg_temp.undoes('Alan'), 'refused 23514 a case can be assigned to active staff only', 'and doesn''t go back to who has left');
-- Tags go and come back, whatever else was tagged since.
create function pg_temp.tags(name text) returns text language sql as $$
  select tags::text from case_internal where case_id = tests.id(name)::bigint
$$;
delete from done;
delete from case_internal where case_id = tests.id('resolved case')::bigint;
update case_internal set tags = '{vip,old}' where case_id in (tests.id('case')::bigint, tests.id('other case')::bigint);
select is(pg_temp.does_many('Alan', '{all three}', '{"add_tags": ["new"], "remove_tags": ["vip"], "priority": "low"}'), '1', 'three cases are tagged');
select is((select cardinality(events) from done), 6, 'which leaves an entry each, beside that of the priority');
select is(tests.does('Dora', $$select update_cases(array[{case}], '{"add_tags": ["hers"], "remove_tags": ["old"]}')$$), '1', 'somebody tags one since');
create temporary table versions as select version from case_internal where case_id = tests.id('case')::bigint;
select is(pg_temp.undoes('Dora'), 'refused 42501 only who made a change takes it back, refused 42501 only who made a change takes it back', 'who is another takes no tags back');
select is(pg_temp.undoes('Alan'), 'done, done, done', 'who tagged them does');
select is(concat_ws(' ', pg_temp.tags('case'), pg_temp.tags('resolved case'), pg_temp.tags('other case')), '{hers,vip} {} {vip,old}', 'and nobody else''s go along');
select is((select i.version - v.version from case_internal i, versions v where i.case_id = tests.id('case')::bigint), 1, 'in one change');
delete from done;
select is(pg_temp.does_many('Alan', '{case}', '{"add_tags": ["new"]}'), '1', 'a tag comes');
select is(pg_temp.does_many('Alan', '{case}', '{"remove_tags": ["new"]}'), '1', 'and goes');
update done set events = (select array_agg(e) from done, unnest(events) e);
delete from done where ctid <> (select min(ctid) from done);
select is(pg_temp.undoes('Alan'), 'done', 'taken back together');
select is(pg_temp.tags('case'), '{hers,vip}', 'all is as before the first');
delete from done;
select is(pg_temp.does_many('Alan', '{case},{other case}', '{"remove_tags": ["vip"]}'), '1', 'a tag goes');
delete from case_internal where case_id = tests.id('other case')::bigint;
update case_internal set tags = array(select 't' || n from generate_series(1, 50) n) where case_id = tests.id('case')::bigint;
select matches(pg_temp.undoes('Alan'), '^refused 23514 .*, partly PT409 tags: changed since$',
  'and comes back neither where there is no room, nor to a record that is gone');
delete from done;
update case_internal set tags = '{vip}' where case_id = tests.id('case')::bigint;
select is(pg_temp.does_many('Alan', '{case}', '{"add_tags": ["one"]}'), '1', 'only what is taken back is');
update case_internal set tags = '{one,vip}' where case_id = tests.id('case')::bigint;
select is(tests.does('Alan', $$select update_cases(array[{case}], '{"add_tags": ["two"]}')$$), '1', 'of two tags');
select is(pg_temp.undoes('Alan'), 'done', 'the one');
select is(pg_temp.tags('case'), '{vip,two}', 'and not the other');
-- Another case's entries change nothing of this one, also where the two are given together.
delete from done;
update cases set priority = case id when tests.id('case')::bigint then 'low' else 'medium' end;
select is(pg_temp.does_many('Alan', '{case}', '{"add_tags": ["here"], "priority": "high"}'), '1', 'a tag and a priority here');
select is(pg_temp.does_many('Alan', '{other case}', '{"add_tags": ["vip"], "priority": "urgent"}'), '1', 'and others there');
update done set events = (select array_agg(e) from done, unnest(events) e);
select is(tests.sees('Alan', format('select casebase.undo_changes_of({case}, %L)', (select events from done limit 1))), '{}', 'of which those here are taken back');
select is(pg_temp.tags('case') || (select priority from cases where id = tests.id('case')::bigint), '{vip,two}low', 'and nothing else');
delete from done;
select is(pg_temp.does_many('Alan', '{case}', '{"priority": "high"}'), '1', 'his change here');
select is(tests.does('Ada', $$update cases set priority = 'low' where id = {other case}$$), '1', 'and hers there');
select is(tests.sees('Alan', format('select casebase.undo_changes_of({case}, %L)',
    (select events || (select max(e.id) from case_events e where e.case_id = tests.id('other case')::bigint) from done))), '{}',
  'who made a change there says nothing of those here');
delete from done;
update staff_members set active = true where user_id = tests.filled('{Asta}')::uuid;
update cases set assigned_to = tests.filled('{Asta}')::uuid, required_specialty_id = null where id = tests.id('case')::bigint;
select is(pg_temp.does_many('Asta', '{case}', '{"status": "in_progress"}'), '1', 'who sees what is assigned to her alone changes it');
select is(pg_temp.undoes('Asta'), 'done', 'and takes it back');

-- What happened to something else of the case is neither answered nor taken back.
create function pg_temp.note() returns trigger language plpgsql as $$
begin
  insert into public.internal_notes (case_id, content) values (new.id, 'changed');
  return null;
end
$$;
create trigger zz_note after update on cases for each row execute function pg_temp.note();
delete from done;
update cases set priority = 'low' where id = tests.id('case')::bigint;
select is(pg_temp.does_many('Alan', '{case}', '{"priority": "high"}'), '1', 'a change that leaves a note, too');
select is((select cardinality(events) from done), 1, 'leaves one entry to take back');
drop trigger zz_note on cases;
select is(tests.does('Ada', $$update interactions set content = 'Other words' where id = {hidden}$$), '1', 'words are changed');
update done set events = array(select max(id) from case_events where type = 'interaction.updated');
select is(pg_temp.undoes('Ada'), 'done', 'of which nothing is a case''s own');

select is(tests.would('Alan', 'select undo_changes(array(select generate_series(1, 1001)))'), '22023', 'at most a thousand');
select is(tests.sees('Alan', 'select count(*) from undo_changes(array[-1, null])'), '0', 'what there is not has no answer');
select is(tests.would(who, 'select undo_changes(array[1])'), '42501', who || ' may not call it') from unnest(array['anon', 'service', 'worker']) who;

select * from finish();
rollback;
