-- rpc/search_cases and the filter search of rpc/list_cases: what is found, by whom, and what is told of it.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
select plan(312);

create function pg_temp.hits(who text, search text) returns text language sql as $$
  select coalesce(tests.sees(who, format('select string_agg(title.name, '', '' order by h.nth)
    from rows from (unnest((search_cases(%L)).hits)) with ordinality as h (found_case, title, source, source_id, excerpt, rank, nth),
         lateral (select (h.found_case).title || case h.source when ''case'' then '''' else '' by '' || h.source end) title (name)', search)), 'none')
$$;
create function pg_temp.listed(who text, search text) returns text language sql as $$
  select coalesce(tests.sees(who, format('select string_agg(c.title, '', '' order by c.title) || '' of '' || p.total from list_cases(search => %L) p, unnest(p.cases) c group by p.total', search)), 'none')
$$;
-- The parts as they are read, with the words that were looked for between brackets.
create function pg_temp.read(parts text) returns text language sql as $$
  select string_agg(case when nth % 2 = 0 then '[' || part || ']' else part end, '' order by nth) from unnest(parts::text[]) with ordinality p (part, nth)
$$;
create function pg_temp.told(who text, search text) returns text language sql as $$
  select concat_ws(' | ', pg_temp.read(tests.sees(who, format('select hits[1].title from search_cases(%L)', search))),
                          pg_temp.read(tests.sees(who, format('select hits[1].excerpt from search_cases(%L)', search))))
$$;

-- Who may read what: each word is in one kind of text of each of the three cases.
update public.cases set description = 'Something about gravel' where id in (tests.id('case')::bigint, tests.id('resolved case')::bigint, tests.id('other case')::bigint);
create temporary table sight (who text, client text, staff text);
insert into sight values
  ('Ada', 'case, other case, resolved case of 3', 'case, other case, resolved case of 3'), ('Alan', 'case, other case, resolved case of 3', 'case, other case, resolved case of 3'),
  ('Dora', 'case, resolved case of 2', 'case, resolved case of 2'), ('Asta', 'case of 1', 'case of 1'),
  ('Sam', 'case, other case, resolved case of 3', 'other case of 1'), ('Carla', 'case, resolved case of 2', 'none'), ('Otto', 'other case of 1', 'none'),
  ('Ivan', 'none', 'none'), ('Faye', 'none', 'none'), ('Nemo', 'none', 'none');
create temporary table texts (word text, source text, is_internal boolean);
insert into texts values ('gravel', 'case', false), ('hello', 'interaction', false), ('open', 'file', false), ('between', 'interaction', true), ('careful', 'note', true), ('internal', 'file', true);
select is(pg_temp.listed(who, word), case when is_internal then staff else client end, format('%s lists those with %s in a text that %s', who, word, case when is_internal then 'no client sees' else 'clients see' end))
from sight, texts;
select is(coalesce(tests.sees(who, format('select string_agg((h.found_case).title || '' '' || h.source, '', '' order by (h.found_case).title) from unnest((search_cases(%L)).hits) h', word)), 'none'),
  coalesce(regexp_replace(regexp_replace(case when is_internal then staff else client end, ' of .*', ''), '(case)(,|$)', '\1 ' || source || '\2', 'g'), 'none'), format('%s finds %s', who, word))
from (select who, nullif(client, 'none') as client, nullif(staff, 'none') as staff from sight) sight, texts;
select is(tests.sees(who, $$select row_to_json(p) from search_cases('careful') p$$), '{"hits":[],"next_cursor":null,"is_complete":true}', who || ' is told of a note as of what there isn''t')
from unnest(array['Carla', 'Otto', 'Nemo']) who;
select is(tests.would(who, call), '42501', format('%s may not call %s', who, call))
from unnest(array['anon', 'service', 'worker']) who, unnest(array[$$select search_cases('hello')$$, $$select casebase.search_cases('hello', 1, null)$$]) call;
select is(tests.would(who, 'select from casebase.search_entries'), '42501', who || ' reads no words') from unnest(array['Ada', 'Carla', 'anon', 'service', 'worker']) who;
-- Rank and place come of what is theirs: more of the same word where Carla doesn't read it changes nothing for her.
create function pg_temp.answer(who text) returns text language sql as $$ select tests.sees(who, $q$select string_agg(row(h.source_id, h.rank, h.excerpt)::text, ' ') from unnest((search_cases('hello')).hits) h$q$) $$;
create temporary table before as select pg_temp.answer('Carla') as answer;
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values (tests.id('case')::bigint, 'A', 'ARGAN', 'B', 'CONTRACTOR', 'Hello hello hello');
insert into internal_notes (case_id, content) values (tests.id('resolved case')::bigint, 'Hello hello hello, hello.');
insert into cases (client_id, title) values (tests.id('other')::uuid, 'Hello hello');
select is(pg_temp.answer('Carla'), answer, 'what Carla doesn''t read leaves her answer as it was') from before;
select isnt(pg_temp.answer('Ada'), answer, 'and Ada''s not') from before;
select is(pg_temp.hits('Ada', 'hello'), 'Hello hello, resolved case by note, case by interaction, other case by interaction', 'a title goes before what was said, and who says a word often before who says it once');
delete from cases where title = 'Hello hello';

-- A duplicate is no list's, and as a hit says where it goes on. Who sees the one and not the other finds what is theirs.
insert into cases (client_id, department_id, title, status) values (tests.id('acme')::uuid, tests.id('south')::uuid, 'duplicate with marzipan', 'open');
insert into tests.names select 'duplicate', id from cases where title = 'duplicate with marzipan';
select is(tests.does('Ada', 'select merge_cases({duplicate}, {case})'), '1', 'Ada merges them');
select is(pg_temp.listed('Ada', 'marzipan'), 'none', 'a duplicate is in no list');
select is(tests.sees(who, 'select (hits[1].found_case).merged_into from search_cases(''marzipan'')'), leads, who || ' finds the duplicate: ' || coalesce(leads, 'not'))
from (values ('Ada', tests.id('case')), ('Carla', tests.id('case')), ('Sam', tests.id('case')), ('Dora', null), ('Asta', null), ('Otto', null)) v (who, leads);

-- What is looked for is taken as it is.
update cases set title = 'Århus, "Randers" (Hobro) \ 100%_*', description = 'Rechnung der Straßenbahn, für Øster Ærø. Привет, Łódź! Ολυμπιακός 請求書です' where id = tests.id('resolved case')::bigint;
select is(pg_temp.hits('Carla', search) || '; ' || pg_temp.listed('Carla', search), found || '; ' || case found when 'none' then 'none' else found || ' of 1' end, format('%s: %s', left(search, 60), found))
from (select search, case when finds then 'Århus, "Randers" (Hobro) \ 100%_*' else 'none' end as found from (values
  ('Århus, "Randers" (Hobro) \ 100%_*', true), ('%zz%,title.ilike.%a%', false), ('århus', true), ('ARHUS', true), (U&'A\030Arhus', true), ('aarhus', true), ('arhus & !randers', true), ('arhus | zz', false), ('''arhus'':*', true),
  ('"hobro arhus"', true), ('\\', false), ('%', false), ('_', false), ('*', false), ('''', false), ('', false), (' ', false), ('😀', false), ('arhus 😀', true), ('<->', false), ('a & | ! <2> b', false), ($$'; drop table cases; --$$, false), ('$zz', false), ('{}', false), ('\x00', false),
  -- Beginnings of words, from the third letter on; not their ends, and in a title only with one letter mistaken.
  ('ran', true), ('ra', false), ('anders', true), ('nders', false), ('Randrs', true), ('Radners', true), ('Rqnders', true), ('Randerss', true), ('Rndrs', false), ('Hbro', true), ('Hoobro', true), ('Hib', false), ('10', false), ('101', false), ('Rechnng', false),
  -- Of any language, without its accents.
  ('rechnung', true), ('STRASSENBAHN', true), ('strassen', true), ('Straße', true), ('fur', true), ('oster', true), ('aero', true), ('Ærø', true), ('привет', true), ('ПРИВЕТ', true), ('lodz', true), ('ΟΛΥΜΠΙΑΚΟΣ', true), ('請求', true), ('求書', true), ('請客', false)) v (search, finds)) asked;
select is(tests.sees('Carla', format('select cardinality(hits) || '' '' || cardinality(cases) from search_cases(%1$L), list_cases(search => %1$L)', search)), '0 0', 'the longest text is looked for: ' || left(search, 20))
from (values (repeat('zz ', 166) || 'zz'), (repeat('x', 500)), (repeat('%', 500)), (repeat('😀', 500)), (repeat('ﷺ', 500)), (repeat('\''"', 166)), (repeat('abcde', 5) || repeat(' bcdef', 79))) v (search);
select is(tests.refusal('Carla', format(call, search)), '22023 | search is a text of at most 500 characters, not ' || said, call)
from (values (repeat('x', 501), '501'), (repeat('x', 10000), '10000')) v (search, said), unnest(array['select search_cases(%L)', 'select list_cases(search => %L)']) call;
select is(tests.refusal('Carla', 'select search_cases(null)'), '22023 | search is a text of at most 500 characters, not null', 'no text');
select is(tests.sees('Carla', 'select total from list_cases(search => null)'), '2', 'no filter');

-- A number finds its case first, however it is written, and those that begin with it from its third digit on.
insert into cases (id, client_id, title) overriding system value
select n, tests.id('acme')::uuid, 'Numbered' || case n when 6012345 then ' 5009901' else '' end from unnest(array[5009901, 6012345, 500990123]) n;
select is(tests.sees('Carla', format('select string_agg((h).found_case.case_id, '' '') from unnest((search_cases(%L)).hits) h where (h).found_case.title ~ ''Numbered''', search)), found, format('%s: %s', search, found))
from (values ('5009901', 'CASE-5009901 CASE-6012345 CASE-500990123'), ('case 5009901', 'CASE-5009901 CASE-500990123'), ('CASE-5009901', 'CASE-5009901 CASE-500990123'), ('csae#5009901', 'CASE-5009901 CASE-500990123'), ('Case-0005009901', 'CASE-5009901'), ('  5009901  ', 'CASE-5009901 CASE-6012345 CASE-500990123'), ('5', null), ('50', null),
             ('50099', 'CASE-6012345 CASE-500990123 CASE-5009901'), ('500990123', 'CASE-500990123'), ('invoice 500990123', null), ('case 50099012', 'CASE-500990123'), ('99999999999999999999999', null), ('case 0', null)) v (search, found);
select is(tests.sees('Carla', 'select (hits[1].rank >= 2) || '' '' || (hits[2].rank < 2) from search_cases(''5009901'')'), 'true true', 'the case of the number ranks from 2 on');
select is(tests.sees('Otto', 'select search_cases(''CASE-5009901'')'), '({},,t)', 'whose case it isn''t finds none by its number');
select is(tests.sees('Dora', format('select (hits[1].found_case).title from search_cases(%L)', asked)), 'case', format('%s is found by %s', tests.id('number'), asked))
from unnest(array['case ' || tests.id('case'), tests.id('case'), tests.id('number'), lower(tests.id('number'))]) asked;

-- Pages: each hit once, the best first, to the end.
insert into cases (client_id, title, description) select tests.id('acme')::uuid, 'Pages of ' || repeat('walnut ', n % 4) || 'wood', repeat('walnut ', n % 3) || 'or oak' from generate_series(1, 23) n;
create function pg_temp.paged(who text, search text, page_size integer) returns text language sql as $$
  select tests.sees(who, format($q$
    with recursive pages (page, n) as (
      select search_cases(%1$L, %2$s), 1
      union all
      select search_cases(%1$L, %2$s, (pages.page).next_cursor), n + 1 from pages where (pages.page).next_cursor is not null and n < 30
    )
    select max(n) || ': ' || string_agg((h.found_case).id::text, ' ' order by n, nth)
    from pages, rows from (unnest((page).hits)) with ordinality as h (found_case, title, source, source_id, excerpt, rank, nth)$q$, search, page_size))
$$;
select is(substring(pg_temp.paged('Carla', 'walnut', size) from ': .*'), substring(pg_temp.paged('Carla', 'walnut', 1000) from ': .*'), format('by pages of %s', size)) from unnest(array[1, 5, 7, 20, 21]) size;
select is(tests.sees('Carla', 'select (count(*) = count(distinct (h.found_case).id)) || '' '' || count(*) || '' '' || bool_and(h.rank <= before or before is null)
  from (select h.*, lag(h.rank) over () as before from unnest((search_cases(''walnut'')).hits) h) h'), 'true 22 true', 'each once, the best first');
select is(tests.sees('Carla', 'select (next_cursor is null) || '' '' || is_complete from search_cases(''walnut'', 22)'), 'true true', 'the last page has no next one');
select is(tests.sees('Carla', 'select next_cursor is null from search_cases(''walnut'', 21)'), 'false', 'a page before it has');
select matches(tests.refusal('Carla', format('select search_cases(''walnut'', %s)', arguments)), '^22023 \| ' || said, arguments)
from (values ('0', 'page_size is from 1 to 1000, not 0'), ('25, ''nonsense''', 'cursor is none that this list gave'),
             ('25, (select next_cursor from list_cases(page_size => 1))', 'cursor is none that this list gave')) v (arguments, said);

-- Of many texts, the newest thousand are ranked; how many others are there, is not told.
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
select tests.id('case')::bigint, 'A', 'ARGAN', 'B', 'CLIENT', 'Grindstone ' || case n when 1 then 'grindstone' else n::text end, n > 1 from generate_series(1, 1001) n;
select is(tests.sees(who, 'select concat_ws('' '', is_complete, cardinality(hits), hits[1].excerpt[2]) from search_cases(''grindstone'')'), said, who || ': ' || said)
from (values ('Carla', 't 1 Grindstone'), ('Ada', 'f 1 Grindstone')) v (who, said);
select is(tests.sees('Ada', 'select count(*) from unnest((select hits[1].excerpt from search_cases(''grindstone''))) part where part ~ ''grindstone'''), '0', 'the best of all is older');
select is(pg_temp.listed('Ada', 'grindstone'), 'case of 1', 'a list looks at all of them');

-- What is found is what is there now.
insert into tests.names select 'talk', id from interactions where content = 'Grindstone 2';
select is(tests.does(who, statement) || ': ' || pg_temp.hits('Ada', word) || '; ' || pg_temp.hits('Carla', word), said, statement)
from (values
  (1, 'Ada', 'update cases set title = ''Chamomile'', description = ''with thistle'' where id = {other case}', 'chamomile', '1: Chamomile; none'),
  (2, 'Ada', 'update cases set description = ''with nettle'' where id = {other case}', 'thistle', '1: none; none'),
  (3, 'Ada', 'update cases set title = ''Nettle'' where id = {other case}', 'chamomile', '1: none; none'),
  (4, 'Ada', 'select 1', 'nettle', '1: Nettle; none'),
  (5, 'Ada', 'update interactions set content = ''Quicksand'' where id = {talk}', 'quicksand', '1: case by interaction; case by interaction'),
  (6, 'Ada', 'update interactions set visible_to_client = false where id = {talk}', 'quicksand', '1: case by interaction; none'),
  (7, 'Ada', 'update interactions set visible_to_client = true where id = {talk}', 'quicksand', '1: case by interaction; case by interaction'),
  (8, 'Ada', 'delete from interactions where id = {talk}', 'quicksand', '1: none; none'),
  (9, 'Ada', 'update internal_notes set content = ''Basalt'' where case_id = {case}', 'basalt', '1: case by note; none'),
  (10, 'Ada', 'delete from internal_notes where case_id = {case}', 'basalt', '1: none; none'),
  (11, 'Ada', 'update case_files set state = ''deleting'' where case_id = {case}', 'pdf', '2: Nettle by file, Århus, "Randers" (Hobro) \ 100%_* by file; Århus, "Randers" (Hobro) \ 100%_* by file'),
  (12, 'Carla', 'insert into case_files (case_id, original_name, content_type, file_size, visible_to_client) values ({case}, ''Obsidian.pdf'', ''application/pdf'', 1, true)', 'obsidian', '1: none; none')
) v (place, who, statement, word, said)
order by place;
select is(tests.does('Carla', $$insert into cases (client_id, title) values ('{acme}', 'Cobalt')$$) || ': ' || pg_temp.hits('Carla', 'cobalt'), '1: Cobalt', 'a new case is found');
insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where original_name = 'Obsidian.pdf';
update case_files set state = 'uploaded' where original_name = 'Obsidian.pdf';
select is(pg_temp.hits('Carla', 'obsidian'), 'none', 'a file that nobody has checked is not found');
update case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1' where original_name = 'Obsidian.pdf';
select is(pg_temp.hits('Carla', 'obsidian'), 'case by file', 'one that is available is');
insert into case_files (case_id, original_name, content_type, file_size, visible_to_client, state, sha256, object_version) values (tests.id('case')::bigint, 'Feldspar.pdf', 'application/pdf', 1, false, 'available', repeat('a', 64), 'v1');
select is(pg_temp.hits('Ada', 'feldspar') || '; ' || pg_temp.hits('Carla', 'feldspar'), 'case by file; none', 'one that the owner brings is found, by who sees it');
-- What is shown to its client, or hidden from them, moves to the other bucket.
update case_files set visible_to_client = false, bucket_id = 'admin-bucket', object_version = 'v1' where original_name = 'Obsidian.pdf';
select is(pg_temp.hits('Ada', 'obsidian') || '; ' || pg_temp.hits('Carla', 'obsidian'), 'case by file; none', 'one that is hidden is no more');
update case_files set visible_to_client = true, bucket_id = 'client-bucket' where original_name = 'Obsidian.pdf';
select is(pg_temp.hits('Carla', 'obsidian'), 'case by file', 'until it is shown again');
delete from case_files where original_name = 'Feldspar.pdf';
select is(pg_temp.hits('Ada', 'feldspar'), 'none', 'and one whose row is gone isn''t found');
select is((select count(*) from casebase.search_entries where source = 'file' and words @@ 'feldspar'), 0::bigint, 'nor is its name kept');
insert into tests.names select 'gone', id from cases where title = 'Cobalt';
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values (tests.id('gone')::bigint, 'A', 'ARGAN', 'B', 'CLIENT', 'Cobalt');
select is(tests.does('Ada', 'delete from cases where id = {gone}'), '1', 'a case goes');
select is((select count(*) from casebase.search_entries where case_id = tests.id('gone')::bigint), 0::bigint, 'and its words with it');

-- Each text for itself, also where keys are alike.
insert into cases (id, client_id, title) overriding system value values (6007001, tests.id('acme')::uuid, 'Topaz');
insert into interactions (id, case_id, party1_name, party1_type, party2_name, party2_type, content) overriding system value
select id, 6007001, 'A', 'ARGAN', 'B', 'CLIENT', content from (values (6007001, 'Agate'), (6007002, 'Beryl')) v (id, content);
insert into internal_notes (id, case_id, content) overriding system value values (6007001, 6007001, 'Citrine'), (6007002, 6007001, 'Dolomite');
insert into case_files (id, case_id, original_name, content_type, file_size, state, sha256, object_version) overriding system value
select id, 6007001, name, 'application/pdf', 1, 'available', repeat('a', 64), 'v1' from (values (6007001, 'Epidote.pdf'), (6007002, 'Fluorite.pdf')) v (id, name);
create function pg_temp.minerals() returns text language sql as $$
  select string_agg(word, ' ' order by word) from unnest(string_to_array('topaz agate beryl citrine dolomite epidote fluorite zircon', ' ')) word where pg_temp.hits('Ada', word) <> 'none'
$$;
select is(tests.does('owner', statement) || ': ' || pg_temp.minerals(), '1: ' || left_over, 'with keys alike: ' || statement)
from (values
  (1, 'update cases set title = ''Zircon'' where id = 6007001', 'agate beryl citrine dolomite epidote fluorite zircon'),
  (2, 'update interactions set content = ''Zircon'' where id = 6007001', 'beryl citrine dolomite epidote fluorite zircon'),
  (3, 'update internal_notes set content = ''Zircon'' where id = 6007001', 'beryl dolomite epidote fluorite zircon'),
  (4, 'update case_files set visible_to_client = true, bucket_id = ''client-bucket'' where id = 6007001', 'beryl dolomite epidote fluorite zircon'),
  (5, 'update cases set title = ''Topaz'' where id = 6007001', 'beryl dolomite epidote fluorite topaz zircon'),
  (6, 'delete from case_files where id = 6007001', 'beryl dolomite fluorite topaz zircon'),
  (7, 'delete from interactions where id = 6007001', 'beryl dolomite fluorite topaz zircon'),
  (8, 'delete from internal_notes where id = 6007001', 'beryl dolomite fluorite topaz'),
  (9, 'delete from interactions where id = 6007002', 'dolomite fluorite topaz'),
  (10, 'delete from case_files where id = 6007002', 'dolomite topaz'),
  (11, 'delete from internal_notes where id = 6007002', 'topaz')
) v (nth, statement, left_over)
order by nth;
select is(tests.does('owner', 'delete from cases where id = 6007001') || ': ' || coalesce(pg_temp.minerals(), 'none'), '1: none', 'the case last');

-- Excerpts.
update cases set title = 'Slate', description = '' where id = tests.id('other case')::bigint;
create function pg_temp.of_text(content text, search text) returns text language plpgsql as $$
begin
  update cases set description = content where id = tests.id('other case')::bigint;
  return pg_temp.told('Otto', search);
end
$$;
select is(pg_temp.of_text(content, search), said, 'of a text: ' || left(replace(said, E'\n', ' '), 90)) from (values
  ('nothing else', 'slate', '[Slate]'), ('', 'slate', '[Slate]'),
  ('of slate and of slates', 'slate', '[Slate] | of [slate] and of [slates]'),
  ('of slat and isolates', 'slates', '[Slate]'),
  ('Flint, flint; FLINT', 'flint', 'Slate | [Flint], [flint]; [FLINT]'),
  ('ax axe', 'ax', 'Slate | [ax] axe'), ('die Äxte', 'axt', 'Slate | die [Äxte]'), ('two of them: flint, quartz', 'quartz two', 'Slate | [two] of them: flint, [quartz]'),
  ('<b onclick="alert(1)">flint</b> <mark>&amp;</mark> [flint] {flint,"} \', 'flint', 'Slate | <b onclick="alert(1)">[flint]</b> <mark>&amp;</mark> [[flint]] {[flint],"} \'),
  (E'line one\n\nflint\tend', 'flint', E'Slate | line one\n\n[flint]\tend'),
  (E'cafe\u0301 au lait', 'café', 'Slate | [café] au lait'),
  ('flint ' || repeat('x', 500), 'flint', 'Slate | [flint] …'),
  ('請求書です', '求書', 'Slate | 請[求][書]です'), ('die Straße, Strasse', 'strasse', 'Slate | die [Straße], [Strasse]'), ('Ærø Aero', 'aero', 'Slate | [Ærø] [Aero]'),
  (repeat('and so on ', 12) || 'flint', 'flint', 'Slate | ' || repeat('and so on ', 12) || '[flint]'),
  (repeat('and so on ', 10) || 'flint' || repeat(' and so on', 30), 'flint', 'Slate | … so on and so on and so on and so on [flint]' || repeat(' and so on', 15) || ' and …'),
  -- What can't be cut letter for letter is shown whole.
  (E'flint of 漢\u3099', 'flint', 'Slate'), (E'soft\u00adflint flint\u200bs', 'flint', E'Slate | soft\u00ad[flint] [flint]\u200bs')
) v (content, search, said);
update cases set title = 'Slate, Salte: slates', description = 'Flint flint' where id = tests.id('other case')::bigint;
select is(tests.sees('Otto', format('select concat_ws('' '', hits[1].title, hits[1].excerpt) from search_cases(%L)', search)), said, search || ' in parts: ' || said)
from (values ('slate', '{"",Slate,", Salte: ",slates,""}'), ('salte', '{"Slate, ",Salte,": slates"}'), ('slaet', '{"",Slate,", Salte: ",slates,""}'), ('flint', '{"Slate, Salte: slates"} {"",Flint," ",flint,""}')) v (search, said);
update cases set title = 'Hub T1000 abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwx' where id = tests.id('other case')::bigint;
select is(pg_temp.hits('Otto', search) <> 'none', finds, search || case when finds then ' is near' else ' is another word' end)
from (values ('hib', false), ('T1001', false), ('T100', true), ('abcdefghijklmnopqrstuvwxyy', false), ('abcdefghijklmnopqrstuvww', true)) v (search, finds);
update cases set title = 'Slate' where id = tests.id('other case')::bigint;
select ok(length(parts) between 100 and 230 and parts ~ '^Slate \| … .*\[flint\] and so on .* …$', 'the middle of a long text: ' || parts)
from (select pg_temp.of_text(repeat('and so on ', 60) || 'flint ' || repeat('and so on ', 60), 'flint')) v (parts);
select ok(parts ~ '\[flint\] and \[quartz\]$', 'where most of the words are: ' || parts)
from (select pg_temp.of_text('flint ' || repeat('and so on ', 60) || 'flint and quartz', 'flint quartz')) v (parts);

select * from finish();
rollback;
