-- The worker's functions: leasing, reporting and housekeeping.

-- What a worker took and never reported goes back, with an attempt that says so. It costs no retry: the receiver
-- did nothing wrong.
create function casebase.webhook_expire_leases() returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
  with expired as (
    select delivery.id, delivery.leased_at
    from casebase.webhook_deliveries delivery
    where delivery.state = 'leased'
      and delivery.leased_until <= clock_timestamp()
    for update skip locked
  ),
  returned as (
    update casebase.webhook_deliveries delivery
    set state = 'pending', next_attempt_at = now(), leased_at = null, leased_until = null
    from expired
    where delivery.id = expired.id
  )
  insert into casebase.webhook_attempts (delivery_id, number, started_at, error)
  select expired.id,
         1 + (
           select coalesce(max(attempt.number), 0)
           from casebase.webhook_attempts attempt
           where attempt.delivery_id = expired.id
         ),
         expired.leased_at,
         'The worker stopped before it reported an answer; the request may have arrived.'
  from expired
$$;

-- The deliveries that are due now, oldest first, and whether each is blocked. An endpoint gets at most
-- max_per_endpoint requests at a time, one that keeps failing a single one, so that it cannot occupy the worker.
create function casebase.webhook_due(max_deliveries integer, max_per_endpoint integer)
  returns table (id bigint, endpoint_id uuid, case_id bigint, blocked boolean)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select due.id,
         due.endpoint_id,
         due.case_id,
         exists (
           select from casebase.webhook_deliveries earlier
           where earlier.endpoint_id = due.endpoint_id
             and earlier.case_id = due.case_id
             and earlier.id < due.id
             and earlier.state in ('pending', 'waiting', 'leased')
         )
  from casebase.webhook_endpoints endpoint
  cross join lateral (
    select count(*) as n
    from casebase.webhook_deliveries leased
    where leased.endpoint_id = endpoint.id
      and leased.state = 'leased'
  ) in_flight
  cross join lateral (
    select delivery.*
    from casebase.webhook_deliveries delivery
    where delivery.endpoint_id = endpoint.id
      and delivery.state = 'pending'
      and delivery.next_attempt_at <= clock_timestamp()
    order by delivery.next_attempt_at, delivery.id
    limit greatest(0, least(
      max_deliveries,
      case when endpoint.failures_in_a_row < 5 then max_per_endpoint else 1 end - in_flight.n
    ))
  ) due
  where endpoint.enabled
    and (endpoint.paused_until is null or endpoint.paused_until <= clock_timestamp())
  order by due.next_attempt_at, due.id
  limit max_deliveries
$$;

-- Sets aside every pending delivery of these lanes that has an unfinished one before it. Answers how many.
create function casebase.webhook_park(endpoint_ids uuid[], case_ids bigint[]) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  parked integer;
begin
  with lane as (
    select unfinished.endpoint_id, unfinished.case_id, min(unfinished.id) as first_id
    from casebase.webhook_deliveries unfinished
    where (unfinished.endpoint_id, unfinished.case_id) in (
        select blocked.endpoint_id, blocked.case_id
        from unnest(endpoint_ids, case_ids) as blocked (endpoint_id, case_id)
      )
      and unfinished.state in ('pending', 'waiting', 'leased')
    group by unfinished.endpoint_id, unfinished.case_id
  ),
  behind as (
    select delivery.id
    from casebase.webhook_deliveries delivery
    join lane
      on lane.endpoint_id = delivery.endpoint_id
      and lane.case_id = delivery.case_id
      and lane.first_id < delivery.id
    where delivery.state = 'pending'
    for update of delivery skip locked
  )
  update casebase.webhook_deliveries delivery
  set state = 'waiting'
  from behind
  where delivery.id = behind.id;

  get diagnostics parked = row_count;
  return parked;
end
$$;

