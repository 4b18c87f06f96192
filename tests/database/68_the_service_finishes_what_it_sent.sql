-- A file in two steps of the database: whoever may reserves it, and the service, which wrote the bytes itself, makes it
-- available where Storage's own record proves that they arrived whole, and were not written over.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
insert into tests.names select 'tag', md5('x');
create temporary table kinds (kind text, files text, other text);
insert into kinds values ('case_file', 'case_files', 'client_document'), ('client_document', 'client_documents', 'case_file');
-- Of each kind one file for each way to go, pending, with its object of 7 bytes.
create temporary table ways (way text, id bigint, etag text, bytes bigint, outcome text);
insert into ways values
  ('as sent',          2000001, md5('x'),          7, 'available'),
  ('in parts',         2000002, md5('y') || '-2',  7, 'available'),
  ('other bytes',      2000003, md5('z'),          7, 'pending'),
  ('another length',   2000004, md5('x'),          8, 'pending'),
  ('without a tag',    2000005, null,              7, 'pending'),
  ('written over',     2000006, md5('x'),          7, 'pending'),
  ('not there',        2000007, md5('x'),          7, 'pending'),
  ('uploaded already', 2000008, md5('x'),          7, 'uploaded');
insert into case_files (id, case_id, original_name, content_type, file_size)
overriding system value select id, tests.id('case')::bigint, way || '.txt', 'text/plain', 0 from ways;
insert into client_documents (id, client_id, category, original_name, content_type, file_size)
overriding system value select id, tests.id('acme')::uuid, 'policies', way || '.txt', 'text/plain', 0 from ways;
insert into storage.objects (bucket_id, name, version, metadata)
select r.bucket_id, r.object_path, 'v1', jsonb_strip_nulls(jsonb_build_object('eTag', '"' || w.etag || '"', 'size', w.bytes))
from casebase.reserved_objects r join ways w on w.id = r.id where w.way <> 'not there';
-- With the same tag: an MD5 can be forged.
update storage.objects o set version = 'v2' from casebase.reserved_objects r where (r.bucket_id, r.object_path) = (o.bucket_id, o.name) and r.id = 2000006;
-- What lies elsewhere under the same name, or was written over there, says nothing.
insert into storage.buckets (id, name) values ('theirs', 'theirs');
insert into storage.objects (bucket_id, name, version, metadata)
select 'theirs', r.object_path, 'v9', jsonb_build_object('eTag', md5('x'), 'size', 7) from casebase.reserved_objects r where r.id = 2000007;
insert into casebase.overwritten_objects (bucket_id, object_path)
select 'theirs', r.object_path from casebase.reserved_objects r where r.id = 2000001;
-- A file that goes takes along what is known of it, not of others.
insert into case_files (id, case_id, original_name, content_type, file_size)
overriding system value values (2000009, tests.id('case')::bigint, 'goes.txt', 'text/plain', 0);
insert into client_documents (id, client_id, category, original_name, content_type, file_size)
overriding system value values (2000009, tests.id('acme')::uuid, 'policies', 'goes.txt', 'text/plain', 0);
-- Nor of one of the same name in the other bucket.
insert into case_files (id, case_id, original_name, content_type, file_size, visible_to_client)
overriding system value values (2000010, tests.id('case')::bigint, 'written over.txt', 'text/plain', 0, true);
delete from case_files where id in (2000009, 2000010);
delete from client_documents where id = 2000009;
update case_files set state = 'uploaded' where id = 2000008;
update client_documents set state = 'uploaded' where id = 2000008;

select plan(2 * (8 + 8) + 2 + 4 + 3 + 3 + 5);

create function pg_temp.finishes(kind text, id bigint) returns text language sql
as $$
  select format($q$select casebase.verification_finish_sent(%L, %s, array['{tag}', md5('y') || '-2'], repeat('b', 64), 7, 'text/csv', array['macros'])->'file'->>'state'$q$, kind, id)
