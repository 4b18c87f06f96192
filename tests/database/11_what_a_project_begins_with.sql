-- What the migrations wrote, as those see it who go by it: which status follows which, who the parties are, what happens
-- and for whom, how much is allowed, where files lie.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
select plan(21);

select is(tests.sees('Carla', $$select string_agg(from_status || ' to ' || to_status || ' by ' || made_by, ', ' order by from_status, to_status) from status_transitions$$),
  'closed to open by admin, '
  'in_progress to closed by staff, in_progress to open by staff, in_progress to resolved by staff, in_progress to waiting by staff, '
  'open to closed by staff, open to in_progress by staff, open to resolved by staff, open to waiting by staff, '
  'resolved to closed by staff, resolved to in_progress by staff, resolved to open by client, '
  'waiting to closed by staff, waiting to in_progress by staff, waiting to open by client, waiting to resolved by staff',
  'which status follows which, and by whom');
select is(tests.sees('Carla', $$select string_agg(code || case when internal then ' (us)' else '' end, ', ' order by code) from party_types$$),
  'ARGAN (us), CLIENT, CONTRACTOR, EMPLOYEE', 'who speaks to whom');
select is(tests.sees('Carla', $$select string_agg(code || ' ' || label, ', ' order by code) from document_categories$$),
  'handbooks Handbooks, policies Policies', 'which documents there are');
select is(tests.sees('Carla', 'select row(registration_open, cases_per_hour, interactions_per_hour)::text from case_settings'), '(f,60,600)', 'nobody registers, and nobody floods');
select is(tests.sees('Alan', $$select string_agg(name, ', ') from departments where is_default$$), 'General', 'one department takes what is nobody''s');
select is(tests.sees('Alan', $$select string_agg(type || ' ' || seen_by || case when on_request then ' on request' else '' end, ', ' order by type) from casebase.event_types$$),
  'case.assigned staff, case.created client, case.deleted client, case.escalated client, case.handed_over staff, case.merged client, '
  'case.status_changed client, case.updated client, case_file.available subject, case_file.deleted subject, case_file.moved subject, case_file.rejected staff, '
  'case_internal.updated staff on request, '
  'interaction.created subject, interaction.deleted subject, interaction.updated subject, '
  'internal_note.created staff on request, internal_note.deleted staff on request, internal_note.updated staff on request, '
  'webhook.endpoint_disabled staff on request, webhook.test staff on request', 'what happens, who reads it and who is sent it');
select is(tests.sees('service', $$select string_agg(id || ' ' || public || ' ' || file_size_limit, ', ' order by id) from storage.buckets where id in ('admin-bucket', 'client-bucket')$$),
  'admin-bucket false 52428800, client-bucket false 52428800', 'files lie in private buckets, and are no larger than 50 MiB');
delete from casebase.webhook_endpoints;
select is(tests.sees('Ada', $$select health() ->> 'schema_version'$$), '0.1.0-rc.2', 'the schema''s release');
select is(tests.does('service', $$insert into casebase.webhook_endpoints (url) select 'https://example.com/' || n from generate_series(1, 100) n$$), '100', 'a hundred endpoints');
select is(tests.would('service', $$insert into casebase.webhook_endpoints (url) values ('https://example.com/101')$$), 'PT409', 'and no more');
-- Whoever is somebody here knows what happens, and what is said of it.
select is(tests.would(who, 'select from casebase.event_types') || ' ' || tests.would(who, 'select from casebase.event_schemas'), reads, who || ' reads ' || reads)
from (values ('Ada', '21 21'), ('Alan', '21 21'), ('Carla', '21 21'), ('Ivan', '0 0'), ('Faye', '0 0'), ('Nemo', '0 0'), ('anon', '42501 42501')) v (who, reads);
select is(tests.sees(who, $$select concat_ws(' ', casebase.may_move('open', 'closed', 'admin'), casebase.event_schema('case.created') is not null)$$), said, who || ', asking the helpers: ' || said)
from (values ('Ada', 't t'), ('Carla', 't t'), ('Ivan', 'f f'), ('Nemo', 'f f')) v (who, said);

select * from finish();
rollback;
