-- How a case moves: which status follows which, by whom, and a project's own words for where a case is.

create table public.status_transitions (
  from_status text not null,
  to_status   text not null,
  made_by     text not null,
  meaning     text not null,
  constraint status_transitions_pkey primary key (from_status, to_status),
  constraint status_transitions_from_status_check
    check (from_status in ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
  constraint status_transitions_to_status_check
    check (to_status in ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
  constraint status_transitions_made_by_check check (made_by in ('client', 'staff', 'admin')),
  constraint status_transitions_moves_check check (from_status <> to_status)
);
comment on table public.status_transitions is
  'Which status may follow which, and who makes the step. Others are refused (PT409) to everybody but a service key.

Read by client members and staff. For the project''s owner, in SQL: no API user changes them.';
comment on column public.status_transitions.from_status is 'The status before.';
comment on column public.status_transitions.to_status is 'The status after.';
comment on column public.status_transitions.made_by is
  'Who makes it: client (everybody who sees the case; clients by a reply or rpc/reopen_case), staff (who sees it as staff), admin.';
comment on column public.status_transitions.meaning is 'What the step says.';
alter table public.status_transitions enable row level security;
revoke all on public.status_transitions from public, anon, authenticated, service_role;
alter table public.status_transitions alter column meaning set statistics 0;

insert into public.status_transitions (from_status, to_status, made_by, meaning) values
  ('open',        'in_progress', 'staff',  'Somebody works on it.'),
  ('open',        'waiting',     'staff',  'Somebody else has to do something first: action_required_of.'),
  ('open',        'resolved',    'staff',  'Done at once.'),
  ('open',        'closed',      'staff',  'Withdrawn, a duplicate, or nothing to do.'),
  ('in_progress', 'open',        'staff',  'Put back.'),
  ('in_progress', 'waiting',     'staff',  'Somebody else has to do something first: action_required_of.'),
  ('in_progress', 'resolved',    'staff',  'Done.'),
  ('in_progress', 'closed',      'staff',  'Withdrawn, a duplicate, or nothing to do.'),
  ('waiting',     'open',        'client', 'The client has answered.'),
  ('waiting',     'in_progress', 'staff',  'Work goes on.'),
  ('waiting',     'resolved',    'staff',  'Done.'),
  ('waiting',     'closed',      'staff',  'No answer came.'),
  ('resolved',    'open',        'client', 'It was not done, or there is more to it.'),
  ('resolved',    'in_progress', 'staff',  'Work goes on.'),
  ('resolved',    'closed',      'staff',  'Done for good: a reply opens a new case.'),
  ('closed',      'open',        'admin',  'Closed by mistake.');

create function casebase.may_move(from_status text, to_status text, standing text) returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from public.status_transitions t
    where t.from_status = may_move.from_status
      and t.to_status = may_move.to_status
      and array_position('{client,staff,admin}', t.made_by) <= array_position('{client,staff,admin}', standing)
  );
end
$$;

-- A project's own words, each for one status.
create table public.case_stages (
  stage    text    not null,
  status   text    not null,
  position integer not null default 0,
  active   boolean not null default true,
  constraint case_stages_pkey primary key (stage),
  -- For cases, whose stage belongs to their status.
  constraint case_stages_stage_status_key unique (stage, status),
  constraint case_stages_stage_check check (char_length(stage) <= 100 and casebase.is_line(stage)),
  constraint case_stages_status_check check (status in ('open', 'in_progress', 'waiting', 'resolved', 'closed'))
);
comment on table public.case_stages is
  'A project''s own words for where a case is. A case that gets a stage gets its status with it.

Read by client members and staff; written by admins. Which status a stage belongs to stays.';
comment on column public.case_stages.stage is 'The word, as people read it.';
comment on column public.case_stages.status is 'The status that a case in this stage has.';
comment on column public.case_stages.position is 'The order in which stages are shown, the lowest first.';
comment on column public.case_stages.active is
  'Whether it is in use. Switched off, the cases in it stay, and no other can be put into it.';
alter table public.case_stages enable row level security;
revoke all on public.case_stages from public, anon, authenticated, service_role;