-- Takes up to max_deliveries for sending. The caller sends them outside any transaction and reports with webhook_ack
-- before the lease ends; otherwise they are given to the next caller. When nothing is due the caller listens for a
-- notification, for as long as listens_for.
create function casebase.webhook_lease(
  max_deliveries   integer,
  max_per_endpoint integer,
  lease            interval,
  listens_for      interval
) returns table (
  delivery_id bigint,
  lease_token uuid,
  attempt     integer,
  endpoint_id uuid,
  url         text,
  message_id  text,
  body        text,
  secrets     text[]
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  heads           bigint[];
  lanes_endpoints uuid[];
  lanes_cases     bigint[];
begin
  -- A lease that a crash of the server forgets is a delivery that is sent again: not worth waiting for the disk.
  perform set_config('synchronous_commit', 'off', true);
  perform from casebase.webhook_queue for update;
  perform casebase.webhook_expire_leases();

  loop
    select array_agg(due.id)          filter (where not due.blocked),
           array_agg(due.endpoint_id) filter (where due.blocked),
           array_agg(due.case_id)     filter (where due.blocked)
    into heads, lanes_endpoints, lanes_cases
    from casebase.webhook_due(max_deliveries, max_per_endpoint) due;

    exit when lanes_endpoints is null;
    exit when casebase.webhook_park(lanes_endpoints, lanes_cases) = 0;
  end loop;

  return query
  with free as (
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.id = any (heads)
    for update skip locked
  ),
  leased as (
    update casebase.webhook_deliveries delivery
    set state        = 'leased',
        lease_token  = gen_random_uuid(),
        leased_at    = clock_timestamp(),
        leased_until = clock_timestamp() + lease
    from free
    where delivery.id = free.id
    returning delivery.*
  )
  select leased.id,
         leased.lease_token,
         leased.attempts + 1,
         leased.endpoint_id,
         endpoint.url,
         casebase.webhook_message_id(leased.endpoint_id, leased.event_id, leased.id),
         case
           when leased.event_id is null then casebase.webhook_test_body(leased.endpoint_id, leased.created_at)
           else casebase.webhook_body(event)
         end,
         casebase.webhook_signing_secrets(leased.endpoint_id)
  from leased
  join casebase.webhook_endpoints endpoint on endpoint.id = leased.endpoint_id
  left join public.case_events event on event.id = leased.event_id
  order by leased.id;

  if found then
    update casebase.webhook_queue queue
    set listening_until = '-infinity'
    where queue.listening_until > '-infinity';
  else
    update casebase.webhook_queue
    set listening_until = clock_timestamp() + listens_for;
  end if;
end
$$;

-- Reports what became of leased deliveries, as an array of
--   {delivery_id, lease_token, started_at, duration_ms, status, response, error,
--    verdict: delivered | retry | failed, retry_in_ms, pause_ms, disable_because}
-- Every attempt is recorded; only who still holds the lease decides the delivery's state. Answers how many did.
create function casebase.webhook_ack(reports jsonb) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known    bigint[];
  finished bigint[];
  settled  integer;
begin
  perform from casebase.webhook_queue for update;

  known := array(
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.id in (select (report ->> 'delivery_id')::bigint from jsonb_array_elements(reports) report)
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
      and delivery.state = 'leased'
      and delivery.lease_token = report.lease_token
    returning delivery.id, delivery.finished_at
  )
  select count(*), array_agg(changed.id) filter (where changed.finished_at is not null)
  into settled, finished
  from changed;

  perform casebase.webhook_judge_endpoints(reports);
  perform casebase.webhook_advance_lanes(finished);
  return settled;
end
$$;

create function casebase.webhook_record_attempts(reports jsonb, known bigint[]) returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
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
  where report.delivery_id = any (known)
$$;

-- What the answers say about the receivers: one success clears the failures, a pause lets them breathe, Gone ends it.
create function casebase.webhook_judge_endpoints(reports jsonb) returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
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
    group by delivery.endpoint_id
  ),
  affected as (
    select endpoint.id, answers.*
    from casebase.webhook_endpoints endpoint
    join answers on answers.endpoint_id = endpoint.id
    where endpoint.failures_in_a_row > 0
      or answers.failures > 0
    for update of endpoint skip locked
  )
  update casebase.webhook_endpoints endpoint
  set failures_in_a_row = case
                            when affected.any_delivered then 0
                            else endpoint.failures_in_a_row + affected.failures
                          end,
      paused_until      = greatest(endpoint.paused_until, now() + affected.pause_ms * interval '1 ms'),
      enabled           = endpoint.enabled and affected.disable_because is null,
      disabled_reason   = coalesce(affected.disable_because, endpoint.disabled_reason)
  from affected
  where endpoint.id = affected.id
$$;

-- The next of each lane whose first delivery is finished becomes due, at the time it always had.
create function casebase.webhook_advance_lanes(finished bigint[]) returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
  with next as (
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.id in (
        select (
          select following.id
          from casebase.webhook_deliveries following
          where following.endpoint_id = done.endpoint_id
            and following.case_id = done.case_id
            and following.state in ('pending', 'waiting', 'leased')
          order by following.id
          limit 1
        )
        from casebase.webhook_deliveries done
        where done.id = any (finished)
      )
      and delivery.state = 'waiting'
    for update skip locked
  )
  update casebase.webhook_deliveries delivery
  set state = 'pending'
  from next
  where delivery.id = next.id
$$;

-- Housekeeping, a bounded piece at a time: forgets what was finished before `keep` ago and what waits for an endpoint
-- that is gone, and sets lanes going again whose first delivery was removed by hand. Answers how many finished ones it
-- forgot. Finished deliveries are many and the queue is locked meanwhile: each piece has an index to find it by.
create function casebase.webhook_tidy(keep interval) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten integer;
begin
  perform from casebase.webhook_queue for update;

  delete from casebase.webhook_deliveries delivery
  where delivery.id in (
    select old.id
    from casebase.webhook_deliveries old
    where old.state in ('delivered', 'failed')
      and old.finished_at < now() - keep
    order by old.finished_at
    limit 5000
    for update skip locked
  );
  get diagnostics forgotten = row_count;

  with unwanted as (
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.state in ('pending', 'waiting', 'leased')
      and not exists (select from casebase.webhook_endpoints endpoint where endpoint.id = delivery.endpoint_id)
    limit 5000
    for update skip locked
  )
  delete from casebase.webhook_deliveries delivery
  using unwanted
  where delivery.id = unwanted.id;

  with first_of_lane as (
    select distinct on (delivery.endpoint_id, delivery.case_id) delivery.id, delivery.state
    from casebase.webhook_deliveries delivery
    where delivery.state in ('pending', 'waiting', 'leased')
    order by delivery.endpoint_id, delivery.case_id, delivery.id
  ),
  stuck as (
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.id in (select first_of_lane.id from first_of_lane where first_of_lane.state = 'waiting')
    for update skip locked
  )
  update casebase.webhook_deliveries delivery
  set state = 'pending'
  from stuck
  where delivery.id = stuck.id;

  return forgotten;
end
$$;
