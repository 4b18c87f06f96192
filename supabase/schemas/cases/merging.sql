-- Duplicates: a case points to the one it was merged into. Nothing moves, and nothing is rewritten; whoever asks for the
-- one is led to the other.

-- The case that this one lives on in, as far as the caller sees: a chain ends at the first that they don't. A service key
-- can write a circle, which ends where it would begin again.
create function casebase.survivor_of(case_id bigint) returns bigint
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive way (id, nth) as (
      select survivor_of.case_id, 0
      union all
      select n.id, way.nth + 1
      from way
      join public.cases c on c.id = way.id
      join public.cases n on n.id = c.merged_into
    ) cycle id set is_again using passed
    select way.id
    from way
    where not way.is_again
    order by way.nth desc
    limit 1
  );
end
$$;

-- It, and every case that was merged into it, as far as the caller sees them.
create function casebase.merged_cases(survivor bigint) returns bigint[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    with recursive merged (id) as (
      select survivor
      union
      select c.id from merged join public.cases c on c.merged_into = merged.id
    )
    select merged.id from merged
  );
end
$$;

create function casebase.merge_cases(duplicate bigint, survivor bigint) returns public.cases
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  pair  public.cases[];
  dead  public.cases;
  lives public.cases;
begin
  pair := array(
    select c
    from public.cases c
    where c.id in (duplicate, survivor)
      and (c.department_id = any (casebase.my_departments()) or c.assigned_to = casebase.staff_id())
    order by c.id
    for no key update
  );
  if duplicate = survivor then
    raise exception 'a case can''t be merged into itself' using errcode = 'invalid_parameter_value', column = 'survivor';
  elsif cardinality(pair) < 2 then
    perform casebase.raise_no_case();
  end if;
  dead := pair[case when duplicate < survivor then 1 else 2 end];
  lives := pair[case when duplicate < survivor then 2 else 1 end];
  if dead.client_id <> lives.client_id then
    raise exception 'the two cases have different clients'
      using errcode = 'PT409', column = 'survivor', hint = 'Cases are merged within one client.';
  elsif dead.merged_into is not null then
    raise exception 'the case has been merged already' using errcode = 'PT409', column = 'duplicate';
  elsif lives.merged_into is not null then
    raise exception 'the other case has been merged itself'
      using errcode = 'PT409', column = 'survivor', hint = 'Merge into the case that rpc/find_case gives.';
  end if;
  update public.cases c set status = 'closed', merged_into = lives.id where c.id = dead.id;
  return lives;
end
$$;

create function public.merge_cases(duplicate bigint, survivor bigint) returns public.cases
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.merge_cases(duplicate, survivor)
$$;
comment on function public.merge_cases(bigint, bigint) is
  'Closes a duplicate and has it point to the case that survives.

Lists and counts leave the duplicate out; rpc/find_case, rpc/case_timeline, rpc/list_interactions and replies lead to the other. Opening it again ends it.

For staff who see both cases as staff.

- duplicate: the case that is closed (cases.id).
- survivor: the case that goes on (cases.id), of the same client.

Returns the case that survives.

- PT404: the caller does not see both as staff, or one does not exist.
- PT409: they are of different clients, or one of them has been merged already.
- 22023: a case is to be merged into itself.';

create function public.find_case(case_id text) returns public.cases
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  found_case public.cases;
begin
  select s.* into found_case
  from public.cases c
  join public.cases s on s.id = casebase.survivor_of(c.id)
  where c.case_id = find_case.case_id;
  if not found then
    perform casebase.raise_no_case();
  end if;
  return found_case;
end
$$;
comment on function public.find_case(text) is
  'The case of this number, or the one that it was merged into.

For whoever sees the case.

- case_id: the number, e.g. CASE-0001.

Returns the case.

- PT404: there is no such case, or none that the caller sees.';

-- The words stay their author's, which a plain insert wouldn't leave them.
create function casebase.split_case(interaction_id bigint, title text) returns public.cases
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  said     public.interactions;
  the_case public.cases;
  made     public.cases;
begin
  select i.* into said from public.interactions i where i.id = split_case.interaction_id;
  select c.* into the_case
  from public.cases c
  where c.id = said.case_id
    and (c.department_id = any (casebase.my_departments()) or c.assigned_to = casebase.staff_id());
  if not found then
    raise exception 'there is no such interaction' using errcode = 'PT404';
  elsif the_case.department_id <> all (casebase.my_departments()) then
    raise exception 'you can''t open cases in this department'
      using errcode = 'insufficient_privilege', hint = 'Admins and staff of scope all or departments can.';
  end if;
  insert into public.cases (client_id, department_id, title, split_from)
  values (the_case.client_id, the_case.department_id, coalesce(split_case.title, the_case.title), the_case.id)
  returning * into made;
  insert into public.interactions (
    case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client, created_by, created_at, updated_at
  )
  values (
    made.id, said.party1_name, said.party1_type, said.party2_name, said.party2_type, said.content, said.visible_to_client,
    said.created_by, said.created_at, said.updated_at
  );
  return made;
end
$$;

create function public.split_case(interaction_id bigint, title text default null) returns public.cases
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.split_case(interaction_id, title)
$$;
comment on function public.split_case(bigint, text) is
  'Opens a case with a copy of an interaction, for the same client and in the same department.

The words stay their author''s, and split_from points to the case that they came from.

For staff who see the interaction''s case as staff and may open others in its department.

- interaction_id: the interaction (interactions.id).
- title: of the new case; null: that of the first.

Returns the new case.

- PT404: there is no such interaction, or none that the caller sees as staff.
- 42501: the caller may not open cases in this department.
- 23514: title is not one line of at most 200 characters.';
