-- casebase.webhook_limits.

-- The project's owner changes it; a definer trigger holds endpoints to it.
revoke all on casebase.webhook_limits from public, anon, authenticated, service_role, casebase_worker;
