-- A document's versions are rows of one number: whoever reads it finds the current one, from one step to the next.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
select plan(92);

-- What the service does once the bytes are there.
create function pg_temp.arrives(document bigint) returns text language sql
as $$
  insert into storage.objects (bucket_id, name, version)
  select d.bucket_id, d.object_path, 'v1' from public.client_documents d where d.id = document;
  update public.client_documents d set state = 'uploaded' where d.id = document;
  select tests.does('worker', format($w$select casebase.verification_finish('client_document', %s, 'v1', repeat('b', 64), 1, 'application/pdf')$w$, document))
$$;
create function pg_temp.remember(name text) returns void language sql
as $$ insert into tests.names select name, max(id)::text from public.client_documents $$;

-- Reserved.
select is(tests.does('Dora', $$select reserve_client_document('Grüße.PDF', 'application/pdf', client_id => '{acme}', category => 'handbooks')$$), '1', 'staff reserve a document');
select pg_temp.remember('book');
select is((select row(d.document_id = d.id, d.category, d.object_path, d.original_name, d.file_size, d.state, d.uploaded_by)::text from client_documents d where d.id = tests.id('book')::bigint),
  tests.filled('(t,handbooks,{acme}/handbooks/grusse.pdf,Grüße.PDF,0,pending,{Dora})'), 'it is one of its own');
select is(tests.sees('Dora', $$select a->>'size_limit' || ' ' || (a->'file'->>'state') || ' ' || (a->'file'->>'file_size') || ' ' || (a->'file'->>'file_name')
  from reserve_client_document('a.txt', 'text/plain', 'b.txt', 7, '{acme}', 'policies') a$$), '52428800 pending 7 b.txt', 'with what is said of it, and told what the bucket takes');
select is(tests.refusal('Dora', $$select reserve_client_document('a.txt', 'text/plain', client_id => '{acme}', category => 'contracts')$$),
  'PT404 | there is no category "contracts" | category | There are handbooks, policies.', 'a category that isn''t there is named, and those that are');
select is(tests.refusal('Nemo', $$select reserve_client_document('a.txt', 'text/plain', client_id => '{acme}', category => 'policies')$$),
  'PT404 | there is no category "policies" | category | There are none that you see.', 'to nobody they are not');
select is(tests.would('Dora', $$select reserve_client_document('a.txt', 'text/plain', client_id => gen_random_uuid(), category => 'policies')$$), '23503', 'no such client');
select is(tests.would('Ada', $$insert into document_categories (code, label) values ('contracts', 'Contracts')$$), '1', 'an admin adds a category');

-- One that is there, and another version of it.
select is(pg_temp.arrives(tests.id('book')::bigint), '1', 'it becomes available');
select is(tests.would(who, $$select reserve_client_document('b.pdf', 'application/pdf', document_id => {book})$$), outcome, who || ' replaces it: ' || outcome)
from (values ('Ada', '1'), ('Alan', '1'), ('Sam', '1'), ('Asta', '42501'), ('Carla', '42501'), ('Otto', 'PT404'), ('Ivan', 'PT404'), ('Nemo', 'PT404'), ('anon', '42501')) v (who, outcome);
select is(tests.refusal('Dora', 'select reserve_client_document(''b.pdf'', ''application/pdf'', document_id => 999999)'), 'PT404 | there is no such document | document_id', 'one that is not there isn''t replaced');
select is(tests.does('Dora', $$select reserve_client_document('b.pdf', 'application/pdf', document_id => {book})$$), '1', 'Dora replaces it');
select pg_temp.remember('second');
select is((select row(d.document_id, d.client_id, d.category, d.object_path)::text from client_documents d where d.id = tests.id('second')::bigint),
  tests.filled('({book},{acme},handbooks,{acme}/handbooks/b.pdf)'), 'by a row of the same number, in the same folder');
select is(tests.does('Carla', $$select from client_documents where document_id = {book} and id = {book}$$), '1', 'until it is there, the first is read');
select is(tests.does('Alan', $$select reserve_client_document('c.pdf', 'application/pdf', document_id => {book})$$), '1', 'a colleague replaces it at the same time');
select pg_temp.remember('third');
select is(pg_temp.arrives(tests.id('second')::bigint), '1', 'the second version arrives');
select is((select string_agg(case when d.replaced_at is null then 'current' when d.replaced_at = now() then 'replaced now' end, ', ' order by d.id)
  from client_documents d where d.document_id = tests.id('book')::bigint), 'replaced now, current, current', 'and takes the place of the first in that step');
