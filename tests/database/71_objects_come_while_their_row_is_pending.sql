-- An object is written while its row is pending, at its row's place, for whom the row is: whoever writes. Storage's own
-- key completes what somebody's token began, and no policy binds it. For files of cases and documents of clients.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
-- A place that Dora reserved, and one beside it.
insert into case_files (case_id, file_name, original_name, content_type, file_size, visible_to_client, uploaded_by)
select tests.id('case')::bigint, tests.id('number') || '-1634567890-' || name, 'x', 'a/b', 1, true, tests.filled('{Dora}')::uuid from unnest(array['place', 'beside']) name;
insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, uploaded_by)
select tests.id('acme')::uuid, 'policies', name, 'x', 'a/b', 1, tests.filled('{Dora}')::uuid from unnest(array['place', 'beside']) name;
create temporary table kinds (name text, place text, beside text);
insert into kinds
select f.tableoid::regclass::text, f.object_path, b.object_path
from (select tableoid, object_path from case_files union all select tableoid, object_path from client_documents) f
join (select tableoid, object_path from case_files union all select tableoid, object_path from client_documents) b using (tableoid)
where f.object_path ~ 'place$' and b.object_path ~ 'beside$';
-- An object of the host's, and one that waits beside.
insert into storage.buckets (id, name) values ('theirs', 'theirs');
insert into storage.objects (bucket_id, name, version) values ('theirs', 'a', 'v1');
insert into storage.objects (bucket_id, name, version) select 'client-bucket', beside, 'v1' from kinds;
select plan(2 * 29);

create function pg_temp.tried(kind kinds, statement text) returns text language sql
as $$ select tests.would('service', replace(replace(statement, '{place}', kind.place), '{beside}', kind.beside)) $$;

select is(pg_temp.tried(k, t.statement), t.outcome, k.name || ': ' || t.what)
from kinds k, (values
  ($$insert into storage.objects (bucket_id, name) values ('client-bucket', '{place}')$$, '1', 'it is written at its place'),
  ($$insert into storage.objects (bucket_id, name) values ('admin-bucket', '{place}')$$, '42501', 'not in the other bucket'),
  ($$insert into storage.objects (bucket_id, name) values ('client-bucket', '{place}x')$$, '42501', 'nor beside it'),
  ($$insert into storage.objects (bucket_id, name, owner_id) values ('client-bucket', '{place}', '{Dora}')$$, '1', 'for whom it is reserved'),
  ($$insert into storage.objects (bucket_id, name, owner_id) values ('client-bucket', '{place}', '{Alan}')$$, '42501', 'for nobody else'),
  ($$update storage.objects set version = 'v2' where name = '{beside}'$$, '1', 'it is written again while its row is pending'),
  ($$update storage.objects set version = 'v2', owner_id = '{Alan}' where name = '{beside}'$$, '42501', 'by nobody else'),
  ($$update storage.objects set name = '{place}' where name = '{beside}'$$, '42501', 'not moved to another place that is reserved'),
  ($$update storage.objects set bucket_id = 'client-bucket', name = '{place}' where name = 'a'$$, '42501', 'nor there from outside'),
  ($$update storage.objects set bucket_id = 'theirs' where name = '{beside}'$$, '42501', 'nor out'),
  ($$update storage.objects set metadata = '{}', last_accessed_at = now() where name = '{beside}'$$, '1', 'what is not its bytes may change')) t (statement, outcome, what);

-- An object of the same name elsewhere is another one.
insert into storage.objects (bucket_id, name, version) select 'theirs', place, 'v9' from kinds;
select is(pg_temp.tried(k, format($$update %s set state = 'uploaded' where object_path = '{place}'$$, k.name)), 'PT409', k.name || ': what lies in the host''s bucket is not it') from kinds k;
select is(pg_temp.tried(k, format($$update %s set state = 'uploaded' where object_path = '{beside}'$$, k.name)), '1', k.name || ': what lies in ours is') from kinds k;
delete from storage.objects where bucket_id = 'theirs' and version = 'v9';

