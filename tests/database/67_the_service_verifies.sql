-- The service's three steps, each in the right state only, for the file it names and no other.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
-- Files and documents of the same ids in each state, whose objects are there.
create temporary table states (state text, id bigint);
insert into states values ('pending', 1000001), ('uploaded', 1000002), ('available', 1000003), ('deleting', 1000004);
insert into case_files (id, case_id, file_name, original_name, content_type, file_size)
overriding system value select id, tests.id('case')::bigint, tests.id('number') || '-1634567890-' || state, 'x', 'text/plain', 1 from states;
insert into client_documents (id, client_id, category, file_name, original_name, content_type, file_size)
overriding system value select id, tests.id('acme')::uuid, 'policies', state, 'x', 'text/plain', 1 from states;
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from casebase.reserved_objects where object_path ~ '(pending|uploaded|available|deleting)$';
update case_files set state = 'uploaded' where file_name ~ '(uploaded|available)$';
update client_documents set state = 'uploaded' where file_name ~ '(uploaded|available)$';
update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where file_name ~ 'available$';
update client_documents set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where file_name ~ 'available$';
update case_files set state = 'deleting' where file_name ~ 'deleting$';
update client_documents set state = 'deleting' where file_name ~ 'deleting$';
-- Elsewhere there are objects of the same names.
insert into storage.buckets (id, name) values ('theirs', 'theirs');
update storage.buckets set file_size_limit = 7 where id = 'theirs';
insert into storage.objects (bucket_id, name, version) select 'theirs', object_path, 'v9' from casebase.reserved_objects where object_path ~ 'uploaded$';
create temporary table kinds (kind text, other text);
insert into kinds values ('case_file', 'client_document'), ('client_document', 'case_file');

select plan(2 * 4 * 4 + 2 * 10 + 11);

select is(tests.would('worker', format('select from casebase.verification_begin(%L, %s)', kind, id)),
  case state when 'uploaded' then '1' else '55000' end, kind || ' that is ' || state || ': begin')
from kinds, states;
select is(tests.would('worker', format('select casebase.verification_finish(%L, %s, ''v1'', repeat(''b'', 64), 2, ''text/html'')', kind, id)),
  case state when 'uploaded' then '1' else '55000' end, kind || ' that is ' || state || ': finish')
from kinds, states;
select is(tests.would('worker', format('select casebase.verification_reject(%L, %s, ''why'')', kind, id)),
  case when state in ('pending', 'uploaded') then '1' else '55000' end, kind || ' that is ' || state || ': reject')
from kinds, states;
select is(tests.would('worker', format('select where not casebase.upload_withdraw(%L, %s)', kind, id)), '1',
  kind || ' that is ' || state || ': withdraw leaves a row whose object is there')
from kinds, states;

-- Of a kind, and not of the other of the same id.
select is(tests.sees('worker', format('select row(object_path ~ %L, object_version, content_type, file_size)::text from casebase.verification_begin(%L, 1000002)',
  case kind when 'case_file' then '/cases/' else '/policies/' end, kind)), '(t,v1,text/plain,1)', kind || ': what is to be read') from kinds;
create function pg_temp.state_of(which_kind text, which bigint) returns text language sql
as $$
  select row(state, sha256, object_version, file_size, content_type, rejection, notes)::text
  from (select 'case_file' as kind, id, state, left(sha256, 1) as sha256, object_version, file_size, content_type, left(rejection, 3) as rejection, notes from case_files
        union all select 'client_document', id, state, left(sha256, 1), object_version, file_size, content_type, left(rejection, 3), notes from client_documents) f
  where kind = which_kind and id = which
$$;
select is(tests.would('worker', format('select casebase.verification_finish(%L, 1000002, ''v2'', repeat(''b'', 64), 2, ''text/html'')', kind)), '55000',
  kind || ': another version is not what was read') from kinds;
