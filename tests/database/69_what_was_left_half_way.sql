-- What the service finds that was begun and never ended, each when it is old enough; and what it reports and leaves alone.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
delete from storage.objects;
alter table case_files disable trigger a_keep_file, disable trigger a_keep_case;
alter table client_documents disable trigger a_keep_file;
update case_files set state = 'deleting';
delete from case_files;
delete from client_documents where state <> 'deleting';
-- A file of each kind, in every state: with and without an object, of Dora and of nobody any more, refused or not, which
-- changed so long ago.
create temporary table found (place serial, state text, of text, object boolean, why text, age interval, step text);
insert into found (state, of, object, why, age, step) values
  ('pending',  'Dora', true,  null,  '47 hours',   null),
  ('pending',  'Dora', true,  null,  '49 hours',   'verify'),
  ('pending',  'Dora', false, null,  '47 hours',   null),
  ('pending',  'Dora', false, null,  '49 hours',   'remove'),
  ('pending',  null,   true,  null,  '47 hours',   null),
  ('pending',  null,   true,  null,  '49 hours',   'remove'),
  ('uploaded', 'Dora', true,  null,  '14 minutes', null),
  ('uploaded', 'Dora', true,  null,  '16 minutes', 'verify'),
  ('uploaded', 'Dora', false, null,  '16 minutes', 'remove'),
  ('uploaded', null,   true,  null,  '16 minutes', 'remove'),
  ('uploaded', 'Dora', true,  'odd', '16 minutes', 'verify'),
  ('deleting', 'Dora', true,  null,  '14 minutes', null),
  ('deleting', 'Dora', true,  null,  '16 minutes', 'remove'),
  ('deleting', 'Dora', false, null,  '16 minutes', 'remove'),
  ('deleting', 'Dora', true,  'odd', '47 hours',   null),
  ('deleting', 'Dora', true,  'odd', '49 hours',   'remove'),
  ('available', 'Dora', true, null,  '9 days',     null);
insert into case_files (id, case_id, original_name, content_type, file_size, uploaded_by) overriding system value
select 4000000 + place, tests.id('case')::bigint, 'x.txt', 'a/b', 7, tests.filled('{Dora}')::uuid from found;
insert into client_documents (id, client_id, category, original_name, content_type, file_size, uploaded_by) overriding system value
select 4000000 + place, tests.id('acme')::uuid, 'policies', 'x.txt', 'a/b', 7, tests.filled('{Dora}')::uuid from found;
insert into storage.objects (bucket_id, name, version, metadata)
select r.bucket_id, r.object_path, 'v1', '{"size": 7}' from casebase.reserved_objects r join found f on r.id = 4000000 + f.place where f.object;
update case_files c set state = f.state, uploaded_by = case when f.of is not null then c.uploaded_by end, rejection = f.why, updated_at = now() - f.age,
  sha256 = case f.state when 'available' then repeat('a', 64) end, object_version = case f.state when 'available' then 'v1' end
from found f where c.id = 4000000 + f.place;
update client_documents c set state = f.state, uploaded_by = case when f.of is not null then c.uploaded_by end, rejection = f.why, updated_at = now() - f.age,
  sha256 = case f.state when 'available' then repeat('a', 64) end, object_version = case f.state when 'available' then 'v1' end
from found f where c.id = 4000000 + f.place;
-- Files of cases that move, as long ago.
create temporary table moving (place serial, state text, age interval, step text);
insert into moving (state, age, step) values ('pending', '14 minutes', null), ('pending', '16 minutes', 'move'), ('deleting', '14 minutes', null), ('deleting', '16 minutes', 'clear');
insert into case_files (id, case_id, original_name, content_type, file_size, uploaded_by) overriding system value
select 4000100 + place, tests.id('case')::bigint, 'm.txt', 'a/b', 7, tests.filled('{Dora}')::uuid from moving;
insert into storage.objects (bucket_id, name, version, metadata) select bucket_id, object_path, 'v1', '{"size": 7}' from case_files where id > 4000100;
update case_files c set state = 'available', sha256 = repeat('a', 64), object_version = 'v1', updated_at = now() - m.age,
  other_bucket_id = 'client-bucket', other_object_path = c.object_path, other_state = m.state
from moving m where c.id = 4000100 + m.place;
alter table case_files enable trigger a_keep_file, enable trigger a_keep_case;
alter table client_documents enable trigger a_keep_file;
create temporary table kinds (kind text);
insert into kinds values ('case_file'), ('client_document');

select plan(2 * 17 + 4 + 2 + 4 + 2 + 3 + 4 + 7 + 6 + 3 + 2);

select is(tests.sees('worker', format('select step from casebase.files_to_sweep() where kind = %L and id = %s', kind, 4000000 + place)), step,
  format('%s: %s of %s, %s object, %s: %s', kind, state, of, object, age, step))
from kinds, found order by 1;
select is(tests.sees('worker', format('select step from casebase.files_to_sweep() where id = %s', 4000100 + place)), step,
  format('a file that moves, %s, %s: %s', state, age, step))
from moving;
select is(tests.sees('worker', format('select row(bucket_id, object_path ~ %L, other_bucket_id, other_object_path is not null, original_name, content_type, file_size, sha256)::text from casebase.files_to_sweep() where kind = %L and id = 4000002',
  case kind when 'case_file' then '/cases/' else '/policies/' end, kind)), case kind when 'case_file' then '(admin-bucket,t,,f,x.txt,a/b,7,)' else '(client-bucket,t,,f,x.txt,a/b,7,)' end, kind || ': what is needed for it') from kinds;
