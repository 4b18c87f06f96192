-- The functions. Admins' are SECURITY INVOKER: the tables' policies decide. The worker's are definer functions.

revoke all on function
  public.create_webhook_endpoint(text, text, text[], boolean, text, interval[], uuid[], uuid[], text[], text[], jsonb, integer),
  public.update_webhook_endpoint(uuid, text, text, text[], boolean, interval[], uuid[], uuid[], text[], text[], jsonb, integer),
  public.delete_webhook_endpoint(uuid),
  public.webhook_endpoints(),
  public.rotate_webhook_secret(uuid, interval),
  public.send_test_webhook(uuid, text),
  public.webhook_deliveries(uuid, text, bigint, integer),
  public.webhook_attempts(bigint),
  public.replay_webhook_delivery(bigint),
  public.replay_webhook_deliveries(uuid, timestamptz, text[]),
  public.retry_webhook_deliveries(uuid),
  public.skip_webhook_delivery(bigint, text),
  public.count_webhook_replay(uuid, timestamptz, text[]),
  public.webhook_delivery_body(bigint),
  public.webhook_activity(uuid, timestamptz, interval),
  public.poll_events(uuid, text, integer),
  public.webhook_status()
from public, anon, authenticated, service_role;

grant execute on function
  casebase.webhook_lease(integer, integer, interval, interval, integer, jsonb, jsonb),
  casebase.webhook_ack(jsonb),
  casebase.webhook_tidy(interval),
  casebase.service_metrics(),
  casebase.schema_version()
to casebase_worker;

grant execute on function
  casebase.are_webhook_headers(jsonb),
  casebase.is_ipv6(text),
  casebase.webhook_url_fault(text),
  casebase.webhook_message_id(uuid, bigint),
  casebase.webhook_ids(jsonb),
  casebase.object_schema(jsonb),
  casebase.changes_schema(jsonb, boolean),
  casebase.event_schema(text),
  casebase.webhook_sample(jsonb),
  casebase.webhook_timestamp(timestamptz),
  casebase.ed25519_add(numeric[], numeric[]),
  casebase.ed25519_public_key(bytea),
  casebase.new_webhook_secret(text),
  casebase.no_such_event_type(text),
  casebase.no_such_webhook(text, text),
  casebase.require_enabled_webhook(uuid),
  casebase.webhooks_to_replay(uuid, timestamptz, text[], integer),
  public.create_webhook_endpoint(text, text, text[], boolean, text, interval[], uuid[], uuid[], text[], text[], jsonb, integer),
  public.update_webhook_endpoint(uuid, text, text, text[], boolean, interval[], uuid[], uuid[], text[], text[], jsonb, integer),
  public.delete_webhook_endpoint(uuid),
  public.webhook_endpoints(),
  public.rotate_webhook_secret(uuid, interval),
  public.send_test_webhook(uuid, text),
  public.webhook_deliveries(uuid, text, bigint, integer),
  public.webhook_attempts(bigint),
  public.replay_webhook_delivery(bigint),
  public.replay_webhook_deliveries(uuid, timestamptz, text[]),
  public.retry_webhook_deliveries(uuid),
  public.skip_webhook_delivery(bigint, text),
  public.count_webhook_replay(uuid, timestamptz, text[]),
  public.webhook_delivery_body(bigint),
  public.webhook_activity(uuid, timestamptz, interval),
  public.poll_events(uuid, text, integer),
  public.webhook_status()
to authenticated, service_role;
