-- casebase.webhook_attempts.

-- Written by the worker's functions only.
revoke all on casebase.webhook_attempts from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.webhook_attempts to authenticated, service_role;

drop policy if exists admins_read_webhook_attempts on casebase.webhook_attempts;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_attempts on casebase.webhook_attempts for select to authenticated
  using ((select casebase.is_admin()));
