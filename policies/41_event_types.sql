-- casebase.event_types: the types of the history's entries. The migrations alone write them.

revoke all on casebase.event_types from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.event_types to authenticated, service_role;

drop policy if exists read_event_types on casebase.event_types;

-- Client members and staff read them.
create policy read_event_types on casebase.event_types for select to authenticated
  using ((select casebase.is_known()));
