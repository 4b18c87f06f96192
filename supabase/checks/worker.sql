-- The service's part: webhooks are sent, and files verified, by whoever is connected as casebase_worker.
with health as (
  select casebase.webhook_health() as webhooks, casebase.file_health() as files
),
waiting as (
  select (h.webhooks ->> 'connections')::int as connections,
         (h.webhooks ->> 'pending')::int as pending,
         (h.webhooks ->> 'oldest_due_at')::timestamptz as due_since,
         (h.files ->> 'uploaded')::int as uploaded,
         (h.files ->> 'oldest_uploaded_at')::timestamptz as uploaded_since
  from health h
)
select 'error' as severity, 'the service' as thing,
       format('is not connected (nobody is casebase_worker), while %s webhook deliveries and %s files wait for it', w.pending, w.uploaded)
         as problem,
       'casebase serve' as mend,
       false as safe
from waiting w
where w.connections = 0
  and (w.due_since is not null or w.uploaded > 0)

union all
select 'note', 'the service', 'is not connected: nobody is casebase_worker. Nothing waits for it', 'casebase serve', false
from waiting w
where w.connections = 0
  and w.due_since is null
  and w.uploaded = 0

union all
select 'warning', 'webhooks', format('are late: of %s deliveries the oldest is due since %s', w.pending, w.due_since),
       'casebase webhooks deliveries --state pending', false
from waiting w
where w.connections > 0
  and w.due_since < now() - interval '5 minutes'

union all
select 'warning', 'files', format('wait for their verification: %s, the oldest since %s', w.uploaded, w.uploaded_since),
       'casebase files check', false
from waiting w
where w.connections > 0
  and w.uploaded_since < now() - interval '15 minutes'
