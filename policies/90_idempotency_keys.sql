-- casebase.idempotency_keys.

-- The functions around it only, all of them definer functions, each about its caller's own keys.
revoke all on casebase.idempotency_keys from public, anon, authenticated, service_role, casebase_worker;
