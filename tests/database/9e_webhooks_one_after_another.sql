-- What follows in a lane can be taken with its first, to be sent one after another, and goes back where it was not sent.
-- A worker says what it has under way, and from where on it looks.
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
select plan(51);

-- So many deliveries of a case for an endpoint.
create function pg_temp.delivers(which text, the_case integer, many integer default 1) returns void language sql
as $$
  insert into casebase.webhook_payloads (type, payload_version, thin, body) values ('case.updated', 1, false, '{}');
  insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, next_attempt_at)
  select e.id, (select max(id) from casebase.webhook_payloads), c.id, clock_timestamp()
  from casebase.webhook_endpoints e, cases c, generate_series(1, many)
  where e.description = which and c.title = 'lane ' || the_case;
$$;

-- 'first 1 2' is two deliveries of the first case for the first endpoint, in order.
create function pg_temp.leases(
  in_lane integer, per_endpoint integer default 100, under_way jsonb default '{}', since jsonb default null, most integer default 100
) returns text language sql
as $$
  with leased as materialized (
    select l.* from casebase.webhook_lease(most, per_endpoint, '1 hour', '1 second', in_lane, under_way, since) l
  ),
  lane as (
    select e.description, right(c.title, 1) as title, count(*) as n
    from leased
    join casebase.webhook_endpoints e on e.id = leased.endpoint_id
    left join cases c on c.id = leased.case_id
    group by 1, 2
  )
  select string_agg(description || ' ' || coalesce(title, '-') || ' ' || n, ', ' order by description, title) from lane
$$;
create function pg_temp.states() returns text language sql
as $$
  select string_agg(e.description || ' ' || right(c.title, 1) || ' ' || d.state, ', ' order by d.id)
  from casebase.webhook_deliveries d join casebase.webhook_endpoints e on e.id = d.endpoint_id join cases c on c.id = d.case_id
$$;
-- Of what is leased in a lane, in order, this became.
create function pg_temp.reports(which text, the_case integer, verdicts text[]) returns integer language sql
as $$
  select casebase.webhook_ack(jsonb_agg(jsonb_build_object(
    'delivery_id', leased.id, 'lease_token', leased.lease_token, 'started_at', now(), 'status', 200, 'retry_in_ms', 0,
    'verdict', verdicts[leased.nth])))
  from (
    select d.id, d.lease_token, row_number() over (order by d.id) as nth
    from casebase.webhook_deliveries d join casebase.webhook_endpoints e on e.id = d.endpoint_id join cases c on c.id = d.case_id
    where d.state = 'leased' and e.description = which and c.title = 'lane ' || the_case
  ) leased
  where verdicts[leased.nth] is not null
$$;
create function pg_temp.clear() returns void language sql
as $$
  delete from casebase.webhook_deliveries;
  update casebase.webhook_endpoints
  set enabled = true, failures_in_a_row = 0, failing_since = null, paused_until = null, rate_limit = null, rate_second = null, rate_used = 0;
$$;

-- A lane at a time.
select pg_temp.delivers('first', 1, 3);
select pg_temp.delivers('first', 2, 1);
select pg_temp.delivers('second', 1, 2);
select is(pg_temp.leases(1), 'first 1 1, first 2 1, second 1 1', 'one of each lane, where one is asked for');
select pg_temp.clear();
select pg_temp.delivers('first', 1, 3);
select pg_temp.delivers('first', 2, 1);
select pg_temp.delivers('second', 1, 2);
select is(pg_temp.leases(2), 'first 1 2, first 2 1, second 1 2', 'two of each, where there are');
select is(pg_temp.states(), 'first 1 leased, first 1 leased, first 1 waiting, first 2 leased, second 1 leased, second 1 leased', 'the first ones');
select is((select count(distinct lease_token) from casebase.webhook_deliveries where state = 'leased'), 5::bigint, 'each with a lease of its own');
select is(pg_temp.leases(2), null, 'what is behind them waits');
select is(pg_temp.reports('first', 1, '{delivered}'), 1, 'the first is delivered');
select is(pg_temp.leases(2), null, 'what is behind the second waits on');
select is(pg_temp.reports('first', 1, '{delivered}'), 1, 'so is the second');
select is(pg_temp.leases(2), 'first 1 1', 'now it comes');
select is(pg_temp.reports('first', 1, '{delivered}') + pg_temp.reports('second', 1, '{delivered,delivered}'), 3, 'several can be reported at once');
select is((select count(*) from casebase.webhook_attempts), 5::bigint, 'each has its attempt');

