-- What every client of the API can read. One row that some client can't takes the whole page away from it, so such
-- a value is refused, whoever writes it. For times that is in each table: RFC 3339 writes years of four digits.

-- Nested at most 32 deep (serde_json reads 128, of which an answer adds its own), and every number finite as a double.
create function casebase.is_readable_json(value jsonb) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select not value @? 'strict $.**{33 to last}'
     and not value @? 'strict $.** ? (@.type() == "number" && (@ > 1.7976931348623157e308 || @ < -1.7976931348623157e308))'
$$;
