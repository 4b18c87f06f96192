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

-- Answers the secret, this once. A thin endpoint gets ids only, and asks for the rest by them. With the signature v1a
-- receivers verify by the public key, which webhook_endpoints() shows too, and the secret need not leave the database.
create function public.create_webhook_endpoint(
  url         text,
  description text    default '',
  event_types text[]  default '{}',
  thin        boolean default false,
  signature   text    default 'v1'
) returns table (id uuid, secret text, public_key text)
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  new_id     uuid;
  new_secret text := casebase.new_webhook_secret(create_webhook_endpoint.signature);
  new_key    text;
begin
  insert into casebase.webhook_endpoints (url, description, event_types, thin, signature)
  values (create_webhook_endpoint.url, create_webhook_endpoint.description, create_webhook_endpoint.event_types,
          create_webhook_endpoint.thin, create_webhook_endpoint.signature)
  returning id into new_id;

  insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
  values (new_id, new_secret, interval '0')
  returning public_key into new_key;

  return query select new_id, new_secret, new_key;
end
$$;

-- What is left out or null stays as it is. Enabling forgets why it was disabled and what went wrong before.
create function public.update_webhook_endpoint(
  endpoint_id uuid,
  url         text    default null,
  description text    default null,
  event_types text[]  default null,
  enabled     boolean default null
) returns void
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
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

-- public_keys: of an endpoint with the signature v1a, the newest first.
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
  paused_until      timestamptz,
  failures_in_a_row integer,
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
         endpoint.enabled, endpoint.disabled_reason, endpoint.paused_until, endpoint.failures_in_a_row, endpoint.created_by,
         endpoint.created_at, endpoint.updated_at
  from casebase.webhook_endpoints endpoint
  order by endpoint.created_at, endpoint.id
$$;

-- Answers the new secret, this once. Until previous_valid_for has passed, every request carries a signature with it
-- and one with each secret before it; '0' ends those at once. Five sign at most.
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

-- Sends an event of type webhook.test. Answers the delivery, to look up its attempts.
create function public.send_test_webhook(endpoint_id uuid) returns bigint
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  payload_id  bigint;
  delivery_id bigint;
begin
  perform casebase.require_enabled_webhook(send_test_webhook.endpoint_id);

  insert into casebase.webhook_payloads (type, payload_version, thin, body)
  values ('webhook.test', 1, false, casebase.webhook_test_body(send_test_webhook.endpoint_id))
  returning id into payload_id;
  insert into casebase.webhook_deliveries (endpoint_id, payload_id)
  values (send_test_webhook.endpoint_id, payload_id)
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
  finished_at     timestamptz
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
         delivery.finished_at
  from casebase.webhook_deliveries delivery
  join casebase.webhook_payloads payload on payload.id = delivery.payload_id
  where (webhook_deliveries.for_endpoint is null or delivery.endpoint_id = webhook_deliveries.for_endpoint)
    and (webhook_deliveries.in_state is null or delivery.state = webhook_deliveries.in_state)
    and (webhook_deliveries.before is null or delivery.id < webhook_deliveries.before)
  order by delivery.id desc
  limit least(webhook_deliveries.most, 1000)
$$;

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

-- Sends a finished delivery's event once more, with the same webhook-id, behind whatever its case has waiting.
-- Answers the new delivery.
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
