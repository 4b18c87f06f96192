-- Sample data for `casebase dev` and `supabase start`: people who can sign in (the password is "casebase") and what
-- they did. They are some of the cast that tests/database/00_setup.sql introduces. Everything after the sign-ups is
-- written by the people themselves, under row level security.

create function pg_temp.sign_up(person_email text) returns void
  language plpgsql
as $$
declare
  person uuid := gen_random_uuid();
begin
  insert into auth.users (
    instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
    created_at, updated_at, confirmation_token, recovery_token, email_change, email_change_token_new
  ) values (
    '00000000-0000-0000-0000-000000000000', person, 'authenticated', 'authenticated', person_email,
    extensions.crypt('casebase', extensions.gen_salt('bf', 6)), now(), '{"provider": "email", "providers": ["email"]}', '{}',
    now(), now(), '', '', '', ''
  );
  -- Whole, as Auth writes it: some client libraries read no session of a user whose identity lacks a part.
  insert into auth.identities (
    provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at
  ) values (
    person::text, person,
    jsonb_build_object('sub', person, 'email', person_email, 'email_verified', true, 'phone_verified', false), 'email',
    now(), now(), now()
  );
end
$$;

create function pg_temp.id_of(person_email text) returns uuid
  language sql stable
as $$
  select u.id from auth.users u where u.email = person_email
$$;

-- As whoever runs the seed, again: what follows in the transaction is theirs (the Supabase CLI notes what it ran).
create function pg_temp.act_as_oneself() returns void
  language plpgsql
as $$
begin
  perform set_config('role', current_setting('casebase_seed.role'), true);
  perform set_config('request.jwt.claims', '', true);
end
$$;

-- What a request of this person carries.
create function pg_temp.act_as(person_email text, case_role text) returns void
  language plpgsql
as $$
begin
  perform pg_temp.act_as_oneself();
  perform set_config('request.jwt.claims', jsonb_build_object(
    'sub', pg_temp.id_of(person_email),
    'role', 'authenticated',
    'app_metadata', jsonb_build_object('case_role', case_role)
  )::text, true);
  perform set_config('role', 'authenticated', true);
end
$$;

do $$
declare
  ada     uuid;
  alan    uuid;
  dora    uuid;
  carla   uuid;
  otto    uuid;
  acme    uuid;
  other   uuid;
  north   uuid;
  south   uuid;
  badge   bigint;
  payslip bigint;
begin
  perform set_config('casebase_seed.role', current_setting('role'), true);
  perform pg_temp.sign_up(email || '@example.com') from unnest('{ada,alan,dora,carla,otto}'::text[]) email;
  perform casebase.make_admin('ada@example.com');
  ada := pg_temp.id_of('ada@example.com');
  alan := pg_temp.id_of('alan@example.com');
  dora := pg_temp.id_of('dora@example.com');
  carla := pg_temp.id_of('carla@example.com');
  otto := pg_temp.id_of('otto@example.com');

  perform pg_temp.act_as('ada@example.com', 'admin');
  update public.staff_members set display_name = 'Ada' where user_id = ada;
  insert into public.departments (name) values ('North') returning id into north;
  insert into public.departments (name) values ('South') returning id into south;
  insert into public.staff_members (user_id, display_name, scope)
  values (alan, 'Alan', 'all'), (dora, 'Dora', 'departments');
  insert into public.staff_departments (user_id, department_id) values (dora, north);
  insert into public.clients (name) values ('Acme') returning id into acme;
  insert into public.clients (name) values ('Other Ltd') returning id into other;
  insert into public.client_members (client_id, user_id, display_name)
  values (acme, carla, 'Carla'), (other, otto, 'Otto');

  perform pg_temp.act_as('carla@example.com', 'client');
  insert into public.cases (client_id, title, description)
  values (acme, 'Badge reader refuses the night shift',
          'Since Monday the reader at **gate 2** turns red for everybody after 22:00.')
  returning id into badge;
  insert into public.cases (client_id, title, description)
  values (acme, 'Payslip of a former employee', 'She asks for the one of *December*.')
  returning id into payslip;

  perform pg_temp.act_as('otto@example.com', 'client');
  insert into public.cases (client_id, title, description)
  values (other, 'Parking permit for a visitor', 'Which gate should she take?');

  perform pg_temp.act_as('alan@example.com', 'staff');
  update public.cases set department_id = case client_id when acme then north else south end;
  update public.cases
  set status = 'in_progress', priority = 'high', assigned_to = alan,
      action_required_of = 'CONTRACTOR', action_required_by = now() + interval '3 days'
  where id = badge;
  insert into public.interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client)
  values
    (badge, 'Alan', 'ARGAN', 'Carla', 'CLIENT', 'Thank you, the maintenance firm has been called.', true),
    (badge, 'Alan', 'ARGAN', 'Gate 2 GmbH', 'CONTRACTOR', 'Asked for the reader''s log of the week.', false);
  insert into public.internal_notes (case_id, content) values (badge, 'The same firm was late last time.');
  update public.cases set status = 'resolved' where id = payslip;

  perform pg_temp.act_as('carla@example.com', 'client');
  insert into public.interactions (case_id, content) values (badge, 'It happened again at 23:10, with a photo to follow.');

  perform pg_temp.act_as_oneself();
end
$$;
