-- How a case moves: which status follows which and by whom, stages, deadlines, taking a case, and what a client's reply does.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
insert into specialties (name) values ('Pensions');
insert into tests.names select 'pensions', id from specialties where name = 'Pensions';
insert into case_stages (stage, status) values ('With legal', 'waiting'), ('Triage', 'open'), ('Drafting', 'in_progress'), ('Filed', 'resolved');

-- Every step, as staff and as an admin; a client makes none of them by hand.
create temporary table steps (from_status text, to_status text, made_by text);
insert into steps values
  ('open', 'in_progress', 'staff'), ('open', 'waiting', 'staff'), ('open', 'resolved', 'staff'), ('open', 'closed', 'staff'),
  ('in_progress', 'open', 'staff'), ('in_progress', 'waiting', 'staff'), ('in_progress', 'resolved', 'staff'), ('in_progress', 'closed', 'staff'),
  ('waiting', 'open', 'client'), ('waiting', 'in_progress', 'staff'), ('waiting', 'resolved', 'staff'), ('waiting', 'closed', 'staff'),
  ('resolved', 'open', 'client'), ('resolved', 'in_progress', 'staff'), ('resolved', 'waiting', 'nobody'), ('resolved', 'closed', 'staff'),
  ('closed', 'open', 'admin'), ('closed', 'in_progress', 'nobody'), ('closed', 'waiting', 'nobody'), ('closed', 'resolved', 'nobody');
create function pg_temp.moves(who text, from_status text, to_status text) returns text language plpgsql as $$
begin
  update cases set status = from_status where id = tests.id('case')::bigint;
  return tests.would(who, format('update cases set status = %L where id = {case}', to_status));
end
$$;

select plan(2 * 20 + 105 + 2);
select is(pg_temp.moves('Asta', from_status, to_status), case when made_by in ('client', 'staff') then '1' else 'PT409' end,
  'staff: from ' || from_status || ' to ' || to_status || ', by ' || made_by) from steps;
select is(pg_temp.moves('Ada', from_status, to_status), case made_by when 'nobody' then 'PT409' else '1' end,
  'an admin: from ' || from_status || ' to ' || to_status || ', by ' || made_by) from steps;
select is(pg_temp.moves('service', 'closed', 'waiting'), '1', 'a service key moves a case as it likes');
update cases set status = 'closed' where id = tests.id('case')::bigint;
select is(tests.refusal('Alan', $$update cases set status = 'waiting' where id = {case}$$),
  'PT409 | a case that is closed can''t become waiting | Only an admin opens it again.', 'who can''t, hears who can');
select is(tests.refusal('Ada', $$update cases set status = 'waiting' where id = {case}$$),
  'PT409 | a case that is closed can''t become waiting | You can make it open.', 'or what they can');
select is(tests.refusal('Alan', 'select reopen_case({case})'),
  'PT409 | the case is closed | A client''s reply to it opens a new case; an admin opens this one again.', 'by rpc neither');
select is(tests.would('Carla', 'select reopen_case({case})'), 'PT409', 'nor the client');
select is(tests.sees('Ada', 'select (reopen_case({case})).status'), 'open', 'an admin does');
select is(tests.would('Carla', 'select reopen_case({case})'), 'PT409', 'an open case is not opened');
update cases set status = 'waiting' where id = tests.id('case')::bigint;
select is(tests.would('Carla', 'select reopen_case({case})'), 'PT409', 'nor one that waits');
-- The table decides.
update status_transitions set made_by = 'admin' where to_status = 'open';
select is(tests.would('Carla', 'select reopen_case({resolved case})'), 'PT409', 'where the table says so, a client reopens nothing');
select is(tests.would('Alan', 'select reopen_case({resolved case})'), 'PT409', 'nor do staff');
update status_transitions set made_by = 'staff' where to_status = 'open';
select is(tests.would('Carla', 'select reopen_case({resolved case})') || tests.would('Alan', 'select reopen_case({resolved case})'), 'PT4091', 'or staff alone');
update cases set status = 'resolved' where id = tests.id('case')::bigint;
select is(tests.would('Asta', 'select reopen_case({case})'), '1', 'who has it, too');
update cases set status = 'waiting' where id = tests.id('case')::bigint;
update status_transitions set made_by = 'client' where (from_status, to_status) in (('waiting', 'open'), ('resolved', 'open'));

