-- Webhooks: endpoints that admins manage, and an outbox that the worker empties.
--
-- A delivery is one event for one endpoint. Its life:
--
--   pending   due at next_attempt_at; the first unfinished delivery of its lane, or not yet looked at
--   waiting   behind an earlier delivery of its lane; no clock runs
--   leased    a worker is sending it, until leased_until
--   delivered, failed
--
-- A lane is one endpoint and one case: within it deliveries are sent one after another, in the order of their ids,
-- which is the commit order of the case's events. Lanes never wait for each other.
--
-- Users' transactions only ever insert pending rows; nothing else of theirs touches the queue. Whatever decides
-- about order runs in the worker's functions, one at a time (they lock the one row of webhook_queue), for
-- milliseconds, and never waits for a user's transaction (skip locked).


-- Endpoints -----------------------------------------------------------------------------------------------------

create table casebase.webhook_endpoints (
  id                uuid        not null default gen_random_uuid(),
  url               text        not null,
  description       text        not null default '',
  -- 'case.updated', or 'case.*' for a whole family; none: every event
  event_types       text[]      not null default '{}',
  enabled           boolean     not null default true,
  disabled_reason   text,
  -- what the worker learns about the receiver
  paused_until      timestamptz,
  failures_in_a_row integer     not null default 0,
  created_by        uuid        default auth.uid(),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),

  constraint webhook_endpoints_pkey primary key (id),
  constraint webhook_endpoints_created_by_fkey
    foreign key (created_by) references auth.users (id) on delete set null,
  -- no user:password in it, and no fragment: neither would arrive
  constraint webhook_endpoints_url_check
    check (length(url) <= 2000 and url ~ '^https?://[^[:space:][:cntrl:]/?#@]+([/?][^[:space:][:cntrl:]#]*)?$'),
  constraint webhook_endpoints_description_check
    check (length(description) <= 500),
  constraint webhook_endpoints_event_types_check
    check (
      cardinality(event_types) = 0
      or (
        cardinality(event_types) <= 100
        and array_position(event_types, null) is null
        and array_to_string(event_types, ' ') ~ '^[a-z_]+\.([a-z_]+|\*)( [a-z_]+\.([a-z_]+|\*))*$'
      )
    )
);

create index webhook_endpoints_created_by_idx on casebase.webhook_endpoints (created_by);

comment on table casebase.webhook_endpoints is
  'Where notifications are sent. Managed by admins through create_webhook_endpoint and its like.';


-- Secrets are written once and read by the worker's functions only. A secret ends when a newer one says so.
create table casebase.webhook_secrets (
  id                 bigint      generated always as identity,
  endpoint_id        uuid        not null,
  secret             text        not null,
  -- for how long the secrets before this one go on signing beside it
  previous_valid_for interval    not null,
  created_at         timestamptz not null default now(),

  constraint webhook_secrets_pkey primary key (id),
  constraint webhook_secrets_endpoint_id_fkey
    foreign key (endpoint_id) references casebase.webhook_endpoints (id) on delete cascade,
  constraint webhook_secrets_secret_check
    check (
      secret ~ '^whsec_[A-Za-z0-9+/]+={0,2}$'
      and octet_length(decode(substr(secret, 7), 'base64')) between 24 and 64
    ),
  constraint webhook_secrets_previous_valid_for_check
    check (previous_valid_for between interval '0' and interval '30 days')
);

create index webhook_secrets_endpoint_id_idx on casebase.webhook_secrets (endpoint_id, id);

comment on table casebase.webhook_secrets is
  'Signing secrets, write-only: no role may select them, the worker gets them with each lease.';


-- Outbox --------------------------------------------------------------------------------------------------------

