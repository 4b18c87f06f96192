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
--   pattern, near: what makes a word of a text one that was looked for: the pattern is one of casebase.letters.
--   case_id: the case (cases.id) whose number it is.
create type casebase.sought as (query tsquery, or_near tsquery, pattern text, near text[], case_id bigint);

create function casebase.sought(search text) returns casebase.sought
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  folded text   := casebase.searched_text(search);
  words  text[] := tsvector_to_array(to_tsvector('pg_catalog.simple'::regconfig, folded));
  number text[] := regexp_match(folded, '^[^a-z0-9]*([a-z]*)[^a-z0-9]*(0*([1-9][0-9]{0,17}))[^a-z0-9]*$');
  sought casebase.sought;
begin
  select string_agg(as_written, ' & ')::tsquery,
         string_agg(concat('(', as_written, near.query, ')'), ' & ')::tsquery,
         string_agg(casebase.letters_of(word), '|')
  into sought.query, sought.or_near, sought.pattern
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

-- A text letter for letter without case and accents: its n-th letter is that of the text as NFC has it. So what was found in
-- the one is cut out of the other. What is not seen keeps its place.
create function casebase.letters(shown text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  unseen constant text := '[\u0001\u00ad\u0300-\u036f\u200b-\u200f\u2060\ufe00-\ufe0f]';
begin
  if octet_length(shown) = char_length(shown) then
    return lower(translate(shown, U&'\0001', ' ') collate "default");
  end if;
  return translate(
    lower(normalize(regexp_replace(
      normalize(regexp_replace(shown collate "C", unseen, ' ', 'g'), nfd) collate "C", '[\u0300-\u036f\u0483-\u0487\u3099\u309a]', '', 'g'
    ), nfc) collate "default"),
    'øđðłħıŧς', 'oddlhitσ');
end
$$;

-- How a word that is looked for stands in such letters: a longer one as the beginning of another, an ideograph wherever it
-- is; and what is written with one letter or with two.
create function casebase.letters_of(word text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  written text := replace(replace(replace(replace(normalize(word, nfc), 'ss', '(?:ss|ß)'), 'ae', '(?:ae|æ)'), 'oe', '(?:oe|œ)'), 'th', '(?:th|þ)');
begin
  return case
    when word collate "C" ~ '^[\u3041-\u30fe\u3400-\u4dbf\u4e00-\u9fff]$' then written
    when char_length(word) < 3 then '(?<![[:alnum:]])' || written || '(?![[:alnum:]])'
    else '(?<![[:alnum:]])' || written || '[[:alnum:]]*'
  end;
end
$$;

-- A text in parts: every second one, beginning with the second, is a word that was looked for, and what stands between two
-- of them may be nothing. Parts, because positions count differently in every language, and a caller should not have to
-- know which signs no text has (between the letters here it is U+0001). What is near counts where near is true.
create function casebase.marked(value text, sought casebase.sought, near boolean) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  shown   text    := value;
  pattern text    := sought.pattern;
  begins  integer := 1;
  letters text;
  piece   text;
  parts   text[]  := '{}'::text[];
begin
  if octet_length(value) > char_length(value) then
    shown := normalize(value, nfc);
  end if;
  letters := casebase.letters(shown);
  if char_length(letters) <> char_length(shown) then
    return array[shown];
  end if;
  if near then
    pattern := pattern || coalesce((
      select '|' || string_agg(casebase.letters_of(word), '|')
      from regexp_split_to_table(letters, '[^[:alnum:]]+') word
      where casebase.near_words(array[word]) && sought.near), '');
  end if;
  foreach piece in array string_to_array(regexp_replace(letters, '(' || pattern || ')', E'\u0001\\1\u0001', 'g'), E'\u0001') loop
    parts := parts || substr(shown, begins, char_length(piece));
    begins := begins + char_length(piece);
  end loop;
  return parts;
end
$$;

-- The place of a text where most of the words are, as marked gives it: up to 200 characters, with dots where there is more.
-- Null where none of them is.
create function casebase.excerpt(value text, sought casebase.sought) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  longest constant integer := 200;
  parts  text[]    := casebase.marked(value, sought, false);
  shown  text      := array_to_string(parts, '');
  places integer[] := '{}'::integer[];
  at     integer   := 1;
  place  text;
begin
  if cardinality(parts) < 2 then
    return null;
  elsif char_length(shown) <= longest then
    return parts;
  end if;
  -- Of a text that has hundreds of them, the beginning.
  for nth in 1 .. least(cardinality(parts), 200) loop
    if nth % 2 = 0 then
      places := places || at;
    end if;
    at := at + char_length(parts[nth]);
  end loop;
  select p.at
  into at
  from unnest(places) p (at)
  order by (select count(*) from unnest(places) q (at) where q.at between p.at and p.at + longest - 60) desc, p.at
  limit 1;
  at := greatest(1, at - 40);
  place := substr(shown, at, longest);
  if at + longest <= char_length(shown) then
    place := regexp_replace(place, '\s+\S*$', '') || ' …';
  end if;
  if at > 1 then
    place := '… ' || regexp_replace(place, '^\S{0,39}\s+', '');
  end if;
  return casebase.marked(place, sought, false);
end
$$;