-- What comes with a status.
create function pg_temp.times() returns text language sql as $$
  select concat_ws(' ', status, case when resolved_at is not null then 'resolved_at' end, case when closed_at is not null then 'closed_at' end)
  from cases where id = tests.id('case')::bigint
$$;
update cases set status = 'open' where id = tests.id('case')::bigint;
select is(tests.does('Alan', $$update cases set status = 'closed' where id = {case}$$), '1', 'closed at once');
select is(pg_temp.times(), 'closed resolved_at closed_at', 'it has both times');
select is(tests.does('Ada', $$update cases set status = 'open' where id = {case}$$), '1', 'opened again');
select is(pg_temp.times(), 'open', 'it has none');
update cases set status = 'resolved', resolved_at = '2020-01-01' where id = tests.id('case')::bigint;
select is(tests.does('Alan', $$update cases set status = 'closed' where id = {case}$$), '1', 'closed once it was resolved');
select is((select resolved_at from cases where id = tests.id('case')::bigint), '2020-01-01'::timestamptz, 'it keeps the time of that');
select is(tests.would('service', $$update cases set closed_at = null where id = {case}$$), '1', 'closed_at follows the status');
select isnt((select closed_at from cases where id = tests.id('case')::bigint), null, 'always');

-- Stages.
update cases set status = 'open' where id = tests.id('case')::bigint;
create function pg_temp.stands() returns text language sql as $$ select concat_ws(', ', status, stage) from cases where id = tests.id('case')::bigint $$;
select is(tests.does('Asta', $$update cases set stage = 'With legal' where id = {case}$$), '1', 'a stage');
select is(pg_temp.stands(), 'waiting, With legal', 'brings its status');
select is(tests.does('Asta', $$update cases set title = 't' where id = {case}$$), '1', 'what has nothing to do with it');
select is(pg_temp.stands(), 'waiting, With legal', 'leaves both');
select is(tests.does('Asta', $$update cases set status = 'in_progress' where id = {case}$$), '1', 'a status');
select is(pg_temp.stands(), 'in_progress', 'ends the stage before');
select is(tests.does('Asta', $$update cases set stage = 'Filed' where id = {case}$$), '1', 'another stage');
select is(pg_temp.stands() || ': ' || pg_temp.times(), 'resolved, Filed: resolved resolved_at', 'brings what comes with its status, too');
select is(tests.does('Asta', $$update cases set status = status, stage = stage where id = {case}$$) || pg_temp.stands(), '1resolved, Filed', 'said again, it stays');
select is(tests.does('Asta', $$update cases set status = 'in_progress', stage = 'Drafting' where id = {case}$$), '1', 'both that agree');
select is(pg_temp.stands(), 'in_progress, Drafting', 'are taken');
select is(tests.would('Asta', $$update cases set status = 'open', stage = 'With legal' where id = {case}$$), '23503', 'both that don''t are not');
select is(tests.does('Asta', $$update cases set stage = null where id = {case}$$), '1', 'no stage');
select is(pg_temp.stands(), 'in_progress', 'is no other status');
select is(tests.would('Asta', $$update cases set stage = 'Nowhere' where id = {case}$$), '23503', 'a stage that there isn''t');
select is(tests.sees('Alan', $$insert into cases (client_id, title, stage) values ('{acme}', 't', 'With legal') returning status$$), 'waiting', 'a case is opened in a stage');
select is(tests.would('Alan', $$insert into cases (client_id, title, stage, status) values ('{acme}', 't', 'With legal', 'resolved')$$), '23503', 'of the status that it says');
update cases set status = 'closed' where id = tests.id('case')::bigint;
select is(tests.would('Alan', $$update cases set stage = 'Drafting' where id = {case}$$), 'PT409', 'a stage moves no case that may not move');
update cases set status = 'in_progress', stage = 'Drafting' where id = tests.id('case')::bigint;
select is(tests.does('Ada', $$update case_stages set stage = 'In the drafts' where stage = 'Drafting'$$), '1', 'an admin finds a better word');
select is(pg_temp.stands(), 'in_progress, In the drafts', 'and its cases have it');
select is(tests.would('Ada', $$delete from case_stages where stage = 'In the drafts'$$), '23503', 'a stage with cases stays');
select is(tests.sees('Carla', 'select stage from cases where id = {case}'), 'In the drafts', 'who sees the case sees its stage');