-- endpoint_id is no foreign key on purpose: every insert would lock the same endpoint row, and many writers at once
-- would queue there. webhook_tidy removes what a deleted endpoint leaves.
create table casebase.webhook_deliveries (
  id              bigint      generated always as identity,
  endpoint_id     uuid        not null,
  -- both null: a test event
  event_id        bigint,
  case_id         bigint,
  state           text        not null default 'pending',
  attempts        integer     not null default 0,
  next_attempt_at timestamptz not null default now(),
  -- of the last lease: a worker that comes back after its lease was given away holds an old one
  lease_token     uuid,
  leased_at       timestamptz,
  leased_until    timestamptz,
  created_at      timestamptz not null default now(),
  finished_at     timestamptz,

  constraint webhook_deliveries_pkey primary key (id),
  constraint webhook_deliveries_event_id_fkey
    foreign key (event_id) references public.case_events (id) on delete cascade,
  constraint webhook_deliveries_event_and_case_check
    check ((event_id is null) = (case_id is null)),
  constraint webhook_deliveries_state_check
    check (state in ('pending', 'waiting', 'leased', 'delivered', 'failed')),
  constraint webhook_deliveries_leased_check
    check ((state = 'leased') = (leased_at is not null) and (state = 'leased') = (leased_until is not null)),
  constraint webhook_deliveries_finished_check
    check ((state in ('delivered', 'failed')) = (finished_at is not null))
);

create index webhook_deliveries_event_id_idx on casebase.webhook_deliveries (event_id);
create index webhook_deliveries_due_idx      on casebase.webhook_deliveries (endpoint_id, next_attempt_at, id)
  where state = 'pending';
create index webhook_deliveries_lane_idx     on casebase.webhook_deliveries (endpoint_id, case_id, id)
  where state in ('pending', 'waiting', 'leased');
create index webhook_deliveries_leased_idx   on casebase.webhook_deliveries (endpoint_id, leased_until)
  where state = 'leased';
create index webhook_deliveries_finished_idx on casebase.webhook_deliveries (finished_at)
  where state in ('delivered', 'failed');

-- The queue is rewritten all the time: clean up after a fixed number of rows, not a share of the table.
alter table casebase.webhook_deliveries set (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold    = 5000
);

comment on table casebase.webhook_deliveries is
  'One event for one endpoint, from the change that caused it until it is delivered or given up.';


create table casebase.webhook_attempts (
  delivery_id bigint      not null,
  number      integer     not null,
  started_at  timestamptz not null,
  duration_ms integer,
  -- the receiver's answer, or why there was none
  status      integer,
  response    text,
  error       text,

  constraint webhook_attempts_pkey primary key (delivery_id, number),
  constraint webhook_attempts_delivery_id_fkey
    foreign key (delivery_id) references casebase.webhook_deliveries (id) on delete cascade,
  constraint webhook_attempts_outcome_check
    check (status is not null or error is not null)
);

comment on table casebase.webhook_attempts is
  'Every request that was made for a delivery, also those that a worker did not live to report.';


-- One row. The worker's functions lock it; writers read from it whether somebody waits for a notification.
create table casebase.webhook_queue (
  only_row        boolean     not null default true,
  listening_until timestamptz not null default '-infinity',

  constraint webhook_queue_pkey primary key (only_row),
  constraint webhook_queue_only_row_check check (only_row)
);

insert into casebase.webhook_queue default values;


-- Enqueueing, in the transaction of the change ----------------------------------------------------------------------

create function casebase.enqueue_webhooks() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into casebase.webhook_deliveries (endpoint_id, event_id, case_id)
  select endpoint.id, event.id, event.case_id
    from inserted event
    join casebase.webhook_endpoints endpoint
      on endpoint.enabled
     and (
       endpoint.event_types = '{}'
       or event.type = any (endpoint.event_types)
       or split_part(event.type, '.', 1) || '.*' = any (endpoint.event_types)
     )
   order by event.case_id, event.seq;

  -- NOTIFY takes a lock of the whole cluster at commit: only when it wakes somebody.
  if found and (select queue.listening_until > clock_timestamp() from casebase.webhook_queue queue) then
    perform pg_notify('casebase_webhooks', '');
  end if;

  return null;
end
$$;

create trigger enqueue_webhooks
  after insert on public.case_events
  referencing new table as inserted
  for each statement execute function casebase.enqueue_webhooks();


-- What is sent ------------------------------------------------------------------------------------------------------

-- The same for every attempt and every replay of one event to one endpoint, and for no other.
create function casebase.webhook_message_id(endpoint_id uuid, event_id bigint, delivery_id bigint) returns text
language sql immutable set search_path = ''
as $$
  select 'msg_' || left(
    encode(sha256(uuid_send($1) || int8send(coalesce($2, -$3))), 'hex'),
    32
  )
$$;

