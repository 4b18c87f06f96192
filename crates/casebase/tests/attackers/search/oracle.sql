-- What somebody does, and what they find beside what the policies let them read: for a session that becomes whoever asks, as
-- PostgREST does.

-- How often each kind of search found what, so that a walk can tell that it compared something.
create temporary table finds (who text, kind text, source text, hits bigint);

-- What comes of a statement of theirs: how many rows, or the SQLSTATE that refused it. No role: the session's own.
create function pg_temp.does(role text, claims jsonb, statement text) returns text language plpgsql as $$
declare
  rows bigint;
begin
  perform set_config('request.jwt.claims', claims::text, true), set_config('role', role, true);
  execute statement;
  get diagnostics rows = row_count;
  set constraints all immediate;
  perform set_config('role', 'none', true), set_config('request.jwt.claims', null, true);
  return rows;
exception when others then
  return sqlstate;
end
$$;

-- A text as it is searched, where it has no accents and few signs.
create function pg_temp.words(value text) returns tsvector language sql immutable as $$
  select to_tsvector('simple', translate(lower(value), '-./:@_~&<>+', '           '))
$$;

create function pg_temp.joined(parts jsonb) returns text language sql immutable as $$
  select string_agg(part, '' order by nth)
  from jsonb_array_elements_text(case jsonb_typeof(parts) when 'array' then parts end) with ordinality p (part, nth)
$$;

-- What should be found in these cases and texts, all of which whoever asks may read. sought is what Search makes of itself.
create function pg_temp.expected(cases jsonb, texts jsonb, sought jsonb) returns jsonb language sql stable as $$
  with asked as (
    select sought ->> 'kind' as kind, to_tsquery('simple', sought ->> 'query') as query, (sought ->> 'number')::bigint as number
  ), seen as (
    select (c ->> 'id')::bigint as id, c ->> 'title' as title, c ->> 'merged_into' is not null as is_merged,
           (c ->> 'created_at')::timestamptz as created_at
    from jsonb_array_elements(cases) c
  ), readable as (
    select t.case_id, t.source, t.source_id, t.body, pg_temp.words(t.name) as title_words,
           case t.source
             when 'case' then setweight(pg_temp.words(t.name), 'A') || setweight(pg_temp.words(t.body), 'C')
             when 'file' then setweight(pg_temp.words(t.body), 'B')
             else setweight(pg_temp.words(t.body), 'C')
           end as words
    from jsonb_to_recordset(texts) t (case_id bigint, source text, source_id bigint, name text, body text)
  ), matching as (
    select r.*, case a.kind when 'words' then ts_rank(r.words, a.query) end as rank
    from readable r, asked a
    where case a.kind
      when 'words' then r.words @@ a.query
      when 'near' then r.source = 'case' and r.title_words @@ a.query
      when 'number' then r.source = 'case' and r.case_id = a.number
    end
  ), best as (
    select distinct on (m.case_id) m.*
    from matching m
    order by m.case_id, m.rank desc, m.source, m.source_id desc
  ), listed as (
    select coalesce(jsonb_agg(s.id order by s.created_at desc, s.id desc), '[]') as ids
    from seen s
    where not s.is_merged
      and s.id in (select m.case_id from matching m)
  )
  select jsonb_build_object(
    'hits', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'case', b.case_id, 'source', b.source, 'source_id', b.source_id, 'rank', b.rank, 'title', s.title,
        'excerpt', case when b.body ~* (sought ->> 'pattern') then b.body end
      ) order by b.rank desc, b.case_id desc), '[]')
      from best b
      join seen s on s.id = b.case_id),
    'listed', listed.ids,
    'totals', jsonb_build_array(jsonb_array_length(listed.ids), jsonb_array_length(listed.ids)),
    'is_complete', true
  )
  from listed
$$;

