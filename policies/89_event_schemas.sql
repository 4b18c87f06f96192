-- casebase.event_schemas.

-- Documentation is written from it, by the project's owner.
revoke all on casebase.event_schemas from public, anon, authenticated, service_role, casebase_worker;
