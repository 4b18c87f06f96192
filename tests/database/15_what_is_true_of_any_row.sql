-- What must be true of any row, whoever writes it: tried by a service key, which no policy binds, and where that may
-- not write, by the owner or the service's role. Each kind of refusal stands beside what is taken.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
insert into casebase.webhook_endpoints (url) values ('https://example.com/');
insert into tests.names select 'endpoint', id from casebase.webhook_endpoints;
insert into casebase.webhook_payloads (type, payload_version, thin, body) values ('webhook.test', 1, false, '{}');
insert into tests.names select 'payload', max(id) from casebase.webhook_payloads;
insert into casebase.webhook_deliveries (endpoint_id, payload_id) values (tests.id('endpoint')::uuid, tests.id('payload')::bigint);
insert into tests.names select 'delivery', max(id) from casebase.webhook_deliveries;
-- A document and a file that wait to be checked.
insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, uploaded_by)
select tests.id('acme')::uuid, 'policies', 'waits.pdf', 'w.pdf', 'application/pdf', 1, id from tests.people where name = 'Alan';
insert into case_files (case_id, file_name, original_name, content_type, file_size, uploaded_by)
select tests.id('case')::bigint, tests.id('number') || '-1634567890-waits.pdf', 'w.pdf', 'application/pdf', 1, id from tests.people where name = 'Alan';
insert into tests.names
  select 'waiting document', id::text from client_documents where file_name = 'waits.pdf'
  union all select 'waiting file', id::text from case_files where file_name like '%-waits.pdf'
  union all select 'any event', max(id)::text from case_events
  union all select 'any note', max(id)::text from internal_notes
  union all select 'any file', min(id)::text from case_files
  union all select 'a secret', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
insert into storage.objects (bucket_id, name, version)
select bucket_id, object_path, 'v1' from casebase.reserved_objects where object_path like '%waits.pdf';
update client_documents set state = 'uploaded' where file_name = 'waits.pdf';
update case_files set state = 'uploaded' where file_name like '%-waits.pdf';

create temporary table tries (place serial, by_whom text, statement text, outcome text);

-- Values. {x} in the statement is each of them.
create function pg_temp.values_of(by_whom text, statement text, taken text[], refused text[]) returns void language sql
as $$
  insert into tries (by_whom, statement, outcome)
  select $1, replace($2, '{x}', value), outcome
  from (select unnest($3), '1' union all select unnest($4), '23514') v (value, outcome)
$$;

-- Names, and the times of everything.
select pg_temp.values_of('service', statement, array['''A''', 'repeat(''x'', 200)'], array['''''', ''' A''', '''A ''', 'repeat(''x'', 201)'])
from unnest(array[
  'insert into clients (name) values ({x})',
  'insert into departments (name) values ({x})',
  'insert into specialties (name) values ({x})',
  $$insert into staff_members (user_id, display_name) values ('{Nemo}', {x})$$,
  $$insert into client_members (client_id, user_id, display_name) values ('{acme}', '{Nemo}', {x})$$,
  $$insert into party_types (code, label) values ('OTHER', {x})$$]) statement;
