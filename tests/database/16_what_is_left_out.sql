-- What a column is that nobody sets, and which may be nothing, of every table: tried by the owner, where no trigger, check
-- or reference sees to it first.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
create temporary view tables as
  select c.oid::regclass as name from pg_class c
  where c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace) and c.relkind = 'r';
create temporary view columns as
  select t.name as on_table, a.attname as name, a.atttypid::regtype::text as type, a.attgenerated <> '' as is_generated,
         d.oid is not null and a.attgenerated = '' as has_default, a.attnotnull and d.oid is null and a.attidentity = '' as is_required,
         case a.atttypid::regtype::text
           when 'text' then '''x''' when 'name' then '''x''' when 'uuid' then 'gen_random_uuid()' when 'boolean' then 'true' when 'jsonb' then '''{}'''
           when 'timestamp with time zone' then 'now()' when 'interval' then '''1 day''' when 'bigint' then '1' when 'integer' then '1' when 'smallint' then '1' else '''{}'''
         end as anything
  from tables t
  join pg_attribute a on a.attrelid = t.name and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = t.name and d.adnum = a.attnum;
grant select on tables, columns to public;

-- Tries a statement on a table whose rows, checks and triggers are out of the way, and takes it back: the row that comes
-- of it, or the column that can't be null.
create function pg_temp.comes_of(on_table regclass, statement text) returns jsonb language plpgsql
as $$
declare
  check_of text;
  made     name;
  becomes  jsonb;
begin
  for check_of in select conname from pg_constraint where conrelid = on_table and contype = 'c' loop
    execute format('alter table %s drop constraint %I', on_table, check_of);
  end loop;
  -- What is made of others is never null where they are not, and would speak for them.
  for made in select c.name from columns c where c.on_table = comes_of.on_table and c.is_generated loop
    execute format('alter table %s alter %I drop not null', on_table, made);
  end loop;
  set local session_replication_role = replica;
  execute format('delete from %s', on_table);
  perform tests.become('owner');
  perform set_config('request.jwt.claims', '{"sub": "00000000-0000-4000-8000-000000000000"}', true);
  execute statement into becomes;
  raise exception using errcode = 'UNDO1', message = becomes::text;
exception
  when sqlstate 'UNDO1' then return sqlerrm::jsonb;
  when not_null_violation then
    get stacked diagnostics statement = column_name;
    return jsonb_build_object('required', statement);
end
$$;
create function pg_temp.takes_null(of_table regclass, col name) returns boolean language sql
as $$
  select not pg_temp.comes_of(of_table, format('insert into %s (%s) overriding system value values (%s) returning to_jsonb(%I)', of_table,
    string_agg(format('%I', c.name), ', '), string_agg(case c.name when col then 'null' else c.anything end, ', '), (select relname from pg_class where oid = of_table))) ? 'required'
  from columns c where c.on_table = of_table and not c.is_generated
$$;
-- With what has to be given, and nothing else.
create function pg_temp.left_out(of_table regclass) returns text language sql
as $$
  with made as (
    select pg_temp.comes_of(of_table, format('insert into %s %s returning to_jsonb(%I)', of_table,
      coalesce('(' || string_agg(format('%I', c.name), ', ') filter (where c.is_required) || ') values (' || string_agg(c.anything, ', ') filter (where c.is_required) || ')', 'default values'), (select relname from pg_class where oid = of_table))) as becomes
    from columns c where c.on_table = of_table
  )
  select string_agg(c.name || ' ' || case
      when c.type = 'uuid' then case when becomes -> c.name <> 'null' then 'some' else 'none' end
      when c.type = 'timestamp with time zone' then case
        when not isfinite((becomes ->> c.name)::timestamptz) then becomes ->> c.name
        when (becomes ->> c.name)::timestamptz > now() and (becomes ->> c.name)::timestamptz <= clock_timestamp() then 'at that moment'
        else concat_ws(' + ', 'now', nullif((becomes ->> c.name)::timestamptz - now(), '0'))
      end
      else coalesce(nullif(becomes ->> c.name, ''), 'empty')
    end, ', ' order by c.name)
  from made, columns c where c.on_table = of_table and c.has_default
$$;