select is(tests.sees(who, $$select string_agg(d.id::text, ' ' order by d.id) from client_documents d where d.document_id = {book} and d.state = 'available'$$), tests.filled(ids), who || ' reads ' || ids)
from (values ('Carla', '{second}'), ('Asta', '{second}'), ('Sam', '{book} {second}'), ('Dora', '{book} {second}'), ('Ada', '{book} {second}')) v (who, ids);
select is(tests.does(who, $$select from storage.objects where name = '{acme}/handbooks/grusse.pdf'$$), read, who || ' reads the bytes of the first: ' || read)
from (values ('Carla', '0'), ('Asta', '0'), ('Alan', '1')) v (who, read);
select is(tests.does(who, $$select from storage.objects where name = '{acme}/handbooks/b.pdf'$$), read, who || ' reads those of the second: ' || read)
from (values ('Carla', '1'), ('Asta', '1'), ('Otto', '0')) v (who, read);
select is(tests.sees('Dora', $$select max(replaced_at)::text from client_documents where document_id = {policy}$$), null, 'no other document is replaced');

-- The one that came at the same time: the later stays.
update client_documents set replaced_at = '2026-01-01' where id = tests.id('book')::bigint;
select is(pg_temp.arrives(tests.id('third')::bigint), '1', 'the third arrives');
select is(tests.sees('Carla', $$select string_agg(d.id::text, ' ') from client_documents d where d.document_id = {book}$$), tests.id('third'), 'and is current');
select is((select replaced_at from client_documents where id = tests.id('book')::bigint), '2026-01-01'::timestamptz, 'what was replaced before was replaced then');
select is((select array_agg(l.objid::bigint) @> array[hashtext(tests.id('book'))::bigint & 4294967295] from pg_locks l
  where l.locktype = 'advisory' and l.pid = pg_backend_pid() and l.classid::bigint = hashtext('casebase.replace_version')::bigint & 4294967295), true, 'versions of one document wait for each other');

-- By number, or by that of any version.
select is(tests.sees(who, format('select string_agg(v.id::text, '' '' order by v.place) from (select id, row_number() over () as place from document_versions({%s})) v', asked)), tests.filled(versions),
  who || ' asks for the versions of ' || asked)
from (values ('Dora', 'book', '{third} {second} {book}'), ('Dora', 'second', '{third} {second} {book}'), ('Carla', 'book', '{third}'), ('Carla', 'third', '{third}'),
             ('Carla', 'second', null), ('Otto', 'book', null)) v (who, asked, versions);
select is(tests.does('Alan', $$select reserve_client_document('d.pdf', 'application/pdf', document_id => {third})$$), '1', 'one more is on its way, of what a version''s number names');
select pg_temp.remember('fourth');
select is(tests.sees('Alan', 'select string_agg(v.id::text, '' '' order by v.place) from (select id, row_number() over () as place from document_versions({book})) v'),
  tests.filled('{third} {fourth} {second} {book}'), 'the current one comes first');
select is(tests.sees('Dora', $$select count(*)::text from document_versions({fourth})$$), '0', 'what a colleague uploads is not there');

-- Rules of the row.
select is(tests.would('Dora', $$insert into client_documents (client_id, category, document_id, original_name, content_type, file_size) values ('{acme}', 'handbooks', {book}, 'x.pdf', 'a/b', 1)$$), '1', 'a version by hand');
select is(tests.refusal('Dora', format($$insert into client_documents (client_id, category, document_id, original_name, content_type, file_size) values ('{%s}', '%s', {%s}, 'x.pdf', 'a/b', 1)$$, client, category, document)),
  tests.filled(said), what)
from (values
  ('other', 'handbooks', 'book', '23514 | there is no document {book} in this category of this client | Leave document_id out for a new document.', 'not for another client'),
  ('acme', 'policies', 'book', '23514 | there is no document {book} in this category of this client | Leave document_id out for a new document.', 'nor in another category'),
  ('acme', 'handbooks', 'second', '23514 | there is no document {second} in this category of this client | Leave document_id out for a new document.', 'nor by a version''s own number')
) v (client, category, document, said, what);
select is(tests.would('Otto', $$insert into client_documents (client_id, category, document_id, original_name, content_type, file_size) values ('{acme}', 'handbooks', {book}, 'x.pdf', 'a/b', 1)$$), '23514', 'what one doesn''t see is not there');
select is(tests.would('service', $$update client_documents set replaced_at = now() where id = {third}$$), '23514', 'nobody says that one is replaced');
select is(tests.would('Dora', $$update client_documents set replaced_at = null where id = {book}$$), '42501', 'or is again');
select is(tests.would('service', $$update client_documents set document_id = {policy} where id = {third}$$), '23514', 'a version stays one of its document');
select is(tests.would('owner', $$update client_documents set replaced_at = null where id = {second}$$), '23505', 'one is current');
select is(tests.would('owner', $$update client_documents set replaced_at = now() + interval '1 day', sha256 = repeat('c', 64) where id = {second}$$), '23514', 'what is replaced stays what it is');

