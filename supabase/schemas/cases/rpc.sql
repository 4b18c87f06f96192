-- What frontends call as rpc. The functions in public are SECURITY INVOKER; where one needs more than its caller
-- has, a definer function in casebase checks the caller for itself. A case that the caller doesn't see and one
-- that doesn't exist get the same 404.

create function casebase.raise_no_case() returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'there is no such case' using errcode = 'PT404';
end
$$;

-- Reopening: a client's only way to a status, beside a reply.
create function casebase.reopen_case(case_id bigint) returns public.cases
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  reopened public.cases;
  standing text;
begin
  select c.* into reopened
  from public.cases c
  where c.id = reopen_case.case_id
    and (c.client_id = any (casebase.my_clients())
         or c.department_id = any (casebase.my_departments())
         or c.assigned_to = casebase.staff_id())
  for no key update;
  if not found then
    perform casebase.raise_no_case();
  end if;
  standing := case
    when casebase.is_admin() then 'admin'
    when reopened.department_id = any (casebase.my_departments()) or reopened.assigned_to = casebase.staff_id() then 'staff'
    else 'client'
  end;
  if reopened.status not in ('resolved', 'closed') then
    raise exception 'the case is not resolved' using errcode = 'PT409';
  elsif not casebase.may_move(reopened.status, 'open', standing) then
    raise exception 'the case is closed'
      using errcode = 'PT409', hint = 'A client''s reply to it opens a new case; an admin opens this one again.';
  end if;
  update public.cases c set status = 'open' where c.id = reopened.id returning c.* into reopened;
  return reopened;
end
$$;

create function public.reopen_case(case_id bigint) returns public.cases
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.reopen_case(case_id)
$$;
comment on function public.reopen_case(bigint) is
  'Opens a resolved case again, for whoever sees it, and a closed one for an admin.

What a reopened case was escalated with is forgotten: it can be escalated again.

For whoever sees the case.

- case_id: the case (cases.id).

Returns the case.

- PT404: there is no such case, or none that the caller sees.
- PT409: it is not resolved, or it is closed and the caller no admin.';

-- Escalating: a client's only way to a priority. It is at least high from then on.
create function casebase.escalate_case(case_id bigint, reason text) returns public.cases
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  escalated public.cases;
begin
  select c.* into escalated
  from public.cases c
  where c.id = escalate_case.case_id
    and (c.client_id = any (casebase.my_clients())
         or c.department_id = any (casebase.my_departments())
         or c.assigned_to = casebase.staff_id())
  for no key update;
  if not found then
    perform casebase.raise_no_case();
  end if;
  if reason is null then
    raise exception 'say why, in reason' using errcode = 'invalid_parameter_value', column = 'reason';
  elsif escalated.status in ('resolved', 'closed') then
    raise exception 'the case is %', escalated.status using errcode = 'PT409', hint = 'Reopen it first.';
  elsif escalated.escalated_at is not null then
    raise exception 'the case is escalated already' using errcode = 'PT409';
  end if;
  update public.cases c
  set escalated_at      = now(),
      escalated_by      = casebase.caller_id(),
      escalation_reason = reason,
      priority          = case when c.priority in ('low', 'medium') then 'high' else c.priority end
  where c.id = escalated.id
  returning c.* into escalated;
  return escalated;
end
$$;

create function public.escalate_case(case_id bigint, reason text) returns public.cases
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.escalate_case(case_id, reason)
$$;
comment on function public.escalate_case(bigint, text) is
  'Escalates a case: it has at least the priority high from then on, and says who escalated it, when and why.

For whoever sees the case.

- case_id: the case (cases.id).
- reason: why, in at most 2000 characters.

Returns the case.

- PT404: there is no such case, or none that the caller sees.
- PT409: it is resolved or closed, or escalated already.
- 22023: reason is null.
- 23514: reason is blank or too long.';

-- Under the caller's own policies and rules: who may not assign a case doesn't take one either.
create function public.take_case(case_id bigint) returns public.cases
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  the_case public.cases;
begin
  select c.* into the_case from public.cases c where c.id = take_case.case_id for no key update;
  if not found then
    perform casebase.raise_no_case();
  elsif the_case.status in ('resolved', 'closed') then
    raise exception 'the case is %', the_case.status using errcode = 'PT409', hint = 'Reopen it first.';
  elsif the_case.assigned_to <> casebase.caller_id()
    -- Who was switched off since works it no more.
    and exists (select from public.staff_members s where s.user_id = the_case.assigned_to and s.active)
  then
    raise exception 'somebody has the case already'
      using errcode = 'PT409', hint = 'rpc/hand_over_case gives it to somebody else.';
  end if;
  update public.cases c
  set assigned_to = casebase.caller_id(),
      status      = case c.status when 'open' then 'in_progress' else c.status end
  where c.id = the_case.id
  returning c.* into the_case;
  return the_case;