create function casebase.webhook_timestamp(at timestamptz) returns text
language sql stable set search_path = ''
as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- The body by Standard Webhooks: type, timestamp, data.
create function casebase.webhook_body(event public.case_events) returns text
language sql stable set search_path = ''
as $$
  select json_build_object(
    'type',      event.type,
    'timestamp', casebase.webhook_timestamp(event.created_at),
    'data',      event.data || jsonb_build_object(
      'event_id',          event.id,
      'seq',               event.seq,
      'actor',             jsonb_build_object('id', event.actor_id, 'name', event.actor_name),
      'visible_to_client', event.visible_to_client
    )
  )::text
$$;

create function casebase.webhook_test_body(endpoint_id uuid, created_at timestamptz) returns text
language sql stable set search_path = ''
as $$
  select json_build_object(
    'type',      'webhook.test',
    'timestamp', casebase.webhook_timestamp($2),
    'data',      json_build_object('endpoint_id', $1)
  )::text
$$;

-- The secrets that sign at this moment, newest first; none for an endpoint that has none.
create function casebase.webhook_signing_secrets(endpoint_id uuid) returns text[]
language sql stable set search_path = ''
as $$
  select coalesce(array_agg(signing.secret order by signing.id desc), '{}')
    from casebase.webhook_secrets signing
   where signing.endpoint_id = $1
     and not exists (
       select
         from casebase.webhook_secrets newer
        where newer.endpoint_id = signing.endpoint_id
          and newer.id > signing.id
          and newer.created_at + newer.previous_valid_for <= now()
     )
$$;


-- The worker's functions --------------------------------------------------------------------------------------------

