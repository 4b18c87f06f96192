-- People come in by their e-mail address: an admin invites it, and whoever signs in with it, confirmed, is what the
-- invitation says. Nobody is anything before.

create table public.invitations (
  id             bigint      not null generated always as identity,
  email          text        not null,
  client_id      uuid,
  display_name   text,
  is_admin       boolean     not null default false,
  scope          text        not null default 'assigned',
  department_ids uuid[]      not null default '{}',
  created_at     timestamptz not null default now(),
  expires_at     timestamptz not null default now() + interval '30 days',
  accepted_at    timestamptz,
  constraint invitations_pkey primary key (id),
  constraint invitations_client_id_fkey foreign key (client_id) references public.clients (id) on delete cascade,
  constraint invitations_email_check check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(email) <= 320),
  constraint invitations_display_name_check check (char_length(display_name) <= 200 and casebase.is_line(display_name)),
  constraint invitations_scope_check check (scope in ('all', 'departments', 'assigned')),
  constraint invitations_of_a_client_check check (client_id is null or not is_admin and scope = 'assigned' and department_ids = '{}'),
  constraint invitations_times_check check (
    least(created_at, expires_at, accepted_at) >= '0001-01-01 00:00+00'
    and greatest(created_at, expires_at, accepted_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.invitations is
  'Who becomes what when they sign in with a confirmed e-mail address: a member of a client, or staff.

Read, made and deleted by admins, and made best by rpc/invite, which replaces an open invitation. Nobody changes one.';
comment on column public.invitations.id is 'The key.';
comment on column public.invitations.email is 'The address, in lower case.';
comment on column public.invitations.client_id is 'The client whose member they become; null: they become staff.';
comment on column public.invitations.display_name is
  'What they will be called; null: what stands before the @ of the address.';
comment on column public.invitations.is_admin is 'Of staff: whether they become an admin.';
comment on column public.invitations.scope is 'Of staff: which cases they will see, as in staff_members.scope.';
comment on column public.invitations.department_ids is 'Of staff: the departments they will work in (departments.id).';
comment on column public.invitations.created_at is 'When they were invited.';
comment on column public.invitations.expires_at is
  'Until when the invitation can be accepted: 30 days, unless it says otherwise.';
comment on column public.invitations.accepted_at is 'When they signed in and became it; null: not yet.';
alter table public.invitations enable row level security;
revoke all on public.invitations from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.invitations
  alter column email set statistics 0,
  alter column display_name set statistics 0;
create index invitations_email_idx on public.invitations (email) where accepted_at is null;
create index invitations_client_id_idx on public.invitations (client_id) where client_id is not null;

-- The invitations of a person's confirmed address, one after the other. The hook asks at each sign-in.
create function casebase.accept_invitations(person uuid) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  address    text;
  invitation public.invitations;
  called     text;
begin
  select lower(u.email) into address
  from auth.users u
  where u.id = person
    and u.email_confirmed_at is not null
    and u.deleted_at is null;
  for invitation in
    select i.* from public.invitations i
    where i.email = address and i.accepted_at is null and i.expires_at > now()
    order by i.id
    for update
  loop
    called := coalesce(invitation.display_name, left(split_part(address, '@', 1), 200));
    if invitation.client_id is not null then
      insert into public.client_members (client_id, user_id, display_name)
      values (invitation.client_id, person, called)
      on conflict (client_id, user_id) do nothing;
    else
      insert into public.staff_members (user_id, display_name, is_admin, scope)
      values (person, called, invitation.is_admin, invitation.scope)
      on conflict (user_id) do update set is_admin = excluded.is_admin, scope = excluded.scope, active = true;
      insert into public.staff_departments (user_id, department_id)
      select person, d.id from public.departments d where d.id = any (invitation.department_ids)
      on conflict do nothing;
    end if;
    update public.invitations i set accepted_at = now() where i.id = invitation.id;
  end loop;
end
$$;

-- Who has to go doesn't come back by an invitation that was still on its way.
create function casebase.end_invitations() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from public.invitations i
  using auth.users u
  where u.id = old.user_id
    and i.email = lower(u.email)
    -- Null for the staff.
    and i.client_id is not distinct from (to_jsonb(old) ->> 'client_id')::uuid
    and i.accepted_at is null;
  return null;
end
$$;

create trigger end_invitations after delete on public.client_members
  for each row execute function casebase.end_invitations();
create trigger end_invitations after delete on public.staff_members
  for each row execute function casebase.end_invitations();
create trigger end_invitations_of_the_dismissed after update of active on public.staff_members
  for each row when (old.active and not new.active)
  execute function casebase.end_invitations();

-- Under the caller's own rights.
create function public.invite(
  email          text,
  client_id      uuid    default null,
  display_name   text    default null,
  is_admin       boolean default false,
  scope          text    default 'assigned',
  department_ids uuid[]  default '{}'
) returns public.invitations
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  made public.invitations;
begin
  if row_security_active('public.invitations') and not casebase.is_admin() then
    raise exception 'only admins invite people' using errcode = 'insufficient_privilege', hint = 'Ask an admin.';
  end if;
  delete from public.invitations i
  where i.email = lower(invite.email)
    and i.client_id is not distinct from invite.client_id
    and i.accepted_at is null;
  insert into public.invitations (email, client_id, display_name, is_admin, scope, department_ids)
  values (lower(invite.email), invite.client_id, invite.display_name, invite.is_admin, invite.scope, invite.department_ids)
  returning * into made;
  return made;
end
$$;
comment on function public.invite(text, uuid, text, boolean, text, uuid[]) is
  'Invites an e-mail address, to be a client''s member or to be staff.

It binds when somebody signs in with that address, confirmed, within 30 days. No mail is sent. Inviting an address again, for the same client or again as staff, replaces the invitation.

For admins.

- email: the address, in any case.
- client_id: the client whose member they become; null: they become staff.
- display_name: what they will be called; null: what stands before the @ of the address.
- is_admin: of staff: whether they become an admin.
- scope: of staff: which cases they will see: all, departments or assigned.
- department_ids: of staff: the departments that they will work in (departments.id).

Returns the invitation.

- 42501: the caller is no admin.
- 23503: there is no such client.
- 23514: the address, the name or the scope is none, or a client''s invitation has what only staff have.';

-- What keeps the caller from making themselves a client; null: nothing.
create function casebase.registration_problem(out message text, out hint text, out code text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid := casebase.caller_id();
begin
  code := 'PT403';
  if not (select s.registration_open from public.case_settings s) then
    message := 'registration is closed';
    hint := 'An admin opens it: case_settings.registration_open.';
  elsif not (select s.is_ours from casebase.client_source s) then
    message := 'this project has clients of its own making';
    hint := 'Ask whoever looks after it.';
  elsif not exists (
    select from auth.users u where u.id = person and u.email_confirmed_at is not null and u.deleted_at is null
  ) then
    message := 'your e-mail address is not confirmed';
    hint := 'Follow the link in the mail first.';
  elsif exists (select from public.client_members m where m.user_id = person)
     or exists (select from public.staff_members s where s.user_id = person)
  then
    code := 'PT409';
    message := 'you are registered already';
    hint := 'rpc/my_access says what you are.';
  end if;
end
$$;

-- Whoever comes by themselves, where an admin lets them: a client of kind person, of whom they are the member.
create function casebase.register(display_name text) returns uuid
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person  uuid := casebase.caller_id();
  problem record;
  made    uuid;
begin
  -- Once, however often it is sent.
  perform from auth.users u where u.id = person for no key update;
  problem := casebase.registration_problem();
  if problem.message is not null then
    raise exception using errcode = problem.code, message = problem.message, hint = problem.hint;
  end if;
  insert into public.clients (name, kind) values (display_name, 'person') returning id into made;
  insert into public.client_members (client_id, user_id, display_name) values (made, person, display_name);
  return made;
end
$$;

create function public.register(display_name text) returns uuid
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.register(display_name)
$$;
comment on function public.register(text) is
  'Makes the caller a client of kind person, of which they are the member.

For whoever signed in with a confirmed e-mail address and is nothing yet, where an admin has opened registration (case_settings.registration_open). rpc/my_access says beforehand whether it would work.

- display_name: what the client and its member are called: one line of at most 200 characters.

Returns the id of the client.

- PT403: registration is closed, the project has its own clients table, or the e-mail address is not confirmed.
- PT409: the caller is a client''s member or on the staff already.
- 23514: display_name is no such line.';
