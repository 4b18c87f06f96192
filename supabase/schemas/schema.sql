-- The schema of what the API does not expose, and the role of the service.
--
-- Every table of Casebase is closed the moment it is made: row level security on, the automatic grants of older
-- projects taken back by name. What is granted, and every policy, stands in policies/.

create schema casebase;
comment on schema casebase is
  'Casebase: helpers of the policies, queues, counters. Not exposed by the API.';

revoke all on schema casebase from public, anon, authenticated, service_role;
grant usage on schema casebase to authenticated, service_role;

-- What was applied. Each migration ends with the statement that writes its own row, so the record is the same whoever
-- runs the file: the Supabase CLI, psql or `casebase migrate`.
create table casebase.migrations (
  version    text        not null,
  name       text        not null,
  release    text        not null,
  -- SHA-256 of the migration's text before that statement.
  checksum   text        not null,
  applied_at timestamptz not null default now(),
  applied_by name        not null default current_user,
  constraint migrations_pkey primary key (version),
  constraint migrations_version_check check (version ~ '^[0-9]{14}$'),
  constraint migrations_checksum_check check (checksum ~ '^[0-9a-f]{64}$')
);
comment on table casebase.migrations is 'The migrations that made this schema: of which release, from which text, and when.';
alter table casebase.migrations enable row level security;
revoke all on casebase.migrations from public, anon, authenticated, service_role;

-- The service's own role: it verifies files and delivers webhooks. It gets a password from the project's owner:
-- alter role casebase_worker password '…';
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'casebase_worker') then
    create role casebase_worker login noinherit;
  end if;
end
$$;

-- A call takes milliseconds; whatever keeps one longer gives up, and the worker tries again. Three fit between the end of
-- the longest request (20 s) and that of its lease (60 s). It is the role's, because a function's own setting comes
-- when the statement's clock already runs, and a setting for the transaction would cost each call three more round trips.
alter role casebase_worker set statement_timeout = '10s';
