-- A file is reserved, uploaded, checked and only then there for others; and it stays what was checked.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(61);
select tests.world();

create function pg_temp.reserving(file_name text, extra_columns text default '', extra_values text default '') returns text language sql
as $$
  select format('insert into case_files (case_id, file_name, original_name, content_type, file_size%s) values ({case}, %L, ''x.pdf'', ''application/pdf'', 10%s)',
                extra_columns, file_name, extra_values)
$$;
create function pg_temp.remember(name text, id bigint) returns void language sql
as $$ insert into tests.names values (name, id) $$;

-- Names.
select is(tests.would('Carla', pg_temp.reserving('{number}-1634567890-settlement-agreement.pdf')), '1', 'the form of a case''s file');
select is(tests.would('Carla', pg_temp.reserving('{number}-interaction-{shown}-1634567890-evidence.pdf', ', interaction_id', ', {shown}')), '1', 'the form of an interaction''s');
select is(tests.would('Carla', pg_temp.reserving('{number}-1634567890-a (2).pdf')), '1', 'a second of the same name');
select is(tests.would('Carla', pg_temp.reserving('{resolved number}-1634567890-x.pdf')), '23514', 'another case''s number');
select is(tests.would('Carla', pg_temp.reserving('{number}-interaction-{shown}-1634567890-x.pdf')), '23514', 'an interaction that the row doesn''t name');
select is(tests.would('Carla', pg_temp.reserving('{number}-1634567890-x.pdf', ', interaction_id', ', {shown}')), '23514', 'an interaction that the name doesn''t');
select is(tests.would('Carla', pg_temp.reserving('{number}-interaction-{other shown}-1634567890-x.pdf', ', interaction_id', ', {other shown}')), '42501', 'an interaction of another case');
select is(tests.would('Alan', pg_temp.reserving('{number}-interaction-{other shown}-1634567890-x.pdf', ', interaction_id', ', {other shown}')), '42501', 'also by who sees both');
select is(tests.would('service', pg_temp.reserving('{number}-interaction-{other shown}-1634567890-x.pdf', ', interaction_id', ', {other shown}')), '23503', 'or a service key');
select is(tests.would('Carla', pg_temp.reserving(name)), '23514', 'no such name: ' || translate(name, E'\n', '␤'))
from unnest(array['x.pdf', '{number}-x.pdf', '{number}-1634567890-', '{number}-1634567890-.htaccess', '{number}-1634567890-../x.pdf', '{number}-1634567890-a/b.pdf',
                  '{number}-1634567890-x.pdf ', '{number}-1634567890-x.', E'{number}-1634567890-a\nb.pdf', '{number}-1634567890-ä.pdf', '{number}-1634567890-a%2f.pdf',
                  '{number}-1634567890-' || repeat('x', 200)]) name;
select is(tests.would('Carla', replace(pg_temp.reserving('{number}-1634567890-x.pdf'), '''x.pdf''', 'E''a\r\nSet-Cookie: b''')), '23514', 'no control character in the original name');

-- The place follows from the case.
select is(tests.does('Carla', pg_temp.reserving('{number}-1634567890-hers.pdf', ', visible_to_client', ', false')), '1', 'a client reserves a file');
select pg_temp.remember('hers', (select id from case_files where file_name like '%-hers.pdf'));
select is((select row(bucket_id, object_path, file_url, visible_to_client, state, uploaded_by)::text from case_files where file_name like '%-hers.pdf'),
  tests.filled('(client-bucket,{acme}/cases/{number}/{number}-1634567890-hers.pdf,s3://client-bucket/{acme}/cases/{number}/{number}-1634567890-hers.pdf,t,pending,{Carla})'),
  'visible to clients, in their bucket, pending, hers');
select is(tests.does('Alan', pg_temp.reserving('{number}-1634567890-his.pdf')), '1', 'staff reserve one');
select is((select bucket_id || ' ' || object_path from case_files where file_name like '%-his.pdf'),
  tests.filled('admin-bucket {acme}/cases/{number}/{number}-1634567890-his.pdf'), 'internal unless they say otherwise');

