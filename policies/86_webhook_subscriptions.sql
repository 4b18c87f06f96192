-- casebase.webhook_subscriptions.

-- Two definer triggers only: one keeps it, the other enqueues by it.
revoke all on casebase.webhook_subscriptions from public, anon, authenticated, service_role, casebase_worker;
