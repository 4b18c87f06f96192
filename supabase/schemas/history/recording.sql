-- Which entries a change leaves.

create type casebase.event_draft as (
  case_id            bigint,
  type               text,
  actor_id           uuid,
  subject_is_visible boolean,
  data               jsonb
);
comment on column casebase.event_draft.subject_is_visible is
  'Whether the client sees what the entry is about, where the type says that this decides.';

-- Whether the client sees an entry of this type. case_events.type has no foreign key: every change would lock the same row
-- of event_types.
create function casebase.shows_entry(type text, seen_by text, subject_is_visible boolean) returns boolean
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  return case seen_by
    when 'client' then true
    when 'staff' then false
    when 'subject' then subject_is_visible
    else casebase.no_such_event_type(type)
  end;
end
$$;

-- Writes one entry, by statements that find or write a row each: what nearly every change pays. A case that is being
-- deleted gets none: its history goes with it.
create function casebase.append_event(draft casebase.event_draft) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  subject record;
  counted bigint;
begin
  select c.case_id as number, c.client_id, t.seen_by
  into subject
  from public.cases c
  left join casebase.event_types t on t.type = draft.type
  where c.id = draft.case_id;
  if not found then
    return;
  end if;

  insert into casebase.case_counters as k (case_id, last_seq)
  values (draft.case_id, 1)
  on conflict (case_id) do update set last_seq = k.last_seq + 1
  returning k.last_seq into counted;

  insert into public.case_events (case_id, seq, type, actor_id, actor_name, visible_to_client, data)
  values (
    draft.case_id,
    counted,
    draft.type,
    -- The row may outlive the user whose token this is.
    (select u.id from auth.users u where u.id = draft.actor_id),
    coalesce(casebase.person_name(draft.actor_id, subject.client_id), 'system'),
    casebase.shows_entry(draft.type, subject.seen_by, draft.subject_is_visible),
    jsonb_build_object('case_id', subject.number, 'case', draft.case_id, 'client_id', subject.client_id) || draft.data
  );
end
$$;

-- Writes entries in the order given, as append_event does one. Counters are taken in the order of their cases, so writers
-- of the same cases queue up instead of deadlocking.
create function casebase.append_many_events(drafts casebase.event_draft[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  with draft as (
    select d.case_id, d.type, d.actor_id, d.subject_is_visible, d.data, c.case_id as number, c.client_id,
           row_number() over (partition by d.case_id order by d.position) as nth
    from unnest(drafts) with ordinality
           as d (case_id, type, actor_id, subject_is_visible, data, position)
    join public.cases c on c.id = d.case_id
  ),
  -- Asked for once, however many entries there are. The row may outlive the user whose token this is.
  actor as (
    select a.actor_id, a.client_id,
           (select u.id from auth.users u where u.id = a.actor_id) as id,
           coalesce(casebase.person_name(a.actor_id, a.client_id), 'system') as name
    from (select distinct draft.actor_id, draft.client_id from draft) a
  ),
  counted as (
    insert into casebase.case_counters as k (case_id, last_seq)
    select draft.case_id, count(*) from draft group by draft.case_id order by draft.case_id
    on conflict (case_id) do update set last_seq = k.last_seq + excluded.last_seq
    returning k.case_id, k.last_seq
  )
  insert into public.case_events (case_id, seq, type, actor_id, actor_name, visible_to_client, data)
  select draft.case_id,
         counted.last_seq - max(draft.nth) over (partition by draft.case_id) + draft.nth,
         draft.type,
         actor.id,
         actor.name,
         casebase.shows_entry(draft.type, t.seen_by, draft.subject_is_visible),
         jsonb_build_object('case_id', draft.number, 'case', draft.case_id, 'client_id', draft.client_id) || draft.data
  from draft
  join counted on counted.case_id = draft.case_id
  join actor on actor.actor_id is not distinct from draft.actor_id and actor.client_id = draft.client_id
  left join casebase.event_types t on t.type = draft.type
  order by draft.case_id, draft.nth;
end
$$;

create function casebase.append_events(drafts casebase.event_draft[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(drafts) > 1 then
    perform casebase.append_many_events(drafts);
  else
    perform casebase.append_event(drafts[1]);
  end if;
end
$$;

-- Each trigger below says which entries a statement leaves. Order: as the rows came.

create function casebase.record_new_cases() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (n.id, 'case.created', coalesce(casebase.caller_id(), n.created_by), null,
     jsonb_build_object('title', n.title, 'status', n.status, 'priority', n.priority,
                        'follow_up_of', n.follow_up_of, 'split_from', n.split_from))::casebase.event_draft
    order by n.id))
  from new_rows n;
  return null;
end
$$;

create trigger record_insert after insert on public.cases
  referencing new table as new_rows
  for each statement execute function casebase.record_new_cases();

-- One entry per kind of change.
create function casebase.record_case_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (entry.id, entry.type, casebase.caller_id(), null, jsonb_build_object('changes', entry.changes)
    )::casebase.event_draft
    order by entry.id, entry.rank))
  from (
    select n.id, change.type, min(change.rank) as rank,
           jsonb_object_agg(change.name, case
             when change.is_text then '{"changed": true}'
             else jsonb_build_object('from', change.was, 'to', change.becomes)
           end) as changes
    from new_rows n
    join old_rows o on o.id = n.id
    cross join lateral (values
      (1, 'case.handed_over',    'department_id',         false, to_jsonb(o.department_id),         to_jsonb(n.department_id)),
      (2, 'case.assigned',       'assigned_to',           false, to_jsonb(o.assigned_to),           to_jsonb(n.assigned_to)),
      (3, case when n.escalated_at is null then 'case.updated' else 'case.escalated' end,
                                 'escalated_at',          false, to_jsonb(o.escalated_at),          to_jsonb(n.escalated_at)),
      (3, case when n.escalated_at is null then 'case.updated' else 'case.escalated' end,
                                 'escalation_reason',     true,  to_jsonb(o.escalation_reason),     to_jsonb(n.escalation_reason)),
      (4, 'case.status_changed', 'status',                false, to_jsonb(o.status),                to_jsonb(n.status)),
      (4, 'case.status_changed', 'stage',                 false, to_jsonb(o.stage),                 to_jsonb(n.stage)),
      (5, 'case.merged',         'merged_into',           false, to_jsonb(o.merged_into),           to_jsonb(n.merged_into)),
      (6, 'case.updated',        'title',                 false, to_jsonb(o.title),                 to_jsonb(n.title)),
      (6, 'case.updated',        'description',           true,  to_jsonb(o.description),           to_jsonb(n.description)),
      (6, 'case.updated',        'priority',              false, to_jsonb(o.priority),              to_jsonb(n.priority)),
      (6, 'case.updated',        'required_specialty_id', false, to_jsonb(o.required_specialty_id), to_jsonb(n.required_specialty_id)),
      (6, 'case.updated',        'action_required_by',    false, to_jsonb(o.action_required_by),    to_jsonb(n.action_required_by)),
      (6, 'case.updated',        'action_required_of',    false, to_jsonb(o.action_required_of),    to_jsonb(n.action_required_of)),
      (6, 'case.updated',        'metadata',              true,  o.metadata,                          n.metadata)
    ) as change (rank, type, name, is_text, was, becomes)
    where change.was is distinct from change.becomes
    group by n.id, change.type
  ) entry;
  return null;