-- What is left out.
create temporary table left_out (on_table text, becomes text);
insert into left_out values
  ('case_events', 'created_at at that moment'),
  ('case_files', 'bucket_id empty, file_name empty, notes [], object_path empty, state pending, updated_at now, uploaded_at now, visible_to_client false'),
  ('case_internal', 'metadata {}, tags [], updated_at now, version 1'),
  ('case_settings', 'cases_per_hour 60, interactions_per_hour 600, only_row true, registration_open false'),
  ('case_stages', 'active true, position 0'),
  ('casebase.client_source', 'only_row true'),
  ('casebase.event_types', 'on_request false'),
  ('casebase.idempotency_keys', 'claim some'),
  ('casebase.migrations', 'applied_at now, applied_by postgres'),
  ('casebase.webhook_deliveries', 'attempts 0, created_at now, next_attempt_at now, state pending'),
  ('casebase.webhook_endpoints', 'client_ids [], created_at now, created_by some, department_ids [], description empty, enabled true, event_types [], failures_in_a_row 0, headers {}, id some, payload_version 1, priorities [], rate_used 0, signature v1, statuses [], thin false, updated_at now'),
  ('casebase.webhook_limits', 'endpoints 100, only_row true'),
  ('casebase.webhook_payloads', 'created_at at that moment'),
  ('casebase.webhook_queue', 'only_row true'),
  ('casebase.webhook_secrets', 'created_at now'),
  ('cases', 'created_at now, department_id some, description empty, metadata {}, priority medium, status open, updated_at now, version 1'),
  ('client_documents', 'bucket_id empty, document_id 0, file_name empty, notes [], object_path empty, state pending, updated_at now, uploaded_at now'),
  ('client_members', 'created_at now'),
  ('clients', 'created_at now, id some, kind organisation'),
  ('document_categories', 'active true'),
  ('departments', 'active true, created_at now, id some, is_default false'),
  ('interactions', 'created_at now, party1_name empty, party1_type empty, party2_name empty, party2_type empty, updated_at now, version 1, visible_to_client false'),
  ('internal_notes', 'created_at now, updated_at now, version 1'),
  ('invitations', 'created_at now, department_ids [], expires_at now + 30 days, is_admin false, scope assigned'),
  ('party_types', 'active true, internal false'),
  ('specialties', 'active true, created_at now, id some'),
  ('staff_members', 'active true, created_at now, is_admin false, scope assigned');
-- What may be nothing.
create temporary table nothing (on_table text, columns text);
insert into nothing values
  ('case_events', 'actor_id'),
  ('case_files', 'interaction_id moved_by object_version other_bucket_id other_object_path other_state other_version rejection sha256 uploaded_by'),
  ('case_settings', 'bytes_per_client cases_per_hour interactions_per_hour'),
  ('casebase.client_source', 'name_column'),
  ('casebase.event_schemas', 'changes'),
  ('casebase.idempotency_keys', 'body content location made_id status'),
  ('casebase.webhook_attempts', 'duration_ms error response status'),
  ('casebase.webhook_deliveries', 'case_id finished_at lease_token leased_at leased_until skipped_because'),
  ('casebase.webhook_endpoints', 'created_by disabled_reason failing_since paused_until rate_limit rate_second retry_waits url'),
  ('casebase.webhook_payloads', 'case_id event_id scrubbed_at seq'),
  ('casebase.webhook_queue', 'swept_case_id swept_endpoint_id'),
  ('casebase.webhook_secrets', 'public_key secret vault_id'),
  ('cases', 'action_required_by action_required_of assigned_to closed_at created_by escalated_at escalated_by escalation_reason follow_up_of merged_into required_specialty_id resolved_at split_from stage'),
  ('client_documents', 'object_version rejection replaced_at sha256 uploaded_by'),
  ('interactions', 'created_by'),
  ('internal_notes', 'created_by'),
  ('invitations', 'accepted_at client_id display_name');

select plan((select count(*)::integer from tables) * 2 + 10);
select is(pg_temp.left_out(t.name), l.becomes, t.name || ' left out')
from tables t left join left_out l on l.on_table = t.name::text order by t.name::text;
select is((select string_agg(c.name, ' ' order by c.name) from columns c where c.on_table = t.name and not c.is_generated and pg_temp.takes_null(t.name, c.name)), n.columns,
  t.name || ': what may be nothing')
from tables t left join nothing n on n.on_table = t.name::text order by t.name::text;

-- Numbers come from their sequence, whoever writes.
select is(tests.would('owner', format('insert into %s (id) values (1)', numbered)), '428C9', numbered || ': no number is given by hand')
from unnest(array['cases', 'interactions', 'internal_notes', 'case_files', 'client_documents', 'case_events', 'invitations',
                  'casebase.webhook_deliveries', 'casebase.webhook_payloads', 'casebase.webhook_secrets']) numbered;

select * from finish();
rollback;