-- What a worker took and never reported goes back, with an attempt that says so. It costs no retry: the receiver
-- did nothing wrong.
create function casebase.webhook_expire_leases() returns void
language sql set search_path = ''
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
language sql stable set search_path = ''
as $$
  select due.id,
         due.endpoint_id,
         due.case_id,
         exists (
           select
             from casebase.webhook_deliveries earlier
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
language plpgsql set search_path = ''
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
)
returns table (
  delivery_id bigint,
  lease_token uuid,
  attempt     integer,
  endpoint_id uuid,
  url         text,
  message_id  text,
  body        text,
  secrets     text[]
)
language plpgsql security definer set search_path = ''
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
language plpgsql security definer set search_path = ''
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
                               when 'retry'     then 'pending'
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
language sql set search_path = ''
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
language sql set search_path = ''
as $$
  with answers as (
    select delivery.endpoint_id,
           bool_or(report.verdict = 'delivered')             as any_delivered,
           count(*) filter (where report.verdict <> 'delivered') as failures,
           max(report.pause_ms)                              as pause_ms,
           max(report.disable_because)                       as disable_because
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
language sql set search_path = ''
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
language plpgsql security definer set search_path = ''
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


-- What admins call: SECURITY INVOKER, so that the policies below decide ------------------------------------------------

create function casebase.new_webhook_secret() returns text
language sql volatile set search_path = ''
as $$
  -- three random uuids are 366 random bits; no extension is needed that a host might keep elsewhere
  select 'whsec_' || encode(
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    'base64'
  )
$$;

create function casebase.no_such_webhook(what text, id text) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception 'There is no webhook % % that you may manage.', what, id
    using errcode = 'PT404', hint = 'Webhooks are managed by admins.';
end
$$;

-- Refuses to queue what would not be sent.
create function casebase.require_enabled_webhook(endpoint_id uuid) returns void
language plpgsql set search_path = ''
as $$
declare
  is_enabled boolean;
begin
  select endpoint.enabled into is_enabled
    from casebase.webhook_endpoints endpoint
   where endpoint.id = require_enabled_webhook.endpoint_id;

  if is_enabled is null then
    perform casebase.no_such_webhook('endpoint', require_enabled_webhook.endpoint_id::text);
  elsif not is_enabled then
    raise exception 'This webhook endpoint is disabled: nothing would be sent.'
      using errcode = 'PT409', hint = 'Enable it with update_webhook_endpoint first.';
  end if;
end
$$;

-- Answers the secret, this once.
create function public.create_webhook_endpoint(
  url         text,
  description text   default '',
  event_types text[] default '{}'
)
returns table (id uuid, secret text)
language plpgsql security invoker set search_path = ''
as $$
#variable_conflict use_column
declare
  new_id     uuid;
  new_secret text := casebase.new_webhook_secret();
begin
  insert into casebase.webhook_endpoints (url, description, event_types)
  values (create_webhook_endpoint.url, create_webhook_endpoint.description, create_webhook_endpoint.event_types)
  returning id into new_id;

  insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
  values (new_id, new_secret, interval '0');

  return query select new_id, new_secret;
end
$$;

-- What is left out or null stays as it is. Enabling forgets why it was disabled and what went wrong before.
create function public.update_webhook_endpoint(
  endpoint_id uuid,
  url         text    default null,
  description text    default null,
  event_types text[]  default null,
  enabled     boolean default null
)
returns void
language plpgsql security invoker set search_path = ''
as $$
#variable_conflict use_column
declare
  arg_enabled constant boolean := update_webhook_endpoint.enabled;
begin
  update casebase.webhook_endpoints endpoint
     set url               = coalesce(update_webhook_endpoint.url, endpoint.url),
         description       = coalesce(update_webhook_endpoint.description, endpoint.description),
         event_types       = coalesce(update_webhook_endpoint.event_types, endpoint.event_types),
         enabled           = coalesce(arg_enabled, endpoint.enabled),
         disabled_reason   = case when arg_enabled then null else endpoint.disabled_reason end,
         paused_until      = case when arg_enabled then null else endpoint.paused_until end,
         failures_in_a_row = case when arg_enabled then 0 else endpoint.failures_in_a_row end,
         updated_at        = now()
   where endpoint.id = update_webhook_endpoint.endpoint_id;

  if not found then
    perform casebase.no_such_webhook('endpoint', update_webhook_endpoint.endpoint_id::text);
  end if;
  perform pg_notify('casebase_webhooks', '');
end
$$;

-- With its secrets; deliveries of it are sent no more, and forgotten by the worker: those that wait at once, those that
-- are finished with all others of their age.
create function public.delete_webhook_endpoint(endpoint_id uuid) returns void
language plpgsql security invoker set search_path = ''
as $$
begin
  delete from casebase.webhook_endpoints endpoint
   where endpoint.id = delete_webhook_endpoint.endpoint_id;

  if not found then
    perform casebase.no_such_webhook('endpoint', delete_webhook_endpoint.endpoint_id::text);
  end if;
end
$$;

create function public.webhook_endpoints()
returns table (
  id                uuid,
  url               text,
  description       text,
  event_types       text[],
  enabled           boolean,
  disabled_reason   text,
  paused_until      timestamptz,
  failures_in_a_row integer,
  created_by        uuid,
  created_at        timestamptz,
  updated_at        timestamptz
)
language sql stable security invoker set search_path = ''
as $$
  select endpoint.id, endpoint.url, endpoint.description, endpoint.event_types, endpoint.enabled,
         endpoint.disabled_reason, endpoint.paused_until, endpoint.failures_in_a_row, endpoint.created_by,
         endpoint.created_at, endpoint.updated_at
    from casebase.webhook_endpoints endpoint
   order by endpoint.created_at, endpoint.id
$$;

-- Answers the new secret, this once. Until previous_valid_for has passed, every request carries a signature with it
-- and one with each secret before it; '0' ends those at once.
create function public.rotate_webhook_secret(
  endpoint_id        uuid,
  previous_valid_for interval default interval '24 hours'
)
returns text
language plpgsql security invoker set search_path = ''
as $$
#variable_conflict use_column
declare
  new_secret text := casebase.new_webhook_secret();
begin
  if not exists (
    select from casebase.webhook_endpoints endpoint where endpoint.id = rotate_webhook_secret.endpoint_id
  ) then
    perform casebase.no_such_webhook('endpoint', rotate_webhook_secret.endpoint_id::text);
  end if;

  insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
  values (rotate_webhook_secret.endpoint_id, new_secret, rotate_webhook_secret.previous_valid_for);
  return new_secret;
end
$$;

-- Sends an event of type webhook.test. Answers the delivery, to look up its attempts.
create function public.send_test_webhook(endpoint_id uuid) returns bigint
language plpgsql security invoker set search_path = ''
as $$
#variable_conflict use_column
declare
  delivery_id bigint;
begin
  perform casebase.require_enabled_webhook(send_test_webhook.endpoint_id);

  insert into casebase.webhook_deliveries (endpoint_id)
  values (send_test_webhook.endpoint_id)
  returning id into delivery_id;

  perform pg_notify('casebase_webhooks', '');
  return delivery_id;
end
$$;

-- Newest first, a page at a time: the next one begins before the last id of this one.
create function public.webhook_deliveries(
  for_endpoint uuid    default null,
  in_state     text    default null,
  before       bigint  default null,
  most         integer default 100
)
returns table (
  id              bigint,
  endpoint_id     uuid,
  message_id      text,
  event_id        bigint,
  event_type      text,
  case_id         bigint,
  state           text,
  attempts        integer,
  next_attempt_at timestamptz,
  created_at      timestamptz,
  finished_at     timestamptz
)
language sql stable security invoker set search_path = ''
as $$
  select delivery.id,
         delivery.endpoint_id,
         casebase.webhook_message_id(delivery.endpoint_id, delivery.event_id, delivery.id),
         delivery.event_id,
         case when delivery.event_id is null then 'webhook.test' else event.type end,
         delivery.case_id,
         delivery.state,
         delivery.attempts,
         case when delivery.state = 'pending' then delivery.next_attempt_at end,
         delivery.created_at,
         delivery.finished_at
    from casebase.webhook_deliveries delivery
    left join public.case_events event on event.id = delivery.event_id
   where (webhook_deliveries.for_endpoint is null or delivery.endpoint_id = webhook_deliveries.for_endpoint)
     and (webhook_deliveries.in_state is null or delivery.state = webhook_deliveries.in_state)
     and (webhook_deliveries.before is null or delivery.id < webhook_deliveries.before)
   order by delivery.id desc
   limit least(webhook_deliveries.most, 1000)
$$;

create function public.webhook_attempts(delivery_id bigint)
returns table (
  number      integer,
  started_at  timestamptz,
  duration_ms integer,
  status      integer,
  response    text,
  error       text
)
language sql stable security invoker set search_path = ''
as $$
  select attempt.number, attempt.started_at, attempt.duration_ms, attempt.status, attempt.response, attempt.error
    from casebase.webhook_attempts attempt
   where attempt.delivery_id = webhook_attempts.delivery_id
   order by attempt.number
$$;

-- Sends a finished delivery's event once more, with the same webhook-id, behind whatever its case has waiting.
-- Answers the new delivery.
create function public.replay_webhook_delivery(delivery_id bigint) returns bigint
language plpgsql security invoker set search_path = ''
as $$
#variable_conflict use_column
declare
  original casebase.webhook_deliveries;
  new_id   bigint;
begin
  select delivery.* into original
    from casebase.webhook_deliveries delivery
   where delivery.id = replay_webhook_delivery.delivery_id;

  if original.id is null then
    perform casebase.no_such_webhook('delivery', replay_webhook_delivery.delivery_id::text);
  elsif original.event_id is null then
    raise exception 'A test event is not replayed.'
      using errcode = 'PT409', hint = 'Send another one with send_test_webhook.';
  elsif original.finished_at is null then
    raise exception 'This delivery is not finished: it is still being tried.'
      using errcode = 'PT409', hint = 'See webhook_attempts for what the receiver answered.';
  end if;
  perform casebase.require_enabled_webhook(original.endpoint_id);

  insert into casebase.webhook_deliveries (endpoint_id, event_id, case_id)
  values (original.endpoint_id, original.event_id, original.case_id)
  returning id into new_id;

  perform pg_notify('casebase_webhooks', '');
  return new_id;
end
$$;


-- Who may what, as in policies/ ---------------------------------------------------------------------------------------

alter table casebase.webhook_endpoints enable row level security;

revoke all on casebase.webhook_endpoints from public, anon, authenticated, service_role, casebase_worker;
grant select, insert, update, delete on casebase.webhook_endpoints to authenticated, service_role;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_endpoints on casebase.webhook_endpoints
  for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_create_webhook_endpoints on casebase.webhook_endpoints
  for insert to authenticated
  with check ((select casebase.is_admin()));

create policy admins_change_webhook_endpoints on casebase.webhook_endpoints
  for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));

