-- What is refused in our buckets is refused by the policy that is meant to, not only by what comes after it: the
-- triggers on storage.objects, and the lookups in the restrictive policies. A host's policies let everything through.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
insert into storage.buckets (id, name) values ('theirs', 'theirs');
insert into storage.objects (bucket_id, name, version) values ('theirs', 'a', 'v1');
create policy host_everything on storage.objects for all to public using (true) with check (true);
create role tests_manager nologin;
grant usage on schema storage to tests_manager;
grant all on storage.objects to tests_manager;
insert into tests.people (name, db_role, what) values ('manager', 'tests_manager', 'a role of the project''s own');
select plan(48);

-- Which policy speaks first.
create function pg_temp.refused_by(who text, statement text) returns text language sql
as $$ select substring(tests.refusal(who, statement) from 'policy "([a-z_]+)"') $$;

select is(pg_temp.refused_by('Ada', format($$update storage.objects set bucket_id = %L where bucket_id = 'theirs'$$, bucket)),
  'casebase_never_update', 'nothing moves into ' || bucket)
from unnest(array['admin-bucket', 'client-bucket']) bucket;
select matches(pg_temp.refused_by('Ada', format($$insert into storage.objects (bucket_id, name) values (%L, 'x')$$, bucket)),
  '^casebase_upload_only_so$', 'nothing is uploaded to ' || bucket || ' that no row reserves')
from unnest(array['admin-bucket', 'client-bucket']) bucket;
insert into case_files (case_id, file_name, original_name, content_type, file_size, visible_to_client, uploaded_by)
select tests.id('case')::bigint, tests.id('number') || '-1634567890-place', 'x', 'a/b', 1, true, tests.filled('{Carla}')::uuid;
select is(pg_temp.refused_by('Carla', $$insert into storage.objects (bucket_id, name) values ('admin-bucket', '{acme}/cases/{number}/{number}-1634567890-place')$$),
  'casebase_upload_only_so', 'a place in one bucket is none in the other');
select is(pg_temp.refused_by('Carla', $$insert into storage.objects (bucket_id, name) values ('client-bucket', 'x')$$),
  'casebase_upload_only_so', 'nor any other in the same bucket');
savepoint seen;
-- Others don't see what is pending. Should that policy be lost, it is still its uploader's place.
alter policy see_case_files on case_files using (true);
select is(pg_temp.refused_by('Alan', $$insert into storage.objects (bucket_id, name) values ('client-bucket', '{acme}/cases/{number}/{number}-1634567890-place')$$),
  'casebase_upload_only_so', 'nor anybody else''s');
rollback to seen;
select matches(pg_temp.refused_by(who, format($$insert into storage.objects (bucket_id, name) values (%L, 'x')$$, bucket)),
  '^casebase_only_for_signed_in$', 'nor by ' || who || ' to ' || bucket)
from unnest(array['admin-bucket', 'client-bucket']) bucket, unnest(array['anon', 'manager']) who;
select is(tests.would(who, format($$update storage.objects set metadata = '{}' where bucket_id = %L$$, bucket)), '0', who || ' updates nothing in ' || bucket)
from unnest(array['admin-bucket', 'client-bucket']) bucket, unnest(array['Ada', 'anon', 'manager']) who;
select is(pg_temp.refused_by(who, format($$update storage.objects set bucket_id = %L where bucket_id = 'theirs'$$, bucket)),
  'casebase_only_for_signed_in', who || ' moves nothing into ' || bucket)
from unnest(array['admin-bucket', 'client-bucket']) bucket, unnest(array['anon', 'manager']) who;
select is(tests.would(who, $$insert into storage.objects (bucket_id, name) values ('theirs', 'b')$$), '1', who || ' writes to the host''s buckets as the host lets them')
from unnest(array['Ada', 'Nemo', 'anon', 'manager']) who;
drop policy host_everything on storage.objects;

