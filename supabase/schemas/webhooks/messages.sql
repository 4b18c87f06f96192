-- What is sent: payloads, their bodies and ids.

-- A body is made once, in the transaction of the change, and sent byte for byte by every attempt and replay, to every
-- endpoint that takes this form of it. It outlives its case: webhook_tidy forgets it with its last delivery.
create table casebase.webhook_payloads (
  id              bigint      not null generated always as identity,
  -- All three null: no event, but a test. No keys: the case may be gone, and case.deleted is in no history.
  event_id        bigint,
  case_id         bigint,
  seq             bigint,
  type            text        not null,
  payload_version smallint    not null,
  thin            boolean     not null,
  body            text        not null,
  created_at      timestamptz not null default clock_timestamp(),
  -- When the words were taken out of the body.
  scrubbed_at     timestamptz,
  constraint webhook_payloads_pkey primary key (id),
  constraint webhook_payloads_event_and_case_check
    check ((event_id is null) = (case_id is null) and (event_id is null) = (seq is null))
);
comment on table casebase.webhook_payloads is
  'The body of an event in one form (payload version, thin or not), the same for every delivery of it.';
alter table casebase.webhook_payloads enable row level security;
revoke all on casebase.webhook_payloads from public, anon, authenticated, service_role;
create index webhook_payloads_case_id_idx on casebase.webhook_payloads (case_id) where case_id is not null;

-- The same for every attempt and every replay of one event to one endpoint, and for no other.
create function casebase.webhook_message_id(endpoint_id uuid, payload_id bigint) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return 'msg_' || left(encode(sha256(uuid_send(endpoint_id) || int8send(payload_id)), 'hex'), 32);
end
$$;

create function casebase.webhook_timestamp(at timestamptz) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
end
$$;

-- What of an event's data only says what it is about: its keys and numbers.
create function casebase.webhook_ids(data jsonb) returns jsonb
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_object_agg(field.key, field.value), '{}')
    from jsonb_each(data) field
    where field.key in ('case', 'seq') or field.key like '%\_id'
  );
end
$$;

-- The body by Standard Webhooks: type, timestamp, data. PL/pgSQL, like all that a change calls: a function in SQL is
-- planned anew in each statement that calls it.
create function casebase.webhook_body(event public.case_events, thin boolean) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return json_build_object(
    'type', event.type,
    'timestamp', casebase.webhook_timestamp(event.created_at),
    'data', jsonb_build_object('event_id', event.id, 'seq', event.seq) || case
      when thin then casebase.webhook_ids(event.data)
      else event.data || jsonb_build_object(
        'actor', jsonb_build_object('id', event.actor_id, 'name', event.actor_name),
        'visible_to_client', event.visible_to_client)
    end
  )::text;
end
$$;

-- Takes what people wrote out of what is kept of these cases, for whoever erases a person's data. What is sent from then
-- on, first or again, has the ids and says that it was erased. Answers how many bodies that were.
create function casebase.scrub_webhook_payloads(case_ids bigint[]) returns bigint
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  scrubbed bigint[];
begin
  with changed as (
    update casebase.webhook_payloads payload
    set body        = json_build_object(
                        'type', payload.type,
                        'timestamp', payload.body::json -> 'timestamp',
                        'data', casebase.webhook_ids(payload.body::jsonb -> 'data') || '{"erased": true}'
                      )::text,
        scrubbed_at = now()
    where payload.case_id = any (case_ids)
      and payload.scrubbed_at is null
    returning payload.id
  )
  select array_agg(changed.id) into scrubbed
  from changed;

  -- A receiver may have answered with what it was sent.
  update casebase.webhook_attempts attempt
  set response = null
  from casebase.webhook_deliveries delivery
  where delivery.payload_id = any (scrubbed)
    and attempt.delivery_id = delivery.id
    and attempt.response is not null;
  return coalesce(cardinality(scrubbed), 0);
end
$$;
