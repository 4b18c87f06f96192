create table public.interactions (
  id                bigint      not null generated always as identity,
  case_id           bigint      not null,
  -- Who left them out gets the two sides of the case (set_speaker).
  party1_name       text        not null default '',
  party1_type       text        not null default '',
  party2_name       text        not null default '',
  party2_type       text        not null default '',
  content           text        not null,
  visible_to_client boolean     not null default false,
  created_by        uuid,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  version           integer     not null default 1,
  constraint interactions_pkey primary key (id),
  -- For what must belong to the same case as its interaction.
  constraint interactions_id_case_id_key unique (id, case_id),
  constraint interactions_case_id_fkey foreign key (case_id) references public.cases (id) on delete cascade,
  constraint interactions_party1_type_fkey
    foreign key (party1_type) references public.party_types (code) on update cascade,
  constraint interactions_party2_type_fkey
    foreign key (party2_type) references public.party_types (code) on update cascade,
  constraint interactions_created_by_fkey foreign key (created_by) references auth.users (id) on delete set null,
  constraint interactions_party1_name_check check (char_length(party1_name) <= 200 and casebase.is_line(party1_name)),
  constraint interactions_party2_name_check check (char_length(party2_name) <= 200 and casebase.is_line(party2_name)),
  constraint interactions_content_check check (char_length(content) <= 50000 and casebase.is_text(content)),
  constraint interactions_times_check check (
    least(created_at, updated_at) >= '0001-01-01 00:00+00'
    and greatest(created_at, updated_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.interactions is 'What was said, by whom (party1) to whom (party2).';
comment on column public.interactions.content is 'Markdown. Stored as text, never as HTML.';
comment on column public.interactions.version is
  'Counts changes. An update that sends back the version it was made from is refused where somebody was faster.';
alter table public.interactions enable row level security;
revoke all on public.interactions from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.interactions
  alter column party1_name set statistics 0,
  alter column party2_name set statistics 0,
  alter column content set statistics 0;
create index interactions_case_id_idx on public.interactions (case_id, created_at desc, id desc);
create index interactions_created_at_idx on public.interactions (created_at desc);
create index interactions_created_by_idx on public.interactions (created_by, created_at desc) where created_by is not null;
create index interactions_party1_type_idx on public.interactions (party1_type);
create index interactions_party2_type_idx on public.interactions (party2_type);
