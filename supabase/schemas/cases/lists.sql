-- Lists and counts of cases that stay quick for whoever sees few of many.
--
-- A plain page under a policy is planned before it is known who asks, and walks everybody's cases by date until it has
-- found enough of the caller's. Here a statement names what the caller sees, and is planned for that and for what is asked.
-- These functions are plpgsql because a session keeps their plans.

-- What a list is narrowed by; null narrows nothing.
create type casebase.case_filter as (
  status         text[],
  stage          text[],
  priority       text[],
  assigned_to    uuid[],
  unassigned     boolean,
  department_id  uuid[],
  client_id      uuid[],
  tags           text[],
  overdue        boolean,
  created_from   timestamptz,
  created_before timestamptz,
  updated_from   timestamptz,
  updated_before timestamptz,
  metadata       jsonb,
  search         text
);

create type public.case_page as (
  cases          public.cases[],
  next_cursor    text,
  total          integer,
  total_is_exact boolean,
  last_activity  timestamptz[]
);
comment on type public.case_page is
  'A page of rpc/list_cases.';
comment on column public.case_page.cases is 'The cases, in the order that was asked for.';
comment on column public.case_page.next_cursor is 'What to give as cursor for the next page; null on the last one.';
comment on column public.case_page.total is
  'How many cases there are on all pages, counted no further than count_up_to; null: they were not counted.';
comment on column public.case_page.total_is_exact is 'Whether total is all of them; false: there are more.';
comment on column public.case_page.last_activity is
  'Where with_activity asks for it: when something last happened to each of the cases that the caller may know of, in their order: also a reply or a file, of which updated_at knows nothing.';

-- Who asks, as far as a list must know: asked once, where each helper of a policy would ask again.
create type casebase.asker as (sees_all boolean, staff_id uuid, departments uuid[], clients uuid[]);

create function casebase.who_asks() returns casebase.asker
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := casebase.staff_standing();
  person   uuid := casebase.caller_id();
  asker    casebase.asker;
begin
  asker.sees_all := coalesce(standing in ('admin', 'all'), false);
  if standing is not null then
    asker.staff_id := person;
  end if;
  if standing = 'departments' then
    asker.departments := array(select s.department_id from public.staff_departments s where s.user_id = person);
  end if;
  if not asker.sees_all then
    asker.clients := array(select m.client_id from public.client_members m where m.user_id = person);
  end if;
  return asker;
end
$$;

-- "this column is one of these", or null where none are wanted. A single value is compared by =, which leaves an index
-- its order.
create function casebase.one_of(column_name text, type text, wanted text[]) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(wanted) = 1 then
    return format('c.%I = %L', column_name, wanted[1]);
  end if;
  return format('c.%I = any (%L::%s[])', column_name, wanted, type);
end
$$;

-- Which cases somebody sees, as a condition of c: that of the policy see_cases for this one person, so that the plan is made
-- for what it holds. Null where they see none.
create function casebase.sight(asker casebase.asker, as_staff_only boolean) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if asker.sees_all then
    return 'true';
  end if;
  return '(' || nullif(concat_ws(' or ',
    case when cardinality(asker.clients) > 0 and not as_staff_only then casebase.one_of('client_id', 'uuid', asker.clients::text[]) end,
    case when cardinality(asker.departments) > 0 then casebase.one_of('department_id', 'uuid', asker.departments::text[]) end,
    'c.assigned_to = ' || quote_literal(asker.staff_id)
  ), '') || ')';
end
$$;

