-- An endpoint hears of the cases that it asks for, as they are or were; it is made once however often it is asked for; its
-- headers go along, and it gets no more requests a second than it takes.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
delete from casebase.webhook_endpoints;
delete from casebase.webhook_deliveries;
select plan(41);

create function pg_temp.makes(what text) returns text language sql
as $$
  select tests.does('Ada', format('select create_webhook_endpoint(%s)', what))
$$;
select is(pg_temp.makes($$'https://example.com/1', 'all'$$), '1', 'one for everything');
select is(pg_temp.makes($$'https://example.com/1', 'acme', client_ids => '{{acme}}'$$), '1', 'one for a client');
select is(pg_temp.makes($$'https://example.com/1', 'north', department_ids => '{{north}}'$$), '1', 'one for a department');
select is(pg_temp.makes($$'https://example.com/1', 'urgent', priorities => array['high', 'urgent']$$), '1', 'one for what is urgent');
select is(pg_temp.makes($$'https://example.com/1', 'resolved', statuses => array['resolved']$$), '1', 'one for what is resolved');
select is(pg_temp.makes($$'https://example.com/1', 'narrow', client_ids => '{{acme}}', priorities => array['urgent']$$), '1', 'one for both');

create function pg_temp.heard(person text, statement text) returns text language plpgsql
as $$
declare
  before bigint := (select coalesce(max(id), 0) from casebase.webhook_deliveries);
  outcome text := tests.does(person, statement);
begin
  if outcome !~ '^[1-9]' then
    return outcome;
  end if;
  return (select string_agg(distinct e.description, ' ' order by e.description) from casebase.webhook_deliveries d
          join casebase.webhook_endpoints e on e.id = d.endpoint_id where d.id > before);
end
$$;
select is(pg_temp.heard('Ada', $$update cases set title = 'a' where id = {case}$$), 'acme all north', 'a case of Acme and North');
select is(pg_temp.heard('Ada', $$update cases set title = 'a' where id = {other case}$$), 'all', 'one of neither');
select is(pg_temp.heard('Ada', $$update cases set title = 'a' where id = {resolved case}$$), 'acme all north resolved', 'one that is resolved');
select is(pg_temp.heard('Ada', $$update cases set priority = 'urgent' where id = {other case}$$), 'all urgent', 'one that becomes urgent');
select is(pg_temp.heard('Ada', $$update cases set priority = 'low' where id = {other case}$$), 'all urgent', 'and one that was');
select is(pg_temp.heard('Ada', $$update cases set priority = 'low' where id = {case}$$), 'acme all north', 'which this never is');
select is(pg_temp.heard('Ada', $$update cases set priority = 'urgent' where id = {case}$$), 'acme all narrow north urgent', 'now it is');
select is(pg_temp.heard('Ada', $$update cases set department_id = '{south}' where id = {case}$$), 'acme all narrow north urgent', 'a department hears of what leaves it');
select is(pg_temp.heard('Ada', $$update cases set title = 'b' where id = {case}$$), 'acme all narrow urgent', 'and no more then');
select is(pg_temp.heard('Ada', $$update cases set status = 'open' where id = {resolved case}$$), 'acme all north resolved', 'what is reopened was resolved');
select is(pg_temp.heard('Ada', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
  values ({case}, 'A', 'ARGAN', 'B', 'CLIENT', 'c')$$), 'acme all narrow urgent', 'what is said in a case is of the case');
update case_files set state = 'deleting' where case_id = tests.id('case')::bigint;
delete from storage.objects where name ~ tests.id('number');
delete from case_files where case_id = tests.id('case')::bigint;
select is(pg_temp.heard('Ada', $$delete from cases where id = {case}$$), 'acme all narrow urgent', 'its deletion too, though it is gone');
select tests.does('Ada', $$select update_webhook_endpoint((select id from webhook_endpoints() where description = 'all'), client_ids => '{{acme}}')$$);
select is(pg_temp.heard('Ada', $$update cases set title = 'c' where id = {other case}$$), null, 'a filter can be changed');

create function pg_temp.heard_after(change text) returns text language plpgsql
as $$
declare
  who text;
begin
  perform tests.does('Ada', format('select update_webhook_endpoint((select id from webhook_endpoints() where description = ''changed''), %s)', change));
  who := pg_temp.heard('Ada', $s$update cases set title = 'd' where id = {other case}$s$);
  raise exception using errcode = 'UNDO1';
exception
  when sqlstate 'UNDO1' then return coalesce(who, 'nobody');
end
$$;
select is(pg_temp.makes($$'https://example.com/1', 'changed'$$), '1', 'one that hears of everything');
select is(pg_temp.heard_after(change), who, 'after ' || change || ' ' || who || ' hears of it')
from (values ('url => ''https://example.com/other''', 'changed'), ('event_types => array[''case.updated'']', 'changed'), ('event_types => array[''case.deleted'']', 'nobody'),
             ('client_ids => ''{{other}}''', 'changed'), ('client_ids => ''{{acme}}''', 'nobody'), ('department_ids => ''{{north}}''', 'nobody'),
             ('priorities => array[''urgent'']', 'nobody'), ('statuses => array[''closed'']', 'nobody'), ('enabled => false', 'nobody')) v (change, who);

-- The same call twice.
create function pg_temp.answers(what text) returns text language sql
as $$
  select tests.sees('Ada', format('select concat_ws('' '', created, secret is not null) from create_webhook_endpoint(%s)', what))
$$;
select is(pg_temp.answers($$'https://example.com/2', rate_limit => 3, headers => '{"authorization": "Bearer x"}'$$), 't t', 'it is made');
select is(pg_temp.answers($$'https://example.com/2', rate_limit => 3, headers => '{"authorization": "Bearer x"}'$$), 'f f', 'once');
select is(pg_temp.answers($$'https://example.com/2', rate_limit => 4, headers => '{"authorization": "Bearer x"}'$$), 't t', 'another is another');
select is((select count(*) from casebase.webhook_endpoints where url = 'https://example.com/2'), 2::bigint, 'there are two');

-- A rate, and headers.
delete from casebase.webhook_endpoints where url <> 'https://example.com/2' or rate_limit = 4;
delete from casebase.webhook_deliveries;
insert into cases (client_id, title) select tests.id('acme')::uuid, 'lane ' || n from generate_series(1, 8) n;
create temporary table taken as select * from casebase.webhook_lease(2, 100, '1 minute', '1 second');
select is((select count(*) from taken), 2::bigint, 'two are taken');
select is((select distinct headers from taken), '{"authorization": "Bearer x"}', 'with the headers');
select is((select count(*) from casebase.webhook_lease(100, 100, '1 minute', '1 second')), 1::bigint, 'the third of this second');
select is((select count(*) from casebase.webhook_lease(100, 100, '1 minute', '1 second')), 0::bigint, 'and no more');
update casebase.webhook_endpoints set rate_second = rate_second - interval '1 second';
select is((select count(*) from casebase.webhook_lease(100, 100, '1 minute', '1 second')), 3::bigint, 'in the next there are three');
select is((select count(*) from casebase.webhook_lease(100, 100, '1 minute', '1 second')), 0::bigint, 'and no more');
select is(tests.does('Ada', $$select update_webhook_endpoint((select id from webhook_endpoints()), rate_limit => 0)$$), '1', 'without a limit');
select is((select count(*) from casebase.webhook_lease(100, 100, '1 minute', '1 second')), 2::bigint, 'the rest comes at once');

select * from finish();
rollback;