create policy admins_delete_webhook_endpoints on casebase.webhook_endpoints
  for delete to authenticated
  using ((select casebase.is_admin()));

alter table casebase.webhook_secrets enable row level security;

-- Write-only: nobody is granted select, not even a service key. The worker gets secrets from casebase.webhook_lease.
revoke all on casebase.webhook_secrets from public, anon, authenticated, service_role, casebase_worker;
grant insert (endpoint_id, secret, previous_valid_for) on casebase.webhook_secrets to authenticated, service_role;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_add_webhook_secrets on casebase.webhook_secrets
  for insert to authenticated
  with check ((select casebase.is_admin()));

alter table casebase.webhook_deliveries enable row level security;

-- Nobody changes or deletes a delivery; an admin adds one by a test or a replay.
revoke all on casebase.webhook_deliveries from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.webhook_deliveries to authenticated, service_role;
grant insert (endpoint_id, event_id, case_id) on casebase.webhook_deliveries to authenticated, service_role;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_deliveries on casebase.webhook_deliveries
  for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_add_webhook_deliveries on casebase.webhook_deliveries
  for insert to authenticated
  with check ((select casebase.is_admin()));

alter table casebase.webhook_attempts enable row level security;

-- Written by the worker's functions only.
revoke all on casebase.webhook_attempts from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.webhook_attempts to authenticated, service_role;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_attempts on casebase.webhook_attempts
  for select to authenticated
  using ((select casebase.is_admin()));

