-- A client's documents: the same life as a case's files, written by staff, read by the client.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select plan(43);
select tests.world();

select is(tests.would('Dora', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, uploaded_by)
  values ('{acme}', 'policies', 'x.pdf', 'x.pdf', 'application/pdf', 1, '{Alan}')$$), '42501', 'nobody uploads in another''s name');
select is(tests.would('Dora', format('insert into client_documents (client_id, category, file_name, original_name, content_type, file_size)
  values (''{acme}'', %L, %L, ''x.pdf'', ''application/pdf'', 1)', category, name)), outcome, 'not as ' || category || '/' || name)
from (values ('cases', 'x.pdf', '23503'), ('../x', 'x.pdf', '23503'), ('Policies', 'x.pdf', '23503'), ('', 'x.pdf', '23503'),
             ('policies', '../x.pdf', '23514'), ('policies', '.x.pdf', '23514'), ('policies', 'a/b.pdf', '23514')) v (category, name, outcome);
select is(tests.would('service', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, state, sha256, object_version)
  values ('{acme}', 'policies', 'x.pdf', 'x.pdf', 'application/pdf', 1, 'available', repeat('a', 64), 'v1')$$), '23514', 'not even a service key adds one unchecked');

select is(tests.does('Dora', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size)
  values ('{acme}', 'handbooks', 'h.pdf', 'h.pdf', 'application/pdf', 1)$$), '1', 'staff reserve a document');
insert into tests.names select 'document', id from client_documents where file_name = 'h.pdf';
select is((select row(bucket_id, object_path, state, uploaded_by)::text from client_documents where file_name = 'h.pdf'),
  tests.filled('(client-bucket,{acme}/handbooks/h.pdf,pending,{Dora})'), 'below its client and category, pending, hers');
select is(tests.does('Dora', $$update client_documents set state = 'uploaded' where id = {document}$$), 'PT409', 'nothing is uploaded without an object');
select is(tests.would('Alan', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{acme}/handbooks/h.pdf', 'v1')$$), '42501', 'a colleague can''t write it');
select is(tests.does('Dora', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{acme}/handbooks/h.pdf', 'v1')$$), '1', 'she can');
select is(tests.does('Dora', $$update client_documents set state = 'uploaded' where id = {document}$$), '1', 'uploaded');
select is(tests.does('Carla', 'select from client_documents where id = {document}'), '0', 'the client doesn''t see it yet');
select is(tests.does('service', $$update client_documents set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where id = {document}$$), '42501', 'only the service''s role vouches for it');
select is(tests.does('worker', $$select from casebase.verification_begin('client_document', {document})$$), '1', 'which looks at it');
select is(tests.does('worker', $$select casebase.verification_finish('client_document', {document}, 'v0', repeat('a', 64), 1, 'application/pdf')$$), '55000', 'the service refuses what was replaced');
select is(tests.does('worker', $$select casebase.verification_finish('client_document', {document}, 'v1', repeat('a', 64), 1, 'application/pdf')$$), '1', 'and makes available what it read');
select is(tests.does('Carla', $$select from storage.objects where name = '{acme}/handbooks/h.pdf'$$), '1', 'the client reads it');
select is(tests.does('Otto', $$select from storage.objects where name = '{acme}/handbooks/h.pdf'$$), '0', 'another client doesn''t');
select is(tests.does('service', $$update client_documents set original_name = 'other.pdf' where id = {document}$$), '23514', 'it stays what it is');
select is(tests.does('worker', $$select from casebase.verification_begin('client_document', {document})$$), '55000', 'it is verified once');
select is(tests.does('worker', $$select casebase.verification_reject('client_document', {document}, 'late')$$), '55000', 'and not refused afterwards');
select is(tests.would(who, statement), '42501', who || ' can''t verify')
from unnest(array['Ada', 'Dora', 'Carla', 'service']) who,
     unnest(array[$$select casebase.verification_begin('client_document', {document})$$,
                  $$select casebase.verification_reject('client_document', {document}, 'x')$$]) statement;

-- Checked bytes are not swapped, not even by a service key, as which Storage completes what was signed before.
select is(tests.would('service', $$update storage.objects set version = 'v2' where name = '{policy path}'$$), '42501', 'checked bytes are not swapped');
select is(tests.would('service', $$update storage.objects set name = name || 'x' where name = '{policy path}'$$), '42501', 'nor moved away');

select is(tests.does('Alan', $$update client_documents set state = 'deleting' where id = {document}$$), '1', 'staff let go of it');
select is(tests.does('Alan', $$delete from client_documents where id = {document}$$), 'PT409', 'its row stays while the object is there');
select is(tests.does('Alan', $$delete from storage.objects where name = '{acme}/handbooks/h.pdf'$$), '1', 'the object goes');
select is(tests.does(who, 'delete from client_documents'), '0', who || ' deletes no row of it')
from unnest(array['Carla', 'Asta']) who;
select is(tests.does('Alan', $$delete from client_documents where id = {document}$$), '1', 'and then the row');
select is(tests.would('service', $$insert into storage.objects (bucket_id, name, version) values ('client-bucket', '{acme}/handbooks/h.pdf', 'v2')$$), '42501', 'nothing is written in its place');
select is(tests.sees('Dora', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size)
  values ('{acme}', 'handbooks', 'h.pdf', 'h.pdf', 'application/pdf', 1) returning object_path$$), tests.filled('{acme}/handbooks/h (2).pdf'), 'which is taken for good');

select * from finish();
rollback;
