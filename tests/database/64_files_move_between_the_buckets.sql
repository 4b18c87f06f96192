-- A file that is shown to the client, or hidden from them, moves to the other bucket: in steps, each by whoever may, and
-- from none of them anything is lost, or seen too early or too late.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
insert into tests.names
select name, id::text from case_files, lateral (select substring(file_name from '-([a-z]+)\.pdf$')) n (name) where case_id = tests.id('case')::bigint;
insert into tests.names select 'open path', object_path from case_files where id = tests.id('open')::bigint;
insert into tests.names select 'internal path', object_path from case_files where id = tests.id('internal')::bigint;
-- Files of Dora's in the other states, and others that move and stay as they are.
insert into case_files (id, case_id, original_name, content_type, file_size, uploaded_by) overriding system value
select id, tests.id('case')::bigint, 'x.txt', 'a/b', 1, tests.filled('{Dora}')::uuid from generate_series(3000001, 3000006) id;
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where id between 3000002 and 3000006;
update case_files set state = 'uploaded' where id between 3000002 and 3000006;
update case_files set state = 'deleting' where id = 3000003;
update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where id between 3000004 and 3000006;
-- One with its copy, and one that is called off, move all the while.
insert into case_files (id, case_id, original_name, content_type, file_size, uploaded_by) overriding system value
select 3000009, tests.id('case')::bigint, 'x.txt', 'a/b', 1, tests.filled('{Dora}')::uuid;
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where id = 3000009;
update case_files set state = 'uploaded' where id = 3000009;
update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where id = 3000009;
update case_files set other_bucket_id = 'client-bucket', other_object_path = object_path, other_state = 'pending', moved_by = tests.filled('{Dora}')::uuid where id in (3000006, 3000009);
insert into storage.objects (bucket_id, name, version) select other_bucket_id, other_object_path, 'v2' from case_files where id = 3000006;
update case_files set other_state = 'deleting' where id = 3000009;
create function pg_temp.asks(file text, shown boolean) returns text language sql
as $$ select format('select change_file_visibility(%s, %L)', file, shown) $$;
create function pg_temp.stands(which text) returns text language sql
as $$
  select row(bucket_id, object_path like '%/' || file_name, visible_to_client, object_version, other_bucket_id, other_object_path is not null, other_state, other_version,
             (select p.name from tests.people p where p.id = moved_by))::text
  from case_files where id = tests.filled(which)::bigint
$$;
create function pg_temp.told() returns text language sql
as $$ select string_agg(concat_ws(' ', data->>'visible_to_client', visible_to_client, actor_name), ', ' order by seq) from case_events where type = 'case_file.moved' $$;
-- Where a file is to lie, or lay.
create function pg_temp.other(file text) returns text language sql
as $$ select format('(select other_object_path from case_files where id = %s)', file) $$;

select plan(10 + 4 + 3 + 4 + 20 + 2 + 13 + 12 + 10 + 7 + 9 + 4 + 2 + 1 + 8 + 2 + 4);

-- Who may: whoever sees the case as staff.
select is(tests.would(who, pg_temp.asks('{' || file || '}', file = 'internal')), outcome, who || ' moves what is ' || file || ': ' || outcome)
from (values ('Ada', 'internal', '1'), ('Alan', 'internal', '1'), ('Dora', 'open', '1'), ('Asta', 'open', '1'), ('Sam', 'open', '42501'), ('Sam', 'internal', 'PT404'),
             ('Carla', 'open', '42501'), ('Otto', 'open', 'PT404'), ('Ivan', 'open', 'PT404'), ('service', 'open', '42501')) v (who, file, outcome);