-- Steps.
select is(tests.does('Carla', $$update case_files set state = 'uploaded' where id = {hers}$$), 'PT409', 'nothing is uploaded without an object');
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where id = tests.id('hers')::bigint;
select is(tests.does('Ada', $$update case_files set state = 'uploaded' where id = {hers}$$), '0', 'another''s pending file is not there, not even for an admin');
select is(tests.would('Carla', $$update case_files set state = 'available' where id = {hers}$$), '42501', 'nobody makes their own file available');
select is(tests.would('service', $$update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where id = {hers}$$), '42501', 'not even a service key');
select is(tests.would('Carla', $$update case_files set original_name = 'y' where id = {hers}$$), '42501', 'nor changes what it is');
select is(tests.does('Carla', $$update case_files set state = 'uploaded', file_size = 12 where id = {hers}$$), '1', 'the uploader says that it is uploaded');
select is(tests.would('service', $$update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where id = {hers}$$), '42501', 'only the service''s role vouches for it');
select is(tests.does('Alan', 'select from case_files where id = {hers}'), '0', 'until then nobody else sees it');
select is(tests.does('worker', $$select from casebase.verification_begin('case_file', {hers})$$), '1', 'the service looks at it');
select is(tests.does('worker', $$select casebase.verification_finish('case_file', {hers}, 'v0', repeat('a', 64), 12, 'application/pdf')$$), '55000', 'what was replaced meanwhile is not made available');
select is(tests.does('worker', $$select casebase.verification_finish('case_file', {hers}, 'v1', repeat('a', 64), 12, 'application/pdf')$$), '1', 'what was checked is');
select is(tests.does('Alan', $$select from case_files where id = {hers} and state = 'available' and sha256 = repeat('a', 64)$$), '1', 'and then others see it');
select is(tests.does('worker', $$select from casebase.verification_begin('case_file', {hers})$$), '55000', 'it is verified once');
select is(tests.does('Carla', $$update case_files set state = 'deleting' where id = {hers}$$), '0', 'a client can''t delete what was verified');

-- Without a filter the UPDATE policy alone decides: what one doesn't see stays as it is.
select is(tests.does('Carla', pg_temp.reserving('{number}-1634567890-w.pdf')), '1', 'Carla reserves another');
select is(tests.would('Alan', $$update case_files set state = 'deleting' where state = 'pending'$$), '1', 'Alan lets go of his own pending file');
select is(tests.does('Ada', $$update case_files set state = 'deleting'$$), '7', 'an admin of everything there is, in one request');
select is((select string_agg(file_name, ' ') from case_files where state = 'pending' and file_name like '%-w.pdf'), tests.filled('{number}-1634567890-w.pdf'), 'but what is under way is still hers');

-- A client-visible file never hangs on a hidden interaction.
select is(tests.would('Alan', pg_temp.reserving('{number}-interaction-{hidden}-1634567890-x.pdf', ', interaction_id, visible_to_client', ', {hidden}, true')), '23514', 'not when it is made');
select is(tests.does('Carla', pg_temp.reserving('{number}-interaction-{shown}-1634567890-z.pdf', ', interaction_id', ', {shown}')), '1', 'one hangs on a visible interaction');
select is(tests.does('Alan', $$update interactions set visible_to_client = false where id = {shown}$$), '1', 'which a file that nobody has seen doesn''t keep in the open');
select is(tests.sees('Carla', $$select state || ': ' || rejection from case_files where file_name like '%-z.pdf'$$), 'deleting: its interaction is not shown to the client any more', 'it is let go, and its uploader told');
select is(tests.does('Alan', $$update interactions set visible_to_client = true where id = {shown}$$), '1', 'shown again');
select is(tests.does('Carla', pg_temp.reserving('{number}-interaction-{shown}-1634567891-z.pdf', ', interaction_id', ', {shown}')), '1', 'it gets another file');
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where file_name like '%1-z.pdf';
update case_files set state = 'uploaded' where file_name like '%1-z.pdf';
update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where file_name like '%1-z.pdf';
select is(tests.would('Alan', $$update interactions set visible_to_client = false where id = {shown}$$), '23514', 'and can''t be hidden from who has seen it');
-- The interaction may go all the same; the file stays, as the case's.
select is(tests.does('Ada', 'delete from interactions where id = {shown}'), '1', 'but deleted');
select is((select count(*) from case_files where file_name like '%1-z.pdf' and interaction_id is null), 1::bigint, 'and its file stays with the case');

-- What its uploader alone sees lies there all the same, and keeps its row.
select is(tests.does('Carla', pg_temp.reserving('{number}-1634567890-unseen.pdf')), '1', 'Carla reserves a place');
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where file_name like '%-unseen.pdf';
select is(tests.does('Carla', $$update case_files set state = 'deleting' where file_name like '%-unseen.pdf'$$), '1', 'and lets go of it, unchecked');
select is(tests.would('Dora', $$select from storage.objects where name like '%-unseen.pdf'$$), '0', 'staff don''t see what lies there');
select is(tests.would('Dora', $$delete from case_files where file_name like '%-unseen.pdf'$$), 'PT409', 'and don''t delete its row');

-- Nor does it keep a case that an admin deletes; what others see does.
with made as (insert into cases (client_id, title) values (tests.id('acme')::uuid, 'doomed') returning id)
insert into tests.names select 'doomed', id from made;
select is(tests.does('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
  select id, case_id || '-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1 from cases where id = {doomed}$$), '1', 'Carla reserves a place in a case of hers');
select is(tests.would('Ada', 'delete from cases where id = {doomed}'), '1', 'which an admin can delete');
select is(tests.would('Carla', 'delete from cases where id = {doomed}'), '0', 'and Carla can''t');
select is(split_part(tests.refusal('Ada', 'delete from cases where id = {case}'), ' | Delete', 1), tests.filled('23503 | {number} has files'), 'a case with files stays');

select * from finish();
rollback;