end
$$;
comment on function public.take_case(bigint) is
  'Assigns a case that nobody has to the caller, and sets an open one in progress.

Who was switched off since, has no case. Under the caller''s own policies: who may not assign cases takes none.

For admins and staff of scope all or departments.

- case_id: the case (cases.id).

Returns the case.

- PT404: there is no such case, or none that the caller sees.
- PT409: somebody has it, or it is resolved or closed.
- 42501: the caller may not assign cases.
- 23514: it needs a specialty that the caller lacks.';

-- Handing over may end the caller's own sight of the case, which a plain update can't: its new row is checked
-- against the SELECT policy too.
create function casebase.hand_over_case(case_id bigint, to_department uuid, to_staff uuid, note text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := casebase.staff_standing();
  the_case public.cases;
begin
  if standing is null or standing = 'assigned' then
    raise exception 'you can''t hand over cases'
      using errcode = 'insufficient_privilege', hint = 'Admins and staff of scope all or departments can.';
  end if;
  if to_department is null and to_staff is null then
    raise exception 'say to which department or to whom' using errcode = 'invalid_parameter_value';
  end if;
  select c.* into the_case
  from public.cases c
  where c.id = hand_over_case.case_id
    and (c.department_id = any (casebase.my_departments()) or c.assigned_to = casebase.staff_id())
  for no key update;
  if not found then
    perform casebase.raise_no_case();
  end if;
  if note is not null then
    insert into public.internal_notes (case_id, content) values (the_case.id, note);
  end if;
  -- Who had it in the old department doesn't work it in the new one, unless named.
  update public.cases c
  set department_id = coalesce(to_department, c.department_id),
      assigned_to   = coalesce(to_staff, case when coalesce(to_department, c.department_id) = c.department_id
                                              then c.assigned_to end)
  where c.id = the_case.id;
end
$$;

create function public.hand_over_case(
  case_id       bigint,
  to_department uuid default null,
  to_staff      uuid default null,
  note          text default null
) returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.hand_over_case(case_id, to_department, to_staff, note)
$$;
comment on function public.hand_over_case(bigint, uuid, uuid, text) is
  'Gives a case to another department, another member of staff, or both, also where the caller then no longer sees it.

In another department whoever had it has it no more, unless named.

For admins and staff of scope all or departments who see it as staff.

- case_id: the case (cases.id).
- to_department: the department (departments.id); null: it stays where it is.
- to_staff: the member of staff (staff_members.user_id); null: who has it, or in another department nobody.
- note: becomes an internal note of the case; null: none.

Returns nothing.

- PT404: there is no such case, or none that the caller sees as staff.
- 42501: the caller may not hand over cases.
- 22023: neither to_department nor to_staff is given.
- 23503: there is no such department.
- 23514: to_staff is not active, or lacks the specialty that the case needs; or note is blank or too long.';

-- Display names of the people in a case, as far as the caller sees what they did.
create function casebase.case_people(case_id bigint) returns table (user_id uuid, display_name text, is_staff boolean)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  the_case public.cases;
  as_staff boolean;
begin
  select c.* into the_case
  from public.cases c
  where c.id = case_people.case_id
    and (c.client_id = any (casebase.my_clients())
         or c.department_id = any (casebase.my_departments())
         or c.assigned_to = casebase.staff_id());
  if not found then
    perform casebase.raise_no_case();
  end if;
  as_staff := the_case.department_id = any (casebase.my_departments())
    or coalesce(the_case.assigned_to = casebase.staff_id(), false);
  return query
    select p.person, casebase.person_name(p.person, the_case.client_id),
           exists (select from public.staff_members s where s.user_id = p.person)
    from (
      select unnest(array[the_case.created_by, the_case.assigned_to, the_case.escalated_by]) as person
      union
      select i.created_by from public.interactions i
      where i.case_id = the_case.id and (as_staff or i.visible_to_client)
      union
      select f.uploaded_by from public.case_files f
      where f.case_id = the_case.id and f.state = 'available' and (as_staff or f.visible_to_client)
      union
      select n.created_by from public.internal_notes n where n.case_id = the_case.id and as_staff
    ) p
    where casebase.person_name(p.person, the_case.client_id) is not null;
end
$$;

create function public.case_people(case_id bigint) returns table (user_id uuid, display_name text, is_staff boolean)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from casebase.case_people(case_id)
$$;
comment on function public.case_people(bigint) is
  'The display names of the people in a case, as far as the caller sees what they did.

For whoever sees the case.

- case_id: the case (cases.id).
- user_id: who (auth.users.id): as in created_by, assigned_to, escalated_by and uploaded_by.
- display_name: what they are called.
- is_staff: whether they are on the staff.

Returns a row for each person.

- PT404: there is no such case, or none that the caller sees.';
