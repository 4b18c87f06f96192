-- The clients that the caller is a member of, with their names: what a new case needs. Works whether public.clients
-- is ours or the project's own.
create function casebase.my_client_names() returns table (id uuid, name text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select mine.client_id, coalesce(casebase.client_name(mine.client_id), mine.client_id::text) from unnest(casebase.my_clients()) as mine (client_id);
end
$$;

create function public.my_clients() returns table (id uuid, name text)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from casebase.my_client_names()
$$;
comment on function public.my_clients() is
  'The clients that the caller is a member of: what a new case needs.

For client members; others get no row.

- id: the client (clients.id).
- name: what it is called; its id, where the project''s own table has no column that is a name.

Returns a row for each client.';

-- What a client is called, as SQL about c; without a name, its id.
create function casebase.client_label() returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  name_column name := casebase.client_name_column();
begin
  if name_column is null then
    return 'c.id::text';
  end if;
  return format('coalesce(c.%I::text, c.id::text)', name_column);
end
$$;

create type casebase.named_client as (id uuid, name text);

-- Whoever works in a department opens cases there for any client, so they find each; a project's own public.clients may
-- let them read nothing.
create function casebase.find_clients(letters text, most integer) returns setof casebase.named_client
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  wanted text := lower(coalesce(letters, ''));
begin
  if casebase.my_departments() = '{}' then
    return;
  end if;
  return query execute format(
    $sql$
      select c.id, %1$s
      from public.clients c
      where strpos(lower(%1$s), $1) > 0
      order by starts_with(lower(%1$s), $1) desc, lower(%1$s), c.id
      limit $2
    $sql$,
    casebase.client_label()
  ) using wanted, most;
end
$$;

create function public.find_clients(letters text default '', page_size integer default 25) returns table (id uuid, name text)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.check_page_size(page_size);
  return query select f.id, f.name from casebase.find_clients(letters, page_size) f;
end
$$;
comment on function public.find_clients(text, integer) is
  'The clients for whom the caller may open a case as staff, by their names.

First those whose name begins with the letters, by the alphabet.

For admins and staff who work in a department; others get no row.

- letters: a part of the name, in any case; empty: every client.
- page_size: how many at most, 1 to 1000.
- id: the client (clients.id).
- name: what it is called; its id, where the project''s own table has no column that is a name.

Returns a row for each client.

- 22023: page_size is out of range.';

create function casebase.client_names(ids uuid[]) returns setof casebase.named_client
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute format(
    $sql$
      select c.id, %s
      from public.clients c
      where c.id = any ($1)
        and ($2 or exists (select from public.cases s where s.client_id = c.id and s.assigned_to = $3))
    $sql$,
    casebase.client_label()
  ) using ids, casebase.my_departments() <> '{}', casebase.staff_id();
end
$$;

create function public.client_names(ids uuid[]) returns table (id uuid, name text)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from casebase.client_names(ids)
$$;
comment on function public.client_names(uuid[]) is
  'What clients are called.

For staff: of the clients that they find with rpc/find_clients, and of those whose cases are assigned to them. Others have no row, and for clients there is rpc/my_clients.

- ids: the clients (clients.id).
- id: the client (clients.id).
- name: what it is called; its id, where the project''s own table has no column that is a name.

Returns a row for each client.';