-- The answers of both functions in the same form. How something near ranks is left out.
create function pg_temp.found(answer jsonb) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'hits', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'case', hit #> '{found_case,id}', 'source', hit -> 'source', 'source_id', hit -> 'source_id',
        'rank', case when is_ranked then hit -> 'rank' end,
        'title', pg_temp.joined(hit -> 'title'), 'excerpt', pg_temp.joined(hit -> 'excerpt')
      ) order by case when is_ranked then nth end, (hit #>> '{found_case,id}')::bigint desc), '[]')
      from jsonb_array_elements(answer #> '{page,hits}') with ordinality h (hit, nth)),
    'listed', jsonb_path_query_array(answer, '$.list.cases[*].id'),
    'totals', jsonb_build_array(answer #> '{list,total}', coalesce(answer #> '{first,total}', answer #> '{list,total}')),
    'is_complete', answer #> '{page,is_complete}'
  )
  from (select answer #>> '{sought,kind}' = 'words' as is_ranked) asked
$$;

-- Where what this person finds or counts is not what the policies let them read, in a line each.
create function pg_temp.complaints(who text, claims jsonb, searches jsonb) returns setof text language plpgsql as $$
declare
  -- In one statement with what is found: both see the same moment.
  readable constant text := $sql$
    select (select coalesce(jsonb_agg(c), '[]') from public.cases c),
           (select coalesce(jsonb_agg(t), '[]')
            from (
              select c.id as case_id, 'case' as source, c.id as source_id, c.title as name, c.description as body from public.cases c
              union all
              select i.case_id, 'interaction', i.id, '', i.content from public.interactions i
              union all
              select n.case_id, 'note', n.id, '', n.content from public.internal_notes n
              union all
              select f.case_id, 'file', f.id, '', f.original_name from public.case_files f where f.state = 'available'
            ) t) $sql$;
  asked constant text := $sql$,
    (select coalesce(jsonb_agg(jsonb_build_array(n.status, n.priority, n.count, n.unassigned) order by n.status, n.priority), '[]')
     from public.case_counts() n),
    (select jsonb_agg(jsonb_build_object(
       'sought', s.sought,
       'page', to_jsonb(public.search_cases(s.sought ->> 'search', 1000)),
       'list', to_jsonb(public.list_cases(search => s.sought ->> 'search', page_size => 1000)),
       -- A page that is not the only one is counted apart.
       'first', case when (s.sought ->> 'by_pages')::boolean then to_jsonb(public.list_cases(search => s.sought ->> 'search', page_size => 1)) end,
       'by_pages', case when (s.sought ->> 'by_pages')::boolean then (
         with recursive pages (page, number) as (
           select public.search_cases(s.sought ->> 'search', 2), 1
           union all
           select public.search_cases(s.sought ->> 'search', 2, (p.page).next_cursor), p.number + 1
           from pages p
           where (p.page).next_cursor is not null
         )
         select coalesce(jsonb_agg(h.found_case -> 'id' order by p.number, h.nth), '[]')
         from pages p
         cross join lateral (
           select to_jsonb(hit.found_case) as found_case, hit.nth
           from rows from (unnest((p.page).hits)) with ordinality hit (found_case, title, source, source_id, excerpt, rank, nth)
         ) h) end))
     from jsonb_array_elements($1) s (sought)) $sql$;
  cases    jsonb;
  texts    jsonb;
  counts   jsonb;
  answers  jsonb;
  answer   jsonb;
  expected jsonb;
  finding  jsonb;
begin
  begin
    perform set_config('request.jwt.claims', claims::text, true), set_config('role', 'authenticated', true);
    execute readable || asked into cases, texts, counts, answers using searches;
    perform set_config('role', 'none', true), set_config('request.jwt.claims', null, true);
  exception when sqlstate 'PT403' then
    perform set_config('request.jwt.claims', claims::text, true), set_config('role', 'authenticated', true);
    execute readable into cases, texts;
    perform set_config('role', 'none', true), set_config('request.jwt.claims', null, true);
  end;
  if answers is null and cases || texts <> '[]' then
    return next format('%s is refused, and reads %s and %s', who, cases, texts);
  end if;

  expected := (
    select coalesce(jsonb_agg(jsonb_build_array(n.status, n.priority, n.count, n.unassigned) order by n.status, n.priority), '[]')
    from (
      select c ->> 'status' as status, c ->> 'priority' as priority, count(*) as count,
             count(*) filter (where c ->> 'assigned_to' is null) as unassigned
      from jsonb_array_elements(cases) c
      where c ->> 'merged_into' is null
      group by 1, 2
    ) n);
  if answers is not null and counts <> expected then
    return next format('%s counts %s, and reads %s', who, counts, expected);
  end if;

  for answer in select a from jsonb_array_elements(answers) a loop
    expected := pg_temp.expected(cases, texts, answer -> 'sought');
    finding := pg_temp.found(answer);
    if finding <> expected then
      return next format(E'%s searches "%s"\n  and finds %s\n  and reads %s', who, answer #>> '{sought,search}', finding, expected);
    end if;
    if not cases @> (jsonb_path_query_array(answer, '$.page.hits[*].found_case') || jsonb_path_query_array(answer, '$.list.cases[*]')) then
      return next format('%s searches "%s", and finds other rows than they read: %s', who, answer #>> '{sought,search}', answer);
    end if;
    if answer -> 'by_pages' <> 'null' and answer -> 'by_pages' <> jsonb_path_query_array(answer, '$.page.hits[*].found_case.id') then
      return next format('%s searches "%s" by pages, and finds %s, not %s', who, answer #>> '{sought,search}', answer -> 'by_pages', finding);
    end if;
    insert into finds
    select who, answer #>> '{sought,kind}', hit ->> 'source', count(*) from jsonb_array_elements(finding -> 'hits') hit group by 3;
  end loop;
end
$$;
