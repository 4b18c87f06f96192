-- Webhooks: the endpoints that admins manage, and their signing secrets.

create table casebase.webhook_endpoints (
  id                uuid        not null default gen_random_uuid(),
  url               text        not null,
  description       text        not null default '',
  -- 'case.updated', or 'case.*' for a whole family; none: every event.
  event_types       text[]      not null default '{}',
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
  constraint webhook_endpoints_description_check check (length(description) <= 500),
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

-- Secrets are written once and read by the worker's functions only. A secret ends when a newer one says so.
create table casebase.webhook_secrets (
  id                 bigint      generated always as identity,
  endpoint_id        uuid        not null,
  secret             text        not null,
  -- For how long the secrets before this one go on signing beside it.
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
comment on table casebase.webhook_secrets is
  'Signing secrets, write-only: no role may select them, the worker gets them with each lease.';
alter table casebase.webhook_secrets enable row level security;
revoke all on casebase.webhook_secrets from public, anon, authenticated, service_role;
create index webhook_secrets_endpoint_id_idx on casebase.webhook_secrets (endpoint_id, id);
