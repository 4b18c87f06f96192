-- The functions. Admins' are SECURITY INVOKER: the tables' policies decide. The worker's are definer functions.

revoke execute on function
  casebase.enqueue_webhooks(),
  casebase.webhook_message_id(uuid, bigint, bigint),
  casebase.webhook_timestamp(timestamptz),
  casebase.webhook_body(public.case_events),
  casebase.webhook_test_body(uuid, timestamptz),
  casebase.webhook_signing_secrets(uuid),
  casebase.webhook_expire_leases(),
  casebase.webhook_due(integer, integer),
  casebase.webhook_park(uuid[], bigint[]),
  casebase.webhook_lease(integer, integer, interval, interval),
  casebase.webhook_ack(jsonb),
  casebase.webhook_record_attempts(jsonb, bigint[]),
  casebase.webhook_judge_endpoints(jsonb),
  casebase.webhook_advance_lanes(bigint[]),
  casebase.webhook_tidy(interval),
  casebase.new_webhook_secret(),
  casebase.no_such_webhook(text, text),
  casebase.require_enabled_webhook(uuid),
  public.create_webhook_endpoint(text, text, text[]),
  public.update_webhook_endpoint(uuid, text, text, text[], boolean),
  public.delete_webhook_endpoint(uuid),
  public.webhook_endpoints(),
  public.rotate_webhook_secret(uuid, interval),
  public.send_test_webhook(uuid),
  public.webhook_deliveries(uuid, text, bigint, integer),
  public.webhook_attempts(bigint),
  public.replay_webhook_delivery(bigint)
from public, anon, authenticated, service_role, casebase_worker;

grant usage on schema casebase to casebase_worker;
grant execute on function
  casebase.webhook_lease(integer, integer, interval, interval),
  casebase.webhook_ack(jsonb),
  casebase.webhook_tidy(interval)
to casebase_worker;

grant execute on function
  casebase.webhook_message_id(uuid, bigint, bigint),
  casebase.new_webhook_secret(),
  casebase.no_such_webhook(text, text),
  casebase.require_enabled_webhook(uuid),
  public.create_webhook_endpoint(text, text, text[]),
  public.update_webhook_endpoint(uuid, text, text, text[], boolean),
  public.delete_webhook_endpoint(uuid),
  public.webhook_endpoints(),
  public.rotate_webhook_secret(uuid, interval),
  public.send_test_webhook(uuid),
  public.webhook_deliveries(uuid, text, bigint, integer),
  public.webhook_attempts(bigint),
  public.replay_webhook_delivery(bigint)
to authenticated, service_role;
