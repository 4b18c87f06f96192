-- Specialties: what a case can need of whoever works it.

create table public.specialties (
  id         uuid        not null default gen_random_uuid(),
  name       text        not null,
  active     boolean     not null default true,
  created_at timestamptz not null default now(),
  constraint specialties_pkey primary key (id),
  constraint specialties_name_key unique (name),
  constraint specialties_name_check check (char_length(name) <= 200 and casebase.is_line(name)),
  constraint specialties_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.specialties is
  'Specialties: what a case can need of whoever works it, for instance a language or a licence.

Read by client members and staff; written by admins.';
comment on column public.specialties.id is 'The key.';
comment on column public.specialties.name is 'What it is called; no two specialties share a name.';
comment on column public.specialties.active is
  'Whether it is in use. Switched off, cases that need it go on needing it, and no other can be given it.';
comment on column public.specialties.created_at is 'When the row was made.';
alter table public.specialties enable row level security;
revoke all on public.specialties from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.specialties alter column name set statistics 0;