-- Who has left a client writes nothing for it any more, where they had reserved a place.
delete from client_members where user_id = tests.filled('{Carla}')::uuid;
select is(tests.would('Carla', $$insert into storage.objects (bucket_id, name) values ('client-bucket', '{acme}/cases/{number}/{number}-1634567890-place')$$), '42501',
  'whoever has left, has left');
insert into client_members (client_id, user_id, display_name) values (tests.id('acme')::uuid, tests.filled('{Carla}')::uuid, 'Carla');
select is(tests.would('Carla', $$insert into storage.objects (bucket_id, name) values ('client-bucket', '{acme}/cases/{number}/{number}-1634567890-place')$$), '1', 'and is back');
-- Nobody deletes what goes out of their sight, whatever they name.
update case_files set state = 'deleting' where file_name = tests.filled('{number}-1634567890-open.pdf');
select is(tests.would(who, $$delete from storage.objects$$), wanted, who || ' deletes what goes in a case they work: ' || wanted)
from (values ('Ada', '1'), ('Asta', '1'), ('Carla', '0'), ('Sam', '0'), ('Otto', '0'), ('Nemo', '0')) v (who, wanted);

-- A row is looked up with its bucket: the same path in the other one is nobody's. (Left there by a service key, before
-- the triggers were.)
alter table storage.objects disable trigger user;
insert into storage.objects (bucket_id, name, version)
select case bucket_id when 'admin-bucket' then 'client-bucket' else 'admin-bucket' end, object_path, 'v1'
from case_files where case_id = tests.id('case')::bigint and state = 'available';
alter table storage.objects enable trigger user;
select is(tests.sees(who, $$select count(*) from storage.objects where name like '%/{number}/%'$$), wanted, who || ' reads an object where its row says it is')
from (values ('Ada', '2'), ('Asta', '2'), ('Carla', '0')) v (who, wanted);
select is(tests.sees('Carla', $$select count(*) from storage.objects where bucket_id = 'admin-bucket'$$), '0', 'and a client none in admin-bucket');

-- Nor is it deleted with the one whose row says so.
alter table case_files disable trigger a_keep_file;
update case_files set state = 'deleting' where case_id = tests.id('case')::bigint;
select is(tests.would('Ada', 'delete from storage.objects'), '2', 'what is deleted lies where its row says');

-- What is not checked yet only its uploader reads, whatever version its row names, and should others see that row.
rollback to seen;
alter policy see_case_files on case_files using (true);
alter table case_files disable trigger user;
alter table storage.objects disable trigger user;
update case_files set object_version = 'v1' where file_name ~ 'place$';
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where file_name ~ 'place$';
select is(tests.sees(who, $$select count(*) from storage.objects where name ~ 'place$'$$), n, who || ' reads ' || n || ' that waits')
from (values ('Carla', '1'), ('Alan', '0'), ('Sam', '0')) v (who, n);

-- Without the policies that only restrict, the others still let signed-in people read, upload and delete in our buckets,
-- and nobody else do anything.
rollback to seen;
drop policy if exists casebase_only_for_signed_in on storage.objects;
drop policy if exists casebase_read_only_so on storage.objects;
drop policy if exists casebase_upload_only_so on storage.objects;
drop policy if exists casebase_delete_only_so on storage.objects;
drop policy if exists casebase_never_update on storage.objects;
drop policy if exists host_everything on storage.objects;
alter table storage.objects disable trigger user;
select is(tests.would(who, statement), outcome, who || ': ' || statement)
from (values
  ('anon', 'select from storage.objects', '0'), ('anon', 'delete from storage.objects', '0'),
  ('anon', $$insert into storage.objects (bucket_id, name) values ('client-bucket', 'x')$$, '42501'),
  ('Ada', $$update storage.objects set metadata = '{}'$$, '0'), ('Ada', 'select from storage.objects', '8'), ('Ada', 'delete from storage.objects', '8'),
  ('Ada', $$insert into storage.objects (bucket_id, name) values ('client-bucket', 'x')$$, '1')) v (who, statement, outcome);

select * from finish();
rollback;
