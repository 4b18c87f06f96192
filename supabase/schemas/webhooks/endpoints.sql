-- Webhooks: the endpoints that admins manage, and what they subscribe to.

-- An object of up to 20 HTTP headers. Those of the specification and of the connection are ours.
create function casebase.are_webhook_headers(headers jsonb) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when jsonb_typeof(headers) <> 'object' then false
    else count(*) <= 20 and coalesce(bool_and(
      header.key ~ '^[A-Za-z0-9!#$%&''*+.^_`|~-]{1,100}$'
      and header.key !~* '^(webhook-.*|content-.*|host|connection|transfer-encoding|te|upgrade|trailer|expect|user-agent)$'
      and jsonb_typeof(header.value) = 'string'
      and length(header.value #>> '{}') <= 1000
      and header.value #>> '{}' ~ '^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$'), true)
  end
  from jsonb_each(case when jsonb_typeof(headers) = 'object' then headers else '{}' end) header
$$;

create table casebase.webhook_endpoints (
  id                uuid        not null default gen_random_uuid(),
  -- Null: nothing is sent, its receiver fetches with poll_events.
  url               text,
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
  -- Of these cases only, as they are after the change or were before it; empty: of all.
  client_ids        uuid[]      not null default '{}',
  department_ids    uuid[]      not null default '{}',
  priorities        text[]      not null default '{}',
  statuses          text[]      not null default '{}',
  -- Sent along with each request, e.g. {"authorization": "Bearer …"}.
  headers           jsonb       not null default '{}',
  -- Requests a second; null: as many as there are.
  rate_limit        integer,
  -- The waits between attempts, one less than there are attempts; null: those that Standard Webhooks suggests.
  retry_waits       interval[],
  -- What the worker learns about the receiver.
  paused_until      timestamptz,
  rate_second       timestamptz,
  rate_used         integer     not null default 0,
  failures_in_a_row integer     not null default 0,
  failing_since     timestamptz,
  created_by        uuid        default auth.uid(),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  constraint webhook_endpoints_pkey primary key (id),
  constraint webhook_endpoints_created_by_fkey
    foreign key (created_by) references auth.users (id) on delete set null,
  constraint webhook_endpoints_url_check check (length(url) <= 2000),
  constraint webhook_endpoints_payload_version_check check (payload_version = 1),
  constraint webhook_endpoints_filters_check
    check (
      cardinality(client_ids) + cardinality(department_ids) + cardinality(priorities) + cardinality(statuses) <= 1000
      and array_position(client_ids, null) is null
      and array_position(department_ids, null) is null
      and array_position(priorities, null) is null
      and array_position(statuses, null) is null
    ),
  constraint webhook_endpoints_headers_check check (casebase.are_webhook_headers(headers)),
  constraint webhook_endpoints_rate_limit_check check (rate_limit between 1 and 1000),
  constraint webhook_endpoints_retry_waits_check
    check (
      cardinality(retry_waits) <= 50
      and array_position(retry_waits, null) is null
      and interval '0' <= all (retry_waits)
      and interval '7 days' >= all (retry_waits)
    ),
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

-- Whether this is an IPv6 address.
create function casebase.is_ipv6(address text) returns boolean
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return address ~ '^[0-9A-Fa-f:.]+$' and family(address::inet) = 6;
exception
  when invalid_text_representation then
    return false;
end
$$;

-- Why a request can never be sent to this URL, for its reader; null where one can.
create function casebase.webhook_url_fault(url text) returns text
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when url !~* '^https?://' then 'it does not begin with https://'
    when url ~ '[[:space:][:cntrl:]]' then 'there is a space or a control character in it'
    when url ~ '#' then 'what stands behind # would not arrive'
    when authority ~ '@' then 'a name or a password in it would not arrive'
    when port !~ '^(:([0-9]{1,5})?)?$' or nullif(ltrim(port, ':'), '')::integer not between 1 and 65535
      then format('%s is no port from 1 to 65535', ltrim(port, ':'))
    when host ~ '^\['
      then case when not (host ~ '\]$' and casebase.is_ipv6(btrim(host, '[]'))) then format('%s is no IPv6 address', host) end
    when host = '' then 'it names no host'
    when host ~ '[]<>^|%\"`{}[!$&''()*+,;=~:]' then format('%s is no name of a host', host)
    when host ~* '(^|\.)(0x[0-9a-f]*|[0-9]+)\.?$'
      then case
        when host !~ '^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(?=[0-9])|$)){4}$' then format('%s is no IPv4 address', host)
      end
    when host ~ '(^|\.)\.' or length(host) > 253 or host ~ '[^.]{64}' then format('%s is no name of a host', host)
    when host ~* '(^|\.)xn--(\.|$)' then format('%s is no name of a host: nothing follows xn--', host)
  end
  from (select substring(url from '^[A-Za-z]+://([^/?#]*)')) a (authority)
  cross join lateral (select substring(authority from '^(?:\[.*\]|[^:[]*)(:.*)$')) p (found)
  cross join lateral (
    select coalesce(p.found, ''), left(authority, length(authority) - length(coalesce(p.found, '')))
  ) parts (port, host)
$$;

-- A URL is one that can be sent to. AFTER: the policies have spoken.
create function casebase.check_webhook_url() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  fault text := casebase.webhook_url_fault(new.url);
begin
  if fault is not null then
    raise exception 'nothing can be sent to this URL: %', fault
      using errcode = 'check_violation', column = 'url', hint = 'It takes e.g. https://example.com/webhooks/casebase.';
  end if;
  return null;
end
$$;

create trigger check_url after insert or update of url on casebase.webhook_endpoints
  for each row execute function casebase.check_webhook_url();

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
  client_ids      uuid[]   not null,
  department_ids  uuid[]   not null,
  priorities      text[]   not null,
  statuses        text[]   not null,
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
    insert into casebase.webhook_subscriptions (
      filter, endpoint_id, payload_version, thin, client_ids, department_ids, priorities, statuses
    )
    select distinct filter, new.id, new.payload_version, new.thin, new.client_ids, new.department_ids, new.priorities,
           new.statuses
    from unnest(case when new.event_types = '{}' then '{*}' else new.event_types end) filter;
  end if;
  return null;
end
$$;

create trigger keep_subscriptions_of_new after insert on casebase.webhook_endpoints
  for each row execute function casebase.keep_webhook_subscriptions();
create trigger keep_subscriptions_of_changed after update on casebase.webhook_endpoints
  for each row when (
    (old.enabled, old.event_types, old.client_ids, old.department_ids, old.priorities, old.statuses)
      <> (new.enabled, new.event_types, new.client_ids, new.department_ids, new.priorities, new.statuses)
  )
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
comment on table casebase.webhook_limits is
  'How many webhook endpoints there may be. One row.

For the project''s owner: update casebase.webhook_limits set endpoints = 200. A change of a case writes a row for each endpoint that wants to know of it.';
comment on column casebase.webhook_limits.only_row is 'Always true: there is one row.';
comment on column casebase.webhook_limits.endpoints is 'How many endpoints there may be.';
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
