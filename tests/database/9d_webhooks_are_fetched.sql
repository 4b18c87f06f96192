-- Receivers that no request reaches fetch: the same bodies, in each case's order, acknowledged by asking for the next.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
insert into tests.names select 'fetched', tests.sees('Ada', $$select id from create_webhook_endpoint(null, 'fetched', '{case.*}')$$);
insert into tests.names select 'again', tests.sees('Ada', $$select id from create_webhook_endpoint(null, 'fetched', '{case.*}')$$);
insert into tests.names select 'unfetched', tests.sees('Ada', $$select id from create_webhook_endpoint(null, 'unfetched')$$);
insert into tests.names select 'sent', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/')$$);
select plan(38);

create temporary table answers (n bigint generated always as identity, answer jsonb);
create function pg_temp.polls(most integer default 100, with_cursor text default '{cursor}') returns text language plpgsql
as $$
declare
  said text := tests.sees('Ada', format('select poll_events(''{fetched}'', %s, %s)',
    case when with_cursor = '{cursor}' then coalesce(quote_literal(tests.id('cursor')), 'null') else quote_nullable(with_cursor) end, most));
begin
  insert into answers (answer) values (said::jsonb);
  delete from tests.names where name = 'cursor';
  insert into tests.names values ('cursor', said::jsonb ->> 'cursor');
  return (select string_agg(n.name || ' ' || ((e ->> 'body')::jsonb #>> '{data,changes,title,to}') || ' after ' || coalesce(e ->> 'previous_seq', 'nothing'), ', ' order by place)
          from jsonb_array_elements(said::jsonb -> 'events') with ordinality events (e, place)
          join tests.names n on n.value = (e ->> 'body')::jsonb #>> '{data,case}' and n.name in ('case', 'other case'));
end
$$;
create function pg_temp.retitles(which text, title text) returns text language sql
as $$
  select tests.does('Ada', format('update cases set title = %L where id = {%s}', title, which))
$$;
-- Where the histories stand.
create function pg_temp.seq(which text) returns bigint language sql
as $$
  select last_seq from casebase.case_counters where case_id = tests.id(which)::bigint
$$;

select is(tests.id('again'), tests.id('fetched'), 'asked for twice, it is made once');
select is(pg_temp.polls(), null, 'nothing yet');
select is(jsonb_typeof((select answer -> 'cursor' from answers)), 'string', 'but a cursor');
select pg_temp.retitles('case', 'a');
insert into tests.names values ('first', pg_temp.seq('case'));
select pg_temp.retitles('case', 'b');
select pg_temp.retitles('other case', 'c');
insert into tests.names values ('other first', pg_temp.seq('other case'));
select is(pg_temp.polls(2), tests.filled('case a after nothing, case b after {first}'), 'a batch, in order');
select is(pg_temp.polls(2, null), tests.filled('case a after nothing, case b after {first}'), 'not acknowledged, it comes again');
select is((select count(distinct (e ->> 'webhook_id', e ->> 'body')) from answers, jsonb_array_elements(answer -> 'events') e), 2::bigint, 'byte for byte, under the same ids');
select is((select count(*) from casebase.webhook_deliveries d join casebase.webhook_payloads p on p.id = d.payload_id, answers, jsonb_array_elements(answer -> 'events') e
  where d.endpoint_id = tests.id('sent')::uuid and p.body = e ->> 'body'), 4::bigint, 'the same that is sent to others');
select is(pg_temp.polls(2), 'other case c after nothing', 'acknowledged, the next comes');
select is((select string_agg(state || ' ' || n, ', ' order by state) from (select state, count(*) as n from casebase.webhook_deliveries where endpoint_id = tests.id('fetched')::uuid group by state) s),
  'delivered 2, pending 1', 'which is what an admin sees');
select is(pg_temp.polls(2, (select answer ->> 'cursor' from answers where n = 2)), 'other case c after nothing', 'an older cursor acknowledges nothing');
select is(pg_temp.polls(2, (select answer ->> 'cursor' from answers where n = 3)), 'other case c after nothing', 'nor one that has done so, again');
select tests.sees('Ada', format($$select poll_events('{unfetched}', %L)$$, tests.id('cursor')));
select is(pg_temp.polls(2, null), 'other case c after nothing', 'nor another endpoint''s');
select pg_temp.retitles('other case', 'd');
select pg_temp.retitles('case', 'e');
select is(pg_temp.polls(), tests.filled(format('other case d after {other first}, case e after %s', tests.id('first')::bigint + 1)), 'each says what came before it');
select is(pg_temp.polls(), null, 'and that was all');
select is((select count(*) from casebase.webhook_deliveries where endpoint_id = tests.id('fetched')::uuid and (state <> 'delivered' or attempts <> 1)), 0::bigint, 'it is delivered');
select is((select count(*) from casebase.webhook_deliveries where endpoint_id = tests.id('unfetched')::uuid and state <> 'pending'), 0::bigint, 'another''s waits for it');

-- What came before is of the case, and was this endpoint's: not of the numbers between, which are others' and of the other case.
create function pg_temp.previous() returns text language sql
as $$
  select e ->> 'previous_seq' from (select answer from answers order by n desc limit 1) a, jsonb_array_elements(answer -> 'events') e
  where (e ->> 'body')::jsonb #>> '{data,changes,title,to}' = 'last'
$$;
insert into tests.names values ('before', pg_temp.seq('case'));
select tests.does('Ada', $$insert into interactions (case_id, content) select {case}, 'c' from generate_series(1, 20)$$);
select pg_temp.retitles('other case', 'o' || n) from generate_series(1, 10) n;
select pg_temp.retitles('case', 'last');
select pg_temp.polls();
select is(pg_temp.previous(), tests.id('before'), 'what came before is this endpoint''s and this case''s');
update casebase.webhook_deliveries d set state = 'failed', finished_at = now()
from casebase.webhook_payloads p
where p.id = d.payload_id and d.endpoint_id = tests.id('fetched')::uuid and p.case_id = tests.id('case')::bigint and p.seq = tests.id('before')::bigint;
select pg_temp.polls(100, null);
select is(pg_temp.previous(), (tests.id('before')::bigint - 1)::text, 'and not what was given up');
select pg_temp.polls();

-- A transaction that began earlier and committed later: its own case's order holds all the same.
select pg_temp.retitles('other case', 'later');
select pg_temp.retitles('case', 'f');
select pg_temp.retitles('case', 'g');
update casebase.webhook_deliveries d set next_attempt_at = now() - interval '1 minute'
where d.endpoint_id = tests.id('fetched')::uuid and d.id = (select max(id) from casebase.webhook_deliveries where endpoint_id = tests.id('fetched')::uuid);
select matches(pg_temp.polls(1), '^case f after \d+, case g after \d+$', 'what comes before in a case comes before');

-- Only for that.
select is((select count(*) from casebase.webhook_lease(100, 100, '1 minute', '1 second') where endpoint_id <> tests.id('sent')::uuid), 0::bigint, 'the worker sends none of it');
select is(split_part(tests.refusal('Ada', $$select poll_events('{sent}')$$), ' | ', 1), 'PT409', 'what is sent is not fetched');
select is(tests.would('Ada', $$select poll_events(gen_random_uuid())$$), 'PT404', 'a missing endpoint is not found');
select is(tests.would(person, $$select poll_events('{fetched}')$$), 'PT404', person || ' fetches nothing')
from unnest('{Alan,Dora,Asta,Sam,Carla,Otto,Nemo,Ivan,Faye}'::text[]) person;
select is(tests.would('service', $$select poll_events('{fetched}')$$), '1', 'a service key does');
select is(tests.refusal('Ada', $$select poll_events('{fetched}', 'yesterday')$$), '22023 | yesterday is no cursor | It is the cursor of the answer before this one.', 'a cursor is one');
select is(tests.would('Ada', $$select poll_events('{fetched}', most => 0)$$), '22023', 'and a batch has a size');
select is(tests.would('Ada', $$select poll_events('{fetched}', most => 1001)$$), '22023', 'up to a thousand');

-- What nobody fetches is given up in time.
update casebase.webhook_deliveries set next_attempt_at = now() - interval '31 days' where endpoint_id = tests.id('unfetched')::uuid;
select casebase.webhook_tidy('30 days');
select is((select string_agg(distinct state, ' ') from casebase.webhook_deliveries where endpoint_id = tests.id('unfetched')::uuid), 'failed', 'what nobody fetched for a month is given up');
select cmp_ok((select count(*) from casebase.webhook_deliveries where endpoint_id = tests.id('fetched')::uuid and state = 'pending'), '>', 0::bigint, 'what is younger is not');
select is(tests.would('Ada', $$select send_test_webhook('{fetched}')$$), '1', 'a test can be fetched, too');

select * from finish();
rollback;
