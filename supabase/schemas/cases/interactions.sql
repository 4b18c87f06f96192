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
comment on table public.interactions is
  'What was said in a case, by whom (party1) to whom (party2).

What a client says reopens a case that waits or is resolved. Said in a closed case, it goes to a new one that follows it (cases.follow_up_of): read case_id of the row that comes back.

Read by client members (what is visible to them, in their cases) and by staff (all of the cases they see). Added by both; a client speaks as themselves and in the open. Changed by staff, its words only by who wrote them or an admin. Deleted by admins.

- PT409: the version that is sent is not the row''s: somebody was faster. details is the row as it is now.
- PT429: the client''s members have said as much in an hour as they may (case_settings.interactions_per_hour); details says when there is room.';
comment on column public.interactions.id is 'The key.';
comment on column public.interactions.case_id is
  'The case (cases.id). Of a merged one, the case that lives on. It never changes.';
comment on column public.interactions.party1_name is
  'Who spoke. Left out by staff, it is they; of a client''s, the database writes it.';
comment on column public.interactions.party1_type is
  'What they are. Left out by staff, the internal party; of a client''s, CLIENT.';
comment on column public.interactions.party2_name is 'To whom. Left out, whoever stands on the other side of the case.';
comment on column public.interactions.party2_type is 'What they are. Left out, the other side of party1.';
comment on column public.interactions.content is 'Markdown. Stored as text, never as HTML.';
comment on column public.interactions.visible_to_client is 'Whether the client sees it. What a client says, they see.';
comment on column public.interactions.created_by is 'Who wrote it (auth.users.id); null: the user is deleted.';
comment on column public.interactions.created_at is 'When it was written.';
comment on column public.interactions.updated_at is 'When the row was last changed.';
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