select pg_temp.values_of(by_whom, statement, array['now()', '''0001-01-01 00:00+00'''], array['''infinity''', '''-infinity''', '''0001-12-31 23:59:59+00 BC''', '''10000-01-01 00:00+00'''])
from (values
  ('service', 'insert into clients (name, created_at) values (''A'', {x})'),
  ('service', 'insert into invitations (email, created_at) values (''a@b'', {x})'),
  ('service', 'insert into invitations (email, expires_at) values (''a@b'', {x})'),
  ('service', 'insert into invitations (email, accepted_at) values (''a@b'', {x})'),
  ('service', 'insert into departments (name, created_at) values (''A'', {x})'),
  ('service', 'insert into specialties (name, created_at) values (''A'', {x})'),
  ('service', $$insert into staff_members (user_id, display_name, created_at) values ('{Nemo}', 'N', {x})$$),
  ('service', $$insert into client_members (client_id, user_id, display_name, created_at) values ('{acme}', '{Nemo}', 'N', {x})$$),
  ('service', $$insert into cases (client_id, title, created_at) values ('{acme}', 't', {x})$$),
  ('service', $$insert into cases (client_id, title, updated_at) values ('{acme}', 't', {x})$$),
  ('service', $$insert into cases (client_id, title, escalated_at) values ('{acme}', 't', {x})$$),
  ('service', $$insert into cases (client_id, title, status, resolved_at) values ('{acme}', 't', 'resolved', {x})$$),
  ('service', $$insert into cases (client_id, title, status, closed_at) values ('{acme}', 't', 'closed', {x})$$),
  ('service', $$insert into cases (client_id, title, action_required_by) values ('{acme}', 't', {x})$$),
  -- Of what is done, nothing is due.
  ('service', $$insert into cases (client_id, title, status, action_required_by) values ('{acme}', 't', 'resolved', {x})$$),
  ('service', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, created_at)
     values ({case}, 'A', 'ARGAN', 'B', 'CLIENT', 'c', {x})$$),
  ('service', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, updated_at)
     values ({case}, 'A', 'ARGAN', 'B', 'CLIENT', 'c', {x})$$),
  ('service', 'insert into internal_notes (case_id, content, created_at) values ({case}, ''c'', {x})'),
  ('service', 'insert into internal_notes (case_id, content, updated_at) values ({case}, ''c'', {x})'),
  ('service', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, uploaded_at)
     values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1, {x})$$),
  ('service', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, updated_at)
     values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1, {x})$$),
  ('service', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, uploaded_at)
     values ('{acme}', 'policies', 'x.pdf', 'x.pdf', 'application/pdf', 1, {x})$$),
  ('service', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, updated_at)
     values ('{acme}', 'policies', 'x.pdf', 'x.pdf', 'application/pdf', 1, {x})$$),
  ('owner',   $$insert into case_events (case_id, seq, type, actor_name, visible_to_client, data, created_at)
     values ({case}, 99, 'case.updated', 'x', true, '{}', {x})$$)) times (by_whom, statement);
-- Deleted first: whose updated_at a trigger sets on every change is written by an insert alone.
delete from case_internal where case_id = tests.id('other case')::bigint;
select pg_temp.values_of('service', 'insert into case_internal (case_id, updated_at) values ({other case}, {x})',
  array['now()'], array['''infinity''', '''0044-03-15 BC''', '''10000-01-01 00:00+00''']);

