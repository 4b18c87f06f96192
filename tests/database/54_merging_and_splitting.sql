-- Duplicates lead to the case that survives, for whoever sees it; a part of one case becomes another.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
-- A duplicate of Acme's case in North, with a reply, and one in South.
insert into cases (client_id, department_id, title, created_by) select tests.id('acme')::uuid, tests.id(d)::uuid, d, tests.filled('{Carla}')::uuid from unnest(array['north', 'south']) d;
insert into tests.names select title || ' twin', id::text from cases where title in ('north', 'south') union all select title || ' number', case_id from cases where title in ('north', 'south');
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
select tests.id(t)::bigint, 'Carla', 'CLIENT', 'Argan', 'ARGAN', 'Again: ' || t, true from unnest(array['north twin', 'south twin']) t;
select plan(83);

-- Who may, and what.
select is(tests.would(who, 'select merge_cases({north twin}, {case})'), outcome, who || ' merges: ' || outcome)
from (values ('Ada', '1'), ('Alan', '1'), ('Dora', '1'), ('Asta', 'PT404'), ('Sam', 'PT404'), ('Carla', 'PT404'), ('Otto', 'PT404'), ('Nemo', 'PT404'), ('anon', '42501'), ('service', '42501')) v (who, outcome);
update cases set assigned_to = tests.filled('{Asta}')::uuid where id = tests.id('north twin')::bigint;
select is(tests.would('Asta', 'select merge_cases({north twin}, {case})'), '1', 'and who works both');
update cases set assigned_to = null where id = tests.id('north twin')::bigint;
select is(tests.would('Dora', 'select merge_cases({south twin}, {case})') || tests.would('Dora', 'select merge_cases({case}, {south twin})'), 'PT404PT404', 'both must be in sight');
select is(tests.refusal('Alan', 'select merge_cases({other case}, {case})'), 'PT409 | the two cases have different clients | Cases are merged within one client.', 'and of one client');
select is(tests.would('Alan', 'select merge_cases({case}, {case})'), '22023', 'and two');
select is(tests.would('Alan', 'select merge_cases({case}, 999999)'), 'PT404', 'and there');
select is(tests.would('service', 'update cases set status = ''closed'', merged_into = {case} where id = {other case}'), '23503', 'whoever writes it');
select is(tests.would('service', 'update cases set status = ''closed'', merged_into = id where id = {case}'), '23514', 'not into itself');
select is(tests.would('service', 'update cases set merged_into = {case} where id = {north twin}'), '23514', 'an open case is no duplicate');

