-- Within one endpoint and case, deliveries go out one at a time and in commit order; nothing else waits for them.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(14);

select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
insert into public.cases (client_id, title)
values (tests.id('acme')::uuid, 'First'), (tests.id('acme')::uuid, 'Second');
insert into casebase.webhook_endpoints (id, url)
values ('e0000000-0000-4000-8000-000000000001', 'https://example.com/1');
insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
values ('e0000000-0000-4000-8000-000000000001', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', '0');

create function pg_temp.happens(title text, types text[]) returns void
language sql
as $$
  insert into public.case_events (case_id, seq, type, actor_name, visible_to_client, data)
  select (select id from public.cases where cases.title = $1),
         10000 + (select count(*) from public.case_events) + one.n,
         one.type,
         'Alan',
         false,
         jsonb_build_object('title', $1)
    from unnest(types) with ordinality as one (type, n)
$$;

create temporary table sent (
  n           bigint generated always as identity,
  delivery_id bigint,
  lease_token uuid,
  title       text,
  type        text
);

-- Leases what there is; answers it as 'First case.updated, …'.
create function pg_temp.leases(limit_per_endpoint integer default 100) returns text
language sql
as $$
  with leased as (
    insert into sent (delivery_id, lease_token, title, type)
    select delivery_id, lease_token, body::jsonb -> 'data' ->> 'title', body::jsonb ->> 'type'
      from casebase.webhook_lease(100, limit_per_endpoint, '1 minute', '1 second')
    returning *
  )
  select string_agg(title || ' ' || type, ', ' order by n) from leased
$$;

create function pg_temp.answers(title text, verdict jsonb) returns integer
language sql
as $$
  select casebase.webhook_ack(jsonb_build_array(
    jsonb_build_object(
      'delivery_id', last.delivery_id,
      'lease_token', last.lease_token,
      'started_at', clock_timestamp(),
      'status', 200
    ) || verdict
  ))
    from (select * from sent where sent.title = $1 order by n desc limit 1) last
$$;

select pg_temp.happens('First', '{case.updated,case.assigned,case.escalated}');
select pg_temp.happens('Second', '{case.updated}');

select is(pg_temp.leases(), 'First case.updated, Second case.updated', 'each case''s first delivery is leased at once');
select is(pg_temp.leases(), null, 'while it is under way, nothing of its case follows');

select is(pg_temp.answers('First', '{"verdict": "retry", "retry_in_ms": 0}'), 1, 'the first one fails');
select is(pg_temp.answers('Second', '{"verdict": "delivered"}'), 1, 'the other case''s is delivered');
select pg_temp.happens('Second', '{case.assigned}');
select is(pg_temp.leases(), 'First case.updated, Second case.assigned',
  'a failed delivery is tried again before its followers, and the other case goes on');

select is(pg_temp.answers('First', '{"verdict": "retry", "retry_in_ms": 3600000}'), 1, 'it fails again, for an hour');
select is(pg_temp.leases(), null, 'its followers wait, although they are due');

update casebase.webhook_deliveries set next_attempt_at = now() where attempts = 2;
select is(pg_temp.leases(), 'First case.updated', 'the hour is over');
select pg_temp.answers('First', '{"verdict": "delivered"}');
select is(pg_temp.leases(), 'First case.assigned',
  'a delivery that waited for another is due at once: it has no failures of its own');

select pg_temp.answers('First', '{"verdict": "failed"}');
select is(pg_temp.leases(), 'First case.escalated', 'what is given up stops nobody');
select pg_temp.answers('First', '{"verdict": "delivered"}');
select pg_temp.answers('Second', '{"verdict": "delivered"}');

-- More deliveries of one case than fit into what is looked at: the other case behind them is still found.
select pg_temp.happens('First', array_fill('case.updated'::text, array[50]));
select pg_temp.happens('Second', '{case.updated}');
select is(pg_temp.leases(2), 'First case.updated, Second case.updated', 'a long queue of one case hides no other');
select is(
  (select count(*)::integer from casebase.webhook_deliveries where state = 'waiting'), 49,
  'the rest of the queue waits');

-- Somebody removes the first delivery, on which all others wait.
delete from casebase.webhook_deliveries where state = 'leased';
select is(pg_temp.leases(), null, 'nobody knows that the way is free');
select casebase.webhook_tidy('30 days');
select is(pg_temp.leases(), 'First case.updated', 'until the worker tidies up');

select * from finish();
rollback;
