-- casebase.webhook_queue.

-- The worker's functions and the enqueueing trigger only, all of them definer functions.
revoke all on casebase.webhook_queue from public, anon, authenticated, service_role, casebase_worker;
