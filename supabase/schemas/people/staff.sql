-- Staff: who works cases, how far each one sees, where, and with which specialties.

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
    check (char_length(display_name) <= 200 and casebase.is_line(display_name)),
  constraint staff_members_scope_check check (scope in ('all', 'departments', 'assigned')),
  constraint staff_members_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.staff_members is
  'Staff: who works cases, and which cases each one sees.

The rights of staff need this row and a token that says so (app_metadata.case_role): they begin at the next sign-in or token refresh, and end with the row at once.

Read by staff; written by admins.

- PT409: the last active admin would be removed, switched off or none any more.';
comment on column public.staff_members.user_id is 'The user (auth.users.id).';
comment on column public.staff_members.display_name is 'What they are called, in what they say and in the history.';
comment on column public.staff_members.is_admin is
  'Whether they are an admin, who sees every case and manages people, settings and webhooks.';
comment on column public.staff_members.scope is
  'Which cases this person sees: every case, those of their departments, or only those assigned to them (which everybody sees).';
comment on column public.staff_members.active is
  'Switched off, the person loses every staff right in the next statement.';
comment on column public.staff_members.created_at is 'When the row was made.';
alter table public.staff_members enable row level security;
revoke all on public.staff_members from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.staff_members
  alter column display_name set statistics 0;

create table public.staff_departments (
  user_id       uuid not null,
  department_id uuid not null,
  constraint staff_departments_pkey primary key (user_id, department_id),
  constraint staff_departments_user_id_fkey
    foreign key (user_id) references public.staff_members (user_id) on delete cascade,
  constraint staff_departments_department_id_fkey
    foreign key (department_id) references public.departments (id) on delete cascade
);
comment on table public.staff_departments is
  'Which departments a member of staff works in: those whose cases the scope departments sees.

Read by staff; written by admins.';
comment on column public.staff_departments.user_id is 'The member of staff (staff_members.user_id).';
comment on column public.staff_departments.department_id is 'The department.';
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
comment on table public.staff_specialties is
  'Which specialties a member of staff has: a case that needs one is given only to those who have it, unless an admin gives it.

Read by staff; written by admins.';
comment on column public.staff_specialties.user_id is 'The member of staff (staff_members.user_id).';
comment on column public.staff_specialties.specialty_id is 'The specialty.';
alter table public.staff_specialties enable row level security;
revoke all on public.staff_specialties from public, anon, authenticated, service_role;
create index staff_specialties_specialty_id_idx on public.staff_specialties (specialty_id);

-- An admin who is the last one can't leave: nobody could name another. A service key and the owner can, and so can the
-- auth service, when the user is deleted. One at a time, or two would each see the other stay.
create function casebase.keep_an_admin() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if row_security_active(tg_relid) then
    perform pg_advisory_xact_lock(hashtextextended('casebase.keep_an_admin', 0));
    if not exists (select from public.staff_members s where s.is_admin and s.active and s.user_id <> old.user_id) then
      raise exception 'there must be an admin' using errcode = 'PT409', hint = 'Make somebody else an admin first.';
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

create trigger keep_an_admin before delete on public.staff_members
  for each row when (old.is_admin and old.active) execute function casebase.keep_an_admin();
create trigger keep_an_admin_in_office before update on public.staff_members
  for each row when (old.is_admin and old.active and not (new.is_admin and new.active)) execute function casebase.keep_an_admin();