-- What isn't sent goes back as if it had never been taken.
select pg_temp.clear();
select pg_temp.delivers('first', 1, 4);
select is(pg_temp.leases(3), 'first 1 3', 'three are taken');
create temporary table before as select id, next_attempt_at, attempts from casebase.webhook_deliveries;
select is(pg_temp.reports('first', 1, '{delivered,retry,unsent}'), 3, 'the second is refused');
select is((select string_agg(state || ' ' || attempts, ', ' order by id) from casebase.webhook_deliveries), 'delivered 1, pending 1, pending 0, waiting 0', 'the third was not tried');
select is((select string_agg(number::text, ' ' order by delivery_id) from casebase.webhook_attempts join casebase.webhook_deliveries d on d.id = delivery_id), '1 1', 'and has no attempt');
select is((select count(*) from casebase.webhook_deliveries d join before b using (id) where d.next_attempt_at = b.next_attempt_at), 3::bigint, 'it is due as it was');
select is(pg_temp.leases(3), 'first 1 3', 'all three are taken, in order');
create temporary table stale as select * from casebase.webhook_deliveries where state = 'leased';
update casebase.webhook_deliveries set lease_token = gen_random_uuid() where state = 'leased';
select is((select casebase.webhook_ack(jsonb_agg(jsonb_build_object('delivery_id', id, 'lease_token', lease_token, 'verdict', 'unsent'))) from stale), 0, 'under an old lease nothing goes back');
select is(pg_temp.states(), 'first 1 delivered, first 1 leased, first 1 leased, first 1 leased', 'who has it now sends it');
select is(pg_temp.reports('first', 1, '{unsent}'), 1, 'and may give it back');
select is((select failures_in_a_row from casebase.webhook_endpoints where description = 'first'), 0, 'which is no failure of the receiver''s');
select is(pg_temp.reports('first', 1, '{unsent,unsent,unsent}'), 2, 'once');
select is(pg_temp.states(), 'first 1 delivered, first 1 pending, first 1 pending, first 1 pending', 'all of it can be taken again');
select pg_temp.clear();
select pg_temp.delivers('first', n) from generate_series(1, 2) n;
select is(pg_temp.leases(1), 'first 1 1, first 2 1', 'of two lanes');
select is((select casebase.webhook_ack(jsonb_agg(jsonb_build_object('delivery_id', one.id, 'lease_token', other.lease_token, 'verdict', 'unsent')))
  from casebase.webhook_deliveries one join casebase.webhook_deliveries other on other.id <> one.id), 0, 'neither goes back under the other''s lease');
select is(casebase.webhook_ack('[{"delivery_id": 999999999, "lease_token": "00000000-0000-4000-8000-000000000000", "verdict": "unsent"}]'), 0, 'what is gone is nobody''s');

-- Who answers sets no other lane going, not even a later case's that stands still.
select pg_temp.clear();
select pg_temp.delivers('first', 2);
update casebase.webhook_deliveries set state = 'waiting';
select pg_temp.delivers('first', 1);
select is(pg_temp.leases(1), 'first 1 1', 'one goes');
select is(pg_temp.reports('first', 1, '{delivered}'), 1, 'and is delivered');
select is(pg_temp.states(), 'first 2 waiting, first 1 delivered', 'the other waits until the worker tidies up');

-- Only of the same lane, and only what is ready.
select pg_temp.clear();
select pg_temp.delivers('first', 1);
select pg_temp.delivers('second', 1);
select pg_temp.delivers('first', 1);
select is(pg_temp.leases(2, most => 1), 'first 1 2', 'another endpoint''s is not behind it');
select pg_temp.clear();
select pg_temp.delivers('first', 2);
select pg_temp.delivers('first', 1);
select pg_temp.delivers('first', 2);
select is(pg_temp.leases(2, most => 1), 'first 2 2', 'nor another case''s');
select pg_temp.clear();
select pg_temp.delivers('first', n) from generate_series(1, 2) n;
select is(pg_temp.leases(2, most => 1), 'first 1 1', 'nor a later case''s');
select pg_temp.clear();
insert into casebase.webhook_deliveries (endpoint_id, payload_id)
select 'e0000000-0000-4000-8000-000000000001', max(id) from casebase.webhook_payloads, generate_series(1, 2);
select is(pg_temp.leases(2, most => 1), 'first - 1', 'tests are in no lane');

