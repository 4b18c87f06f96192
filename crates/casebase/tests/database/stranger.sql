-- A project as its owner has made it, with everything that an installation could come across. Run by its owner, postgres.

create role reporting nologin;
create role warehouse login noinherit;
grant reporting to warehouse;
-- The API may act as it: a token's role.
grant reporting to authenticator;
alter role reporting set statement_timeout = '1min';
alter role authenticated set statement_timeout = '20s';
alter database postgres set work_mem = '8MB';

-- It gives away what will be made, too.
alter default privileges in schema public grant select, insert on tables to reporting;
alter default privileges grant usage on schemas to reporting;
alter default privileges grant all on tables to warehouse;
alter default privileges grant execute on functions to reporting;
alter default privileges grant usage on sequences to reporting;

-- Names of ours in a schema of its own.
create schema crm;
grant usage on schema crm to authenticated;
create table crm.cases (id bigint primary key, title text);
create function crm.my_clients() returns int language sql stable return 1;
create function crm.health() returns text language sql stable return 'fine';
create type crm.case_page as enum ('first', 'last');

-- Its users have a profile, made as they sign up.
create table public.profiles (
  id    uuid primary key references auth.users (id) on delete cascade,
  email text
);
alter table public.profiles enable row level security;
create policy own_profile on public.profiles for all to authenticated using (id = (select auth.uid()));
create function public.make_profile() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, email) values (new.id, new.email);
  return new;
end
$$;
create trigger make_profile after insert on auth.users for each row execute function public.make_profile();
create trigger touch_profile after update of email on auth.users for each row execute function public.make_profile();

-- Its own hook.
create function public.add_tenant(event jsonb) returns jsonb language sql stable
  return jsonb_set(event, '{claims,tenant}', '"north"');
grant execute on function public.add_tenant(jsonb) to supabase_auth_admin;
revoke execute on function public.add_tenant(jsonb) from public, anon, authenticated;

-- Its own clients, whose name is no name of ours.
create table public.clients (
  id    uuid    primary key default gen_random_uuid(),
  firma text    not null,
  area  integer not null
);
alter table public.clients enable row level security;
create policy clients_of_my_area on public.clients for select to authenticated using (area < 10);
grant select (id, firma) on public.clients to anon;
create index clients_area_idx on public.clients (area);
insert into public.clients (firma, area) select 'Firma ' || n, n % 100 from generate_series(1, 5000) n;

create table public.projects (
  id        bigint generated always as identity primary key,
  owner_id  uuid not null default auth.uid(),
  client_id uuid references public.clients (id),
  title     text not null
);
alter table public.projects enable row level security;
create policy own_projects on public.projects for all to authenticated
  using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create index projects_owner_id_idx on public.projects (owner_id, id desc);
insert into public.projects (owner_id, client_id, title)
select gen_random_uuid(), c.id, 'Project of ' || c.firma from public.clients c, generate_series(1, 4);
create function public.count_projects(since bigint default 0) returns bigint language sql stable
  begin atomic select count(*) from public.projects p where p.id > since; end;
create view public.titles with (security_invoker = true) as select p.id, p.title from public.projects p;
create publication mine for table public.projects;

-- Its buckets, and policies as strangers write them: some forget the bucket, some that there is anybody else.
insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true), ('papers', 'papers', false);
create policy "anybody does anything" on storage.objects to public using (true) with check (true);
create policy "own folder" on storage.objects for select to authenticated
  using ((storage.foldername(name))[1] = (select auth.uid())::text);
create policy "not in the attic" on storage.objects as restrictive for delete to authenticated
  using (not starts_with(name, 'attic/'));
create function public.note_object() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger note_object before insert on storage.objects for each row execute function public.note_object();
insert into storage.objects (bucket_id, name, owner_id, version)
select b.id, format('folder-%s/object-%s.txt', n % 50, n), gen_random_uuid(), 'v'
from storage.buckets b, generate_series(1, 10000) n
where b.id = 'avatars' or n <= 1000;
insert into storage.objects (bucket_id, name, owner_id, version) values ('papers', 'attic/chest.txt', gen_random_uuid(), 'v');
