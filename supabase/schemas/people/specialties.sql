-- Specialties: what a case can need of whoever works it.

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
