-- One event, one body: fixed when the event is written, the same bytes for every attempt, endpoint and replay, until the
-- last delivery is forgotten; and erasure takes the words out of it.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
delete from casebase.webhook_payloads;
insert into tests.names select 'first', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/1', 'first')$$);
insert into tests.names select 'second', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/2', 'second')$$);
insert into tests.names select 'thin', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/3', 'thin', thin => true)$$);
insert into tests.names select 'notes', tests.sees('Ada', $$select id from create_webhook_endpoint('https://example.com/4', 'notes', '{internal_note.*}')$$);
select plan(38);

-- What is leased, and reported: by whom, how often.
create temporary table leases (n bigint generated always as identity, delivery_id bigint, lease_token uuid, endpoint text, message_id text, body text);
create function pg_temp.leases() returns text language sql
as $$
  with taken as (
    insert into leases (delivery_id, lease_token, endpoint, message_id, body)
    select l.delivery_id, l.lease_token, (select e.description from casebase.webhook_endpoints e where e.id = l.endpoint_id), l.message_id, l.body
    from casebase.webhook_lease(100, 100, '1 minute', '1 second') l
    returning *
  )
  select string_agg(endpoint || ' ' || (body::json ->> 'type'), ', ' order by endpoint, n) from taken
$$;
create function pg_temp.answers(verdict text) returns integer language sql
as $$
  select casebase.webhook_ack(coalesce(jsonb_agg(jsonb_build_object('delivery_id', delivery_id, 'lease_token', lease_token,
    'started_at', clock_timestamp(), 'status', 200, 'response', 'New', 'verdict', verdict, 'retry_in_ms', 0)), '[]'))
  from (select distinct on (delivery_id) * from leases
        where delivery_id in (select d.id from casebase.webhook_deliveries d where d.state = 'leased') order by delivery_id, n desc) l
$$;
create function pg_temp.latest(which text) returns text language sql
as $$
  select body from leases where endpoint = which order by n desc limit 1
$$;

