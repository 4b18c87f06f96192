-- The outbox: deliveries, written in the transaction of the change and emptied by the worker.
--
-- A delivery is one event for one endpoint. Its life:
--
--   pending   due at next_attempt_at; the first unfinished delivery of its lane, or not yet looked at
--   waiting   behind an earlier delivery of its lane; no clock runs
--   leased    a worker is sending it, until leased_until
--   delivered, failed, skipped
--
-- A lane is one endpoint and one case: within it deliveries are sent one after another, in the order of their ids,
-- which is the commit order of the case's events. Lanes never wait for each other.
--
-- Users' transactions only ever insert pending rows; nothing else of theirs touches the queue. Whatever decides
-- about order runs in the worker's functions, one at a time (they lock the one row of webhook_queue), for
-- milliseconds however much is waiting, and never waits for a user's transaction (skip locked).

-- endpoint_id is no foreign key on purpose: every insert would lock the same endpoint row, and many writers at once
-- would queue there. webhook_tidy removes what a deleted endpoint leaves.
create table casebase.webhook_deliveries (
  id              bigint      generated always as identity,
  endpoint_id     uuid        not null,
  payload_id      bigint      not null,
  -- Its payload's: null for a test, which is in no lane.
  case_id         bigint,
  state           text        not null default 'pending',
  attempts        integer     not null default 0,
  next_attempt_at timestamptz not null default now(),
  -- Of the last lease: a worker that comes back after its lease was given away holds an old one.
  lease_token     uuid,
  leased_at       timestamptz,
  leased_until    timestamptz,
  created_at      timestamptz not null default now(),
  finished_at     timestamptz,
  -- Why an admin let it be, so that its lane goes on.
  skipped_because text,
  constraint webhook_deliveries_pkey primary key (id),
  constraint webhook_deliveries_payload_id_fkey
    foreign key (payload_id) references casebase.webhook_payloads (id),
  constraint webhook_deliveries_state_check
    check (state in ('pending', 'waiting', 'leased', 'delivered', 'failed', 'skipped')),
  constraint webhook_deliveries_leased_check
    check ((state = 'leased') = (leased_at is not null) and (state = 'leased') = (leased_until is not null)),
  constraint webhook_deliveries_finished_check
    check ((state in ('delivered', 'failed', 'skipped')) = (finished_at is not null)),
  constraint webhook_deliveries_skipped_check
    check (
      (state = 'skipped') = (skipped_because is not null)
      and (skipped_because is null or length(skipped_because) <= 500 and casebase.is_text(skipped_because))
    )
);
comment on table casebase.webhook_deliveries is
  'One event for one endpoint, from the change that caused it until it is delivered or given up.';
alter table casebase.webhook_deliveries enable row level security;
revoke all on casebase.webhook_deliveries from public, anon, authenticated, service_role;
-- The queue is rewritten all the time: clean up after a fixed number of rows, not a share of the table.
alter table casebase.webhook_deliveries set (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000
);
create index webhook_deliveries_payload_id_idx on casebase.webhook_deliveries (payload_id);

-- One index for each question of the worker's. Each has a condition that only its own question repeats, so that no
-- other index can answer it: a plan stays right however full the table was when it was made.
create index webhook_deliveries_due_idx on casebase.webhook_deliveries (endpoint_id, next_attempt_at, id)
  where state = 'pending';
create index webhook_deliveries_leased_idx on casebase.webhook_deliveries (endpoint_id, leased_until)
  where state = 'leased';
create index webhook_deliveries_waiting_idx on casebase.webhook_deliveries (endpoint_id, case_id, id)
  where state = 'waiting';
create index webhook_deliveries_lane_idx on casebase.webhook_deliveries (endpoint_id, case_id, id)
  where finished_at is null;
create index webhook_deliveries_undelivered_idx on casebase.webhook_deliveries (endpoint_id, id)
  where state in ('failed', 'skipped');