-- Codes.
select pg_temp.values_of(by_whom, statement, taken, refused)
from (values
  ('service', 'insert into clients (name, kind) values (''A'', {x})', array['''organisation''', '''person'''], array['''company''', '''''']),
  ('service', $$insert into staff_members (user_id, display_name, scope) values ('{Nemo}', 'N', {x})$$,
     array['''all''', '''departments''', '''assigned'''], array['''none''', '''''']),
  ('service', 'insert into party_types (code, label) values ({x}, ''L'')',
     array['''A''', '''A_1''', 'repeat(''A'', 40)'], array['''''', '''a''', '''1A''', '''A-B''', 'repeat(''A'', 41)']),
  ('service', $$insert into cases (client_id, title, status) values ('{acme}', 't', {x})$$, array['''in_progress''', '''waiting''', '''closed'''], array['''done''', '''OPEN''']),
  ('service', 'insert into invitations (email) values ({x})', array['''a@b''', '''o.neil+x@example.com''', 'repeat(''x'', 316) || ''@b.c'''],
     array['''''', '''a''', '''@b''', '''a@''', '''A@b''', '''a b@c''', '''a@b@c''', 'repeat(''x'', 317) || ''@b.c''']),
  ('service', 'insert into invitations (email, scope) values (''a@b'', {x})', array['''all''', '''departments''', '''assigned'''], array['''none''', '''''']),
  ('service', $$insert into invitations (email, client_id, is_admin, scope, department_ids) values ('a@b', '{acme}', {x})$$,
     array['false, ''assigned'', ''{}'''], array['true, ''assigned'', ''{}''', 'false, ''all'', ''{}''', 'false, ''assigned'', ''{{north}}''']),
  ('owner', 'insert into case_settings (only_row) values ({x})', array[]::text[], array['false']),
  ('service', 'update case_settings set cases_per_hour = {x}', array['0', '1000000', 'null'], array['-1', '1000001']),
  ('service', 'update case_settings set interactions_per_hour = {x}', array['0', '1000000', 'null'], array['-1', '1000001']),
  ('service', 'update case_settings set bytes_per_client = {x}', array['0', '9223372036854775807', 'null'], array['-1']),
  ('service', 'insert into case_stages (stage, status) values (''S'', {x})', array['''open''', '''in_progress''', '''waiting''', '''resolved''', '''closed'''], array['''done''', '''''']),
  ('owner', 'insert into status_transitions values ({x}, ''in_progress'', ''admin'', ''m'')', array['''closed'''], array['''done''', '''''', '''in_progress''']),
  ('owner', 'insert into status_transitions values (''closed'', {x}, ''admin'', ''m'')', array['''in_progress'''], array['''done''', '''''', '''closed''']),
  ('owner', 'insert into status_transitions values (''closed'', ''waiting'', {x}, ''m'')', array['''client''', '''staff''', '''admin'''], array['''nobody''', '''''']),
  ('service', $$insert into cases (client_id, title, priority) values ('{acme}', 't', {x})$$, array['''urgent'''], array['''asap''', '''''']),
  ('owner', $$insert into case_files (case_id, file_name, original_name, content_type, file_size, state, rejection)
     values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1, {x}, 'r')$$, array['''uploaded''', '''deleting'''], array['''lost''', '''''']),
  ('owner', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, state, rejection)
     values ('{acme}', 'policies', 'x.pdf', 'x.pdf', 'application/pdf', 1, {x}, 'r')$$, array['''uploaded''', '''deleting'''], array['''lost''', '''''']),
  ('service', $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size)
     values ('{acme}', {x}, 'x.pdf', 'x.pdf', 'application/pdf', 1)$$, array['''handbooks'''], array[]::text[]),
  ('service', 'insert into document_categories (code, label) values ({x}, ''L'')',
     array['''a''', '''handbooks-2''', 'repeat(''a'', 63)'], array['''cases''', '''''', '''-a''', '''A''', '''a/b''', 'repeat(''a'', 64)']),
  ('owner', 'insert into casebase.event_types (type, seen_by, meaning) values ({x}, ''staff'', ''m'')',
     array['''case.archived'''], array['''case''', '''case.''', '''Case.archived''', '''case.archived.twice''']),
  ('owner', 'insert into casebase.event_types (type, seen_by, meaning) values (''case.archived'', {x}, ''m'')', array['''client'''], array['''everybody''']),
  ('owner', $$insert into case_events (case_id, seq, type, actor_name, visible_to_client, data) values ({case}, 99, {x}, 'x', true, '{}')$$,
     array['''case.updated'''], array['''updated''', '''case updated''', '''CASE.UPDATED''']),
  ('owner', $$insert into casebase.idempotency_keys (user_id, key, asked, alive_until, expires_at, status) values ('{Nemo}', 'k', repeat('a', 64), now(), now(), {x})$$,
     array['200', '299'], array['199', '300']),
  ('owner', 'insert into casebase.client_source (only_row, is_ours) values ({x}, true)', array[]::text[], array['false']),
  ('owner', 'insert into casebase.webhook_queue (only_row) values ({x})', array[]::text[], array['false']),
  ('owner', 'insert into casebase.webhook_limits (only_row) values ({x})', array[]::text[], array['false']),
  ('owner', 'update casebase.webhook_limits set endpoints = {x}', array['0', '1000'], array['-1', '1001']),
  ('owner', 'insert into casebase.migrations (version, name, release, checksum) values ({x}, ''n'', ''r'', repeat(''0'', 64))',
     array['''20991231235959'''], array['''''', '''2099''', '''209912312359590''', '''2099123123595x''']),
  ('owner', 'insert into casebase.migrations (version, name, release, checksum) values (''20991231235959'', ''n'', ''r'', {x})',
     array['repeat(''0a'', 32)'], array['''''', 'repeat(''A'', 64)', 'repeat(''0'', 63)', 'repeat(''0'', 65)'])
) codes (by_whom, statement, taken, refused);