-- What comes of it.
create temporary table counted as select tests.sees('Carla', 'select sum(count) from case_counts()')::integer as n;
select is(tests.sees('Dora', 'select m.id from merge_cases({north twin}, {case}) m'), tests.id('case'), 'merging gives the case that lives on');
select is((select row(status, merged_into, closed_at is not null)::text from cases where id = tests.id('north twin')::bigint), tests.filled('(closed,{case},t)'), 'the other is closed and points to it');
select is(tests.would('Alan', 'select merge_cases({north twin}, {south twin})'), 'PT409', 'once');
select is(tests.refusal('Alan', 'select merge_cases({south twin}, {north twin})'), 'PT409 | the other case has been merged itself | Merge into the case that rpc/find_case gives.', 'not into a dead one');
select is((select string_agg(type || coalesce(' ' || (data #>> '{changes,merged_into,to}'), ''), ', ' order by seq) from (select * from case_events where case_id = tests.id('north twin')::bigint order by seq desc limit 2) e),
  tests.filled('case.status_changed, case.merged {case}'), 'its history says so');
select is((select count(*) from interactions where case_id = tests.id('north twin')::bigint), 1::bigint, 'nothing has moved');
select is(tests.sees(who, 'select count(*) from unnest((list_cases()).cases) c where c.id = {north twin}'), '0', who || '''s list leaves it out')
from unnest(array['Alan', 'Dora', 'Carla', 'Sam']) who;
select is(tests.sees('Carla', 'select sum(count) from case_counts()')::integer, (select n - 1 from counted), 'as the counts do');
select is(tests.sees(who, 'select id from find_case(''{north number}'')'), tests.id('case'), who || ' finds the other by its number') from unnest(array['Alan', 'Dora', 'Carla', 'Sam']) who;
select is(tests.would(who, 'select find_case(''{north number}'')'), 'PT404', who || ' finds none') from unnest(array['Otto', 'Asta', 'Nemo']) who;
select is(tests.sees('Carla', 'select id from find_case(''{number}'')'), tests.id('case'), 'one that is none is itself');
select is(tests.would('Carla', 'select find_case(''CASE-9999'')'), 'PT404', 'and what there isn''t is not found');
-- Timeline and words of both, from either.
select is(tests.sees(who, format('select count(*) from unnest((list_interactions({%s})).interactions) i where i.content ~ ''^(Hello|Again: north)''', which)), '2', who || ' reads what was said in both, from ' || which)
from unnest(array['Dora', 'Carla']) who, unnest(array['case', 'north twin']) which;
select is(tests.sees('Carla', format('select string_agg(distinct e.data ->> ''case_id'', '' '' order by e.data ->> ''case_id'') from unnest((case_timeline({%s})).entries) e', which)),
  least(tests.id('number'), tests.id('north number')) || ' ' || greatest(tests.id('number'), tests.id('north number')), 'and what happened, from ' || which)
from unnest(array['case', 'north twin']) which;
-- No reply lands in the dead case.
select is(tests.sees(who, 'insert into interactions (case_id, content) values ({north twin}, ''A reply'') returning case_id'), tests.id('case'), who || '''s reply is in the living one') from unnest(array['Carla', 'Dora']) who;
select is(tests.sees('service', 'insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({north twin}, ''A'', ''CLIENT'', ''B'', ''ARGAN'', ''By mail'') returning case_id'), tests.id('case'), 'as a service key''s is');
update cases set status = 'waiting' where id = tests.id('case')::bigint;
select is(tests.sees('Carla', 'insert into interactions (case_id, content) values ({north twin}, ''A reply'') returning case_id'), tests.id('case'), 'which opens it');
select is((select status from cases where id = tests.id('case')::bigint), 'open', 'where it waits');
update cases set status = 'closed' where id = tests.id('case')::bigint;
select is(tests.sees('Carla', 'insert into interactions (case_id, content) values ({north twin}, ''A late reply'') returning case_id not in ({case}, {north twin})'), 'true', 'and where it is closed, another');
select is((select follow_up_of::text from cases where id = (select case_id from interactions where content = 'A late reply')), tests.id('case'), 'that follows the living one');
update cases set status = 'open' where id = tests.id('case')::bigint;
-- A chain, whose end some don't see.
select is(tests.does('Alan', 'select merge_cases({case}, {south twin})'), '1', 'the living one is merged, too');
select is(tests.sees(who, 'select id from find_case(''{north number}'')'), tests.id(survivor), who || ' is led to ' || survivor)
from (values ('Alan', 'south twin'), ('Carla', 'south twin'), ('Sam', 'south twin'), ('Dora', 'case')) v (who, survivor);
select is(tests.sees('Carla', 'select count(*) from unnest((list_interactions({north twin})).interactions) i where i.content ~ ''^(Hello|Again)'''), '3', 'all three speak as one');
-- Asked themselves, the helpers lead nobody further than they see.
select is(tests.sees(who, 'select cardinality(casebase.merged_cases({south twin})) || '' '' || (casebase.survivor_of({north twin}) = {north twin})'), said, who || ' is told of ' || said)
from (values ('Carla', '3 false'), ('Otto', '1 true'), ('Nemo', '1 true')) v (who, said);
-- A service key can write a circle: whoever asks gets an answer all the same.
savepoint straight;
select is(tests.does('service', 'update cases set status = ''closed'', merged_into = {north twin} where id = {south twin}'), '1', 'a circle');
set local statement_timeout = '5s';
select is(tests.sees('Carla', 'select id from find_case(''{north number}'')'), tests.id('south twin'), 'ends before it begins again');
select is(tests.sees('Carla', 'insert into interactions (case_id, content) values ({north twin}, ''Round'') returning case_id not in ({case}, {north twin}, {south twin})'), 'true', 'and a reply, for it is closed, opens another');
rollback to straight;
select is(tests.sees('Dora', 'select count(*) from unnest((list_interactions({north twin})).interactions) i where i.content ~ ''^(Hello|Again)'''), '2', 'as far as they are seen');
select is(tests.sees('Dora', 'insert into interactions (case_id, content) values ({north twin}, ''To whom'') returning case_id'), tests.id('case'), 'nobody writes where they don''t see');
select is(tests.would('Alan', 'select merge_cases({south twin}, {case})'), 'PT409', 'and there is no way round');
-- Opened again, it is no duplicate.
select is(tests.does('Ada', 'select reopen_case({north twin})'), '1', 'an admin opens one again');
select is((select row(status, merged_into)::text from cases where id = tests.id('north twin')::bigint), '(open,)', 'and it stands for itself');
select is(tests.sees('Carla', 'select id from find_case(''{north number}'')'), tests.id('north twin'), 'by its number');
delete from interactions where case_id = tests.id('south twin')::bigint;
select is(tests.does('service', 'delete from cases where id = {south twin}'), '1', 'where the living one is deleted');
select is((select row(status, merged_into)::text from cases where id = tests.id('case')::bigint), '(closed,)', 'the other is closed, and no more');

-- Splitting.
select is(tests.would(who, 'select split_case({hidden}, ''Apart'')'), outcome, who || ' splits: ' || outcome)
from (values ('Ada', '1'), ('Alan', '1'), ('Dora', '1'), ('Asta', '42501'), ('Sam', 'PT404'), ('Carla', 'PT404'), ('Nemo', 'PT404'), ('service', '42501')) v (who, outcome);
update cases set status = 'open' where id = tests.id('case')::bigint;
insert into tests.names select 'besides', tests.sees('Carla', 'insert into interactions (case_id, content) values ({case}, ''Besides'') returning id');
insert into tests.names select 'apart', tests.sees('Dora', 'select id from split_case({besides}, ''Apart'')');
select is((select row(c.title, c.status, c.client_id, c.department_id, c.split_from, c.created_by)::text from cases c where c.id = tests.id('apart')::bigint),
  tests.filled('(Apart,open,{acme},{north},{case},{Dora})'), 'a case of its own, that points back');
select is((select string_agg(row(i.party1_name, i.party2_name, i.content, i.visible_to_client, i.created_by)::text, ' ') from interactions i where i.case_id = tests.id('apart')::bigint),
  tests.filled('(Carla,Asta,Besides,t,{Carla})'), 'with what was said, by whom, to whom');
select is((select count(*) from interactions where id = tests.id('besides')::bigint and case_id = tests.id('case')::bigint), 1::bigint, 'which stays where it was');
with older as (
  insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, created_at, updated_at)
  values (tests.id('case')::bigint, 'Dora', 'ARGAN', 'Carla', 'CLIENT', 'Said long ago', now() - interval '2 days', now() - interval '1 day')
  returning id
)
insert into tests.names select 'older', id::text from older;
insert into tests.names select 'older apart', tests.sees('Dora', 'select id from split_case({older}, ''Long ago'')');
select is((select row(i.created_at, i.updated_at) from interactions i where i.case_id = tests.id('older apart')::bigint),
  row(now() - interval '2 days', now() - interval '1 day'), 'when it was said and edited is the copy''s, too: it was not edited by being copied');

select * from finish();
rollback;
