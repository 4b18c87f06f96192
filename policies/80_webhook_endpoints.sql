-- casebase.webhook_endpoints.

revoke all on casebase.webhook_endpoints from public, anon, authenticated, service_role, casebase_worker;
grant select, insert, delete on casebase.webhook_endpoints to authenticated, service_role;
-- Not the form of its bodies: what is queued has one already.
grant update (
    url, description, event_types, enabled, disabled_reason, retry_waits, client_ids, department_ids, priorities, statuses,
    headers, rate_limit, paused_until, failures_in_a_row, failing_since, updated_at
  )
  on casebase.webhook_endpoints to authenticated, service_role;

drop policy if exists admins_read_webhook_endpoints on casebase.webhook_endpoints;
drop policy if exists admins_create_webhook_endpoints on casebase.webhook_endpoints;
drop policy if exists admins_change_webhook_endpoints on casebase.webhook_endpoints;
drop policy if exists admins_delete_webhook_endpoints on casebase.webhook_endpoints;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_endpoints on casebase.webhook_endpoints for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_create_webhook_endpoints on casebase.webhook_endpoints for insert to authenticated
  with check ((select casebase.is_admin()));

create policy admins_change_webhook_endpoints on casebase.webhook_endpoints for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));

create policy admins_delete_webhook_endpoints on casebase.webhook_endpoints for delete to authenticated
  using ((select casebase.is_admin()));
