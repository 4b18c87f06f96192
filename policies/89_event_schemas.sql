-- casebase.event_schemas.

-- What events say: samples are made of it.
revoke all on casebase.event_schemas from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.event_schemas to authenticated, service_role;

drop policy if exists read_event_schemas on casebase.event_schemas;

create policy read_event_schemas on casebase.event_schemas for select to authenticated
  using ((select casebase.is_known()));
