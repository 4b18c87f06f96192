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
comment on table public.internal_notes is
  'What staff tell each other about a case.

Read and added by staff for the cases they see as staff; changed by who wrote them, and by admins; deleted by admins. Clients never see them.

- PT409: the version that is sent is not the row''s: somebody was faster. details is the row as it is now.';
comment on column public.internal_notes.id is 'The key.';
comment on column public.internal_notes.case_id is 'The case (cases.id). It never changes.';
comment on column public.internal_notes.content is 'Markdown. Stored as text, never as HTML.';
comment on column public.internal_notes.created_by is 'Who wrote it (auth.users.id); null: the user is deleted.';
comment on column public.internal_notes.created_at is 'When it was written.';
comment on column public.internal_notes.updated_at is 'When the row was last changed.';
comment on column public.internal_notes.version is
  'Counts changes. An update that sends back the version it was made from is refused where somebody was faster.';
alter table public.internal_notes enable row level security;
revoke all on public.internal_notes from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.internal_notes
  alter column content set statistics 0;
create index internal_notes_case_id_idx on public.internal_notes (case_id, created_at desc);
create index internal_notes_created_by_idx on public.internal_notes (created_by) where created_by is not null;
