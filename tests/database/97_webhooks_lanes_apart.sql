-- Lanes, one endpoint and one case each, don't meddle with each other: not while they wait, pause, are set aside, or are
-- set going again.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
insert into casebase.webhook_endpoints (id, url, description) values
  ('e0000000-0000-4000-8000-000000000001', 'https://example.com/1', 'first'),
  ('e0000000-0000-4000-8000-000000000002', 'https://example.com/2', 'second');
insert into cases (client_id, title) select tests.id('acme')::uuid, 'lane ' || n from generate_series(1, 4) n;
delete from casebase.webhook_deliveries;
select plan(42);

-- A delivery for an endpoint and a case, in a state.
create function pg_temp.delivers(which text, the_case integer, in_state text) returns void language sql
as $$
  insert into case_events (case_id, seq, type, actor_name, visible_to_client, data)
  select id, 1000 + (select count(*) from case_events), 'case.updated', 'x', false, '{}' from cases where title = 'lane ' || the_case;
  delete from casebase.webhook_deliveries d using casebase.webhook_endpoints e
  where e.id = d.endpoint_id and d.payload_id = (select max(id) from casebase.webhook_payloads) and e.description <> which;
  update casebase.webhook_deliveries
  set state = in_state, lease_token = case in_state when 'leased' then gen_random_uuid() end,
      leased_at = case in_state when 'leased' then now() end, leased_until = case in_state when 'leased' then now() + interval '1 hour' end,
      finished_at = case when in_state in ('delivered', 'failed') then now() end
  where payload_id = (select max(id) from casebase.webhook_payloads);
$$;
create function pg_temp.leases(per_endpoint integer default 100, under_way jsonb default '{}') returns text language sql
as $$
  select string_agg(e.description || ' ' || right(c.title, 1), ', ' order by e.description, c.title)
  from casebase.webhook_lease(100, per_endpoint, '1 hour', '1 second', 1, under_way) l
  join casebase.webhook_endpoints e on e.id = l.endpoint_id
  join casebase.webhook_deliveries d on d.id = l.delivery_id
  join cases c on c.id = d.case_id
$$;
create function pg_temp.states() returns text language sql
as $$
  select string_agg(e.description || ' ' || right(c.title, 1) || ' ' || d.state, ', ' order by d.id)
  from casebase.webhook_deliveries d join casebase.webhook_endpoints e on e.id = d.endpoint_id join cases c on c.id = d.case_id
$$;

-- What an endpoint has under way counts for it alone.
select pg_temp.delivers('first', n, 'leased') from generate_series(1, 2) n;
select pg_temp.delivers(which, n, 'pending') from unnest(array['first', 'second']) which, generate_series(3, 4) n;
select is(pg_temp.leases(2, '{"e0000000-0000-4000-8000-000000000001": 2}'), 'second 3, second 4', 'one endpoint has as much as it may, the other gets its own');
delete from casebase.webhook_deliveries;

-- A pause, and a switch, are for one endpoint, and a pause ends.
select pg_temp.delivers(which, 1, 'pending') from unnest(array['first', 'second']) which;
update casebase.webhook_endpoints set paused_until = now() + interval '1 hour' where description = 'first';
select is(pg_temp.leases(), 'second 1', 'one pauses');
update casebase.webhook_endpoints set paused_until = now() - interval '1 hour' where description = 'first';
select is(pg_temp.leases(), 'first 1', 'its pause is over');
delete from casebase.webhook_deliveries;
select pg_temp.delivers(which, 1, 'pending') from unnest(array['first', 'second']) which;
update casebase.webhook_endpoints set enabled = false, paused_until = null where description = 'first';
select is(pg_temp.leases(), 'second 1', 'one is switched off');
update casebase.webhook_endpoints set enabled = true where description = 'first';
delete from casebase.webhook_deliveries;

