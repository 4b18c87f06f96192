-- rpc/health, and what webhooks' pages ask: what was sent, how it went, and what sending again would send.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(82);
select setval('casebase.hook_answered_at', 0);
select tests.world();

create function pg_temp.health(path text) returns text language sql
as $$ select tests.sees('Ada', format('select health() #>> string_to_array(%L, '','')', path)) $$;

select is(tests.refusal(who, 'select health()'), '42501 | only admins see how the project is doing | Ask an admin.', who || ' is not told')
from unnest(array['Alan', 'Dora', 'Asta', 'Sam', 'Carla', 'Otto', 'Ivan', 'Faye', 'Nemo']) who;
select is(tests.would(who, 'select health()'), '42501', who || ' may not ask') from unnest(array['anon', 'service', 'worker']) who;

select is(pg_temp.health('at')::timestamptz, now(), 'it is as of now');
insert into casebase.migrations (version, name, release, checksum)
select version, 'n', release, repeat('0', 64) from (values ('20200101000000', '0.0.1'), ('20990101000000', '9.0.0'), ('20980101000000', '8.0.0')) v (version, release);
select is(pg_temp.health('schema_version'), '9.0.0', 'the schema is of the newest migration''s release');
select is(tests.sees('worker', 'select casebase.schema_version()'), '9.0.0', 'which the service is told');
select is(tests.would(who, 'select casebase.schema_version()'), '42501', who || ' asks rpc/health') from unnest(array['Ada', 'anon']) who;
delete from casebase.migrations;
select is(pg_temp.health('schema_version'), null, 'where no record is kept it is of none');

select is(pg_temp.health('hook_answered_at'), null, 'the hook has not answered yet');
select tests.does('auth service', $$select casebase.custom_access_token_hook('{"user_id": "{Nemo}", "claims": {}}')$$);
select cmp_ok(pg_temp.health('hook_answered_at')::timestamptz, '>=', now() - interval '1 ms', 'now it has');
select cmp_ok(pg_temp.health('hook_answered_at')::timestamptz, '<=', clock_timestamp(), 'and not later than now');

-- Nothing of that keeps anybody from their rights.
create function pg_temp.read_only(who text) returns text language plpgsql as $$
declare
  outcome text;
begin
  perform set_config('transaction_read_only', 'on', true);
  outcome := tests.sees('auth service', format('select casebase.custom_access_token_hook(''{"user_id": "{%s}", "claims": {}}'') #>> ''{claims,app_metadata,case_role}''', who));
  raise exception using errcode = 'UNDO1';
exception when sqlstate 'UNDO1' then
  return outcome;
end
$$;
select is(pg_temp.read_only(who), role, who || ' is ' || role || ', also where nothing can be written') from (values ('Alan', 'staff'), ('Carla', 'client')) v (who, role);

-- Files and documents.
create function pg_temp.files() returns text language sql
as $$ select concat_ws(' ', pg_temp.health('files,pending'), pg_temp.health('files,uploaded'), pg_temp.health('files,deleting')) $$;
select is(pg_temp.files(), '0 0 0', 'all files are there');
select is(pg_temp.health('files,oldest_uploaded_at'), null, 'and none waits');
select is(tests.does('Carla', $$insert into case_files (case_id, original_name, content_type, file_size) values ({case}, 'a.txt', 'text/plain', 1)$$), '1', 'one is on its way');
select is(tests.does('Alan', $$insert into client_documents (client_id, category, original_name, content_type, file_size) values ('{acme}', 'policies', 'a.txt', 'text/plain', 1)$$), '1', 'and a document');
select is(pg_temp.files(), '2 0 0', 'both are pending');
alter table case_files disable trigger user;
alter table client_documents disable trigger user;
update case_files set state = 'uploaded', updated_at = '2026-01-02 00:00+00' where state = 'pending';
update client_documents set state = 'deleting', updated_at = '2026-01-01 00:00+00' where state = 'pending';
select is(pg_temp.files(), '0 1 1', 'one waits for verification, the other goes');
select is(pg_temp.health('files,oldest_uploaded_at')::timestamptz, '2026-01-02 00:00+00', 'since when the oldest waits');
update client_documents set state = 'uploaded' where state = 'deleting';
select is(pg_temp.health('files,oldest_uploaded_at')::timestamptz, '2026-01-01 00:00+00', 'documents wait, too');