-- A filter as conditions of c, and its search as this query. as_staff is which cases whoever asks sees as staff: the others'
-- texts are searched as far as they are shown.
create function casebase.case_conditions(f casebase.case_filter, query tsquery, as_staff text) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  -- Duplicates are in no list.
  if f is null then
    return ' and c.merged_into is null';
  end if;
  return concat(
    ' and c.merged_into is null',
    ' and ' || case when f.status is not null then casebase.one_of('status', 'text', f.status) end,
    ' and ' || case when f.stage is not null then casebase.one_of('stage', 'text', f.stage) end,
    ' and ' || case when f.priority is not null then casebase.one_of('priority', 'text', f.priority) end,
    ' and ' || case when f.assigned_to is not null then casebase.one_of('assigned_to', 'uuid', f.assigned_to::text[]) end,
    ' and ' || case when f.department_id is not null then casebase.one_of('department_id', 'uuid', f.department_id::text[]) end,
    ' and ' || case when f.client_id is not null then casebase.one_of('client_id', 'uuid', f.client_id::text[]) end,
    case f.unassigned when true then ' and c.assigned_to is null' when false then ' and c.assigned_to is not null' end,
    -- As the index has it.
    case f.overdue
      when true then ' and coalesce(c.due_at, ''infinity''::timestamptz) < now()'
      when false then ' and coalesce(c.due_at, ''infinity''::timestamptz) >= now()'
    end,
    ' and c.created_at >= ' || quote_literal(f.created_from),
    ' and c.created_at < ' || quote_literal(f.created_before),
    ' and c.updated_at >= ' || quote_literal(f.updated_from),
    ' and c.updated_at < ' || quote_literal(f.updated_before),
    ' and c.metadata @> ' || quote_literal(f.metadata),
    ' and exists (select from public.case_internal i where i.case_id = c.id and i.tags @> ' || quote_literal(f.tags) || ')',
    case when f.search is not null then format(
      ' and exists (select from casebase.search_entries e where e.case_id = c.id and e.words @@ %L::tsquery and (%s))',
      query, concat_ws(' or ', 'e.shown', as_staff)) end
  );
end
$$;

-- A filter that names what there isn't finds nothing, and its sender should know why.
create function casebase.check_words(name text, wanted text[], words text[]) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  word text;
begin
  foreach word in array wanted loop
    if word is null or word <> all (words) then
      raise exception 'there is no % %', name, coalesce(word, 'null')
        using errcode = 'invalid_parameter_value', column = name,
              hint = 'There are ' || array_to_string(words, ', ') || '.';
    end if;
  end loop;
end
$$;

create function casebase.check_case_filter(f casebase.case_filter) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if f.status is not null then
    perform casebase.check_words('status', f.status, '{open,in_progress,waiting,resolved,closed}');
  end if;
  if f.priority is not null then
    perform casebase.check_words('priority', f.priority, '{low,medium,high,urgent}');
  end if;
  if f.stage is not null then
    perform casebase.check_words('stage', f.stage, array(select s.stage from public.case_stages s order by s.position, s.stage));
  end if;
  if jsonb_typeof(f.metadata) <> 'object' then
    raise exception 'metadata must be an object whose values the cases have'
      using errcode = 'invalid_parameter_value', column = 'metadata';
  end if;
  if f.search is not null then
    perform casebase.check_search(f.search);
  end if;
end
$$;

-- By which keys an order reads, in which direction; keys as SQL about c, and their types.
create function casebase.case_order(ordered_by text, out keys text[], out types text[], out direction text)
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  case
    when ordered_by in ('created_at.desc', 'created_at.asc') then
      keys := '{c.created_at,c.id}';
      types := '{timestamptz,bigint}';
    when ordered_by in ('updated_at.desc', 'updated_at.asc') then
      keys := '{c.updated_at,c.id}';
      types := '{timestamptz,bigint}';
    when ordered_by in ('priority.desc', 'priority.asc') then
      keys := '{c.priority_rank,c.created_at,c.id}';
      types := '{smallint,timestamptz,bigint}';
    when ordered_by = 'due_at.asc' then
      keys := array['coalesce(c.due_at, ''infinity''::timestamptz)', 'c.id'];
      types := '{timestamptz,bigint}';
    else
      raise exception 'there is no order %', coalesce(ordered_by, 'null')
        using errcode = 'invalid_parameter_value', column = 'order_by',
              hint = 'There are created_at.desc, created_at.asc, updated_at.desc, updated_at.asc, priority.desc, priority.asc and due_at.asc.';
  end case;
  direction := split_part(ordered_by, '.', 2);
