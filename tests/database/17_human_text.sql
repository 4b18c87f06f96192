-- What people write for people to read is under one rule, in every column and for everybody. The functions themselves
-- are tried character by character in crates/casebase/tests/database/human_text.rs.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
insert into tests.names select 'some note', min(id)::text from internal_notes;

-- Every column, and who writes it. {x} is the text.
create temporary table columns (place serial, name text, kind text, person text, statement text);
insert into columns (name, kind, person, statement) values
  ('clients.name', 'line', 'Ada', 'update clients set name = {x} where id = ''{acme}'''),
  ('client_members.display_name', 'line', 'Ada', 'update client_members set display_name = {x} where user_id = ''{Otto}'''),
  ('departments.name', 'line', 'Ada', 'insert into departments (name) values ({x})'),
  ('specialties.name', 'line', 'Ada', 'insert into specialties (name) values ({x})'),
  ('staff_members.display_name', 'line', 'Ada', 'update staff_members set display_name = {x} where user_id = ''{Alan}'''),
  ('party_types.label', 'line', 'Ada', 'update party_types set label = {x} where code = ''CONTRACTOR'''),
  ('document_categories.label', 'line', 'Ada', 'update document_categories set label = {x} where code = ''policies'''),
  ('cases.title', 'line', 'Carla', 'insert into cases (client_id, title) values (''{acme}'', {x})'),
  ('interactions.party1_name', 'line', 'Alan', 'update interactions set party1_name = {x} where id = {staff words}'),
  ('interactions.party2_name', 'line', 'Alan', 'update interactions set party2_name = {x} where id = {staff words}'),
  ('case_internal.tags', 'line', 'Alan', 'update case_internal set tags = array[''ok'', {x}] where case_id = {case}'),
  ('invitations.display_name', 'line', 'Ada', 'select invite(''a@example.com'', null, {x})'),
  ('case_stages.stage', 'line', 'Ada', 'insert into case_stages (stage, status) values ({x}, ''open'')'),
  ('cases.escalation_reason', 'text', 'Carla', 'select escalate_case({case}, {x})'),
  ('cases.description', 'text', 'Carla', 'insert into cases (client_id, title, description) values (''{acme}'', ''t'', {x})'),
  ('interactions.content', 'text', 'Alan', 'update interactions set content = {x} where id = {staff words}'),
  ('internal_notes.content', 'text', 'Alan', 'insert into internal_notes (case_id, content) values ({case}, {x})'),
  ('casebase.webhook_endpoints.description', 'text', 'Ada',
     'insert into casebase.webhook_endpoints (url, description) values (''https://a'', {x})');

-- Words of Alan's own, which he may change.
select tests.become('Alan');
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
values (tests.id('case')::bigint, 'A', 'ARGAN', 'B', 'CLIENT', 'c');
select tests.become_nobody();
insert into tests.names select 'staff words', max(id)::text from interactions;

-- What is told of a text, by kind of column: SQLSTATE, or 1.
create temporary table texts (place serial, text text, line text, many text, what text);
insert into texts (text, line, many, what) values
  (E'Gr\u00F6\u00DFe \u65E5\u672C', '1', '1', 'words'),
  (E'\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645', '1', '1', 'Persian, with a joiner it needs'),
  (E'\u05E9\u05DC\u05D5\u05DD!\u200F', '1', '1', 'Hebrew, whose mark ends it'),
  (E'\U0001F469\u200D\U0001F9B0 \u2764\uFE0F', '1', '1', 'emoji'),
  (E'a\u00A0b', '1', '1', 'a no-break space between words'),
  (E'a\nb', '23514', '1', 'two lines'),
  (E'a\r\nb\tc', '23514', '1', 'two lines as forms send them, and a tab'),
  (E'a\u2028b', '23514', '1', 'a line separator'),
  (' a', '23514', '1', 'a space before it'),
  (E'a\u3000', '23514', '1', 'an ideographic space after it'),
  (E'\u00A0\u00A0', '23514', '23514', 'no-break spaces alone'),
  (E' \n', '23514', '23514', 'white space alone'),
  (E'\u200B\u2060\uFEFF', '23514', '23514', 'nothing that can be seen'),
  (E'\u3164', '23514', '23514', 'a Hangul filler'),
  (E'\u2800', '23514', '23514', 'Braille without dots'),
  (E'a\u0007b', '23514', '23514', 'a bell'),
  (E'a\u001B[31m', '23514', '23514', 'an escape sequence'),
  (E'a\rb', '23514', '23514', 'a return that overwrites the line'),
  (E'a\u0085b', '23514', '23514', 'a C1 control'),
  (E'a\u202Efdp.exe', '23514', '23514', 'a right-to-left override'),
  (E'a\u2066b', '23514', '23514', 'an isolate without an end'),
  (E'a\uFDD0b', '23514', '23514', 'a noncharacter'),
  (E'a\U0010FFFFb', '23514', '23514', 'the last noncharacter');

select plan((select count(*) from columns)::integer * (select count(*) from texts)::integer + 11);

select is(
  tests.would(c.person, replace(c.statement, '{x}', quote_literal(t.text))),
  case c.kind when 'line' then t.line else t.many end,
  format('%s, by %s: %s', c.name, c.person, t.what))
from columns c cross join texts t
order by c.place, t.place;

-- Whoever writes it, and by whichever way.
select is(tests.would('service', replace(statement, '{x}', 'E''a\u202E''')), '23514', 'a service key is refused, too')
from columns where name = 'cases.title';
select is(tests.would('owner', 'update cases set title = E''\u00A0'' where id = {case}'), '23514', 'and the owner');
select is(tests.would('Alan', 'select hand_over_case({case}, ''{south}'', null, E''a\u0007'')'), '23514', 'a note with a case that is handed over');
select tests.become('Alan');
select is((select u.result || ' ' || (u.error ->> 'code') from update_cases(array[tests.id('case')::bigint], '{"title": "\u00a0"}') u), 'refused 23514',
  'many cases at once');