-- Storage.
update case_files set file_size = 100 where case_id = tests.id('other case')::bigint;
select is(pg_temp.health('storage,most_bytes'), null, 'clients have no limit');
update case_settings set bytes_per_client = 1000;
select is(pg_temp.health('storage,most_bytes'), '1000', 'or have one');
select is(tests.sees('Ada', $$select string_agg(concat_ws(' ', c ->> 'name', c ->> 'used_bytes'), ', ' order by nth) from jsonb_array_elements(health() -> 'storage' -> 'clients') with ordinality as e (c, nth)$$),
  'Other Ltd 201, Acme 7', 'the fullest client comes first');
select is(pg_temp.health('storage,clients,0,client_id'), tests.id('other'), 'by its id, too');
delete from case_files;
select is(pg_temp.health('storage,clients,0,used_bytes'), '2', 'who has documents only is there');
delete from client_documents;
select is(pg_temp.health('storage,clients'), '[]', 'without files there is nobody');

-- What came about in the last hour.
create function pg_temp.last_hour() returns text language sql as $$
  select concat_ws(' ', pg_temp.health('last_hour,cases'), pg_temp.health('last_hour,interactions'), pg_temp.health('last_hour,events'), pg_temp.health('last_hour,deliveries'))
$$;
delete from interactions;
alter table case_events disable trigger user;
delete from case_events;
alter table cases disable trigger user;
update cases set created_at = now() - interval '61 minutes', updated_at = now() where id <> tests.id('case')::bigint;
select is(pg_temp.last_hour(), '1 0 0 0', 'one case came');
alter table interactions disable trigger user;
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, created_at)
select tests.id('case')::bigint, 'A', 'ARGAN', 'B', 'CLIENT', 'x', now() - ago from unnest(array[interval '1 minute', '2 minutes', '61 minutes']) ago;
select is(pg_temp.last_hour(), '1 2 0 0', 'two interactions');
insert into case_events (case_id, seq, type, actor_name, visible_to_client, data, created_at)
select tests.id('case')::bigint, 100 + n, 'case.updated', 'A', true, '{}', now() - n * interval '25 minutes' from generate_series(0, 3) n;
delete from casebase.webhook_deliveries;
select is(pg_temp.last_hour(), '1 2 3 0', 'three events');

-- Webhooks.
insert into casebase.webhook_endpoints (id, url) values
  ('00000000-0000-4000-8000-000000000001', 'https://example.com/1'), ('00000000-0000-4000-8000-000000000002', 'https://example.com/2');
insert into casebase.webhook_endpoints (id) values ('00000000-0000-4000-8000-000000000003');
insert into casebase.webhook_payloads (type, payload_version, thin, body) values ('webhook.test', 1, false, E'{"type":  "webhook.test",\n"x":"<b>\\u00e4"}');
insert into casebase.webhook_payloads (event_id, case_id, seq, type, payload_version, thin, body)
select n, tests.id('case')::bigint, n, case n when 3 then 'interaction.created' else 'case.updated' end, 1, false, '{"n": ' || n || '}' from generate_series(1, 4) n;
create function pg_temp.queue() returns text language sql as $$
  select concat_ws(' ', pg_temp.health('webhooks,pending'), pg_temp.health('webhooks,waiting'), pg_temp.health('webhooks,leased'), pg_temp.health('webhooks,undelivered'))
$$;
select is(pg_temp.queue(), '0 0 0 0', 'nothing is to be sent');
select is(pg_temp.health('webhooks,oldest_due_at'), null, 'and nothing late');
insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, state, next_attempt_at, leased_at, leased_until, finished_at, skipped_because, created_at)
select ('00000000-0000-4000-8000-00000000000' || v.endpoint)::uuid, p.id, p.case_id, v.state, v.due,
       case v.state when 'leased' then now() end, case v.state when 'leased' then now() end, v.finished, case v.state when 'skipped' then 'x' end,
       now() - v.ago
