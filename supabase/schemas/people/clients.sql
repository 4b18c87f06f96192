-- Clients, and who acts for them. A project that already has public.clients keeps it: we reference it and leave it alone.

create table casebase.client_source (
  only_row    boolean default true,
  is_ours     boolean not null,
  name_column name,
  constraint client_source_pkey primary key (only_row),
  constraint client_source_only_row_check check (only_row)
);
comment on table casebase.client_source is
  'Whether public.clients was made by Casebase, and which of its columns is a client''s name.

For the project''s owner: where the project has its own table of clients and its name was not recognised, or another column is the better one, update casebase.client_source set name_column = ''…''.';
comment on column casebase.client_source.only_row is 'Always true: there is one row.';
comment on column casebase.client_source.is_ours is
  'Whether Casebase made public.clients. False: the project had the table already, and keeps its columns, grants and policies.';
comment on column casebase.client_source.name_column is
  'The column of public.clients that is the client''s name; null: none was recognised, and clients are called by their id.';
alter table casebase.client_source enable row level security;

do $$
begin
  if to_regclass('public.clients') is null then
    create table public.clients (
      id         uuid        not null default gen_random_uuid(),
      name       text        not null,
      kind       text        not null default 'organisation',
      created_at timestamptz not null default now(),
      constraint clients_pkey primary key (id),
      constraint clients_name_check check (char_length(name) <= 200 and casebase.is_line(name)),
      constraint clients_kind_check check (kind in ('organisation', 'person')),
      constraint clients_times_check
        check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
    );
    comment on table public.clients is
      'Clients: whom cases are worked for, an organisation or one person.

A project that already has a table of this name keeps its own; Casebase then references its id and reads its name, and nothing else on this page holds for it.

Read by client members (their own clients) and staff; written by admins.';
    comment on column public.clients.id is 'The key.';
    comment on column public.clients.name is 'What the client is called.';
    comment on column public.clients.kind is 'Whether it is an organisation or one person.';
    comment on column public.clients.created_at is 'When the row was made.';
    alter table public.clients enable row level security;
    revoke all on public.clients from public, anon, authenticated, service_role;
    alter table public.clients alter column name set statistics 0;
    insert into casebase.client_source (is_ours, name_column) values (true, 'name');
    return;
  end if;

  insert into casebase.client_source (is_ours, name_column)
  select false, (
    select a.attname
    from pg_catalog.pg_attribute a
    where a.attrelid = 'public.clients'::regclass
      and not a.attisdropped
      and a.attname in ('name', 'display_name', 'company_name', 'full_name', 'title')
    order by array_position(array['name', 'display_name', 'company_name', 'full_name', 'title'], a.attname::text)
    limit 1
  );
end
$$;

create table public.client_members (
  client_id    uuid        not null,
  user_id      uuid        not null,
  display_name text        not null,
  created_at   timestamptz not null default now(),
  constraint client_members_pkey primary key (client_id, user_id),
  constraint client_members_client_id_fkey foreign key (client_id) references public.clients (id) on delete cascade,
  constraint client_members_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint client_members_display_name_check
    check (char_length(display_name) <= 200 and casebase.is_line(display_name)),
  constraint client_members_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.client_members is
  'Which users act for which client. Membership is a client''s only authority, whatever the token says.

Read by staff; written by admins. Client members find their clients with rpc/my_clients, and the people of a case with rpc/case_people.';
comment on column public.client_members.client_id is 'The client.';
comment on column public.client_members.user_id is 'The user who acts for it (auth.users.id).';
comment on column public.client_members.display_name is 'What they are called, in what they say and in the history.';
comment on column public.client_members.created_at is 'When the row was made.';
alter table public.client_members enable row level security;
revoke all on public.client_members from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.client_members
  alter column display_name set statistics 0;
create index client_members_user_id_idx on public.client_members (user_id);

-- The column that is a client's name. Null where there is none: also when the project has renamed it or taken it away since.
create function casebase.client_name_column() returns name
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select a.attname
  from casebase.client_source s
  join pg_attribute a on a.attname = s.name_column
  where a.attrelid = 'public.clients'::regclass and a.attnum > 0 and not a.attisdropped
$$;

-- A column that isn't there would be noticed only where clients are called by their id.
create function casebase.check_client_source() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if new.name_column is not null and casebase.client_name_column() is null then
    raise exception 'name_column "%": public.clients has no such column', new.name_column
      using errcode = 'invalid_parameter_value', column = 'name_column',
            hint = format('It has %s.', (
              select string_agg(a.attname, ', ' order by a.attnum)
              from pg_attribute a
              where a.attrelid = 'public.clients'::regclass and a.attnum > 0 and not a.attisdropped
            ));
  end if;
  return null;
end
$$;
create trigger name_column_exists after update on casebase.client_source
  for each row execute function casebase.check_client_source();

-- What a client is called; null where that isn't known.
create function casebase.client_name(client uuid) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  name_column name := casebase.client_name_column();
  found_name  text;
begin
  if name_column is null then
    return null;
  end if;
  execute pg_catalog.format('select c.%I::text from public.clients c where c.id = $1', name_column)
    into found_name
    using client;
  return found_name;
end
$$;
