-- Cases by their texts.

create type public.case_hit as (
  found_case public.cases,
  title      text[],
  source     text,
  source_id  bigint,
  excerpt    text[],
  rank       real
);
comment on type public.case_hit is
  'A case that rpc/search_cases found, and the best of its texts that the caller may read.

title and excerpt are text in parts: every second one, beginning with the second, is a word that was looked for; one between them may be empty. The parts put together are the text. Show them as text: what people wrote is no HTML.';
comment on column public.case_hit.found_case is 'The case. A duplicate says by merged_into where it goes on.';
comment on column public.case_hit.title is 'Its title, in parts.';
comment on column public.case_hit.source is 'What it was found by: case (its title, description or number), interaction, note or file.';
comment on column public.case_hit.source_id is 'Which one: the key of the case, the interaction, the internal note or the file.';
comment on column public.case_hit.excerpt is
  'Some 200 characters of the description, of what was said or of the file''s name, in parts; null: the case was found by its title or number alone.';
comment on column public.case_hit.rank is 'How well it fits: more is better, from 2 on it is the case of this number. Compare it within one search.';

create type public.search_page as (hits public.case_hit[], next_cursor text, is_complete boolean);
comment on type public.search_page is
  'A page of rpc/search_cases.';
comment on column public.search_page.hits is 'The cases, the best first.';
comment on column public.search_page.next_cursor is 'What to give as cursor for the next page; null on the last one.';
comment on column public.search_page.is_complete is
  'Whether all that was found was ranked. false: more than 1000 texts have these words, and only the newest 1000 are on these pages.';

-- Which texts somebody may read, as a condition of a case c and its entry e: what they see as its staff, and what is shown of
-- what they see as its client. Null where they see no case.
create function casebase.search_sight(asker casebase.asker) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  sight    text := casebase.sight(asker, false);
  as_staff text := casebase.sight(asker, true);
begin
  return sight || case when as_staff is distinct from sight then ' and (' || concat_ws(' or ', 'e.shown', as_staff) || ')' else '' end;
end
$$;

-- A text that was found, and how well it fits.
create type casebase.ranked_text as (case_id bigint, source text, source_id bigint, rank real);

-- As they are shown.
create function casebase.case_hits(texts casebase.ranked_text[], sought casebase.sought, near boolean) returns public.case_hit[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select (c, casebase.marked(c.title, sought, near), t.source, t.source_id,
            casebase.excerpt(coalesce(i.content, n.content, f.original_name, c.description), sought), t.rank)::public.case_hit
    from unnest(texts) with ordinality t
    join public.cases c on c.id = t.case_id
    left join public.interactions i on t.source = 'interaction' and i.id = t.source_id
    left join public.internal_notes n on t.source = 'note' and n.id = t.source_id
    left join public.case_files f on t.source = 'file' and f.id = t.source_id
    order by t.ordinality
  );
end
$$;

create function casebase.search_cases(search text, page_size integer, cursor text) returns public.search_page
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- Ranking reads each text's words.
  most   constant integer := 1000;
  asker  casebase.asker  := casebase.who_asks();
  sight  text            := casebase.search_sight(asker);
  sought casebase.sought := casebase.sought(search);
  place  text[]          := case when cursor is not null then casebase.read_cursor(cursor, 'search', '{real,bigint}') end;
  query  tsquery;
  found_texts integer := 0;
  texts  casebase.ranked_text[] := '{}'::casebase.ranked_text[];
  page   public.search_page;
  last   casebase.ranked_text;
begin
  if sight is null and casebase.access_problem() is not null then
    raise exception '%', casebase.access_problem() using errcode = 'PT403';
  end if;
  foreach query in array case when sight is not null then array[sought.query, sought.or_near] else '{}' end loop
    -- Planned for who asks and for what; who sees every case needs none to be looked up for that.
    execute format(
      $sql$
        with found as materialized (
          select e.id, e.case_id, e.source, e.source_id, e.words
          from casebase.search_entries e
          %1$s
          where e.words @@ %2$L::tsquery
            and %3$s
          order by e.id desc
          limit %4$s + 1
        ), best as (
          select distinct on (ranked.case_id) ranked.*
          from (
            select f.case_id, f.source, f.source_id,
                   (ts_rank(f.words, %2$L::tsquery) + case when f.source = 'case' and f.source_id = $1 then 2 else 0 end)::real as rank
            from (select * from found order by found.id desc limit %4$s) f
          ) ranked
          order by ranked.case_id, ranked.rank desc, ranked.source, ranked.source_id desc
        )
        select (select count(*) from found),
               array(
                 select (b.case_id, b.source, b.source_id, b.rank)::casebase.ranked_text
                 from best b
                 where $2 is null or (b.rank, b.case_id) < ($2, $3)
                 order by b.rank desc, b.case_id desc
                 limit $4 + 1
               )
      $sql$,
      case when not asker.sees_all then 'join public.cases c on c.id = e.case_id' end, query, sight, most)
    into found_texts, texts
    using sought.case_id, place[1]::real, place[2]::bigint, page_size;
    exit when found_texts > 0;
  end loop;
  page.is_complete := found_texts <= most;
  page.hits := casebase.case_hits(texts[:page_size], sought, query = sought.or_near);
  if cardinality(texts) > page_size then
    last := texts[page_size];
    page.next_cursor := casebase.write_cursor(jsonb_build_array('search', last.rank, last.case_id));
  end if;
  return page;
end
$$;

create function public.search_cases(search text, page_size integer default 25, cursor text default null) returns public.search_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.check_search(search);
  perform casebase.check_page_size(page_size);
  return casebase.search_cases(search, page_size, cursor);
end
$$;
comment on function public.search_cases(text, integer, text) is
  'The cases that the caller sees and that have these words, the best first, with the place where they were found.

All of the words must be in one text: in title and description, in an interaction, in an internal note for those who read them, or in the name of a file. The text is taken as it is, and no sign in it is an operator; case and accents make no difference. A word of three letters or more is also found as the beginning of another. Where no text has the words as they stand, titles are found that differ from them by a letter in a word: one mistaken, left out, too many, or two in the wrong order. A number finds its case: 12, case 12 and CASE-0012 are the same.

For everybody who is signed in: whoever sees no case gets an empty page.

- search: what is looked for, at most 500 characters. Without a letter or digit in it, it finds nothing.
- page_size: how many cases at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.

Returns a page.

- 22023: search is too long, page_size is out of range, or cursor is none that this list gave.
- PT403: the caller is on the staff and their token does not say so: sign in again, or switch the access token hook on.';
