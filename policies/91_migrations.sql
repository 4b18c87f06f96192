-- casebase.migrations.

-- The project's owner writes and reads it, with each migration; admins hear of it through rpc/health.
revoke all on casebase.migrations from public, anon, authenticated, service_role, casebase_worker;
