-- casebase.webhook_deliveries.

-- Nobody changes or deletes a delivery; an admin adds one by a test or a replay.
revoke all on casebase.webhook_deliveries from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.webhook_deliveries to authenticated, service_role;
grant insert (endpoint_id, payload_id, case_id) on casebase.webhook_deliveries to authenticated, service_role;

drop policy if exists admins_read_webhook_deliveries on casebase.webhook_deliveries;
drop policy if exists admins_add_webhook_deliveries on casebase.webhook_deliveries;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_deliveries on casebase.webhook_deliveries for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_add_webhook_deliveries on casebase.webhook_deliveries for insert to authenticated
  with check ((select casebase.is_admin()));