end
$$;

create function casebase.cursor_after(last public.cases, ordered_by text) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return casebase.write_cursor(
    case split_part(ordered_by, '.', 1)
      when 'created_at' then jsonb_build_array(ordered_by, last.created_at, last.id)
      when 'updated_at' then jsonb_build_array(ordered_by, last.updated_at, last.id)
      when 'priority'   then jsonb_build_array(ordered_by, last.priority_rank, last.created_at, last.id)
      when 'due_at'     then jsonb_build_array(ordered_by, coalesce(last.due_at, 'infinity'), last.id)
    end);
end
$$;

-- When something last happened to each of these, which the caller sees: for a client, what its timeline has.
create function casebase.last_activity(seen public.cases[], asker casebase.asker) returns timestamptz[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select coalesce(
      case
        when asker.sees_all or c.department_id = any (asker.departments) or c.assigned_to = asker.staff_id
        then (select e.created_at from public.case_events e where e.case_id = c.id order by e.seq desc limit 1)
        else (select e.created_at from casebase.timeline e where e.case_id = c.id order by e.seq desc limit 1)
      end,
      c.created_at)
    from unnest(seen) with ordinality c
    order by c.ordinality);
end
$$;

create function casebase.list_cases(
  f casebase.case_filter, order_by text, page_size integer, cursor text, count_up_to integer, with_activity boolean
) returns public.case_page
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  asker      casebase.asker := casebase.who_asks();
  -- Tags are the staff's: who sees a case as its client finds it by none.
  sight      text := casebase.sight(asker, f.tags is not null);
  sought     casebase.sought := casebase.sought(f.search);
  query      tsquery;
  conditions text;
  after      text := '';
  o          record;
  found_all  public.cases[];
  page       public.case_page;
begin
  o := casebase.case_order(order_by);
  if cursor is not null then
    after := format(' and (%s) %s (%s)', array_to_string(o.keys, ', '), case o.direction when 'desc' then '<' else '>' end,
      (select string_agg(format('%L::%s', k.value, k.type), ', ' order by k.nth)
       from unnest(casebase.read_cursor(cursor, order_by, o.types), o.types) with ordinality as k (value, type, nth)));
  end if;
  if sight is null and casebase.access_problem() is not null then
    raise exception '%', casebase.access_problem() using errcode = 'PT403';
  end if;
  -- What is near is looked for where nothing is found.
  foreach query in array case when sight is null then '{}' when f.search is null then '{null}' else array[sought.query, sought.or_near] end loop
    conditions := sight || casebase.case_conditions(f, query, casebase.sight(asker, true));
    execute format('select array(select c from public.cases c where %s%s order by %s %s limit %s)',
        conditions, after, array_to_string(o.keys, format(' %s, ', o.direction)), o.direction, page_size + 1)
      into found_all;
    exit when found_all <> '{}';
  end loop;
  page.cases := coalesce(found_all[:page_size], '{}');
  if with_activity then
    page.last_activity := casebase.last_activity(page.cases, asker);
  end if;
  if cardinality(found_all) > page_size then
    page.next_cursor := casebase.cursor_after(found_all[page_size], order_by);
  end if;

  -- A first page that is the last one counts itself; and who sees none on any page needs no count.
  if count_up_to > 0 and (cursor is null and page.next_cursor is null or sight is null) then
    page.total := cardinality(page.cases);
  elsif count_up_to > 0 then
    execute format('select count(*) from (select from public.cases c where %s limit %s) counted', conditions, count_up_to + 1)
      into page.total;
  end if;
  page.total_is_exact := page.total <= count_up_to;
  if not page.total_is_exact then
    page.total := count_up_to;
  end if;
  return page;
end
$$;

