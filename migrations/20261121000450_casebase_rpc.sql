-- What frontends call as rpc. The functions in public are SECURITY INVOKER; where one needs more than its caller
-- has, a definer function in casebase checks the caller for itself. A case that the caller doesn't see and one
-- that doesn't exist get the same 404.

create function casebase.raise_no_case() returns void
  language plpgsql set search_path = ''
as $$
begin
  raise exception 'there is no such case' using errcode = 'PT404';
end
$$;

-- Reopening: a client's only way to a status.
create function casebase.reopen_case(case_id bigint) returns public.cases
  language plpgsql security definer set search_path = ''
as $$
declare
  reopened public.cases;
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
  if reopened.status <> 'resolved' then
    raise exception 'the case is not resolved' using errcode = 'PT409';
  end if;
  update public.cases c set status = 'open' where c.id = reopened.id returning c.* into reopened;
  return reopened;
end
$$;

create function public.reopen_case(case_id bigint) returns public.cases
  language sql set search_path = ''
as $$
  select casebase.reopen_case(case_id)
$$;
comment on function public.reopen_case(bigint) is
  'Opens a resolved case again, for whoever sees it. 404: no such case; 409: it is not resolved.';

-- Escalating: a client's only way to a priority. It is at least high from then on.
create function casebase.escalate_case(case_id bigint) returns public.cases
  language plpgsql security definer set search_path = ''
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
  if escalated.status = 'resolved' then
    raise exception 'the case is resolved' using errcode = 'PT409', hint = 'Reopen it first.';
  elsif escalated.escalated_at is not null then
    raise exception 'the case is escalated already' using errcode = 'PT409';
  end if;
  update public.cases c
  set escalated_at = now(),
      escalated_by = casebase.caller_id(),
      priority     = case when c.priority in ('low', 'medium') then 'high' else c.priority end
  where c.id = escalated.id
  returning c.* into escalated;
  return escalated;
end
$$;

create function public.escalate_case(case_id bigint) returns public.cases
  language sql set search_path = ''
as $$
  select casebase.escalate_case(case_id)
$$;
comment on function public.escalate_case(bigint) is
  'Escalates an unresolved case, for whoever sees it: escalated_by, escalated_at, and a priority of at least high. 404: no such case; 409: resolved, or escalated already.';

-- Handing over may end the caller's own sight of the case, which a plain update can't: its new row is checked
-- against the SELECT policy too.
create function casebase.hand_over_case(case_id bigint, to_department uuid, to_staff uuid, note text) returns void
  language plpgsql security definer set search_path = ''
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
  language sql set search_path = ''
as $$
  select casebase.hand_over_case(case_id, to_department, to_staff, note)
$$;
comment on function public.hand_over_case(bigint, uuid, uuid, text) is
  'Gives a case to another department, another member of staff, or both, also where the caller then no longer sees it. note becomes an internal note. 404: no such case.';

-- Display names of the people in a case, as far as the caller sees what they did.
create function casebase.case_people(case_id bigint) returns table (user_id uuid, display_name text, is_staff boolean)
  language plpgsql stable security definer set search_path = ''
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
  language sql stable set search_path = ''
as $$
  select * from casebase.case_people(case_id)
$$;
comment on function public.case_people(bigint) is
  'The display names of the people in a case, as far as the caller sees what they did. 404: no such case.';

-- The history as a client may read it. Neither seq nor id: their gaps would count what staff do unseen. An entry
-- about an interaction shows as long as the interaction does.
create function casebase.case_timeline(case_id bigint)
  returns table (created_at timestamptz, type text, actor_name text, data jsonb)
  language plpgsql stable security definer set search_path = ''
as $$
begin
  if not exists (
    select from public.cases c
    where c.id = case_timeline.case_id
      and (c.client_id = any (casebase.my_clients())
           or c.department_id = any (casebase.my_departments())
           or c.assigned_to = casebase.staff_id())
  ) then
    perform casebase.raise_no_case();
  end if;
  return query
    select e.created_at, e.type, e.actor_name, e.data
    from public.case_events e
    where e.case_id = case_timeline.case_id
      and e.visible_to_client
      and (e.type not like 'interaction.%'
           or exists (
             select from public.interactions i
             where i.id = (e.data ->> 'interaction_id')::bigint and i.visible_to_client))
    order by e.seq;
end
$$;

create function public.case_timeline(case_id bigint)
  returns table (created_at timestamptz, type text, actor_name text, data jsonb)
  language sql stable set search_path = ''
as $$
  select * from casebase.case_timeline(case_id)
$$;
comment on function public.case_timeline(bigint) is
  'What happened to a case, as its client may read it, oldest first. Staff find everything in case_events. 404: no such case.';

