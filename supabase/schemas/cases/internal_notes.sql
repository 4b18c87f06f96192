create table public.internal_notes (
  id         bigint      not null generated always as identity,
  case_id    bigint      not null,
  content    text        not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  version    integer     not null default 1,
  constraint internal_notes_pkey primary key (id),
  constraint internal_notes_case_id_fkey foreign key (case_id) references public.cases (id) on delete cascade,
  constraint internal_notes_created_by_fkey foreign key (created_by) references auth.users (id) on delete set null,
  constraint internal_notes_content_check check (char_length(content) <= 50000 and casebase.is_text(content)),
  constraint internal_notes_times_check check (
    least(created_at, updated_at) >= '0001-01-01 00:00+00'
    and greatest(created_at, updated_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.internal_notes is 'What staff tell each other about a case.';
comment on column public.internal_notes.version is
  'Counts changes. An update that sends back the version it was made from is refused where somebody was faster.';
alter table public.internal_notes enable row level security;
revoke all on public.internal_notes from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.internal_notes
  alter column content set statistics 0;
create index internal_notes_case_id_idx on public.internal_notes (case_id, created_at desc);
create index internal_notes_created_by_idx on public.internal_notes (created_by) where created_by is not null;