-- What is set aside is behind in its own lane.
select pg_temp.delivers('first', 1, 'leased');
select pg_temp.delivers('first', 1, 'pending');
select pg_temp.delivers('second', 1, 'pending');
select pg_temp.delivers('first', 2, 'pending');
select is(pg_temp.leases(), 'first 2, second 1', 'a lane that waits holds up neither the other endpoint nor the other case');
select is(pg_temp.states(), 'first 1 leased, first 1 waiting, second 1 leased, first 2 leased', 'it alone is set aside');
select pg_temp.delivers('second', 1, 'pending');
select pg_temp.delivers('second', 1, 'delivered');
select is(pg_temp.leases(), null, 'each waits');
select is(pg_temp.states(), 'first 1 leased, first 1 waiting, second 1 leased, first 2 leased, second 1 waiting, second 1 delivered', 'behind its own, and what is finished stays so');

-- Housekeeping leaves what rightly waits.
select casebase.webhook_tidy('30 days');
select is(pg_temp.states(), 'first 1 leased, first 1 waiting, second 1 leased, first 2 leased, second 1 waiting, second 1 delivered', 'tidying up changes nothing of it');
-- And sets every lane going whose first is gone, in one turn.
delete from casebase.webhook_deliveries where state = 'leased';
select casebase.webhook_tidy('30 days');
select is(pg_temp.states(), 'first 1 pending, second 1 pending, second 1 delivered', 'every lane without its first goes on');
delete from casebase.webhook_deliveries;
select pg_temp.delivers('first', 1, 'waiting');
select pg_temp.delivers('first', 1, 'waiting');
select pg_temp.delivers('first', 2, 'waiting');
select casebase.webhook_tidy('30 days');
select is(pg_temp.states(), 'first 1 pending, first 1 waiting, first 2 pending', 'with its first, and no other');
delete from casebase.webhook_deliveries;

-- Attempts are numbered by delivery.
select pg_temp.delivers('first', 1, 'delivered');
insert into casebase.webhook_attempts (delivery_id, number, started_at, status) select max(id), 7, now(), 200 from casebase.webhook_deliveries;
select pg_temp.delivers('first', 2, 'leased');
update casebase.webhook_deliveries set leased_until = now() - interval '1 second' where state = 'leased';
select is(pg_temp.leases(), 'first 2', 'a lease that has run out is given again');
select is((select string_agg(number::text, ' ' order by delivery_id) from casebase.webhook_attempts), '7 1', 'with an attempt, its first');

-- A report about what is not there any more is no harm, and one about two endpoints is about each.
select is(casebase.webhook_ack('[{"delivery_id": 999999999, "lease_token": "00000000-0000-4000-8000-000000000000", "started_at": "2030-01-01", "status": 200, "verdict": "delivered"}]'), 0,
  'a report of a delivery that is gone');
select is((select count(*) from casebase.webhook_attempts where delivery_id = 999999999), 0::bigint, 'is forgotten');
delete from casebase.webhook_deliveries;
select pg_temp.delivers(which, n, 'leased') from unnest(array['first', 'second']) which, generate_series(1, 2) n;
create function pg_temp.report(which text, verdict jsonb) returns jsonb language sql
as $$
  select jsonb_agg(jsonb_build_object('delivery_id', d.id, 'lease_token', d.lease_token, 'started_at', now(), 'status', 500) || verdict)
  from casebase.webhook_deliveries d join casebase.webhook_endpoints e on e.id = d.endpoint_id where e.description = which and d.state = 'leased'
$$;
select is(casebase.webhook_ack(pg_temp.report('first', '{"verdict": "delivered"}') || pg_temp.report('second', '{"verdict": "retry", "retry_in_ms": 60000, "pause_ms": 60000}')), 4, 'both answer at once');
select is((select string_agg(description || ' ' || failures_in_a_row || ' ' || (paused_until > now() is true)::text, ', ' order by description) from casebase.webhook_endpoints),
  'first 0 false, second 2 true', 'each is judged by its own answers');
