-- Webhooks: client member never, staff never, admin manage. Secrets: nobody reads. The worker: its three functions.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(299);
select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;

-- Ada's endpoint, with one delivery that was delivered.
insert into tests.names
select 'endpoint', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/', 'for the tests')$$);
select tests.does('Ada', $$update cases set status = 'in_progress' where id = {case}$$);
select casebase.webhook_ack(jsonb_agg(jsonb_build_object(
         'delivery_id', delivery_id, 'lease_token', lease_token, 'started_at', now(), 'status', 204,
         'verdict', 'delivered'
       )))
  from casebase.webhook_lease(10, 10, '1 minute', '1 second');
insert into tests.names
select 'delivery', tests.sees('Ada', 'select id from webhook_deliveries()');
insert into tests.names select 'payload', max(id) from casebase.webhook_payloads;

-- What there is to do, what it comes to for an admin, and for everybody else who is signed in.
create temporary table deeds (deed text, statement text, for_admins text, for_others text);
insert into deeds values
  ('create an endpoint',   $$select create_webhook_endpoint('https://example.com/')$$,                          '1', '42501'),
  ('change an endpoint',   $$select update_webhook_endpoint('{endpoint}', url => 'https://example.org/')$$,     '1', 'PT404'),
  ('delete an endpoint',   $$select delete_webhook_endpoint('{endpoint}')$$,                                    '1', 'PT404'),
  ('rotate a secret',      $$select rotate_webhook_secret('{endpoint}')$$,                                      '1', 'PT404'),
  ('send a test',          $$select send_test_webhook('{endpoint}')$$,                                          '1', 'PT404'),
  ('replay a delivery',    $$select replay_webhook_delivery({delivery})$$,                                      '1', 'PT404'),
  ('list endpoints',       $$select webhook_endpoints()$$,                                                      '1', '0'),
  ('list deliveries',      $$select webhook_deliveries()$$,                                                     '1', '0'),
  ('see how it goes',      $$select webhook_status()$$,                                                         '1', '0'),
  ('list attempts',        $$select webhook_attempts({delivery})$$,                                             '1', '0'),
  ('add a secret by hand', $$insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
                             values ('{endpoint}', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', '0')$$,            '1', '42501'),
  ('add a delivery by hand',
   $$insert into casebase.webhook_deliveries (endpoint_id, payload_id) values ('{endpoint}', {payload})$$,        '1', '42501'),
  ('add a body by hand',
   $$insert into casebase.webhook_payloads (type, payload_version, thin, body) values ('a.b', 1, false, '{}')$$, '1', '42501'),
  ('read bodies',          $$select body from casebase.webhook_payloads$$,                                      '1', '0'),
  ('read by hand',         $$select from casebase.webhook_deliveries$$,                                         '1', '0'),
  ('read attempts by hand', $$select from casebase.webhook_attempts$$,                                          '1', '0'),
  ('read endpoints by hand', $$select from casebase.webhook_endpoints$$,                                        '1', '0'),
  ('change a delivery by hand', $$update casebase.webhook_deliveries set attempts = 0$$,                        '1', '0'),
  ('make an endpoint by hand', $$insert into casebase.webhook_endpoints (url) values ('https://example.com/')$$, '1', '42501'),
  ('change an endpoint by hand', $$update casebase.webhook_endpoints set description = 'x'$$,                   '1', '0'),
  ('switch an endpoint off by hand', $$update casebase.webhook_endpoints set enabled = false, disabled_reason = 'x'$$, '1', '0'),
  ('delete an endpoint by hand', $$delete from casebase.webhook_endpoints$$,                                    '1', '0'),
  -- These are nobody's, not even an admin's.
  ('forge an event',       $$insert into casebase.webhook_payloads (event_id, case_id, seq, type, payload_version, thin, body)
                             values (1, {case}, 1, 'case.updated', 1, false, '{}')$$,                       '42501', '42501'),
  ('change a body',        $$update casebase.webhook_payloads set body = ''$$,                              '42501', '42501'),
  ('change a body''s form', $$update casebase.webhook_endpoints set thin = true$$,                           '42501', '42501'),
  ('read secrets',         $$select secret from casebase.webhook_secrets$$,                                 '42501', '42501'),
  ('lease in the worker''s place', $$select casebase.webhook_lease(1, 1, '1 minute', '1 second')$$,         '42501', '42501');

select is(tests.would(person, statement), for_admins, person || ': ' || deed)
  from deeds, unnest('{Ada}'::text[]) person;
select is(tests.would(person, statement), for_others, person || ': ' || deed)
  from deeds,
       -- staff of each scope, client members, nobody; an inactive admin, and a token that claims what no row says
       unnest('{Alan,Dora,Asta,Carla,Otto,Nemo,Ivan,Faye}'::text[]) person;

-- An admin is told what is wrong, once.
select is(tests.would('Ada', $$select send_test_webhook(gen_random_uuid())$$), 'PT404', 'a missing endpoint is not found');
select is(tests.would('Ada', $$select create_webhook_endpoint('ftp://example.com/')$$), '23514', 'only http and https');
select is(tests.refusal('Ada', format('select create_webhook_endpoint(%L)', url)),
  '23514 | nothing can be sent to this URL: ' || fault || ' | It takes e.g. https://example.com/webhooks/casebase.', 'not ' || url)
from (values
  ('example.com', 'it does not begin with https://'),
  ('https://example.com:99999/', '99999 is no port from 1 to 65535'),
  ('https://example.com:0', '0 is no port from 1 to 65535'),
  ('https://example.com:http/', 'http is no port from 1 to 65535'),
  ('https://[::1', '[::1 is no IPv6 address'),
  ('https://[1.2.3.4]/', '[1.2.3.4] is no IPv6 address'),
  ('https://[::g]/', '[::g] is no IPv6 address'),
  ('https://1.2.3.4.5/', '1.2.3.4.5 is no IPv4 address'),
  ('https://1.2.3/', '1.2.3 is no IPv4 address'),
  ('https://256.1.1.1/', '256.1.1.1 is no IPv4 address'),
  ('https://0x7f.1/', '0x7f.1 is no IPv4 address'),
  ('https://xn--/', 'xn-- is no name of a host: nothing follows xn--'),
  ('https://a..b/', 'a..b is no name of a host'),
  ('https://a<b/', 'a<b is no name of a host'),
  ('https://' || repeat('x', 64) || '.com/', repeat('x', 64) || '.com is no name of a host'),
  ('https://' || repeat('x.', 126) || 'xx/', repeat('x.', 126) || 'xx is no name of a host'),
  ('https:///path', 'it names no host'),
  ('https://ada:pw@example.com/', 'a name or a password in it would not arrive'),
  ('https://example.com/#a', 'what stands behind # would not arrive'),
  ('https://example.com/a b', 'there is a space or a control character in it')) v (url, fault);
select is(tests.would('Ada', format('select create_webhook_endpoint(%L)', url)), '1', 'but ' || url)
from unnest(array['HTTPS://example.com/', 'https://example.com:8443', 'https://example.com?a=b', 'https://[2606:4700::1111]:443/',
  'https://1.1.1.1/', 'https://xn--gre-iea7r.example/', 'https://größe.example/', 'https://a_b.example./', 'http://localhost:3000/']) url;
select is(tests.would('Ada', $$select create_webhook_endpoint('https://ada:pw@example.com/')$$), '23514',
  'no password in the address');
select matches(tests.sees('Ada', $$select secret from create_webhook_endpoint('https://example.com/')$$),
  '^whsec_[A-Za-z0-9+/]{43}=$', 'creating an endpoint answers its secret of 32 bytes');
select is(tests.sees('Ada', $$select created_by from webhook_endpoints() where id = '{endpoint}'$$),
  (select id::text from tests.people where name = 'Ada'), 'who created an endpoint is recorded');
select tests.does('Ada', $$select replay_webhook_delivery({delivery})$$);
select is(tests.sees('Ada', 'select count(*) || '' '' || count(distinct message_id) from webhook_deliveries()'), '2 1',
  'a replay has the webhook-id of the original');

select is(tests.sees('Ada', $$select count(*) from webhook_deliveries(in_state => 'delivered')$$), '1',
  'deliveries are listed by state');
select is(tests.sees('Ada', $$select count(*) from webhook_deliveries(before => {delivery})$$), '0', 'and by page');
select is(tests.would('Ada', $$select replay_webhook_delivery(id) from webhook_deliveries(in_state => 'pending')$$), 'PT409',
  'what is still being tried is not replayed');
select tests.does('Ada', $$select update_webhook_endpoint('{endpoint}', enabled => false)$$);
select is(tests.would('Ada', $$select send_test_webhook('{endpoint}')$$), 'PT409', 'nothing is sent to a disabled endpoint');
select is(tests.would('Ada', $$select replay_webhook_delivery({delivery})$$), 'PT409', 'nor replayed');
select tests.does('Ada', $$select update_webhook_endpoint('{endpoint}', enabled => true)$$);

select is((select count(*) from casebase.event_types t where tests.would('Ada', format($$select send_test_webhook('{endpoint}', %L)$$, t.type)) <> '1'), 0::bigint,
  'a sample of every event can be sent');
select is_empty($$select t.type, m.misfit from casebase.event_types t, lateral (select tests.misfit(casebase.webhook_sample(casebase.event_schema(t.type)), casebase.event_schema(t.type))) m (misfit) where misfit is not null$$,
  'which is as it is documented');
select is(split_part(tests.refusal('Ada', $$select send_test_webhook('{endpoint}', 'case.nothing')$$), ' | ', 2), 'there is no event type case.nothing', 'of none there is no sample');
select is(tests.sees('Ada', $$select concat_ws(' ', enabled, unfinished, undelivered, due_since <= now()) from webhook_status() where endpoint_id = '{endpoint}'$$), 't 1 0 t',
  'an admin sees how it goes');
select tests.does('Ada', $$select skip_webhook_delivery((select max(id) from webhook_deliveries('{endpoint}', in_state => 'pending')), 'x')$$);
select is(tests.sees('Ada', $$select concat_ws(' ', enabled, unfinished, undelivered, due_since <= now()) from webhook_status() where endpoint_id = '{endpoint}'$$), 't 0 1',
  'and how it went');
select tests.does('Ada', $$select replay_webhook_deliveries('{endpoint}')$$);

-- Other roles.
select is(tests.would('anon', statement), '42501', 'anon: ' || deed) from deeds where deed like 'list %';
select is(tests.would('service', $$select create_webhook_endpoint('https://example.com/')$$), '1',
  'a service key manages webhooks');
select is(tests.would('service', 'select secret from casebase.webhook_secrets'), '42501', 'and reads no secrets');
select is(tests.would('worker', $$select casebase.webhook_lease(1, 1, '1 minute', '1 second')$$), '1', 'the worker leases');
select is(tests.would('worker', 'select secret from casebase.webhook_secrets'), '42501', 'and can''t list secrets');
select is(
  (
    select array_agg(function.proname::text order by function.proname)
      from pg_proc function
     where function.proname like '%webhook%'
       and has_function_privilege('casebase_worker', function.oid, 'execute')
  ),
  '{webhook_ack,webhook_lease,webhook_tidy}', 'it has its three functions and no other');
select is_empty(
  $$ select table_name from information_schema.table_privileges
      where grantee = 'casebase_worker' and table_name like 'webhook%' $$,
  'and no table');

-- Ada leaves.
select is(tests.does('auth service', $$delete from auth.users where id = '{Ada}'$$), '1', 'an endpoint''s creator can leave');
select is((select created_by from casebase.webhook_endpoints where id = tests.id('endpoint')::uuid), null, 'and the endpoint stays');

select * from finish();
rollback;
