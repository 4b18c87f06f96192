-- Cursors: where a page ended. To a caller they are opaque text: a JavaScript Date would cut a time's microseconds,
-- and half a position finds other rows. Inside they are base64url of [order, key, …, id].

create function casebase.write_cursor(place jsonb) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return translate(encode(convert_to(place::text, 'utf8'), 'base64'), E'+/=\n', '-_');
end
$$;

-- The keys, of these types, that the cursor of a list in this order holds.
create function casebase.read_cursor(cursor text, ordered_by text, types text[]) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  place jsonb;
  keys  text[];
begin
  begin
    place := convert_from(decode(rpad(translate(cursor, '-_', '+/'), (length(cursor) + 3) / 4 * 4, '='), 'base64'), 'utf8')::jsonb;
    keys := array(select k from jsonb_array_elements_text(place) with ordinality as e (k, nth) where nth > 1 order by nth);
    for nth in 1 .. cardinality(types) loop
      execute format('select %L::%s', keys[nth], types[nth]);
    end loop;
  exception
    when data_exception or invalid_parameter_value then
      place := null;
  end;
  if place ->> 0 is distinct from ordered_by or cardinality(keys) <> cardinality(types) or array_position(keys, null) is not null then
    raise exception 'cursor is none that this list gave'
      using errcode = 'invalid_parameter_value', column = 'cursor',
            hint = 'Take next_cursor from the page before, in the same order, or begin without one.';
  end if;
  return keys;
end
$$;

create function casebase.check_page_size(page_size integer) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if page_size is null or page_size not between 1 and 1000 then
    raise exception 'page_size is from 1 to 1000, not %', coalesce(page_size::text, 'null')
      using errcode = 'invalid_parameter_value', column = 'page_size';
  end if;
end
$$;
