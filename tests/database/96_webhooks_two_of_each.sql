-- Two endpoints, two cases: what is done about one is done about that one.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
insert into tests.names select 'first', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/1', 'first')$$);
insert into tests.names select 'second', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/2', 'second')$$);
select plan(50);

-- What leases, as 'endpoint case', in order; and a report about those of an endpoint.
create temporary table leased (n bigint generated always as identity, delivery_id bigint, lease_token uuid, endpoint text, the_case text, message_id text, secrets text[]);
create function pg_temp.leases(most integer default 100) returns text language sql
as $$
  with taken as (
    insert into leased (delivery_id, lease_token, endpoint, the_case, message_id, secrets)
    select l.delivery_id, l.lease_token, (select e.description from casebase.webhook_endpoints e where e.id = l.endpoint_id),
           (select n.name from tests.names n where n.value = l.body::jsonb #>> '{data,case}' and n.name in ('case', 'other case')), l.message_id, l.secrets
    from casebase.webhook_lease(most, most, '1 minute', '1 second') l
    returning *
  )
  select string_agg(endpoint || ' ' || coalesce(the_case, 'test'), ', ' order by endpoint, the_case) from taken
$$;
create function pg_temp.answers(which text, verdict jsonb) returns integer language sql
as $$
  select casebase.webhook_ack(coalesce(jsonb_agg(jsonb_build_object('delivery_id', delivery_id, 'lease_token', lease_token, 'started_at', clock_timestamp(), 'status', 200) || verdict), '[]'))
  from (select distinct on (delivery_id) * from leased where endpoint = which
        and delivery_id in (select d.id from casebase.webhook_deliveries d where d.state = 'leased') order by delivery_id, n desc) l
$$;
create function pg_temp.states() returns text language sql
as $$
  select string_agg(line, ', ' order by line)
  from (select e.description || ' ' || d.state || ' ' || count(*) as line
        from casebase.webhook_deliveries d join casebase.webhook_endpoints e on e.id = d.endpoint_id group by e.description, d.state) s
$$;

-- A change in each case, twice.
select is(tests.does('Alan', $$update cases set title = 'a' where id in ({case}, {other case})$$), '2', 'a change');
select is(tests.does('Alan', $$update cases set title = 'b' where id in ({case}, {other case})$$), '2', 'and another');
select is(pg_temp.states(), 'first pending 4, second pending 4', 'each is for each');
select is(pg_temp.leases(), 'first case, first other case, second case, second other case', 'the first of each case goes to each');
select is((select count(distinct message_id) from leased), 4::bigint, 'under a name of its own');
select is(pg_temp.leases(), null, 'the next ones wait');
select is(pg_temp.answers('first', '{"verdict": "delivered"}'), 2, 'one endpoint answers');
select is(pg_temp.states(), 'first delivered 2, first pending 2, second leased 2, second waiting 2', 'its next ones are due, the other''s aren''t');
select is(pg_temp.leases(), 'first case, first other case', 'and sent');
select is(pg_temp.answers('second', '{"verdict": "retry", "retry_in_ms": 3600000}'), 2, 'the other fails');
select is((select string_agg(description || ' ' || failures_in_a_row, ', ' order by description) from casebase.webhook_endpoints), 'first 0, second 2', 'which is its own affair');
select is(pg_temp.leases(), null, 'and waits an hour');
select is(tests.sees('Ada', $$select retry_webhook_deliveries('{first}')$$), '0', 'also where the first is tried again at once');
select is(pg_temp.answers('first', '{"verdict": "delivered", "pause_ms": 60000}'), 2, 'the first is done');
select is((select count(*) from casebase.webhook_attempts), 6::bigint, 'every attempt is on record');
select is((select string_agg(d.attempts || ' ' || a.number, ', ' order by d.id, a.number) from casebase.webhook_deliveries d join casebase.webhook_attempts a on a.delivery_id = d.id
  where d.endpoint_id = tests.id('second')::uuid), '1 1, 1 1', 'the first of each delivery');

-- A lease that nobody reports goes back; one that is still held doesn't, and no other delivery is touched.
update casebase.webhook_deliveries set next_attempt_at = now() where state = 'pending';
select is(pg_temp.leases(), 'second case, second other case', 'the hour is over');
update casebase.webhook_deliveries set leased_until = now() - interval '1 second' where state = 'leased' and case_id = tests.id('case')::bigint;
select is(pg_temp.leases(), 'second case', 'whose lease has run out is taken again');
select is((select string_agg(n::text, ' ' order by case_id) from (
  select d.case_id, max(a.number) as n from casebase.webhook_deliveries d join casebase.webhook_attempts a on a.delivery_id = d.id
  where d.endpoint_id = tests.id('second')::uuid group by d.case_id) a), (select string_agg(n, ' ' order by the_case) from (
    values (tests.id('case')::bigint, '2'), (tests.id('other case')::bigint, '1')) v (the_case, n)), 'with an attempt more, the other without');
select is(pg_temp.states(), 'first delivered 4, second leased 2, second waiting 2', 'nothing else has changed');

-- A report counts for what it names, under its own lease.
select is(casebase.webhook_ack(jsonb_build_array(jsonb_build_object('delivery_id', delivery_id, 'lease_token', gen_random_uuid(), 'started_at', now(), 'status', 200, 'verdict', 'delivered'))), 0,
  'a report under no lease decides nothing') from (select min(delivery_id) as delivery_id from leased where endpoint = 'second') l;
select is(pg_temp.answers('second', '{"verdict": "delivered"}'), 2, 'under its own it does');
select is(pg_temp.states(), 'first delivered 4, second delivered 2, second pending 2', 'and its followers are due');
select is((select string_agg(description || ' ' || failures_in_a_row, ', ' order by description) from casebase.webhook_endpoints), 'first 0, second 0', 'one success clears its failures');

-- What an admin does about one.
select is(tests.does('Ada', $$select update_webhook_endpoint('{first}', description => 'changed', enabled => false)$$), '1', 'one is changed');
select is((select string_agg(description || ' ' || enabled, ', ' order by url) from casebase.webhook_endpoints), 'changed false, second true', 'one is');
select is(tests.does('Ada', $$select update_webhook_endpoint('{first}', description => 'first', enabled => true)$$), '1', 'and changed back');
select is(tests.does('Ada', $$select rotate_webhook_secret('{first}', '0')$$), '1', 'a secret ends at once');
select is(tests.would('Ada', $$select rotate_webhook_secret(gen_random_uuid())$$), 'PT404', 'of an endpoint that is there');
select is(tests.sees('Ada', $$select count(*) from webhook_deliveries(for_endpoint => '{second}')$$), '4', 'deliveries are listed by endpoint');
select is(tests.sees('Ada', $$select count(*) || ' ' || max(number) from webhook_attempts((select min(id) from webhook_deliveries(for_endpoint => '{second}')))$$), '4 4', 'attempts by delivery');
select is(tests.sees('Ada', $$select array_agg(id order by id) = (select array_agg(id order by id) from webhook_deliveries())
  from (select id from webhook_deliveries(most => 3) union all
        select id from webhook_deliveries(before => (select min(id) from webhook_deliveries(most => 3)), most => 100)) pages$$), 'true', 'a page begins before the last one''s last');
select is(tests.does('Ada', $$select send_test_webhook('{second}')$$), '1', 'a test is sent');
select is(tests.would('Ada', $$select replay_webhook_delivery(id) from webhook_deliveries() where event_id is null$$), 'PT409', 'which is not replayed');
update casebase.webhook_deliveries set state = 'failed', finished_at = now() where case_id is null;
select is(tests.would('Ada', $$select replay_webhook_delivery(id) from webhook_deliveries() where event_id is null$$), 'PT409', 'nor when it is over');
select is(pg_temp.leases(), 'second case, second other case', 'the rest is leased');
select is((select cardinality(array_agg(distinct secrets)) from leased where endpoint = 'second'), 1, 'under the secret that it always had');

-- Housekeeping: what is old and finished, and what nobody waits for.
update casebase.webhook_deliveries set finished_at = now() - interval '1 year' where state = 'delivered' and case_id = tests.id('case')::bigint;
select is(casebase.webhook_tidy('30 days'), 3, 'what was finished long ago is forgotten');
select is(tests.does('Ada', $$select delete_webhook_endpoint('{second}')$$), '1', 'one goes');
select casebase.webhook_tidy('30 days');
select is(pg_temp.states() || (select count(*) from casebase.webhook_deliveries where finished_at is null), 'first delivered 20', 'with what waits for it, and nothing of the other''s');
select is(tests.does('Alan', $$update cases set title = 'c' where id = {case}$$), '1', 'from then on');
select is((select count(*) from casebase.webhook_deliveries where endpoint_id = tests.id('second')::uuid and finished_at is null), 0::bigint, 'a change is nothing to it');

-- A sample names the endpoint that it goes to where the real one does, and nowhere else.
select tests.does('Ada', format('select send_test_webhook(%L, %L)', '{first}', t.type)) from casebase.event_types t order by t.type;
select is_empty($$
  select p.type
  from casebase.webhook_deliveries d
  join casebase.webhook_payloads p on p.id = d.payload_id
  where d.case_id is null
    and p.body::jsonb -> 'data' ->> 'endpoint_id' is distinct from
        case when casebase.webhook_sample(casebase.event_schema(p.type)) -> 'data' ? 'endpoint_id' then d.endpoint_id::text end
$$, 'a sample says no more than the event');

-- How each is doing is said of each.
delete from casebase.webhook_deliveries;
insert into tests.names select 'third', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/3', 'third')$$);
create function pg_temp.payload() returns bigint language sql as $$ select max(p.id) from casebase.webhook_payloads p $$;
insert into casebase.webhook_deliveries (endpoint_id, payload_id, state, next_attempt_at, finished_at)
select tests.id(of)::uuid, pg_temp.payload(), state, now() + due, now() + finished
from (values
  ('first',  'pending',   interval '1 hour',     null::interval),
  ('third', 'pending',   interval '-2 minutes', null),
  ('third', 'pending',   interval '1 hour',     null),
  ('third', 'failed',    interval '-1 hour',    interval '-1 hour'),
  ('third', 'delivered', interval '-1 hour',    interval '-3 minutes')
) as deliveries (of, state, due, finished);
create function pg_temp.status(of text) returns text language sql as $$
  select tests.sees('Ada', format($q$
    select concat_ws(' ', unfinished, undelivered, coalesce((now() - due_since)::text, 'none due'), coalesce((now() - delivered_at)::text, 'none taken'))
    from webhook_status() where endpoint_id = '{%s}'$q$, of))
$$;
select is(pg_temp.status('first'), '1 0 none due none taken', 'nothing of this one is late');
select is(pg_temp.status('third'), '2 1 00:02:00 00:03:00', 'of the other one is');

-- As is what is tried again at once.
update casebase.webhook_endpoints set paused_until = case description when 'third' then now() + interval '1 hour' end;
insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, state, next_attempt_at)
values (tests.id('first')::uuid, pg_temp.payload(), tests.id('case')::bigint, 'waiting', now() + interval '1 hour');
create temporary table row_of_first as select e.ctid as place from casebase.webhook_endpoints e where e.id = tests.id('first')::uuid;
select is(tests.sees('Ada', $$select retry_webhook_deliveries('{first}')$$), '1', 'what waits behind another still does');
select is((select e.ctid from casebase.webhook_endpoints e where e.id = tests.id('first')::uuid), (select place from row_of_first), 'an endpoint without a pause is not written');
select is((select paused_until from casebase.webhook_endpoints where description = 'third'), now() + interval '1 hour', 'and the other one''s pause goes on');
select is(tests.sees('Ada', $$select retry_webhook_deliveries('{third}')$$), '1', 'until it is its turn');
select is((select count(paused_until) from casebase.webhook_endpoints), 0::bigint, 'and then ends');

select * from finish();
rollback;
