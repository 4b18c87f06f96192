-- Webhooks: the endpoints that admins manage, and what they subscribe to.

create table casebase.webhook_endpoints (
  id                uuid        not null default gen_random_uuid(),
  url               text        not null,
  description       text        not null default '',
  -- 'case.updated', or 'case.*' for a whole family; none: every event but those that are sent on request only.
  event_types       text[]      not null default '{}',
  -- Which form of each event's body it gets. Neither changes: what is queued has its form already.
  payload_version   smallint    not null default 1,
  thin              boolean     not null default false,
  -- What signs, in the words of Standard Webhooks: v1 is HMAC-SHA256, v1a Ed25519. It doesn't change either.
  signature         text        not null default 'v1',
  enabled           boolean     not null default true,
  disabled_reason   text,
  -- What the worker learns about the receiver.
  paused_until      timestamptz,
  failures_in_a_row integer     not null default 0,
  created_by        uuid        default auth.uid(),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  constraint webhook_endpoints_pkey primary key (id),
  constraint webhook_endpoints_created_by_fkey
    foreign key (created_by) references auth.users (id) on delete set null,
  -- No user:password in it, and no fragment: neither would arrive.
  constraint webhook_endpoints_url_check
    check (length(url) <= 2000 and url ~ '^https?://[^[:space:][:cntrl:]/?#@]+([/?][^[:space:][:cntrl:]#]*)?$'),
  constraint webhook_endpoints_payload_version_check check (payload_version = 1),
  constraint webhook_endpoints_signature_check check (signature in ('v1', 'v1a')),
  constraint webhook_endpoints_description_check
    check (description = '' or char_length(description) <= 500 and casebase.is_text(description)),
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
comment on table casebase.webhook_endpoints is
  'Where notifications are sent. Managed by admins through create_webhook_endpoint and its like.';
alter table casebase.webhook_endpoints enable row level security;
revoke all on casebase.webhook_endpoints from public, anon, authenticated, service_role;
create index webhook_endpoints_created_by_idx on casebase.webhook_endpoints (created_by);

-- A filter names types that there are. AFTER: the policies have spoken.
create function casebase.check_event_types() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.no_such_event_type(filter)
  from unnest(new.event_types) filter
  where not exists (
    select from casebase.event_types t
    where filter in (t.type, split_part(t.type, '.', 1) || '.*')
  );
  return null;
end
$$;

create trigger check_event_types after insert or update of event_types on casebase.webhook_endpoints
  for each row execute function casebase.check_event_types();

-- Who wants which events: the filters of the enabled endpoints, a row each. A change looks up those that match its
-- event and touches no others.
create table casebase.webhook_subscriptions (
  -- As in event_types; '*' where that is empty.
  filter          text     not null,
  endpoint_id     uuid     not null,
  -- The endpoint's.
  payload_version smallint not null,
  thin            boolean  not null,
  constraint webhook_subscriptions_pkey primary key (filter, endpoint_id),
  constraint webhook_subscriptions_endpoint_id_fkey
    foreign key (endpoint_id) references casebase.webhook_endpoints (id) on delete cascade
);
comment on table casebase.webhook_subscriptions is
  'The filters of the enabled endpoints, kept by a trigger on webhook_endpoints.';
alter table casebase.webhook_subscriptions enable row level security;
revoke all on casebase.webhook_subscriptions from public, anon, authenticated, service_role;
create index webhook_subscriptions_endpoint_id_idx on casebase.webhook_subscriptions (endpoint_id);

create function casebase.keep_webhook_subscriptions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.webhook_subscriptions subscription
  where subscription.endpoint_id = new.id;
  if new.enabled then
    insert into casebase.webhook_subscriptions (filter, endpoint_id, payload_version, thin)
    select distinct filter, new.id, new.payload_version, new.thin
    from unnest(case when new.event_types = '{}' then '{*}' else new.event_types end) filter;
  end if;
  return null;
end
$$;

create trigger keep_subscriptions_of_new after insert on casebase.webhook_endpoints
  for each row execute function casebase.keep_webhook_subscriptions();
create trigger keep_subscriptions_of_changed after update on casebase.webhook_endpoints
  for each row when (old.enabled <> new.enabled or old.event_types <> new.event_types)
  execute function casebase.keep_webhook_subscriptions();

-- How many endpoints there may be: a change writes a row for each that wants to know, and each call of the worker looks
-- at all of them. The project's owner sets it: update casebase.webhook_limits set endpoints = 200.
create table casebase.webhook_limits (
  only_row  boolean not null default true,
  endpoints integer not null default 100,
  constraint webhook_limits_pkey primary key (only_row),
  constraint webhook_limits_only_row_check check (only_row),
  constraint webhook_limits_endpoints_check check (endpoints between 0 and 1000)
);
comment on table casebase.webhook_limits is 'One row, for the project''s owner to change.';
alter table casebase.webhook_limits enable row level security;
revoke all on casebase.webhook_limits from public, anon, authenticated, service_role;
insert into casebase.webhook_limits default values;

-- AFTER: the policies have spoken. Who adds endpoints at the same time takes turns at the row of the limit.
create function casebase.limit_webhook_endpoints() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most  integer;
  would bigint;
begin
  select limits.endpoints into most from casebase.webhook_limits limits for update;
  select count(*) into would from casebase.webhook_endpoints;
  if would > most then
    raise exception 'there would be % webhook endpoints, and there may be no more than %', would, most
      using errcode = 'PT409',
            hint = 'Delete one that is not needed, or have the project''s owner raise casebase.webhook_limits.endpoints.';
  end if;
  return null;
end
$$;

create trigger limit_endpoints after insert on casebase.webhook_endpoints
  for each statement execute function casebase.limit_webhook_endpoints();
