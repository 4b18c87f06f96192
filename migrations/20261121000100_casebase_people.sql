-- Clients, staff, departments: who somebody is to a case, and the questions that policies ask about it.
--
-- Every table is closed the moment it is made: row level security on, the automatic grants of older projects
-- taken back by name. What is granted, and every policy, stands in policies/ and in the access migration.

do $$
declare
  taken text;
begin
  select string_agg(name, ', ') into taken
  from unnest(array['client_members', 'departments', 'specialties', 'staff_members', 'staff_departments',
                    'staff_specialties', 'party_types', 'cases', 'case_internal', 'interactions', 'internal_notes',
                    'case_files', 'client_documents', 'case_events']) name
  where to_regclass('public.' || name) is not null;
  if taken is not null then
    raise exception 'public has tables of these names already: %', taken
      using hint = 'Casebase would make its own. Rename or move yours first; only public.clients is shared.';
  end if;
end
$$;

create schema casebase;
comment on schema casebase is
  'Casebase: helpers of the policies, queues, counters. Not exposed by the API.';

revoke all on schema casebase from public, anon, authenticated, service_role;
grant usage on schema casebase to authenticated, service_role;

-- Clients. A project that already has public.clients keeps it: we reference it and leave it alone.

create table casebase.client_source (
  only_row    boolean default true,
  is_ours     boolean not null,
  name_column name,
  constraint client_source_pkey primary key (only_row),
  constraint client_source_only_row_check check (only_row)
);
comment on table casebase.client_source is
  'Whether public.clients was made by Casebase, and which of its columns is the name (null: none was recognised).';
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
      constraint clients_name_check check (name = btrim(name) and char_length(name) between 1 and 200),
      constraint clients_kind_check check (kind in ('organisation', 'person'))
    );
    comment on table public.clients is 'Whom cases are worked for: an organisation, or one person.';
    alter table public.clients enable row level security;
    revoke all on public.clients from public, anon, authenticated, service_role;
    insert into casebase.client_source (is_ours, name_column) values (true, 'name');
    return;
  end if;

  if not exists (
    select from pg_catalog.pg_attribute a
    join pg_catalog.pg_index i on i.indrelid = a.attrelid and i.indkey::text = a.attnum::text
    where a.attrelid = 'public.clients'::regclass
      and a.attname = 'id'
      and a.atttypid = 'uuid'::regtype
      and i.indisunique
      and i.indpred is null
  ) then
    raise exception 'public.clients exists, and its id is not a unique uuid'
      using hint = 'Casebase references public.clients(id): rename the table, or give it a uuid key named id.';
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
    check (display_name = btrim(display_name) and char_length(display_name) between 1 and 200)
);
comment on table public.client_members is 'Which users act for which client. Membership is a client''s only authority.';
alter table public.client_members enable row level security;
revoke all on public.client_members from public, anon, authenticated, service_role;
create index client_members_user_id_idx on public.client_members (user_id);

-- Departments and specialties.

create table public.departments (
  id         uuid        not null default gen_random_uuid(),
  name       text        not null,
  is_default boolean     not null default false,
  created_at timestamptz not null default now(),
  constraint departments_pkey primary key (id),
  constraint departments_name_key unique (name),
  constraint departments_name_check check (name = btrim(name) and char_length(name) between 1 and 200)
);
comment on column public.departments.is_default is 'The department that gets a case which names none. There is always one.';
alter table public.departments enable row level security;
revoke all on public.departments from public, anon, authenticated, service_role;
create unique index departments_one_default_idx on public.departments (is_default) where is_default;

insert into public.departments (name, is_default) values ('General', true);

-- A department becomes the default by saying so; the one before steps back in the same statement.
create function casebase.keep_one_default_department() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    if old.is_default then
      raise exception 'the default department can''t be deleted'
        using errcode = 'check_violation', hint = 'Set is_default on another department first.';
    end if;
    return old;
  end if;
  if new.is_default then
    update public.departments d set is_default = false where d.is_default and d.id <> new.id;
  elsif tg_op = 'UPDATE' and old.is_default and pg_catalog.pg_trigger_depth() = 1 then
    raise exception 'there must be a default department'
      using errcode = 'check_violation', hint = 'Set is_default on another department instead.';
  end if;
  return new;
end
$$;

create trigger keep_one_default
  before insert or update of is_default or delete on public.departments
  for each row execute function casebase.keep_one_default_department();

create table public.specialties (
  id         uuid        not null default gen_random_uuid(),
  name       text        not null,
  created_at timestamptz not null default now(),
  constraint specialties_pkey primary key (id),
  constraint specialties_name_key unique (name),
  constraint specialties_name_check check (name = btrim(name) and char_length(name) between 1 and 200)
);
alter table public.specialties enable row level security;
revoke all on public.specialties from public, anon, authenticated, service_role;