-- Storage's own role writes too, and reads none of our tables.
insert into tests.people (name, db_role, what) values ('Storage', 'supabase_storage_admin', 'the storage service');
select is(tests.would('Storage', format($$insert into storage.objects (bucket_id, name) values ('client-bucket', %L)$$, place)), '1', name || ': Storage writes it') from kinds;
select is(tests.would('Storage', format($$insert into storage.objects (bucket_id, name) values ('client-bucket', %L)$$, place || 'x')), '42501', name || ': and nothing else') from kinds;

-- From then on it stays as it is.
update case_files set state = 'uploaded' where object_path ~ 'beside$';
update client_documents set state = 'uploaded' where object_path ~ 'beside$';
select is(pg_temp.tried(k, $$update storage.objects set version = 'v2' where name = '{beside}'$$), '42501', k.name || ': uploaded, it is not written again') from kinds k;
-- Storage's schema has what versions of objects need, and a constraint that nobody switches them on yet.
alter table storage.buckets drop constraint buckets_versioning_dark_check;
update storage.buckets set versioning_status = 'ENABLED' where id = 'client-bucket';
select is(pg_temp.tried(k, $$update storage.objects set version = 'v2', is_versioned = true where name = '{beside}'$$), '42501', k.name || ': nor as a newer version, where the bucket has versions') from kinds k;
select is(pg_temp.tried(k, $$update storage.objects set version = 'v2', is_delete_marker = true where name = '{beside}'$$), '42501', k.name || ': nor marked as deleted by one') from kinds k;
select is(pg_temp.tried(k, $$update storage.objects set last_accessed_at = now() where name = '{beside}'$$), '1', k.name || ': but read') from kinds k;
select is(pg_temp.tried(k, $$delete from storage.objects where name = '{beside}'$$), '1', k.name || ': and deleted, by a service key') from kinds k;
delete from storage.objects where name ~ 'beside$';
select is(pg_temp.tried(k, $$insert into storage.objects (bucket_id, name) values ('client-bucket', '{beside}')$$), '42501', k.name || ': nor is another put there') from kinds k;

-- But for what a backup brings back, by the project's own key, once.
insert into casebase.objects_to_restore (bucket_id, object_path, backup_id) select 'client-bucket', beside, gen_random_uuid() from kinds;
select is(pg_temp.tried(k, t.statement), t.outcome, k.name || ': ' || t.what)
from kinds k, (values
  ($$insert into storage.objects (bucket_id, name) values ('client-bucket', '{beside}')$$, '1', 'what a restored row waits for is put back'),
  ($$insert into storage.objects (bucket_id, name) values ('admin-bucket', '{beside}')$$, '42501', 'not into the other bucket'),
  ($$insert into storage.objects (bucket_id, name) values ('client-bucket', '{beside}x')$$, '42501', 'nor beside it'),
  ($$insert into storage.objects (bucket_id, name, owner_id) values ('client-bucket', '{beside}', '{Dora}')$$, '42501', 'nor under anybody''s token')) t (statement, outcome, what);
select is(tests.would('Storage', format($$insert into storage.objects (bucket_id, name) values ('client-bucket', %L)$$, beside)), '1', name || ': Storage puts it back') from kinds;
insert into storage.objects (bucket_id, name, version) select 'client-bucket', beside, 'v1' from kinds;
select is(pg_temp.tried(k, $$update storage.objects set version = 'v2' where name = '{beside}'$$), '42501', k.name || ': and not over what is there') from kinds k;
delete from storage.objects where name ~ 'beside$';
delete from casebase.objects_to_restore;
select is(pg_temp.tried(k, format($$delete from %s where object_path = '{place}'$$, k.name)), '1', k.name || ': a row whose object isn''t there goes') from kinds k;
insert into storage.objects (bucket_id, name) select 'client-bucket', place from kinds;
select is(pg_temp.tried(k, format($$delete from %s where object_path = '{place}'$$, k.name)), 'PT409', k.name || ': one whose object is there doesn''t') from kinds k;

select * from finish();
rollback;