select is(pg_temp.states(), 'first 1 delivered, first 2 delivered, second 1 pending, second 2 pending', 'as is each delivery');
select is((select count(*) from casebase.webhook_deliveries where state = 'pending' and next_attempt_at > now() + interval '59 seconds'), 2::bigint, 'which is tried again when it was said');
select is((select count(*) from casebase.webhook_deliveries where state = 'delivered' and next_attempt_at <= now()), 2::bigint, 'where it is tried again');
select is(casebase.webhook_ack('[]'), 0, 'no report is none');
delete from casebase.webhook_deliveries;
update casebase.webhook_endpoints set paused_until = null, failures_in_a_row = 4;
select pg_temp.delivers('first', n, 'pending') from generate_series(1, 4) n;
select is(pg_temp.leases(), 'first 1, first 2, first 3, first 4', 'four failures are not enough to be careful');
update casebase.webhook_deliveries set state = 'pending', leased_at = null, leased_until = null;
update casebase.webhook_endpoints set failures_in_a_row = 5;
select is(pg_temp.leases(), 'first 1', 'five are');
select is(casebase.webhook_ack(pg_temp.report('first', '{"verdict": "failed", "disable_because": "Gone"}')), 1, 'it is gone');
select is((select string_agg(description || ' ' || enabled || coalesce(' ' || disabled_reason, ''), ', ' order by description) from casebase.webhook_endpoints), 'first false Gone, second true', 'and switched off, for the reason it gave');
-- Forgetting.
update casebase.webhook_deliveries set finished_at = now() - interval '31 days' where state = 'failed';
select pg_temp.delivers('second', 1, 'delivered');
create temporary table bodies as select id from casebase.webhook_payloads;
select is(casebase.webhook_tidy('30 days'), 1, 'what is over for long is forgotten');
select is((select count(*) from bodies b where not exists (select from casebase.webhook_payloads p where p.id = b.id)), 1::bigint, 'with its body, and no other');
select is(pg_temp.states(), 'first 2 pending, first 3 pending, first 4 pending, second 1 delivered', 'and neither what is over since, nor what is not over');

-- Of what is put off, as much as is asked for is sent now: not what is over, nor what is due anyway.
delete from casebase.webhook_deliveries;
update casebase.webhook_endpoints set enabled = true, failures_in_a_row = 0, paused_until = null;
select pg_temp.delivers('first', n, case n when 1 then 'delivered' else 'pending' end) from generate_series(1, 4) n;
update casebase.webhook_deliveries d
set next_attempt_at = now() + case right(c.title, 1) when '1' then '1 minute' when '2' then '-1 hour' when '3' then '2 hours' else '3 hours' end::interval
from cases c where c.id = d.case_id;
select is(casebase.webhook_retry_now('{e0000000-0000-4000-8000-000000000001}', 1), 1, 'one is');
select is((select string_agg(right(c.title, 1), ' ') from casebase.webhook_deliveries d join cases c on c.id = d.case_id where d.next_attempt_at = now()), '3', 'which was to come first');

-- What waited for an endpoint that is switched off is given up, and not what is late elsewhere.
delete from casebase.webhook_deliveries;
update casebase.webhook_endpoints set enabled = true, failures_in_a_row = 0, paused_until = null;
select pg_temp.delivers(which, 1, 'pending') from unnest(array['first', 'second']) which;
update casebase.webhook_endpoints set enabled = description = 'second';
update casebase.webhook_deliveries set next_attempt_at = now() - interval '31 days';
select casebase.webhook_tidy('30 days');
select is(pg_temp.states(), 'first 1 failed, second 1 pending', 'given up at one');

-- Every lane in one turn, up to two hundred; the next turn goes on where that one ended, also past those that rightly wait.
delete from casebase.webhook_deliveries;
update casebase.webhook_endpoints set enabled = true, failures_in_a_row = 0;
select pg_temp.delivers(which, n, 'waiting') from unnest(array['first', 'second']) which, generate_series(1, 2) n;
select casebase.webhook_tidy('30 days');
select is(pg_temp.states(), 'first 1 pending, first 2 pending, second 1 pending, second 2 pending', 'four lanes go on');
delete from casebase.webhook_deliveries;
update casebase.webhook_endpoints set enabled = description = 'second';
insert into cases (client_id, title) select tests.id('acme')::uuid, 'many' from generate_series(1, 401);
delete from casebase.webhook_deliveries;
insert into case_events (case_id, seq, type, actor_name, visible_to_client, data)
select id, seq, 'case.updated', 'x', false, '{}' from cases, unnest(array[1001, 1002]) seq where title = 'many' order by id, seq;
update casebase.webhook_deliveries d set state = 'waiting' from casebase.webhook_payloads e where e.id = d.payload_id and e.seq = 1002;
update casebase.webhook_deliveries set state = 'leased', leased_at = now(), leased_until = now() + interval '1 hour' where state = 'pending';
delete from casebase.webhook_deliveries where id = (select max(id) from casebase.webhook_deliveries where state = 'leased');
select casebase.webhook_tidy('30 days') from generate_series(1, 2);
select is((select count(*) from casebase.webhook_deliveries where state = 'pending'), 0::bigint, 'one lane of many waits for nothing, and its turn has not come');
select casebase.webhook_tidy('30 days');
select is((select count(*) from casebase.webhook_deliveries where state = 'pending'), 1::bigint, 'in the next turn it goes on');

