-- Lists and counts of cases that stay quick for whoever sees few of many.

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
  language plpgsql stable rows 25 security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
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
  language plpgsql stable rows 25 set search_path = pg_catalog, pg_temp
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
  language plpgsql stable rows 12 security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
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
  language sql stable rows 12 set search_path = pg_catalog, pg_temp
as $$
  select * from casebase.case_counts()
$$;
comment on function public.my_case_counts() is
  'How many cases the caller sees, by status and priority; none, no row. Quicker than count=exact.';
