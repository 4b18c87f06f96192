create table public.cases (
  id                    bigint      not null generated always as identity,
  -- lpad cuts what is longer: CASE-10000 must keep its digits.
  case_id               text        not null generated always as
                          ('CASE-' || lpad(id::text, greatest(4, length(id::text)), '0')) stored,
  client_id             uuid        not null,
  department_id         uuid        not null default casebase.default_department(),
  required_specialty_id uuid,
  title                 text        not null,
  description           text        not null default '',
  status                text        not null default 'open',
  stage                 text,
  priority              text        not null default 'medium',
  -- As a word it sorts by the alphabet.
  priority_rank         smallint    not null generated always as (
                          case priority when 'low' then 1 when 'medium' then 2 when 'high' then 3 when 'urgent' then 4 else 0 end) stored,
  assigned_to           uuid,
  escalated_by          uuid,
  escalated_at          timestamptz,
  escalation_reason     text,
  action_required_by    timestamptz,
  action_required_of    text,
  -- The one place that says what is overdue, so that an index knows, too.
  due_at                timestamptz generated always as (
                          case when status in ('open', 'in_progress', 'waiting') and action_required_of is distinct from 'CLIENT'
                               then action_required_by end) stored,
  follow_up_of          bigint,
  split_from            bigint,
  merged_into           bigint,
  metadata              jsonb       not null default '{}',
  created_by            uuid,
  created_at            timestamptz not null default now(),
  updated_at            timestamptz not null default now(),
  version               integer     not null default 1,
  resolved_at           timestamptz,
  closed_at             timestamptz,
  constraint cases_pkey primary key (id),
  -- For what must be of the same client.
  constraint cases_id_client_id_key unique (id, client_id),
  constraint cases_client_id_fkey foreign key (client_id) references public.clients (id),
  constraint cases_department_id_fkey foreign key (department_id) references public.departments (id),
  constraint cases_required_specialty_id_fkey
    foreign key (required_specialty_id) references public.specialties (id) on delete set null,
  constraint cases_assigned_to_fkey
    foreign key (assigned_to) references public.staff_members (user_id) on delete set null,
  constraint cases_escalated_by_fkey foreign key (escalated_by) references auth.users (id) on delete set null,
  constraint cases_created_by_fkey foreign key (created_by) references auth.users (id) on delete set null,
  constraint cases_action_required_of_fkey
    foreign key (action_required_of) references public.party_types (code) on update cascade,
  -- The stage's words may change, and which status they belong to.
  constraint cases_stage_fkey
    foreign key (stage, status) references public.case_stages (stage, status) on update cascade,
  constraint cases_follow_up_of_fkey foreign key (follow_up_of) references public.cases (id) on delete set null,
  constraint cases_split_from_fkey foreign key (split_from) references public.cases (id) on delete set null,
  constraint cases_merged_into_fkey
    foreign key (merged_into, client_id) references public.cases (id, client_id) on delete set null (merged_into),
  constraint cases_merged_check check (merged_into is null or merged_into <> id and status = 'closed'),
  constraint cases_title_check check (char_length(title) <= 200 and casebase.is_line(title)),
  constraint cases_description_check check (description = '' or char_length(description) <= 50000 and casebase.is_text(description)),
  -- Text with a check, not an enum: comparing enums is not leakproof, so no index would serve it under a policy.
  constraint cases_status_check check (status in ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
  constraint cases_priority_check check (priority in ('low', 'medium', 'high', 'urgent')),
  constraint cases_escalation_reason_check
    check (char_length(escalation_reason) <= 2000 and casebase.is_text(escalation_reason)),
  constraint cases_escalation_check check (escalated_at is not null or escalation_reason is null),
  constraint cases_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint cases_metadata_readable_check check (casebase.is_readable_json(metadata)),
  constraint cases_action_required_by_check
    check (action_required_by >= '0001-01-01 00:00+00' and action_required_by < '10000-01-01 00:00+00'),
  constraint cases_due_at_check check (due_at >= '0001-01-01 00:00+00' and due_at < '10000-01-01 00:00+00'),
  constraint cases_times_check check (
    least(created_at, updated_at, escalated_at, resolved_at, closed_at) >= '0001-01-01 00:00+00'
    and greatest(created_at, updated_at, escalated_at, resolved_at, closed_at) < '10000-01-01 00:00+00'
  ),
  constraint cases_resolved_at_check check ((status in ('resolved', 'closed')) = (resolved_at is not null)),
  constraint cases_closed_at_check check ((status = 'closed') = (closed_at is not null))
);
comment on table public.cases is
  'Cases, of which everybody sees theirs.

A filter by client_id (clients: rpc/my_clients) or assigned_to makes pages and counts fast for those who see few; rpc/list_cases and rpc/case_counts are for everybody, and for every filter and order.

Read by client members (their clients'' cases), staff (every case, those of their departments, or those assigned to them) and admins. Opened by client members with client_id, title and description, by staff of scope departments in theirs, and with any column by staff of scope all and admins. Changed by staff, and by client members title and description while it is open. Deleted by admins, once its files are.

- PT409: the version that is sent is not the row''s: somebody was faster, and details is the row as it is now. Or the status is none that follows the one it has; the hint says which do.
- PT429: the client''s members have opened as many cases in an hour as they may (case_settings.cases_per_hour); details says when there is room.';
comment on column public.cases.id is 'The key. In every other table, and as an argument, case_id is this one.';
comment on column public.cases.case_id is 'The number people use: CASE-0001. In every other table case_id is cases.id.';
comment on column public.cases.client_id is 'Whom the case is worked for. It never changes.';
comment on column public.cases.department_id is 'Where it is worked.';
comment on column public.cases.required_specialty_id is 'What it needs of whoever works it; null: nothing.';
comment on column public.cases.title is 'What it is about, in one line.';
comment on column public.cases.description is 'Markdown. Stored as text, never as HTML.';
comment on column public.cases.status is
  'Where it is. status_transitions says which status follows which, and who makes the step.';
comment on column public.cases.stage is
  'Where the case is in the project''s own words: one of case_stages, whose status it then has; another status ends it.';
comment on column public.cases.priority is 'How urgent it is. A client raises it by rpc/escalate_case.';
comment on column public.cases.priority_rank is 'The priority to sort by: 1 low, 2 medium, 3 high, 4 urgent.';
comment on column public.cases.assigned_to is
  'The member of staff who works the case; null: nobody does. Only active staff can be given one.';
comment on column public.cases.escalated_by is
  'Who escalated it (auth.users.id); null: nobody, not since it was reopened, or the user is deleted.';
comment on column public.cases.escalated_at is 'When it was escalated; null: it is not.';
comment on column public.cases.escalation_reason is 'Why, in their words.';
comment on column public.cases.action_required_by is 'The deadline of the next move.';
comment on column public.cases.action_required_of is
  'The party type whose move it is. A case that begins to wait, waits for CLIENT unless it says another that is not internal.';
comment on column public.cases.due_at is
  'When the next move that is ours is due: action_required_by, unless the case is resolved, closed or its client''s to answer. Past it, the case is overdue.';
comment on column public.cases.follow_up_of is 'The closed case (cases.id) that a client''s reply came to.';
comment on column public.cases.split_from is 'The case (cases.id) that an interaction was taken from.';
comment on column public.cases.merged_into is 'The case (cases.id) that this one is a duplicate of; it is closed.';
comment on column public.cases.metadata is 'An object of your own, up to 16 kB. Whoever sees the case sees it.';
comment on column public.cases.created_by is 'Who opened it (auth.users.id); null: the user is deleted.';
comment on column public.cases.created_at is 'When it was opened.';
comment on column public.cases.updated_at is
  'When the row was last changed. Of replies and files it knows nothing: rpc/list_cases has last_activity.';
comment on column public.cases.version is
  'Counts changes. An update that sends back the version it was made from is refused where somebody was faster.';
comment on column public.cases.resolved_at is 'When it was resolved, or closed without that; null: it is neither.';
comment on column public.cases.closed_at is 'When it was closed; null: it is not.';
alter table public.cases enable row level security;
revoke all on public.cases from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.cases
  alter column title set statistics 0,
  alter column description set statistics 0,
  alter column escalation_reason set statistics 0,
  alter column metadata set statistics 0;

-- Not a constraint: a generated column that a foreign key could reference makes every update with a BEFORE trigger lock
-- the case for update, and then each new interaction, note or file of it waits, or deadlocks. A condition prevents that.
create unique index cases_case_id_key on public.cases (case_id) where case_id is not null;

-- One index for every arm of the policies, in the order that a page is read in, with what the other arms ask for:
-- then counting a client's cases needs no row.
create index cases_client_id_idx on public.cases (client_id, created_at desc, id desc) include (department_id, assigned_to);
create index cases_department_id_idx on public.cases (department_id, created_at desc, id desc);
-- Or the planner joins all of a department with all that is urgent: 1 ms became 0.5, and that grows.
create index cases_department_id_status_idx on public.cases (department_id, status, priority, created_at desc, id desc);
create index cases_assigned_to_idx on public.cases (assigned_to, created_at desc, id desc) include (client_id, department_id)
  where assigned_to is not null;
-- What somebody works on. Under a policy few rows are expected of assignee and status together, too few for the index
-- above to be walked by date: 7 ms became 0.5.
create index cases_assigned_to_status_idx on public.cases (assigned_to, status, created_at desc)
  where assigned_to is not null;
create index cases_created_at_idx on public.cases (created_at desc, id desc);
-- With what the policy asks for, so that counting by status needs no row (50,000 of a million: 669 ms became 60).
create index cases_status_idx on public.cases (status, priority, created_at desc, id desc)
  include (client_id, department_id, assigned_to);
create index cases_stage_idx on public.cases (stage, status) where stage is not null;
-- Of cases that are never due, the last.
create index cases_due_at_idx on public.cases ((coalesce(due_at, 'infinity'::timestamptz)), id);
-- What is to be done, due first: most has no deadline, and nor has anything that was closed since the project began.
create index cases_undone_due_at_idx on public.cases ((coalesce(due_at, 'infinity'::timestamptz)), id)
  where status in ('open', 'in_progress', 'waiting');
create index cases_updated_at_idx on public.cases (updated_at desc, id desc);
create index cases_priority_rank_idx on public.cases (priority_rank desc, created_at desc, id desc);
create index cases_metadata_idx on public.cases using gin (metadata jsonb_path_ops);
create index cases_follow_up_of_idx on public.cases (follow_up_of) where follow_up_of is not null;
create index cases_split_from_idx on public.cases (split_from) where split_from is not null;
create index cases_merged_into_idx on public.cases (merged_into, client_id) where merged_into is not null;
create index cases_action_required_of_idx on public.cases (action_required_of) where action_required_of is not null;
create index cases_required_specialty_id_idx on public.cases (required_specialty_id)
  where required_specialty_id is not null;
create index cases_escalated_by_idx on public.cases (escalated_by) where escalated_by is not null;
create index cases_created_by_idx on public.cases (created_by) where created_by is not null;
