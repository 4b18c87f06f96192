-- Webhooks: client member never, staff never, admin manage. Secrets: nobody reads. Worker: its three functions.
begin;
select plan(44);

insert into auth.users (id, email)
values ('a0000000-0000-4000-8000-000000000001', 'admin@example.com'),
       ('a0000000-0000-4000-8000-000000000002', 'staff@example.com'),
       ('a0000000-0000-4000-8000-000000000003', 'nobody@example.com');
insert into public.staff_members (user_id, display_name, is_admin, scope)
values ('a0000000-0000-4000-8000-000000000001', 'Ada', true, 'all'),
       ('a0000000-0000-4000-8000-000000000002', 'Sam', false, 'all');
insert into public.clients (id, name) values ('c1000000-0000-4000-8000-000000000001', 'Acme');
insert into public.cases (client_id, title) values ('c1000000-0000-4000-8000-000000000001', 'Broken stairs');
insert into casebase.webhook_endpoints (id, url)
values ('e0000000-0000-4000-8000-000000000001', 'https://example.com/1'),
       ('e0000000-0000-4000-8000-000000000002', 'https://example.com/2');

-- One delivered delivery of the first endpoint to look at and to replay.
insert into public.case_events (case_id, seq, type, actor_name, visible_to_client, data)
select max(id), 10001, 'case.updated', 'Sam', false, '{}' from public.cases;
delete from casebase.webhook_deliveries where endpoint_id = 'e0000000-0000-4000-8000-000000000002';
select casebase.webhook_ack(jsonb_agg(jsonb_build_object(
         'delivery_id', delivery_id, 'lease_token', lease_token, 'started_at', now(), 'status', 204,
         'verdict', 'delivered'
       )))
  from casebase.webhook_lease(10, 10, '1 minute');

create temporary table known as
select id as delivery_id from casebase.webhook_deliveries;
grant select on known to public;

create function pg_temp.act_as(person text) returns void
language sql
as $$
  select set_config('role', 'authenticated', true),
         set_config('request.jwt.claims', (
           case person
             when 'admin'  then '{"sub": "a0000000-0000-4000-8000-000000000001", "role": "authenticated", "app_metadata": {"case_role": "admin"}}'
             when 'staff'  then '{"sub": "a0000000-0000-4000-8000-000000000002", "role": "authenticated", "app_metadata": {"case_role": "staff"}}'
             when 'forger' then '{"sub": "a0000000-0000-4000-8000-000000000003", "role": "authenticated", "user_metadata": {"case_role": "admin"}}'
           end
         ), true)
$$;

-- What others get, call by call.
prepare creates  as select public.create_webhook_endpoint('https://evil.example/');
prepare updates  as select public.update_webhook_endpoint('e0000000-0000-4000-8000-000000000001', url => 'https://evil.example/');
prepare rotates  as select public.rotate_webhook_secret('e0000000-0000-4000-8000-000000000001');
prepare tests    as select public.send_test_webhook('e0000000-0000-4000-8000-000000000001');
prepare replays  as select public.replay_webhook_delivery((select delivery_id from known));
prepare deletes  as select public.delete_webhook_endpoint('e0000000-0000-4000-8000-000000000002');
prepare adds_secret as
  insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
  values ('e0000000-0000-4000-8000-000000000001', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', '0');
prepare adds_delivery as
  insert into casebase.webhook_deliveries (endpoint_id) values ('e0000000-0000-4000-8000-000000000001');

create function pg_temp.is_kept_out(person text) returns setof text
language plpgsql
as $$
begin
  perform pg_temp.act_as(person);
  return next throws_ok('creates', '42501', null, person || ' can''t create an endpoint');
  return next throws_ok('updates', 'PT404', null, person || ' can''t change one');
  return next throws_ok('rotates', 'PT404', null, person || ' can''t rotate a secret');
  return next throws_ok('tests',   'PT404', null, person || ' can''t send a test');
  return next throws_ok('replays', 'PT404', null, person || ' can''t replay');
  return next throws_ok('deletes', 'PT404', null, person || ' can''t delete an endpoint');
  return next throws_ok('adds_secret',   '42501', null, person || ' can''t add a secret behind the functions'' back');
  return next throws_ok('adds_delivery', '42501', null, person || ' can''t add a delivery behind the functions'' back');
  return next is_empty('select public.webhook_endpoints()', person || ' sees no endpoint');
  return next is_empty('select public.webhook_deliveries()', person || ' sees no delivery');
  return next is_empty('select public.webhook_attempts((select delivery_id from known))', person || ' sees no attempt');
end
$$;

select pg_temp.is_kept_out('staff');
select pg_temp.is_kept_out('forger');

-- The same calls by an admin.
select pg_temp.act_as('admin');
select lives_ok('creates', 'an admin creates an endpoint');
select lives_ok('updates', 'an admin changes one');
select lives_ok('rotates', 'an admin rotates a secret');
select lives_ok('tests',   'an admin sends a test');
select lives_ok('replays', 'an admin replays');
select lives_ok('deletes', 'an admin deletes an endpoint');
select is((select count(*)::integer from public.webhook_endpoints()), 2, 'an admin sees endpoints');
select is((select count(*)::integer from public.webhook_deliveries()), 3, 'an admin sees deliveries');
select is((select status from public.webhook_attempts((select delivery_id from known))), 204, 'an admin sees attempts');
select is(
  (select created_by from public.webhook_endpoints() where url = 'https://evil.example/' and created_by is not null),
  'a0000000-0000-4000-8000-000000000001', 'who created an endpoint is recorded');
select is(
  (select count(distinct message_id)::integer from public.webhook_deliveries() where event_id is not null), 1,
  'a replay has the webhook-id of the original');
select throws_ok('select * from casebase.webhook_secrets', '42501', null, 'not even an admin reads secrets');
select throws_ok($$ select casebase.webhook_lease(1, 1, '1 minute') $$, '42501', null, 'nor leases in the worker''s place');
reset role;

select matches(
  (select secret from casebase.webhook_secrets order by id desc limit 1), '^whsec_[A-Za-z0-9+/]{43}=$',
  'a secret has 32 bytes');

-- Roles.
set local role anon;
select throws_ok('creates', '42501', null, 'anon can''t call the functions');
select throws_ok('select public.webhook_endpoints()', '42501', null, 'not even those that read');
reset role;

set local role service_role;
select lives_ok('creates', 'a service key manages webhooks');
select throws_ok('select * from casebase.webhook_secrets', '42501', null, 'but reads no secrets');
reset role;

set local role casebase_worker;
select lives_ok($$ select casebase.webhook_lease(1, 1, '1 minute') $$, 'the worker leases');
select throws_ok('select * from casebase.webhook_secrets', '42501', null, 'the worker can''t list secrets');
select throws_ok('creates', '42501', null, 'the worker can''t create endpoints');
reset role;

select is(
  (
    select array_agg(function.proname::text order by function.proname)
      from pg_proc function
      join pg_namespace namespace on namespace.oid = function.pronamespace
     where namespace.nspname in ('casebase', 'public')
       and function.proname like '%webhook%'
       and has_function_privilege('casebase_worker', function.oid, 'execute')
  ),
  '{webhook_ack,webhook_lease,webhook_tidy}', 'the worker has its three functions and no other');

select * from finish();
rollback;
