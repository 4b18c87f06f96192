-- What admins call. The functions are SECURITY INVOKER, so that the policies decide.

create function casebase.no_such_webhook(what text, id text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'There is no webhook % % that you may manage.', what, id
    using errcode = 'PT404', hint = 'Webhooks are managed by admins.';
end
$$;

-- Refuses to queue what would not be sent.
create function casebase.require_enabled_webhook(endpoint_id uuid) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
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

create function public.create_webhook_endpoint(
  url            text,
  description    text       default '',
  event_types    text[]     default '{}',
  thin           boolean    default false,
  signature      text       default 'v1',
  retry_waits    interval[] default null,
  client_ids     uuid[]     default '{}',
  department_ids uuid[]     default '{}',
  priorities     text[]     default '{}',
  statuses       text[]     default '{}',
  headers        jsonb      default '{}',
  rate_limit     integer    default null
) returns table (id uuid, secret text, public_key text, created boolean)
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  new_id     uuid;
  new_secret text;
  new_key    text;
begin
  -- Whoever calls it twice at the same time takes turns.
  perform pg_advisory_xact_lock(hashtextextended('casebase.webhook_endpoints ' || coalesce(url, ''), 0));
  select endpoint.id into new_id
  from casebase.webhook_endpoints endpoint
  where (endpoint.description, endpoint.event_types, endpoint.thin, endpoint.signature, endpoint.client_ids,
         endpoint.department_ids, endpoint.priorities, endpoint.statuses, endpoint.headers)
      = (description, event_types, thin, signature, client_ids, department_ids, priorities, statuses, headers)
    and (endpoint.url, endpoint.retry_waits, endpoint.rate_limit) is not distinct from (url, retry_waits, rate_limit)
  order by endpoint.created_at
  limit 1;
  if found then
    return query select new_id, null::text, null::text, false;
    return;
  end if;

  insert into casebase.webhook_endpoints (
    url, description, event_types, thin, signature, retry_waits, client_ids, department_ids, priorities, statuses, headers,
    rate_limit
  )
  values (url, description, event_types, thin, signature, retry_waits, client_ids, department_ids, priorities, statuses,
          headers, rate_limit)
  returning webhook_endpoints.id into new_id;

  new_secret := casebase.new_webhook_secret(signature);
  insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
  values (new_id, new_secret, interval '0')
  returning webhook_secrets.public_key into new_key;

  return query select new_id, new_secret, new_key, true;
end
$$;
comment on function public.create_webhook_endpoint(text, text, text[], boolean, text, interval[], uuid[], uuid[], text[], text[], jsonb, integer) is
  'Makes a webhook endpoint, and answers its secret, this once.

The same call twice makes one endpoint: the second answers its id, and no secret.

For admins, and for a service key.

- url: where requests go, e.g. https://example.com/webhooks/casebase; null: none do, and its receiver fetches by rpc/poll_events.
- description: what it is for, for whoever reads the list.
- event_types: which events it gets, e.g. case.updated, or case.* for a whole family; empty: every one that is not sent on request only.
- thin: whether it gets ids only, and asks for the rest with its own rights.
- signature: how requests are signed, in the words of Standard Webhooks: v1 (HMAC-SHA256), or v1a (Ed25519), with which receivers verify by the public key and the secret need not leave the database.
- retry_waits: the waits between attempts, one less than there are attempts: at most 50, each up to 7 days; null: the ten attempts over three days that Standard Webhooks suggests.
- client_ids: of cases of these clients only (clients.id); empty: of all.
- department_ids: of cases in these departments only, after the change or before it (departments.id); empty: of all.
- priorities: of cases of these priorities only, after the change or before it; empty: of all.
- statuses: of cases in these statuses only, after the change or before it; empty: of all.
- headers: sent along with each request, e.g. {"authorization": "Bearer …"}: at most 20.
- rate_limit: at most so many requests a second, 1 to 1000; null: as many as there are.
- id: the endpoint.
- secret: what signs: whsec_… for v1, whsk_… for v1a.
- public_key: what verifies v1a: whpk_…; null for v1.
- created: whether the endpoint is new; false: it was there already.

Returns one row.

- 42501: the caller is no admin.
- PT409: there are as many endpoints as there may be (casebase.webhook_limits).
- 23514: an argument is none of what is accepted; the message says which.';

create function public.update_webhook_endpoint(
  endpoint_id    uuid,
  url            text       default null,
  description    text       default null,
  event_types    text[]     default null,
  enabled        boolean    default null,
  retry_waits    interval[] default null,
  client_ids     uuid[]     default null,
  department_ids uuid[]     default null,
  priorities     text[]     default null,
  statuses       text[]     default null,
  headers        jsonb      default null,
  rate_limit     integer    default null
) returns void
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  update casebase.webhook_endpoints endpoint
  set url               = coalesce(update_webhook_endpoint.url, endpoint.url),
      description       = coalesce(update_webhook_endpoint.description, endpoint.description),
      event_types       = coalesce(update_webhook_endpoint.event_types, endpoint.event_types),
      retry_waits       = coalesce(update_webhook_endpoint.retry_waits, endpoint.retry_waits),
      client_ids        = coalesce(update_webhook_endpoint.client_ids, endpoint.client_ids),
      department_ids    = coalesce(update_webhook_endpoint.department_ids, endpoint.department_ids),
      priorities        = coalesce(update_webhook_endpoint.priorities, endpoint.priorities),
      statuses          = coalesce(update_webhook_endpoint.statuses, endpoint.statuses),
      headers           = coalesce(update_webhook_endpoint.headers, endpoint.headers),
      rate_limit        = nullif(coalesce(update_webhook_endpoint.rate_limit, endpoint.rate_limit), 0),
      enabled           = coalesce(update_webhook_endpoint.enabled, endpoint.enabled),
      disabled_reason   = case when update_webhook_endpoint.enabled then null else endpoint.disabled_reason end,
      paused_until      = case when update_webhook_endpoint.enabled then null else endpoint.paused_until end,
      failures_in_a_row = case when update_webhook_endpoint.enabled then 0 else endpoint.failures_in_a_row end,
      failing_since     = case when update_webhook_endpoint.enabled then null else endpoint.failing_since end,
      updated_at        = now()
  where endpoint.id = update_webhook_endpoint.endpoint_id;

  if not found then
    perform casebase.no_such_webhook('endpoint', update_webhook_endpoint.endpoint_id::text);
  end if;
  perform pg_notify('casebase_webhooks', '');
end
$$;
comment on function public.update_webhook_endpoint(uuid, text, text, text[], boolean, interval[], uuid[], uuid[], text[], text[], jsonb, integer) is
  'Changes a webhook endpoint. What is left out or null stays as it is.

For admins, and for a service key.

- endpoint_id: the endpoint.
- url: where requests go.
- description: what it is for.
- event_types: which events it gets; empty: every one that is not sent on request only.
- enabled: whether events are sent at all. True also forgets why it was disabled and what went wrong before.
- retry_waits: the waits between attempts.
- client_ids: of cases of these clients only (clients.id); empty: of all.
- department_ids: of cases in these departments only, after the change or before it (departments.id); empty: of all.
- priorities: of cases of these priorities only, after the change or before it; empty: of all.
- statuses: of cases in these statuses only, after the change or before it; empty: of all.
- headers: sent along with each request, e.g. {"authorization": "Bearer …"}: at most 20.
- rate_limit: at most so many requests a second, 1 to 1000; 0: as many as there are.

Returns nothing.

- PT404: there is no such endpoint, or the caller is no admin.
- 23514: an argument is none of what is accepted; the message says which.';

-- What waits is forgotten by the worker at once, what is finished with all others of its age.
create function public.delete_webhook_endpoint(endpoint_id uuid) returns void
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.webhook_endpoints endpoint
  where endpoint.id = delete_webhook_endpoint.endpoint_id;

  if not found then
    perform casebase.no_such_webhook('endpoint', delete_webhook_endpoint.endpoint_id::text);
  end if;
end
$$;
comment on function public.delete_webhook_endpoint(uuid) is
  'Deletes a webhook endpoint, with its secrets. What waits for it is not sent any more.

For admins, and for a service key.

- endpoint_id: the endpoint.

Returns nothing.

- PT404: there is no such endpoint, or the caller is no admin.';

create function public.webhook_endpoints() returns table (
  id                uuid,
  url               text,
  description       text,
  event_types       text[],
  payload_version   smallint,
  thin              boolean,
  signature         text,
  public_keys       text[],
  enabled           boolean,
  disabled_reason   text,
  retry_waits       interval[],
  client_ids        uuid[],
  department_ids    uuid[],
  priorities        text[],
  statuses          text[],
  headers           jsonb,
  rate_limit        integer,
  paused_until      timestamptz,
  failures_in_a_row integer,
  failing_since     timestamptz,
  created_by        uuid,
  created_at        timestamptz,
  updated_at        timestamptz
)
  language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select endpoint.id, endpoint.url, endpoint.description, endpoint.event_types, endpoint.payload_version, endpoint.thin,
         endpoint.signature,
         array(
           select secret.public_key
           from casebase.webhook_secrets secret
           where secret.endpoint_id = endpoint.id
             and secret.public_key is not null
           order by secret.id desc
         ),
         endpoint.enabled, endpoint.disabled_reason, endpoint.retry_waits, endpoint.client_ids, endpoint.department_ids,
         endpoint.priorities, endpoint.statuses, endpoint.headers, endpoint.rate_limit, endpoint.paused_until,
         endpoint.failures_in_a_row, endpoint.failing_since, endpoint.created_by,
         endpoint.created_at, endpoint.updated_at
  from casebase.webhook_endpoints endpoint
  order by endpoint.created_at, endpoint.id
$$;
comment on function public.webhook_endpoints() is
  'The webhook endpoints.

For admins, and for a service key; others get no row.

- id: the key.
- url: where requests go; null: none do, its receiver fetches by rpc/poll_events.
- description: what it is for.
- event_types: which events it gets; empty: every one that is not sent on request only.
- payload_version: which form of the events'' bodies it gets: 1.
- thin: whether it gets ids only.
- signature: how requests are signed: v1 or v1a.
- public_keys: of a v1a endpoint, what verifies its requests, the newest first.
- enabled: whether events are sent at all.
- disabled_reason: why it was disabled, where the worker did it.
- retry_waits: the waits between attempts; null: those that Standard Webhooks suggests.
- client_ids: of cases of these clients only; empty: of all.
- department_ids: of cases in these departments only; empty: of all.
- priorities: of cases of these priorities only; empty: of all.
- statuses: of cases in these statuses only; empty: of all.
- headers: sent along with each request.
- rate_limit: at most so many requests a second; null: as many as there are.
- paused_until: until when nothing is sent, because its receiver asked for that or fails; null: it is not paused.
- failures_in_a_row: how many attempts have failed since the last one that did not.
- failing_since: since when; null: the last one did not fail.
- created_by: who made it (auth.users.id); null: a service key, or the user is deleted.
- created_at: when it was made.
- updated_at: when an admin last changed it.

Returns a row for each endpoint, the oldest first.';

create function public.rotate_webhook_secret(
  endpoint_id        uuid,
  previous_valid_for interval default interval '24 hours'
) returns text
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  signature  text;
  new_secret text;
begin
  select endpoint.signature into signature
  from casebase.webhook_endpoints endpoint
  where endpoint.id = rotate_webhook_secret.endpoint_id;
  if signature is null then
    perform casebase.no_such_webhook('endpoint', rotate_webhook_secret.endpoint_id::text);
  end if;

  new_secret := casebase.new_webhook_secret(signature);
  insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
  values (rotate_webhook_secret.endpoint_id, new_secret, rotate_webhook_secret.previous_valid_for);
  return new_secret;
end
$$;
comment on function public.rotate_webhook_secret(uuid, interval) is
  'Gives a webhook endpoint a new secret, and answers it, this once.

Until previous_valid_for has passed, each request carries a signature with the new secret and one with each before it; at most five sign.

For admins, and for a service key.

- endpoint_id: the endpoint.
- previous_valid_for: for how long those before go on signing, at most 30 days; ''0'': they end at once.

Returns the secret: whsec_… for v1, whsk_… for v1a.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: five secrets of it sign already.
- 23514: previous_valid_for is out of range.';

-- Something that fits a schema of an event: numbers are 0, which no event's are, and times are now.
create function casebase.webhook_sample(schema jsonb) returns jsonb
  language plpgsql stable strict set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when schema ? 'const' then schema -> 'const'
    when schema ? 'anyOf' then casebase.webhook_sample(schema -> 'anyOf' -> 0)
    when schema -> 'type' @> '"object"' then (
      select jsonb_object_agg(property.key, casebase.webhook_sample(property.value))
      from jsonb_each(schema -> 'properties') property
    )
    when schema -> 'type' @> '"array"' then jsonb_build_array(casebase.webhook_sample(schema -> 'items'))
    when schema -> 'type' @> '"integer"' then '0'
    when schema -> 'type' @> '"boolean"' then 'true'
    when schema ->> 'format' = 'uuid' then '"00000000-0000-4000-8000-000000000000"'
    when schema ->> 'format' = 'date-time' then to_jsonb(casebase.webhook_timestamp(clock_timestamp()))
    else '"sample"'
  end;
end
$$;

create function public.send_test_webhook(endpoint_id uuid, event_type text default 'webhook.test') returns bigint
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  sample      jsonb := casebase.webhook_sample(casebase.event_schema(send_test_webhook.event_type));
  payload_id  bigint;
  delivery_id bigint;
begin
  perform casebase.require_enabled_webhook(send_test_webhook.endpoint_id);
  if sample is null then
    perform casebase.no_such_event_type(send_test_webhook.event_type);
  end if;
  if sample -> 'data' ? 'endpoint_id' then
    sample := jsonb_set(sample, '{data,endpoint_id}', to_jsonb(send_test_webhook.endpoint_id));
  end if;

  insert into casebase.webhook_payloads (type, payload_version, thin, body)
  values (
    send_test_webhook.event_type,
    1,
    false,
    json_build_object('type', sample -> 'type', 'timestamp', sample -> 'timestamp', 'data', sample -> 'data')::text
  )
  returning id into payload_id;
  insert into casebase.webhook_deliveries (endpoint_id, payload_id)
  values (send_test_webhook.endpoint_id, payload_id)
  returning id into delivery_id;

  perform pg_notify('casebase_webhooks', '');
  return delivery_id;
end
$$;
comment on function public.send_test_webhook(uuid, text) is
  'Sends a webhook endpoint an event to try it with, whatever it asks for.

For admins, and for a service key.

- endpoint_id: the endpoint.
- event_type: webhook.test, or another type of event, of which a sample is sent whose ids are 0.

Returns the id of the delivery: rpc/webhook_attempts shows what came of it.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: the endpoint is disabled.
- 23514: there is no such event type.';

create function public.webhook_deliveries(
  for_endpoint uuid    default null,
  in_state     text    default null,
  before       bigint  default null,
  most         integer default 100
) returns table (
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
  finished_at     timestamptz,
  skipped_because text
)
  language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select delivery.id,
         delivery.endpoint_id,
         casebase.webhook_message_id(delivery.endpoint_id, delivery.payload_id),
         payload.event_id,
         payload.type,
         delivery.case_id,
         delivery.state,
         delivery.attempts,
         case when delivery.state = 'pending' then delivery.next_attempt_at end,
         delivery.created_at,
         delivery.finished_at,
         delivery.skipped_because
  from casebase.webhook_deliveries delivery
  join casebase.webhook_payloads payload on payload.id = delivery.payload_id
  where (webhook_deliveries.for_endpoint is null or delivery.endpoint_id = webhook_deliveries.for_endpoint)
    and (webhook_deliveries.in_state is null or delivery.state = webhook_deliveries.in_state)
    and (webhook_deliveries.before is null or delivery.id < webhook_deliveries.before)
  order by delivery.id desc
  limit least(webhook_deliveries.most, 1000)
$$;
comment on function public.webhook_deliveries(uuid, text, bigint, integer) is
  'What was and is to be sent to webhook endpoints, newest first, a page at a time.

For admins, and for a service key; others get no row.

- for_endpoint: to this endpoint only; null: to every one.
- in_state: in this state only; null: in every one.
- before: those before this id: the last one of the page before; null: the first page.
- most: how many at most, up to 1000.
- id: the key.
- endpoint_id: the endpoint.
- message_id: the webhook-id that its requests carry: the same for each attempt and replay of an event.
- event_id: the event (case_events.id); null: a test.
- event_type: the type of the event.
- case_id: the case (cases.id); null: a test.
- state: pending, waiting (behind another of its case), leased (being sent), delivered, failed or skipped.
- attempts: how many requests were made.
- next_attempt_at: when the next one is due; null: none is.
- created_at: when the event happened.
- finished_at: when it was delivered, failed or skipped; null: it is not finished.
- skipped_because: why an admin skipped it.

Returns a row for each delivery.';

create function public.webhook_attempts(delivery_id bigint) returns table (
  number      integer,
  started_at  timestamptz,
  duration_ms integer,
  status      integer,
  response    text,
  error       text
)
  language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select attempt.number, attempt.started_at, attempt.duration_ms, attempt.status, attempt.response, attempt.error
  from casebase.webhook_attempts attempt
  where attempt.delivery_id = webhook_attempts.delivery_id
  order by attempt.number
$$;
comment on function public.webhook_attempts(bigint) is
  'The requests that were made for a delivery, in their order.

For admins, and for a service key; others get no row.

- delivery_id: the delivery (rpc/webhook_deliveries).
- number: the first is 1.
- started_at: when it was made.
- duration_ms: how long it took, in milliseconds; null: the worker did not live to report it.
- status: the HTTP status of the answer; null: there was none.
- response: the beginning of the answer.
- error: why there was no answer.

Returns a row for each request.';

create function public.replay_webhook_delivery(delivery_id bigint) returns bigint
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
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
  elsif original.case_id is null then
    raise exception 'A test event is not replayed.'
      using errcode = 'PT409', hint = 'Send another one with send_test_webhook.';
  elsif original.finished_at is null then
    raise exception 'This delivery is not finished: it is still being tried.'
      using errcode = 'PT409', hint = 'See webhook_attempts for what the receiver answered.';
  end if;
  perform casebase.require_enabled_webhook(original.endpoint_id);

  insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
  values (original.endpoint_id, original.payload_id, original.case_id)
  returning id into new_id;

  perform pg_notify('casebase_webhooks', '');
  return new_id;
end
$$;
comment on function public.replay_webhook_delivery(bigint) is
  'Sends a finished delivery''s event once more, with the same webhook-id, behind whatever its case has waiting.

For admins, and for a service key.

- delivery_id: the delivery (rpc/webhook_deliveries).

Returns the id of the new delivery.

- PT404: there is no such delivery, or the caller is no admin.
- PT409: it is not finished, it was a test, or the endpoint is disabled.';

create function public.skip_webhook_delivery(delivery_id bigint, reason text) returns void
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  update casebase.webhook_deliveries delivery
  set state           = 'skipped',
      finished_at     = clock_timestamp(),
      skipped_because = coalesce(skip_webhook_delivery.reason, '')
  where delivery.id = skip_webhook_delivery.delivery_id
    and delivery.state in ('pending', 'waiting');

  if found then
    perform pg_notify('casebase_webhooks', '');
  elsif exists (
    select from casebase.webhook_deliveries delivery where delivery.id = skip_webhook_delivery.delivery_id
  ) then
    raise exception 'This delivery is finished, or being sent at this moment.'
      using errcode = 'PT409', hint = 'See webhook_deliveries for its state.';
  else
    perform casebase.no_such_webhook('delivery', skip_webhook_delivery.delivery_id::text);
  end if;
end
$$;
comment on function public.skip_webhook_delivery(bigint, text) is
  'Gives up a delivery that a receiver always refuses, so that what waits behind it in its case is sent.

For admins, and for a service key.

- delivery_id: the delivery (rpc/webhook_deliveries).
- reason: why, in at most 500 characters.

Returns nothing.

- PT404: there is no such delivery, or the caller is no admin.
- PT409: it is finished, or being sent at this moment.
- 23514: reason is null, blank or too long.';

create function public.retry_webhook_deliveries(endpoint_id uuid) returns integer
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  due integer;
begin
  perform casebase.require_enabled_webhook(retry_webhook_deliveries.endpoint_id);

  update casebase.webhook_endpoints endpoint
  set paused_until = null
  where endpoint.id = retry_webhook_deliveries.endpoint_id
    and endpoint.paused_until is not null;
  update casebase.webhook_deliveries delivery
  set next_attempt_at = now()
  where delivery.endpoint_id = retry_webhook_deliveries.endpoint_id
    and delivery.state = 'pending'
    and delivery.next_attempt_at > now();
  get diagnostics due = row_count;

  perform pg_notify('casebase_webhooks', '');
  return due;
end
$$;
comment on function public.retry_webhook_deliveries(uuid) is
  'Has a webhook endpoint''s next attempts made now, after an outage of its receiver; a pause ends.

For admins, and for a service key.

- endpoint_id: the endpoint.

Returns how many deliveries are due by it.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: the endpoint is disabled.';

-- The deliveries that a webhook endpoint never took, each event's once: what failed or was skipped, and was not replayed yet.
create function casebase.webhooks_to_replay(endpoint_id uuid, since timestamptz, event_types text[], most integer) returns bigint[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select dead.id
    from casebase.webhook_deliveries dead
    join casebase.webhook_payloads payload on payload.id = dead.payload_id
    where dead.endpoint_id = webhooks_to_replay.endpoint_id
      and dead.state in ('failed', 'skipped')
      and dead.case_id is not null
      and dead.created_at >= webhooks_to_replay.since
      and (
        webhooks_to_replay.event_types = '{}'
        or payload.type = any (webhooks_to_replay.event_types)
        or split_part(payload.type, '.', 1) || '.*' = any (webhooks_to_replay.event_types)
      )
      and not exists (
        select from casebase.webhook_deliveries later
        where later.payload_id = dead.payload_id
          and later.endpoint_id = dead.endpoint_id
          and later.id > dead.id
      )
    order by dead.id
    limit most
  );
end
$$;

create function public.replay_webhook_deliveries(
  endpoint_id uuid,
  since       timestamptz default '-infinity',
  event_types text[]      default '{}'
) returns integer
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  replayed integer;
begin
  perform casebase.require_enabled_webhook(replay_webhook_deliveries.endpoint_id);

  insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
  select dead.endpoint_id, dead.payload_id, dead.case_id
  from casebase.webhook_deliveries dead
  where dead.id = any (casebase.webhooks_to_replay(
    replay_webhook_deliveries.endpoint_id, replay_webhook_deliveries.since, replay_webhook_deliveries.event_types, 1000))
  order by dead.id;
  get diagnostics replayed = row_count;

  perform pg_notify('casebase_webhooks', '');
  return replayed;
end
$$;
comment on function public.replay_webhook_deliveries(uuid, timestamptz, text[]) is
  'Sends what a webhook endpoint never took once more, the oldest first: what failed or was skipped, and was not replayed yet.

A thousand at a time, so that what happens meanwhile gets its turn: call it again until it answers 0.

For admins, and for a service key.

- endpoint_id: the endpoint.
- since: what was to be sent at this time or later.
- event_types: of these types only, or families (case.*); empty: of all.

Returns how many it sends.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: the endpoint is disabled.';

create function public.count_webhook_replay(
  endpoint_id uuid,
  since       timestamptz default '-infinity',
  event_types text[]      default '{}'
) returns integer
  language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.require_enabled_webhook(count_webhook_replay.endpoint_id);
  return cardinality(casebase.webhooks_to_replay(
    count_webhook_replay.endpoint_id, count_webhook_replay.since, count_webhook_replay.event_types, 10000));
end
$$;
comment on function public.count_webhook_replay(uuid, timestamptz, text[]) is
  'How many deliveries rpc/replay_webhook_deliveries would send in all, called until it answers 0. Nothing is sent.

For admins, and for a service key.

- endpoint_id: the endpoint.
- since: what was to be sent at this time or later.
- event_types: of these types only, or families (case.*); empty: of all.

Returns the number, counted to 10,000.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: the endpoint is disabled.';

create function public.webhook_delivery_body(delivery_id bigint) returns text
  language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  sent text;
begin
  select payload.body into sent
  from casebase.webhook_deliveries delivery
  join casebase.webhook_payloads payload on payload.id = delivery.payload_id
  where delivery.id = webhook_delivery_body.delivery_id;
  if not found then
    perform casebase.no_such_webhook('delivery', webhook_delivery_body.delivery_id::text);
  end if;
  return sent;
end
$$;
comment on function public.webhook_delivery_body(bigint) is
  'The body that each request of a delivery has, byte for byte.

What was erased on a person''s request is not in it any more; it then says "erased": true.

For admins, and for a service key.

- delivery_id: the delivery (rpc/webhook_deliveries).

Returns the body.

- PT404: there is no such delivery, or the caller is no admin.';

create function public.webhook_activity(
  for_endpoint uuid        default null,
  since        timestamptz default null,
  step         interval    default interval '1 hour'
) returns table (begins_at timestamptz, delivered bigint, failed bigint)
  language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  since := coalesce(since, now() - interval '24 hours');
  -- Of a longest step, 1000 lie between the first and the last of all timestamps.
  if step is null or step < interval '1 minute' or step > interval '365 days' or extract(month from step) <> 0 or extract(year from step) <> 0 then
    raise exception '% is no step of time', coalesce(step::text, 'null')
      using errcode = 'invalid_parameter_value', column = 'step', hint = 'It takes 1 minute to 365 days, without months and years: 1 hour.';
  elsif since > now() or since < now() - 1000 * step then
    raise exception 'since is out of range'
      using errcode = 'invalid_parameter_value', column = 'since', hint = 'It takes a time that lies at most 1000 steps back.';
  end if;
  return query
    with counted as (
      select date_bin(step, attempt.started_at, since) as begins_at,
             count(*) filter (where attempt.status between 200 and 299) as delivered,
             count(*) filter (where attempt.status is null or attempt.status not between 200 and 299) as failed
      from casebase.webhook_attempts attempt
      join casebase.webhook_deliveries delivery on delivery.id = attempt.delivery_id
      where attempt.started_at >= since
        and (for_endpoint is null or delivery.endpoint_id = for_endpoint)
      group by 1
    )
    select slot, coalesce(counted.delivered, 0), coalesce(counted.failed, 0)
    from generate_series(since, now(), step) slot
    left join counted on counted.begins_at = slot
    order by slot;
end
$$;
comment on function public.webhook_activity(uuid, timestamptz, interval) is
  'How many requests webhook endpoints took, and how many failed, over time.

For admins, and for a service key; for others all numbers are 0.

- for_endpoint: of this endpoint only; null: of every one.
- since: from when on, at most 1000 steps back; null: the last 24 hours.
- step: how much time is one row, 1 minute to 365 days, e.g. 1 hour.
- begins_at: when the row''s time begins.
- delivered: the requests of that time that were answered with a 2xx.
- failed: those that were not.

Returns a row for each step, the oldest first, also where nothing was sent.

- 22023: since or step is out of range.';

create function public.poll_events(
  endpoint_id uuid,
  cursor      text    default null,
  most        integer default 100
) returns jsonb
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  batch      constant uuid := gen_random_uuid();
  is_fetched boolean;
  events     jsonb;
begin
  -- Whoever polls one endpoint twice at the same time takes turns.
  select endpoint.url is null into is_fetched
  from casebase.webhook_endpoints endpoint
  where endpoint.id = poll_events.endpoint_id
  for no key update;
  if is_fetched is null then
    perform casebase.no_such_webhook('endpoint', poll_events.endpoint_id::text);
  elsif not is_fetched then
    raise exception 'This webhook endpoint has a URL: its events are sent there.'
      using errcode = 'PT409', hint = 'Make one without a URL to fetch them.';
  elsif poll_events.most not between 1 and 1000 then
    raise exception 'most is %, and a batch has 1 to 1000 events', poll_events.most
      using errcode = 'invalid_parameter_value', column = 'most';
  elsif poll_events.cursor !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    raise exception '% is no cursor', poll_events.cursor
      using errcode = 'invalid_parameter_value', column = 'cursor', hint = 'It is the cursor of the answer before this one.';
  end if;

  update casebase.webhook_deliveries delivery
  set state       = 'delivered',
      attempts    = delivery.attempts + 1,
      finished_at = clock_timestamp()
  where delivery.endpoint_id = poll_events.endpoint_id
    and delivery.state = 'pending'
    and delivery.lease_token = poll_events.cursor::uuid;

  -- The oldest by the time of their transactions, and whatever comes before them in their cases.
  with due as (
    select delivery.id, delivery.case_id
    from casebase.webhook_deliveries delivery
    where delivery.endpoint_id = poll_events.endpoint_id
      and delivery.state = 'pending'
    order by delivery.next_attempt_at, delivery.id
    limit poll_events.most
  ),
  given as (
    update casebase.webhook_deliveries delivery
    set lease_token = batch
    where delivery.endpoint_id = poll_events.endpoint_id
      and delivery.state = 'pending'
      and (
        delivery.id in (select due.id from due)
        or delivery.id < (select max(due.id) from due where due.case_id = delivery.case_id)
      )
    returning delivery.id, delivery.endpoint_id, delivery.payload_id
  )
  select jsonb_agg(
           jsonb_build_object(
             'webhook_id', casebase.webhook_message_id(given.endpoint_id, given.payload_id),
             'previous_seq', (
               select max(earlier.seq)
               from casebase.webhook_payloads earlier
               join casebase.webhook_deliveries got on got.payload_id = earlier.id
               where earlier.case_id = payload.case_id
                 and earlier.seq < payload.seq
                 and got.endpoint_id = given.endpoint_id
                 and got.state in ('pending', 'delivered')
             ),
             'body', payload.body
           )
           order by given.id
         )
  into events
  from given
  join casebase.webhook_payloads payload on payload.id = given.payload_id;

  return jsonb_build_object('cursor', batch, 'events', coalesce(events, '[]'));
end
$$;
comment on function public.poll_events(uuid, text, integer) is
  'The next events of a webhook endpoint without a URL, for receivers that no request reaches, in the order of each case.

Asking with the cursor of an answer acknowledges its events; asking without one, or with an older one, gives them again.

For admins, and for a service key.

- endpoint_id: the endpoint.
- cursor: of the answer before; null: nothing is acknowledged.
- most: how many events, 1 to 1000; those that come before them in their cases come on top.

Returns {"cursor", "events": [{"webhook_id", "previous_seq", "body"}]}: body is what would be sent, byte for byte; previous_seq the seq of the case''s event before it that this receiver got, null: none in the last 30 days. An answer without events has a cursor, too.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: it has a URL: its events are sent there.
- 22023: cursor is none, or most is out of range.';

create function public.webhook_status() returns table (
  endpoint_id       uuid,
  url               text,
  description       text,
  enabled           boolean,
  disabled_reason   text,
  paused_until      timestamptz,
  failures_in_a_row integer,
  failing_since     timestamptz,
  unfinished        bigint,
  due_since         timestamptz,
  undelivered       bigint,
  delivered_at      timestamptz
)
  language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select endpoint.id, endpoint.url, endpoint.description, endpoint.enabled, endpoint.disabled_reason,
         endpoint.paused_until, endpoint.failures_in_a_row, endpoint.failing_since,
         (
           select count(*)
           from (
             select from casebase.webhook_deliveries delivery
             where delivery.endpoint_id = endpoint.id
               and delivery.finished_at is null
             limit 10000
           ) counted
         ),
         (
           select min(delivery.next_attempt_at)
           from casebase.webhook_deliveries delivery
           where delivery.endpoint_id = endpoint.id
             and delivery.state = 'pending'
             and delivery.next_attempt_at <= now()
         ),
         (
           select count(*)
           from (
             select from casebase.webhook_deliveries delivery
             where delivery.endpoint_id = endpoint.id
               and delivery.state in ('failed', 'skipped')
             limit 10000
           ) counted
         ),
         (
           select max(delivery.finished_at)
           from casebase.webhook_deliveries delivery
           where delivery.endpoint_id = endpoint.id
             and delivery.state = 'delivered'
         )
  from casebase.webhook_endpoints endpoint
  order by endpoint.created_at, endpoint.id
$$;
comment on function public.webhook_status() is
  'How each webhook endpoint is doing. Deliveries are counted to 10,000.

For admins, and for a service key; others get no row.

- endpoint_id: the endpoint.
- url: where requests go; null: its receiver fetches.
- description: what it is for.
- enabled: whether events are sent at all.
- disabled_reason: why it was disabled, where the worker did it.
- paused_until: until when nothing is sent, because its receiver asked for that or fails; null: it is not paused.
- failures_in_a_row: how many attempts have failed since the last one that did not.
- failing_since: since when; null: the last one did not fail.
- unfinished: how many deliveries are still to be sent.
- due_since: since when the oldest of them is due; null: none is.
- undelivered: how many it never took: failed or skipped.
- delivered_at: when it last took one; null: nothing in the last 30 days.

Returns a row for each endpoint, the oldest first.';
