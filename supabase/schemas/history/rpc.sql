-- The history as a client may read it. Neither seq nor id: their gaps would count what staff do unseen. An entry
-- about an interaction shows as long as the interaction does.
create function casebase.case_timeline(case_id bigint)
  returns table (created_at timestamptz, type text, actor_name text, data jsonb)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
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
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from casebase.case_timeline(case_id)
$$;
comment on function public.case_timeline(bigint) is
  'What happened to a case, as its client may read it, oldest first. Staff find everything in case_events. 404: no such case.';
