alter table casebase.webhook_endpoints enable row level security;

revoke all on casebase.webhook_endpoints from public, anon, authenticated, service_role, casebase_worker;
grant select, insert, update, delete on casebase.webhook_endpoints to authenticated, service_role;

-- Webhooks: client member never, staff never, admin manage.
drop policy if exists admins_read_webhook_endpoints on casebase.webhook_endpoints;
create policy admins_read_webhook_endpoints on casebase.webhook_endpoints
  for select to authenticated
  using ((select casebase.is_admin()));

drop policy if exists admins_create_webhook_endpoints on casebase.webhook_endpoints;
create policy admins_create_webhook_endpoints on casebase.webhook_endpoints
  for insert to authenticated
  with check ((select casebase.is_admin()));

drop policy if exists admins_change_webhook_endpoints on casebase.webhook_endpoints;
create policy admins_change_webhook_endpoints on casebase.webhook_endpoints
  for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));

drop policy if exists admins_delete_webhook_endpoints on casebase.webhook_endpoints;
create policy admins_delete_webhook_endpoints on casebase.webhook_endpoints
  for delete to authenticated
  using ((select casebase.is_admin()));
