-- The history of cases: what staff read as a timeline and what webhooks are sent from.
--
-- Entries are written by statement-level triggers in the transaction of the change itself. Each case counts its
-- own, without gaps and in commit order: whoever writes holds the case's counter until the end of the transaction.

create table casebase.case_counters (
  case_id  bigint not null,
  last_seq bigint not null,
  -- No key to cases: a case's last event is its deletion, which counts after the case is gone and takes this row along.
  constraint case_counters_pkey primary key (case_id)
)
-- Room on the page, so that counting stays a heap-only update.
with (fillfactor = 50);
comment on table casebase.case_counters is
  'The last sequence number of each case''s history. Apart from cases, whose rows foreign keys lock.';
alter table casebase.case_counters enable row level security;
revoke all on casebase.case_counters from public, anon, authenticated, service_role;

create table public.case_events (
  id                bigint      not null generated always as identity,
  case_id           bigint      not null,
  seq               bigint      not null,
  type              text        not null,
  actor_id          uuid,
  actor_name        text        not null,
  visible_to_client boolean     not null,
  data              jsonb       not null,
  created_at        timestamptz not null default clock_timestamp(),
  constraint case_events_pkey primary key (id),
  constraint case_events_case_id_seq_key unique (case_id, seq),
  constraint case_events_case_id_fkey foreign key (case_id) references public.cases (id) on delete cascade,
  constraint case_events_actor_id_fkey foreign key (actor_id) references auth.users (id) on delete set null,
  constraint case_events_type_check check (type ~ '^[a-z_]+\.[a-z_]+$'),
  constraint case_events_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.case_events is
  'The append-only history of each case. Staff read it; clients read rpc/case_timeline.

It is written in the transaction of the change itself, and kept as long as its case.

Read by staff for the cases they see as staff. Written by the database alone.';
comment on column public.case_events.id is 'The key; what rpc/undo_changes takes.';
comment on column public.case_events.case_id is 'The case (cases.id).';
comment on column public.case_events.seq is
  'Counts the entries of one case, without gaps, in the order of their commits.';
comment on column public.case_events.type is 'What happened: one of the event types.';
comment on column public.case_events.actor_id is
  'Who did it (auth.users.id); null: no user of the API, or one who is deleted.';
comment on column public.case_events.actor_name is 'What they are called. Stays when the user is deleted.';
comment on column public.case_events.visible_to_client is
  'Whether the client may know of it. rpc/case_timeline looks, too, whether they see what it is about.';
comment on column public.case_events.data is
  'case_id (CASE-0001), case (its key), client_id, and what the type adds; changes as {"changes": {"status": {"from": …, "to": …}}}.';
comment on column public.case_events.created_at is 'When it happened.';
alter table public.case_events enable row level security;
revoke all on public.case_events from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.case_events
  alter column actor_name set statistics 0,
  alter column data set statistics 0;
create index case_events_actor_id_idx on public.case_events (actor_id) where actor_id is not null;
create index case_events_created_at_idx on public.case_events (created_at desc);