create function pg_temp.three_with_the_second(change text) returns void language plpgsql
as $$
begin
  perform pg_temp.clear(), pg_temp.delivers('first', 1, 3);
  execute format('update casebase.webhook_deliveries set %s where id = (select min(id) + 1 from casebase.webhook_deliveries)', change);
end
$$;
select pg_temp.three_with_the_second($$next_attempt_at = now() + interval '1 hour'$$);
select is(pg_temp.leases(3), 'first 1 1', 'what is put off stops what is behind it');
select pg_temp.three_with_the_second($$state = 'leased', leased_at = now(), leased_until = now() + interval '1 hour'$$);
select is(pg_temp.leases(3), 'first 1 1', 'what somebody else has does too');
select pg_temp.three_with_the_second($$state = 'skipped', skipped_because = 'x', finished_at = now()$$);
select is(pg_temp.leases(3), 'first 1 2', 'what is finished does not');
select pg_temp.three_with_the_second($$state = 'waiting'$$);
update casebase.webhook_endpoints set failures_in_a_row = 1 where description = 'first';
select is(pg_temp.leases(3), 'first 1 1', 'a receiver that fails gets one');
select pg_temp.three_with_the_second($$state = 'waiting'$$);
update casebase.webhook_endpoints set rate_limit = 10 where description = 'first';
select is(pg_temp.leases(3), 'first 1 1', 'as does one whose requests are counted');
select pg_temp.three_with_the_second($$next_attempt_at = now() + interval '1 hour'$$);
select pg_temp.delivers('first', 2, 2);
select pg_temp.delivers('second', 1, 2);
select is(pg_temp.leases(3), 'first 1 1, first 2 2, second 1 2', 'neither stops other lanes');
select pg_temp.clear();
select pg_temp.delivers('first', n, 200) from generate_series(1, 2) n;
select is(pg_temp.leases(1000), 'first 1 129, first 2 129', 'there is an end to it');
select pg_temp.clear();
update casebase.webhook_endpoints set rate_limit = 10 where description in ('first', 'second');
select pg_temp.delivers('first', n) from generate_series(1, 2) n;
select pg_temp.delivers('second', 1);
select is(pg_temp.leases(1), 'first 1 1, first 2 1, second 1 1', 'requests of two receivers');
select is((select string_agg(description || ' ' || rate_used, ', ' order by description) from casebase.webhook_endpoints where rate_limit = 10),
  'first 2, second 1', 'are counted for each');
select pg_temp.clear();
select pg_temp.delivers('first', 1);
select is(pg_temp.leases(1), 'first 1 1', 'without a limit');
select is((select sum(rate_used) from casebase.webhook_endpoints), 0::bigint, 'nothing is counted');

-- A worker says what it has under way.
select pg_temp.clear();
select pg_temp.delivers(which, n) from unnest(array['first', 'second']) which, generate_series(1, 3) n;
select is(pg_temp.leases(1, 2, '{"e0000000-0000-4000-8000-000000000001": 1}'), 'first 1 1, second 1 1, second 2 1', 'it counts for its endpoint');
select is(pg_temp.leases(1, 2, '{"e0000000-0000-4000-8000-000000000001": 2, "e0000000-0000-4000-8000-000000000002": 9}'), null, 'which may have enough, or more');
update casebase.webhook_endpoints set failures_in_a_row = 5 where description = 'first';
select is(pg_temp.leases(1, 2), 'second 3 1', 'to one that fails nothing is sent while anybody has something under way');
update casebase.webhook_deliveries set state = 'pending', leased_at = null, leased_until = null where endpoint_id = 'e0000000-0000-4000-8000-000000000001';
select is(pg_temp.leases(1, 2), 'first 1 1', 'to it: others don''t count');

-- And from where on it looks.
select pg_temp.clear();
select pg_temp.delivers(which, n) from unnest(array['first', 'second']) which, generate_series(1, 2) n;
update casebase.webhook_deliveries set next_attempt_at = now() - interval '1 hour' where case_id = (select id from cases where title = 'lane 1');
select is(pg_temp.leases(1, since => jsonb_build_object('e0000000-0000-4000-8000-000000000001', now() - interval '1 minute')),
  'first 2 1, second 1 1, second 2 1', 'what was due before is passed by where that is said');
update casebase.webhook_deliveries set leased_until = now() where state = 'leased' and endpoint_id = 'e0000000-0000-4000-8000-000000000002';
select is(pg_temp.leases(1, since => '{}'), 'first 1 1', 'and nowhere else');
select is(pg_temp.leases(1), 'second 1 1, second 2 1', 'a look at everything finds leases that are over');

select * from finish();
rollback;
