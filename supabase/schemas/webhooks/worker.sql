-- The worker's functions: leasing, reporting and housekeeping.
--
-- A worker keeps its connection, and with it every plan that was made when the queue was empty. So no plan may depend
-- on how full a table is: what is looked for is found by id, or in the one index that can answer (outbox.sql), with a
-- limit. What is looked up by id is named in an array: joined, it might be the inner side of a loop over everything. Nor
-- does it repeat an index's condition, or that index would be read instead. The three functions that the worker calls leave the planner no other way: they set the
-- scans and joins that read whole tables off, and what they call is planned under the same settings.
--
-- How many rows a call reads is bounded by its arguments, the number of endpoints and the limits below, never by what
-- is waiting. crates/casebase/tests/webhook_backlog.rs holds the numbers.

-- The first unfinished delivery of a lane, or the first behind one of it. A range of cases, even of one: equal to both
-- columns, it could also be found by walking the primary key past everything that was ever delivered.
create function casebase.webhook_first_of_lane(of_endpoint uuid, of_case bigint, behind bigint default 0) returns bigint
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select unfinished.id
    from casebase.webhook_deliveries unfinished
    where unfinished.finished_at is null
      and unfinished.endpoint_id = of_endpoint
      and (unfinished.case_id, unfinished.id) > (of_case, behind)
      and unfinished.case_id <= of_case
    order by unfinished.case_id, unfinished.id
    limit 1
  );
end
$$;

-- Locks those of these deliveries that are in this state and that nobody else holds. Answers their ids.
create function casebase.webhook_lock(ids bigint[], in_state text) returns bigint[]
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    with free as (
      select delivery.id, delivery.state
      from casebase.webhook_deliveries delivery
      where delivery.id = any (ids)
      for update skip locked
    )
    select free.id
    from free
    where free.state = in_state
  );
end
$$;

-- What a worker took and never reported goes back, with an attempt that says so. It costs no retry: the receiver
-- did nothing wrong.
create function casebase.webhook_expire_leases(at timestamptz) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  expired bigint[] := array(
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.state = 'leased'
      and delivery.leased_until <= at
    limit 500
    for update skip locked
  );
begin
  insert into casebase.webhook_attempts (delivery_id, number, started_at, error)
  select delivery.id,
         1 + (
           select coalesce(max(attempt.number), 0)
           from casebase.webhook_attempts attempt
           where attempt.delivery_id = delivery.id
         ),
         delivery.leased_at,
         'The worker stopped before it reported an answer; the request may have arrived.'
  from casebase.webhook_deliveries delivery
  where delivery.id = any (expired);

  update casebase.webhook_deliveries delivery
  set state           = 'pending',
      next_attempt_at = now(),
      leased_at       = null,
      leased_until    = null
  where delivery.id = any (expired);
end
$$;

-- The deliveries that are due, and whether each is blocked by an earlier one of its lane. Every endpoint's oldest come
-- before any endpoint's second oldest, so that nobody's backlog keeps the others waiting, and of many endpoints' backlogs
-- no more is read than about twice what is asked for. An endpoint gets at most max_per_endpoint requests at a time of one
-- worker, and one that keeps failing a single one of all workers, so that it cannot occupy them.
-- `at` is an argument because clock_timestamp() can't bound an index scan: what is due later would be read too.
create function casebase.webhook_due(
  at timestamptz, max_deliveries integer, max_per_endpoint integer, under_way jsonb, since jsonb
)
  returns table (id bigint, blocked boolean)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with ready as materialized (
    select endpoint.id, room.places, coalesce((since ->> endpoint.id::text)::timestamptz, '-infinity') as since
    from casebase.webhook_endpoints endpoint
    cross join lateral (
      select least(
        max_deliveries,
        case
          when endpoint.failures_in_a_row < 5
            then max_per_endpoint - coalesce((under_way ->> endpoint.id::text)::integer, 0)
          else 1 - (
            select count(*)
            from casebase.webhook_deliveries leased
            where leased.endpoint_id = endpoint.id
              and leased.state = 'leased'
          )
        end,
        endpoint.rate_limit - case when endpoint.rate_second > at - interval '1 s' then endpoint.rate_used else 0 end
      ) as places
    ) room
    cross join lateral (
      select from casebase.webhook_deliveries delivery
      where delivery.endpoint_id = endpoint.id
        and delivery.state = 'pending'
        and delivery.next_attempt_at >= coalesce((since ->> endpoint.id::text)::timestamptz, '-infinity')
        and delivery.next_attempt_at <= at
      limit case when room.places > 0 then 1 else 0 end
    ) something
    where endpoint.enabled
      and endpoint.url is not null
      and (endpoint.paused_until is null or endpoint.paused_until <= at)
  )
  select due.id, coalesce(casebase.webhook_first_of_lane(due.endpoint_id, due.case_id) < due.id, false)
  from (
    select oldest.*
    from ready
    cross join lateral (
      select delivery.id, delivery.endpoint_id, delivery.case_id, delivery.next_attempt_at,
             row_number() over (order by delivery.next_attempt_at, delivery.id) as nth
      from casebase.webhook_deliveries delivery
      where delivery.endpoint_id = ready.id
        and delivery.state = 'pending'
        and delivery.next_attempt_at >= ready.since
        and delivery.next_attempt_at <= at
      order by delivery.next_attempt_at, delivery.id
      limit least(ready.places, 1 + 2 * max_deliveries / (select count(*) from ready))
    ) oldest
    order by oldest.nth, oldest.next_attempt_at, oldest.id
    limit max_deliveries
  ) due;
