-- What a file may be called, whoever writes its row: judged by the name that counts, kept without what can't be seen, and
-- no two objects of one name.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();

create function pg_temp.reserving(original text, file_name text default null) returns text language sql
as $$
  select case when file_name is null
    then format('insert into case_files (case_id, original_name, content_type, file_size) values ({case}, %L, ''a/b'', 1)', original)
    else format('insert into case_files (case_id, original_name, file_name, content_type, file_size) values ({case}, %L, %L, ''a/b'', 1)', original, file_name)
  end
$$;
create function pg_temp.document(original text) returns text language sql
as $$
  select format('insert into client_documents (client_id, category, original_name, content_type, file_size) values (''{acme}'', ''policies'', %L, ''a/b'', 1)', original)
$$;

-- What is wrong, and with what; of documents the same.
create temporary table refused (place serial, name text, fault text);
insert into refused (name, fault)
select name, '.' || extension || ' is what programs, scripts and shortcuts are named'
from (values
  ('bat', array['run.bat', 'run.BAT', 'run.bat.', 'run.bat..', 'run.bat . .', 'run.bat,', 'run.bat;', 'run.bat-', 'run.bat)', E'run.bat\u2026',
                E'run\uff0ebat', E'run\u2024bat', E'run.\uff22\uff21\uff34', E'run.b\u0301at', E'run.b\u00e1t', E'run.b\u200bat', E'run.bat\u00ad', E'run.bat\u3164',
                E'run.bat\u00a0', E'r\u202etab.bat', '.bat', 'run.txt.bat', 'run.bat:notes.txt', 'notes.txt:run.bat', 'run.bat::$DATA', E'run.bat\ufe55x']),
  ('js', array['x.js.', E'x.j\u017f']),
  ('exe', array['x.exe..', 'x.pdf.exe', E'inv\u202efdp.exe', 'x.exe::$DATA']),
  ('scr', array['a.scr ']),
  ('lnk', array['a.Lnk']),
  ('com', array['www.example.com']),
  ('appref-ms', array['x.appref-ms', 'x.APPREF-MS.']),
  ('settingcontent-ms', array['x.settingcontent-ms']),
  ('command', array['x.command']),
  ('inetloc', array['x.inetloc'])
) v (extension, names), unnest(names) name;
insert into refused (name, fault)
select name, fault
from (values
  ('nothing of it can be seen', array['', '   ', '.', '..', '. .', E'\u00a0\u3000', E'\u200b\ufeff', E'\u2800', E'\u3164\u115f', E'\u1680', E'\u202e\u200f', E'\u0301']),
  ('it has more than 255 characters', array[repeat('x', 256), repeat('ä', 256) || '.pdf']),
  ('it has a line break or another control character in it', array[E'a\nb.txt', E'a\r\nSet-Cookie: b', E'a\tb', E'a\u007f', E'a\u0085b', E'a\u009f', E'a\u2028b', E'a\u2029b', E'a\ufffe', E'a\uffffb', E'a\ufdd0', E'\u0001a']),
  ('it has folders in it', array['../../notes.txt', 'a/b', '/a', E'C:\\notes.txt', E'a\\b']),
  ('Windows keeps that name for a device', array['nul', 'AUX.pdf', 'con.tar.gz', 'Com1', E'COM\u00b9.txt', 'lpt9 .txt', 'prn:x', 'conin$', 'CONOUT$.txt'])
) v (fault, names), unnest(names) name;

create temporary table taken (place serial, name text, kept text, plain text);
insert into taken (name, kept, plain) values
  ('Settlement agreement.pdf', null, 'settlement-agreement.pdf'),
  (E'Gr\u00fc\u00dfe aus \u0141\u00f3d\u017a.PDF', null, 'grusse-aus-lodz.pdf'),
  (E'\u00c6\u00d8\u0152\u00de\u1e9e\u0110 \u0131.txt', null, 'aeooethssd-i.txt'),
  (E'Gr\u0075\u0308n.txt', E'Gr\u00fcn.txt', 'grun.txt'),
  (E'\u202ea\u200f.txt\u2069', 'a.txt', 'a.txt'),
  (E' \u00a0a b.txt\u3000 ', 'a b.txt', 'a-b.txt'),
  (E'\ufeffd.txt\u200b', 'd.txt', 'd.txt'),
  -- Joiners are letters' business, and emoji's.
  (E'\u0646\u200c\u0647 \U0001f468\u200d\U0001f469.jpg', null, 'file.jpg'),
  (E'\u5317\u4eac.png', null, 'file.png'),
  ('x.pdf.', null, 'x.pdf'),
  ('x.exe.pdf', null, 'x.exe.pdf'),
  ('archive.tar.gz', null, 'archive.tar.gz'),
  ('.profile', null, 'file.profile'),
  ('README', null, 'readme'),
  ('version 1.2 final', null, 'version-1-2-final'),
  (E'x.bat\u2665', null, 'x-bat'),
  ('x.bat%20', null, 'x-bat-20'),
  (E'x.\U0001d41b\U0001d41a\U0001d42d', null, 'x'),
  ('x.12345678901234567', null, 'x-12345678901234567'),
  ('Scan 12:30.pdf', null, 'scan-12-30.pdf'),
  ('console.txt', null, 'console.txt'),
  ('com10.txt', null, 'com10.txt'),
  ('a"b''c; d=e.txt', null, 'a-b-c-d-e.txt'),
  ('--b--.txt', null, 'b.txt'),
  ('c..txt', null, 'c.txt'),
  ('txt.txt', null, 'txt.txt'),
  (repeat('x', 250) || '.txt', null, repeat('x', 96) || '.txt'),
  (repeat('x', 95) || ' x.txt', null, repeat('x', 95) || '.txt');

