-- Taking changes of cases back, to the old values that the history has. Of words and metadata it has none.

-- What these entries changed of a case, from the first of them to the last: {"status": {"from": …, "to": …}}.
create function casebase.changes_in(events bigint[], case_id bigint) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_object_agg(c.name, jsonb_build_object('from', c.first -> 'from', 'to', c.last -> 'to', 'changed', c.last -> 'changed'))
    from (
      select change.name,
             (array_agg(change.value order by e.seq))[1] as first,
             (array_agg(change.value order by e.seq desc))[1] as last
      from public.case_events e
      cross join lateral jsonb_each(e.data -> 'changes') as change (name, value)
      where e.id = any (events)
        and e.case_id = changes_in.case_id
        and e.type ~ '^case(_internal)?\.'
      group by change.name
    ) c
  );
end
$$;

-- Takes back what these entries did to the tags of a case: what others tagged since stays. False: its record is gone.
create function casebase.undo_tags(the_case bigint, events bigint[]) returns boolean
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  were   text[];
  became text[];
begin
  if not exists (select from public.case_internal i where i.case_id = the_case) then
    return false;
  end if;
  for were, became in
    select casebase.tags_in(e.data #> '{changes,tags}', 'from'), casebase.tags_in(e.data #> '{changes,tags}', 'to')
    from public.case_events e
    where e.id = any (events)
      and e.case_id = the_case
      and e.data -> 'changes' ? 'tags'
    order by e.seq desc
  loop
    update public.case_internal i
    set tags = case
      -- In their old order.
      when i.tags = became then were
      else casebase.retagged(
        i.tags,
        array(select t from unnest(were) t where t <> all (became)),
        array(select t from unnest(became) t where t <> all (were)))
    end
    where i.case_id = the_case;
  end loop;
  return true;
end
$$;

-- Takes them back in one case that the caller sees as staff; what could not be, and why.
create function casebase.undo_changes_of(the_case bigint, events bigint[]) returns text[]
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  undone  constant text[] :=
    '{department_id,assigned_to,status,stage,title,priority,required_specialty_id,action_required_by,action_required_of}'::text[];
  now_is  jsonb;
  back_to jsonb := '{}'::jsonb;
  stays   text[] := '{}'::text[];
  change  record;
begin
  select to_jsonb(c) into now_is
  from public.cases c
  where c.id = the_case
    and (c.department_id = any (casebase.my_departments()) or c.assigned_to = casebase.staff_id())
  for no key update;
  if not found then
    perform casebase.raise_no_case();
  end if;
  -- Who made a change may take it back, also where the step itself would be another's: a case that one has closed.
  if not casebase.is_admin() and exists (
    select from public.case_events e
    where e.id = any (events) and e.case_id = the_case and e.actor_id is distinct from casebase.caller_id()
  ) then
    raise exception 'only who made a change takes it back'
      using errcode = 'insufficient_privilege', hint = 'Change the case, or ask an admin.';
  end if;
  for change in select c.key as name, c.value from jsonb_each(casebase.changes_in(events, the_case)) c order by c.key loop
    if change.name = 'tags' then
      if not casebase.undo_tags(the_case, events) then
        stays := stays || 'tags: changed since'::text;
      end if;
    elsif change.name <> all (undone) then
      stays := stays || (change.name || ': the history has no old value');
    elsif now_is -> change.name is distinct from change.value -> 'to' then
      stays := stays || (change.name || ': changed since');
    else
      back_to := back_to || jsonb_build_object(change.name, change.value -> 'from');
    end if;
  end loop;
  if back_to <> '{}' then
    update public.cases c
    set department_id         = n.department_id,
        assigned_to           = n.assigned_to,
        status                = n.status,
        stage                 = n.stage,
        title                 = n.title,
        priority              = n.priority,
        required_specialty_id = n.required_specialty_id,
        action_required_by    = n.action_required_by,
        action_required_of    = n.action_required_of
    from jsonb_populate_record(null::public.cases, now_is || back_to) n
    where c.id = the_case;
  end if;
  return stays;
end
$$;

create function public.undo_changes(events bigint[])
  returns table (id bigint, result text, error jsonb)
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  wanted  bigint[] := casebase.wanted_ids(events, 'events');
  one     bigint;
  of_one  bigint[];
  stays   text[];
  errors  jsonb    := '{}'::jsonb;
  undone  bigint[] := '{}'::bigint[];
  code    text;
  message text;
  details text;
  hint    text;
begin
  -- Entries that the caller doesn't see are no answer's.
  for one, of_one in
    select e.case_id, array_agg(e.id) from public.case_events e where e.id = any (wanted) group by e.case_id order by e.case_id
  loop
    begin
      stays := casebase.undo_changes_of(one, of_one);
      undone := undone || one;
      if stays <> '{}' then
        errors := errors || jsonb_build_object(one, casebase.error_object(
          'PT409', 'not everything was taken back', array_to_string(stays, '; '), null));
      end if;
    exception
      when transaction_rollback or insufficient_resources then
        raise;
      when others then
        get stacked diagnostics
          code = returned_sqlstate, message = message_text, details = pg_exception_detail, hint = pg_exception_hint;
        errors := errors || jsonb_build_object(one, casebase.error_object(code, message, details, hint));
    end;
  end loop;
  return query
    select w.id,
           case when w.id <> all (undone) then 'refused' when errors ? w.id::text then 'partly' else 'done' end,
           errors -> w.id::text
    from (select unnest(undone) union select k::bigint from jsonb_object_keys(errors) k) as w (id)
    order by w.id;
end
$$;
comment on function public.undo_changes(bigint[]) is
  'Takes changes of cases back, given as entries of their history; answers for each case.

Of what has not been changed since, each column gets the value that it had before the first of them. Tags that were added or taken off go, or come back, whatever else was tagged since. The history keeps no old descriptions and no old metadata: those stay.

For who made the changes, and for admins, where they see the case as staff.

- events: the entries (case_events.id), up to 1000; rpc/update_cases answers them.
- id: the case (cases.id).
- result: done, partly (error says what stays) or refused.
- error: {"code", "message", "details", "hint"}, as PostgREST tells an error; null: everything was taken back.

Returns a row for each case. Entries of cases that the caller does not see as staff have none.

- 22023: more than 1000 events.';
