-- What a receiver doesn't take: tried again on its endpoint's schedule, at once when it is well again or an admin says so,
-- let be for a reason, kept as a dead letter, and sent once more in its case's order. One that fails for long is switched off.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
insert into tests.names select 'first', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/1', 'first', '{case.*}', retry_waits => '{1 s,1 min}')$$);
insert into tests.names select 'second', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/2', 'second', '{case.updated}')$$);
insert into cases (client_id, title) select tests.id('acme')::uuid, 'lane ' || n from generate_series(1, 8) n;
delete from casebase.webhook_deliveries;
select plan(66);

create temporary table leases (n bigint generated always as identity, delivery_id bigint, lease_token uuid, endpoint text, title text, type text, retry_waits bigint[]);
create function pg_temp.leases() returns text language sql
as $$
  with taken as (
    insert into leases (delivery_id, lease_token, endpoint, title, type, retry_waits)
    select l.delivery_id, l.lease_token, e.description, c.title, l.body::json ->> 'type', l.retry_waits
    from casebase.webhook_lease(100, 100, '1 minute', '1 second') l
    join casebase.webhook_endpoints e on e.id = l.endpoint_id
    left join cases c on c.id = (l.body::json #>> '{data,case}')::bigint
    returning *
  )
  select string_agg(endpoint || ' ' || coalesce(title, type), ', ' order by endpoint, title) from taken
$$;
create function pg_temp.answers(which text, verdict jsonb) returns integer language sql
as $$
  select casebase.webhook_ack(coalesce(jsonb_agg(jsonb_build_object('delivery_id', delivery_id, 'lease_token', lease_token, 'started_at', clock_timestamp(), 'status', 500) || verdict), '[]'))
  from (select distinct on (delivery_id) * from leases where endpoint = which
        and delivery_id in (select d.id from casebase.webhook_deliveries d where d.state = 'leased') order by delivery_id, n desc) l
$$;
create function pg_temp.endpoint(which text) returns casebase.webhook_endpoints language sql
as $$
  select * from casebase.webhook_endpoints where description = which
$$;
create function pg_temp.states(which text) returns text language sql
as $$
  select string_agg(state || ' ' || n, ', ' order by state) from (
    select d.state, count(*) as n from casebase.webhook_deliveries d where d.endpoint_id = tests.id(which)::uuid group by d.state) s
$$;

-- An endpoint's own schedule.
select is(tests.does('Ada', $$update cases set title = title || '!' where title like 'lane _'$$), '8', 'something happens in eight cases');
select is(pg_temp.leases(), 'first lane 1!, first lane 2!, first lane 3!, first lane 4!, first lane 5!, first lane 6!, first lane 7!, first lane 8!, '
  'second lane 1!, second lane 2!, second lane 3!, second lane 4!, second lane 5!, second lane 6!, second lane 7!, second lane 8!', 'both hear of it');
select is((select string_agg(distinct endpoint || ' ' || coalesce(retry_waits::text, 'none'), ', ' order by endpoint || ' ' || coalesce(retry_waits::text, 'none')) from leases),
  'first {1000,60000}, second none', 'with the waits that one of them chose');

-- An outage, and its end: what waited for hours is due.
select is(pg_temp.answers('first', '{"verdict": "retry", "retry_in_ms": 36000000}'), 8, 'one is down');
select is(pg_temp.answers('second', '{"verdict": "retry", "retry_in_ms": 36000000}'), 8, 'the other too');
select is((pg_temp.endpoint('first')).failures_in_a_row, 8, 'it failed eight times');
select is((pg_temp.endpoint('first')).failing_since, now(), 'from now on');
select cmp_ok((pg_temp.endpoint('first')).paused_until, '>', now(), 'it is left alone for a moment');
select cmp_ok((pg_temp.endpoint('first')).paused_until, '<=', now() + interval '1 minute', 'no longer than a minute');
update casebase.webhook_endpoints set paused_until = null;
update casebase.webhook_deliveries d set next_attempt_at = now() from cases c where c.id = d.case_id and c.title in ('lane 1!', 'lane 2!');
select is(pg_temp.leases(), 'first lane 1!, second lane 1!', 'one request tries it');
select is(pg_temp.answers('first', '{"verdict": "retry", "retry_in_ms": 36000000}'), 1, 'it is still down');
update casebase.webhook_endpoints set paused_until = null;
select is(pg_temp.leases(), 'first lane 2!', 'another tries');
select is(pg_temp.answers('first', '{"verdict": "delivered"}'), 1, 'it is well again');
select is((pg_temp.endpoint('first')).failing_since, null, 'so nothing is counted any more');
select is((select count(*) from casebase.webhook_deliveries where endpoint_id = tests.id('first')::uuid and next_attempt_at > now()), 0::bigint, 'what waited is due');
select is((select count(*) from casebase.webhook_deliveries where endpoint_id = tests.id('second')::uuid and state = 'pending' and next_attempt_at > now()), 6::bigint, 'the other''s is not');
select is(pg_temp.leases(), 'first lane 1!, first lane 3!, first lane 4!, first lane 5!, first lane 6!, first lane 7!, first lane 8!', 'and sent');
select is(pg_temp.answers('first', '{"verdict": "delivered"}'), 7, 'and taken');
select is(pg_temp.answers('second', '{"verdict": "retry", "retry_in_ms": 36000000}'), 1, 'the other fails still');

-- An admin need not wait for that.
select is(tests.sees('Ada', $$select retry_webhook_deliveries('{second}')$$), '7', 'an admin has everything tried again');
select is((pg_temp.endpoint('second')).paused_until, null, 'and ends the pause');
select is(pg_temp.leases(), 'second lane 1!', 'so it is, carefully');
select is(tests.would('Alan', $$select retry_webhook_deliveries('{second}')$$), 'PT404', 'staff don''t');
select is(tests.would('Carla', $$update casebase.webhook_deliveries set next_attempt_at = now()$$), '0', 'nor clients, by hand');
select is(pg_temp.answers('second', '{"verdict": "delivered"}'), 1, 'it is well');
select is((select count(*) from casebase.webhook_deliveries where endpoint_id = tests.id('second')::uuid and state = 'pending'), 7::bigint, 'seven wait');

-- One event that a receiver always refuses.
select is(tests.does('Ada', $$update cases set title = title || '?' where title = 'lane 2!'$$), '1', 'a case goes on');
select pg_temp.leases();
insert into tests.names select 'head', min(d.id) from casebase.webhook_deliveries d join cases c on c.id = d.case_id where c.title = 'lane 2!?' and d.endpoint_id = tests.id('second')::uuid and d.finished_at is null;
select is(split_part(tests.refusal('Ada', $$select skip_webhook_delivery({head}, 'Its receiver has a bug.')$$), ' | ', 1), 'PT409', 'what is being sent is not skipped');
select is(pg_temp.answers('second', '{"verdict": "retry", "retry_in_ms": 36000000}'), 7, 'seven are refused');
select is(pg_temp.answers('first', '{"verdict": "delivered"}'), 1, 'the other takes its own');
update casebase.webhook_endpoints set paused_until = null, failures_in_a_row = 0;
select is(pg_temp.leases(), null, 'the next one of the case waits behind the first');
select is(tests.would('Alan', $$select skip_webhook_delivery({head}, 'x')$$), 'PT404', 'staff don''t skip');
select is(tests.would('Ada', $$select skip_webhook_delivery({head}, ' ')$$), '23514', 'there is a reason');
select is(tests.would('Ada', $$select skip_webhook_delivery({head}, null)$$), '23514', 'always');
select is(tests.would('Ada', $$select skip_webhook_delivery(999999999, 'x')$$), 'PT404', 'and a delivery');
select is(tests.does('Ada', $$select skip_webhook_delivery({head}, 'Its receiver has a bug.')$$), '1', 'an admin skips it');
select is(tests.sees('Ada', $$select state || ': ' || skipped_because from webhook_deliveries() where id = {head}$$), 'skipped: Its receiver has a bug.', 'which is to be read');
select is(pg_temp.leases(), 'second lane 2!?', 'and the case goes on');
select is(pg_temp.answers('second', '{"verdict": "delivered"}'), 1, 'as it should');
select is(tests.would('Ada', $$select skip_webhook_delivery({head}, 'x')$$), 'PT409', 'once');

-- Dead letters: replayed by endpoint, since a time, by type, behind what their cases have waiting, once.
update casebase.webhook_deliveries set next_attempt_at = now() where state = 'pending';
select pg_temp.leases();
select is(pg_temp.answers('second', '{"verdict": "failed"}'), 6, 'six are given up');
select is(tests.sees('Ada', $$select count(*) from webhook_deliveries('{second}', 'failed')$$), '6', 'an admin sees them');
select is(tests.does('Ada', $$update cases set title = title || '+' where title = 'lane 3!'$$), '1', 'the case of one goes on');
select is(tests.sees('Ada', $$select replay_webhook_deliveries('{second}', since => now() + interval '1 hour')$$), '0', 'nothing since then');
select is(tests.sees('Ada', $$select replay_webhook_deliveries('{second}', event_types => '{case.created,interaction.*}')$$), '0', 'nor of these types');
select is(tests.sees('Ada', $$select replay_webhook_deliveries('{first}')$$), '0', 'nor of the other endpoint');
select is(tests.would('Alan', $$select replay_webhook_deliveries('{second}')$$), 'PT404', 'staff don''t replay');
select is(tests.sees('Ada', $$select replay_webhook_deliveries('{second}', event_types => '{case.*}')$$), '7', 'all that failed or was skipped');
select is(tests.sees('Ada', $$select replay_webhook_deliveries('{second}')$$), '0', 'once');
select is((select string_agg(body::jsonb #>> '{data,changes,title,to}', ', ' order by d.id) from casebase.webhook_deliveries d join casebase.webhook_payloads p on p.id = d.payload_id
  join cases c on c.id = d.case_id where c.title = 'lane 3!+' and d.endpoint_id = tests.id('second')::uuid and d.finished_at is null), 'lane 3!+, lane 3!', 'each behind what its case has waiting');
select is((select count(*) from casebase.webhook_deliveries d join casebase.webhook_payloads p on p.id = d.payload_id where p.type = 'webhook.test'), 0::bigint, 'tests are none of it');

-- Who fails for long is switched off, with a reason, which others can hear of.
insert into tests.names select 'watch', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/3', 'watch', '{webhook.*}')$$);
delete from casebase.webhook_deliveries where endpoint_id = tests.id('second')::uuid and case_id <> (select id from cases where title = 'lane 4!');
update casebase.webhook_endpoints set failing_since = now() - interval '4 days 23 hours', paused_until = null where description = 'second';
select pg_temp.leases();
select is(pg_temp.answers('second', '{"verdict": "retry", "retry_in_ms": 0}'), 1, 'it fails, for not quite five days');
select is((pg_temp.endpoint('second')).enabled, true, 'which is not long enough');
update casebase.webhook_endpoints set failing_since = '2020-01-02 03:04+00', paused_until = null where description = 'second';
select is(pg_temp.leases(), 'second lane 4!', 'it is tried again');
select is(pg_temp.answers('second', '{"verdict": "retry", "retry_in_ms": 0}'), 1, 'and fails');
select is((pg_temp.endpoint('second')).enabled, false, 'that was too long');
select is((pg_temp.endpoint('second')).disabled_reason, 'Every attempt since 2020-01-02 03:04 UTC failed.', 'with a reason');
select is(pg_temp.leases(), 'watch webhook.endpoint_disabled', 'and an event for who asked');
select is((select tests.misfit(body::jsonb, casebase.event_schema(type)) from casebase.webhook_payloads where type = 'webhook.endpoint_disabled'), null, 'as it is documented');
create function pg_temp.told() returns bigint language sql
as $$
  select count(*) from casebase.webhook_payloads where type = 'webhook.endpoint_disabled'
$$;
select tests.does('Ada', $$select update_webhook_endpoint('{second}', description => 'second')$$);
select is(pg_temp.told(), 1::bigint, 'once: what is changed of it later switches nothing off');
select is(tests.does('Ada', $$select update_webhook_endpoint('{second}', enabled => true, retry_waits => '{5 s}')$$), '1', 'an admin switches it on again');
select is((pg_temp.endpoint('second')).failing_since, null, 'and its past is forgotten');
update casebase.webhook_endpoints set disabled_reason = 'Left behind.' where description = 'second';
select is(pg_temp.told(), 1::bigint, 'a reason alone switches nothing off');
update casebase.webhook_endpoints set disabled_reason = null where description = 'second';
select is(tests.does('Ada', $$select update_webhook_endpoint('{second}', enabled => false)$$), '1', 'an admin switches it off');
select is(pg_temp.told(), 1::bigint, 'which is news to nobody');

-- No waits are one attempt, and not those of the specification.
select tests.does('Ada', $$select send_test_webhook((select id from create_webhook_endpoint('https://example.com/3', 'third', retry_waits => '{}')))$$);
select pg_temp.leases();
select is((select l.retry_waits from leases l where l.endpoint = 'third'), '{}', 'who wants no second attempt has none');

select * from finish();
rollback;
