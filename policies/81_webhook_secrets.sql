-- casebase.webhook_secrets.

-- Write-only: nobody is granted select of the secret, not even a service key. The worker gets secrets from
-- casebase.webhook_lease. What receivers verify by is to be read.
revoke all on casebase.webhook_secrets from public, anon, authenticated, service_role, casebase_worker;
grant insert (endpoint_id, secret, previous_valid_for) on casebase.webhook_secrets to authenticated, service_role;
grant select (id, endpoint_id, public_key) on casebase.webhook_secrets to authenticated, service_role;

drop policy if exists admins_read_webhook_secrets on casebase.webhook_secrets;
drop policy if exists admins_add_webhook_secrets on casebase.webhook_secrets;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_secrets on casebase.webhook_secrets for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_add_webhook_secrets on casebase.webhook_secrets for insert to authenticated
  with check ((select casebase.is_admin()));