alter table casebase.webhook_queue enable row level security;

-- The worker's functions and the enqueueing trigger only, all of them definer functions.
revoke all on casebase.webhook_queue from public, anon, authenticated, service_role, casebase_worker;

-- The functions. Admins' are SECURITY INVOKER: the tables' policies decide. The worker's are definer functions.

revoke execute on function
  casebase.enqueue_webhooks(),
  casebase.webhook_message_id(uuid, bigint, bigint),
  casebase.webhook_timestamp(timestamptz),
  casebase.webhook_body(public.case_events),
  casebase.webhook_test_body(uuid, timestamptz),
  casebase.webhook_signing_secrets(uuid),
  casebase.webhook_expire_leases(),
  casebase.webhook_due(integer, integer),
  casebase.webhook_park(uuid[], bigint[]),
  casebase.webhook_lease(integer, integer, interval, interval),
  casebase.webhook_ack(jsonb),
  casebase.webhook_record_attempts(jsonb, bigint[]),
  casebase.webhook_judge_endpoints(jsonb),
  casebase.webhook_advance_lanes(bigint[]),
  casebase.webhook_tidy(interval),
  casebase.new_webhook_secret(),
  casebase.no_such_webhook(text, text),
  casebase.require_enabled_webhook(uuid),
  public.create_webhook_endpoint(text, text, text[]),
  public.update_webhook_endpoint(uuid, text, text, text[], boolean),
  public.delete_webhook_endpoint(uuid),
  public.webhook_endpoints(),
  public.rotate_webhook_secret(uuid, interval),
  public.send_test_webhook(uuid),
  public.webhook_deliveries(uuid, text, bigint, integer),
  public.webhook_attempts(bigint),
  public.replay_webhook_delivery(bigint)
from public, anon, authenticated, service_role, casebase_worker;

grant usage on schema casebase to casebase_worker;
grant execute on function
  casebase.webhook_lease(integer, integer, interval, interval),
  casebase.webhook_ack(jsonb),
  casebase.webhook_tidy(interval)
to casebase_worker;

grant execute on function
  casebase.webhook_message_id(uuid, bigint, bigint),
  casebase.new_webhook_secret(),
  casebase.no_such_webhook(text, text),
  casebase.require_enabled_webhook(uuid),
  public.create_webhook_endpoint(text, text, text[]),
  public.update_webhook_endpoint(uuid, text, text, text[], boolean),
  public.delete_webhook_endpoint(uuid),
  public.webhook_endpoints(),
  public.rotate_webhook_secret(uuid, interval),
  public.send_test_webhook(uuid),
  public.webhook_deliveries(uuid, text, bigint, integer),
  public.webhook_attempts(bigint),
  public.replay_webhook_delivery(bigint)
to authenticated, service_role;
