-- casebase.webhook_deliveries.

-- Nobody deletes a delivery. An admin adds one by a test or a replay, skips one, has it tried again at once, or fetches it.
revoke all on casebase.webhook_deliveries from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.webhook_deliveries to authenticated, service_role;
grant insert (endpoint_id, payload_id, case_id) on casebase.webhook_deliveries to authenticated, service_role;
grant update (state, attempts, next_attempt_at, lease_token, finished_at, skipped_because)
  on casebase.webhook_deliveries to authenticated, service_role;

drop policy if exists admins_read_webhook_deliveries on casebase.webhook_deliveries;
drop policy if exists admins_add_webhook_deliveries on casebase.webhook_deliveries;
drop policy if exists admins_change_webhook_deliveries on casebase.webhook_deliveries;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_deliveries on casebase.webhook_deliveries for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_add_webhook_deliveries on casebase.webhook_deliveries for insert to authenticated
  with check ((select casebase.is_admin()));

create policy admins_change_webhook_deliveries on casebase.webhook_deliveries for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