-- What people write.
select pg_temp.values_of('service', statement, array['''t''', format('repeat(''x'', %s)', most)], array['''''', 'E'' \n\t''', format('repeat(''x'', %s)', most + 1)])
from (values
  (200,   $$insert into cases (client_id, title) values ('{acme}', {x})$$),
  (200,   $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({case}, {x}, 'ARGAN', 'B', 'CLIENT', 'c')$$),
  (200,   $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({case}, 'A', 'ARGAN', {x}, 'CLIENT', 'c')$$),
  (50000, $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({case}, 'A', 'ARGAN', 'B', 'CLIENT', {x})$$),
  (50000, 'insert into internal_notes (case_id, content) values ({case}, {x})')
) texts (most, statement);
select pg_temp.values_of('service', statement, taken, refused)
from (values
  ('insert into case_stages (stage, status) values ({x}, ''open'')', array['''A''', 'repeat(''x'', 100)'], array['''''', ''' A''', '''A ''', 'repeat(''x'', 101)']),
  ($$insert into cases (client_id, title, escalated_at, escalation_reason) values ('{acme}', 't', now(), {x})$$,
     array['''r''', 'repeat(''x'', 2000)'], array['''''', 'E'' \n\t''', 'repeat(''x'', 2001)']),
  ($$insert into cases (client_id, title, escalation_reason) values ('{acme}', 't', {x})$$, array['null'], array['''r''']),
  ($$insert into cases (client_id, title, description) values ('{acme}', 't', {x})$$, array['''''', 'repeat(''x'', 50000)'], array['repeat(''x'', 50001)']),
  ('update case_internal set tags = {x} where case_id = {case}',
     array['array_fill(''t''::text, array[50])'], array['array_fill(''t''::text, array[51])', '''{a,null}''', 'array[repeat(''x'', 5000)]'])
) texts (statement, taken, refused);
select pg_temp.values_of('service', statement, array['''{"a": [1]}'''],
  array['''[1]''', '''"a"''', '''{"n": 1e400}''', 'jsonb_build_object(''a'', repeat(''x'', 16384))'])
from unnest(array[
  $$insert into cases (client_id, title, metadata) values ('{acme}', 't', {x})$$,
  'update case_internal set metadata = {x} where case_id = {case}']) statement;

-- What a file is.
create temporary table reserved as
select $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
  values ({case}, '{number}-1634567890-' || %s, %s, %s, %s)$$ as statement
union all
select $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size)
  values ('{acme}', 'policies', %s, %s, %s, %s)$$;