-- Deadlines, and whose move it is.
create function pg_temp.move() returns text language sql as $$
  select concat_ws(', ', status, action_required_of, case when action_required_by is not null then 'with a deadline' end,
                   case when exists (select from overdue_cases o where o.id = c.id) then 'overdue' end)
  from cases c where id = tests.id('case')::bigint
$$;
select is(tests.does('Asta', $$update cases set action_required_by = now() - interval '1 day' where id = {case}$$), '1', 'a deadline that is past');
select is(pg_temp.move(), 'in_progress, with a deadline, overdue', 'is overdue');
select is(tests.does('Asta', $$update cases set action_required_of = 'CONTRACTOR' where id = {case}$$), '1', 'a contractor''s');
select is(pg_temp.move(), 'in_progress, CONTRACTOR, with a deadline, overdue', 'too');
select is(tests.does('Asta', $$update cases set action_required_of = 'CLIENT' where id = {case}$$), '1', 'its client''s');
select is(pg_temp.move(), 'in_progress, CLIENT, with a deadline', 'is not');
select is(tests.does('Asta', $$update cases set action_required_of = 'ARGAN', action_required_by = now() + interval '1 day' where id = {case}$$), '1', 'one to come');
select is(pg_temp.move(), 'in_progress, ARGAN, with a deadline', 'neither');
select is(tests.does('Asta', $$update cases set status = 'waiting', action_required_by = now() - interval '1 hour' where id = {case}$$), '1', 'what waits');
select is(pg_temp.move(), 'waiting, CLIENT, with a deadline', 'waits for its client');
select is(tests.does('Asta', $$update cases set status = 'in_progress' where id = {case}$$), '1', 'when it doesn''t any more');
select is(pg_temp.move(), 'in_progress', 'nothing is asked of the client');
select is(tests.does('Asta', $$update cases set status = 'waiting' where id = {case}$$), '1', 'where it is nobody''s move');
select is(pg_temp.move(), 'waiting, CLIENT', 'what waits, waits for the client');
select is(tests.does('Asta', $$update cases set status = 'waiting' where id = {case}$$), '1', 'said again');
select is(pg_temp.move(), 'waiting, CLIENT', 'it still does');
select is(tests.does('Asta', $$update cases set status = 'in_progress' where id = {case}$$), '1', 'and goes on');
select is(tests.does('Asta', $$update cases set status = 'waiting', action_required_of = 'CONTRACTOR' where id = {case}$$), '1', 'one that waits for somebody else');
select is(pg_temp.move(), 'waiting, CONTRACTOR', 'says so');
select is(tests.does('Asta', $$update cases set status = 'waiting', action_required_of = 'ARGAN' where id = {case}$$), '1', 'and may wait for us');
select is(pg_temp.move(), 'waiting, ARGAN', 'where somebody says so of what waits already');
update cases set action_required_of = 'CONTRACTOR' where id = tests.id('case')::bigint;
select is(tests.does('Asta', $$update cases set status = 'in_progress', action_required_of = 'ARGAN', action_required_by = now() - interval '1 hour' where id = {case}$$), '1', 'and then');
select is(pg_temp.move(), 'in_progress, ARGAN, with a deadline, overdue', 'whose move it is now');
select is(tests.does('Alan', $$update cases set status = 'resolved' where id = {case}$$), '1', 'what is done');
select is(pg_temp.move(), 'resolved, ARGAN, with a deadline', 'is not overdue');