select is(tests.sees('worker', $$select row(bucket_id, other_bucket_id, other_object_path = object_path, left(sha256, 1))::text from casebase.files_to_sweep() where id = 4000102$$), '(admin-bucket,client-bucket,t,a)', 'and for what moves');
select is(tests.sees('worker', 'select string_agg(distinct id::text, '' '') from (select id from casebase.files_to_sweep() limit 4) s where id in (4000002, 4000004, 4000006, 4000016)') ~ '4000002', true, 'what waits longest comes first');
select ok(casebase.pending_time() > interval '24 hours', 'what is pending waits longer than an upload in pieces may take');
select is(tests.would(who, 'select from casebase.files_to_sweep()'), '42501', who || ' sweeps nothing') from unnest(array['Ada']) who;

-- In an uploader's place.
select is(tests.does('worker', format('select casebase.upload_complete(%L, 4000002)', 'client_document')), '1', 'a document is said to be there');
select is((select string_agg(state, ' ' order by kind) from (select 'case_file' as kind, state from case_files where id = 4000002 union all select 'client_document', state from client_documents where id = 4000002) s), 'pending uploaded', 'and no file of the same id');
select is(tests.would('worker', $$select casebase.upload_complete('case_file', 4000004)$$), 'PT409', 'not without its object');
select is(tests.does('worker', $$select casebase.upload_complete('case_file', 4000017)$$) || (select state from case_files where id = 4000017), '1available', 'what is further stays so');
select is((select state from client_documents where id = 4000001), 'pending', 'and every other');

-- What can be read is as it was checked.
select is(tests.sees('worker', format('select string_agg(id || coalesce(fault, ''''), '','' order by id) from casebase.check_files(%L, 0)', kind)),
  case kind when 'case_file' then '4000017,4000101,4000102,4000103,4000104' else '4000017' end, kind || ': nothing is wrong') from kinds;
select is(tests.sees('worker', $$select string_agg(id::text, ',' order by id) from casebase.check_files('case_file', 4000101)$$), '4000102,4000103,4000104', 'after one');
delete from storage.objects where name = (select object_path from case_files where id = 4000101);
alter table storage.objects disable trigger casebase_keep_changed;
update storage.objects set version = 'v2' where name = (select object_path from case_files where id = 4000102);
update storage.objects set metadata = '{"size": 8}' where name = (select object_path from case_files where id = 4000103);
update storage.objects set metadata = null, version = null where name = (select object_path from client_documents where id = 4000017);
alter table storage.objects enable trigger casebase_keep_changed;
-- Elsewhere, and in the other bucket, an object of the same name is another one.
insert into storage.buckets (id, name) values ('elsewhere', 'elsewhere');
insert into storage.objects (bucket_id, name, version) select 'elsewhere', object_path, 'v1' from case_files where id = 4000101;
alter table storage.objects disable trigger casebase_keep_new;
insert into storage.objects (bucket_id, name) select 'client-bucket', object_path from case_files where id = 4000017;
alter table storage.objects enable trigger casebase_keep_new;
select is(tests.sees('worker', format('select is_named from casebase.check_objects(%L, '''') where object_path = %L', bucket, (select object_path from case_files where id = 4000017))), named, bucket || ' has its own')
from (values ('admin-bucket', 'true'), ('client-bucket', 'false')) v (bucket, named);
delete from storage.objects where bucket_id = 'client-bucket' and name = (select object_path from case_files where id = 4000017);
select is(tests.sees('worker', format($$select fault from casebase.check_files('case_file', 0) where id = %s$$, id)), fault, coalesce(fault, 'one is right'))
from (values (4000101, 'its object is not there'), (4000102, 'its object is another version than was checked'), (4000103, 'its object has another size'), (4000104, null)) v (id, fault);

-- What no file names is reported; elsewhere nobody looks.
insert into storage.buckets (id, name) values ('theirs', 'theirs');
alter table storage.objects disable trigger casebase_keep_new;
insert into storage.objects (bucket_id, name) values ('theirs', 'a'), ('client-bucket', 'nobody''s'), ('admin-bucket', 'Nobody''s');
insert into storage.objects (bucket_id, name) select 'client-bucket', other_object_path from case_files where id = 4000103;
alter table storage.objects enable trigger casebase_keep_new;
select is(tests.sees('worker', format('select string_agg(object_path, '','') from casebase.check_objects(%L, '''') where not is_named', bucket)), unnamed, bucket || ': ' || coalesce(unnamed, 'nothing'))
from (values ('client-bucket', 'nobody''s'), ('admin-bucket', 'Nobody''s'), ('theirs', null)) v (bucket, unnamed);
select is(tests.sees('worker', 'select count(*) from casebase.check_objects(''theirs'', '''')'), '0', 'another bucket is not looked into');
select is(tests.sees('worker', 'select is_named from casebase.check_objects(''client-bucket'', '''') where object_path = (select object_path from casebase.check_objects(''client-bucket'', '''') where object_path like ''%-m%.txt'' limit 1)'), 'true', 'the second place of a file that moves is its');
select is(tests.sees('worker', 'select object_path from casebase.check_objects(''client-bucket'', ''n'')'), 'nobody''s', 'after one');
select is(tests.sees('worker', 'select string_agg(object_path, '' '') = string_agg(object_path, '' '' order by object_path collate "C") from casebase.check_objects(''admin-bucket'', '''')'), 'true', 'in order, so that none is left out');
select is(tests.would(who, statement), '42501', who || ': ' || statement)
from unnest(array['Ada', 'service']) who, unnest(array[$$select from casebase.check_files('case_file', 0)$$, $$select from casebase.check_objects('client-bucket', '')$$, $$select casebase.upload_complete('case_file', 1)$$]) statement;

select * from finish();
rollback;
