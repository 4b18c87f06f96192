-- What a search compares: words without their case and accents, the beginnings of words, and words of a title with a letter
-- mistaken. No extension is used: pg_trgm and unaccent are the project's to have or not, unaccent() is not immutable, and a
-- migration that made them in a schema of its choice would change the host's database.

-- Text as it is searched: lower case, letters of any width, without marks ("Århus" is "arhus"), what is not seen left out,
-- and spaces for the signs of which PostgreSQL's parser would make addresses, paths, tags and numbers. Each ideograph and
-- kana is a word of its own, for nothing stands between words there.
create function casebase.searched_text(value text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  unseen constant text := '['
    '\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0655\u0670'
    '\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f'
    '\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]';
  folded text := value;
begin
  if octet_length(value) > char_length(value) then
    folded := regexp_replace(normalize(value, nfkd) collate "C", unseen, '', 'g');
    folded := replace(replace(replace(replace(lower(folded collate "default"), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
    folded := translate(folded, 'øđðłħıŧς', 'oddlhitσ');
    folded := regexp_replace(folded collate "C", '([\u3041-\u30fe\u3400-\u4dbf\u4e00-\u9fff])', ' \1 ', 'g');
  end if;
  return regexp_replace(lower(folded collate "default"), '[-./:@_~&<>+]', ' ', 'g');
end
$$;

-- The words of a text. The text search configuration is "simple", which knows no language: cases of one project are
-- written in several, and a stem of the wrong one finds less than the beginning of a word does.
create function casebase.search_words(value text) returns tsvector
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  -- A tsvector holds 1 MiB, and a ligature may become 18 letters.
  return to_tsvector('pg_catalog.simple'::regconfig, left(casebase.searched_text(value), 100000));
end
$$;

-- What words have in common with those that differ by a letter too many, too few, mistaken or in its neighbour's place:
-- they themselves, and they without one of their letters. "~" keeps these apart from words. Short words and numbers have
-- nothing of it: a letter makes them another.
create function casebase.near_words(words text[]) returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct '~' || case when nth = 0 then word else overlay(word placing '' from nth for 1) end), '{}')
  from unnest(words) word, generate_series(0, char_length(word)) nth
  where char_length(word) between 4 and 24
    and word !~ '[0-9]'
$$;

-- A case's own words: its title before its description, what is near its title's words, and its number, with the zeros
-- that people write and without.
create function casebase.case_words(id bigint, title text, description text) returns tsvector
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  title_words tsvector := casebase.search_words(title);
begin
  return setweight(title_words, 'A')
    || setweight(casebase.search_words(description), 'C')
    || array_to_tsvector(casebase.near_words(tsvector_to_array(title_words)) || array['#' || id, '#' || lpad(id::text, greatest(4, length(id::text)), '0')]);
end
$$;

-- What somebody looks for. Nothing in their text is an operator: it is taken apart into words as what is searched is, and
-- of a text without any the query is null, which finds nothing.
--   query: all of the words, each as it stands or, from its third letter on, as the beginning of another. A number is looked
--          for in the cases' own, too: "12", "case 12", "CASE-0012", "csae-12".
--   or_near: the same, and for each word what is near it. For where nobody wrote the words as they stand: more is near
--          than anybody meant.
--   words: one of them, in a text that is looked through for the best place.
--   pattern, near: what makes a word of a text one that was looked for.
--   case_id: the case (cases.id) whose number it is.
create type casebase.sought as (
  query tsquery, or_near tsquery, words tsquery, pattern text, near text[], case_id bigint
);

create function casebase.sought(search text) returns casebase.sought
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  folded text   := casebase.searched_text(search);
  words  text[] := tsvector_to_array(to_tsvector('pg_catalog.simple'::regconfig, folded));
  number text[] := regexp_match(folded, '^[^a-z0-9]*([a-z]*)[^a-z0-9]*(0*([1-9][0-9]{0,17}))[^a-z0-9]*$');
  sought casebase.sought;
begin
  if words = '{}' then
    return sought;
  end if;
  select string_agg(as_written, ' & ')::tsquery,
         string_agg(concat('(', as_written, near.query, ')'), ' & ')::tsquery,
         string_agg(as_written, ' | ')::tsquery,
         '(^| )(' || string_agg(word || case when char_length(word) < 3 then '( |$)' else '' end, '|') || ')'
  into sought.query, sought.or_near, sought.words, sought.pattern
  from unnest(words) word,
       lateral (select quote_literal(word) || case when char_length(word) < 3 then '' else ':*' end) written (as_written),
       lateral (select ' | ' || string_agg(quote_literal(n), ' | ') from unnest(casebase.near_words(array[word])) n) near (query);
  sought.near := casebase.near_words(words);
  if number[1] = '' or casebase.near_words(number[1:1]) && casebase.near_words('{case}'::text[]) then
    sought.case_id := number[3]::bigint;
    sought.query := sought.query
      || format('%L%s | %L', '#' || number[2], case when length(number[2]) < 3 then '' else ':*' end, '#' || number[3])::tsquery;
  end if;
  return sought;
end
$$;

-- What may be looked for. A title or a sentence fits; every word more is another look into the index.
create function casebase.check_search(search text) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if search is null or char_length(search) > 500 then
    raise exception 'search is a text of at most 500 characters, not %', coalesce(char_length(search)::text, 'null')
      using errcode = 'invalid_parameter_value', column = 'search';
  end if;
end
$$;

-- A text in parts: every second one, beginning with the second, is a word that was looked for, and what stands between two
-- of them may be nothing. Parts, because no sign could mark words that isn't in some text already, and positions count
-- differently in every language. What is near counts where near is true.
create function casebase.marked(value text, sought casebase.sought, near boolean) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with pieces as (
      select p.nth, p.piece[1] as piece,
             p.piece[1] ~ '^[[:alnum:]]'
             and (f.folded ~ sought.pattern or near and casebase.near_words(array[f.folded]) && sought.near) as is_sought
      from regexp_matches(normalize(value, nfc), '[[:alnum:]]+|[^[:alnum:]]+', 'g') with ordinality p (piece, nth),
           lateral (select case when octet_length(p.piece[1]) = char_length(p.piece[1])
                                then lower(p.piece[1]) else casebase.searched_text(p.piece[1]) end) f (folded)
    ), runs as (
      -- Run 0 stands before the first word that was looked for, each other begins with one.
      select count(*) filter (where pieces.is_sought) over (order by pieces.nth) as run, pieces.*
      from pieces
    ), parts as (
      select r.run, min(r.piece) filter (where r.is_sought) as word,
             coalesce(string_agg(r.piece, '' order by r.nth) filter (where not r.is_sought), '') as rest
      from runs r
      group by r.run
    )
    select array(
      select part.text
      from (select 0 as run, '' as word, '' as rest where not exists (select from parts where parts.run = 0)
            union all
            select parts.* from parts) all_of_them,
           lateral (values (1, all_of_them.word), (2, all_of_them.rest)) part (nth, text)
      where part.nth = 2 or all_of_them.run > 0
      order by all_of_them.run, part.nth
    )
  );
end
$$;

-- The best place of a text, as marked gives it: some 200 characters, with dots where there is more. Null where none of the
-- words is.
create function casebase.excerpt(value text, sought casebase.sought) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  place text;
  nth   bigint;
  most  bigint;
  rank  real;
  parts text[];
begin
  select p.place, p.nth, max(p.nth) over (), ts_rank(casebase.search_words(p.place), sought.words) as fits
  into place, nth, most, rank
  from (select e.piece[1] as place, e.nth from regexp_matches(value, '.{1,200}(?!\S)|\S{200}', 'g') with ordinality e (piece, nth)) p
  order by fits desc, p.nth
  limit 1;
  if rank > 0 then
    parts := casebase.marked(place, sought, false);
    if nth > 1 then
      parts[1] := '… ' || ltrim(parts[1], E' \t\r\n');
    end if;
    if nth < most then
      parts[cardinality(parts)] := parts[cardinality(parts)] || ' …';
    end if;
  end if;
  return parts;
end
$$;
