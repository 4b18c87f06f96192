-- How the project is doing, for whoever runs it: what the database knows by itself. Each count ends at 10,000, and each
-- question is answered from an index, however much there is.

-- The deliveries that are still to be sent, and the worker.
create function casebase.webhook_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'connections', (select count(*) from pg_stat_activity session where session.usename = 'casebase_worker'),
    'pending', (
      select count(*)
      from (select from casebase.webhook_deliveries d where d.state = 'pending' limit 10000) counted),
    'waiting', (
      select count(*)
      from (select from casebase.webhook_deliveries d where d.state = 'waiting' limit 10000) counted),
    'leased', (
      select count(*)
      from (select from casebase.webhook_deliveries d where d.state = 'leased' limit 10000) counted),
    'undelivered', (
      select count(*)
      from (select from casebase.webhook_deliveries d where d.state in ('failed', 'skipped') limit 10000) counted),
    'oldest_due_at', (
      select min(oldest.due)
      from casebase.webhook_endpoints endpoint
      cross join lateral (
        select min(d.next_attempt_at) as due
        from casebase.webhook_deliveries d
        where d.endpoint_id = endpoint.id
          and d.state = 'pending'
          and d.next_attempt_at <= now()
      ) oldest
      where endpoint.enabled
        and endpoint.url is not null)
  )
$$;

create function casebase.file_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'pending', count(*) filter (where unfinished.state = 'pending'),
    'uploaded', count(*) filter (where unfinished.state = 'uploaded'),
    'deleting', count(*) filter (where unfinished.state = 'deleting'),
    'oldest_uploaded_at', min(unfinished.updated_at) filter (where unfinished.state = 'uploaded')
  )
  from (
    (select f.state, f.updated_at from public.case_files f where f.state <> 'available' limit 10000)
    union all
    (select d.state, d.updated_at from public.client_documents d where d.state <> 'available' limit 10000)
  ) unfinished
$$;

-- The fullest of the clients that files were added for last: what grows.
create function casebase.storage_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'most_bytes', (select s.bytes_per_client from public.case_settings s),
    'clients', coalesce(
      (
        select jsonb_agg(
                 jsonb_build_object('client_id', full_one.id, 'name', coalesce(casebase.client_name(full_one.id), full_one.id::text), 'used_bytes', full_one.bytes)
                 order by full_one.bytes desc, full_one.id)
        from (
          select growing.id, casebase.bytes_of_client(growing.id) as bytes
          from (
            select c.client_id as id
            from (select f.case_id from public.case_files f order by f.uploaded_at desc limit 200) newest
            join public.cases c on c.id = newest.case_id
            union
            (select d.client_id from public.client_documents d order by d.id desc limit 200)
            limit 50
          ) growing
          order by 2 desc, 1
          limit 20
        ) full_one
      ),
      '[]')
  )
$$;

-- What came about in the last hour.
create function casebase.rate_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'cases', (
      select count(*)
      from (select from public.cases c where c.created_at > now() - interval '1 hour' limit 10000) counted),
    'interactions', (
      select count(*)
      from (select from public.interactions i where i.created_at > now() - interval '1 hour' limit 10000) counted),
    'events', (
      select count(*)
      from (select from public.case_events e where e.created_at > now() - interval '1 hour' limit 10000) counted),
    'deliveries', (
      select count(*)
      from (
        select from casebase.webhook_deliveries d
        where d.finished_at is not null
          and d.finished_at > now() - interval '1 hour'
        limit 10000
      ) counted)
  )
$$;

-- The release whose migration was applied last. The service asks for it when it starts.
create function casebase.schema_version() returns text
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select m.release
  from casebase.migrations m
  order by m.version desc
  limit 1
$$;

-- For the project's owner, and behind rpc/health.
create function casebase.project_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'at', now(),
    'schema_version', casebase.schema_version(),
    'hook_answered_at', to_timestamp(nullif(pg_sequence_last_value('casebase.hook_answered_at'), 0) / 1000.0),
    'webhooks', casebase.webhook_health(),
    'files', casebase.file_health(),
    'storage', casebase.storage_health(),
    'last_hour', casebase.rate_health()
  )
$$;
comment on function casebase.project_health() is
  'How the project is doing: what rpc/health answers, for the project''s owner.';

create function casebase.health_for_admins() returns jsonb
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
as $$
begin
  if not casebase.is_admin() then
    raise exception 'only admins see how the project is doing'
      using errcode = 'insufficient_privilege', hint = 'Ask an admin.';
  end if;
  return casebase.project_health();
end
$$;

create function public.health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select casebase.health_for_admins()
$$;
comment on function public.health() is
  'How the project is doing: the access token hook, webhooks and their worker, files, storage, how much happens, and the schema''s version.

Each count ends at 10,000.

For admins.

Returns {"at", "schema_version", "hook_answered_at", "webhooks", "files", "storage", "last_hour"}:

at is the database''s time. schema_version is the release of Casebase that the schema is of. hook_answered_at is when the access token hook last answered, null: never.

webhooks is {"connections", "pending", "waiting", "leased", "undelivered", "oldest_due_at"}: how many connections the worker has, how many deliveries are to be sent, stand behind another of their case, are being sent, and were given up; and since when the oldest that should have been sent is due, null: none is late.

files is {"pending", "uploaded", "deleting", "oldest_uploaded_at"}: how many files and documents have no bytes yet, wait for verification, and are being deleted; and since when the oldest waits for verification.

storage is {"most_bytes", "clients": [{"client_id", "name", "used_bytes"}]}: how many bytes a client may have, null: as many as they like; and the fullest 20 of the clients that files were added for last.

last_hour is {"cases", "interactions", "events", "deliveries"}: how many came about in the last hour, of deliveries how many ended.

- 42501: the caller is no admin.';
