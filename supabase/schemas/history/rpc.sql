-- The history as a client may read it. Neither seq nor id: their gaps would count what staff do unseen. An entry
-- about an interaction shows as long as the interaction does.
create type public.timeline_entry as (created_at timestamptz, type text, actor_name text, data jsonb);
comment on type public.timeline_entry is
  'An entry of rpc/case_timeline: what happened to a case, as its client may read it.';
comment on column public.timeline_entry.created_at is 'When it happened.';
comment on column public.timeline_entry.type is 'What happened: one of the event types.';
comment on column public.timeline_entry.actor_name is 'Who did it.';
comment on column public.timeline_entry.data is 'As case_events.data.';
create type public.timeline_page as (entries public.timeline_entry[], next_cursor text);
comment on type public.timeline_page is
  'A page of rpc/case_timeline.';
comment on column public.timeline_page.entries is 'The entries, newest first.';
comment on column public.timeline_page.next_cursor is 'What to give as cursor for the next page; null on the last one.';

-- The entries that are for clients, too.
create view casebase.timeline with (security_invoker = true) as
  select e.*
  from public.case_events e
  where e.visible_to_client
    and (e.type not like 'interaction.%'
         or (select i.visible_to_client from public.interactions i where i.id = (e.data ->> 'interaction_id')::bigint));
revoke all on casebase.timeline from public, anon, authenticated, service_role;

-- A cursor is the time of the last entry had, and how many of that very time there were: who counts them, counts what
-- the caller saw.
create function casebase.case_timeline(cases bigint[], page_size integer, cursor text) returns public.timeline_page
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  place  text[] := case when cursor is not null then casebase.read_cursor(cursor, 'timeline', '{timestamptz,integer}') end;
  -- Those of them that the caller sees.
  seen   bigint[] := array(
    select c.id
    from public.cases c
    where c.id = any (cases)
      and (c.client_id = any (casebase.my_clients())
           or c.department_id = any (casebase.my_departments())
           or c.assigned_to = casebase.staff_id()));
  until  timestamptz := coalesce(place[1]::timestamptz, 'infinity');
  had    integer := coalesce(place[2]::integer, 0);
  page   public.timeline_page;
  last   public.timeline_entry;
begin
  page.entries := array(
    select (e.created_at, e.type, e.actor_name, e.data)::public.timeline_entry
    from casebase.timeline e
    where e.case_id = any (seen)
      and e.created_at <= until
    order by e.created_at desc, e.case_id desc, e.seq desc
    offset had
    limit page_size + 1
  );
  if cardinality(page.entries) > page_size then
    page.entries := page.entries[:page_size];
    last := page.entries[page_size];
    page.next_cursor := casebase.write_cursor(jsonb_build_array('timeline', last.created_at, (
      select count(*) + case when last.created_at = until then had else 0 end
      from unnest(page.entries) e
      where e.created_at = last.created_at)));
  end if;
  return page;
end
$$;

create function public.case_timeline(case_id bigint, page_size integer default 100, cursor text default null)
  returns public.timeline_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.check_page_size(page_size);
  if not exists (select from public.cases c where c.id = case_timeline.case_id) then
    perform casebase.raise_no_case();
  end if;
  return casebase.case_timeline(casebase.merged_cases(casebase.survivor_of(case_id)), page_size, cursor);
end
$$;
comment on function public.case_timeline(bigint, integer, text) is
  'What happened to a case, as its client may read it, newest first, a page at a time.

What happened to duplicates that were merged into it is there, too. Staff find everything in case_events, by order=seq.desc and seq=lt. the last one had.

For whoever sees the case.

- case_id: the case (cases.id).
- page_size: how many entries at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.

Returns a page.

- PT404: there is no such case, or none that the caller sees.
- 22023: page_size is out of range, or cursor is none that this list gave.';