create function public.list_cases(
  status         text[]      default null,
  stage          text[]      default null,
  priority       text[]      default null,
  assigned_to    uuid[]      default null,
  unassigned     boolean     default null,
  department_id  uuid[]      default null,
  client_id      uuid[]      default null,
  tags           text[]      default null,
  overdue        boolean     default null,
  created_from   timestamptz default null,
  created_before timestamptz default null,
  updated_from   timestamptz default null,
  updated_before timestamptz default null,
  metadata       jsonb       default null,
  search         text        default null,
  order_by       text        default 'created_at.desc',
  page_size      integer     default 25,
  cursor         text        default null,
  count_up_to    integer     default 1000,
  with_activity  boolean     default false
) returns public.case_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  f casebase.case_filter := (status, stage, priority, assigned_to, unassigned, department_id, client_id, tags, overdue,
    created_from, created_before, updated_from, updated_before, metadata, search);
begin
  if not (f is null) then
    perform casebase.check_case_filter(f);
  end if;
  perform casebase.check_page_size(page_size);
  if count_up_to is null or count_up_to not between 0 and 10000 then
    raise exception 'count_up_to is from 0 to 10000, not %', coalesce(count_up_to::text, 'null')
      using errcode = 'invalid_parameter_value', column = 'count_up_to';
  end if;
  return casebase.list_cases(f, order_by, page_size, cursor, count_up_to, with_activity);
end
$$;
comment on function public.list_cases(text[], text[], text[], uuid[], boolean, uuid[], uuid[], text[], boolean, timestamptz, timestamptz,
  timestamptz, timestamptz, jsonb, text, text, integer, text, integer, boolean) is
  'A page of the cases that the caller sees, filtered and in an order; duplicates that were merged into another are left out.

A filter that is null narrows nothing; of a list, a case has one of its values. For the next page, give next_cursor of this one as cursor, with the same filters and order.

For everybody who is signed in: whoever sees no case gets an empty page.

- status: one of these: open, in_progress, waiting, resolved, closed.
- stage: one of these stages (case_stages.stage).
- priority: one of these: low, medium, high, urgent.
- assigned_to: assigned to one of these (staff_members.user_id).
- unassigned: true: nobody has it; false: somebody has.
- department_id: in one of these departments.
- client_id: of one of these clients.
- tags: with all of these tags (case_internal.tags). Only staff find cases by them.
- overdue: true: its next move is late; false: it is not.
- created_from: opened at this time or later.
- created_before: opened before this time.
- updated_from: changed at this time or later.
- updated_before: last changed before this time.
- metadata: an object whose values are all in cases.metadata.
- search: with a text that the caller may read and that has these words, or, where no case of the list has, words near them, as rpc/search_cases finds them.
- order_by: created_at.desc, created_at.asc, updated_at.desc, updated_at.asc, priority.desc (urgent first), priority.asc, or due_at.asc (those without a deadline last).
- page_size: how many cases at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.
- count_up_to: how far total is counted, at most 10000; 0: not at all.
- with_activity: whether last_activity is wanted, which costs a look for each case of the page.

Returns a page.

- 22023: an argument is none of what is accepted; the hint says what is.
- PT403: the caller is on the staff and their token does not say so: sign in again, or switch the access token hook on.';

-- How many cases whoever asks sees: an exact count under the policy reads every row that the policy must judge. A plan
-- for each call, made when it is known who asks.
create function casebase.case_counts()
  returns table (status text, priority text, count bigint, overdue bigint, unassigned bigint, mine bigint)
  language plpgsql stable rows 20 security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  asker       casebase.asker := casebase.who_asks();
  sees_all    boolean := asker.sees_all;
  clients     uuid[]  := asker.clients;
  departments uuid[]  := asker.departments;
  person      uuid    := asker.staff_id;
begin
  return query
    select c.status, c.priority, count(*),
           count(*) filter (where coalesce(c.due_at, 'infinity'::timestamptz) < now()),
           count(*) filter (where c.assigned_to is null),
           count(*) filter (where c.assigned_to = person)
    from public.cases c
    where c.merged_into is null
      and (sees_all or c.client_id = any (clients) or c.department_id = any (departments) or c.assigned_to = person)
    group by c.status, c.priority;
end
$$;

create function public.case_counts()
  returns table (status text, priority text, count bigint, overdue bigint, unassigned bigint, mine bigint)
  language plpgsql stable rows 20 set search_path = pg_catalog, pg_temp
