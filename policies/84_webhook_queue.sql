-- casebase.webhook_queue, and until when somebody waits for it.

-- The worker's functions and the enqueueing trigger only, all of them definer functions.
revoke all on casebase.webhook_queue from public, anon, authenticated, service_role, casebase_worker;
revoke all on sequence casebase.webhook_listening_until from public, anon, authenticated, service_role, casebase_worker;
