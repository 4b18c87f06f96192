-- casebase.webhook_payloads.

-- Those of events are written with the event, by a definer trigger, and changed by nobody; an admin adds a test's.
revoke all on casebase.webhook_payloads from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.webhook_payloads to authenticated, service_role;
grant insert (type, payload_version, thin, body) on casebase.webhook_payloads to authenticated, service_role;

drop policy if exists admins_read_webhook_payloads on casebase.webhook_payloads;
drop policy if exists admins_add_webhook_payloads on casebase.webhook_payloads;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_payloads on casebase.webhook_payloads for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_add_webhook_payloads on casebase.webhook_payloads for insert to authenticated
  with check ((select casebase.is_admin()));