-- So it is across endpoints.
delete from casebase.webhook_deliveries;
update casebase.webhook_endpoints set enabled = true;
insert into case_events (case_id, seq, type, actor_name, visible_to_client, data)
select id, seq, 'case.updated', 'x', false, '{}' from (select id from cases where title = 'many' order by id limit 150) c, unnest(array[1003, 1004]) seq order by id, seq;
update casebase.webhook_deliveries d set state = 'waiting' from casebase.webhook_payloads e where e.id = d.payload_id and e.seq = 1004;
update casebase.webhook_deliveries set state = 'leased', leased_at = now(), leased_until = now() + interval '1 hour' where state = 'pending';
delete from casebase.webhook_deliveries d
where d.state = 'leased' and d.case_id = (select max(case_id) from casebase.webhook_deliveries) and d.endpoint_id = 'e0000000-0000-4000-8000-000000000002';
select casebase.webhook_tidy('30 days') from generate_series(1, 2);
select is((select count(*) from casebase.webhook_deliveries where state = 'pending'), 1::bigint, 'the second turn comes to the last lane of the last endpoint');
update casebase.webhook_endpoints set enabled = description = 'second';

-- A report names the delivery whose lease it holds.
delete from casebase.webhook_deliveries;
select pg_temp.delivers('second', n, 'leased') from generate_series(1, 2) n;
select is(casebase.webhook_ack((select jsonb_agg(jsonb_build_object('delivery_id', one.id, 'lease_token', other.lease_token, 'started_at', now(), 'status', 200, 'verdict', 'delivered'))
  from casebase.webhook_deliveries one join casebase.webhook_deliveries other on other.id <> one.id)), 0, 'another''s lease is none');
-- Who answers sets its own lane going. One whose first was removed waits for its turn.
delete from casebase.webhook_deliveries;
select pg_temp.delivers('second', 1, 'delivered');
select pg_temp.delivers('second', 1, 'waiting');
select pg_temp.delivers('second', 2, 'leased');
select pg_temp.delivers('second', 2, 'waiting');
create temporary table healthy as select ctid::text as place from casebase.webhook_endpoints where description = 'second';
select is(casebase.webhook_ack(pg_temp.report('second', '{"verdict": "delivered"}')), 1, 'one answers');
select is(pg_temp.states(), 'second 1 delivered, second 1 waiting, second 2 delivered, second 2 pending', 'its lane goes on');
select is((select e.ctid::text from casebase.webhook_endpoints e where e.description = 'second'), (select place from healthy), 'of an endpoint that is well nothing is written');
-- What is taken at a time is half of what was asked for, at least; the rest has to wait for a call of its own.
delete from casebase.webhook_deliveries;
select pg_temp.delivers('second', 1, 'pending');
select pg_temp.delivers('second', 1, 'pending');
select pg_temp.delivers('second', 2, 'pending');
select is((select count(*) from casebase.webhook_lease(2, 100, '1 hour', '1 second')), 1::bigint, 'half is enough');
select is((select count(*) from casebase.webhook_lease(2, 100, '1 hour', '1 second')), 1::bigint, 'and then the rest');
select is((select last_value from casebase.webhook_listening_until), 0::bigint, 'nobody waits for a notification who has something to send');

select * from finish();
rollback;