-- Staff.

create table public.staff_members (
  user_id      uuid        not null,
  display_name text        not null,
  is_admin     boolean     not null default false,
  scope        text        not null default 'assigned',
  active       boolean     not null default true,
  created_at   timestamptz not null default now(),
  constraint staff_members_pkey primary key (user_id),
  constraint staff_members_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint staff_members_display_name_check
    check (display_name = btrim(display_name) and char_length(display_name) between 1 and 200),
  constraint staff_members_scope_check check (scope in ('all', 'departments', 'assigned'))
);
comment on column public.staff_members.scope is
  'Which cases this person sees: every case, those of their departments, or only those assigned to them (which everybody sees).';
comment on column public.staff_members.active is 'Switched off, the person loses every staff right in the next statement.';
alter table public.staff_members enable row level security;
revoke all on public.staff_members from public, anon, authenticated, service_role;

create table public.staff_departments (
  user_id       uuid not null,
  department_id uuid not null,
  constraint staff_departments_pkey primary key (user_id, department_id),
  constraint staff_departments_user_id_fkey
    foreign key (user_id) references public.staff_members (user_id) on delete cascade,
  constraint staff_departments_department_id_fkey
    foreign key (department_id) references public.departments (id) on delete cascade
);
alter table public.staff_departments enable row level security;
revoke all on public.staff_departments from public, anon, authenticated, service_role;
create index staff_departments_department_id_idx on public.staff_departments (department_id);

create table public.staff_specialties (
  user_id      uuid not null,
  specialty_id uuid not null,
  constraint staff_specialties_pkey primary key (user_id, specialty_id),
  constraint staff_specialties_user_id_fkey
    foreign key (user_id) references public.staff_members (user_id) on delete cascade,
  constraint staff_specialties_specialty_id_fkey
    foreign key (specialty_id) references public.specialties (id) on delete cascade
);
alter table public.staff_specialties enable row level security;
revoke all on public.staff_specialties from public, anon, authenticated, service_role;
create index staff_specialties_specialty_id_idx on public.staff_specialties (specialty_id);

-- The parties of an interaction.

create table public.party_types (
  code     text    not null,
  label    text    not null,
  internal boolean not null default false,
  constraint party_types_pkey primary key (code),
  constraint party_types_code_check check (code ~ '^[A-Z][A-Z0-9_]{0,39}$'),
  constraint party_types_label_check check (label = btrim(label) and char_length(label) between 1 and 200)
);
comment on column public.party_types.internal is 'Whether this party is the one that works the cases.';
alter table public.party_types enable row level security;
revoke all on public.party_types from public, anon, authenticated, service_role;

insert into public.party_types (code, label, internal) values
  ('ARGAN',      'Argan',      true),
  ('CLIENT',     'Client',     false),
  ('CONTRACTOR', 'Contractor', false),
  ('EMPLOYEE',   'Employee',   false);

-- Who is asking. These are plpgsql because a session keeps their plans, and SECURITY DEFINER because policies on
-- the tables they read call them. None takes a user's id from its caller. Every statement under a policy pays for
-- some of them, so each runs as few queries as it can.

