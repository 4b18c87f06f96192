-- The worker may touch no table: what it does, it does through its functions, as itself.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(23);
select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
insert into tests.names select 'endpoint', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/')$$);

-- A client's change is sent, though no client may write a delivery.
select is(tests.does('Carla', $$update cases set title = 'New' where id = {case}$$), '1', 'a client changes a case');
select is((select count(*) from casebase.webhook_deliveries), 1::bigint, 'which is to be sent');

create temporary table taken (report jsonb);
grant all on taken to public;
select is(tests.does('worker', $$
  insert into taken
  select jsonb_build_array(jsonb_build_object('delivery_id', delivery_id, 'lease_token', lease_token, 'started_at', now(), 'status', 200, 'verdict', 'delivered'))
  from casebase.webhook_lease(10, 10, '1 minute', '1 second')$$), '1', 'the worker leases it');
select is((select state from casebase.webhook_deliveries), 'leased', 'it has it');
select is(tests.sees('worker', $$select string_agg(label || ' ' || value, ', ' order by label) from casebase.service_metrics() where name = 'casebase_webhook_queue'$$),
  'leased 1, pending 0, waiting 0', 'it can count what there is');
select is(tests.sees('worker', $$select string_agg(label || ' ' || value, ', ' order by label) from casebase.service_metrics() where name = 'casebase_webhook_endpoints'$$),
  'disabled 0, enabled 1', 'endpoints too');
select is(tests.sees('worker', $$select string_agg(label || ' ' || value, ', ' order by label) from casebase.service_metrics() where name = 'casebase_case_files'$$),
  (select string_agg(label || ' ' || (select count(*) from case_files where state = label), ', ' order by label) from unnest(array['available', 'deleting', 'pending', 'uploaded']) label), 'and files');
select is(tests.sees('worker', $$select value from casebase.service_metrics() where name = 'casebase_webhook_queue_age_seconds'$$), '0', 'nothing is late');
-- Late is what is due at an endpoint that it is sent to.
insert into casebase.webhook_endpoints (url, description, enabled) values ('https://example.com/off', 'off', false), (null, 'fetched', true);
insert into casebase.webhook_deliveries (endpoint_id, payload_id, next_attempt_at)
select e.id, (select max(p.id) from casebase.webhook_payloads p), now() - interval '1 hour' from casebase.webhook_endpoints e where description in ('off', 'fetched');
select is(tests.sees('worker', $$select value from casebase.service_metrics() where name = 'casebase_webhook_queue_age_seconds'$$), '0', 'not what waits for one that is off, or that fetches');
insert into casebase.webhook_deliveries (endpoint_id, payload_id, next_attempt_at)
select tests.id('endpoint')::uuid, (select max(p.id) from casebase.webhook_payloads p), now() + interval '1 day';
select is(tests.sees('worker', $$select value from casebase.service_metrics() where name = 'casebase_webhook_queue_age_seconds'$$), '0', 'nor what is due tomorrow');
insert into casebase.webhook_deliveries (endpoint_id, payload_id, next_attempt_at, state, finished_at)
select tests.id('endpoint')::uuid, (select max(p.id) from casebase.webhook_payloads p), now() - interval '2 hours', 'delivered', now();
insert into casebase.webhook_deliveries (endpoint_id, payload_id, next_attempt_at)
select tests.id('endpoint')::uuid, (select max(p.id) from casebase.webhook_payloads p), now() + due from unnest(array[interval '-60 s', '-30 s']) due;
select is(tests.sees('worker', $$select value from casebase.service_metrics() where name = 'casebase_webhook_queue_age_seconds'$$), '60', 'but what is due longest');
delete from casebase.webhook_deliveries where next_attempt_at <> now();
delete from casebase.webhook_endpoints where description in ('off', 'fetched');
select is(tests.sees('worker', 'select casebase.webhook_ack(report) from taken'), '1', 'and reports that it was delivered');
select is((select state from casebase.webhook_deliveries), 'delivered', 'it is');
select is((select count(*) from casebase.webhook_attempts), 1::bigint, 'with an attempt on record');
update casebase.webhook_deliveries set finished_at = now() - interval '1 year';
select is(tests.sees('worker', $$select casebase.webhook_tidy('30 days')$$), '1', 'which it forgets in time');
select is((select count(*) from casebase.webhook_deliveries), 0::bigint, 'it is gone');

-- Nobody else does any of it, not even an admin or a service key.
select is(tests.would(who, statement), '42501', who || ': ' || statement)
from (values
  ('Ada', $$select casebase.service_metrics()$$), ('service', $$select casebase.service_metrics()$$),
  ('Ada', $$select casebase.webhook_ack('[]')$$), ('service', $$select casebase.webhook_ack('[]')$$),
  ('Ada', $$select casebase.webhook_tidy('30 days')$$), ('service', $$select casebase.webhook_tidy('30 days')$$),
  ('service', $$select casebase.webhook_lease(1, 1, '1 minute', '1 second')$$)) v (who, statement);

select * from finish();
rollback;