-- Taking a case.
update cases set status = 'open', assigned_to = null, required_specialty_id = tests.id('pensions')::uuid where id = tests.id('case')::bigint;
select is(tests.would('Dora', 'select take_case({case})'), '23514', 'a case is taken by who has its specialty');
insert into staff_specialties values (tests.filled('{Dora}')::uuid, tests.id('pensions')::uuid);
select is(tests.sees('Dora', $$select t.status || (t.assigned_to = '{Dora}') from take_case({case}) t$$), 'in_progresstrue', 'who has it works it from then on');
select is(tests.would('Dora', 'select take_case({case})'), '1', 'having it, one may take it');
select is(tests.refusal('Alan', 'select take_case({case})'), 'PT409 | somebody has the case already | rpc/hand_over_case gives it to somebody else.', 'from somebody nobody takes it');
select is(tests.refusal('Carla', 'select take_case({resolved case})'), 'PT409 | the case is resolved | Reopen it first.', 'nor what is resolved');
update cases set status = 'open', required_specialty_id = null, assigned_to = null where id = tests.id('case')::bigint;
select is(tests.would(who, 'select take_case({case})'), '42501', who || ' takes no case') from unnest(array['Carla', 'Sam']) who;
update cases set status = 'waiting' where id = tests.id('resolved case')::bigint;
select is(tests.sees('Alan', $$select t.status || (t.assigned_to = '{Alan}') from take_case({resolved case}) t$$), 'waitingtrue', 'who was dismissed has it no more; it goes on waiting');

-- Escalating says why.
select is(tests.refusal('Carla', 'select escalate_case({case}, null)'), '22023 | say why, in reason', 'an escalation has a reason');
select is(tests.would('Carla', $$select escalate_case({case}, ' ')$$), '23514', 'that says something');
select is(tests.does('Carla', $$select escalate_case({case}, 'Two weeks!')$$), '1', 'then it is one');
select is(tests.sees('Dora', 'select escalation_reason from cases where id = {case}'), 'Two weeks!', 'and staff read why');
update cases set status = 'closed' where id = tests.id('case')::bigint;
select is(tests.refusal('Carla', $$select escalate_case({case}, 'r')$$), 'PT409 | the case is closed | Reopen it first.', 'a closed case is not escalated');
select is(tests.sees('Ada', $$select concat(status, escalated_at, escalated_by, escalation_reason) from reopen_case({case})$$), 'open', 'opened again, it is not any more');

-- A client's reply.
create function pg_temp.status(the_case text) returns text language sql as $$ select status from cases where id = tests.id(the_case)::bigint $$;
create function pg_temp.replies(who text, the_case text) returns text language sql as $$
  select tests.sees(who, format('insert into interactions (case_id, content) values ({%s}, ''It is said'') returning case_id', the_case))
$$;
update cases set status = 'waiting', action_required_by = now() where id = tests.id('case')::bigint;
select is(pg_temp.replies('Carla', 'case'), tests.id('case'), 'a reply to a case that waits');
select is(pg_temp.move(), 'open', 'opens it, and nothing is asked of its client');
select is((select string_agg(type || ' by ' || actor_name, ', ' order by seq) from (select * from case_events where case_id = tests.id('case')::bigint order by seq desc limit 3) e),
  'case.status_changed by Carla, case.updated by Carla, interaction.created by Carla', 'as the history says');
update cases set status = 'in_progress' where id = tests.id('case')::bigint;
select is(pg_temp.replies('Carla', 'case') || pg_temp.move(), tests.id('case') || 'in_progress', 'one that is worked goes on');
select is(tests.would('Dora', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({resolved case}, 'A', 'CLIENT', 'B', 'ARGAN', 'c')$$), '1',
  'what staff write');
update cases set status = 'resolved', assigned_to = null where id = tests.id('resolved case')::bigint;
select is((select status from cases where id = tests.id('resolved case')::bigint), 'resolved', 'opens nothing');
select is(tests.sees('Otto', 'select casebase.receive_reply({resolved case})') || pg_temp.status('resolved case'), tests.id('resolved case') || 'resolved', 'nor does who is not its client, whatever they call');
select is(pg_temp.replies('Sam', 'resolved case') || pg_temp.status('resolved case'), tests.id('resolved case') || 'open',
  'a client''s does, also of one who is staff elsewhere');
