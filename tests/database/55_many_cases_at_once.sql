-- rpc/update_cases: many cases in one call, an answer for each, under the caller's own rights.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(45);
select tests.world();
insert into tests.names values ('all three', tests.filled('{case},{resolved case},{other case}'));

-- What each kind of person gets, for their case, one of another client, and one that isn't there.
create function tests.outcome(person text, ids text, changes text) returns text language sql as $$
  select tests.sees(person, format('select string_agg(result, '' '' order by id) from update_cases(array[%s]::bigint[], %L)', ids, changes))
$$;
create function tests.outcome_anew(person text, ids text, changes text) returns text language plpgsql as $$
begin
  update cases set priority = 'medium';
  return tests.outcome(person, ids, changes);
end
$$;
select is(tests.outcome_anew(who, '{all three}', '{"priority": "high"}'), wanted, who || ': ' || wanted)
from (values
  ('Ada',   'done done done'),
  ('Alan',  'done done done'),
  ('Dora',  'done done not_visible'),
  ('Asta',  'refused not_visible not_visible'),
  ('Sam',   'refused refused done'),
  ('Carla', 'refused refused not_visible'),
  ('Otto',  'not_visible not_visible refused'),
  ('Faye',  'not_visible not_visible not_visible'),
  ('Nemo',  'not_visible not_visible not_visible')
) as people (who, wanted);
select is(tests.would(who, $$select update_cases(array[{case}], '{"priority": "low"}')$$), '42501', who || ' may not call it')
from unnest(array['anon', 'worker']) who;
select is(tests.outcome('service', '{case}', '{"priority": "urgent"}'), 'done', 'a service key may');

-- One that is refused takes nothing else along, and says why as PostgREST would.
select is(tests.outcome('Asta', '{case},{other case},-1', '{"status": "in_progress"}'), 'not_visible done not_visible', 'an assigned member of staff changes what is hers to change');
select is(tests.sees('Alan', $$select string_agg(priority || ' ' || status, ', ' order by id) from cases where id in ({all three})$$), 'urgent in_progress, medium resolved, medium open', 'what was done is done');
insert into specialties (name) values ('Pensions');
insert into tests.names select 'pensions', id from specialties where name = 'Pensions';
select is(tests.does('Ada', $$update cases set assigned_to = null, required_specialty_id = '{pensions}' where id = {case}$$), '1', 'one case needs a specialty');
select is(tests.outcome('Alan', '{all three}', tests.filled('{"assigned_to": "{Alan}"}')), 'refused done done', 'who lacks it takes the others');
select is(tests.sees('Alan', $$select error - 'hint' from update_cases(array[{case}], '{"assigned_to": "{Alan}"}')$$),
  '{"code": "23514", "details": null, "message": "the case needs a specialty that its assignee does not have"}', 'and hears why');
select is(tests.sees('Alan', $$select count(*) from cases where assigned_to = '{Alan}'$$), '2', 'two are his');
select is(tests.outcome('Alan', '{all three}', tests.filled('{"assigned_to": "{Alan}"}')), 'refused unchanged unchanged', 'again: nothing to change');
select is(tests.sees('Alan', 'select count(*) from case_events where case_id = {other case} and type = ''case.assigned'''), '1', 'and nothing in the history');
-- North is out of Dora's sight once it is South's, which only a hand-over may do.
select is(tests.outcome('Dora', '{case},{resolved case}', tests.filled('{"department_id": "{south}"}')), 'refused refused', 'what ends one''s own sight is refused');
select is(tests.outcome('Alan', '{case},{resolved case}', tests.filled('{"department_id": "{south}", "title": "Moved"}')), 'done done', 'who sees both departments may');
select is(tests.sees('Alan', $$select string_agg(distinct title, ' ') from cases where id in ({case}, {resolved case})$$), 'Moved', 'several columns at once');

-- What makes no sense for any case is refused as a whole.
select matches(tests.refusal('Alan', $$select update_cases(array[{case}], '{"colour": "red"}')$$),
  '^22023 \| you can''t change colour of cases \| You can change action_required_by, .*title', 'an unknown column');
