-- casebase.webhook_secrets.

-- Write-only: nobody is granted select, not even a service key. The worker gets secrets from casebase.webhook_lease.
revoke all on casebase.webhook_secrets from public, anon, authenticated, service_role, casebase_worker;
grant insert (endpoint_id, secret, previous_valid_for) on casebase.webhook_secrets to authenticated, service_role;

drop policy if exists admins_add_webhook_secrets on casebase.webhook_secrets;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_add_webhook_secrets on casebase.webhook_secrets for insert to authenticated
  with check ((select casebase.is_admin()));