-- auth.uid() raises when the subject is no uuid (a third party's token). On storage.objects that would break
-- every bucket of the project, so the subject is read with care; and from where auth.jwt() reads it, because as an
-- expression of its own that takes a third of the time.
create function casebase.caller_id() returns uuid
  language plpgsql stable set search_path = ''
as $$
begin
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
exception
  when data_exception then
    return null;
end
$$;

-- 'admin', or the scope of a member of staff, or null. The lesser of claim and row: the token must say so and the
-- row must still be active.
create function casebase.staff_standing() returns text
  language plpgsql stable security definer set search_path = ''
as $$
declare
  claimed text := nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'case_role';
  person  uuid;
begin
  if claimed is null or claimed not in ('staff', 'admin') then
    return null;
  end if;
  person := casebase.caller_id();
  return (
    select case when s.is_admin and claimed = 'admin' then 'admin' else s.scope end
    from public.staff_members s
    where s.user_id = person
      and s.active
  );
end
$$;

create function casebase.is_staff() returns boolean
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return casebase.staff_standing() is not null;
end
$$;

create function casebase.is_admin() returns boolean
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return coalesce(casebase.staff_standing() = 'admin', false);
end
$$;

-- The caller's id where they are staff, to compare with assigned_to.
create function casebase.staff_id() returns uuid
  language plpgsql stable security definer set search_path = ''
as $$
begin
  if casebase.staff_standing() is null then
    return null;
  end if;
  return casebase.caller_id();
end
$$;

-- The departments whose cases the caller sees. An admin and staff of scope "all" get every one, so that a policy
-- needs no arm that no index serves.
create function casebase.my_departments() returns uuid[]
  language plpgsql stable security definer set search_path = ''
as $$
declare
  standing text := casebase.staff_standing();
  person   uuid;
begin
  if standing in ('admin', 'all') then
    return array(select d.id from public.departments d);
  elsif standing = 'departments' then
    person := casebase.caller_id();
    return array(select s.department_id from public.staff_departments s where s.user_id = person);
  end if;
  return '{}'::uuid[];
end
$$;

-- The clients that the caller is a member of, whatever the token claims.
create function casebase.my_clients() returns uuid[]
  language plpgsql stable security definer set search_path = ''
as $$
declare
  person uuid := casebase.caller_id();
begin
  return array(select m.client_id from public.client_members m where m.user_id = person);
end
$$;

-- Staff, or a member of some client: whoever has any business here.
create function casebase.is_known() returns boolean
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return casebase.staff_standing() is not null
    or exists (select from public.client_members m where m.user_id = casebase.caller_id());
end
$$;

-- How a person is called, for the history and for whoever may read them. Callers check who asks.
create function casebase.person_name(person uuid, for_client uuid) returns text
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return coalesce(
    (select s.display_name from public.staff_members s where s.user_id = person),
    (select m.display_name
     from public.client_members m
     where m.user_id = person
     order by m.client_id = for_client desc
     limit 1)
  );
end
$$;

create function casebase.client_name(client uuid) returns text
  language plpgsql stable security definer set search_path = ''
as $$
declare
  name_column name := (select s.name_column from casebase.client_source s);
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

create function casebase.default_department() returns uuid
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return (select d.id from public.departments d where d.is_default);
end
$$;

-- The first admin: run by the project's owner, once, e.g. in the SQL editor.
create function casebase.make_admin(email text) returns uuid
  language plpgsql set search_path = ''
as $$
declare
  person uuid;
begin
  select u.id into person
  from auth.users u
  where pg_catalog.lower(u.email) = pg_catalog.lower(make_admin.email)
  order by u.is_sso_user
  limit 1;
  if person is null then
    raise exception 'nobody has signed up as %', make_admin.email
      using errcode = 'no_data_found', hint = 'Sign up first, then run this again.';
  end if;
  insert into public.staff_members (user_id, display_name, is_admin, scope)
  values (person, pg_catalog.split_part(make_admin.email, '@', 1), true, 'all')
  on conflict (user_id) do update set is_admin = true, scope = 'all', active = true;
  return person;
end
$$;
comment on function casebase.make_admin(text) is
  'Makes the user with this e-mail an admin. For the project''s owner only. Takes effect at their next sign-in or token refresh.';

-- The custom access token hook writes app_metadata.case_role at sign-in. It must never keep anybody from signing
-- in: whatever is unexpected, the event goes back as it came, a lock on our tables (a migration) included: it gives up
-- waiting before Auth gives up on it. A host's own hook may call it.
create function casebase.custom_access_token_hook(event jsonb) returns jsonb
  language plpgsql stable security definer set search_path = '' set lock_timeout = '500ms'
as $$
declare
  person    uuid;
  case_role text;
  metadata  jsonb;
begin
  person := (event ->> 'user_id')::uuid;
  case_role := coalesce(
    (select case when s.is_admin then 'admin' else 'staff' end
     from public.staff_members s
     where s.user_id = person and s.active),
    (select 'client' from public.client_members m where m.user_id = person limit 1)
  );
  if case_role is null or pg_catalog.jsonb_typeof(event -> 'claims') is distinct from 'object' then
    return event;
  end if;
  metadata := coalesce(nullif(event -> 'claims' -> 'app_metadata', 'null'), '{}');
  if pg_catalog.jsonb_typeof(metadata) <> 'object' then
    return event;
  end if;
  return pg_catalog.jsonb_set(
    event, '{claims,app_metadata}', metadata || pg_catalog.jsonb_build_object('case_role', case_role));
exception
  when query_canceled or others then
    return event;
end
$$;
comment on function casebase.custom_access_token_hook(jsonb) is
  'Supabase custom access token hook: writes app_metadata.case_role (client, staff or admin). Never raises.';

-- The service's own role: it verifies files and delivers webhooks. It gets a password from the project's owner:
-- alter role casebase_worker password '…';
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'casebase_worker') then
    create role casebase_worker login noinherit;
  end if;
end
$$;