end
$$;

create trigger record_update after update on public.cases
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_case_changes();

create function casebase.record_new_interactions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (n.case_id, 'interaction.created', coalesce(casebase.caller_id(), n.created_by), n.visible_to_client,
     jsonb_build_object('interaction_id', n.id, 'party1_type', n.party1_type, 'party2_type', n.party2_type,
                        'visible_to_client', n.visible_to_client))::casebase.event_draft
    order by n.id))
  from new_rows n;
  return null;
end
$$;

create trigger record_insert after insert on public.interactions
  referencing new table as new_rows
  for each statement execute function casebase.record_new_interactions();

create function casebase.record_interaction_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (entry.case_id, 'interaction.updated', casebase.caller_id(), entry.visible_to_client,
     jsonb_build_object('interaction_id', entry.id, 'changes', entry.changes))::casebase.event_draft
    order by entry.id))
  from (
    select n.id, n.case_id, n.visible_to_client,
           jsonb_object_agg(change.name, case
             when change.name = 'content'
               -- What was changed while an interaction became visible was never the client's to read.
               or n.visible_to_client and not o.visible_to_client and change.name <> 'visible_to_client'
             then '{"changed": true}'
             else jsonb_build_object('from', change.was, 'to', change.becomes)
           end) as changes
    from new_rows n
    join old_rows o on o.id = n.id
    cross join lateral (values
      ('content',           to_jsonb(o.content),           to_jsonb(n.content)),
      ('party1_name',       to_jsonb(o.party1_name),       to_jsonb(n.party1_name)),
      ('party1_type',       to_jsonb(o.party1_type),       to_jsonb(n.party1_type)),
      ('party2_name',       to_jsonb(o.party2_name),       to_jsonb(n.party2_name)),
      ('party2_type',       to_jsonb(o.party2_type),       to_jsonb(n.party2_type)),
      ('visible_to_client', to_jsonb(o.visible_to_client), to_jsonb(n.visible_to_client))
    ) as change (name, was, becomes)
    where change.was is distinct from change.becomes
    group by n.id, n.case_id, n.visible_to_client
  ) entry;
  return null;
end
$$;

