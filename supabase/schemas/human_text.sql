-- What people write for people to read: one rule for every such column, whichever way it comes. Text that breaks it is
-- refused, never mended: what was written is what is stored. Each column that is under another rule is in the list of
-- tests/database/17_human_text.sql with its reason.
--
-- Judged by code points, under the collation "C", so that it is the same in every database.

-- One line or more: the characters of RFC 9839's Unicode Assignables without what turns or hides the words beside it,
-- and something among them that can be seen. Tabs and line breaks (LF, CR LF) may stand in it.
-- Stays allowed, because words and emoji need it: joiners (U+200C, U+200D), marks that order their neighbours only
-- (U+200E, U+200F, U+061C), variation selectors, private use, and what no version of Unicode has assigned yet.
create function casebase.is_text(value text) returns boolean
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  refused constant text := '(?x)
      [\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]  # control characters
    | \r ([^\n] | $)                                         # which a lone CR is, too
    | [\u202a-\u202e\u2066-\u2069]                           # embeddings, overrides and isolates reorder what follows
    | [\u206a-\u206f\ufff9-\ufffb\U000e0001]                 # deprecated, or hiding a part of it
    | [\ufdd0-\ufdef\ufffe\uffff]                            # no characters, and so the last two of each plane
    | [\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0004fffe\U0004ffff]
    | [\U0005fffe\U0005ffff\U0006fffe\U0006ffff\U0007fffe\U0007ffff\U0008fffe\U0008ffff]
    | [\U0009fffe\U0009ffff\U000afffe\U000affff\U000bfffe\U000bffff\U000cfffe\U000cffff]
    | [\U000dfffe\U000dffff\U000efffe\U000effff\U000ffffe\U000fffff\U0010fffe\U0010ffff]';
  -- Neither white space nor ignorable by default (Unicode's White_Space, Default_Ignorable_Code_Point), nor the Braille
  -- pattern without dots.
  visible constant text := '[^'
    '\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000'
    '\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164'
    '\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff'
    '\u2800]';
begin
  return value collate "C" !~ refused and value collate "C" ~ visible;
end
$$;

-- One line: such text without tabs and line breaks (U+2028 and U+2029 are two), and without white space at its ends.
create function casebase.is_line(value text) returns boolean
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  breaks constant text := '[\t\n\r\u2028\u2029]';
  space  constant text := '[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]';
begin
  return casebase.is_text(value)
    and value collate "C" !~ breaks
    and value collate "C" !~ ('^' || space || '|' || space || '$');
end
$$;

create function casebase.are_lines(value text[]) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(bool_and(casebase.is_line(line)), true) from unnest(value) line
$$;