from (values
  (1, 1, 'pending', now() + interval '1 hour', null::timestamptz, interval '0'),
  (1, 2, 'waiting', now() - interval '9 hours', null, '0'),
  (1, 3, 'leased', now() - interval '9 hours', null, '0'),
  (1, 1, 'delivered', now(), now() - interval '59 minutes', '2 hours'),
  (1, 2, 'delivered', now(), now() - interval '61 minutes', '2 hours'),
  (2, 1, 'failed', now(), now() - interval '3 hours', '3 hours'),
  (2, 2, 'skipped', now(), now() - interval '2 hours', '2 hours'),
  (2, 3, 'failed', now(), now() - interval '2 hours', '2 hours')) v (endpoint, n, state, due, finished, ago)
join casebase.webhook_payloads p on p.event_id = v.n;
select is(pg_temp.queue(), '1 1 1 3', 'each state is counted');
select is(pg_temp.health('webhooks,oldest_due_at'), null, 'what is due later, or behind another, is not late');
select is(pg_temp.last_hour(), '1 2 3 1', 'one ended in the last hour');
create function pg_temp.is_due(endpoint integer, ago interval) returns void language sql as $$
  insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id, next_attempt_at)
  select ('00000000-0000-4000-8000-00000000000' || endpoint)::uuid, p.id, p.case_id, now() - ago from casebase.webhook_payloads p where p.event_id = 4
$$;
select pg_temp.is_due(1, '2 minutes');
select pg_temp.is_due(2, '3 minutes');
select pg_temp.is_due(3, '4 minutes');
select is(pg_temp.health('webhooks,oldest_due_at')::timestamptz, now() - interval '3 minutes', 'the oldest that is due is late, unless its receiver fetches');
update casebase.webhook_endpoints set enabled = false where id = '00000000-0000-4000-8000-000000000002';
select is(pg_temp.health('webhooks,oldest_due_at')::timestamptz, now() - interval '2 minutes', 'or is switched off');
update casebase.webhook_endpoints set enabled = true;
select is(pg_temp.health('webhooks,connections'), (select count(*)::text from pg_stat_activity where usename = 'casebase_worker'), 'the worker is there, or is not');

select is(tests.sees('Ada', $$select string_agg(coalesce(extract(epoch from now() - delivered_at)::integer::text, 'never'), ' ' order by endpoint_id) from webhook_status()$$),
  '3540 never never', 'when each endpoint last took one');

-- What was sent.
insert into tests.names select 'test', max(id)::text from casebase.webhook_deliveries;
update casebase.webhook_deliveries set case_id = null, payload_id = (select p.id from casebase.webhook_payloads p where p.event_id is null) where id = tests.id('test')::bigint;
select is(tests.sees('Ada', 'select webhook_delivery_body({test})'), E'{"type":  "webhook.test",\n"x":"<b>\\u00e4"}', 'a body is as it is sent, byte for byte');
select is(tests.refusal(who, 'select webhook_delivery_body({test})'), tests.filled('PT404 | There is no webhook delivery {test} that you may manage. | Webhooks are managed by admins.'), who || ' reads none')
from unnest(array['Alan', 'Carla', 'Faye']) who;
select is(tests.would('Ada', 'select webhook_delivery_body(0)'), 'PT404', 'there is no such delivery');

-- What sending again would send.
create function pg_temp.again(since text default '-infinity', types text default '{}', person text default 'Ada') returns text language sql
as $$ select tests.sees(person, format('select count_webhook_replay(''00000000-0000-4000-8000-000000000002'', %L, %L)', since, types)) $$;
insert into casebase.webhook_deliveries (endpoint_id, payload_id, state, finished_at)
select '00000000-0000-4000-8000-000000000002', p.id, 'failed', now() from casebase.webhook_payloads p where p.event_id is null;
select is(pg_temp.again(), '3', 'three were never taken, and a test is none of them');
select is(pg_temp.again((now() - interval '150 minutes')::text), '2', 'two of them since then');
select is(pg_temp.again(types => types), n, n || ' of ' || types) from (values ('{case.updated}', '2'), ('{case.*}', '2'), ('{interaction.*,case.updated}', '3'), ('{case.created}', '0')) v (types, n);
select is(tests.would(who, $$select count_webhook_replay('00000000-0000-4000-8000-000000000002')$$), 'PT404', who || ' counts nothing') from unnest(array['Alan', 'Carla']) who;
select is(tests.sees('Ada', $$select count_webhook_replay('00000000-0000-4000-8000-000000000001')$$), '0', 'what was taken is not sent again');
select is(tests.sees('Ada', $$select replay_webhook_deliveries('00000000-0000-4000-8000-000000000002')$$), '3', 'as many are sent as were counted');
select is(pg_temp.again(), '0', 'and then none is left');
update casebase.webhook_endpoints set enabled = false where id = '00000000-0000-4000-8000-000000000002';
select is(tests.would('Ada', $$select count_webhook_replay('00000000-0000-4000-8000-000000000002')$$), 'PT409', 'to an endpoint that is off none would be sent');