select pg_temp.values_of('service', format(statement, '{x}', '''x.pdf''', '''a/b''', 1), array['''x.pdf''', 'repeat(''x'', 166) || ''.pdf'''], array['''x.pdf.''', '''ä.pdf''', '''a/b.pdf''', 'repeat(''x'', 197) || ''.pdf''', '''x.txt''', '''x''']) from reserved;
select pg_temp.values_of('service', format(statement, '''x''', '{x}', '''a/b''', 1), array['''ä b''', 'repeat(''x'', 255)'], array['''''', 'E''a\nb''', 'repeat(''x'', 256)']) from reserved;
select pg_temp.values_of('service', format(statement, '''x''', '''x''', '{x}', 1),
  array['''text/plain; charset=utf-8''', '''application/vnd.a+xml'''], array['''pdf''', '''a/b/c''', 'E''a/b; c\n''', '''a/'' || repeat(''x'', 254)']) from reserved;
select pg_temp.values_of('service', format(statement, '''x''', '''x''', '''a/b''', '{x}'), array['0', '5368709120'], array['-1', '5368709121']) from reserved;
-- The service's role makes available what it has read, and nothing else.
select pg_temp.values_of('worker', format('select casebase.verification_finish(%L, {waiting %s}, ''v1'', {x}, ''application/pdf'')', kind, file),
  array['repeat(''a'', 64), 1'], array['repeat(''A'', 64), 1', '''abc'', 1', 'null, 1', 'repeat(''a'', 64), 0'])
from (values ('case_file', 'file'), ('client_document', 'document')) files (kind, file);
select pg_temp.values_of('worker', format('select casebase.verification_finish(%L, {waiting %s}, ''v1'', repeat(''a'', 64), 1, ''a/b'', {x})', kind, file),
  array['array[]::text[]', 'array[''macros'', ''named_otherwise'']'], array['array[''fine'']', 'array[''macros'', null]'])
from (values ('case_file', 'file'), ('client_document', 'document')) files (kind, file);
insert into tries (by_whom, statement, outcome) values
  ('owner', $$update case_files set state = 'available', sha256 = repeat('a', 64) where id = {waiting file}$$, '23514'),
  ('owner', $$update client_documents set state = 'available', sha256 = repeat('a', 64) where id = {waiting document}$$, '23514');

-- Webhooks.
select pg_temp.values_of('service', statement, taken, refused)
from (values
  ('insert into casebase.webhook_endpoints (url) values ({x})',
     array['''http://a''', '''https://a/b?c=d'''], array['''ftp://a''', '''https://u:p@a/''', '''https://a/#f''', '''https://a/ b''', '''https://a/'' || repeat(''x'', 2000)']),
  ('insert into casebase.webhook_endpoints (url, description) values (''https://a'', {x})', array['repeat(''x'', 500)'], array['repeat(''x'', 501)']),
  ('insert into casebase.webhook_endpoints (url, event_types) values (''https://a'', {x})',
     array['''{case.*,interaction.created}''', 'array_fill(''case.updated''::text, array[100])'],
     array['''{case.updated,null}''', 'array[''case updated'']', '''{case.nothing}''', 'array_fill(''case.updated''::text, array[101])']),
  ('insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for) values (''{endpoint}'', {x}, ''0'')',
     array['''{a secret}''', '''whsec_'' || translate(encode(decode(repeat(''00'', 64), ''hex''), ''base64''), E''\n'', '''')'],
     array['''C2FVsBQIhrscChlQIMV+b5sSYspob7oD''', '''whsec_C2FV''', '''whsec_'' || translate(encode(decode(repeat(''00'', 65), ''hex''), ''base64''), E''\n'', '''')']),
  ('insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for) values (''{endpoint}'', ''{a secret}'', {x})',
     array['''0''', '''30 days'''], array['''-1 second''', '''31 days''']),
  ('insert into casebase.webhook_endpoints (url, retry_waits) values (''https://a'', {x})',
     array['null', '''{}''', '''{0,5 s,7 days}''', 'array_fill(interval ''1 s'', array[50])'],
     array['''{-1 s}''', '''{8 days}''', 'array[null::interval]', 'array_fill(interval ''1 s'', array[51])']),
  ('insert into casebase.webhook_endpoints (url, signature) values (''https://a'', {x})', array['''v1''', '''v1a'''], array['''v2''']),
  ('insert into casebase.webhook_endpoints (url, rate_limit) values (''https://a'', {x})', array['null', '1', '1000'], array['0', '1001']),
  ('insert into casebase.webhook_endpoints (url, priorities, client_ids) values (''https://a'', {x})',
     array['array[''high''], ''{}''', '''{}'', array_fill(gen_random_uuid(), array[1000])'],
     array['array[null::text], ''{}''', '''{}'', array[null::uuid]', 'array[''high''], array_fill(gen_random_uuid(), array[1000])']),
  ('insert into casebase.webhook_endpoints (url, department_ids, statuses) values (''https://a'', {x})',
     array['''{}'', array[''open'']'], array['array[null::uuid], ''{}''', '''{}'', array[null::text]']),
  ('insert into casebase.webhook_endpoints (url, headers) values (''https://a'', {x})',
     array['''{"Authorization": "Bearer a b", "x-tenant": "1"}''', 'jsonb_build_object(''a'', repeat(''x'', 1000))'],
     array['''[]''', '''{"a b": "c"}''', '''{"": "c"}''', '''{"a": 1}''', '''{"a": ""}''', '''{"a": "b\r\nc: d"}''', '''{"a": " b"}''', '''{"Webhook-Id": "c"}''',
           '''{"Host": "c"}''', '''{"content-length": "1"}''', 'jsonb_build_object(''a'', repeat(''x'', 1001))', '(select jsonb_object_agg(''x'' || n, ''y'') from generate_series(1, 21) n)']),
  ('insert into casebase.webhook_endpoints (url, payload_version) values (''https://a'', {x})', array['1'], array['0', '2'])
) webhooks (statement, taken, refused);
select pg_temp.values_of('owner', statement, taken, refused)
from (values
  ('update casebase.webhook_deliveries set state = {x} where id = {delivery}', array['''waiting'''], array['''lost''', '''leased''', '''delivered''', '''failed''', '''skipped''']),
  ('update casebase.webhook_deliveries set state = ''leased'', {x} where id = {delivery}',
     array['leased_at = now(), leased_until = now()'], array['leased_at = now()', 'leased_until = now()']),
  ('update casebase.webhook_deliveries set {x} where id = {delivery}',
     array['state = ''failed'', finished_at = now()', 'state = ''skipped'', finished_at = now(), skipped_because = ''x'''],
     array['state = ''skipped'', finished_at = now()', 'state = ''skipped'', finished_at = now(), skipped_because = '' ''',
           'state = ''skipped'', finished_at = now(), skipped_because = repeat(''x'', 501)', 'skipped_because = ''x''',
           'finished_at = now()', 'leased_at = now(), leased_until = now()']),
  ('insert into casebase.webhook_payloads (event_id, case_id, seq, type, payload_version, thin, body) values ({x}, ''a.b'', 1, false, ''{}'')',
     array['null, null, null', '{any event}, {case}, 1'], array['{any event}, null, null', 'null, {case}, null', 'null, null, 1', '{any event}, {case}, null']),
  ('insert into casebase.webhook_attempts (delivery_id, number, started_at, status, error) values ({delivery}, 1, now(), {x})',
     array['200, null', 'null, ''e'''], array['null, null'])
) webhooks (statement, taken, refused);

-- Keys: nothing is there twice.
insert into tries (by_whom, statement, outcome)
select 'service', format('insert into %s overriding system value select %s from %s limit 1', name, columns, name), '23505'
from (
  select c.oid::regclass::text as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.oid::regclass::text in ('clients', 'client_members', 'departments', 'specialties', 'staff_members', 'staff_departments', 'staff_specialties', 'party_types', 'document_categories', 'case_internal')
  group by c.oid) tables;
insert into tries (by_whom, statement, outcome) values
  ('service', $$insert into departments (name) values ('North')$$, '23505'),
  ('owner', 'insert into case_settings default values', '23505'),
  ('service', $$insert into invitations (email, client_id) values ('a@b', '{none}')$$, '23503'),
  ('service', 'insert into invitations (id, email) overriding system value values (1, ''a@b''), (1, ''b@b'')', '23505'),
  ('service', $$insert into case_stages (stage, status) values ('S', 'open'), ('S', 'waiting')$$, '23505'),
  ('owner', $$insert into status_transitions values ('open', 'closed', 'client', 'm')$$, '23505'),
  ('service', $$insert into cases (client_id, title, stage) values ('{acme}', 't', 'Nowhere')$$, '23503'),
  ('service', $$insert into cases (client_id, title, follow_up_of) values ('{acme}', 't', 999999)$$, '23503'),
  ('owner', $$insert into cases (client_id, title, split_from) values ('{acme}', 't', 999999)$$, '23503'),
  ('service', $$insert into specialties (name) values ('Payroll')$$, '23505'),
  ('service', $$insert into cases (id, client_id, title) overriding system value values ({case}, '{acme}', 't')$$, '23505'),
  ('service', $$insert into interactions (id, case_id, party1_name, party1_type, party2_name, party2_type, content)
     overriding system value values ({shown}, {other case}, 'A', 'ARGAN', 'B', 'CLIENT', 'c')$$, '23505'),
  ('service', 'insert into internal_notes (id, case_id, content) overriding system value values ({any note}, {case}, ''c'')', '23505'),
  ('service', $$insert into case_files (id, case_id, file_name, original_name, content_type, file_size)
     overriding system value values ({any file}, {case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1)$$, '23505'),
  ('service', $$insert into client_documents (id, client_id, category, file_name, original_name, content_type, file_size)
     overriding system value values ({policy}, '{acme}', 'policies', 'x.pdf', 'x.pdf', 'application/pdf', 1)$$, '23505'),
  ('owner', $$insert into case_events (id, case_id, seq, type, actor_name, visible_to_client, data)
     overriding system value values ({any event}, {case}, 99, 'case.updated', 'x', true, '{}')$$, '23505'),
  ('owner', $$insert into case_events (case_id, seq, type, actor_name, visible_to_client, data) values ({case}, 1, 'case.updated', 'x', true, '{}')$$, '23505'),
  ('owner', 'insert into casebase.case_counters values ({case}, 1)', '23505'),
  ('owner', $$insert into casebase.search_entries (case_id, source, source_id, shown, words) values ({case}, 'case', {case}, true, '')$$, '23505'),
  ('owner', $$insert into casebase.search_entries (case_id, source, source_id, shown, words) values ({case}, 'letter', 1, true, '')$$, '23514'),
  ('owner', $$insert into casebase.search_entries (id, case_id, source, source_id, shown, words) values (0, {case}, 'note', 0, true, '')$$, '428C9'),
  ('owner', $$insert into casebase.search_entries (id, case_id, source, source_id, shown, words)
     overriding system value select max(id), {case}, 'note', 0, true, '' from casebase.search_entries$$, '23505'),
  ('owner', 'insert into casebase.event_types (type, seen_by, meaning) values (''case.created'', ''staff'', ''m'')', '23505'),
  ('owner', 'insert into casebase.event_schemas (type, fields) values (''case.created'', ''{}'')', '23505'),
  ('owner', 'insert into casebase.event_schemas (type, fields) values (''case.nothing'', ''{}'')', '23503'),
  ('owner', 'update casebase.event_schemas set fields = ''1''', '23514'),
  ('owner', 'update casebase.event_schemas set changes = ''1''', '23514'),
  ('owner', 'insert into casebase.client_source (is_ours) values (true)', '23505'),
  ('owner', 'insert into casebase.webhook_queue default values', '23505'),
  ('owner', 'insert into casebase.webhook_limits default values', '23505'),
  ('owner', 'insert into casebase.migrations (version, name, release, checksum) select m.version, m.name, m.release, m.checksum from casebase.migrations m', '23505'),
  ('owner', 'insert into casebase.webhook_payloads (id, type, payload_version, thin, body) overriding system value values ({payload}, ''a.b'', 1, false, ''{}'')', '23505'),
  ('owner', 'insert into casebase.webhook_subscriptions select * from casebase.webhook_subscriptions', '23505'),
  ('owner', 'insert into casebase.webhook_subscriptions values (''*'', ''{none}'', 1, false, ''{}'', ''{}'', ''{}'', ''{}'')', '23503'),
  ('owner', 'insert into casebase.webhook_deliveries (id, endpoint_id, payload_id) overriding system value values ({delivery}, ''{endpoint}'', {payload})', '23505'),
  ('owner', 'insert into casebase.webhook_attempts (delivery_id, number, started_at, status) select {delivery}, 1, now(), 200 from generate_series(1, 2)', '23505'),
  ('owner', 'insert into casebase.spent_paths values (''b'', ''p''), (''b'', ''p'')', '23505'),
  ('owner', 'insert into casebase.objects_to_restore values (''b'', ''p'', gen_random_uuid()), (''b'', ''p'', gen_random_uuid())', '23505'),
  ('service', 'insert into casebase.webhook_endpoints (id, url) values (''{endpoint}'', ''https://a'')', '23505'),
  ('owner', $$insert into casebase.webhook_secrets (id, endpoint_id, secret, previous_valid_for)
     overriding system value select 1000000, '{endpoint}', '{a secret}', '0' from generate_series(1, 2)$$, '23505');

-- What a row is, and who made it when.
insert into tries (by_whom, statement, outcome)
select 'service', format('update %s set %s where id = %s', t.name, identity, t.id), '23514'
from (values ('cases', '{case}'), ('interactions', '{shown}'), ('internal_notes', '{any note}')) t (name, id),
     unnest(array['id = default', 'created_by = ''{Ada}''', 'created_at = ''2020-01-01''']
            || case t.name when 'cases' then array['client_id = ''{other}''', 'follow_up_of = {resolved case}', 'split_from = {resolved case}']
                           else array['case_id = {resolved case}'] end) identity;

-- References: nothing names what is not there, and nothing goes that something else needs.
insert into tries (by_whom, statement, outcome)
select 'service', statement, '23503'
from unnest(array[
  $$insert into client_members (client_id, user_id, display_name) values ('{none}', '{Nemo}', 'N')$$,
  $$insert into client_members (client_id, user_id, display_name) values ('{acme}', '{none}', 'N')$$,
  $$insert into staff_members (user_id, display_name) values ('{none}', 'N')$$,
  $$insert into staff_departments (user_id, department_id) values ('{Carla}', '{north}')$$,
  $$insert into staff_departments (user_id, department_id) values ('{Alan}', '{none}')$$,
  $$insert into staff_specialties (user_id, specialty_id) values ('{Carla}', '{payroll}')$$,
  $$insert into staff_specialties (user_id, specialty_id) values ('{Alan}', '{none}')$$,
  $$insert into cases (client_id, title) values ('{none}', 't')$$,
  $$insert into cases (client_id, title, department_id) values ('{acme}', 't', '{none}')$$,
  $$insert into cases (client_id, title, required_specialty_id) values ('{acme}', 't', '{none}')$$,
  $$insert into cases (client_id, title, escalated_by) values ('{acme}', 't', '{none}')$$,
  $$insert into cases (client_id, title, created_by) values ('{acme}', 't', '{none}')$$,
  $$insert into cases (client_id, title, action_required_of) values ('{acme}', 't', 'NOBODY')$$,
  'insert into case_internal (case_id) values (999999)',
  $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values (999999, 'A', 'ARGAN', 'B', 'CLIENT', 'c')$$,
  $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({case}, 'A', 'NOBODY', 'B', 'CLIENT', 'c')$$,
  $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content) values ({case}, 'A', 'ARGAN', 'B', 'NOBODY', 'c')$$,
  $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, created_by) values ({case}, 'A', 'ARGAN', 'B', 'CLIENT', 'c', '{none}')$$,
  'insert into internal_notes (case_id, content) values (999999, ''c'')',
  'insert into internal_notes (case_id, content, created_by) values ({case}, ''c'', ''{none}'')',
  $$insert into case_files (case_id, interaction_id, file_name, original_name, content_type, file_size)
    values ({case}, {other hidden}, '{number}-interaction-{other hidden}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1)$$,
  $$insert into case_files (case_id, file_name, original_name, content_type, file_size, uploaded_by)
    values ({case}, '{number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1, '{none}')$$,
  $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size)
    values ('{acme}', 'contracts', 'x.pdf', 'x.pdf', 'application/pdf', 1)$$,
  $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size)
    values ('{none}', 'policies', 'x.pdf', 'x.pdf', 'application/pdf', 1)$$,
  $$insert into client_documents (client_id, category, file_name, original_name, content_type, file_size, uploaded_by)
    values ('{acme}', 'policies', 'x.pdf', 'x.pdf', 'application/pdf', 1, '{none}')$$,
  $$insert into casebase.webhook_endpoints (url, created_by) values ('https://a', '{none}')$$,
  $$insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for) values ('{none}', '{a secret}', '0')$$,
  $$insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id) values ('{endpoint}', 999999999, {case})$$,
  $$delete from clients where id = '{acme}'$$,
  $$delete from departments where id = '{north}'$$,
  $$delete from party_types where code = 'ARGAN'$$,
  $$delete from document_categories where code = 'policies'$$,
  $$update document_categories set code = 'rules' where code = 'policies'$$
]) statement;
insert into tries (by_whom, statement, outcome) values
  ('owner', $$insert into case_events (case_id, seq, type, actor_name, visible_to_client, data) values (999999, 1, 'case.updated', 'x', true, '{}')$$, '23503'),
  ('owner', $$insert into case_events (case_id, seq, type, actor_name, actor_id, visible_to_client, data) values ({case}, 99, 'case.updated', 'x', '{none}', true, '{}')$$, '23503'),
  ('owner', 'delete from casebase.webhook_payloads where id = {payload}', '23503'),
  ('owner', 'insert into casebase.webhook_attempts (delivery_id, number, started_at, status) values (999999999, 1, now(), 200)', '23503'),
  ('service', 'update case_internal set case_id = {resolved case} where case_id = {case}', '23514'),
  ('service', 'update case_files set case_id = {resolved case} where case_id = {case}', '23514'),
  ('owner', $$update casebase.webhook_endpoints set url = 'ftp://a'$$, '23514'),
  ('owner', $$update casebase.webhook_endpoints set event_types = '{case.nothing}'$$, '23514'),
  -- A party's code may change, and what names it follows.
  ('service', $$update party_types set code = 'WORKER' where code = 'CONTRACTOR'$$, '1');
insert into tests.names values ('none', '00000000-0000-4000-8000-000000000000');

select plan((select count(*)::integer from tries) + 6);
select is(tests.would(by_whom, statement), outcome, by_whom || ': ' || left(regexp_replace(statement, '\s+', ' ', 'g'), 150))
from tries order by place;

-- What goes with what.
update cases set action_required_of = 'CONTRACTOR', required_specialty_id = tests.id('payroll')::uuid, assigned_to = null where id = tests.id('case')::bigint;
select is(tests.does('service', $$update party_types set code = 'WORKER' where code = 'CONTRACTOR'$$), '1', 'a party''s code changes');
select is((select c.action_required_of || (select string_agg(distinct i.party2_type, ' ' order by i.party2_type) from interactions i where i.case_id = c.id)
  from cases c where c.id = tests.id('case')::bigint), 'WORKERCLIENT WORKER', 'and everything that names it follows');
select is(tests.does('service', $$delete from specialties where name = 'Payroll'$$), '1', 'a specialty goes');
select is((select row(c.required_specialty_id, (select count(*) from staff_specialties))::text from cases c where c.id = tests.id('case')::bigint), '(,0)',
  'no case needs it any more, and nobody has it');
select is(tests.does('service', $$delete from staff_members where user_id = '{Dora}'$$), '1', 'somebody leaves the staff');
select is((select count(*) from staff_departments where user_id = tests.filled('{Dora}')::uuid), 0::bigint, 'and their departments');

select * from finish();
rollback;