select tests.become_nobody();
select is(tests.would('Ada', 'select create_webhook_endpoint(''https://a'', E''a\u202E'')'), '23514', 'an endpoint''s description');
select is(tests.would('Carla', 'insert into cases (client_id, title, description) values (''{acme}'', ''t'', '''')'), '1',
  'a case needs no description');
select is(tests.would('Ada', 'insert into casebase.webhook_endpoints (url, description) values (''https://a'', '''')'), '1',
  'nor an endpoint');
select is(tests.would('Alan', 'update case_internal set tags = ''{}'' where case_id = {case}'), '1', 'and a case no tags');

-- The same in every database: a collation that calls other things letters or equal changes nothing.
create collation pg_temp.all_the_same (provider = icu, locale = 'und', deterministic = false);
create function pg_temp.judged_otherwise() returns setof text language plpgsql
as $$
declare
  named record;
  same  boolean;
begin
  for named in
    select n.nspname, c.collname
    from pg_collation c join pg_namespace n on n.oid = c.collnamespace
    where c.collencoding in (-1, pg_char_to_encoding('UTF8')) and c.collname <> 'default'
  loop
    execute format('select bool_and(
        casebase.is_line(t.text collate %1$I.%2$I) = (t.line = ''1'') and casebase.is_text(t.text collate %1$I.%2$I) = (t.many = ''1''))
      from texts t', named.nspname, named.collname) into same;
    if not same then
      return next named.collname;
    end if;
  end loop;
end
$$;
select is_empty('select pg_temp.judged_otherwise()', 'no collation changes what is refused');

-- No column is forgotten: what people or the service's role can write is under the rule, or here with its reason.
create temporary table other_rules (name text, reason text);
insert into other_rules values
  ('public.cases.status', 'a set of words'),
  ('public.cases.stage', 'one of case_stages'),
  ('public.case_stages.status', 'a set of words'),
  ('public.cases.priority', 'a set of words'),
  ('public.invitations.email', 'an e-mail address, by its pattern'),
  ('public.invitations.scope', 'a set of words'),
  ('public.cases.stage', 'a code: references case_stages'),
  ('public.case_stages.status', 'a set of words'),
  ('public.cases.action_required_of', 'a code: references party_types'),
  ('public.cases.metadata', 'data for programs, bounded and readable'),
  ('public.case_internal.metadata', 'data for programs, bounded and readable'),
  ('public.clients.kind', 'a set of words'),
  ('public.staff_members.scope', 'a set of words'),
  ('public.party_types.code', 'a code, by its pattern'),
  ('public.interactions.party1_type', 'a code: references party_types'),
  ('public.interactions.party2_type', 'a code: references party_types'),
  ('public.case_files.file_name', 'a name in Storage, by is_object_name'),
  ('public.case_files.original_name', 'a file''s name as its uploader''s system has it'),
  ('public.case_files.content_type', 'a media type, by its pattern'),
  ('public.case_files.state', 'a set of words'),
  ('public.document_categories.code', 'a path segment, by its pattern'),
  ('public.client_documents.category', 'a code: references document_categories'),
  ('public.client_documents.file_name', 'a name in Storage, by is_object_name'),
  ('public.client_documents.original_name', 'a file''s name as its uploader''s system has it'),
  ('public.client_documents.content_type', 'a media type, by its pattern'),
  ('public.client_documents.state', 'a set of words'),
  ('casebase.webhook_endpoints.url', 'a URL, by its pattern'),
  ('casebase.webhook_endpoints.event_types', 'codes: event_types'),
  ('casebase.webhook_endpoints.disabled_reason', 'the worker''s words; an admin only clears them'),
  ('casebase.webhook_endpoints.signature', 'a set of words'),
  ('casebase.webhook_endpoints.priorities', 'a set of words'),
  ('casebase.webhook_endpoints.statuses', 'a set of words'),
  ('casebase.webhook_endpoints.headers', 'names and values of HTTP, by are_webhook_headers'),
  ('casebase.webhook_deliveries.state', 'a set of words'),
  ('casebase.webhook_payloads.type', 'a code: event_types'),
  ('casebase.webhook_payloads.body', 'JSON that the database makes'),
  ('casebase.webhook_secrets.secret', 'a key, by its pattern');
create temporary view written as
  select format('%s.%s.%s', n.nspname, c.relname, a.attname) as name, c.oid, a.attnum, a.attname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  join pg_type t on t.oid = a.atttypid
  left join pg_type of on of.oid = t.typelem and t.typcategory = 'A'
  where n.nspname in ('public', 'casebase')
    and c.relkind in ('r', 'p')
    and (coalesce(of.typcategory, t.typcategory) = 'S' or coalesce(of.typname, t.typname) in ('json', 'jsonb', 'xml'))
    and exists (select from unnest(array['authenticated', 'anon', 'casebase_worker']) who
                where has_column_privilege(who, c.oid, a.attnum, 'insert, update'));
select is_empty($$
  select w.name from written w
  where not exists (select from pg_constraint k
                    where k.conrelid = w.oid and k.contype = 'c' and k.convalidated
                      and pg_get_constraintdef(k.oid) ~ ('casebase\.(is_line|is_text|are_lines)\(' || w.attname || '\)'))
    and not exists (select from other_rules r where r.name = w.name)$$,
  'every text that somebody can write is under the rule, or has a reason');
select is_empty('select r.name from other_rules r where not exists (select from written w where w.name = r.name)',
  'and no reason is for a column that there is not');

select * from finish();
rollback;