select matches(tests.refusal('Alan', $$select update_cases(array[{case}], '{"client_id": "{other}"}')$$), '^22023 \| you can''t change client_id of cases', 'one that is nobody''s to change');
select matches(tests.refusal('Alan', format($$select update_cases(array[{case}], %L)$$, changes)), '^22023 \| changes must be an object', changes)
from unnest(array['[]', '{}', 'null']) changes;
select matches(tests.refusal('Alan', $$select update_cases(array[{case}], '{"assigned_to": "me"}')$$), '^22P02 \| invalid input syntax for type uuid', 'a value of another type');
select is(tests.outcome('Alan', '{case}', '{"status": "nonsense"}'), 'refused', 'a status that there isn''t');
select matches(tests.refusal('Alan', $$select update_cases(array(select generate_series(1, 1001)), '{"priority": "low"}')$$),
  '^22023 \| at most 1000 ids at a time, not 1001', 'too many at once');
select is(tests.sees('Alan', $$select count(*) from update_cases(array[{case}, {case}, null], '{"priority": "low"}')$$), '1', 'an id counts once, null not at all');

-- A service key may write every column, but those that follow from others are nobody's.
select is(tests.would('service', format('select update_cases(array[{case}], %L)', changes)), '22023', changes || ' is no change')
from unnest(array['{"id": 5}', '{"case_id": "CASE-5"}', '{"xmin": 1}', '{"tableoid": 1}']) changes;

-- What is no case's fault ends the call: a deadlock or a full disk is to be tried again, not told of each case.
create function pg_temp.fail() returns trigger language plpgsql as $$
begin
  raise exception using errcode = case when new.title = 'whole' then tg_argv[0] when new.id = tests.id('case')::bigint then 'check_violation' else tg_argv[0] end;
end
$$;
create trigger zz_fail before update on cases for each row execute function pg_temp.fail('40P01');
select is(tests.would('Alan', $$select update_cases(array[{case}, {other case}], '{"title": "whole"}')$$), '40P01', 'a deadlock, of the whole update');
select is(tests.would('Alan', $$select update_cases(array[{case}, {other case}], '{"title": "one"}')$$), '40P01', 'or of one case');
drop trigger zz_fail on cases;
create trigger zz_fail before update on cases for each row execute function pg_temp.fail('53100');
select is(tests.would('Alan', $$select update_cases(array[{case}, {other case}], '{"title": "one"}')$$)
  || ' ' || tests.would('Alan', $$select update_cases(array[{case}, {other case}], '{"title": "whole"}')$$), '53100 53100', 'a full disk');

-- The same of a reply to many, and of taking back.
drop trigger zz_fail on cases;
create sequence tests.tries;
grant all on tests.tries to public;
create function pg_temp.fail_reply() returns trigger language plpgsql as $$
begin
  if new.content = 'whole' and nextval('tests.tries') > 1 then
    return new;
  end if;
  raise exception using errcode = case when new.content = 'whole' then tg_argv[0] when new.case_id = tests.id('case')::bigint then 'check_violation' else tg_argv[0] end;
end
$$;
create table tests.undone as
select array_agg(e) as events from (select tests.sees('Alan', $$select unnest(events) from update_cases(array[{case}], '{"priority": "urgent"}')$$)::bigint e) u;
create function pg_temp.fails_as(state text, call text) returns text language plpgsql as $$
begin
  perform setval('tests.tries', 1, false);
  execute format('create trigger zz_fail before insert on interactions for each row execute function pg_temp.fail_reply(%L)', state);
  execute format('create trigger zz_fail before update on cases for each row execute function pg_temp.fail(%L)', state);
  call := tests.would('Alan', call);
  drop trigger zz_fail on interactions;
  drop trigger zz_fail on cases;
  return call;
end
$$;
select is(pg_temp.fails_as(state, format($$select reply_to_cases(array[{case}, {other case}], %L)$$, words)), state, state || ' of a reply to many: ' || words)
from unnest(array['40P01', '53100']) state, unnest(array['whole', 'one']) words;
update cases set title = 'whole' where id = tests.id('case')::bigint;
select is(pg_temp.fails_as(state, format('select undo_changes(%L)', (select events from tests.undone))), state, state || ' of taking back') from unnest(array['40P01', '53100']) state;

select * from finish();
rollback;
