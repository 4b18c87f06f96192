-- How much the members of one client may write in an hour, for case_settings. Staff and service keys are not counted.

-- Raises where a client has had as much as is allowed. Of a client that the caller is no member of it says nothing; the
-- policies refuse that.
create function casebase.limit_client(client uuid, what text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most  integer := (
    select case what when 'cases' then s.cases_per_hour else s.interactions_per_hour end from public.case_settings s);
  since timestamptz := now() - interval '1 hour';
  -- The oldest of those that fill the hour.
  first timestamptz;
  -- When there is room for another.
  room  text;
begin
  if most is null or client is null or client <> all (casebase.my_clients()) then
    return;
  elsif what = 'cases' then
    select c.created_at into first
    from public.cases c
    join public.client_members m on m.client_id = c.client_id and m.user_id = c.created_by
    where c.client_id = client
      and c.created_at > since
    order by c.created_at desc
    offset greatest(most, 1) - 1
    limit 1;
  else
    select i.created_at into first
    from public.client_members m
    join public.interactions i on i.created_by = m.user_id
    join public.cases c on c.id = i.case_id and c.client_id = m.client_id
    where m.client_id = client
      and i.created_at > since
    order by i.created_at desc
    offset greatest(most, 1) - 1
    limit 1;
  end if;
  if first is not null or most = 0 then
    -- Of nothing an hour there is never room.
    room := case when most > 0 then to_char((first + interval '1 hour') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end;
    -- The service makes Retry-After of the details.
    raise exception '% % in an hour are as many as one client may write', most, what
      using errcode = 'PT429', detail = coalesce(room, ''),
            hint = coalesce('Try again after ' || room || '.', 'An admin has set it so.');
  end if;
end
$$;