-- The same bytes, whatever has become of the case and of who changed it.
select is(tests.does('Carla', $$update cases set title = 'New' where id = {case}$$), '1', 'Carla changes a case');
select is((select count(*) from casebase.webhook_payloads), 2::bigint, 'there is a body for each form that somebody takes');
select is(pg_temp.leases(), 'first case.updated, second case.updated, thin case.updated', 'and a delivery for each who does');
select is(pg_temp.latest('first'), pg_temp.latest('second'), 'two endpoints get the same bytes');
select is(pg_temp.answers('retry'), 3, 'each fails');
select is(tests.does('Ada', $$update cases set title = 'Newer' where id = {case}$$), '1', 'the case changes again');
select is(tests.does('owner', $$delete from client_members where user_id = '{Carla}'$$), '1', 'Carla goes');
select is(tests.does('auth service', $$delete from auth.users where id = '{Carla}'$$), '1', 'for good');
select is(pg_temp.leases(), 'first case.updated, second case.updated, thin case.updated', 'they are tried again');
select is((select count(distinct (message_id, body)) from leases where endpoint = 'first'), 1::bigint, 'byte for byte, under the same id');
select is((select count(distinct message_id) from leases), 3::bigint, 'an id of each one''s own');
select is(pg_temp.latest('first')::jsonb #>> '{data,actor,name}', 'Carla', 'it says who changed it, though she is gone');

-- A thin one: ids and numbers.
select is((select array_agg(k order by k) from jsonb_object_keys(pg_temp.latest('thin')::jsonb -> 'data') k), '{case,case_id,client_id,event_id,seq}',
  'a thin endpoint gets ids only');
select is((select array_agg(k order by k) from jsonb_object_keys(pg_temp.latest('first')::jsonb -> 'data') k),
  '{actor,case,case_id,changes,client_id,event_id,seq,visible_to_client}', 'the others everything');
select is(tests.does('Alan', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
  values ({case}, 'A', 'ARGAN', 'B', 'CLIENT', 'c')$$), '1', 'of an interaction');
select is((select body::jsonb -> 'data' ? 'interaction_id' from casebase.webhook_payloads where thin and type = 'interaction.created'), true, 'its id too');
select pg_temp.answers('delivered');

-- What changes nothing sends nothing.
create temporary table before as select max(id) as id from casebase.webhook_payloads;
select is(tests.does('Ada', statement), '1', 'nothing is changed: ' || statement)
from unnest(array[
  $$update cases set title = title, description = description, status = status, metadata = metadata where id = {case}$$,
  $$update interactions set content = content, visible_to_client = visible_to_client where id = {shown}$$,
  $$update internal_notes set content = content where case_id = {case}$$,
  $$update case_internal set tags = tags where case_id = {case}$$]) statement;
select is((select max(id) from casebase.webhook_payloads), (select id from before), 'and nothing sent');

-- Internal notes only go where they are asked for.
select is(tests.does('Alan', $$insert into internal_notes (case_id, content) values ({case}, 'A note')$$), '1', 'a note');
select is((select string_agg(distinct e.description, ', ') from casebase.webhook_deliveries d
  join casebase.webhook_endpoints e on e.id = d.endpoint_id join casebase.webhook_payloads p on p.id = d.payload_id where p.type = 'internal_note.created'),
  'notes', 'goes to who asked for notes, and not to who asked for nothing in particular');

-- A case goes. What came before is delivered first, and its deletion is the last that is heard.
update case_files set state = 'deleting' where case_id = tests.id('case')::bigint;
delete from storage.objects where name ~ tests.id('number');
delete from case_files where case_id = tests.id('case')::bigint;
insert into tests.names select 'last', last_seq from casebase.case_counters where case_id = tests.id('case')::bigint;
select is(tests.does('Ada', 'delete from cases where id = {case}'), '1', 'the case is deleted');
select is((select count(*) from casebase.case_counters where case_id = tests.id('case')::bigint), 0::bigint, 'and nothing counts its entries any more');
create function pg_temp.drains() returns text language plpgsql
as $$
declare
  round text;
  seen  text := '';
begin
  loop
    round := pg_temp.leases();
    exit when round is null;
    perform pg_temp.answers('delivered');
    seen := pg_temp.latest('first')::json ->> 'type';
  end loop;
  return seen;
end
$$;
select is(pg_temp.drains(), 'case.deleted', 'its deletion comes last');
select is(pg_temp.latest('first')::jsonb -> 'data' ->> 'seq', (tests.id('last')::bigint + 1)::text, 'with the number that follows');
select is(pg_temp.latest('first')::jsonb #>> '{data,actor,name}', 'Ada', 'and who it was');
select is((select count(*) from casebase.webhook_deliveries where finished_at is null), 0::bigint, 'all of it is delivered');
select is((select count(*) from leases where endpoint = 'first' and (body::jsonb #>> '{data,case}')::bigint = tests.id('case')::bigint
  and n > (select max(n) from leases where body::json ->> 'type' = 'case.deleted' and endpoint = 'first')), 0::bigint, 'nothing of the case after it');

-- A replay, after all of that, is the same bytes still.
insert into tests.names select 'once', min(delivery_id) from leases where endpoint = 'first';
select tests.does('Ada', 'select replay_webhook_delivery({once})');
select pg_temp.leases();
select is(pg_temp.latest('first'), (select body from leases where endpoint = 'first' order by n limit 1), 'a replay is byte for byte what was sent');

-- Erasure: the words go, the ids stay, and the body says so.
select is(casebase.scrub_webhook_payloads(array[tests.id('other case')::bigint]), 0::bigint, 'another case''s have nothing to do with it');
select cmp_ok(casebase.scrub_webhook_payloads(array[tests.id('case')::bigint]), '>', 5::bigint, 'the bodies of a case are scrubbed');
select is((select count(*) from casebase.webhook_payloads where scrubbed_at is null or body ~ 'New|Carla|Alan|Ada'), 0::bigint, 'no word of it is left');
select is((select count(*) from casebase.webhook_attempts where response is not null), 0::bigint, 'nor what receivers made of it');
update casebase.webhook_deliveries set leased_until = now() - interval '1 second' where state = 'leased';
select pg_temp.leases();
select is(pg_temp.latest('first')::jsonb -> 'data' -> 'erased', 'true', 'a body that is sent from then on says so');

select is_empty('select type, tests.misfit(body::jsonb, casebase.event_schema(type)) from casebase.webhook_payloads where tests.misfit(body::jsonb, casebase.event_schema(type)) is not null',
  'and everything kept is as it is documented');

-- Two at once: each once, with its own number.
insert into cases (client_id, title) select tests.id('acme')::uuid, 'goes with another ' || n from generate_series(1, 2) n;
update cases set priority = 'urgent' where title = 'goes with another 2';
create temporary table going as select c.id, k.last_seq + 1 as seq from cases c join casebase.case_counters k on k.case_id = c.id where c.title like 'goes with another _';
delete from cases where title like 'goes with another _';
select is(
  (select string_agg(p.case_id || ' ' || p.seq, ', ' order by p.case_id) from casebase.webhook_payloads p where p.type = 'case.deleted' and not p.thin and p.case_id in (select id from going)),
  (select string_agg(g.id || ' ' || g.seq, ', ' order by g.id) from going g), 'two that go at once are each said to be gone, once');

select * from finish();
rollback;