$$;
select is(
  case way when 'uploaded already' then tests.would('worker', pg_temp.finishes(kind, id)) else tests.sees('worker', pg_temp.finishes(kind, id)) end,
  case when way = 'uploaded already' then '55000' when outcome = 'available' then outcome end,
  kind || ', ' || way)
from kinds, ways;
select is(
  (select row(state, object_version, left(sha256, 1), file_size, content_type, notes)::text from
    (select 'case_file' as kind, id, state, object_version, sha256, file_size, content_type, notes from case_files
     union all select 'client_document', id, state, object_version, sha256, file_size, content_type, notes from client_documents) f
   where f.kind = k.kind and f.id = w.id),
  case when w.outcome = 'available' then '(available,v1,b,7,text/csv,{macros})'
       when w.id = 2000008 then '(uploaded,,,0,text/plain,{})' else '(pending,,,0,text/plain,{})' end,
  k.kind || ', ' || w.way || ': afterwards')
from kinds k, ways w;
select is(tests.would('worker', pg_temp.finishes('case_file', 2000001)), '55000', 'once');
select is(tests.would('worker', pg_temp.finishes('note', 1)), '22023', 'there is no such kind of file');

-- Nobody else vouches for bytes, in whichever state their row is.
select is(tests.would(who, pg_temp.finishes('case_file', 2000002)), '42501', who || ' can''t finish')
from unnest(array['Carla', 'Ada', 'service', 'anon']) who;

-- Reserving in one step is reserving: the same people, the same answers.
select is(tests.sees(who, format('select file->>''bucket_id'' || '' '' || (file->>''state'') || '' '' || (answer->>''size_limit'')
  from (select reserve_case_file(%L, ''a b.txt'', ''text/plain'') as answer) a, lateral (select answer->''file'' as file) f', number)), outcome,
  who || ' reserves: ' || coalesce(outcome, 'no'))
from (values ('Carla', tests.id('number'), 'client-bucket pending 52428800'), ('Dora', tests.id('number'), 'admin-bucket pending 52428800'), ('Asta', tests.id('number'), 'admin-bucket pending 52428800')) v (who, number, outcome);
select is(tests.refusal(who, statement), refusal, who || ': ' || statement)
from (select 'Otto' as who, format('select reserve_case_file(%L, ''a.txt'', ''text/plain'')', tests.id('number')) as statement, tests.refusal('Otto', $$select reserve_case_file('CASE-999999', 'a.txt', 'text/plain')$$) as refusal
  union all select 'Carla', format('select reserve_case_file(%L, ''a.txt'', ''text/plain'', interaction_id => %s)', tests.id('number'), tests.id('hidden')),
    tests.refusal('Carla', format('select reserve_case_file(%L, ''a.txt'', ''text/plain'', interaction_id => 999999)', tests.id('number')))) v;
select is(tests.would('Otto', $$select reserve_case_file('CASE-999999', 'a.txt', 'text/plain')$$), 'PT404', 'no such case');
select is(tests.would('Carla', format('select reserve_case_file(%L, ''a.txt'', ''text/plain'', interaction_id => %s)', tests.id('number'), tests.id('other shown'))), 'PT404', 'no such interaction of it');
select is(tests.would('Alan', format('select reserve_case_file(%L, ''a.txt'', ''text/plain'', interaction_id => %s)', tests.id('number'), tests.id('other shown'))), 'PT404', 'nor one of another case that is seen');
select is(tests.sees('Carla', format('select reserve_case_file(%L, ''a.txt'', ''text/plain'', interaction_id => %s)->''file''->>''interaction_id''', tests.id('number'), tests.id('shown'))), tests.id('shown'), 'one that is shown');
select is(tests.sees('Dora', format('select reserve_case_file(%L, ''a.txt'', ''text/plain'', visible_to_client => null)->''file''->>''visible_to_client''', tests.id('number'))), 'false', 'left out, it is internal');
select is(tests.sees('Dora', format('select reserve_case_file(%L, ''a.txt'', ''text/plain'', visible_to_client => true)->''file''->>''bucket_id''', tests.id('number'))), 'client-bucket', 'or shown');

select * from finish();
rollback;