end
$$;

-- Sets these blocked deliveries aside, and with them those that follow in their lanes, up to 500 in all. Answers how
-- many.
create function casebase.webhook_park(blocked bigint[]) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  behind bigint[];
  parked integer;
begin
  behind := array(
    select following.id
    from (
      select seen.endpoint_id, seen.case_id, min(seen.id) as id, count(*) over () as lanes
      from casebase.webhook_deliveries seen
      where seen.id = any (blocked)
      group by seen.endpoint_id, seen.case_id
    ) lane
    cross join lateral (
      select delivery.id, delivery.state
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
        and delivery.endpoint_id = lane.endpoint_id
        and (delivery.case_id, delivery.id) >= (lane.case_id, lane.id)
        and delivery.case_id <= lane.case_id
      order by delivery.case_id, delivery.id
      limit greatest(1, 500 / lane.lanes)
    ) following
    where following.state = 'pending'
  );

  behind := casebase.webhook_lock(behind, 'pending');
  update casebase.webhook_deliveries delivery
  set state = 'waiting'
  where delivery.id = any (behind);
  get diagnostics parked = row_count;
  return parked;
end
$$;

-- What was taken for endpoints with a rate limit counts in the second that began with the first of it.
create function casebase.webhook_count_requests(at timestamptz, taken bigint[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  with request as (
    select delivery.endpoint_id, count(*) as n
    from casebase.webhook_deliveries delivery
    where delivery.id = any (taken)
    group by delivery.endpoint_id
  ),
  limited as (
    select endpoint.id, endpoint.rate_second > at - interval '1 s' is true as goes_on, request.n
    from casebase.webhook_endpoints endpoint
    join request on request.endpoint_id = endpoint.id
    where endpoint.rate_limit is not null
    for update of endpoint skip locked
  )
  update casebase.webhook_endpoints endpoint
  set rate_second = case when limited.goes_on then endpoint.rate_second else at end,
      rate_used   = case when limited.goes_on then endpoint.rate_used else 0 end + limited.n
  from limited
  where endpoint.id = limited.id;
end
$$;

-- Says until when somebody waits for a notification. What is said already isn't written again.
create function casebase.webhook_listen_until(until timestamptz) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  said constant bigint := extract(epoch from until) * 1000;
begin
  if pg_sequence_last_value('casebase.webhook_listening_until') is distinct from said then
    perform setval('casebase.webhook_listening_until', said);
  end if;
end
$$;

-- What follows these deliveries in their lanes and can be sent at once behind them: up to `most` in each, about 256 in
-- all. None where somebody holds one in between, or has put it off; and none of a receiver that fails, or whose requests
-- are counted.
create function casebase.webhook_followers(heads bigint[], most integer, at timestamptz) returns bigint[]
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  following bigint[] := array(
    select behind.id
    from casebase.webhook_deliveries head
    cross join lateral (
      select case when endpoint.failures_in_a_row = 0 and endpoint.rate_limit is null then most else 0 end as most
      from casebase.webhook_endpoints endpoint
      where endpoint.id = head.endpoint_id
      limit 1
    ) receiver
    cross join lateral (
      select delivery.id
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
        and delivery.endpoint_id = head.endpoint_id
        and (delivery.case_id, delivery.id) > (head.case_id, head.id)
        and delivery.case_id <= head.case_id
      order by delivery.case_id, delivery.id
      limit least(receiver.most, 256 / cardinality(heads))
    ) behind
    where head.id = any (heads)
  );
  ready     bigint[];
begin
  ready := array(
    with free as (
      select delivery.id, delivery.state, delivery.next_attempt_at
      from casebase.webhook_deliveries delivery
      where delivery.id = any (following)
      for update skip locked
    )
    select free.id
    from free
    where free.state in ('pending', 'waiting')
      and free.next_attempt_at <= at
  );
  return array(
    select one.id
    from (
      select delivery.id,
             bool_and(delivery.id = any (ready)) over (
               partition by delivery.endpoint_id, delivery.case_id
               order by delivery.id
             ) as all_ready
      from casebase.webhook_deliveries delivery
      where delivery.id = any (following)
    ) one
    where one.all_ready
  );
end
$$;

-- Takes up to max_deliveries for sending, and behind each up to max_in_lane - 1 more of its lane, which the caller sends
-- one after another as long as each is taken. It sends them outside any transaction and reports with webhook_ack before
-- the lease ends; otherwise they are given to the next caller. When nothing is due the caller listens for a notification,
-- for as long as listens_for.
--
-- What the caller has under way counts for each endpoint: {"<endpoint>": requests}. Of `since`, {"<endpoint>": time}, it
-- looks at what became due from then on, which spares it the old versions of what was delivered before, where a
-- transaction keeps them; it may miss what was committed late. Null: it looks at everything, also for leases that ended.
create function casebase.webhook_lease(
  max_deliveries   integer,
  max_per_endpoint integer,
  lease            interval,
  listens_for      interval,
  max_in_lane      integer default 1,
  under_way        jsonb default '{}',
  since            jsonb default null
) returns table (
  delivery_id bigint,
  lease_token uuid,
  attempt     integer,
  endpoint_id uuid,
  url         text,
  message_id  text,
  body        text,
  secrets     text[],
  -- The endpoint's own waits between attempts, in milliseconds.
  retry_waits bigint[],
  headers     jsonb,
  -- Its lane with the endpoint's; null: it is in none.
  case_id     bigint,
  due_at      timestamptz
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set jit = off
as $$
#variable_conflict use_column
declare
  at        timestamptz;
  heads     bigint[];
  followers bigint[];
  blocked   bigint[];
begin
  -- A lease that a crash of the server forgets is a delivery that is sent again: not worth waiting for the disk.
  perform set_config('synchronous_commit', 'off', true);
  perform from casebase.webhook_queue for update;
  at := clock_timestamp();
  if since is null then
    perform casebase.webhook_expire_leases(at);
  end if;

  -- What is found blocked is set aside and the look repeated until half of what was asked for is found, but not for
  -- ever: a lane of 100,000 takes many calls, and between them others get their turn.
  for look in 1..4 loop
    select array_agg(due.id) filter (where not due.blocked),
           array_agg(due.id) filter (where due.blocked)
    into heads, blocked
    from casebase.webhook_due(at, max_deliveries, max_per_endpoint, under_way, since) due;
    exit when blocked is null
      or casebase.webhook_park(blocked) = 0
      or cardinality(heads) >= max_deliveries / 2;
  end loop;

  heads := casebase.webhook_lock(heads, 'pending');
  followers := casebase.webhook_followers(heads, max_in_lane - 1, at);
  return query
  with leased as (
    update casebase.webhook_deliveries delivery
    set state        = 'leased',
        lease_token  = gen_random_uuid(),
        leased_at    = clock_timestamp(),
        leased_until = clock_timestamp() + lease
    where delivery.id = any (heads || followers)
    returning delivery.*
  ),
  signer as materialized (
    select receiver.endpoint_id, casebase.webhook_signing_secrets(receiver.endpoint_id) as secrets
    from (select distinct leased.endpoint_id from leased) receiver
  )
  select leased.id,
         leased.lease_token,
         leased.attempts + 1,
         leased.endpoint_id,
         endpoint.url,
         casebase.webhook_message_id(leased.endpoint_id, leased.payload_id),
         payload.body,
         signer.secrets,
         case when endpoint.retry_waits is not null then array(
           select (extract(epoch from wait) * 1000)::bigint
           from unnest(endpoint.retry_waits) with ordinality as waits (wait, nth)
           order by nth
         ) end,
         endpoint.headers,
         leased.case_id,
         leased.next_attempt_at
  from leased
  join signer on signer.endpoint_id = leased.endpoint_id
  join casebase.webhook_endpoints endpoint on endpoint.id = leased.endpoint_id
  -- A join would be planned while there are few, as a walk through all of them, and kept as they become many.
  cross join lateral (
    select p.body from casebase.webhook_payloads p where p.id = leased.payload_id offset 0
  ) payload
  order by leased.id;

  if found then
    perform casebase.webhook_count_requests(at, heads);
    perform casebase.webhook_listen_until('1970-01-01 00:00+00');
  else
    perform casebase.webhook_listen_until(clock_timestamp() + listens_for);
    -- Only blocked ones were found, and there may be more behind them: the worker comes again at once.
    if blocked is not null then
      perform pg_notify('casebase_webhooks', '');
    end if;
  end if;
end
$$;

-- Reports what became of leased deliveries, as an array of
--   {delivery_id, lease_token, started_at, duration_ms, status, response, error,
--    verdict: delivered | retry | failed | unsent, retry_in_ms, pause_ms, disable_because}
-- Every attempt is recorded; only who still holds the lease decides the delivery's state. What was not sent goes back as
-- if it had never been taken. Answers how many leases were held.
create function casebase.webhook_ack(reports jsonb) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set jit = off
as $$
declare
  reported bigint[] := array(select (report ->> 'delivery_id')::bigint from jsonb_array_elements(reports) report);
  known    bigint[];
  finished bigint[];
  settled  integer;
  released integer;
begin
  perform from casebase.webhook_queue for update;
  released := casebase.webhook_release(reports);
  reports := coalesce(
    (select jsonb_agg(report) from jsonb_array_elements(reports) report where report ->> 'verdict' <> 'unsent'), '[]');

  known := array(
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.id = any (reported)
    for update skip locked
  );

  perform casebase.webhook_record_attempts(reports, known);

  with report as (
    select *
    from jsonb_to_recordset(reports) as r (delivery_id bigint, lease_token uuid, verdict text, retry_in_ms bigint)
  ),
  changed as (
    update casebase.webhook_deliveries delivery
    set state           = case report.verdict
                            when 'delivered' then 'delivered'
                            when 'retry' then 'pending'
                            else 'failed'
                          end,
        attempts        = delivery.attempts + 1,
        next_attempt_at = case report.verdict
                            when 'retry' then now() + report.retry_in_ms * interval '1 ms'
                            else delivery.next_attempt_at
                          end,
        leased_at       = null,
        leased_until    = null,
        finished_at     = case report.verdict when 'retry' then null else clock_timestamp() end
    from report
    where delivery.id = report.delivery_id
      and delivery.id = any (known)
      and delivery.leased_until is not null
      and delivery.lease_token = report.lease_token
    returning delivery.id, delivery.finished_at
  )
  select count(*), array_agg(changed.id) filter (where changed.finished_at is not null)
  into settled, finished
  from changed;

  perform casebase.webhook_judge_endpoints(reports, known);
  perform casebase.webhook_advance(array(
    select casebase.webhook_first_of_lane(done.endpoint_id, done.case_id, done.id)
    from casebase.webhook_deliveries done
    where done.id = any (finished)
  ));
  return settled + released;
end
$$;

-- Gives back what was leased and not sent. Answers how many there were.
create function casebase.webhook_release(reports jsonb) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  unsent   bigint[] := array(
    select (report ->> 'delivery_id')::bigint
    from jsonb_array_elements(reports) report
    where report ->> 'verdict' = 'unsent'
  );
  released integer;
begin
  unsent := casebase.webhook_lock(unsent, 'leased');
  update casebase.webhook_deliveries delivery
  set state        = 'pending',
      leased_at    = null,
      leased_until = null
  from jsonb_to_recordset(reports) as report (delivery_id bigint, lease_token uuid, verdict text)
  where delivery.id = any (unsent)
    and report.delivery_id = delivery.id
    and report.lease_token = delivery.lease_token;
  get diagnostics released = row_count;
  return released;
end
$$;

create function casebase.webhook_record_attempts(reports jsonb, known bigint[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  insert into casebase.webhook_attempts (delivery_id, number, started_at, duration_ms, status, response, error)
  select report.delivery_id,
         row_number() over (partition by report.delivery_id order by report.started_at) + (
           select coalesce(max(earlier.number), 0)
           from casebase.webhook_attempts earlier
           where earlier.delivery_id = report.delivery_id
         ),
         report.started_at,
         report.duration_ms,
         report.status,
         report.response,
         report.error
  from jsonb_to_recordset(reports) as report (
    delivery_id bigint, started_at timestamptz, duration_ms integer, status integer, response text, error text
  )
  where report.delivery_id = any (known);
end
$$;

-- What the answers say about the receivers. One success clears the failures, and what waits for its next attempt is due.
-- From the fifth failure in a row on, one request at a time tries whether the receiver is well again, after a pause that
-- grows to a minute. Gone, or nothing but failures for five days, switch an endpoint off.
create function casebase.webhook_judge_endpoints(reports jsonb, known bigint[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  recovered uuid[];
begin
  with answers as (
    select delivery.endpoint_id,
           bool_or(report.verdict = 'delivered') as any_delivered,
           count(*) filter (where report.verdict <> 'delivered') as failures,
           max(report.pause_ms) as pause_ms,
           max(report.disable_because) as disable_because
    from jsonb_to_recordset(reports) as report (
      delivery_id bigint, verdict text, pause_ms bigint, disable_because text
    )
    join casebase.webhook_deliveries delivery on delivery.id = report.delivery_id
    where delivery.id = any (known)
    group by delivery.endpoint_id
  ),
  affected as (
    select endpoint.id, endpoint.failures_in_a_row as failed_before, answers.*,
           case when not answers.any_delivered then endpoint.failures_in_a_row + answers.failures else 0 end as failed,
           case when not answers.any_delivered then coalesce(endpoint.failing_since, now()) end as since
    from casebase.webhook_endpoints endpoint
    join answers on answers.endpoint_id = endpoint.id
    where endpoint.failures_in_a_row > 0
      or answers.failures > 0
    for update of endpoint skip locked
  ),
  judged as (
    update casebase.webhook_endpoints endpoint
    set failures_in_a_row = affected.failed,
        failing_since     = affected.since,
        paused_until      = greatest(
                              endpoint.paused_until,
                              now() + affected.pause_ms * interval '1 ms',
                              case when affected.failed >= 5 then now() + least(affected.failed - 4, 60) * interval '1 s' end
                            ),
        enabled           = endpoint.enabled and verdict.reason is null,
        disabled_reason   = coalesce(verdict.reason, endpoint.disabled_reason)
    from affected
    cross join lateral (
      select coalesce(
        affected.disable_because,
        case
          when affected.since < now() - interval '5 days'
            then format('Every attempt since %s failed.', to_char(affected.since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))
        end
      ) as reason
    ) verdict
    where endpoint.id = affected.id
    returning endpoint.id, affected.failed_before, affected.any_delivered
  )
  select array_agg(judged.id) into recovered
  from judged
  where judged.any_delivered
    and judged.failed_before >= 5;

  perform casebase.webhook_retry_now(recovered, 5000);
end
$$;

-- Makes due what waits for its next attempt at these endpoints, `most` of each. Answers how many.
create function casebase.webhook_retry_now(endpoints uuid[], most integer) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  putting_off bigint[] := array(
    select later.id
    from unnest(endpoints) as endpoint (id)
    cross join lateral (
      select delivery.id
      from casebase.webhook_deliveries delivery
      where delivery.endpoint_id = endpoint.id
        and delivery.state = 'pending'
        and delivery.next_attempt_at > now()
      order by delivery.next_attempt_at, delivery.id
      limit most
    ) later
  );
begin
  putting_off := casebase.webhook_lock(putting_off, 'pending');
  update casebase.webhook_deliveries delivery
  set next_attempt_at = now()
  where delivery.id = any (putting_off);
  return cardinality(putting_off);
end
$$;

-- Deliveries that waited and are the first of their lanes now become due, at the time they always had.
create function casebase.webhook_advance(firsts bigint[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  waiting bigint[] := casebase.webhook_lock(firsts, 'waiting');
begin
  update casebase.webhook_deliveries delivery
  set state = 'pending'
  where delivery.id = any (waiting);
end
$$;

-- What an admin skips lets its lane go on. The queue's lock is the worker's: it decides about order alone.
create function casebase.webhook_pass_skipped() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from casebase.webhook_queue for update;
  perform casebase.webhook_advance(array[casebase.webhook_first_of_lane(new.endpoint_id, new.case_id)]);
  return null;
end
$$;

create trigger pass_skipped after update on casebase.webhook_deliveries
  for each row when (new.state = 'skipped' and old.state <> 'skipped')
  execute function casebase.webhook_pass_skipped();

-- Sets lanes going again whose first delivery was removed by hand: of the lanes in which something waits, the next 200
-- after those of the last call.
create function casebase.webhook_sweep_lanes() returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  after_endpoint uuid;
  after_case     bigint;
  stuck          bigint[];
begin
  select coalesce(queue.swept_endpoint_id, '00000000-0000-0000-0000-000000000000'), coalesce(queue.swept_case_id, 0)
  into after_endpoint, after_case
  from casebase.webhook_queue queue
  for update;

  with recursive lane as (
    (
      select 1 as nth, waiting.endpoint_id, waiting.case_id, waiting.id
      from casebase.webhook_deliveries waiting
      where waiting.state = 'waiting'
        and (waiting.endpoint_id, waiting.case_id) > (after_endpoint, after_case)
      order by waiting.endpoint_id, waiting.case_id, waiting.id
      limit 1
    )
    union all
    select lane.nth + 1, next.endpoint_id, next.case_id, next.id
    from lane
    cross join lateral (
      select waiting.endpoint_id, waiting.case_id, waiting.id
      from casebase.webhook_deliveries waiting
      where waiting.state = 'waiting'
        and (waiting.endpoint_id, waiting.case_id) > (lane.endpoint_id, lane.case_id)
      order by waiting.endpoint_id, waiting.case_id, waiting.id
      limit 1
    ) next
    where lane.nth < 200
  )
  select array_agg(lane.id) filter (where lane.id = casebase.webhook_first_of_lane(lane.endpoint_id, lane.case_id)),
         (array_agg(lane.endpoint_id order by lane.nth))[200],
         (array_agg(lane.case_id order by lane.nth))[200]
  into stuck, after_endpoint, after_case
  from lane;
  -- Null after the last lane: the next call begins with the first one.
  update casebase.webhook_queue
  set swept_endpoint_id = after_endpoint,
      swept_case_id     = after_case;

  perform casebase.webhook_advance(stuck);
end
$$;

-- Gives up what has waited longer than `keep` for an endpoint that is switched off, or whose receiver doesn't fetch: up to
-- 1,000 of each.
create function casebase.webhook_give_up(keep interval) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  unwanted bigint[] := array(
    select old.id
    from casebase.webhook_endpoints endpoint
    cross join lateral (
      select delivery.id
      from casebase.webhook_deliveries delivery
      where delivery.endpoint_id = endpoint.id
        and delivery.state = 'pending'
        and delivery.next_attempt_at < now() - keep
      order by delivery.next_attempt_at, delivery.id
      limit 1000
    ) old
    where not endpoint.enabled
      or endpoint.url is null
  );
begin
  perform from casebase.webhook_queue for update;
  unwanted := casebase.webhook_lock(unwanted, 'pending');
  update casebase.webhook_deliveries delivery
  set state       = 'failed',
      finished_at = clock_timestamp()
  where delivery.id = any (unwanted);
  perform casebase.webhook_advance(array(
    select casebase.webhook_first_of_lane(done.endpoint_id, done.case_id)
    from casebase.webhook_deliveries done
    where done.id = any (unwanted)
  ));
end
$$;

-- Unfinished deliveries for endpoints that are gone, 5,000 at most. It goes from one endpoint to the next in the index
-- of lanes, however much waits for each.
create function casebase.webhook_abandoned() returns bigint[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  gone uuid[];
begin
  with recursive waited_for as (
    (
      select delivery.endpoint_id
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
      order by delivery.endpoint_id, delivery.case_id, delivery.id
      limit 1
    )
    union all
    select next.endpoint_id
    from waited_for
    cross join lateral (
      select delivery.endpoint_id
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
        and delivery.endpoint_id > waited_for.endpoint_id
      order by delivery.endpoint_id, delivery.case_id, delivery.id
      limit 1
    ) next
  )
  select array_agg(waited_for.endpoint_id) into gone
  from waited_for
  where not exists (select from casebase.webhook_endpoints endpoint where endpoint.id = waited_for.endpoint_id);

  return array(
    select abandoned.id
    from unnest(gone) as endpoint (id)
    cross join lateral (
      select delivery.id
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
        and delivery.endpoint_id = endpoint.id
      order by delivery.case_id, delivery.id
      limit 5000
    ) abandoned
    limit 5000
  );
end
$$;

-- Forgets deliveries, and the bodies that no other delivery needs. Who replays one meanwhile holds its body: it stays.
create function casebase.webhook_forget(deliveries bigint[]) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  free   bigint[];
  bodies bigint[];
begin
  free := array(
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.id = any (deliveries)
    for update skip locked
  );
  with forgotten as (
    delete from casebase.webhook_deliveries delivery
    where delivery.id = any (free)
    returning delivery.payload_id
  )
  select array_agg(distinct forgotten.payload_id) into bodies
  from forgotten;

  bodies := array(
    select payload.id
    from casebase.webhook_payloads payload
    where payload.id = any (bodies)
    for update skip locked
  );
  delete from casebase.webhook_payloads payload
  where payload.id = any (bodies)
    and not exists (select from casebase.webhook_deliveries delivery where delivery.payload_id = payload.id);
  return cardinality(free);
end
$$;

-- Housekeeping, a bounded piece at a time: forgets what was finished before `keep` ago and what waits for an endpoint
-- that is gone, gives up what nobody fetched in that time, and sets lanes going again. Answers how many finished ones it forgot. The queue is locked only for the
-- lanes: nobody decides any more about what is forgotten.
create function casebase.webhook_tidy(keep interval) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set jit = off
as $$
declare
  old       bigint[];
  forgotten integer;
begin
  old := array(
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.finished_at < now() - keep
    order by delivery.finished_at
    limit 5000
  );
  forgotten := casebase.webhook_forget(old);
  perform casebase.webhook_forget(casebase.webhook_abandoned());
  perform casebase.webhook_sweep_lanes();
  perform casebase.webhook_give_up(keep);
  return forgotten;
end
$$;

-- For those who watch the service: gauges, under Prometheus' names. Each counts to 10,000.
create function casebase.service_metrics() returns table (name text, label text, value double precision)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select 'casebase_webhook_queue', state.name, (
    select count(*)
    from (
      select from casebase.webhook_deliveries delivery
      where delivery.state = state.name
      limit 10000
    ) counted
  )::double precision
  from unnest(array['pending', 'waiting', 'leased']) as state (name)
  union all
  select 'casebase_webhook_queue_age_seconds', 'oldest_due', coalesce(extract(epoch from now() - min(oldest.due)), 0)
  from casebase.webhook_endpoints endpoint
  cross join lateral (
    select min(delivery.next_attempt_at) as due
    from casebase.webhook_deliveries delivery
    where delivery.endpoint_id = endpoint.id
      and delivery.state = 'pending'
      and delivery.next_attempt_at <= now()
  ) oldest
  where endpoint.enabled
    and endpoint.url is not null
  union all
  select 'casebase_webhook_endpoints', switch.name, count(endpoint.id)
  from (values ('enabled', true), ('disabled', false)) as switch (name, is_on)
  left join casebase.webhook_endpoints endpoint on endpoint.enabled = switch.is_on
  group by switch.name
  union all
  select 'casebase_case_files', state.name, (
    select count(*)
    from (
      select from public.case_files file
      where file.state = state.name
      limit 10000
    ) counted
  )
  from unnest(array['pending', 'uploaded', 'available', 'deleting']) as state (name)
$$;
