-- An object of ours is what its row is: nothing is written that no row reserved, nothing read that was not checked,
-- nothing overwritten, whatever other policies the project has.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select plan(74);
select tests.world();
insert into storage.buckets (id, name) values ('theirs', 'theirs');
insert into storage.objects (bucket_id, name, version) values ('theirs', 'a', 'v1');

-- Our policies open nothing of the host's.
select is(tests.would('Ada', $$select from storage.objects where bucket_id = 'theirs'$$), '0', 'an admin of ours reads nothing in the host''s buckets');
select is(tests.would('Ada', $$insert into storage.objects (bucket_id, name) values ('theirs', 'b')$$), '42501', 'writes nothing');
select is(tests.would('Ada', $$delete from storage.objects$$), '0', 'and deletes nothing');

-- A host's careless policies: everything, for everybody, in every bucket.
create policy host_everything on storage.objects for all to public using (true) with check (true);

select is(tests.does('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 10)$$), '1', 'Carla reserves a place');
insert into tests.names select 'place', object_path from case_files where file_name like '%-x.pdf';
insert into tests.names select 'file', id from case_files where file_name like '%-x.pdf';

-- Writing.
select is(tests.would('Otto', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{place}', 'v1')$$), '42501', 'another client can''t write there');
select is(tests.would('Ada', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{place}', 'v1')$$), '42501', 'nor an admin: the place is hers');
select is(tests.would('anon', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{place}', 'v1')$$), '42501', 'nor anon');
select is(tests.would('Carla', $$insert into storage.objects (bucket_id, name, version) values ('admin-bucket', '{place}', 'v1')$$), '42501', 'she can''t in the other bucket');
select is(tests.would('Carla', format('insert into storage.objects (bucket_id, name, version) values (''client-bucket'', %L, ''v1'')', place)), '42501', 'nor at ' || place)
from unnest(array['{acme}/cases/{number}/y.pdf', '{acme}/cases/{number}/', '{acme}/policies/x.pdf', '{other}/cases/{other number}/x.pdf', '/{place}', '{place}/', '{place}/x',
                  '{acme}//cases/{number}/{number}-1634567890-x.pdf', '{acme}/cases/../cases/{number}/{number}-1634567890-x.pdf', '{acme}/CASES/{number}/{number}-1634567890-x.pdf']) place;
select is(tests.would('service', $$insert into storage.objects (bucket_id, name, owner_id) values ('client-bucket', '{place}', '{Otto}')$$), '42501', 'an upload that Storage was asked for by another isn''t written there');
select is(tests.would('service', $$insert into storage.objects (bucket_id, name, owner_id) values ('client-bucket', '{place}', '{Carla}')$$), '1', 'hers is');
select is(tests.does('Carla', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{place}', 'v1') returning *$$), '1', 'she can where she reserved');

-- Before it is checked.
select is(tests.does('Carla', $$select from storage.objects where name = '{place}'$$), '1', 'she reads her own');
select is(tests.does('Alan', $$select from storage.objects where name = '{place}'$$), '0', 'staff don''t');
select is(tests.does('Carla', $$update storage.objects set version = 'v2' where name = '{place}'$$), '0', 'nothing is overwritten, not even by its owner');
select is(tests.does('Carla', $$delete from storage.objects where name = '{place}'$$), '0', 'or deleted while its row stands');
select is(tests.does('Carla', $$update case_files set state = 'uploaded' where id = {file}$$), '1', 'uploaded');
select is(tests.does('Carla', $$delete from storage.objects$$), '1', 'nor in a sweep, which takes the host''s alone');
insert into storage.objects (bucket_id, name, version) values ('theirs', 'a', 'v1');
select is(tests.would('Carla', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{place}', 'v3')$$), '42501', 'nor written anew');

-- Once it is checked.
select is(tests.does('worker', $$select casebase.verification_finish('case_file', {file}, 'v1', repeat('a', 64), 10, 'application/pdf')$$), '1', 'verified');
select is(tests.does('Alan', $$select from storage.objects where name = '{place}'$$), '1', 'staff read it');
select is(tests.does('Otto', $$select from storage.objects where name = '{place}'$$), '0', 'another client doesn''t');
select is(tests.does('anon', $$select from storage.objects where name = '{place}'$$), '0', 'nor anon');
select is(tests.does('Nemo', $$select from storage.objects where bucket_id in ('admin-bucket', 'client-bucket')$$), '0', 'a stranger reads nothing of ours');

-- Nobody writes it again, not even Storage, which completes an upload that was signed before with a service key's rights.
select is(tests.would('service', $$update storage.objects set version = 'v2' where name = '{place}'$$), '42501', 'checked bytes are not swapped');
select is(tests.would('service', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{place}', 'v2')
  on conflict (bucket_id, name) do update set version = excluded.version$$), '42501', 'nor by an upsert');
select is(tests.would('service', $$update storage.objects set name = name || 'x' where name = '{place}'$$), '42501', 'nor moved away');
select is(tests.would('service', $$update storage.objects set bucket_id = 'theirs' where name = '{place}'$$), '42501', 'or out of the bucket');
select is(tests.would('service', $$update storage.objects set bucket_id = 'client-bucket', name = '{place}x' where bucket_id = 'theirs'$$), '42501', 'nothing moves in');
select is(tests.would('service', $$insert into storage.objects (bucket_id, name, version) values ('admin-bucket', '{place}', 'v2')$$), '42501', 'or is written where no row is');
select is(tests.would('service', $$update storage.objects set last_accessed_at = now() where name = '{place}'$$), '1', 'what is not its bytes may change');
select is(tests.would('service', $$update storage.objects set name = 'b', version = 'v2' where bucket_id = 'theirs'$$), '1', 'other buckets are the host''s affair');

-- Should a row and its object disagree (a restored backup), nobody is served.
alter table case_files disable trigger a_keep_file;
update case_files set object_version = 'v0' where id = tests.id('file')::bigint;
select is(tests.does('Alan', $$select from storage.objects where name = '{place}'$$), '0', 'bytes other than the checked ones are served to nobody');
select is(tests.does('Carla', $$select from storage.objects where name = '{place}'$$), '0', 'their uploader neither');
update case_files set state = 'deleting' where id = tests.id('file')::bigint;
select is(tests.does('Asta', $$select from storage.objects where name = '{place}'$$), '0', 'whoever deletes them still doesn''t read them');
select is(tests.does('Ada', $$delete from storage.objects where name = '{place}'$$), '0', 'not even to delete them');
select is(tests.would('Carla', $$delete from storage.objects where name = '{place}'$$), '1', 'which their uploader can');
update case_files set state = 'available', object_version = 'v1' where id = tests.id('file')::bigint;
alter table case_files enable trigger a_keep_file;

-- An internal file.
select is(tests.does('Carla', $$select from storage.objects where bucket_id = 'admin-bucket'$$), '0', 'a client reads nothing in admin-bucket');
select is(tests.does('Asta', $$select from storage.objects where bucket_id = 'admin-bucket'$$), '1', 'staff their cases'' files');

-- A role of the project's own, in a token's role claim, that a policy of the host lets in everywhere.
create role tests_manager nologin;
grant usage on schema storage to tests_manager;
grant all on storage.objects to tests_manager;
insert into tests.people (name, db_role, what) values ('manager', 'tests_manager', 'a role of the project''s own');
select is(tests.would('manager', $$select from storage.objects where bucket_id = 'theirs'$$), '1', 'the host''s own roles keep the host''s buckets');
select is(tests.would('manager', $$select from storage.objects where bucket_id <> 'theirs'$$), '0', 'and read nothing in ours');
select is(tests.would('manager', $$insert into storage.objects (bucket_id, name) values ('client-bucket', 'x')$$), '42501', 'nor write there');
select is(tests.would('manager', $$delete from storage.objects where bucket_id <> 'theirs'$$), '0', 'nor delete');

-- Deleting.
select is(tests.does('Ada', $$delete from case_files where id = {file}$$), '0', 'no row goes before it is let go');
select is(tests.does('Asta', $$update case_files set state = 'deleting' where id = {file}$$), '1', 'staff let go of a file');
select is(tests.does('Carla', $$select from storage.objects where name = '{place}'$$), '1', 'its uploader still sees it');
select is(tests.does('Sam', $$select from storage.objects where name = '{place}'$$), '0', 'other clients of the case don''t');
select is(tests.does('Asta', $$delete from case_files where id = {file}$$), 'PT409', 'its row stays while the object is there');
select is(tests.would('Otto', $$delete from storage.objects where name = '{place}'$$), '0', 'another client can''t remove it');
select is(tests.does('Asta', $$delete from storage.objects where name = '{place}'$$), '1', 'who let go can');
select is(tests.would('service', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{place}', 'v2')$$), '42501', 'nothing is written in its place');
select is(tests.does('Asta', $$delete from case_files where id = {file}$$), '1', 'and then the row');
select is(tests.would('service', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{place}', 'v2')$$), '42501', 'nor then');

-- A place is used once, also where nothing ever lay.
select is(tests.sees('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 10) returning file_name$$), tests.filled('{number}-1634567890-x (2).pdf'), 'the place of a deleted file is taken for good');
select is(tests.does('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
  values ({case}, '{number}-1634567890-unchecked.pdf', 'x.pdf', 'application/pdf', 10)$$), '1', 'a place without an object');
select is(tests.does('Carla', $$update case_files set state = 'deleting' where file_name = '{number}-1634567890-unchecked.pdf'$$), '1', 'is let go');
select is(tests.does('Carla', $$delete from case_files where file_name = '{number}-1634567890-unchecked.pdf'$$), '1', 'and gone');
select is(tests.sees('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
  values ({case}, '{number}-1634567890-unchecked.pdf', 'x.pdf', 'application/pdf', 10) returning file_name$$), tests.filled('{number}-1634567890-unchecked (2).pdf'), 'and taken all the same');

select is(tests.sees('Alan', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
  values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 10) returning file_name$$), tests.filled('{number}-1634567890-x.pdf'), 'a place in the other bucket is another place');

-- What the rules ask of Storage's table says nothing about other buckets.
select is(tests.sees('Carla', $$select casebase.object_version('theirs', 'a')$$), null, 'nobody learns of the host''s objects');
select isnt(tests.sees('Carla', $$select casebase.object_version(bucket_id, object_path) from case_files where state = 'available' limit 1$$), null, 'where ours are told');

-- Moving.
select is(tests.does('Ada', $$update storage.objects set bucket_id = 'theirs' where bucket_id = 'admin-bucket'$$), '0', 'nothing moves out of our buckets');
select is(tests.would('Ada', $$update storage.objects set bucket_id = 'client-bucket' where bucket_id = 'theirs'$$), '42501', 'or into them');
select is(tests.would('Nemo', $$update storage.objects set name = 'b' where bucket_id = 'theirs'$$), '1', 'other buckets are the host''s affair');
select is(tests.would('anon', $$select from storage.objects$$), '1', 'for anon too');

select * from finish();
rollback;
