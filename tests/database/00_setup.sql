-- The cast, their cases and the words that the other files tell their stories with. Runs first and stays, in the
-- throw-away database of the tests; everything else happens in transactions that are rolled back.
-- Run as the superuser, in the order of the files' names; `cargo test --test database` does, and so does
-- PGOPTIONS='-c search_path=public,extensions' pg_prove -U supabase_admin -d postgres tests/database/*.sql

begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
create extension if not exists pgtap with schema extensions;
-- Every role judges its own assertions, those without rights in schema extensions too.
grant usage on schema extensions to public;
drop schema if exists tests cascade;
create schema tests;

create table tests.people (
  place     serial primary key,
  name      text not null unique,
  id        uuid not null default gen_random_uuid(),
  db_role   text not null default 'authenticated',
  case_role text,
  what      text not null
);

-- One cast for all of the project: a name is one role, here, in the sample data (supabase/seed.sql), in
-- `casebase demo` and in the tests that come over HTTP. The clients are Acme and Other Ltd, the departments North and
-- South; Acme's cases are North's, Other Ltd's are South's.
insert into tests.people (name, db_role, case_role, what) values
  ('Ada',          'authenticated',       'admin',  'admin'),
  ('Alan',         'authenticated',       'staff',  'staff, scope all'),
  ('Dora',         'authenticated',       'staff',  'staff, scope departments: North'),
  ('Asta',         'authenticated',       'staff',  'staff, scope assigned: has Acme''s open case'),
  ('Sam',          'authenticated',       'staff',  'staff, scope departments: South, and member of Acme'),
  ('Carla',        'authenticated',       'client', 'member of Acme'),
  ('Otto',         'authenticated',       'client', 'member of Other Ltd'),
  ('Ivan',         'authenticated',       'admin',
   'was an admin; inactive, with a valid admin token, and Acme''s resolved case is assigned to him still'),
  ('Faye',         'authenticated',       'admin',  'a token that claims admin, and no row'),
  ('Nemo',         'authenticated',       null,     'signed in, and nobody'),
  ('anon',         'anon',                null,     'not signed in'),
  ('service',      'service_role',        null,     'a service key'),
  ('worker',       'casebase_worker',     null,     'the service''s own database role'),
  ('auth service', 'supabase_auth_admin', null,     'who deletes users and calls the hook'),
  ('owner',        'postgres',            null,     'the project''s owner, past row level security');

-- Ids by name, for {name} in statements.
create table tests.names (name text primary key, value text not null);

create function tests.id(wanted text) returns text language sql stable security definer
as $$ select value from tests.names where name = wanted $$;

create function tests.filled(statement text) returns text language plpgsql stable security definer
as $$
declare
  known record;
begin
  for known in select name, value from tests.names union all select name, id::text from tests.people loop
    statement := replace(statement, '{' || known.name || '}', known.value);
  end loop;
  if statement ~ '\{[A-Za-z]+[a-z ]*\}' then
    raise exception 'a name in % is not known', statement;
  end if;
  return statement;
end
$$;

-- From here on the session is this person: database role and token, as PostgREST sets them.
create function tests.become(person text, app_metadata jsonb default null) returns void language plpgsql
as $$
declare
  p tests.people;
begin
  perform set_config('role', 'none', true);
  select * into strict p from tests.people where name = person;
  perform set_config('request.jwt.claims',
    case when p.db_role in ('anon', 'authenticated', 'service_role') then jsonb_strip_nulls(jsonb_build_object(
      'sub', case when p.db_role = 'authenticated' then p.id end,
      'role', p.db_role,
      'app_metadata', coalesce(app_metadata, jsonb_build_object('case_role', p.case_role))))::text
    else '' end, true);
  perform set_config('role', p.db_role, true);
end
$$;

create function tests.become_nobody() returns void language sql
as $$ select set_config('role', 'none', true), set_config('request.jwt.claims', '', true) $$;

-- What happens when the person runs the statement: the number of rows, or the SQLSTATE. Its effect stays.
create function tests.does(person text, statement text, app_metadata jsonb default null) returns text language plpgsql
as $$
declare
  rows bigint;
begin
  statement := tests.filled(statement);
  begin
    perform tests.become(person, app_metadata);
    execute statement;
    get diagnostics rows = row_count;
    set constraints all immediate;
    perform tests.become_nobody();
    return rows::text;
  exception when others then
    perform tests.become_nobody();
    return sqlstate;
  end;
end
$$;

-- The same, and nothing of it stays.
create function tests.would(person text, statement text, app_metadata jsonb default null) returns text language plpgsql
as $$
declare
  outcome text;
begin
  begin
    outcome := tests.does(person, statement, app_metadata);
    raise exception using errcode = 'UNDO1';
  exception when sqlstate 'UNDO1' then
    perform tests.become_nobody();
    return outcome;
  end;
end
$$;

-- What the person is told: SQLSTATE, message, detail and hint.
create function tests.refusal(person text, statement text) returns text language plpgsql
as $$
declare
  said text; detail text; hint text;
begin
  statement := tests.filled(statement);
  begin
    perform tests.become(person);
    execute statement;
    perform tests.become_nobody();
    return 'not refused';
  exception when others then
    get stacked diagnostics said = message_text, detail = pg_exception_detail, hint = pg_exception_hint;
    perform tests.become_nobody();
    return concat_ws(' | ', sqlstate, said, nullif(detail, ''), nullif(hint, ''));
  end;
end
$$;

-- One value, as the person sees it.
create function tests.sees(person text, query text) returns text language plpgsql
as $$
declare
  value text;
begin
  query := tests.filled(query);
  perform tests.become(person);
  execute query into value;
  perform tests.become_nobody();
  return value;
end
$$;

-- Two clients, two departments, and everybody in their places. Acme's open case is North's and Asta's, with a visible
-- and a hidden interaction, a note, an internal record, one visible and one internal file; Acme has a resolved case in
-- North, Ivan's still, and Other Ltd an open one in South, nobody's, with the same things beside it. Each client has a
-- policy among its documents.
create function tests.world() returns void language plpgsql
as $$
declare
  acme  uuid; other uuid; north uuid; south uuid;
  the_case bigint; shown bigint; hidden bigint; which text; number text; client uuid;
begin
  insert into auth.users (id, email, aud, role)
    select id, lower(name) || '@example.com', 'authenticated', 'authenticated'
    from tests.people where db_role = 'authenticated';
  insert into public.clients (name) values ('Acme') returning id into acme;
  insert into public.clients (name) values ('Other Ltd') returning id into other;
  insert into public.departments (name) values ('North') returning id into north;
  insert into public.departments (name) values ('South') returning id into south;
  insert into public.staff_members (user_id, display_name, is_admin, scope)
    select p.id, p.name, p.name in ('Ada', 'Ivan'),
           case p.name when 'Alan' then 'all' when 'Asta' then 'assigned' when 'Ivan' then 'all' else 'departments' end
    from tests.people p where p.name in ('Ada', 'Alan', 'Dora', 'Asta', 'Ivan', 'Sam');
  insert into public.staff_departments (user_id, department_id)
    select id, north from tests.people where name in ('Dora', 'Ivan')
    union all select id, south from tests.people where name = 'Sam';
  insert into public.specialties (name) values ('Payroll');
  insert into tests.names select 'payroll', id from public.specialties where name = 'Payroll';
  insert into public.staff_specialties (user_id, specialty_id)
    select p.id, s.id from tests.people p, public.specialties s where p.name = 'Dora';
  insert into public.client_members (client_id, user_id, display_name)
    select case when name = 'Otto' then other else acme end, id, name from tests.people
    where name in ('Carla', 'Otto', 'Sam');
  insert into tests.names values ('acme', acme), ('other', other), ('north', north), ('south', south);

  foreach which in array array['', 'resolved ', 'other '] loop
    client := case which when 'other ' then other else acme end;
    insert into public.cases (client_id, department_id, title, status, created_by, assigned_to)
    values (client, case which when 'other ' then south else north end, which || 'case',
            case which when 'resolved ' then 'resolved' else 'open' end,
            (select id from tests.people where name = case which when 'other ' then 'Otto' else 'Carla' end),
            (select id from tests.people where name = case which when '' then 'Asta' when 'resolved ' then 'Ivan' end))
    returning id, case_id into the_case, number;
    insert into tests.names values (which || 'case', the_case), (which || 'number', number);
    insert into public.interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
    values (the_case, 'Alan', 'ARGAN', 'Carla', 'CLIENT', 'Hello', true) returning id into shown;
    insert into public.interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
    values (the_case, 'Alan', 'ARGAN', 'Bob', 'CONTRACTOR', 'Between us') returning id into hidden;
    insert into tests.names values (which || 'shown', shown), (which || 'hidden', hidden);
    insert into public.internal_notes (case_id, content) values (the_case, 'Careful');
    insert into public.case_internal (case_id, tags) values (the_case, '{vip}');
    insert into public.case_files (case_id, file_name, original_name, content_type, file_size, visible_to_client, uploaded_by)
    select the_case, number || '-1634567890-' || f.name || '.pdf', f.name || '.pdf', 'application/pdf', 1, f.shown,
           (select id from tests.people where name = 'Alan')
    from (values ('open', true), ('internal', false)) f (name, shown);
  end loop;
  insert into public.client_documents (client_id, category, file_name, original_name, content_type, file_size, uploaded_by)
  select c, 'policies', 'policy.pdf', 'policy.pdf', 'application/pdf', 1,
         (select id from tests.people where name = 'Alan')
  from unnest(array[acme, other]) c;
  insert into tests.names
    select prefix || policy.name, policy.value
    from public.client_documents d,
         lateral (select case d.client_id when other then 'other ' else '' end) whose (prefix),
         lateral (values ('policy', d.id::text), ('policy path', d.object_path)) policy (name, value);
  insert into storage.objects (bucket_id, name, version)
    select bucket_id, object_path, 'v1' from casebase.reserved_objects;
  update public.case_files set state = 'uploaded';
  update public.client_documents set state = 'uploaded';
  update public.case_files set state = 'available', sha256 = repeat('a', 64), object_version = 'v1';
  update public.client_documents set state = 'available', sha256 = repeat('a', 64), object_version = 'v1';
  update public.staff_members set active = false where user_id = (select id from tests.people where name = 'Ivan');
end
$$;

-- What keeps a value from fitting a JSON Schema, of the keywords that event_schemas uses; null where nothing does. What
-- the schema doesn't name is a fault here.
create function tests.misfit(value jsonb, schema jsonb, path text default '$') returns text language plpgsql immutable
as $$
#variable_conflict use_variable
declare
  types   jsonb := schema -> 'type';
  misfits text[];
begin
  if schema ? 'anyOf' then
    misfits := array(select tests.misfit(value, option, path) from jsonb_array_elements(schema -> 'anyOf') option);
    return case when array_position(misfits, null) is null then array_to_string(misfits, ', or ') end;
  elsif schema ? 'const' and value is distinct from schema -> 'const' then
    return format('%s is %s', path, value);
  elsif types is not null
    and not types @> to_jsonb(jsonb_typeof(value))
    and not (types @> '"integer"' and value::text ~ '^-?\d+$')
  then
    return format('%s is %s, not %s', path, value, types);
  elsif value <> 'null' and not (
    case schema ->> 'format'
      when 'uuid' then value #>> '{}' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      when 'date-time' then value #>> '{}' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$'
      else true
    end)
  then
    return format('%s is %s, no %s', path, value, schema ->> 'format');
  elsif jsonb_typeof(value) <> 'object' then
    return null;
  end if;
  return (
    select string_agg(misfit, ', ')
    from (
      select format('%s.%s is missing', path, name) as misfit
      from jsonb_array_elements_text(schema -> 'required') name
      where not value ? name
      union all
      select case
        when schema -> 'properties' ? field.key
          then tests.misfit(field.value, schema -> 'properties' -> field.key, path || '.' || field.key)
        else format('%s.%s is not described', path, field.key)
      end
      from jsonb_each(value) field
    ) found
  );
end
$$;

grant usage on schema tests to public;

select plan(1);
select ok(true, 'the cast is known');
select * from finish();
commit;