create trigger record_update after update on public.interactions
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_interaction_changes();

create function casebase.record_deleted_interactions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (o.case_id, 'interaction.deleted', casebase.caller_id(), o.visible_to_client,
     jsonb_build_object('interaction_id', o.id))::casebase.event_draft
    order by o.id))
  from old_rows o;
  return null;
end
$$;

create trigger record_delete after delete on public.interactions
  referencing old table as old_rows
  for each statement execute function casebase.record_deleted_interactions();

-- Notes: the trigger's argument is the entry's type.
create function casebase.record_notes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (t.case_id, tg_argv[0], casebase.caller_id(), null, jsonb_build_object('internal_note_id', t.id)
    )::casebase.event_draft
    order by t.id))
  from touched t;
  return null;
end
$$;

create trigger record_insert after insert on public.internal_notes
  referencing new table as touched
  for each statement execute function casebase.record_notes('internal_note.created');
create trigger record_delete after delete on public.internal_notes
  referencing old table as touched
  for each statement execute function casebase.record_notes('internal_note.deleted');

create function casebase.record_note_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (n.case_id, 'internal_note.updated', casebase.caller_id(), null, jsonb_build_object('internal_note_id', n.id)
    )::casebase.event_draft
    order by n.id))
  from new_rows n
  join old_rows o on o.id = n.id
  where n.content <> o.content;
  return null;
end
$$;

create trigger record_update after update on public.internal_notes
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_note_changes();

-- What staff keep beside a case. A record that isn't there is an empty one; null: nothing changed.
create function casebase.internal_draft(was public.case_internal, becomes public.case_internal) returns casebase.event_draft
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  changes jsonb := '{}'::jsonb;
begin
  if coalesce(was.tags, '{}') <> coalesce(becomes.tags, '{}') then
    changes := jsonb_build_object('tags', jsonb_build_object(
      'from', to_jsonb(coalesce(was.tags, '{}')), 'to', to_jsonb(coalesce(becomes.tags, '{}'))));
  end if;
  if coalesce(was.metadata, '{}') <> coalesce(becomes.metadata, '{}') then
    changes := changes || '{"metadata": {"changed": true}}';
  end if;
  if changes = '{}' then
    return null;
  end if;
  return (coalesce(was.case_id, becomes.case_id), 'case_internal.updated', casebase.caller_id(), null,
          jsonb_build_object('changes', changes))::casebase.event_draft;
end
$$;

create function casebase.record_new_internals() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(casebase.internal_draft(null, n) order by n.case_id)) from new_rows n;
  return null;
end
$$;

create trigger record_insert after insert on public.case_internal
  referencing new table as new_rows
  for each statement execute function casebase.record_new_internals();

create function casebase.record_internal_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(casebase.internal_draft(o, n) order by n.case_id))
  from new_rows n
  join old_rows o on o.case_id = n.case_id;
  return null;
end
$$;

create trigger record_update after update on public.case_internal
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_internal_changes();

create function casebase.record_deleted_internals() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(casebase.internal_draft(o, null) order by o.case_id)) from old_rows o;
  return null;
end
$$;

create trigger record_delete after delete on public.case_internal
  referencing old table as old_rows
  for each statement execute function casebase.record_deleted_internals();

-- A file exists for others from available to deleting. The service makes it available on the uploader's behalf, and moves it
-- on that of who asked for it.
create function casebase.record_file_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (n.case_id,
     case when n.state = o.state then 'case_file.moved'
          when n.state = 'available' then 'case_file.available'
          else 'case_file.deleted' end,
     coalesce(casebase.caller_id(), case when n.state = o.state then n.moved_by
                                         when n.state = 'available' then n.uploaded_by end),
     n.visible_to_client,
     jsonb_build_object('case_file_id', n.id, 'interaction_id', n.interaction_id, 'file_name', n.file_name,
                        'original_name', n.original_name, 'content_type', n.content_type, 'file_size', n.file_size,
                        'sha256', n.sha256, 'visible_to_client', n.visible_to_client))::casebase.event_draft
    order by n.id))
  from new_rows n
  join old_rows o on o.id = n.id
  where case n.state
          when o.state then n.visible_to_client <> o.visible_to_client
          else 'available' in (n.state, o.state)
        end;
  return null;
end
$$;

create trigger record_update after update on public.case_files
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_file_changes();

-- What the service refused nobody but its uploader has seen: the staff hear of it. Called by verification_reject.
create function casebase.record_rejected_file(file_id bigint) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (f.case_id, 'case_file.rejected', f.uploaded_by, null,
     jsonb_build_object('case_file_id', f.id, 'interaction_id', f.interaction_id, 'file_name', f.file_name,
                        'original_name', f.original_name, 'reason', f.rejection))::casebase.event_draft))
  from public.case_files f
  where f.id = file_id;
end
$$;
