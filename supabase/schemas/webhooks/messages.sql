-- What is sent: a message's id, its body, and the secrets that sign it.

-- The same for every attempt and every replay of one event to one endpoint, and for no other.
create function casebase.webhook_message_id(endpoint_id uuid, event_id bigint, delivery_id bigint) returns text
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select 'msg_' || left(encode(sha256(uuid_send($1) || int8send(coalesce($2, -$3))), 'hex'), 32)
$$;

create function casebase.webhook_timestamp(at timestamptz) returns text
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- The body by Standard Webhooks: type, timestamp, data.
create function casebase.webhook_body(event public.case_events) returns text
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select json_build_object(
    'type', event.type,
    'timestamp', casebase.webhook_timestamp(event.created_at),
    'data', event.data || jsonb_build_object(
      'event_id', event.id,
      'seq', event.seq,
      'actor', jsonb_build_object('id', event.actor_id, 'name', event.actor_name),
      'visible_to_client', event.visible_to_client)
  )::text
$$;

create function casebase.webhook_test_body(endpoint_id uuid, created_at timestamptz) returns text
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select json_build_object(
    'type', 'webhook.test',
    'timestamp', casebase.webhook_timestamp($2),
    'data', json_build_object('endpoint_id', $1)
  )::text
$$;

-- The secrets that sign at this moment, newest first; none for an endpoint that has none.
create function casebase.webhook_signing_secrets(endpoint_id uuid) returns text[]
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(signing.secret order by signing.id desc), '{}')
  from casebase.webhook_secrets signing
  where signing.endpoint_id = $1
    and not exists (
      select from casebase.webhook_secrets newer
      where newer.endpoint_id = signing.endpoint_id
        and newer.id > signing.id
        and newer.created_at + newer.previous_valid_for <= now()
    )
$$;