-- Listed, the newest first, whatever its number.
alter table client_documents disable trigger a_keep_file;
update client_documents set uploaded_at = now() + interval '1 hour' where id = tests.id('policy')::bigint;
alter table client_documents enable trigger a_keep_file;
select is(tests.sees(who, format('select string_agg(d.id::text, '' '') from unnest((list_client_documents(%s)).documents) d', arguments)), tests.filled(ids), who || ' lists ' || arguments)
from (values
  ('Carla', '''{acme}''', '{policy} {third}'), ('Carla', '''{acme}'', ''policies''', '{policy}'), ('Carla', '''{acme}'', ''contracts''', null),
  ('Asta', '''{acme}'', ''handbooks''', '{third}'), ('Dora', '''{acme}'', ''handbooks''', '{third}'), ('Alan', '''{acme}'', ''handbooks''', '{fourth} {third}'),
  ('Dora', '''{other}''', '{other policy}'), ('Dora', 'gen_random_uuid()', null)) v (who, arguments, ids);
select is(tests.refusal(who, format('select list_client_documents(%s)', client)), 'PT404 | there is no such client | client_id', who || ' asks for ' || client)
from (values ('Otto', '''{acme}'''), ('Carla', '''{other}'''), ('Carla', 'gen_random_uuid()'), ('Carla', 'null'), ('Nemo', '''{acme}'''), ('Ivan', '''{acme}''')) v (who, client);
select is(tests.sees('Carla', $$select (l.documents[1]).id || ' ' || cardinality(l.documents) || ' ' || (l.next_cursor is not null) from list_client_documents('{acme}', page_size => 1) l$$),
  tests.filled('{policy} 1 true'), 'a page, and where it goes on');
select is(tests.sees('Carla', $$select (n.documents[1]).id || ' ' || cardinality(n.documents) || ' ' || coalesce(n.next_cursor, 'the end')
  from list_client_documents('{acme}', page_size => 1) l, list_client_documents('{acme}', null, 1, l.next_cursor) n$$), tests.filled('{third} 1 the end'), 'to the last');
select is(tests.sees('Alan', $$select (l.documents[1]).id || ' ' || (n.documents[1]).id || ' ' || coalesce(n.next_cursor, 'the end')
  from list_client_documents('{acme}', 'handbooks', 1) l, list_client_documents('{acme}', 'handbooks', 1, l.next_cursor) n$$), tests.filled('{fourth} {third} the end'), 'of one moment, by number');
select is(tests.sees('Carla', $$select cardinality(l.documents) || ' ' || coalesce(l.next_cursor, 'the end') from list_client_documents('{acme}', page_size => 2) l$$), '2 the end', 'a page that is full may be the last');
select is(tests.would('Carla', format($$select list_client_documents('{acme}', page_size => %s)$$, size)), outcome, 'a page of ' || size || ': ' || outcome)
from (values ('0', '22023'), ('1000', '1'), ('1001', '22023')) v (size, outcome);
select is(tests.would('Carla', $$select list_client_documents('{acme}', cursor => casebase.write_cursor('["interactions", "2026-01-01", 1]'))$$), '22023', 'another list''s cursor');

-- Goes.
select is(tests.would(who, $$update client_documents set state = 'deleting' where id = {book}$$), outcome, who || ' lets go of an earlier version: ' || outcome)
from (values ('Alan', '1'), ('Asta', '0'), ('Carla', '0'), ('Otto', '0')) v (who, outcome);
select is(tests.does('Alan', $$update client_documents set state = 'deleting' where id = {third}$$), '1', 'the current version goes');
select is(tests.sees('Carla', $$select count(*)::text from client_documents where document_id = {book}$$), '0', 'and none comes back in its place');
select is(tests.does('Dora', $$select reserve_client_document('e.pdf', 'application/pdf', document_id => {book})$$), '1', 'another version may');
select pg_temp.remember('fifth');
select is(pg_temp.arrives(tests.id('fifth')::bigint), '1', 'which arrives');
select is(tests.sees('Carla', $$select string_agg(d.id::text, ' ') from client_documents d where d.document_id = {book}$$), tests.id('fifth'), 'and is current');
update client_documents set state = 'deleting' where document_id = tests.id('book')::bigint and state <> 'deleting';
select is(tests.would('Dora', $$select reserve_client_document('f.pdf', 'application/pdf', document_id => {book})$$), 'PT404', 'of a document that is gone there are no more versions');
select is(tests.would('Dora', $$insert into client_documents (client_id, category, document_id, original_name, content_type, file_size) values ('{acme}', 'handbooks', {book}, 'x.pdf', 'a/b', 1)$$), '23514', 'nor by hand');

select * from finish();
rollback;
