-- A worker that stops loses nothing, and one that comes back too late decides nothing.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(20);

select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
insert into casebase.webhook_endpoints (id, url)
values ('e0000000-0000-4000-8000-000000000001', 'https://example.com/1');
insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
values ('e0000000-0000-4000-8000-000000000001', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', '0');

insert into public.case_events (case_id, seq, type, actor_name, visible_to_client, data, created_at)
values (tests.id('case')::bigint, 10001, 'case.updated', 'Alan', false, '{"case_id": "CASE-0001"}',
        '2026-11-21 12:00:00.5+02');

create temporary table leases as select 0 as n, l.* from casebase.webhook_lease(10, 10, '0', '1 second') l;

create function pg_temp.somebody_listens() returns boolean
language sql
as $$
  select to_timestamp(last_value / 1000.0) > clock_timestamp() from casebase.webhook_listening_until
$$;

create function pg_temp.acks(lease integer, verdict text) returns integer
language sql
as $$
  select casebase.webhook_ack(jsonb_build_array(jsonb_build_object(
    'delivery_id', delivery_id, 'lease_token', lease_token, 'started_at', clock_timestamp(), 'duration_ms', 12,
    'status', case verdict when 'delivered' then 200 else 500 end, 'response', 'hm', 'verdict', verdict,
    'retry_in_ms', 0
  )))
    from leases
   where n = $1
$$;

create function pg_temp.state() returns text
language sql
as $$
  select state || ' ' || attempts from casebase.webhook_deliveries
$$;

select is((select body::jsonb - 'data' from leases), '{"type": "case.updated", "timestamp": "2026-11-21T10:00:00.500000Z"}'::jsonb,
  'the body has a type and a timestamp in UTC');
select is(
  (select (body::jsonb -> 'data') - 'event_id' from leases),
  '{"case_id": "CASE-0001", "seq": 10001, "actor": {"id": null, "name": "Alan"}, "visible_to_client": false}'::jsonb,
  'its data are the event''s, with its place in the history and who did it');
select is((select secrets from leases), '{whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD}'::text[], 'the lease brings the secrets');
select is(pg_temp.state(), 'leased 0', 'the worker has it');

-- The worker stopped; its lease, of no time at all, is over.
insert into leases select 1, l.* from casebase.webhook_lease(10, 10, '1 minute', '1 second') l;
select is((select count(*)::integer from leases where n = 1), 1, 'the next worker gets it');
select is((select attempt from leases where n = 1), 1, 'that cost none of its attempts');
select results_eq(
  'select message_id, body from leases where n = 1', 'select message_id, body from leases where n = 0',
  'webhook-id and body are the same');
select matches(
  (select error from casebase.webhook_attempts where number = 1), 'worker stopped',
  'the history shows the attempt that nobody reported');

select is(pg_temp.acks(0, 'delivered'), 0, 'a report under the old lease does not count');
select is(pg_temp.state(), 'leased 0', 'and changes nothing');
select is((select status from casebase.webhook_attempts where number = 2), 200, 'but its attempt is recorded');

select is(pg_temp.acks(1, 'retry'), 1, 'a report under the present lease counts');
select is(pg_temp.state(), 'pending 1', 'it is tried again');
select is(pg_temp.acks(1, 'delivered'), 0, 'a lease is good for one report');

insert into leases select 2, l.* from casebase.webhook_lease(10, 10, '1 minute', '1 second') l;
select pg_temp.acks(2, 'delivered');
select is(pg_temp.state(), 'delivered 2', 'it is delivered');
select is((select count(*)::integer from casebase.webhook_attempts), 5, 'every attempt is on record');

select is(pg_temp.somebody_listens(), false, 'a worker that has work is not notified');
select casebase.webhook_lease(10, 10, '1 minute', '1 minute');
select is(pg_temp.somebody_listens(), true, 'one that found nothing is');

update casebase.webhook_deliveries set finished_at = now() - interval '31 days';
select is(casebase.webhook_tidy('30 days'), 1, 'old deliveries are forgotten');

select ok(
  (select 'statement_timeout=10s' = any (rolconfig) from pg_roles where rolname = 'casebase_worker'),
  'no call of the worker outlasts its leases');

select * from finish();
rollback;