-- How it went, over time.
insert into casebase.webhook_attempts (delivery_id, number, started_at, duration_ms, status, error)
select d.id, n, at, 1, status, case when status is null then 'x' end
from (values (1, 1, now() - interval '150 minutes', 200), (1, 2, now() - interval '90 minutes', 299), (1, 3, now() - interval '90 minutes', 300),
             (1, 4, now() - interval '90 minutes', 199), (1, 5, now(), null::integer), (2, 1, now() - interval '90 minutes', 204), (1, 6, now() - interval '25 hours', 200)) v (endpoint, n, at, status)
join lateral (select min(d.id) as id from casebase.webhook_deliveries d where d.endpoint_id = ('00000000-0000-4000-8000-00000000000' || endpoint)::uuid) d on true;
create function pg_temp.activity(arguments text, person text default 'Ada') returns text language sql
as $$ select tests.sees(person, format('select string_agg(delivered || ''+'' || failed, '' '' order by begins_at) from webhook_activity(%s)', arguments)) $$;
select is(pg_temp.activity($$since => now() - interval '3 hours'$$), '1+0 2+2 0+0 0+1', 'each hour has its requests');
select is(pg_temp.activity($$'00000000-0000-4000-8000-000000000002', now() - interval '3 hours'$$), '0+0 1+0 0+0 0+0', 'of one endpoint, if one likes');
select is(pg_temp.activity($$since => now() - interval '26 hours', step => '13 hours'$$), '1+0 3+2 0+1', 'in other steps');
select is(tests.sees('Ada', 'select concat_ws('' '', count(*), sum(delivered), sum(failed), min(begins_at) = now() - interval ''24 hours'') from webhook_activity()'), '25 3 3 t', 'by default a day, by the hour');
select is(pg_temp.activity($$since => now() - interval '3 hours'$$, who), '0+0 0+0 0+0 0+0', who || ' sees no request') from unnest(array['Alan', 'Carla']) who;
select is(tests.refusal('Ada', format('select webhook_activity(%s)', arguments)), '22023 | ' || said, said || ': ' || arguments)
from (values
  ($$step => '59 seconds'$$, '00:00:59 is no step of time | It takes 1 minute to 365 days, without months and years: 1 hour.'),
  ($$step => '1 month'$$, '1 mon is no step of time | It takes 1 minute to 365 days, without months and years: 1 hour.'),
  ($$step => '365 days 1 second'$$, '365 days 00:00:01 is no step of time | It takes 1 minute to 365 days, without months and years: 1 hour.'),
  ($$step => '100000000 days'$$, '100000000 days is no step of time | It takes 1 minute to 365 days, without months and years: 1 hour.'),
  ($$step => null$$, 'null is no step of time | It takes 1 minute to 365 days, without months and years: 1 hour.'),
  ($$since => now() + interval '1 s'$$, 'since is out of range | It takes a time that lies at most 1000 steps back.'),
  ($$since => now() - interval '1001 hours'$$, 'since is out of range | It takes a time that lies at most 1000 steps back.')) v (arguments, said);
select is(tests.sees('Ada', $$select count(*) from webhook_activity(since => now() - interval '1000 minutes', step => '1 minute')$$), '1001', 'as far back as it goes');
select is(tests.sees('Ada', $$select count(*) from webhook_activity(since => now() - interval '364000 days', step => '365 days')$$), '998', 'in the longest steps');
select is(tests.would('Ada', $$select webhook_activity(since => now(), step => '1 year')$$), '22023', 'a year is no step either');
select * from finish();
rollback;