create index webhook_deliveries_finished_idx on casebase.webhook_deliveries (finished_at)
  where finished_at is not null;

-- When an endpoint last took something.
create index webhook_deliveries_delivered_idx on casebase.webhook_deliveries (endpoint_id, finished_at)
  where state = 'delivered';

create table casebase.webhook_attempts (
  delivery_id bigint      not null,
  number      integer     not null,
  started_at  timestamptz not null,
  duration_ms integer,
  -- The receiver's answer, or why there was none.
  status      integer,
  response    text,
  error       text,
  constraint webhook_attempts_pkey primary key (delivery_id, number),
  constraint webhook_attempts_delivery_id_fkey
    foreign key (delivery_id) references casebase.webhook_deliveries (id) on delete cascade,
  constraint webhook_attempts_outcome_check check (status is not null or error is not null)
);
comment on table casebase.webhook_attempts is
  'Every request that was made for a delivery, also those that a worker did not live to report.';
-- Attempts lie in the order in which they were made: a summary of each few pages finds those of a day.
create index webhook_attempts_started_at_idx on casebase.webhook_attempts using brin (started_at) with (pages_per_range = 16, autosummarize = on);
alter table casebase.webhook_attempts enable row level security;
revoke all on casebase.webhook_attempts from public, anon, authenticated, service_role;

-- One row, which the worker's functions lock.
create table casebase.webhook_queue (
  only_row          boolean     not null default true,
  -- The lane up to which webhook_tidy looked for stuck ones; null: it begins anew.
  swept_endpoint_id uuid,
  swept_case_id     bigint,
  constraint webhook_queue_pkey primary key (only_row),
  constraint webhook_queue_only_row_check check (only_row)
);
alter table casebase.webhook_queue enable row level security;
revoke all on casebase.webhook_queue from public, anon, authenticated, service_role;
insert into casebase.webhook_queue default values;

-- Until when somebody waits for a notification, in milliseconds since 1970: every change reads it. No column, because the
-- old versions of a row that changes all the time have to be passed by, for as long as any transaction may see them.
create sequence casebase.webhook_listening_until minvalue 0 start 0;
revoke all on sequence casebase.webhook_listening_until from public, anon, authenticated, service_role;

