-- Party types: what the two sides of an interaction can be.

create table public.party_types (
  code     text    not null,
  label    text    not null,
  internal boolean not null default false,
  active   boolean not null default true,
  constraint party_types_pkey primary key (code),
  constraint party_types_code_check check (code ~ '^[A-Z][A-Z0-9_]{0,39}$'),
  -- The database writes them itself.
  constraint party_types_active_check check (active or code not in ('ARGAN', 'CLIENT')),
  constraint party_types_label_check check (char_length(label) <= 200 and casebase.is_line(label))
);
comment on table public.party_types is
  'Party types: what the two sides of an interaction can be.

Read by client members and staff; written by admins. ARGAN and CLIENT can''t be deleted, because the database itself writes them.';
comment on column public.party_types.code is
  'The word that rows refer to, e.g. CONTRACTOR. A code that is changed changes in those rows, too.';
comment on column public.party_types.label is 'What people read for it.';
comment on column public.party_types.internal is 'Whether this party is the one that works the cases.';
comment on column public.party_types.active is
  'Whether it is in use. Switched off, it stays in what was said, and no case can begin to wait for it; ARGAN and CLIENT are always on.';
alter table public.party_types enable row level security;
revoke all on public.party_types from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.party_types alter column label set statistics 0;

insert into public.party_types (code, label, internal) values
  ('ARGAN',      'Argan',      true),
  ('CLIENT',     'Client',     false),
  ('CONTRACTOR', 'Contractor', false),
  ('EMPLOYEE',   'Employee',   false);
