-- A row of a file stays what it was reserved as, whoever writes: only its state goes on, and what the service found out
-- with it. Files of cases and documents of clients alike.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
-- One of each in every state, beside what the world has: reserved by Alan, with an object from uploaded on.
insert into case_files (case_id, file_name, original_name, content_type, file_size, visible_to_client, uploaded_by)
select tests.id('case')::bigint, tests.id('number') || '-1634567890-' || state || '.pdf', 'x.pdf', 'application/pdf', 1, true, p.id
from tests.people p, unnest(array['pending', 'uploaded', 'available', 'deleting']) state where p.name = 'Alan';
insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, uploaded_by)
select tests.id('acme')::uuid, 'policies', state || '.pdf', 'x.pdf', 'application/pdf', 1, p.id
from tests.people p, unnest(array['pending', 'uploaded', 'available', 'deleting']) state where p.name = 'Alan';
insert into storage.objects (bucket_id, name, version)
select bucket_id, object_path, 'v1' from casebase.reserved_objects where object_path ~ '(uploaded|available|deleting).pdf$';
update case_files set state = 'uploaded' where file_name ~ '(uploaded|available|deleting).pdf$';
update client_documents set state = 'uploaded' where file_name ~ '(uploaded|available|deleting).pdf$';
update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where file_name ~ '(available|deleting).pdf$';
update client_documents set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where file_name ~ '(available|deleting).pdf$';
update case_files set state = 'deleting' where file_name ~ 'deleting.pdf$';
update client_documents set state = 'deleting' where file_name ~ 'deleting.pdf$';

create temporary table files (place serial, name text, kind text);
insert into files (name, kind) values ('case_files', 'case_file'), ('client_documents', 'client_document');

-- Columns that stay, for a service key; alone and beside a step that is right.
create temporary table columns (name text, value text, of text);
insert into columns (name, value) values
  ('file_name', '''y.pdf'''), ('original_name', '''y.pdf'''), ('uploaded_at', 'now() + interval ''1 day'''), ('uploaded_by', '''{Dora}'''),
  ('bucket_id', '''other-bucket'''), ('object_path', '''y.pdf''');
insert into columns values
  ('case_id', '{resolved case}', 'case_files'), ('interaction_id', '{shown}', 'case_files'), ('visible_to_client', 'false', 'case_files'),
  ('client_id', '''{other}''', 'client_documents'), ('category', '''handbooks''', 'client_documents');
create temporary table moves (place serial, from_state text, to_state text, outcome text);
insert into moves (from_state, to_state, outcome)
select f, t, case
    when f = t then '1'
    when f || t = 'pendinguploaded' then 'PT409'
    when f || t in ('pendingavailable', 'uploadedavailable') then '42501'
    when t = 'deleting' then '1'
    else '23514' end
from unnest(array['pending', 'uploaded', 'available', 'deleting']) f, unnest(array['pending', 'uploaded', 'available', 'deleting']) t;

select plan(17 + 17 + 32 + 42 + 2);

select is(tests.would('service', format('update %s set %I = %s where file_name ~ ''available.pdf$''', f.name, c.name, c.value)), '23514',
  'of ' || f.name || ' ' || c.name || ' stays')
from files f join columns c on f.name = coalesce(c.of, f.name);
select is(tests.would('service', format('update %s set state = ''deleting'', %I = %s where file_name ~ ''available.pdf$''', f.name, c.name, c.value)), '23514',
  'of ' || f.name || ' ' || c.name || ' stays when it goes')
from files f join columns c on f.name = coalesce(c.of, f.name);

-- Steps, for a service key, which the policies don't bind.
select is(tests.would('service', format('update %s set state = %L where file_name ~ ''%s.pdf$''', f.name, m.to_state, m.from_state)), m.outcome,
  f.name || ' from ' || m.from_state || ' to ' || m.to_state || ': ' || m.outcome)
from files f, moves m;

-- What a step may take with it.
select is(tests.would(who, format('update %s set %s where file_name ~ ''%s.pdf$''', f.name, changes, state)), outcome,
  f.name || ', ' || state || ', by ' || who || ': ' || changes)
from files f, (values
  ('service', 'file_size = 2', 'available', '23514'),
  ('service', 'content_type = ''a/b''', 'available', '23514'),
  ('service', 'sha256 = repeat(''b'', 64)', 'available', '23514'),
  ('service', 'object_version = ''v2''', 'available', '23514'),
  ('service', 'rejection = ''x''', 'deleting', '23514'),
  ('service', 'notes = array[''macros'']', 'available', '23514'),
  ('service', 'state = ''deleting'', rejection = ''x''', 'available', '1'),
  ('service', 'uploaded_by = null', 'available', '1'),
  ('Alan', 'state = ''deleting'', file_size = 2', 'available', '23514'),
  ('Alan', 'state = ''deleting'', file_size = 2', 'pending', '23514'),
  ('Alan', 'state = ''deleting'', file_size = 2', 'uploaded', '23514'),
  ('Alan', 'state = ''deleting''', 'available', '1'),
  ('Alan', 'file_size = 2', 'pending', '23514'),
  ('Alan', 'state = ''uploaded''', 'pending', 'PT409'),
  ('Alan', 'state = ''available''', 'uploaded', '42501'),
  ('Alan', 'state = ''uploaded''', 'available', '23514'),
  ('Alan', 'state = ''uploaded'', file_size = 2', 'uploaded', '23514'),
  ('Dora', 'state = ''deleting''', 'pending', '0'),
  ('Dora', 'state = ''deleting''', 'uploaded', '0'),
  ('Dora', 'state = ''deleting''', 'available', '1'),
  ('Dora', 'state = ''deleting''', 'deleting', '1')) v (who, changes, state, outcome);

-- Nobody but its uploader reaches a file that is pending. Should the policies be lost, the rule still says so.
delete from storage.objects;
alter table case_files disable trigger a_keep_row_of_object;
delete from case_files where file_name !~ '-1634567890-pending.pdf$';
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files;
alter policy move_case_files on case_files using (true);
select is(tests.would('Alan', $$update case_files set state = 'uploaded'$$), '1', 'its uploader says that it is there');
select is(tests.would('Dora', $$update case_files set state = 'uploaded'$$), '42501', 'nobody else');

select * from finish();
rollback;