as $$
begin
  return query select * from casebase.case_counts();
end
$$;
comment on function public.case_counts() is
  'How many cases the caller sees, by status and priority; duplicates that were merged into another are left out.

For everybody who is signed in.

- status: the status.
- priority: the priority.
- count: how many cases have both.
- overdue: how many of them are overdue.
- unassigned: how many of them nobody has.
- mine: how many of them are assigned to the caller.

Returns a row for each status and priority of which there is a case.';

-- What was said in a case.
create type public.interaction_page as (interactions public.interactions[], next_cursor text);
comment on type public.interaction_page is
  'A page of rpc/list_interactions.';
comment on column public.interaction_page.interactions is 'The interactions, newest first.';
comment on column public.interaction_page.next_cursor is
  'What to give as cursor for the next page; null on the last one.';

-- What was said in those of these cases that the caller sees, as the policy see_interactions has it: each case's is read by
-- itself, in order. are_merged says whether one of them is a duplicate; null: none is in sight. One plan, which no number
-- of cases would make another: or each call would plan again, for an array as long as its own.
create type casebase.talk as (page public.interaction_page, are_merged boolean);

create function casebase.list_interactions(cases bigint[], page_size integer, cursor text) returns casebase.talk
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  asker      casebase.asker := casebase.who_asks();
  seen       bigint[];
  as_staff   bigint[];
  are_merged boolean;
  place      text[] := case
    when cursor is not null then casebase.read_cursor(cursor, 'interactions', '{timestamptz,bigint}')
  end;
  until      timestamptz := coalesce(place[1]::timestamptz, 'infinity');
  before     bigint := coalesce(place[2]::bigint, 0);
  last       public.interactions;
  page       public.interaction_page;
begin
  select array_agg(c.id),
         array_agg(c.id) filter (
           where asker.sees_all or c.department_id = any (asker.departments) or c.assigned_to = asker.staff_id),
         bool_or(c.merged_into is not null)
  into seen, as_staff, are_merged
  from public.cases c
  where c.id = any (cases)
    and (asker.sees_all
         or c.client_id = any (asker.clients)
         or c.department_id = any (asker.departments)
         or c.assigned_to = asker.staff_id);
  page.interactions := array(
    select said
    from unnest(seen) as of_case (id)
    cross join lateral (
      select i
      from public.interactions i
      where i.case_id = of_case.id
        and (i.visible_to_client or of_case.id = any (as_staff))
        and (i.created_at, i.id) < (until, before)
      order by i.created_at desc, i.id desc
      limit page_size + 1
    ) as of_one (said)
    order by (said).created_at desc, (said).id desc
    limit page_size + 1
  );
  if cardinality(page.interactions) > page_size then
    page.interactions := page.interactions[:page_size];
    last := page.interactions[page_size];
    page.next_cursor := casebase.write_cursor(jsonb_build_array('interactions', last.created_at, last.id));
  end if;
  return (page, are_merged)::casebase.talk;
end
$$;

create function public.list_interactions(case_id bigint, page_size integer default 100, cursor text default null)
  returns public.interaction_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  talk casebase.talk;
begin
  perform casebase.check_page_size(page_size);
  talk := casebase.list_interactions(array[case_id], page_size, cursor);
  if talk.are_merged is null then
    perform casebase.raise_no_case();
  elsif talk.are_merged or exists (select from public.cases d where d.merged_into = list_interactions.case_id) then
    talk := casebase.list_interactions(casebase.merged_cases(casebase.survivor_of(case_id)), page_size, cursor);
  end if;
  return talk.page;
end
$$;
comment on function public.list_interactions(bigint, integer, text) is
  'The interactions of a case that the caller sees, newest first, a page at a time.

Those of duplicates that were merged into it are there, too.

For whoever sees the case.

- case_id: the case (cases.id).
- page_size: how many at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.

Returns a page.

- PT404: there is no such case, or none that the caller sees.
- 22023: page_size is out of range, or cursor is none that this list gave.';
