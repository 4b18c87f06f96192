-- public.case_events: append-only, written by the database alone.

revoke all on public.case_events from public, anon, authenticated, service_role;
revoke all on sequence public.case_events_id_seq from public, anon, authenticated, service_role;
grant select on public.case_events to authenticated, service_role;

drop policy if exists staff_read_history on public.case_events;

-- Staff read the history of the cases they see as staff. Clients read rpc/case_timeline.
create policy staff_read_history on public.case_events for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_events.case_id) when 'staff' then true end
  );