-- What is behind it asks for itself.
select is(tests.would(who, 'select casebase.move_file({internal}, true)'), outcome, who || ' by another way: ' || outcome)
from (values ('Dora', '1'), ('Carla', '42501'), ('Otto', '42501'), ('Nemo', '42501')) v (who, outcome);
select is(tests.would('Dora', 'select change_file_visibility({internal}, null)'), '22004', 'it is said how');
select is(tests.refusal('Dora', pg_temp.asks('999999', true)), 'PT404 | there is no such file | file_id', 'no such file');
select is(tests.refusal('Carla', pg_temp.asks('{internal}', true)), tests.refusal('Carla', pg_temp.asks('999999', true)), 'nor one that is not seen');

-- Only what is available.
select is(tests.would('Dora', pg_temp.asks(id::text, true)), outcome, 'the file ' || id || ': ' || outcome)
from (values (3000001, 'PT409'), (3000002, 'PT409'), (3000003, 'PT409'), (3000004, '1')) v (id, outcome);

-- Shown: it lies where it lay, and is internal, until its copy is the file.
select is(tests.would('worker', 'select casebase.file_move_copied({internal})'), '55000', 'what doesn''t move has no copy');
select is(tests.sees('Dora', pg_temp.asks('{internal}', true) || '->>''other_state'''), 'pending', 'Dora shows an internal file');
select is(pg_temp.stands('{internal}'), '(admin-bucket,t,f,v1,client-bucket,t,pending,,Dora)', 'it is to move');
select is(tests.sees('Carla', 'select count(*) from case_files where id = {internal}'), '0', 'the client doesn''t see it yet');
select is(tests.would('worker', 'select casebase.file_move_copied({internal})'), '55000', 'there is no copy');
select is(tests.would(who, format('insert into storage.objects (bucket_id, name, version, owner_id) values (%L, %s, ''v2'', %s)', bucket, pg_temp.other('{internal}'), owner)), outcome, what)
from (values ('Dora', 'client-bucket', 'null', '1', 'who moves it writes the copy'), ('Alan', 'client-bucket', 'null', '42501', 'nobody else'),
             ('Dora', 'admin-bucket', 'null', '42501', 'nor elsewhere'), ('service', 'client-bucket', 'null', '1', 'or a secret key'),
             ('service', 'client-bucket', '''{Dora}''', '1', 'for whom it moves'), ('service', 'client-bucket', '''{Alan}''', '42501', 'for nobody else')) v (who, bucket, owner, outcome, what);
select is(tests.would('service', format('insert into storage.objects (bucket_id, name) values (''client-bucket'', %s || ''x'')', pg_temp.other('{internal}'))), '42501', 'at its place alone');
select is(tests.would('service', $$update storage.objects set version = 'v9' where bucket_id = 'admin-bucket' and name = '{internal path}'$$), '42501', 'and what is copied is not written over');
select is(tests.does('Dora', format('insert into storage.objects (bucket_id, name, version) values (''client-bucket'', %s, ''v2'')', pg_temp.other('{internal}'))), '1', 'it is copied');
select is(tests.sees(who, format('select count(*) from storage.objects where bucket_id = ''client-bucket'' and name = %L', (select other_object_path from case_files where id = tests.id('internal')::bigint))), seen, who || ' reads the copy: ' || seen)
from (values ('Dora', '1'), ('Alan', '0'), ('Carla', '0')) v (who, seen);
select is(tests.sees('worker', 'select casebase.file_move_copied({internal})'), 'v2', 'its version');
select is(tests.would('worker', format('select casebase.file_move_finish({internal}, %L, repeat(%L, 64))', version, sha)), outcome, version || ' with ' || sha || ': ' || outcome)
from (values ('v1', 'a', '55000'), ('v2', 'b', '55000'), ('v2', 'a', '1')) v (version, sha, outcome);
select is(tests.would('worker', format('select casebase.file_move_end({internal})')), '55000', 'it has not ended');
select is(tests.would('worker', format('select casebase.file_move_finish({open}, %L, repeat(''a'', 64))', version)), '55000', 'what doesn''t move doesn''t arrive, as ' || version) from unnest(array['v1', 'v2']) version;
select is(tests.does('Alan', pg_temp.asks('{internal}', true)) || pg_temp.stands('{internal}'), '1(admin-bucket,t,f,v1,client-bucket,t,pending,,Alan)', 'whoever takes over shows nothing before');
select is(tests.does('Dora', pg_temp.asks('{internal}', true)), '1', 'nor whoever goes on');