-- Whether somebody who narrowed down what they want to hear of wants to hear of this case, as it is, or was before.
create function casebase.webhook_wants(
  subscription casebase.webhook_subscriptions,
  changes      jsonb,
  subject      public.cases
) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select (subscription.client_ids = '{}' or subject.client_id = any (subscription.client_ids))
    and (subscription.department_ids = '{}'
         or subject.department_id = any (subscription.department_ids)
         or (changes #>> '{department_id,from}')::uuid = any (subscription.department_ids))
    and (subscription.priorities = '{}'
         or subject.priority = any (subscription.priorities)
         or changes #>> '{priority,from}' = any (subscription.priorities))
    and (subscription.statuses = '{}'
         or subject.status = any (subscription.statuses)
         or changes #>> '{status,from}' = any (subscription.statuses))
$$;

-- Enqueueing, in the transaction of the change: a body for each form that somebody takes, a delivery for each who does.
-- Sessions keep its plans, which may have been made when there was no endpoint: it looks subscriptions up, also where
-- reading them all seemed cheaper then. Left to choose, PostgreSQL plans it anew for every event, which takes longer than
-- all else that an event costs.
-- `deleted` is the case, if it is gone already.
create function casebase.enqueue_event(event public.case_events, deleted public.cases default null) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  form record;
  body bigint;
begin
  for form in
    select subscription.payload_version, subscription.thin, array_agg(distinct subscription.endpoint_id) as endpoints
    from casebase.webhook_subscriptions subscription
    where subscription.filter = any (array[
      event.type,
      split_part(event.type, '.', 1) || '.*',
      (select '*' from casebase.event_types t where t.type = event.type and not t.on_request)
    ])
      and (
        (subscription.client_ids, subscription.department_ids, subscription.priorities, subscription.statuses)
          = ('{}'::uuid[], '{}'::uuid[], '{}'::text[], '{}'::text[])
        or casebase.webhook_wants(subscription, event.data -> 'changes', coalesce(
          (select c from public.cases c where c.id = event.case_id),
          deleted))
      )
    group by subscription.payload_version, subscription.thin
  loop
    insert into casebase.webhook_payloads (event_id, case_id, seq, type, payload_version, thin, body)
    values (event.id, event.case_id, event.seq, event.type, form.payload_version, form.thin,
            casebase.webhook_body(event, form.thin))
    returning id into body;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
    select endpoint.id, body, event.case_id
    from unnest(form.endpoints) as endpoint (id);
  end loop;

  -- NOTIFY takes a lock of the whole cluster at commit: only when it wakes somebody.
  if body is not null
    and pg_sequence_last_value('casebase.webhook_listening_until') > extract(epoch from clock_timestamp()) * 1000
  then
    perform pg_notify('casebase_webhooks', '');
  end if;
end
$$;

create function casebase.enqueue_webhooks() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.enqueue_event(new);
  return null;
end
$$;

create trigger enqueue_webhooks after insert on public.case_events
  for each row execute function casebase.enqueue_webhooks();

-- A case's deletion is an event that its history does not outlive: it goes to the receivers only, behind what they have
-- still to get of the case.
create function casebase.send_deleted_cases() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  deletion record;
begin
  for deletion in
    with counted as (
      delete from casebase.case_counters counter
      using old_rows deleted
      where counter.case_id = deleted.id
      returning counter.case_id, counter.last_seq
    )
    select row(
             nextval(pg_get_serial_sequence('public.case_events', 'id')),
             deleted.id,
             coalesce(counted.last_seq, 0) + 1,
             'case.deleted',
             casebase.caller_id(),
             coalesce(casebase.person_name(casebase.caller_id(), deleted.client_id), 'system'),
             true,
             jsonb_build_object('case_id', deleted.case_id, 'case', deleted.id, 'client_id', deleted.client_id),
             clock_timestamp()
           )::public.case_events as event,
           deleted::public.cases as subject
    from old_rows deleted
    left join counted on counted.case_id = deleted.id
    order by deleted.id
  loop
    perform casebase.enqueue_event(deletion.event, deletion.subject);
  end loop;
  return null;
end
$$;

create trigger send_deleted after delete on public.cases
  referencing old table as old_rows
  for each statement execute function casebase.send_deleted_cases();

-- An endpoint that the worker switched off is an event too, for those that ask for it; of no case, so in no lane.
create function casebase.send_disabled_endpoint() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  with subscriber as (
    select distinct subscription.endpoint_id, subscription.payload_version, subscription.thin
    from casebase.webhook_subscriptions subscription
    where subscription.filter in ('webhook.endpoint_disabled', 'webhook.*')
  ),
  payload as (
    insert into casebase.webhook_payloads (type, payload_version, thin, body)
    select 'webhook.endpoint_disabled', form.payload_version, form.thin, json_build_object(
             'type', 'webhook.endpoint_disabled',
             'timestamp', casebase.webhook_timestamp(clock_timestamp()),
             'data', jsonb_build_object('endpoint_id', new.id)
               || case when form.thin then '{}' else jsonb_build_object('reason', new.disabled_reason) end
           )::text
    from (select distinct subscriber.payload_version, subscriber.thin from subscriber) form
    returning id, payload_version, thin
  )
  insert into casebase.webhook_deliveries (endpoint_id, payload_id)
  select subscriber.endpoint_id, payload.id
  from subscriber
  join payload using (payload_version, thin);
  return null;
end
$$;

create trigger send_disabled after update on casebase.webhook_endpoints
  for each row when (old.enabled and not new.enabled and new.disabled_reason is not null)
  execute function casebase.send_disabled_endpoint();
