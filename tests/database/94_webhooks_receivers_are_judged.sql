-- A receiver that is gone is left alone, one that is overloaded gets a pause, one that hangs can't occupy the worker,
-- and secrets are rotated without a gap.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(18);

select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
insert into public.cases (client_id, title)
select tests.id('acme')::uuid, 'Receiver''s ' || n from generate_series(1, 20) n;
insert into casebase.webhook_endpoints (id, url)
values ('e0000000-0000-4000-8000-000000000001', 'https://example.com/1');
insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
values ('e0000000-0000-4000-8000-000000000001', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', '0');

-- Something happens in every case.
create function pg_temp.happens() returns void
language sql
as $$
  insert into public.case_events (case_id, seq, type, actor_name, visible_to_client, data)
  select id, 10000 + (select count(*) from public.case_events), 'case.updated', 'Alan', false, '{}'
    from public.cases
   where title like 'Receiver''s %'
$$;

-- Leases, and reports the same answer to all. Answers how many there were.
create function pg_temp.all_answer(verdict jsonb, most integer default 100) returns integer
language sql
as $$
  with leased as materialized (select * from casebase.webhook_lease(most, 10, '1 minute', '1 second'))
  select coalesce(casebase.webhook_ack(jsonb_agg(
           jsonb_build_object(
             'delivery_id', delivery_id, 'lease_token', lease_token, 'started_at', now(), 'status', 200
           ) || verdict
         )), 0)
    from leased
$$;

create function pg_temp.endpoint() returns casebase.webhook_endpoints
language sql
as $$
  select * from casebase.webhook_endpoints where id = 'e0000000-0000-4000-8000-000000000001'
$$;

select pg_temp.happens();
select is(pg_temp.all_answer('{"verdict": "delivered"}'), 10, 'one endpoint gets as many requests at a time as is allowed');
select is(pg_temp.all_answer('{"verdict": "retry", "retry_in_ms": 0}', 4), 4, 'four failures');
select is(pg_temp.all_answer('{"verdict": "retry", "retry_in_ms": 0}'), 10, 'are not enough to be careful');
select is((pg_temp.endpoint()).failures_in_a_row, 14, 'ten more are');
select is(pg_temp.all_answer('{"verdict": "delivered"}'), 0, 'there is a pause');
update casebase.webhook_endpoints set paused_until = now();
select is(pg_temp.all_answer('{"verdict": "delivered"}'), 1, 'who keeps failing gets one request at a time');
select is(pg_temp.all_answer('{"verdict": "retry", "retry_in_ms": 0, "pause_ms": 60000}'), 9, 'one success ends that');
select is(pg_temp.all_answer('{"verdict": "delivered"}'), 0, 'during a pause nothing is sent');

update casebase.webhook_endpoints set paused_until = null, failures_in_a_row = 0;
select is(pg_temp.all_answer('{"verdict": "failed", "disable_because": "The receiver answered 410 Gone."}', 1), 1,
  'after it, a receiver says it is gone');
select is((pg_temp.endpoint()).enabled, false, 'that disables the endpoint');
select is((pg_temp.endpoint()).disabled_reason, 'The receiver answered 410 Gone.', 'and says why');
select is(pg_temp.all_answer('{"verdict": "delivered"}'), 0, 'nothing more is sent');

select public.update_webhook_endpoint('e0000000-0000-4000-8000-000000000001', enabled => true);
select is(pg_temp.all_answer('{"verdict": "delivered"}'), 8, 'enabled again, it gets what was waiting');

insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
values ('e0000000-0000-4000-8000-000000000001', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '1 day');
select is(
  casebase.webhook_signing_secrets('e0000000-0000-4000-8000-000000000001'),
  '{whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD}',
  'during a rotation both secrets sign, the new one first');
update casebase.webhook_secrets set created_at = now() - interval '2 days';
select is(
  casebase.webhook_signing_secrets('e0000000-0000-4000-8000-000000000001'),
  '{whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}', 'when its time is over the old one does not');

select pg_temp.happens();
select is((select count(*)::integer from casebase.webhook_lease(6, 10, '1 minute', '1 second')), 6, 'six requests are under way');
select is((select count(*)::integer
           from casebase.webhook_lease(100, 10, '1 minute', '1 second', 1, '{"e0000000-0000-4000-8000-000000000001": 6}')), 4,
  'which count when more are taken');

insert into casebase.webhook_endpoints (id, url)
values ('e0000000-0000-4000-8000-000000000002', 'https://example.com/2');
select pg_temp.happens();
delete from casebase.webhook_endpoints where id = 'e0000000-0000-4000-8000-000000000001';
select casebase.webhook_tidy('30 days');
select results_eq(
  'select distinct endpoint_id, finished_at is null from casebase.webhook_deliveries order by 1',
  $$ values ('e0000000-0000-4000-8000-000000000001'::uuid, false), ('e0000000-0000-4000-8000-000000000002', true) $$,
  'what waits for a deleted endpoint is forgotten, and nothing else');

select * from finish();
rollback;