select is(tests.does('worker', 'select casebase.file_move_finish({internal}, ''v2'', repeat(''a'', 64))'), '1', 'the copy is the file');
select is(pg_temp.stands('{internal}'), '(client-bucket,t,t,v2,admin-bucket,t,deleting,v1,Dora)', 'which is shown');
select is(pg_temp.stands('{open}'), '(client-bucket,t,t,v1,,f,,,)', 'another stays as it is');
select is(pg_temp.told(), 'true t Dora', 'the history says who showed it, and the client may read that');
select is(tests.sees('Carla', 'select count(*) from case_files f join storage.objects o on o.bucket_id = f.bucket_id and o.name = f.object_path where f.id = {internal}'), '1', 'the client reads it');
select is(tests.would('service', format('update storage.objects set version = ''v3'' where name = (select object_path from case_files where id = {internal})')), '42501', 'and it is not written over');
select is(tests.would('worker', format('select casebase.file_move_finish({internal}, %L, repeat(''a'', 64))', version)), '55000', 'once, not back, as ' || version) from unnest(array['v1', 'v2']) version;
select is(tests.would('worker', 'select casebase.file_move_copied({internal})'), '55000', 'there is no copy to wait for');
select is(tests.would('Dora', pg_temp.asks('{internal}', false)), 'PT409', 'it doesn''t move back before its old place is clear');
select is(tests.does('Alan', pg_temp.asks('{internal}', true)), '1', 'which somebody else may see to');
select is(pg_temp.stands('{internal}'), '(client-bucket,t,t,v2,admin-bucket,t,deleting,v1,Alan)', 'as they may read and delete what lies there');
select is(tests.would('worker', 'select casebase.file_move_end({internal})'), '55000', 'while something does, it is not forgotten');
select is(tests.would('service', $$update storage.objects set version = 'v9' where name = '{internal path}' and bucket_id = 'admin-bucket'$$), '42501', 'nor written');

insert into casebase.overwritten_objects (bucket_id, object_path) values ('admin-bucket', tests.id('internal path')), ('client-bucket', tests.id('internal path'));
select is(tests.does('Alan', $$delete from storage.objects where name = '{internal path}' and bucket_id = 'admin-bucket'$$), '1', 'the old object goes');
select is(tests.does('worker', 'select casebase.file_move_end({internal})'), '1', 'and its place is forgotten');
select is(pg_temp.stands('{internal}'), '(client-bucket,t,t,v2,,f,,,Alan)', 'by the row');
select is((select string_agg(bucket_id, ',' order by bucket_id) from casebase.spent_paths where object_path = tests.id('internal path')), 'admin-bucket', 'and never used again');
select is((select string_agg(bucket_id, ',') from casebase.overwritten_objects where object_path = tests.id('internal path')), 'client-bucket', 'what was noted of it is gone, and of no other');
select is(tests.would('worker', 'select casebase.file_move_end({internal})'), '55000', 'once');
select is((select count(*) from casebase.spent_paths where object_path is null), 0::bigint, 'a file that doesn''t move spends one place');
-- Hidden: at once.
select is(tests.does('Alan', pg_temp.asks('{open}', false)), '1', 'a file is hidden');
select is(pg_temp.stands('{open}'), '(client-bucket,t,f,v1,admin-bucket,t,pending,,Alan)', 'before it moves');
select is(tests.sees('Carla', 'select count(*) from case_files where id = {open}'), '0', 'from the client');
select is(pg_temp.told(), 'true t Dora, false f Alan', 'who is not told');
select is(tests.does('Dora', pg_temp.asks('{open}', false)), '1', 'somebody else goes on');