select is(tests.does('worker', $$select casebase.verification_finish('case_file', 1000002, 'v1', repeat('b', 64), 2, 'text/html', array['macros'])$$), '1', 'a file is verified');
select is(pg_temp.state_of(kind, 1000002), case kind when 'case_file' then '(available,b,v1,2,text/html,,{macros})' else '(uploaded,,,1,text/plain,,{})' end,
  kind || ': one is, the other of the same id isn''t') from kinds;
select is(tests.does('worker', $$select casebase.verification_reject('client_document', 1000001, 'why' || repeat('y', 2000))$$), '1', 'a document is refused');
select is(pg_temp.state_of(kind, 1000001), case kind when 'client_document' then '(deleting,,,1,text/plain,why,{})' else '(pending,,,1,text/plain,,{})' end,
  kind || ': one is, the other of the same id isn''t') from kinds;
select is(pg_temp.state_of(kind, 1000003), '(available,a,v1,1,text/plain,,{})', kind || ': nothing else has changed') from kinds;
select is((select count(*) from case_events where type = 'case_file.rejected'), 0::bigint, 'and no case says that a file of its own was refused');
-- The object is gone, or there is none of such a kind.
delete from storage.objects where name ~ 'uploaded$';
select is(tests.would('worker', format('select from casebase.verification_begin(%L, 1000002)', kind)), '55000', kind || ': nothing is there to be read') from kinds;
select is(tests.would('worker', format('select casebase.verification_finish(%L, 1000002, null, repeat(''b'', 64), 2, ''text/html'')', kind)), '55000', kind || ': nor was') from kinds;
select is(tests.would('worker', statement), '22023', 'there is no such kind of file: ' || statement)
from unnest(array[$$select casebase.verification_finish('note', 1, 'v1', repeat('b', 64), 2, 'a/b')$$, $$select casebase.verification_reject('note', 1, 'x')$$]) statement;

-- How large what it puts into a bucket may be, though it reads no bucket.
update storage.buckets set file_size_limit = 5000 where id = 'client-bucket';
select is(tests.sees('Otto', $$select concat_ws(' ', casebase.bucket_size_limit('client-bucket'), casebase.bucket_size_limit('admin-bucket'), casebase.bucket_size_limit('theirs'))$$), '5000 52428800', 'whoever is signed in may know how large a file may be');
select is(tests.would('worker', 'select from storage.buckets'), '42501', 'the service reads no bucket');

-- An upload that was not finished is left to who may delete it while its object is there, and gone without. What is
-- available stays as it is in any case.
insert into case_files (id, case_id, file_name, original_name, content_type, file_size) overriding system value
select id, tests.id('case')::bigint, tests.id('number') || '-1634567890-bystander' || id || '.pdf', 'x.pdf', 'text/plain', 1 from unnest(array[1000005, 1000006]) id;
update case_files set state = 'deleting' where id = 1000006;
select is(tests.does('worker', $$select where not casebase.upload_withdraw('case_file', 1000001)$$), '1', 'its object is there');
select is(pg_temp.state_of('case_file', id), '(' || state || ',,,1,text/plain,,{})', 'nothing happens to another, ' || state)
from (values (1000005, 'pending'), (1000006, 'deleting')) t (id, state);
select is(pg_temp.state_of('case_file', 1000001), '(deleting,,,1,text/plain,its,{})', 'and it is not served');
delete from storage.objects where bucket_id <> 'theirs';
select is(tests.sees('worker', format('select string_agg(casebase.upload_withdraw(%L, id)::text, '' '' order by id) from unnest(array[1000001, 1000002, 1000003, 1000004]) id', kind)),
  case kind when 'case_file' then 'true false false true' else 'true true false true' end, kind || ': without an object, the row is gone') from kinds;
select is(pg_temp.state_of(kind, 1000003), '(available,a,v1,1,text/plain,,{})', kind || ': and no other') from kinds;
select is(tests.would('worker', $$select where casebase.upload_withdraw('case_file', 999)$$), '1', 'what is gone is gone');
select is(tests.would('Carla', $$select casebase.upload_withdraw('case_file', 1000003)$$), '42501', 'only the service withdraws');

select * from finish();
rollback;
