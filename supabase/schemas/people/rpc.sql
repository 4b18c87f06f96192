-- The clients that the caller is a member of, with their names: what a new case needs. Works whether public.clients
-- is ours or the project's own.
create function casebase.my_client_names() returns table (id uuid, name text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select mine.client_id, casebase.client_name(mine.client_id) from unnest(casebase.my_clients()) as mine (client_id);
end
$$;

create function public.my_clients() returns table (id uuid, name text)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from casebase.my_client_names()
$$;
comment on function public.my_clients() is 'The clients that the caller is a member of.';

-- What a client is called, as SQL about c; without a name, its id.
create function casebase.client_label() returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  name_column name := (select s.name_column from casebase.client_source s);
begin
  if name_column is null then
    return 'c.id::text';
  end if;
  return format('coalesce(c.%I::text, c.id::text)', name_column);
end
$$;

-- Whoever works in a department opens cases there for any client, so they find each; a project's own public.clients may
-- let them read nothing.
create function casebase.find_clients(letters text, most integer) returns table (id uuid, name text)
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
  'The clients for whom the caller, as staff, may open a case and whose name has these letters, in any case: first those that begin with them, by the alphabet, page_size at most. Where public.clients is the project''s own, its name is the column that Casebase recognised, or else the id. Who works in no department finds none.';

create function casebase.client_names(ids uuid[]) returns table (id uuid, name text)
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
  'What these clients are called: those that the caller finds with rpc/find_clients, and those whose cases they work as staff. Others have no row. Clients read rpc/my_clients.';