select is(pg_temp.stands('{open}'), '(client-bucket,t,f,v1,admin-bucket,t,pending,,Dora)', 'who then may write the copy');
select is(tests.does('Dora', pg_temp.asks('{open}', true)), '1', 'or calls it off');
select is(pg_temp.stands('{open}'), '(client-bucket,t,t,v1,admin-bucket,t,deleting,,Dora)', 'and it is seen where it is');
select is(tests.does('worker', 'select casebase.file_move_end({open})'), '1', 'there was no copy');
select is(pg_temp.told(), 'true t Dora, false f Alan, true t Dora', 'each time it is said');
select is(tests.does('Alan', pg_temp.asks('{open}', true)) || pg_temp.stands('{open}'), '1(client-bucket,t,t,v1,,f,,,Dora)', 'what is so already stays so');
-- A copy that is of no use: the file stays hidden, until it is shown where it is.
select is(tests.does('Dora', pg_temp.asks('{open}', false)), '1', 'hidden again');
select is(tests.does('worker', 'select casebase.file_move_give_up({open})'), '1', 'it could not be moved');
select is(pg_temp.stands('{open}'), '(client-bucket,t,f,v1,admin-bucket,t,deleting,,Dora)', 'it is hidden all the same');
select is(tests.does('worker', 'select casebase.file_move_end({open})') || tests.does('Dora', pg_temp.asks('{open}', true)), '11', 'and shown');

select is(pg_temp.stands('{open}'), '(client-bucket,t,t,v1,,f,,,Dora)', 'without moving');
select is(tests.does('worker', 'select casebase.file_move_give_up({open})') || pg_temp.stands('{open}'), '1(client-bucket,t,t,v1,,f,,,Dora)', 'nothing is given up of what doesn''t move');
-- Called off before it is shown, it was never shown.
select is(tests.does('Dora', pg_temp.asks('3000004', true)) || tests.does('Dora', pg_temp.asks('3000004', false)), '11', 'shown, and not');
select is(pg_temp.stands('3000004'), '(admin-bucket,t,f,v1,client-bucket,t,deleting,,Dora)', 'it stays internal');
select is(tests.does('worker', 'select casebase.file_move_end(3000004)'), '1', 'nothing is left of that');
-- Its name is given to nothing else meanwhile.
select is(tests.does('Dora', pg_temp.asks('3000005', true)), '1', 'another moves');
select is(tests.sees('Alan', format('insert into case_files (case_id, file_name, original_name, content_type, file_size, visible_to_client) select case_id, %L, original_name, content_type, file_size, true from case_files where id = 3000005 returning file_name <> %1$L',
  (select substring(other_object_path from '[^/]*$') from case_files where id = 3000005))), 'true', 'to a place that nobody else gets');

-- A file that goes stops moving, and goes when nothing of it lies anywhere.
insert into storage.objects (bucket_id, name, version) select other_bucket_id, other_object_path, 'v2' from case_files where id = 3000005;
insert into tests.names select 'copy', other_object_path from case_files where id = 3000005;
insert into tests.names select 'original', object_path from case_files where id = 3000005;
select is(tests.does('Alan', $$update case_files set state = 'deleting' where id = 3000005$$), '1', 'somebody else deletes it while it moves');
select is(pg_temp.stands('3000005'), '(admin-bucket,t,f,v1,client-bucket,t,deleting,,Alan)', 'and it doesn''t move any more');
select is(tests.does('Alan', $$delete from storage.objects where name = '{original}' and bucket_id = 'admin-bucket'$$), '1', 'its object goes');
select is(tests.would('Dora', 'delete from case_files where id = 3000005'), 'PT409', 'the row doesn''t while the copy is there');
select is(tests.sees('worker', $$select casebase.upload_withdraw('case_file', 3000005)$$), 'false', 'nor by the service');
select is(tests.would('owner', 'delete from cases where id = {case}'), '23503', 'nor with its case');
select is(tests.does('Alan', $$delete from storage.objects where name = '{copy}' and bucket_id = 'client-bucket'$$), '1', 'the copy goes');
select is(tests.does('Alan', 'delete from case_files where id = 3000005'), '1', 'then the row');
select is((select string_agg(bucket_id, ',' order by bucket_id) from casebase.spent_paths where object_path in (tests.id('copy'), tests.id('original'))), 'admin-bucket,client-bucket', 'and both places are spent');

