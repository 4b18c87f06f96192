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
comment on function public.my_clients() is
  'The clients that the caller is a member of: what a new case needs.

For client members; others get no row.

- id: the client (clients.id).
- name: what it is called; null where the project''s own table has no column that is a name.

Returns a row for each client.';
