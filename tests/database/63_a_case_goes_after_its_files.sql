-- An admin deletes a case once its files are gone. What was only reserved goes with it, of this case and no other.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
insert into cases (client_id, department_id, title) select tests.id('acme')::uuid, tests.id('north')::uuid, t from unnest(array['doomed', 'beside']) t;
insert into tests.names select title, id from cases where title in ('doomed', 'beside');
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values (tests.id('doomed')::bigint, 'A', 'ARGAN', 'B', 'CLIENT', 'c');
insert into internal_notes (case_id, content) values (tests.id('doomed')::bigint, 'c');
insert into case_internal (case_id) values (tests.id('doomed')::bigint);
insert into case_files (case_id, file_name, original_name, content_type, file_size, uploaded_by)
select c.id, c.case_id || '-1634567890-' || name, name, 'a/b', 1, tests.filled('{Alan}')::uuid
from cases c, unnest(array['reserved', 'lying there', 'let go']) name where c.title in ('doomed', 'beside');
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where original_name = 'lying there';
update case_files set state = 'deleting' where original_name = 'let go';
select plan(12);

select is(split_part(tests.refusal('Ada', 'delete from cases where id = {doomed}'), ' | ', 1), '23503', 'what lies there keeps its case');
select is((select count(*) from case_files where original_name in ('reserved', 'let go')), 4::bigint, 'with everything that hangs on it');
select is(tests.does('Alan', $$update case_files set state = 'deleting' where case_id = {doomed} and original_name = 'lying there'$$), '1', 'its uploader lets go of it');
select is(split_part(tests.refusal('Ada', 'delete from cases where id = {doomed}'), ' | ', 1), '23503', 'which is not enough');
select is(tests.does('Alan', $$delete from storage.objects where name ~ 'lying there$' and name ~ (select case_id from cases where id = {doomed})$$), '1', 'nor is it there any more');
select is(tests.does('Dora', 'delete from cases where id = {doomed}'), '0', 'then staff still don''t delete the case');
select is(tests.does('Ada', 'delete from cases where id = {doomed}'), '1', 'and an admin does');
select is((select count(*) from interactions where case_id = tests.id('doomed')::bigint) + (select count(*) from internal_notes where case_id = tests.id('doomed')::bigint)
  + (select count(*) from case_internal where case_id = tests.id('doomed')::bigint) + (select count(*) from case_events where case_id = tests.id('doomed')::bigint)
  + (select count(*) from case_files where case_id = tests.id('doomed')::bigint), 0::bigint, 'with all that was in it');
select is((select string_agg(original_name || ' ' || state, ', ' order by original_name) from case_files where case_id = tests.id('beside')::bigint),
  'let go deleting, lying there pending, reserved pending', 'another case''s files are as they were');

-- A file that is there, and nobody let go of.
select is(tests.does('service', $$delete from case_files where case_id = {beside} and original_name <> 'lying there'$$), '2', 'another');
alter table case_files disable trigger a_keep_file;
update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where original_name = 'lying there';
alter table case_files enable trigger a_keep_file;
delete from storage.objects where name ~ 'lying there$';
select is(split_part(tests.refusal('Ada', 'delete from cases where id = {beside}'), ' | ', 1), '23503', 'has one that was read by others');
select is((select count(*) from case_files where case_id = tests.id('beside')::bigint), 1::bigint, 'which stays, though its object is lost');

select * from finish();
rollback;
