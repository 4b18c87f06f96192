-- Two people change the same row: who says what they started from is told that somebody was faster.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
select plan(25);

select is(tests.sees('Dora', 'select version from cases where id = {case}'), '1', 'a case begins at version 1');
select is(tests.does('Alan', $$update cases set priority = 'high' where id = {case}$$), '1', 'somebody is faster');
select is(tests.sees('Dora', 'select version from cases where id = {case}'), '2', 'and counted');
select is(tests.does('Dora', $$update cases set title = 'Hers', version = 1 where id = {case}$$), 'PT409', 'who started from the version before');
select is(tests.sees('Dora', 'select title || priority from cases where id = {case}'), 'casehigh', 'changes nothing');
select is(tests.refusal('Dora', $$update cases set title = 'Hers', version = 1 where id = {case}$$) ~ '^PT409 \| version 1 was changed meanwhile: it is version 2 now \| \{', true, 'and hears it');
-- What is in details is the row, as whoever reads it would have it.
create function pg_temp.details(person text, statement text) returns jsonb language plpgsql as $$
declare
  details text;
begin
  statement := tests.filled(statement);
  perform tests.become(person);
  begin
    execute statement;
  exception when others then
    get stacked diagnostics details = pg_exception_detail;
  end;
  perform tests.become_nobody();
  return details;
end
$$;
select is(pg_temp.details('Dora', $$update cases set title = 'Hers', version = 1 where id = {case}$$), (select to_jsonb(c) from cases c where c.id = tests.id('case')::bigint), 'with the row as it is');
select is(tests.does('Dora', $$update cases set title = 'Hers', version = 2 where id = {case}$$), '1', 'from that it is made');
select is(tests.does('Dora', $$update cases set title = 'Hers again' where id = {case}$$), '1', 'who names none, means the row as it is');
select is(tests.sees('Dora', 'select version from cases where id = {case}'), '4', 'each is counted');
select is(tests.would('Carla', $$update cases set title = 'c', version = 3 where id = {case}$$) || tests.would('Carla', $$update cases set title = 'c', version = 4 where id = {case}$$), 'PT4091', 'so for clients');
select is(tests.would('service', $$update cases set title = 's', version = 3 where id = {case}$$) || tests.would('service', $$update cases set title = 's', version = 4 where id = {case}$$), 'PT4091', 'and service keys');
select is(tests.would(who, $$update cases set title = 'x', version = 3 where id = {other case}$$), '0', who || ' hears nothing of what they don''t see') from unnest(array['Carla', 'Dora']) who;
-- Everything else that people change.
insert into tests.names select 'note', min(id)::text from internal_notes where case_id = tests.id('case')::bigint;
select is(tests.would('Ada', replace(statement, '{v}', '2')) || tests.would('Ada', replace(statement, '{v}', '1')), 'PT4091', statement)
from unnest(array[
  'update interactions set content = ''c'', version = {v} where id = {shown}',
  'update internal_notes set content = ''c'', version = {v} where id = {note}',
  'update case_internal set tags = array[]::text[], version = {v} where case_id = {case}']) statement;
select is(tests.does('Ada', $$update interactions set content = 'c' where id = {shown}$$), '1', 'once');
select is(tests.would('Ada', 'update interactions set content = ''c'', version = 1 where id = {shown}'), 'PT409', 'not twice');
-- Nobody begins at a version of their own, and many cases have none.
select is(tests.would('Ada', $$insert into cases (client_id, title, version) values ('{acme}', 't', 9)$$), '42501', 'a new case is at its first');
select matches(tests.refusal('Ada', $$select update_cases(array[{case}, {other case}], '{"title": "t", "version": 1}')$$), '^22023 \| you can''t change version of cases', 'many at once have no version in common');
create temp table read as select version from cases where id = tests.id('case')::bigint;
create function pg_temp.updates(of_one integer, title text) returns text language sql as $$
  select tests.sees('Ada', format('select concat_ws('' '', result, error ->> ''code'', (error ->> ''details'')::jsonb ->> ''title'') from update_cases(array[{case}], %L)',
    jsonb_build_object('title', title, 'version', of_one)))
$$;
select is(pg_temp.updates((select version from read), 'First'), 'done', 'one case has one');
select is(pg_temp.updates((select version from read), 'Second'), 'refused PT409 First', 'which is over then, and who is late sees what it is now');
select is(pg_temp.updates((select version from read), 'First'), 'refused PT409 First', 'even for what is so already');
select is(pg_temp.updates((select version + 1 from read), 'First'), 'unchanged', 'which is no change of what it is');

select * from finish();
rollback;
