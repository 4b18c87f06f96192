-- Hiding an interaction lets go of what hangs on it, is shown to the client, and nobody has seen: of nothing else.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
select tests.id('case')::bigint, 'A', 'ARGAN', 'B', 'CLIENT', 'Another', true;
insert into tests.names select 'another', id from interactions where content = 'Another';
-- Reserved: on the interaction, shown and internal, on another one, and on none.
insert into case_files (case_id, interaction_id, file_name, original_name, content_type, file_size, visible_to_client)
select tests.id('case')::bigint, f.on_it, tests.id('number') || '-' || coalesce('interaction-' || f.on_it || '-', '') || '1634567890-' || f.name, f.name, 'a/b', 1, f.shown
from (values ('on it', tests.id('shown')::bigint, true), ('on it uploaded', tests.id('shown')::bigint, true), ('on it internal', tests.id('shown')::bigint, false),
             ('on another', tests.id('another')::bigint, true), ('on none', null, true)) f (name, on_it, shown);
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where state = 'pending';
update case_files set state = 'uploaded' where original_name = 'on it uploaded';
select plan(6);

select is(tests.does('Dora', 'update interactions set visible_to_client = true where id = {another}'), '1', 'an interaction that is not hidden');
select is((select string_agg(original_name || ' ' || state, ', ' order by original_name) from case_files where original_name like 'on %'),
  'on another pending, on it pending, on it internal pending, on it uploaded uploaded, on none pending', 'lets go of nothing');
select is(tests.does('Dora', 'update interactions set visible_to_client = false where id = {shown}'), '1', 'one that is hidden');
select is((select string_agg(original_name || ' ' || state, ', ' order by original_name) from case_files where original_name like 'on %'),
  'on another pending, on it deleting, on it internal pending, on it uploaded deleting, on none pending', 'lets go of what hangs on it');

-- An internal file that is there keeps no interaction in the open.
update case_files set state = 'uploaded' where original_name = 'on it internal';
update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where original_name = 'on it internal';
select is(tests.does('Dora', 'update interactions set visible_to_client = true where id = {shown}'), '1', 'shown again, with an internal file');
select is(tests.does('Dora', 'update interactions set visible_to_client = false where id = {shown}'), '1', 'it can be hidden');

select * from finish();
rollback;