update status_transitions set made_by = 'staff' where (from_status, to_status) = ('resolved', 'open');
update cases set status = 'resolved' where id = tests.id('resolved case')::bigint;
select is(pg_temp.replies('Carla', 'resolved case') || pg_temp.status('resolved case'), tests.id('resolved case') || 'resolved',
  'where the table lets a client');
-- To a closed case.
update cases set status = 'closed', required_specialty_id = tests.id('pensions')::uuid, assigned_to = null where id = tests.id('case')::bigint;
select is(tests.would('Otto', $$insert into interactions (case_id, content) values ({case}, 'c')$$), '42501', 'who doesn''t see a closed case');
select is((select count(*) from cases where follow_up_of is not null), 0::bigint, 'opens no other');
insert into tests.names select 'follow-up', pg_temp.replies('Carla', 'case');
select isnt(tests.id('follow-up'), tests.id('case'), 'a reply to a closed case is in another');
select is((select row(status, priority, title, client_id, department_id, required_specialty_id, created_by, follow_up_of)::text from cases where id = tests.id('follow-up')::bigint),
  (select row('open', 'medium', title, client_id, department_id, required_specialty_id, tests.filled('{Carla}'), id)::text from cases where id = tests.id('case')::bigint),
  'that points back, and is otherwise like it');
select is((select status from cases where id = tests.id('case')::bigint), 'closed', 'the closed one stays closed');
select is((select data ->> 'follow_up_of' from case_events where case_id = tests.id('follow-up')::bigint and seq = 1), tests.id('case'), 'the history says what it follows');
select is(tests.would('Carla', $$insert into interactions (case_id, content) values ({other case}, 'c')$$), '42501', 'it opens no other client''s case to her');
select is(pg_temp.replies('Carla', 'case'), tests.id('follow-up'), 'the next goes there too');
select is(tests.does('Carla', $$insert into interactions (case_id, content) values ({case}, 'one'), ({case}, 'two')$$), '2', 'and two at once');
update cases set status = 'waiting' where id = tests.id('follow-up')::bigint;
select is(pg_temp.replies('Carla', 'case') || pg_temp.status('follow-up'), tests.id('follow-up') || 'open', 'which it opens, where it waits');
update cases set status = 'closed' where id = tests.id('follow-up')::bigint;
insert into tests.names select 'second', pg_temp.replies('Sam', 'case');
select is((select row(follow_up_of, created_by)::text from cases where id = tests.id('second')::bigint), tests.filled('({follow-up},{Sam})'), 'once that is closed, to one that follows it');
select is(tests.sees('Otto', format('select count(*) from interactions where case_id in (%s, %s)', tests.id('follow-up'), tests.id('second'))), '0', 'of which others see nothing');
select is(tests.sees('Carla', format('select count(*) from interactions where case_id in (%s, %s)', tests.id('follow-up'), tests.id('second'))), '6', 'and their client all');
select is(tests.would('service', 'delete from cases where id = {second}') || tests.would('service', $$update cases set follow_up_of = {case} where id = {second}$$), '123514', 'what a case follows never changes');
delete from client_members where user_id = tests.filled('{Carla}')::uuid;
select is(tests.would('Carla', 'insert into interactions (case_id, content) values ({follow-up}, ''c'')') || ' ' || tests.sees('Carla', 'select count(*) from interactions where case_id = {follow-up}'), '42501 0',
  'who has left the client neither writes nor reads in what was opened for their reply');
insert into client_members (client_id, user_id, display_name) values (tests.id('acme')::uuid, tests.filled('{Carla}')::uuid, 'Carla');
delete from interactions where case_id = tests.id('follow-up')::bigint;
select is(tests.does('Ada', format('delete from cases where id = %s', tests.id('follow-up'))), '1', 'when that is deleted');
select is((select follow_up_of from cases where id = tests.id('second')::bigint), null, 'it follows none');

select * from finish();
rollback;
