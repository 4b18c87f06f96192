-- What the files and documents of one client may take in all, whoever writes them, at once and one after the other.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
select plan(1 + 2 + 4 + 6 + 4 + 4 + 3 + 5 + 8 + 6);

create function pg_temp.adds(the_case text, bytes bigint) returns text language sql
as $$ select format('insert into case_files (case_id, original_name, content_type, file_size) values ({%s}, ''a.txt'', ''a/b'', %s)', the_case, bytes) $$;
create function pg_temp.files(whose text) returns text language sql
as $$ select format('insert into client_documents (client_id, category, original_name, content_type, file_size) values (''{%s}'', ''policies'', ''a.txt'', ''a/b'', 10)', whose) $$;

select is(tests.would('Carla', pg_temp.adds('case', 5000000000)), '1', 'by default, as much as people write');
-- Acme has four files of a byte and a policy.
select is(tests.sees(who, $$select client_usage('{acme}')$$), '{"most_bytes": null, "used_bytes": 5}', who || ' reads how much that is') from unnest(array['Carla', 'Dora']) who;
select is(tests.would(who, 'update case_settings set bytes_per_client = 105'), outcome, who || ' sets it: ' || outcome)
from (values ('Alan', '0'), ('Carla', '0'), ('Ada', '1'), ('anon', '42501')) v (who, outcome);
update case_settings set bytes_per_client = 105;

select is(tests.would('Carla', pg_temp.adds('case', 101)), '23514', 'more than is left is not taken');
select is(tests.does('Carla', pg_temp.adds('case', 60)), '1', 'what fits is');
select is(tests.sees('Carla', $$select client_usage('{acme}')$$), '{"most_bytes": 105, "used_bytes": 65}', 'and counts while it is on its way');
select is(tests.would('Dora', pg_temp.adds('resolved case', 41)), '23514', 'in whichever case of the client');
select is(tests.would('service', pg_temp.adds('resolved case', 41)), '23514', 'by whom it may be');
select is(tests.would('Otto', pg_temp.adds('other case', 101)), '1', 'another client has their own');

select is(tests.would('Dora', pg_temp.files('acme')), '1', 'a document fits');
select is(tests.would('Dora', replace(pg_temp.files('acme'), '10)', '41)')), '23514', 'or doesn''t');
select is(tests.would('Dora', replace(pg_temp.files('other'), '10)', '99)')), '1', 'for another client it does');
select is((select string_agg(t.tgrelid::regclass::text, ' ' order by 1) from pg_trigger t where t.tgname = 'hold_quota'), 'case_files client_documents', 'both are counted');

-- What was announced may turn out larger.
insert into tests.names select 'his', max(id) from case_files;
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where id = tests.id('his')::bigint;
select is(tests.does('Carla', $$update case_files set state = 'uploaded' where id = {his}$$), '1', 'it is there');
select is(tests.would('worker', format($$select casebase.verification_finish('case_file', {his}, 'v1', repeat('b', 64), %s, 'a/b')$$, bytes)), outcome, bytes || ' bytes: ' || outcome)
from (values (100, '1'), (101, '23514')) v (bytes, outcome);
select is(tests.does('worker', $$select casebase.verification_finish('case_file', {his}, 'v1', repeat('b', 64), 100, 'a/b')$$), '1', 'it fits');
-- What goes makes room, also where there is too much already.
update case_settings set bytes_per_client = 50;
select is(tests.would('Carla', pg_temp.adds('case', 0)), '23514', 'there is more than may be');
select is(tests.does('Dora', $$update case_files set state = 'deleting' where id = {his}$$), '1', 'a file goes');
select is(tests.does('Dora', replace(pg_temp.files('acme'), '10)', '45)')), '1', 'and there is room');

-- Documents likewise, and each client for itself.
select is(tests.would('Otto', pg_temp.adds('other case', 1)), '1', 'another client is not there yet');
update case_settings set bytes_per_client = 105;
select is(tests.would('Otto', pg_temp.adds('other case', 103)), '23514', 'but may be');
insert into tests.names select 'its', max(id) from client_documents;
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from client_documents where id = tests.id('its')::bigint;
update case_settings set bytes_per_client = 4;
select is(tests.would('Dora', $$update client_documents set state = 'uploaded' where id = {its}$$), '23514', 'a document above it goes no further');
select is(tests.does('Dora', $$update client_documents set state = 'deleting' where id = {its}$$), '1', 'it goes, also where too much is left');
select is(tests.sees('Carla', $$select client_usage('{acme}')->>'used_bytes'$$), '5', 'and counts no more');

select is(tests.would(who, $$select client_usage('{acme}')$$), outcome, who || ' asks for Acme''s: ' || outcome)
from (values ('Ada', '1'), ('Asta', '1'), ('Sam', '1'), ('Otto', 'PT404'), ('Ivan', 'PT404'), ('Nemo', 'PT404'), ('anon', '42501'), ('service', '42501')) v (who, outcome);
select is(tests.would(who, format('select client_usage(%s)', client)), 'PT404', who || ' asks for no client: ' || client)
from unnest(array['Carla', 'Dora', 'Ada']) who, unnest(array['null', 'gen_random_uuid()']) client;
select * from finish();
rollback;