-- What belongs to an interaction that the client doesn't see is not shown to them.
insert into case_files (id, case_id, interaction_id, original_name, content_type, file_size, uploaded_by) overriding system value
select id, tests.id('case')::bigint, i::bigint, 'y.txt', 'a/b', 1, tests.filled('{Dora}')::uuid from (values (3000007, tests.id('hidden')), (3000008, tests.id('shown'))) v (id, i);
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where id in (3000007, 3000008);
update case_files set state = 'uploaded' where id in (3000007, 3000008);
update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where id in (3000007, 3000008);
select is(tests.would('Dora', pg_temp.asks('3000007', true)) || tests.would('Dora', pg_temp.asks('3000007', false)), '235141', 'it stays internal');
select is(tests.does('Dora', pg_temp.asks('3000008', true)), '1', 'of one that is seen');
insert into storage.objects (bucket_id, name, version) select other_bucket_id, other_object_path, 'v2' from case_files where id = 3000008;
select is(tests.would('worker', $$select casebase.file_move_finish(3000008, 'v2', repeat('a', 64))$$), '1', 'it is shown');
update interactions set visible_to_client = false where id = tests.id('shown')::bigint;
select is(tests.would('worker', $$select casebase.file_move_finish(3000008, 'v2', repeat('a', 64))$$), '23514', 'unless that was hidden meanwhile');

select is((select string_agg(other_state, ' ' order by id) from case_files where id in (3000006, 3000009)), 'pending deleting', 'what moves beside stands where it stood');
-- Who moved a file may be gone.
select is(tests.would('owner', 'update case_files set moved_by = gen_random_uuid() where id = 3000008'), '23503', 'somebody moves it');
select is(tests.does('auth service', $$delete from auth.users where id = '{Dora}'$$), '1', 'who may leave');
select is((select row(other_state, moved_by)::text from case_files where id = 3000008), '(pending,)', 'and it stands where it stood');
-- Nothing else changes with it, and nobody else does it.
select is(tests.would('owner', $$update case_files set moved_by = null, sha256 = repeat('c', 64) where id = 3000008$$), '23514', 'what a file is doesn''t move');
select is(tests.would('service', $$update case_files set other_bucket_id = 'client-bucket', other_object_path = 'x', other_state = 'pending' where id = 3000006$$), '23514', 'nor by hand');

select is(tests.would('owner', format('update case_files set %s where id = 3000004', change)), '23514', 'no second place: ' || change)
from unnest(array[$$other_bucket_id = 'client-bucket'$$, $$other_bucket_id = 'client-bucket', other_object_path = 'x', other_state = 'available'$$]) change;

-- What is left of a move that was called off goes with its file, too; a secret key takes it over from nobody.
select is(tests.does('Alan', $$update case_files set state = 'deleting' where id = 3000009$$), '1', 'a file that moved goes');
select is((select p.name from tests.people p join case_files f on p.id = f.moved_by where f.id = 3000009), 'Alan', 'and who deletes it reads what is left');
update case_files set moved_by = tests.filled('{Alan}')::uuid where id = 3000006;
select is(tests.does('service', $$update case_files set state = 'deleting' where id = 3000006$$), '1', 'or a secret key deletes it');
select is((select row(other_state, p.name)::text from tests.people p join case_files f on p.id = f.moved_by where f.id = 3000006), '(deleting,Alan)', 'and who moved it still reads it');

select * from finish();
rollback;
