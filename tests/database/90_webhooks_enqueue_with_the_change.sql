-- A change and its notification commit together or not at all, and only who asked for an event gets it.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(15);

select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
with opened as (
  insert into public.cases (client_id, title) values (tests.id('acme')::uuid, 'Without files') returning id
)
insert into tests.names select 'bare case', id from opened;

create function pg_temp.happens(types text[]) returns void
language sql
as $$
  insert into public.case_events (case_id, seq, type, actor_name, visible_to_client, data)
  select tests.id('bare case')::bigint,
         10000 + (select count(*) from public.case_events) + one.n,
         one.type,
         'Alan',
         false,
         '{}'
    from unnest(types) with ordinality as one (type, n)
$$;

create function pg_temp.enqueued(description text) returns text
language sql
as $$
  select string_agg(event.type, ' ' order by delivery.id)
    from casebase.webhook_deliveries delivery
    join casebase.webhook_endpoints endpoint on endpoint.id = delivery.endpoint_id
    join casebase.webhook_payloads event on event.id = delivery.payload_id
   where endpoint.description = $1
$$;

select pg_temp.happens('{case.updated}');
select is_empty('select from casebase.webhook_deliveries', 'without an endpoint nothing is enqueued');

insert into casebase.webhook_endpoints (url, description, event_types, enabled)
values ('https://example.com/all',      'everything', '{}',                           true),
       ('https://example.com/family',   'a family',   '{case.*}',                     true),
       ('https://example.com/single',   'two types',  '{case_file.available,case.updated}', true),
       ('https://example.com/disabled', 'disabled',   '{}',                           false);

select pg_temp.happens('{case.updated,case.status_changed,case_file.available,interaction.created}');
select is(pg_temp.enqueued('everything'), 'case.updated case.status_changed case_file.available interaction.created',
  'an endpoint without a filter gets every event, in order');
select is(pg_temp.enqueued('a family'), 'case.updated case.status_changed',
  'a family is the events with that prefix, and not those of case_file');
select is(pg_temp.enqueued('two types'), 'case.updated case_file.available',
  'a filter lets the named types through');
select is(pg_temp.enqueued('disabled'), null, 'a disabled endpoint gets nothing');

savepoint before_the_change;
select pg_temp.happens('{case.updated}');
select is((select count(*)::integer from casebase.webhook_deliveries), 8 + 3, 'a change enqueues');
rollback to before_the_change;
select is((select count(*)::integer from casebase.webhook_deliveries), 8, 'a change that is rolled back sends nothing');

select pg_temp.happens('{case.updated}');
delete from public.cases where id = tests.id('bare case')::bigint;
select is(pg_temp.enqueued('a family'), 'case.updated case.status_changed case.updated case.deleted',
  'what was enqueued outlives its case, and the deletion follows it');
select throws_ok(
  $$ insert into casebase.webhook_endpoints (url, event_types) values ('https://example.com/', '{case updated}') $$,
  '23514', null, 'what is no event type can''t be a filter');

-- Who subscribes to what is kept beside the endpoints.
delete from casebase.webhook_endpoints;
insert into public.cases (client_id, title) values (tests.id('acme')::uuid, 'Another without files');
update tests.names
set value = (select id from public.cases where title = 'Another without files')
where name = 'bare case';
insert into casebase.webhook_endpoints (url, description, event_types)
values ('https://example.com/both', 'a family and one of it', '{case.*,case.updated,case.updated}');
select pg_temp.happens('{case.updated}');
select is(pg_temp.enqueued('a family and one of it'), 'case.updated', 'an event that two filters match is sent once');
update casebase.webhook_endpoints set enabled = false;
select pg_temp.happens('{case.updated}');
select is(pg_temp.enqueued('a family and one of it'), 'case.updated', 'an endpoint that is switched off gets no more');
update casebase.webhook_endpoints set enabled = true, event_types = '{case.assigned}';
select pg_temp.happens('{case.updated,case.assigned}');
select is(pg_temp.enqueued('a family and one of it'), 'case.updated case.assigned',
  'switched on again it gets what it asks for now');

-- Each endpoint costs the change that it wants to know of.
update casebase.webhook_limits set endpoints = 2;
select lives_ok($$ insert into casebase.webhook_endpoints (url) values ('https://example.com/2') $$,
  'there may be as many endpoints as the owner allows');
select throws_ok($$ insert into casebase.webhook_endpoints (url) values ('https://example.com/3') $$,
  'PT409', 'there would be 3 webhook endpoints, and there may be no more than 2', 'and not one more');
update casebase.webhook_limits set endpoints = 1;
select lives_ok($$ update casebase.webhook_endpoints set description = 'changed' $$,
  'a limit that is lowered takes away none that is there');

select * from finish();
rollback;
