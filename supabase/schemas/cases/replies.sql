-- Where a client's reply goes. Called before the interaction is written, so that the case's row is locked before its
-- history's counter, as in every other change of a case.

-- Opens a case that waits or is resolved again; of a closed one, gives the case that follows it, opened where there is
-- none yet. A case that the caller doesn't see as its client is given back untouched: the policy refuses the reply.
create function casebase.receive_reply(case_id bigint) returns bigint
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  the_case  public.cases;
  follow_up bigint;
begin
  select c.* into the_case
  from public.cases c
  where c.id = receive_reply.case_id
    and c.client_id = any (casebase.my_clients())
  for no key update;
  if casebase.may_move(the_case.status, 'open', 'client') then
    update public.cases c set status = 'open' where c.id = the_case.id;
  elsif the_case.status = 'closed' then
    select c.id into follow_up
    from public.cases c
    where c.follow_up_of = the_case.id
    order by c.id desc
    limit 1;
    if found then
      return casebase.receive_reply(follow_up);
    end if;
    insert into public.cases (client_id, department_id, required_specialty_id, title, follow_up_of)
    values (the_case.client_id, the_case.department_id, the_case.required_specialty_id, the_case.title, the_case.id)
    returning id into follow_up;
    return follow_up;
  end if;
  return receive_reply.case_id;
end
$$;

-- Whether the caller sees the case by now. A case that was opened for a reply is none that the statement which brought the
-- reply can see, because it began before; this can, because it is volatile.
create function casebase.sees_case_by_now(case_id bigint) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from public.cases c where c.id = sees_case_by_now.case_id);
end
$$;