select plan((select 2 * count(*) + 1 from refused)::integer + (select 4 * count(*) from taken)::integer + 32);

select is(regexp_replace(tests.refusal('Carla', pg_temp.reserving(name)), '^.* is not taken: | \| A name is one line.*$', '', 'g'), fault, 'a file is not called ' || to_json(name))
from refused order by place;
select is(tests.would('Dora', pg_temp.document(name)), '23514', 'nor a document ' || to_json(name))
from refused order by place;
select is(
  tests.refusal('Carla', pg_temp.reserving(E'a\nb/c')),
  '23514 | original_name "a?b/c" is not taken: it has a line break or another control character in it | A name is one line of 1 to 255 characters without / and \. Pack a program into an archive, if it belongs to the case.',
  'the refusal says which name, and what would be taken');

select is(tests.sees('Carla', pg_temp.reserving(name) || ' returning original_name'), coalesce(kept, name), 'kept: ' || to_json(name))
from taken order by place;
select is(tests.sees('Dora', pg_temp.document(name) || ' returning original_name'), coalesce(kept, name), 'of a document, too')
from taken order by place;
delete from case_files where state = 'pending';
delete from client_documents where state = 'pending';
delete from casebase.spent_paths;
select is(tests.sees('Carla', pg_temp.reserving(name) || ' returning file_name'), tests.filled('{number}-') || floor(extract(epoch from now())) || '-' || plain, 'named by the database: ' || to_json(name))
from taken order by place;
select is(tests.sees('Dora', pg_temp.document(name) || ' returning object_path'), tests.filled('{acme}/policies/') || plain, 'as a document')
from taken order by place;

select is(tests.sees('Carla', $$insert into case_files (case_id, interaction_id, original_name, content_type, file_size)
  values ({case}, {shown}, 'a.txt', 'a/b', 1) returning file_name$$),
  tests.filled('{number}-interaction-{shown}-') || floor(extract(epoch from now())) || '-a.txt', 'a file of an interaction says so');

select is(tests.would('Carla', 'insert into case_files (case_id, content_type, file_size) values ({case}, ''a/b'', 1)'), '23502', 'a file has a name');
select is(tests.would('Carla', $$insert into case_files (case_id, original_name, file_name, content_type, file_size) values ({case}, 'a', null, 'a/b', 1)$$), '23502', 'and its object one');

-- The object's name and the original one end alike.
select is(tests.would('Carla', pg_temp.reserving(original, '{number}-1634567890-' || name)), outcome, original || ' beside ' || name)
from (values
  ('notes.txt', 'notes.txt', '1'), ('notes.txt', 'other.TXT', '1'), ('Notes.TXT.', 'notes.txt', '1'), ('notes', 'notes', '1'),
  ('notes.txt', 'notes.bat', '23514'), ('notes.txt', 'notes', '23514'), ('notes', 'notes.bat', '23514'), ('notes.txt', 'notes.bat-', '23514'),
  ('notes.txt', 'notes.pdf', '23514')) v (original, name, outcome);
select is(tests.would('Dora', format($$insert into client_documents (client_id, category, original_name, file_name, content_type, file_size)
  values ('{acme}', 'policies', 'notes.txt', %L, 'a/b', 1)$$, name)), outcome, 'of a document: ' || name)
from (values ('n.txt', '1'), ('n.bat', '23514'), ('n', '23514')) v (name, outcome);

-- Who comes second gets a number, wherever the first one is: not seen, in the trash, or gone.
create function pg_temp.next_name(original text, name text) returns text language sql
as $$
  select regexp_replace(tests.sees('Carla', pg_temp.reserving(original, '{number}-1634567890-' || name) || ' returning file_name'), '^.*-1634567890-', '')
$$;
select is(pg_temp.next_name('a.txt', 'a.txt'), 'a' || number || '.txt', 'number ' || number)
from unnest(array['', ' (2)', ' (3)', ' (4)', ' (5)', ' (6)', ' (7)']) number;
select is(pg_temp.next_name('a.txt', 'a (5).txt'), 'a (8).txt', 'a number of one''s own, when it is taken');
select is(pg_temp.next_name('a', 'a'), 'a', 'another extension is another name');
select is(pg_temp.next_name('a', 'a'), 'a (2)', 'numbered without one');
delete from case_files where file_name like '%-a (2)';
select is(pg_temp.next_name('a', 'a'), 'a (3)', 'a place that was used is used');
select is(tests.sees('Alan', pg_temp.reserving('a', '{number}-1634567890-a') || ' returning bucket_id || file_name'), 'admin-bucket' || tests.filled('{number}-1634567890-a'), 'in the other bucket it is free');
select is(regexp_replace(tests.sees('Sam', pg_temp.reserving('a', '{number}-1634567890-a') || ' returning file_name'), '^.*-1634567890-', ''), 'a (4)', 'numbered past what one doesn''t see');
-- A name that is as long as can be is cut for its number.
insert into tests.names select 'long', tests.id('number') || '-1634567890-' || repeat('x', 196 - length(tests.id('number') || '-1634567890-'));
select is(tests.sees('Carla', pg_temp.reserving('a.txt', '{long}.txt') || ' returning file_name'), tests.id('long') || '.txt', 'the longest name');
select is(tests.sees('Carla', pg_temp.reserving('a.txt', '{long}.txt') || ' returning file_name'), left(tests.id('long'), 192) || ' (2).txt', 'and its second');
select is(tests.sees('Dora', pg_temp.document('twice.txt') || ' returning file_name'), 'twice' || number || '.txt', 'a document''s number' || number)
from unnest(array['', ' (2)']) number;

select * from finish();
rollback;