-- The clients that the caller is a member of, with their names: what a new case needs. Works whether public.clients
-- is ours or the project's own.
create function casebase.my_client_names() returns table (id uuid, name text)
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return query
    select mine.client_id, casebase.client_name(mine.client_id) from unnest(casebase.my_clients()) as mine (client_id);
end
$$;

create function public.my_clients() returns table (id uuid, name text)
  language sql stable set search_path = ''
as $$
  select * from casebase.my_client_names()
$$;
comment on function public.my_clients() is 'The clients that the caller is a member of.';

-- The newest cases of whoever asks. A plain page without a filter walks everybody's cases by date until it has found
-- enough of the caller's: the planner can't know how few those are. This reads each arm of the policy see_cases in its
-- own index. One plan for all pages: planning would take longer than reading.
create function casebase.newest_cases(
  page_size       integer,
  older_than      timestamptz,
  below_id        bigint,
  wanted_status   text,
  wanted_priority text
) returns setof public.cases
  language plpgsql stable rows 25 security definer set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  standing    text   := casebase.staff_standing();
  clients     uuid[] := array[]::uuid[];
  departments uuid[] := array[]::uuid[];
  person      uuid;
begin
  if standing in ('admin', 'all') then
    return query
      select c.*
      from public.cases c
      where (c.created_at, c.id) < (older_than, below_id)
        and (wanted_status is null or c.status = wanted_status)
        and (wanted_priority is null or c.priority = wanted_priority)
      order by c.created_at desc, c.id desc
      limit page_size;
    return;
  end if;
  clients := casebase.my_clients();
  if standing is not null then
    departments := casebase.my_departments();
    person := casebase.caller_id();
  end if;
  return query
    select distinct on (newest.created_at, newest.id) newest.*
    from (
      select of_client.*
      from unnest(clients) as mine (client_id)
      cross join lateral (
        select c.*
        from public.cases c
        where c.client_id = mine.client_id
          and (c.created_at, c.id) < (older_than, below_id)
          and (wanted_status is null or c.status = wanted_status)
          and (wanted_priority is null or c.priority = wanted_priority)
        order by c.created_at desc, c.id desc
        limit page_size
      ) of_client
      union all
      select of_department.*
      from unnest(departments) as mine (department_id)
      cross join lateral (
        select c.*
        from public.cases c
        where c.department_id = mine.department_id
          and (c.created_at, c.id) < (older_than, below_id)
          and (wanted_status is null or c.status = wanted_status)
          and (wanted_priority is null or c.priority = wanted_priority)
        order by c.created_at desc, c.id desc
        limit page_size
      ) of_department
      union all
      (
        select c.*
        from public.cases c
        where c.assigned_to = person
          and (c.created_at, c.id) < (older_than, below_id)
          and (wanted_status is null or c.status = wanted_status)
          and (wanted_priority is null or c.priority = wanted_priority)
        order by c.created_at desc, c.id desc
        limit page_size
      )
    ) newest
    order by newest.created_at desc, newest.id desc
    limit page_size;
end
$$;

create function public.my_newest_cases(
  page_size  integer     default 25,
  older_than timestamptz default null,
  below_id   bigint      default null,
  status     text        default null,
  priority   text        default null
) returns setof public.cases
  language plpgsql stable rows 25 set search_path = ''
as $$
begin
  return query
    select *
    from casebase.newest_cases(
      greatest(least(page_size, 1000), 0), coalesce(older_than, 'infinity'), coalesce(below_id, 0), status, priority);
end
$$;
comment on function public.my_newest_cases(integer, timestamptz, bigint, text, text) is
  'The newest cases that the caller sees, quickly, all or those of a status or priority: use it instead of a page of cases that is not filtered by client_id or assigned_to. For the next page, older_than and below_id are the created_at and the id of the last one had. At most 1000.';

-- How many cases whoever asks sees, by status and priority: an exact count under the policy reads every row that the
-- policy must judge. A plan for each call, made when it is known who asks.
create function casebase.case_counts() returns table (status text, priority text, count bigint)
  language plpgsql stable rows 12 security definer set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  standing    text   := casebase.staff_standing();
  clients     uuid[] := casebase.my_clients();
  departments uuid[] := array[]::uuid[];
  person      uuid;
begin
  if standing in ('admin', 'all') then
    return query select c.status, c.priority, count(*) from public.cases c group by c.status, c.priority;
    return;
  end if;
  if standing is not null then
    departments := casebase.my_departments();
    person := casebase.caller_id();
  end if;
  return query
    select c.status, c.priority, count(*)
    from public.cases c
    where c.client_id = any (clients) or c.department_id = any (departments) or c.assigned_to = person
    group by c.status, c.priority;
end
$$;

create function public.my_case_counts() returns table (status text, priority text, count bigint)
  language sql stable rows 12 set search_path = ''
as $$
  select * from casebase.case_counts()
$$;
comment on function public.my_case_counts() is
  'How many cases the caller sees, by status and priority; none, no row. Quicker than count=exact.';
