-- Casebase, written from supabase/schemas and policies in the order of supabase/config.toml.


-- supabase/schemas/preflight.sql

-- What stands in the way of Casebase in this project: looked at before anything is made, and all of it said at once.
--
-- Between the two marks stands one query. The migration begins with it and stops where it finds an error; `casebase
-- migrate --dry-run` and `casebase doctor` ask the same text (crates/casebase/src/preflight.rs). It changes nothing. It
-- reads the catalogue, so that what is missing is a finding and no failure, and an old server must understand it: nothing
-- in it is newer than PostgreSQL 13.
--
-- What Casebase makes outside its own schema stands in two lists, written from the catalogue:
-- `UPDATE=1 cargo test -p casebase --test database collisions`.

do $preflight$
declare
  found_one record;
  errors    text := '';
begin
  for found_one in
-- begin findings
with
  -- What the migrations make outside casebase, and on what.
  made (kind, name, place) as (values
-- begin made
    ('bucket', 'admin-bucket', ''),
    ('bucket', 'client-bucket', ''),
    ('index', 'case_events_actor_id_idx', 'case_events'),
    ('index', 'case_events_case_id_seq_key', 'case_events'),
    ('index', 'case_events_created_at_idx', 'case_events'),
    ('index', 'case_events_pkey', 'case_events'),
    ('index', 'case_files_case_id_idx', 'case_files'),
    ('index', 'case_files_interaction_id_idx', 'case_files'),
    ('index', 'case_files_moved_by_idx', 'case_files'),
    ('index', 'case_files_object_path_key', 'case_files'),
    ('index', 'case_files_other_place_idx', 'case_files'),
    ('index', 'case_files_pkey', 'case_files'),
    ('index', 'case_files_unfinished_idx', 'case_files'),
    ('index', 'case_files_uploaded_at_idx', 'case_files'),
    ('index', 'case_files_uploaded_by_idx', 'case_files'),
    ('index', 'case_internal_pkey', 'case_internal'),
    ('index', 'case_internal_tags_idx', 'case_internal'),
    ('index', 'case_settings_pkey', 'case_settings'),
    ('index', 'case_stages_pkey', 'case_stages'),
    ('index', 'case_stages_stage_status_key', 'case_stages'),
    ('index', 'cases_action_required_of_idx', 'cases'),
    ('index', 'cases_assigned_to_idx', 'cases'),
    ('index', 'cases_assigned_to_status_idx', 'cases'),
    ('index', 'cases_case_id_key', 'cases'),
    ('index', 'cases_client_id_idx', 'cases'),
    ('index', 'cases_created_at_idx', 'cases'),
    ('index', 'cases_created_by_idx', 'cases'),
    ('index', 'cases_department_id_idx', 'cases'),
    ('index', 'cases_department_id_status_idx', 'cases'),
    ('index', 'cases_due_at_idx', 'cases'),
    ('index', 'cases_escalated_by_idx', 'cases'),
    ('index', 'cases_follow_up_of_idx', 'cases'),
    ('index', 'cases_id_client_id_key', 'cases'),
    ('index', 'cases_merged_into_idx', 'cases'),
    ('index', 'cases_metadata_idx', 'cases'),
    ('index', 'cases_pkey', 'cases'),
    ('index', 'cases_priority_rank_idx', 'cases'),
    ('index', 'cases_required_specialty_id_idx', 'cases'),
    ('index', 'cases_split_from_idx', 'cases'),
    ('index', 'cases_stage_idx', 'cases'),
    ('index', 'cases_status_idx', 'cases'),
    ('index', 'cases_undone_due_at_idx', 'cases'),
    ('index', 'cases_updated_at_idx', 'cases'),
    ('index', 'client_documents_category_idx', 'client_documents'),
    ('index', 'client_documents_client_id_idx', 'client_documents'),
    ('index', 'client_documents_current_key', 'client_documents'),
    ('index', 'client_documents_document_id_idx', 'client_documents'),
    ('index', 'client_documents_object_path_key', 'client_documents'),
    ('index', 'client_documents_pkey', 'client_documents'),
    ('index', 'client_documents_unfinished_idx', 'client_documents'),
    ('index', 'client_documents_uploaded_by_idx', 'client_documents'),
    ('index', 'client_members_pkey', 'client_members'),
    ('index', 'client_members_user_id_idx', 'client_members'),
    ('index', 'clients_pkey', 'clients'),
    ('index', 'departments_name_key', 'departments'),
    ('index', 'departments_one_default_idx', 'departments'),
    ('index', 'departments_pkey', 'departments'),
    ('index', 'document_categories_pkey', 'document_categories'),
    ('index', 'interactions_case_id_idx', 'interactions'),
    ('index', 'interactions_created_at_idx', 'interactions'),
    ('index', 'interactions_created_by_idx', 'interactions'),
    ('index', 'interactions_id_case_id_key', 'interactions'),
    ('index', 'interactions_party1_type_idx', 'interactions'),
    ('index', 'interactions_party2_type_idx', 'interactions'),
    ('index', 'interactions_pkey', 'interactions'),
    ('index', 'internal_notes_case_id_idx', 'internal_notes'),
    ('index', 'internal_notes_created_by_idx', 'internal_notes'),
    ('index', 'internal_notes_pkey', 'internal_notes'),
    ('index', 'invitations_client_id_idx', 'invitations'),
    ('index', 'invitations_email_idx', 'invitations'),
    ('index', 'invitations_pkey', 'invitations'),
    ('index', 'party_types_pkey', 'party_types'),
    ('index', 'specialties_name_key', 'specialties'),
    ('index', 'specialties_pkey', 'specialties'),
    ('index', 'staff_departments_department_id_idx', 'staff_departments'),
    ('index', 'staff_departments_pkey', 'staff_departments'),
    ('index', 'staff_members_pkey', 'staff_members'),
    ('index', 'staff_specialties_pkey', 'staff_specialties'),
    ('index', 'staff_specialties_specialty_id_idx', 'staff_specialties'),
    ('index', 'status_transitions_pkey', 'status_transitions'),
    ('policy', 'casebase_delete', 'storage.objects'),
    ('policy', 'casebase_delete_only_so', 'storage.objects'),
    ('policy', 'casebase_never_update', 'storage.objects'),
    ('policy', 'casebase_only_for_signed_in', 'storage.objects'),
    ('policy', 'casebase_read', 'storage.objects'),
    ('policy', 'casebase_read_only_so', 'storage.objects'),
    ('policy', 'casebase_upload', 'storage.objects'),
    ('policy', 'casebase_upload_only_so', 'storage.objects'),
    ('role', 'casebase_worker', ''),
    ('table', 'case_events', ''),
    ('table', 'case_files', ''),
    ('table', 'case_internal', ''),
    ('table', 'case_settings', ''),
    ('table', 'case_stages', ''),
    ('table', 'cases', ''),
    ('table', 'client_documents', ''),
    ('table', 'client_members', ''),
    ('table', 'clients', ''),
    ('table', 'departments', ''),
    ('table', 'document_categories', ''),
    ('table', 'interactions', ''),
    ('table', 'internal_notes', ''),
    ('table', 'invitations', ''),
    ('table', 'party_types', ''),
    ('table', 'specialties', ''),
    ('table', 'staff_departments', ''),
    ('table', 'staff_members', ''),
    ('table', 'staff_specialties', ''),
    ('table', 'status_transitions', ''),
    ('trigger', 'casebase_keep_changed', 'storage.objects'),
    ('trigger', 'casebase_keep_new', 'storage.objects'),
    ('type', 'case_hit', ''),
    ('type', 'case_page', ''),
    ('type', 'document_page', ''),
    ('type', 'interaction_page', ''),
    ('type', 'search_page', ''),
    ('type', 'timeline_entry', ''),
    ('type', 'timeline_page', ''),
    ('view', 'overdue_cases', '')
-- end made
  ),
  -- The functions of the API: their types, how many arguments they need, and how many they take.
  rpc (name, types, needs, takes) as (values
-- begin rpc
    ('answer_idempotency_key', 'uuid, integer, text, text, text', 2, 5),
    ('case_counts', '', 0, 0),
    ('case_people', 'bigint', 1, 1),
    ('case_timeline', 'bigint, integer, text', 1, 3),
    ('change_file_visibility', 'bigint, boolean', 2, 2),
    ('claim_idempotency_key', 'text, text', 2, 2),
    ('client_names', 'uuid[]', 1, 1),
    ('client_usage', 'uuid', 1, 1),
    ('count_webhook_replay', 'uuid, timestamp with time zone, text[]', 1, 3),
    ('create_webhook_endpoint', 'text, text, text[], boolean, text, interval[], uuid[], uuid[], text[], text[], jsonb, integer', 1, 12),
    ('deactivate_staff_member', 'uuid, uuid', 1, 2),
    ('delete_webhook_endpoint', 'uuid', 1, 1),
    ('document_versions', 'bigint', 1, 1),
    ('escalate_case', 'bigint, text', 2, 2),
    ('find_case', 'text', 1, 1),
    ('find_clients', 'text, integer', 0, 2),
    ('hand_over_case', 'bigint, uuid, uuid, text', 1, 4),
    ('health', '', 0, 0),
    ('invite', 'text, uuid, text, boolean, text, uuid[]', 1, 6),
    ('keep_idempotency_key', 'uuid', 1, 1),
    ('list_cases', 'text[], text[], text[], uuid[], boolean, uuid[], uuid[], text[], boolean, timestamp with time zone, timestamp with time zone, timestamp with time zone, timestamp with time zone, jsonb, text, text, integer, text, integer, boolean', 0, 20),
    ('list_client_documents', 'uuid, text, integer, text', 1, 4),
    ('list_interactions', 'bigint, integer, text', 1, 3),
    ('merge_cases', 'bigint, bigint', 2, 2),
    ('my_access', '', 0, 0),
    ('my_clients', '', 0, 0),
    ('poll_events', 'uuid, text, integer', 1, 3),
    ('register', 'text', 1, 1),
    ('release_idempotency_key', 'uuid', 1, 1),
    ('reopen_case', 'bigint', 1, 1),
    ('replay_webhook_deliveries', 'uuid, timestamp with time zone, text[]', 1, 3),
    ('replay_webhook_delivery', 'bigint', 1, 1),
    ('reply_to_cases', 'bigint[], text, boolean', 2, 3),
    ('reserve_case_file', 'text, text, text, text, bigint, bigint, boolean', 3, 7),
    ('reserve_client_document', 'text, text, text, bigint, uuid, text, bigint', 2, 7),
    ('retry_webhook_deliveries', 'uuid', 1, 1),
    ('rotate_webhook_secret', 'uuid, interval', 1, 2),
    ('search_cases', 'text, integer, text', 1, 3),
    ('send_test_webhook', 'uuid, text', 1, 2),
    ('skip_webhook_delivery', 'bigint, text', 2, 2),
    ('split_case', 'bigint, text', 1, 2),
    ('structure_uses', '', 0, 0),
    ('take_case', 'bigint', 1, 1),
    ('undo_changes', 'bigint[]', 1, 1),
    ('update_cases', 'bigint[], jsonb, boolean', 2, 3),
    ('update_webhook_endpoint', 'uuid, text, text, text[], boolean, interval[], uuid[], uuid[], text[], text[], jsonb, integer', 1, 12),
    ('webhook_activity', 'uuid, timestamp with time zone, interval', 0, 3),
    ('webhook_attempts', 'bigint', 1, 1),
    ('webhook_deliveries', 'uuid, text, bigint, integer', 0, 4),
    ('webhook_delivery_body', 'bigint', 1, 1),
    ('webhook_endpoints', '', 0, 0),
    ('webhook_status', '', 0, 0)
-- end rpc
  ),
  -- What is needed of Supabase's own tables. Without is_installed's schema: whoever may not use a schema can't ask for its
  -- tables by name.
  relations as (
    select n.nspname || '.' || c.relname as relation, c.oid, c.relkind::text as relkind, c.relowner, c.relrowsecurity
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where (n.nspname, c.relname) in (
      ('auth', 'users'), ('storage', 'buckets'), ('storage', 'objects'), ('public', 'clients'),
      ('casebase', 'migrations'), ('casebase', 'client_source')
    )
  ),
  needed (relation, columns, privileges) as (values
    ('auth.users', array['id', 'email', 'email_confirmed_at', 'deleted_at', 'is_sso_user'], array['select', 'references']),
    ('storage.buckets', array['id', 'name', 'public', 'file_size_limit'], array['select', 'insert']),
    ('storage.objects', array['id', 'bucket_id', 'name', 'version', 'owner_id', 'metadata'], array['select', 'trigger'])
  ),
  of_public as (
    select n.oid from pg_namespace n where n.nspname = 'public'
  ),
  -- A table of clients that cases can refer to is shared.
  own_clients as (
    select r.*
    from relations r
    where r.relation = 'public.clients'
      and r.relkind in ('r', 'p')
      and exists (
        select from pg_attribute a
        join pg_index i on i.indrelid = a.attrelid and i.indnkeyatts = 1 and i.indkey[0] = a.attnum
        where a.attrelid = r.oid
          and a.attname = 'id'
          and a.atttypid = 'uuid'::regtype
          and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null
      )
  ),
  -- Read as text: a query that names a table fails where there is none.
  buckets as (
    select b.value ->> 'id' as id,
           b.value ->> 'name' as name,
           (b.value ->> 'public')::boolean as is_public,
           (b.value ->> 'objects')::integer as objects
    from json_array_elements((
      select case when count(*) = 2 then convert_from(decode(substring(query_to_xml(
        $$
          select encode(convert_to(coalesce(json_agg(f), '[]')::text, 'UTF8'), 'hex') as found
          from (
            select b.id, b.name, coalesce(b.public, false) as public,
                   (select count(*) from (select from storage.objects o where o.bucket_id = b.id limit 100001) counted) as objects
            from storage.buckets b
            where b.id in ('admin-bucket', 'client-bucket') or b.name in ('admin-bucket', 'client-bucket')
          ) f
        $$, true, false, '')::text from '<found>([0-9a-f]*)</found>'), 'hex'), 'UTF8') end
      from relations r
      where r.relation in ('storage.buckets', 'storage.objects')
        and has_schema_privilege(split_part(r.relation, '.', 1), 'usage')
        and has_table_privilege(r.oid, 'select')
    )::json) b
  ),
  -- A relation's kind, in words that are its statement's, too.
  kinds (relkind, word) as (values
    ('r', 'table'), ('p', 'table'), ('v', 'view'), ('m', 'materialized view'), ('f', 'foreign table'), ('i', 'index'),
    ('I', 'index'), ('S', 'sequence'), ('c', 'type')
  ),
  -- Types that are not a table's, nor the array of another: such a one gives way by itself.
  types as (
    select t.typname as name
    from of_public
    join pg_type t on t.typnamespace = of_public.oid
    left join pg_class c on c.oid = t.typrelid
    where (c.oid is null or c.relkind = 'c')
      and not exists (select from pg_type element where element.typarray = t.oid)
  ),
  -- Functions in public that are called as one of ours.
  namesakes as (
    select format('public.%I(%s)', p.proname, oidvectortypes(p.proargtypes)) as signature, r.name,
           oidvectortypes(p.proargtypes) = r.types as is_same,
           p.pronargs - p.pronargdefaults <= r.takes
             and (p.provariadic <> 0 or r.needs <= p.pronargs) as fits_a_call,
           -- PostgREST gives such a one the whole body, where no other fits.
           p.pronargs = 1
             and coalesce(p.proargnames[1], '') = ''
             and p.proargtypes[0]::regtype::text in ('json', 'jsonb', 'text', 'bytea', 'xml') as takes_a_body
    from of_public
    join pg_proc p on p.pronamespace = of_public.oid
    join rpc r on r.name = p.proname
  ),

  of_the_server (severity, kind, name, problem, way_out) as (
    select 'error', 'server', 'version',
           format('PostgreSQL %s is too old: Casebase needs 15 or newer', current_setting('server_version')),
           'upgrade the project''s PostgreSQL (Settings > Infrastructure)'
    where current_setting('server_version_num')::integer < 150000
    union all
    select 'error', 'server', 'replica', 'this database is a read replica, in which nothing can be made',
           'connect to the primary database'
    where pg_is_in_recovery()
    union all
    select 'error', 'server', 'default_transaction_read_only', 'this database is set to read only',
           'find out why first (Supabase does it when the disk is full), then set default_transaction_read_only to off'
    where current_setting('default_transaction_read_only')::boolean
    union all
    select 'error', 'role', name, format('the role %s is missing', name),
           'connect to the database of a Supabase project; a self-hosted one makes its roles when it first starts'
    from unnest(array['anon', 'authenticated', 'service_role', 'supabase_auth_admin']) name
    where not exists (select from pg_roles r where r.rolname = name)
    union all
    select 'error', 'role', r.rolname,
           format('the role %s passes every policy: it is a superuser or has bypassrls', r.rolname),
           format('alter role %I nosuperuser nobypassrls', r.rolname)
    from pg_roles r
    where r.rolname in ('anon', 'authenticated') and (r.rolsuper or r.rolbypassrls)
    union all
    select 'error', 'table', n.relation, format('the table %s is missing', n.relation),
           'connect to the database of a Supabase project; a self-hosted one makes its tables when Auth and Storage first start'
    from needed n
    where not exists (select from relations r where r.relation = n.relation)
    union all
    select 'error', 'column', format('%s.%s', n.relation, c.name), format('the table %s has no column %s', n.relation, c.name),
           'upgrade the project''s Auth and Storage'
    from needed n
    join relations r on r.relation = n.relation
    cross join unnest(n.columns) as c (name)
    where not exists (select from pg_attribute a where a.attrelid = r.oid and a.attname = c.name and not a.attisdropped)
    union all
    select 'error', 'function', 'auth.uid()', 'the function auth.uid() is missing', 'upgrade the project''s Auth'
    where not exists (
      select from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = 'auth' and p.proname = 'uid' and p.pronargs = 0
    )
    union all
    select 'error', 'table', r.relation, format('row level security is off on %s, so no policy holds there', r.relation),
           format('alter table %s enable row level security', r.relation)
    from relations r
    where r.relation = 'storage.objects' and not r.relrowsecurity
    union all
    select 'error', 'schema', 'public', 'the schema public is missing',
           format('create schema public authorization %I', current_user)
    where not exists (select from of_public)
  ),

  of_the_owner (severity, kind, name, problem, way_out) as (
    select 'error', 'privilege', p.missing, format('the role %s may not %s', current_user, p.missing), p.way_out
    from (
      select format('create schemas in the database %s', current_database()),
             format('grant create on database %I to %I', current_database(), current_user)
      where not has_database_privilege(current_database(), 'create')
      union all
      select 'create anything in the schema public', format('grant usage, create on schema public to %I', current_user)
      from of_public p
      where not (has_schema_privilege(p.oid, 'usage') and has_schema_privilege(p.oid, 'create'))
      union all
      select 'create roles', format('alter role %I createrole', current_user)
      from pg_roles me
      where me.rolname = current_user
        and not (me.rolcreaterole or me.rolsuper)
      union all
      select 'use the schema ' || n.nspname, format('grant usage on schema %I to %I', n.nspname, current_user)
      from pg_namespace n
      where n.nspname in ('auth', 'storage') and not has_schema_privilege(n.oid, 'usage')
      union all
      select format('%s on %s', privilege, r.relation), format('grant %s on %s to %I', privilege, r.relation, current_user)
      from (
        select n.relation, n.privileges from needed n
        union all
        select 'public.clients', array['select', 'references']
      ) n
      join relations r on r.relation = n.relation
      cross join unnest(n.privileges) privilege
      where not has_table_privilege(r.oid, privilege)
      union all
      -- Hosted projects let it by a setting of the server's.
      select 'create policies on ' || r.relation,
             format('grant %I to %I, or apply the migrations as postgres', pg_get_userbyid(r.relowner), current_user)
      from relations r
      where r.relation = 'storage.objects'
        and not pg_has_role(r.relowner, 'usage')
        and coalesce(current_setting('supautils.policy_grants', true), '') not like '%"storage.objects"%'
      union all
      select format('read %s past its policies', r.relation),
             format('apply the migrations as a role with bypassrls (postgres), or as the owner of %s', r.relation)
      from relations r
      where r.relation in ('auth.users', 'storage.buckets', 'storage.objects', 'public.clients')
        and row_security_active(r.oid)
    ) p (missing, way_out)
  ),

  of_the_schemas (severity, kind, name, problem, way_out) as (
    select 'error', 'schema', n.nspname::text, 'the schema casebase is there already', 'alter schema casebase rename to …'
    from pg_namespace n
    where n.nspname = 'casebase' and not exists (select from relations r where r.relation = 'casebase.client_source')
    union all
    select 'error', 'schema', 'casebase', 'there is a Casebase of before 0.1.0-rc.1, from which no upgrade leads on',
           'keep a copy of what is in it, then drop its schema, tables, types, functions, policies, triggers and role'
    from relations r
    where r.relation = 'casebase.client_source'
    union all
    -- Tables, views, indexes and sequences share their names …
    select 'error', k.word, format('public.%I', c.relname),
           format('the %s public.%I%s is there already', k.word, c.relname, ' on ' || i.indrelid::regclass::text),
           format('alter %s public.%I rename to …', k.word, c.relname)
    from made m
    join of_public on true
    join pg_class c on c.relname = m.name and c.relnamespace = of_public.oid
    join kinds k on k.relkind = c.relkind::text
    left join pg_index i on i.indexrelid = c.oid
    where m.kind in ('table', 'view', 'type', 'index', 'sequence')
      and c.relkind <> 'c'
      and m.name <> 'clients'
      and not (m.place = 'clients' and exists (select from own_clients))
    union all
    -- … and types theirs: a table brings one of its name.
    select 'error', 'type', format('public.%I', t.name), format('the type public.%I is there already', t.name),
           format('alter type public.%I rename to …', t.name)
    from made m
    join types t on t.name = m.name
    where m.kind in ('table', 'view', 'type')
    union all
    select case when f.fits_a_call or f.takes_a_body then 'error' else 'warning' end,
           'function', f.signature,
           case
             when f.is_same then format('the function %s is there already', f.signature)
             when f.fits_a_call
             then format('a call of public.%I could mean %s or Casebase''s own function, by the number of its arguments',
                         f.name, f.signature)
             when f.takes_a_body
             then format('a call of rpc/%s would be answered by Casebase''s own function instead of %s, which takes what is left over',
                         f.name, f.signature)
             else format('%s is called as a function of Casebase: calls are told apart by the number of their arguments; what is generated of the API shows both under one name',
                         f.signature)
           end,
           format('alter routine %s rename to …', f.signature)
    from namesakes f
    union all
    select 'error', 'policy', format('%I on %s', p.polname, m.place),
           format('the policy %I on %s is there already', p.polname, m.place),
           format('drop policy %I on %s, and make it again under another name', p.polname, m.place)
    from made m
    join relations r on r.relation = m.place
    join pg_policy p on p.polname = m.name and p.polrelid = r.oid
    where m.kind = 'policy'
    union all
    select 'error', 'trigger', format('%I on %s', t.tgname, m.place),
           format('the trigger %I on %s is there already', t.tgname, m.place),
           format('drop trigger %I on %s, and make it again under another name', t.tgname, m.place)
    from made m
    join relations r on r.relation = m.place
    join pg_trigger t on t.tgname = m.name and t.tgrelid = r.oid
    where m.kind = 'trigger'
  ),

  -- A role of that name may be left of a Casebase in another database of the server. One that may do more is somebody's.
  of_the_role (severity, kind, name, problem, way_out) as (
    select 'error', 'role', r.rolname::text, format('the role %s is there already, and it %s', r.rolname, string_agg(p.power, ', ' order by p.power)),
           format('alter role %I rename to …', r.rolname)
    from made m
    join pg_roles r on r.rolname = m.name
    cross join lateral (
      select 'is a superuser' where r.rolsuper
      union all select 'has bypassrls' where r.rolbypassrls
      union all select 'has createrole' where r.rolcreaterole
      union all select 'has createdb' where r.rolcreatedb
      union all select 'has replication' where r.rolreplication
      union all select 'may not log in' where not r.rolcanlogin
      union all
      select 'is a member of ' || string_agg(pg_get_userbyid(a.roleid), ', ')
      from pg_auth_members a
      where a.member = r.oid
      having count(*) > 0
      union all
      select 'lets others act as it: ' || string_agg(o.rolname, ', ')
      from pg_auth_members a
      join pg_roles o on o.oid = a.member
      where a.roleid = r.oid and not o.rolsuper and o.rolname <> current_user
      having count(*) > 0
      union all
      select 'owns or may use something in this database'
      where exists (
        select from pg_shdepend d
        join pg_database b on b.oid = d.dbid
        where b.datname = current_database() and d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
      )
      union all
      select format('can''t be altered by %s', current_user)
      from pg_roles me
      where me.rolname = current_user
        and not me.rolsuper
        and current_setting('server_version_num')::integer >= 160000
        and not pg_has_role(r.oid, 'member with admin option')
    ) p (power)
    where m.kind = 'role'
    group by r.rolname
  ),

  of_the_buckets (severity, kind, name, problem, way_out) as (
    select 'error', 'bucket', b.id,
           format('the %s bucket %s%s is there already, %s',
                  case when b.is_public then 'public' else 'private' end,
                  b.id,
                  case when b.name <> b.id then format(' (named %s)', b.name) else '' end,
                  case
                    when b.objects = 0 then 'without objects'
                    when b.objects > 100000 then 'with more than 100000 objects'
                    when b.objects = 1 then 'with one object'
                    else format('with %s objects', b.objects)
                  end),
           case when b.objects = 0 then '' else 'move its objects into a bucket of another name, then ' end
             || 'delete it in the dashboard (Storage) or with the API: only Casebase''s rows decide who reads in its own'
    from buckets b
  ),

  of_the_clients (severity, kind, name, problem, way_out) as (
    select 'error', k.word, r.relation, format('public.clients is a %s, which no foreign key can refer to', k.word),
           format('alter %s public.clients rename to …', k.word)
    from relations r
    join kinds k on k.relkind = r.relkind
    where r.relation = 'public.clients' and r.relkind not in ('r', 'p')
    union all
    select 'error', 'table', r.relation, 'public.clients has no column id of type uuid that is unique, for cases to refer to',
           'alter table public.clients rename to …'
    from relations r
    where r.relation = 'public.clients'
      and r.relkind in ('r', 'p')
      and not exists (select from own_clients)
    union all
    select 'warning', 'column', r.relation,
           'no column of public.clients is called name, display_name, company_name, full_name or title: clients are called by their id until Casebase knows their name''s column',
           'when Casebase is installed: update casebase.client_source set name_column = ''…'''
    from own_clients r
    where not exists (
      select from pg_attribute a
      where a.attrelid = r.oid
        and a.attname in ('name', 'display_name', 'company_name', 'full_name', 'title')
        and not a.attisdropped
    )
  ),

  of_the_defaults (severity, kind, name, problem, way_out) as (
    select 'warning', 'default privilege', g.grantee,
           format('default privileges give the role %s, and Casebase''s %s in public would have it, too: %s',
                  g.grantee, case g.of when 'r' then 'tables' when 'f' then 'functions' else 'sequences' end, g.given),
           format('alter default privileges in schema public revoke all on %s from %I before, or revoke it afterwards, unless it is meant so',
                  case g.of when 'r' then 'tables' when 'f' then 'functions' else 'sequences' end, g.grantee)
    from (
      select r.rolname::text as grantee, d.defaclobjtype::text as of,
             string_agg(distinct lower(a.privilege_type), ', ' order by lower(a.privilege_type)) as given
      from pg_default_acl d
      cross join aclexplode(d.defaclacl) a
      join pg_roles r on r.oid = a.grantee
      where d.defaclrole = (select me.oid from pg_roles me where me.rolname = current_user)
        and d.defaclnamespace in (select 0 union all select of_public.oid from of_public)
        and d.defaclobjtype in ('r', 'f', 'S')
        and r.rolname not in (current_user, 'anon', 'authenticated', 'service_role')
      group by r.rolname, d.defaclobjtype
    ) g
  ),

  of_the_policies (severity, kind, name, problem, way_out) as (
    select 'warning', 'policy', format('%I on %s', p.polname, r.relation),
           format('the restrictive policy %I on %s holds in every bucket, in Casebase''s as well', p.polname, r.relation),
           'let it pass what is in admin-bucket and client-bucket: Casebase''s own policies guard these'
    from relations r
    join pg_policy p on p.polrelid = r.oid
    where r.relation = 'storage.objects'
      and not p.polpermissive
      and not exists (select from made m where m.kind = 'policy' and m.name = p.polname)
  ),

  findings as (
    select * from of_the_server
    union all select * from of_the_owner
    union all select * from of_the_policies
    union all
    select *
    from (
      select * from of_the_schemas
      union all select * from of_the_role
      union all select * from of_the_buckets
      union all select * from of_the_clients
      union all select * from of_the_defaults
    ) f
    -- What Casebase has made stands in nobody's way.
    where not exists (select from relations r where r.relation = 'casebase.migrations')
  )
select f.severity, f.kind, f.name, f.problem, f.way_out
from findings f
order by f.severity, f.kind, f.name, f.problem
-- end findings
  loop
    if found_one.severity = 'error' then
      errors := errors || format(E'\n- %s\n  way out: %s', found_one.problem, found_one.way_out);
    else
      raise warning '%', found_one.problem using hint = found_one.way_out;
    end if;
  end loop;
  if errors <> '' then
    raise exception E'Casebase can''t be installed in this project yet:%', errors
      using errcode = 'object_not_in_prerequisite_state', hint = 'Nothing was changed.';
  end if;
end
$preflight$;


-- supabase/schemas/schema.sql

-- The schema of what the API does not expose, and the role of the service.
--
-- Every table of Casebase is closed the moment it is made: row level security on, the automatic grants of older
-- projects taken back by name. What is granted, and every policy, stands in policies/.

create schema casebase;
comment on schema casebase is
  'Casebase: helpers of the policies, queues, counters. Not exposed by the API.';

revoke all on schema casebase from public, anon, authenticated, service_role;
grant usage on schema casebase to authenticated, service_role;

-- What was applied. Each migration ends with the statement that writes its own row, so the record is the same whoever
-- runs the file: the Supabase CLI, psql or `casebase migrate`.
create table casebase.migrations (
  version    text        not null,
  name       text        not null,
  release    text        not null,
  -- SHA-256 of the migration's text before that statement.
  checksum   text        not null,
  applied_at timestamptz not null default now(),
  applied_by name        not null default current_user,
  constraint migrations_pkey primary key (version),
  constraint migrations_version_check check (version ~ '^[0-9]{14}$'),
  constraint migrations_checksum_check check (checksum ~ '^[0-9a-f]{64}$')
);
comment on table casebase.migrations is 'The migrations that made this schema: of which release, from which text, and when.';
alter table casebase.migrations enable row level security;
revoke all on casebase.migrations from public, anon, authenticated, service_role;

-- The service's own role: it verifies files and delivers webhooks. It gets a password from the project's owner:
-- alter role casebase_worker password '…';
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'casebase_worker') then
    create role casebase_worker login noinherit;
  end if;
end
$$;

-- A call takes milliseconds; whatever keeps one longer gives up, and the worker tries again. Three fit between the end of
-- the longest request (20 s) and that of its lease (60 s). It is the role's, because a function's own setting comes
-- when the statement's clock already runs, and a setting for the transaction would cost each call three more round trips.
alter role casebase_worker set statement_timeout = '10s';


-- supabase/schemas/values.sql

-- What every client of the API can read. One row that some client can't takes the whole page away from it, so such
-- a value is refused, whoever writes it. For times that is in each table: RFC 3339 writes years of four digits.

-- Nested at most 32 deep (serde_json reads 128, of which an answer adds its own), and every number finite as a double.
create function casebase.is_readable_json(value jsonb) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select not value @? 'strict $.**{33 to last}'
     and not value @? 'strict $.** ? (@.type() == "number" && (@ > 1.7976931348623157e308 || @ < -1.7976931348623157e308))'
$$;


-- supabase/schemas/human_text.sql

-- What people write for people to read: one rule for every such column, whichever way it comes. Text that breaks it is
-- refused, never mended: what was written is what is stored. Each column that is under another rule is in the list of
-- tests/database/17_human_text.sql with its reason.
--
-- Judged by code points, under the collation "C", so that it is the same in every database.

-- One line or more: the characters of RFC 9839's Unicode Assignables without what turns or hides the words beside it,
-- and something among them that can be seen. Tabs and line breaks (LF, CR LF) may stand in it.
-- Stays allowed, because words and emoji need it: joiners (U+200C, U+200D), marks that order their neighbours only
-- (U+200E, U+200F, U+061C), variation selectors, private use, and what no version of Unicode has assigned yet.
create function casebase.is_text(value text) returns boolean
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  refused constant text := '(?x)
      [\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]  # control characters
    | \r ([^\n] | $)                                         # which a lone CR is, too
    | [\u202a-\u202e\u2066-\u2069]                           # embeddings, overrides and isolates reorder what follows
    | [\u206a-\u206f\ufff9-\ufffb\U000e0001]                 # deprecated, or hiding a part of it
    | [\ufdd0-\ufdef\ufffe\uffff]                            # no characters, and so the last two of each plane
    | [\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0004fffe\U0004ffff]
    | [\U0005fffe\U0005ffff\U0006fffe\U0006ffff\U0007fffe\U0007ffff\U0008fffe\U0008ffff]
    | [\U0009fffe\U0009ffff\U000afffe\U000affff\U000bfffe\U000bffff\U000cfffe\U000cffff]
    | [\U000dfffe\U000dffff\U000efffe\U000effff\U000ffffe\U000fffff\U0010fffe\U0010ffff]';
  -- Neither white space nor ignorable by default (Unicode's White_Space, Default_Ignorable_Code_Point), nor the Braille
  -- pattern without dots.
  visible constant text := '[^'
    '\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000'
    '\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164'
    '\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff'
    '\u2800]';
begin
  return value collate "C" !~ refused and value collate "C" ~ visible;
end
$$;

-- One line: such text without tabs and line breaks (U+2028 and U+2029 are two), and without white space at its ends.
create function casebase.is_line(value text) returns boolean
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  breaks constant text := '[\t\n\r\u2028\u2029]';
  space  constant text := '[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]';
begin
  return casebase.is_text(value)
    and value collate "C" !~ breaks
    and value collate "C" !~ ('^' || space || '|' || space || '$');
end
$$;

create function casebase.are_lines(value text[]) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(bool_and(casebase.is_line(line)), true) from unnest(value) line
$$;


-- supabase/schemas/search/words.sql

-- What a search compares: words without their case and accents, the beginnings of words, and words of a title with a letter
-- mistaken. No extension is used: pg_trgm and unaccent are the project's to have or not, unaccent() is not immutable, and a
-- migration that made them in a schema of its choice would change the host's database.

-- Text as it is searched: lower case, letters of any width, without marks ("Århus" is "arhus"), what is not seen left out,
-- and spaces for the signs of which PostgreSQL's parser would make addresses, paths, tags and numbers. Each ideograph and
-- kana is a word of its own, for nothing stands between words there.
create function casebase.searched_text(value text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  unseen constant text := '['
    '\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0655\u0670'
    '\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f'
    '\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]';
  folded text := value;
begin
  if octet_length(value) > char_length(value) then
    folded := regexp_replace(normalize(value, nfkd) collate "C", unseen, '', 'g');
    folded := replace(replace(replace(replace(lower(folded collate "default"), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
    folded := translate(folded, 'øđðłħıŧς', 'oddlhitσ');
    folded := regexp_replace(folded collate "C", '([\u3041-\u30fe\u3400-\u4dbf\u4e00-\u9fff])', ' \1 ', 'g');
  end if;
  return regexp_replace(lower(folded collate "default"), '[-./:@_~&<>+]', ' ', 'g');
end
$$;

-- The words of a text. The text search configuration is "simple", which knows no language: cases of one project are
-- written in several, and a stem of the wrong one finds less than the beginning of a word does.
create function casebase.search_words(value text) returns tsvector
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  -- A tsvector holds 1 MiB, and a ligature may become 18 letters.
  return to_tsvector('pg_catalog.simple'::regconfig, left(casebase.searched_text(value), 100000));
end
$$;

-- What words have in common with those that differ by a letter too many, too few, mistaken or in its neighbour's place:
-- they themselves, and they without one of their letters. "~" keeps these apart from words. Short words and numbers have
-- nothing of it: a letter makes them another.
create function casebase.near_words(words text[]) returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct '~' || case when nth = 0 then word else overlay(word placing '' from nth for 1) end), '{}')
  from unnest(words) word, generate_series(0, char_length(word)) nth
  where char_length(word) between 4 and 24
    and word !~ '[0-9]'
$$;

-- A case's own words: its title before its description, what is near its title's words, and its number, with the zeros
-- that people write and without.
create function casebase.case_words(id bigint, title text, description text) returns tsvector
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  title_words tsvector := casebase.search_words(title);
begin
  return setweight(title_words, 'A')
    || setweight(casebase.search_words(description), 'C')
    || array_to_tsvector(casebase.near_words(tsvector_to_array(title_words)) || array['#' || id, '#' || lpad(id::text, greatest(4, length(id::text)), '0')]);
end
$$;

-- What somebody looks for. Nothing in their text is an operator: it is taken apart into words as what is searched is, and
-- of a text without any the query is null, which finds nothing.
--   query: all of the words, each as it stands or, from its third letter on, as the beginning of another. A number is looked
--          for in the cases' own, too: "12", "case 12", "CASE-0012", "csae-12".
--   or_near: the same, and for each word what is near it. For where nobody wrote the words as they stand: more is near
--          than anybody meant.
--   pattern, near: what makes a word of a text one that was looked for: the pattern is one of casebase.letters.
--   case_id: the case (cases.id) whose number it is.
create type casebase.sought as (query tsquery, or_near tsquery, pattern text, near text[], case_id bigint);

create function casebase.sought(search text) returns casebase.sought
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  folded text   := casebase.searched_text(search);
  words  text[] := tsvector_to_array(to_tsvector('pg_catalog.simple'::regconfig, folded));
  number text[] := regexp_match(folded, '^[^a-z0-9]*([a-z]*)[^a-z0-9]*(0*([1-9][0-9]{0,17}))[^a-z0-9]*$');
  sought casebase.sought;
begin
  select string_agg(as_written, ' & ')::tsquery,
         string_agg(concat('(', as_written, near.query, ')'), ' & ')::tsquery,
         string_agg(casebase.letters_of(word), '|')
  into sought.query, sought.or_near, sought.pattern
  from unnest(words) word,
       lateral (select quote_literal(word) || case when char_length(word) < 3 then '' else ':*' end) written (as_written),
       lateral (select ' | ' || string_agg(quote_literal(n), ' | ') from unnest(casebase.near_words(array[word])) n) near (query);
  sought.near := casebase.near_words(words);
  if number[1] = '' or casebase.near_words(number[1:1]) && casebase.near_words('{case}'::text[]) then
    sought.case_id := number[3]::bigint;
    sought.query := sought.query
      || format('%L%s | %L', '#' || number[2], case when length(number[2]) < 3 then '' else ':*' end, '#' || number[3])::tsquery;
  end if;
  return sought;
end
$$;

-- What may be looked for. A title or a sentence fits; every word more is another look into the index.
create function casebase.check_search(search text) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if search is null or char_length(search) > 500 then
    raise exception 'search is a text of at most 500 characters, not %', coalesce(char_length(search)::text, 'null')
      using errcode = 'invalid_parameter_value', column = 'search';
  end if;
end
$$;

-- A text letter for letter without case and accents: its n-th letter is that of the text as NFC has it. So what was found in
-- the one is cut out of the other. What is not seen keeps its place.
create function casebase.letters(shown text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  unseen constant text := '[\u0001\u00ad\u0300-\u036f\u200b-\u200f\u2060\ufe00-\ufe0f]';
begin
  if octet_length(shown) = char_length(shown) then
    return lower(translate(shown, U&'\0001', ' ') collate "default");
  end if;
  return translate(
    lower(normalize(regexp_replace(
      normalize(regexp_replace(shown collate "C", unseen, ' ', 'g'), nfd) collate "C", '[\u0300-\u036f\u0483-\u0487\u3099\u309a]', '', 'g'
    ), nfc) collate "default"),
    'øđðłħıŧς', 'oddlhitσ');
end
$$;

-- How a word that is looked for stands in such letters: a longer one as the beginning of another, an ideograph wherever it
-- is; and what is written with one letter or with two.
create function casebase.letters_of(word text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  written text := replace(replace(replace(replace(normalize(word, nfc), 'ss', '(?:ss|ß)'), 'ae', '(?:ae|æ)'), 'oe', '(?:oe|œ)'), 'th', '(?:th|þ)');
begin
  return case
    when word collate "C" ~ '^[\u3041-\u30fe\u3400-\u4dbf\u4e00-\u9fff]$' then written
    when char_length(word) < 3 then '(?<![[:alnum:]])' || written || '(?![[:alnum:]])'
    else '(?<![[:alnum:]])' || written || '[[:alnum:]]*'
  end;
end
$$;

-- A text in parts: every second one, beginning with the second, is a word that was looked for, and what stands between two
-- of them may be nothing. Parts, because positions count differently in every language, and a caller should not have to
-- know which signs no text has (between the letters here it is U+0001). What is near counts where near is true.
create function casebase.marked(value text, sought casebase.sought, near boolean) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  shown   text    := value;
  pattern text    := sought.pattern;
  begins  integer := 1;
  letters text;
  piece   text;
  parts   text[]  := '{}'::text[];
begin
  if octet_length(value) > char_length(value) then
    shown := normalize(value, nfc);
  end if;
  letters := casebase.letters(shown);
  if char_length(letters) <> char_length(shown) then
    return array[shown];
  end if;
  if near then
    pattern := pattern || coalesce((
      select '|' || string_agg(casebase.letters_of(word), '|')
      from regexp_split_to_table(letters, '[^[:alnum:]]+') word
      where casebase.near_words(array[word]) && sought.near), '');
  end if;
  foreach piece in array string_to_array(regexp_replace(letters, '(' || pattern || ')', E'\u0001\\1\u0001', 'g'), E'\u0001') loop
    parts := parts || substr(shown, begins, char_length(piece));
    begins := begins + char_length(piece);
  end loop;
  return parts;
end
$$;

-- The place of a text where most of the words are, as marked gives it: up to 200 characters, with dots where there is more.
-- Null where none of them is.
create function casebase.excerpt(value text, sought casebase.sought) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  longest constant integer := 200;
  parts  text[]    := casebase.marked(value, sought, false);
  shown  text      := array_to_string(parts, '');
  places integer[] := '{}'::integer[];
  at     integer   := 1;
  place  text;
begin
  if cardinality(parts) < 2 then
    return null;
  elsif char_length(shown) <= longest then
    return parts;
  end if;
  -- Of a text that has hundreds of them, the beginning.
  for nth in 1 .. least(cardinality(parts), 200) loop
    if nth % 2 = 0 then
      places := places || at;
    end if;
    at := at + char_length(parts[nth]);
  end loop;
  select p.at
  into at
  from unnest(places) p (at)
  order by (select count(*) from unnest(places) q (at) where q.at between p.at and p.at + longest - 60) desc, p.at
  limit 1;
  at := greatest(1, at - 40);
  place := substr(shown, at, longest);
  if at + longest <= char_length(shown) then
    place := regexp_replace(place, '\s+\S*$', '') || ' …';
  end if;
  if at > 1 then
    place := '… ' || regexp_replace(place, '^\S{0,39}\s+', '');
  end if;
  return casebase.marked(place, sought, false);
end
$$;


-- supabase/schemas/people/clients.sql

-- Clients, and who acts for them. A project that already has public.clients keeps it: we reference it and leave it alone.

create table casebase.client_source (
  only_row    boolean default true,
  is_ours     boolean not null,
  name_column name,
  constraint client_source_pkey primary key (only_row),
  constraint client_source_only_row_check check (only_row)
);
comment on table casebase.client_source is
  'Whether public.clients was made by Casebase, and which of its columns is a client''s name.

For the project''s owner: where the project has its own table of clients and its name was not recognised, or another column is the better one, update casebase.client_source set name_column = ''…''.';
comment on column casebase.client_source.only_row is 'Always true: there is one row.';
comment on column casebase.client_source.is_ours is
  'Whether Casebase made public.clients. False: the project had the table already, and keeps its columns, grants and policies.';
comment on column casebase.client_source.name_column is
  'The column of public.clients that is the client''s name; null: none was recognised, and clients are called by their id.';
alter table casebase.client_source enable row level security;

do $$
begin
  if to_regclass('public.clients') is null then
    create table public.clients (
      id         uuid        not null default gen_random_uuid(),
      name       text        not null,
      kind       text        not null default 'organisation',
      created_at timestamptz not null default now(),
      constraint clients_pkey primary key (id),
      constraint clients_name_check check (char_length(name) <= 200 and casebase.is_line(name)),
      constraint clients_kind_check check (kind in ('organisation', 'person')),
      constraint clients_times_check
        check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
    );
    comment on table public.clients is
      'Clients: whom cases are worked for, an organisation or one person.

A project that already has a table of this name keeps its own; Casebase then references its id and reads its name, and nothing else on this page holds for it.

Read by client members (their own clients) and staff; written by admins.';
    comment on column public.clients.id is 'The key.';
    comment on column public.clients.name is 'What the client is called.';
    comment on column public.clients.kind is 'Whether it is an organisation or one person.';
    comment on column public.clients.created_at is 'When the row was made.';
    alter table public.clients enable row level security;
    revoke all on public.clients from public, anon, authenticated, service_role;
    alter table public.clients alter column name set statistics 0;
    insert into casebase.client_source (is_ours, name_column) values (true, 'name');
    return;
  end if;

  insert into casebase.client_source (is_ours, name_column)
  select false, (
    select a.attname
    from pg_catalog.pg_attribute a
    where a.attrelid = 'public.clients'::regclass
      and not a.attisdropped
      and a.attname in ('name', 'display_name', 'company_name', 'full_name', 'title')
    order by array_position(array['name', 'display_name', 'company_name', 'full_name', 'title'], a.attname::text)
    limit 1
  );
end
$$;

create table public.client_members (
  client_id    uuid        not null,
  user_id      uuid        not null,
  display_name text        not null,
  created_at   timestamptz not null default now(),
  constraint client_members_pkey primary key (client_id, user_id),
  constraint client_members_client_id_fkey foreign key (client_id) references public.clients (id) on delete cascade,
  constraint client_members_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint client_members_display_name_check
    check (char_length(display_name) <= 200 and casebase.is_line(display_name)),
  constraint client_members_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.client_members is
  'Which users act for which client. Membership is a client''s only authority, whatever the token says.

Read by staff; written by admins. Client members find their clients with rpc/my_clients, and the people of a case with rpc/case_people.';
comment on column public.client_members.client_id is 'The client.';
comment on column public.client_members.user_id is 'The user who acts for it (auth.users.id).';
comment on column public.client_members.display_name is 'What they are called, in what they say and in the history.';
comment on column public.client_members.created_at is 'When the row was made.';
alter table public.client_members enable row level security;
revoke all on public.client_members from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.client_members
  alter column display_name set statistics 0;
create index client_members_user_id_idx on public.client_members (user_id);

-- The column that is a client's name. Null where there is none: also when the project has renamed it or taken it away since.
create function casebase.client_name_column() returns name
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select a.attname
  from casebase.client_source s
  join pg_attribute a on a.attname = s.name_column
  where a.attrelid = 'public.clients'::regclass and a.attnum > 0 and not a.attisdropped
$$;

-- A column that isn't there would be noticed only where clients are called by their id.
create function casebase.check_client_source() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if new.name_column is not null and casebase.client_name_column() is null then
    raise exception 'name_column "%": public.clients has no such column', new.name_column
      using errcode = 'invalid_parameter_value', column = 'name_column',
            hint = format('It has %s.', (
              select string_agg(a.attname, ', ' order by a.attnum)
              from pg_attribute a
              where a.attrelid = 'public.clients'::regclass and a.attnum > 0 and not a.attisdropped
            ));
  end if;
  return null;
end
$$;
create trigger name_column_exists after update on casebase.client_source
  for each row execute function casebase.check_client_source();

-- What a client is called; null where that isn't known.
create function casebase.client_name(client uuid) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  name_column name := casebase.client_name_column();
  found_name  text;
begin
  if name_column is null then
    return null;
  end if;
  execute pg_catalog.format('select c.%I::text from public.clients c where c.id = $1', name_column)
    into found_name
    using client;
  return found_name;
end
$$;


-- supabase/schemas/people/departments.sql

-- Departments: where a case is worked. One is the default.

create table public.departments (
  id         uuid        not null default gen_random_uuid(),
  name       text        not null,
  is_default boolean     not null default false,
  active     boolean     not null default true,
  created_at timestamptz not null default now(),
  constraint departments_pkey primary key (id),
  constraint departments_name_key unique (name),
  constraint departments_name_check check (char_length(name) <= 200 and casebase.is_line(name)),
  constraint departments_default_is_active_check check (active or not is_default),
  constraint departments_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.departments is
  'Departments: where cases are worked. One of them is the default.

Read by client members and staff; written by admins. The default one can''t be deleted.';
comment on column public.departments.id is 'The key.';
comment on column public.departments.name is 'What it is called; no two departments share a name.';
comment on column public.departments.is_default is
  'The department that gets a case which names none. There is always one: set on another department, it ends here in the same statement.';
comment on column public.departments.active is
  'Whether it is in use. Switched off, it keeps the cases it has, and no other is given to it; the default one is always on.';
comment on column public.departments.created_at is 'When the row was made.';
alter table public.departments enable row level security;
revoke all on public.departments from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.departments alter column name set statistics 0;
create unique index departments_one_default_idx on public.departments (is_default) where is_default;

-- Its id is the same in every project, as that of every row that is there from the beginning: a dump of one project's rows
-- fits into another's.
insert into public.departments (id, name, is_default) values ('ca5eba5e-0000-4000-8000-000000000001', 'General', true);

-- A department becomes the default by saying so; the one before steps back in the same statement.
create function casebase.keep_one_default_department() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    if old.is_default then
      raise exception 'the default department can''t be deleted'
        using errcode = 'check_violation', hint = 'Set is_default on another department first.';
    end if;
    return old;
  end if;
  if new.is_default then
    update public.departments d set is_default = false where d.is_default and d.id <> new.id;
  -- Of an insert, old is null.
  elsif old.is_default and pg_catalog.pg_trigger_depth() = 1 then
    raise exception 'there must be a default department'
      using errcode = 'check_violation', hint = 'Set is_default on another department instead.';
  end if;
  return new;
end
$$;

create trigger keep_one_default
  before insert or update of is_default or delete on public.departments
  for each row execute function casebase.keep_one_default_department();

create function casebase.default_department() returns uuid
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (select d.id from public.departments d where d.is_default);
end
$$;


-- supabase/schemas/people/specialties.sql

-- Specialties: what a case can need of whoever works it.

create table public.specialties (
  id         uuid        not null default gen_random_uuid(),
  name       text        not null,
  active     boolean     not null default true,
  created_at timestamptz not null default now(),
  constraint specialties_pkey primary key (id),
  constraint specialties_name_key unique (name),
  constraint specialties_name_check check (char_length(name) <= 200 and casebase.is_line(name)),
  constraint specialties_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.specialties is
  'Specialties: what a case can need of whoever works it, for instance a language or a licence.

Read by client members and staff; written by admins.';
comment on column public.specialties.id is 'The key.';
comment on column public.specialties.name is 'What it is called; no two specialties share a name.';
comment on column public.specialties.active is
  'Whether it is in use. Switched off, cases that need it go on needing it, and no other can be given it.';
comment on column public.specialties.created_at is 'When the row was made.';
alter table public.specialties enable row level security;
revoke all on public.specialties from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.specialties alter column name set statistics 0;


-- supabase/schemas/people/staff.sql

-- Staff: who works cases, how far each one sees, where, and with which specialties.

create table public.staff_members (
  user_id      uuid        not null,
  display_name text        not null,
  is_admin     boolean     not null default false,
  scope        text        not null default 'assigned',
  active       boolean     not null default true,
  created_at   timestamptz not null default now(),
  constraint staff_members_pkey primary key (user_id),
  constraint staff_members_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint staff_members_display_name_check
    check (char_length(display_name) <= 200 and casebase.is_line(display_name)),
  constraint staff_members_scope_check check (scope in ('all', 'departments', 'assigned')),
  constraint staff_members_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.staff_members is
  'Staff: who works cases, and which cases each one sees.

The rights of staff need this row and a token that says so (app_metadata.case_role): they begin at the next sign-in or token refresh, and end with the row at once.

Read by staff; written by admins.

- PT409: the last active admin would be removed, switched off or none any more.';
comment on column public.staff_members.user_id is 'The user (auth.users.id).';
comment on column public.staff_members.display_name is 'What they are called, in what they say and in the history.';
comment on column public.staff_members.is_admin is
  'Whether they are an admin, who sees every case and manages people, settings and webhooks.';
comment on column public.staff_members.scope is
  'Which cases this person sees: every case, those of their departments, or only those assigned to them (which everybody sees).';
comment on column public.staff_members.active is
  'Switched off, the person loses every staff right in the next statement.';
comment on column public.staff_members.created_at is 'When the row was made.';
alter table public.staff_members enable row level security;
revoke all on public.staff_members from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.staff_members
  alter column display_name set statistics 0;

create table public.staff_departments (
  user_id       uuid not null,
  department_id uuid not null,
  constraint staff_departments_pkey primary key (user_id, department_id),
  constraint staff_departments_user_id_fkey
    foreign key (user_id) references public.staff_members (user_id) on delete cascade,
  constraint staff_departments_department_id_fkey
    foreign key (department_id) references public.departments (id) on delete cascade
);
comment on table public.staff_departments is
  'Which departments a member of staff works in: those whose cases the scope departments sees.

Read by staff; written by admins.';
comment on column public.staff_departments.user_id is 'The member of staff (staff_members.user_id).';
comment on column public.staff_departments.department_id is 'The department.';
alter table public.staff_departments enable row level security;
revoke all on public.staff_departments from public, anon, authenticated, service_role;
create index staff_departments_department_id_idx on public.staff_departments (department_id);

create table public.staff_specialties (
  user_id      uuid not null,
  specialty_id uuid not null,
  constraint staff_specialties_pkey primary key (user_id, specialty_id),
  constraint staff_specialties_user_id_fkey
    foreign key (user_id) references public.staff_members (user_id) on delete cascade,
  constraint staff_specialties_specialty_id_fkey
    foreign key (specialty_id) references public.specialties (id) on delete cascade
);
comment on table public.staff_specialties is
  'Which specialties a member of staff has: a case that needs one is given only to those who have it, unless an admin gives it.

Read by staff; written by admins.';
comment on column public.staff_specialties.user_id is 'The member of staff (staff_members.user_id).';
comment on column public.staff_specialties.specialty_id is 'The specialty.';
alter table public.staff_specialties enable row level security;
revoke all on public.staff_specialties from public, anon, authenticated, service_role;
create index staff_specialties_specialty_id_idx on public.staff_specialties (specialty_id);

-- An admin who is the last one can't leave: nobody could name another. A service key and the owner can, and so can the
-- auth service, when the user is deleted. One at a time, or two would each see the other stay.
create function casebase.keep_an_admin() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if row_security_active(tg_relid) then
    perform pg_advisory_xact_lock(hashtextextended('casebase.keep_an_admin', 0));
    if not exists (select from public.staff_members s where s.is_admin and s.active and s.user_id <> old.user_id) then
      raise exception 'there must be an admin' using errcode = 'PT409', hint = 'Make somebody else an admin first.';
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

create trigger keep_an_admin before delete on public.staff_members
  for each row when (old.is_admin and old.active) execute function casebase.keep_an_admin();
create trigger keep_an_admin_in_office before update on public.staff_members
  for each row when (old.is_admin and old.active and not (new.is_admin and new.active)) execute function casebase.keep_an_admin();


-- supabase/schemas/people/party_types.sql

-- Party types: what the two sides of an interaction can be.

create table public.party_types (
  code     text    not null,
  label    text    not null,
  internal boolean not null default false,
  active   boolean not null default true,
  constraint party_types_pkey primary key (code),
  constraint party_types_code_check check (code ~ '^[A-Z][A-Z0-9_]{0,39}$'),
  -- The database writes them itself.
  constraint party_types_active_check check (active or code not in ('ARGAN', 'CLIENT')),
  constraint party_types_label_check check (char_length(label) <= 200 and casebase.is_line(label))
);
comment on table public.party_types is
  'Party types: what the two sides of an interaction can be.

Read by client members and staff; written by admins. ARGAN and CLIENT can''t be deleted, because the database itself writes them.';
comment on column public.party_types.code is
  'The word that rows refer to, e.g. CONTRACTOR. A code that is changed changes in those rows, too.';
comment on column public.party_types.label is 'What people read for it.';
comment on column public.party_types.internal is 'Whether this party is the one that works the cases.';
comment on column public.party_types.active is
  'Whether it is in use. Switched off, it stays in what was said, and no case can begin to wait for it; ARGAN and CLIENT are always on.';
alter table public.party_types enable row level security;
revoke all on public.party_types from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.party_types alter column label set statistics 0;

insert into public.party_types (code, label, internal) values
  ('ARGAN',      'Argan',      true),
  ('CLIENT',     'Client',     false),
  ('CONTRACTOR', 'Contractor', false),
  ('EMPLOYEE',   'Employee',   false);


-- supabase/schemas/people/asking.sql

-- Who is asking. These are plpgsql because a session keeps their plans; those that read tables are SECURITY DEFINER,
-- because policies on these tables call them. None takes a user's id from its caller. Every statement under a policy
-- pays for some of them, so each runs as few queries as it can.

-- auth.uid() raises when the subject is no uuid (a third party's token). On storage.objects that would break
-- every bucket of the project, so the subject is read with care; and from where auth.jwt() reads it, because as an
-- expression of its own that takes a third of the time.
create function casebase.caller_id() returns uuid
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
exception
  when data_exception or program_limit_exceeded then
    return null;
end
$$;

-- 'admin', or the scope of a member of staff, or null. The lesser of claim and row: the token must say so and the
-- row must still be active. A token that PostgreSQL can't read claims nothing: Realtime asks policies for every subscriber's,
-- and one that raises stops it for all of them (supabase/realtime #2093).
create function casebase.staff_standing() returns text
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  claimed text;
  person  uuid;
begin
  claimed := nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'case_role';
  if claimed is null or claimed not in ('staff', 'admin') then
    return null;
  end if;
  person := casebase.caller_id();
  return (
    select case when s.is_admin and claimed = 'admin' then 'admin' else s.scope end
    from public.staff_members s
    where s.user_id = person
      and s.active
  );
exception
  when data_exception or program_limit_exceeded then
    return null;
end
$$;

create function casebase.is_staff() returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return casebase.staff_standing() is not null;
end
$$;

create function casebase.is_admin() returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(casebase.staff_standing() = 'admin', false);
end
$$;

-- The caller's id where they are staff, to compare with assigned_to.
create function casebase.staff_id() returns uuid
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if casebase.staff_standing() is null then
    return null;
  end if;
  return casebase.caller_id();
end
$$;

-- The departments whose cases the caller sees. An admin and staff of scope "all" get every one, so that a policy
-- needs no arm that no index serves.
create function casebase.my_departments() returns uuid[]
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := casebase.staff_standing();
  person   uuid;
begin
  if standing in ('admin', 'all') then
    return array(select d.id from public.departments d);
  elsif standing = 'departments' then
    person := casebase.caller_id();
    return array(select s.department_id from public.staff_departments s where s.user_id = person);
  end if;
  return '{}'::uuid[];
end
$$;

-- The clients that the caller is a member of, whatever the token claims.
create function casebase.my_clients() returns uuid[]
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid := casebase.caller_id();
begin
  return array(select m.client_id from public.client_members m where m.user_id = person);
end
$$;

-- Staff, or a member of some client: whoever has any business here.
create function casebase.is_known() returns boolean
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return casebase.staff_standing() is not null
    or exists (select from public.client_members m where m.user_id = casebase.caller_id());
end
$$;

-- How a person is called, for the history and for whoever may read them. Its callers have their owner's rights, and
-- check who asks.
create function casebase.person_name(person uuid, for_client uuid) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(
    (select s.display_name from public.staff_members s where s.user_id = person),
    (select m.display_name
     from public.client_members m
     where m.user_id = person
     order by m.client_id = for_client desc
     limit 1)
  );
end
$$;


-- supabase/schemas/people/settings.sql

-- What an admin decides for the whole project. One row.
create table public.case_settings (
  only_row              boolean not null default true,
  registration_open     boolean not null default false,
  cases_per_hour        integer default 60,
  interactions_per_hour integer default 600,
  bytes_per_client      bigint,
  constraint case_settings_pkey primary key (only_row),
  constraint case_settings_only_row_check check (only_row),
  constraint case_settings_cases_per_hour_check check (cases_per_hour between 0 and 1000000),
  constraint case_settings_interactions_per_hour_check check (interactions_per_hour between 0 and 1000000),
  constraint case_settings_bytes_per_client_check check (bytes_per_client >= 0)
);
comment on table public.case_settings is
  'What an admin decides for the whole project. One row.

Read by client members and staff; changed by admins.';
comment on column public.case_settings.only_row is 'Always true: there is one row.';
comment on column public.case_settings.registration_open is
  'Whether somebody whose e-mail address is confirmed may make themselves a client: rpc/register.';
comment on column public.case_settings.cases_per_hour is
  'How many cases the members of one client may open in an hour; null: as many as they like.';
comment on column public.case_settings.interactions_per_hour is
  'How many interactions the members of one client may add in an hour; null: as many as they like.';
comment on column public.case_settings.bytes_per_client is
  'How many bytes the files and documents of one client may have in all, whoever uploads them; null: as many as they like.';
alter table public.case_settings enable row level security;
revoke all on public.case_settings from public, anon, authenticated, service_role;
insert into public.case_settings default values;


-- supabase/schemas/people/invitations.sql

-- People come in by their e-mail address: an admin invites it, and whoever signs in with it, confirmed, is what the
-- invitation says. Nobody is anything before.

create table public.invitations (
  id             bigint      not null generated always as identity,
  email          text        not null,
  client_id      uuid,
  display_name   text,
  is_admin       boolean     not null default false,
  scope          text        not null default 'assigned',
  department_ids uuid[]      not null default '{}',
  created_at     timestamptz not null default now(),
  expires_at     timestamptz not null default now() + interval '30 days',
  accepted_at    timestamptz,
  constraint invitations_pkey primary key (id),
  constraint invitations_client_id_fkey foreign key (client_id) references public.clients (id) on delete cascade,
  constraint invitations_email_check check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and char_length(email) <= 320),
  constraint invitations_display_name_check check (char_length(display_name) <= 200 and casebase.is_line(display_name)),
  constraint invitations_scope_check check (scope in ('all', 'departments', 'assigned')),
  constraint invitations_of_a_client_check check (client_id is null or not is_admin and scope = 'assigned' and department_ids = '{}'),
  constraint invitations_times_check check (
    least(created_at, expires_at, accepted_at) >= '0001-01-01 00:00+00'
    and greatest(created_at, expires_at, accepted_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.invitations is
  'Who becomes what when they sign in with a confirmed e-mail address: a member of a client, or staff.

Read, made and deleted by admins, and made best by rpc/invite, which replaces an open invitation. Nobody changes one.';
comment on column public.invitations.id is 'The key.';
comment on column public.invitations.email is 'The address, in lower case.';
comment on column public.invitations.client_id is 'The client whose member they become; null: they become staff.';
comment on column public.invitations.display_name is
  'What they will be called; null: what stands before the @ of the address.';
comment on column public.invitations.is_admin is 'Of staff: whether they become an admin.';
comment on column public.invitations.scope is 'Of staff: which cases they will see, as in staff_members.scope.';
comment on column public.invitations.department_ids is 'Of staff: the departments they will work in (departments.id).';
comment on column public.invitations.created_at is 'When they were invited.';
comment on column public.invitations.expires_at is
  'Until when the invitation can be accepted: 30 days, unless it says otherwise.';
comment on column public.invitations.accepted_at is 'When they signed in and became it; null: not yet.';
alter table public.invitations enable row level security;
revoke all on public.invitations from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.invitations
  alter column email set statistics 0,
  alter column display_name set statistics 0;
create index invitations_email_idx on public.invitations (email) where accepted_at is null;
create index invitations_client_id_idx on public.invitations (client_id) where client_id is not null;

-- The invitations of a person's confirmed address, one after the other. The hook asks at each sign-in.
create function casebase.accept_invitations(person uuid) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  address    text;
  invitation public.invitations;
  called     text;
begin
  select lower(u.email) into address
  from auth.users u
  where u.id = person
    and u.email_confirmed_at is not null
    and u.deleted_at is null;
  for invitation in
    select i.* from public.invitations i
    where i.email = address and i.accepted_at is null and i.expires_at > now()
    order by i.id
    for update
  loop
    called := coalesce(invitation.display_name, left(split_part(address, '@', 1), 200));
    if invitation.client_id is not null then
      insert into public.client_members (client_id, user_id, display_name)
      values (invitation.client_id, person, called)
      on conflict (client_id, user_id) do nothing;
    else
      insert into public.staff_members (user_id, display_name, is_admin, scope)
      values (person, called, invitation.is_admin, invitation.scope)
      on conflict (user_id) do update set is_admin = excluded.is_admin, scope = excluded.scope, active = true;
      insert into public.staff_departments (user_id, department_id)
      select person, d.id from public.departments d where d.id = any (invitation.department_ids)
      on conflict do nothing;
    end if;
    update public.invitations i set accepted_at = now() where i.id = invitation.id;
  end loop;
end
$$;

-- Who has to go doesn't come back by an invitation that was still on its way.
create function casebase.end_invitations() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from public.invitations i
  using auth.users u
  where u.id = old.user_id
    and i.email = lower(u.email)
    -- Null for the staff.
    and i.client_id is not distinct from (to_jsonb(old) ->> 'client_id')::uuid
    and i.accepted_at is null;
  return null;
end
$$;

create trigger end_invitations after delete on public.client_members
  for each row execute function casebase.end_invitations();
create trigger end_invitations after delete on public.staff_members
  for each row execute function casebase.end_invitations();
create trigger end_invitations_of_the_dismissed after update of active on public.staff_members
  for each row when (old.active and not new.active)
  execute function casebase.end_invitations();

-- Under the caller's own rights.
create function public.invite(
  email          text,
  client_id      uuid    default null,
  display_name   text    default null,
  is_admin       boolean default false,
  scope          text    default 'assigned',
  department_ids uuid[]  default '{}'
) returns public.invitations
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  made public.invitations;
begin
  if row_security_active('public.invitations') and not casebase.is_admin() then
    raise exception 'only admins invite people' using errcode = 'insufficient_privilege', hint = 'Ask an admin.';
  end if;
  delete from public.invitations i
  where i.email = lower(invite.email)
    and i.client_id is not distinct from invite.client_id
    and i.accepted_at is null;
  insert into public.invitations (email, client_id, display_name, is_admin, scope, department_ids)
  values (lower(invite.email), invite.client_id, invite.display_name, invite.is_admin, invite.scope, invite.department_ids)
  returning * into made;
  return made;
end
$$;
comment on function public.invite(text, uuid, text, boolean, text, uuid[]) is
  'Invites an e-mail address, to be a client''s member or to be staff.

It binds when somebody signs in with that address, confirmed, within 30 days. No mail is sent. Inviting an address again, for the same client or again as staff, replaces the invitation.

For admins.

- email: the address, in any case.
- client_id: the client whose member they become; null: they become staff.
- display_name: what they will be called; null: what stands before the @ of the address.
- is_admin: of staff: whether they become an admin.
- scope: of staff: which cases they will see: all, departments or assigned.
- department_ids: of staff: the departments that they will work in (departments.id).

Returns the invitation.

- 42501: the caller is no admin.
- 23503: there is no such client.
- 23514: the address, the name or the scope is none, or a client''s invitation has what only staff have.';

-- What keeps the caller from making themselves a client; null: nothing.
create function casebase.registration_problem(out message text, out hint text, out code text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid := casebase.caller_id();
begin
  code := 'PT403';
  if not (select s.registration_open from public.case_settings s) then
    message := 'registration is closed';
    hint := 'An admin opens it: case_settings.registration_open.';
  elsif not (select s.is_ours from casebase.client_source s) then
    message := 'this project has clients of its own making';
    hint := 'Ask whoever looks after it.';
  elsif not exists (
    select from auth.users u where u.id = person and u.email_confirmed_at is not null and u.deleted_at is null
  ) then
    message := 'your e-mail address is not confirmed';
    hint := 'Follow the link in the mail first.';
  elsif exists (select from public.client_members m where m.user_id = person)
     or exists (select from public.staff_members s where s.user_id = person)
  then
    code := 'PT409';
    message := 'you are registered already';
    hint := 'rpc/my_access says what you are.';
  end if;
end
$$;

-- Whoever comes by themselves, where an admin lets them: a client of kind person, of whom they are the member.
create function casebase.register(display_name text) returns uuid
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person  uuid := casebase.caller_id();
  problem record;
  made    uuid;
begin
  -- Once, however often it is sent.
  perform from auth.users u where u.id = person for no key update;
  problem := casebase.registration_problem();
  if problem.message is not null then
    raise exception using errcode = problem.code, message = problem.message, hint = problem.hint;
  end if;
  insert into public.clients (name, kind) values (display_name, 'person') returning id into made;
  insert into public.client_members (client_id, user_id, display_name) values (made, person, display_name);
  return made;
end
$$;

create function public.register(display_name text) returns uuid
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.register(display_name)
$$;
comment on function public.register(text) is
  'Makes the caller a client of kind person, of which they are the member.

For whoever signed in with a confirmed e-mail address and is nothing yet, where an admin has opened registration (case_settings.registration_open). rpc/my_access says beforehand whether it would work.

- display_name: what the client and its member are called: one line of at most 200 characters.

Returns the id of the client.

- PT403: registration is closed, the project has its own clients table, or the e-mail address is not confirmed.
- PT409: the caller is a client''s member or on the staff already.
- 23514: display_name is no such line.';


-- supabase/schemas/people/my_access.sql

-- Who the caller is, and what keeps them from being it. Staff rights need the token to say so, which the access token
-- hook writes: without it a desk would be empty, and nobody would know why.
create function casebase.access_problem() returns text
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if casebase.staff_standing() is null
     and exists (select from public.staff_members s where s.user_id = casebase.caller_id() and s.active)
  then
    return 'You are on the staff, and your token does not say so. Sign in again; if that changes nothing, the access token '
           'hook casebase.custom_access_token_hook is not switched on (Authentication > Hooks).';
  end if;
  return null;
end
$$;

create function public.my_access(out standing text, out is_client boolean, out problem text, out may_register boolean, out live boolean)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  standing := casebase.staff_standing();
  is_client := cardinality(casebase.my_clients()) > 0;
  problem := casebase.access_problem();
  may_register := (casebase.registration_problem()).message is null;
  live := exists (
    select from pg_catalog.pg_trigger t where t.tgrelid = 'public.case_events'::regclass and t.tgname = 'send_notices');
end
$$;
comment on function public.my_access() is
  'Who the caller is, and what keeps them from being it.

For everybody who is signed in.

- standing: admin; or the scope of a member of staff: all, departments or assigned; or null: no staff.
- is_client: whether they are a member of some client.
- problem: what keeps them from being staff, in a sentence, e.g. that the access token hook is not switched on; null: nothing.
- may_register: whether rpc/register would make them a client.
- live: whether live notices are switched on (docs/operate.md).

Returns one row.';


-- supabase/schemas/people/first_admin.sql

-- The first admin: run by the project's owner, once, e.g. in the SQL editor.
create function casebase.make_admin(email text) returns uuid
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  person       uuid;
  is_confirmed boolean;
begin
  select u.id, u.email_confirmed_at is not null into person, is_confirmed
  from auth.users u
  where lower(u.email) = lower(make_admin.email)
    and u.deleted_at is null
  order by u.email_confirmed_at is null, u.is_sso_user
  limit 1;
  if person is null then
    raise exception 'nobody has signed up as %', make_admin.email
      using errcode = 'no_data_found', hint = 'Sign up first, then run this again.';
  elsif not is_confirmed then
    -- Whoever signed up with it may not be whose address it is.
    raise exception '% has not been confirmed', make_admin.email
      using errcode = 'no_data_found', hint = 'Follow the link in the confirmation mail first, then run this again.';
  end if;
  insert into public.staff_members (user_id, display_name, is_admin, scope)
  values (person, split_part(make_admin.email, '@', 1), true, 'all')
  on conflict (user_id) do update set is_admin = true, scope = 'all', active = true;
  return person;
end
$$;
comment on function casebase.make_admin(text) is
  'Makes the user with this confirmed e-mail address an admin. It takes effect at their next sign-in or token refresh.

For the project''s owner, in SQL (the API does not expose it): the first admin is made so, and then invites the others.

- email: the address, in any case.

Returns the id of the user.

- P0002: nobody has signed up with it, or the address has not been confirmed.';


-- supabase/schemas/people/access_token_hook.sql

-- The custom access token hook writes app_metadata.case_role at sign-in, after whoever was invited has become what the
-- invitation says. It must never keep anybody from signing
-- in: whatever is unexpected, the event goes back as it came, a lock on our tables (a migration) included: it gives up
-- waiting before Auth gives up on it. A host's own hook may call it.
-- When it last answered, in milliseconds since 1970. No table: whoever signs in at the same time would wait for its row.
create sequence casebase.hook_answered_at minvalue 0 start 0;
revoke all on sequence casebase.hook_answered_at from public, anon, authenticated, service_role;

create function casebase.custom_access_token_hook(event jsonb) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  person    uuid;
  case_role text;
  metadata  jsonb;
begin
  person := (event ->> 'user_id')::uuid;
  begin
    perform setval('casebase.hook_answered_at', (extract(epoch from clock_timestamp()) * 1000)::bigint);
    perform casebase.accept_invitations(person);
  exception
    when query_canceled or others then
      -- An invitation that can't be kept leaves them what they were.
  end;
  case_role := coalesce(
    (select case when s.is_admin then 'admin' else 'staff' end
     from public.staff_members s
     where s.user_id = person and s.active),
    (select 'client' from public.client_members m where m.user_id = person limit 1)
  );
  if case_role is null or pg_catalog.jsonb_typeof(event -> 'claims') is distinct from 'object' then
    return event;
  end if;
  metadata := coalesce(nullif(event -> 'claims' -> 'app_metadata', 'null'), '{}');
  if pg_catalog.jsonb_typeof(metadata) <> 'object' then
    return event;
  end if;
  return pg_catalog.jsonb_set(
    event, '{claims,app_metadata}', metadata || pg_catalog.jsonb_build_object('case_role', case_role));
exception
  when query_canceled or others then
    return event;
end
$$;
comment on function casebase.custom_access_token_hook(jsonb) is
  'The custom access token hook: accepts invitations, and writes the claim app_metadata.case_role: admin, staff or client.

Who is an active member of staff gets admin or staff, else who is a client''s member gets client; for everybody else, and whenever anything is unexpected, the event goes back as it came. It never raises, so it keeps nobody from signing in.

For Supabase Auth, which calls it at each sign-in and token refresh once it is switched on (Authentication > Hooks); a project that has a hook calls this one from its own.

- event: Auth''s event, {"user_id", "claims", …}.

Returns the event, with the claim.';


-- supabase/schemas/people/rpc.sql

-- The clients that the caller is a member of, with their names: what a new case needs. Works whether public.clients
-- is ours or the project's own.
create function casebase.my_client_names() returns table (id uuid, name text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select mine.client_id, coalesce(casebase.client_name(mine.client_id), mine.client_id::text) from unnest(casebase.my_clients()) as mine (client_id);
end
$$;

create function public.my_clients() returns table (id uuid, name text)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from casebase.my_client_names()
$$;
comment on function public.my_clients() is
  'The clients that the caller is a member of: what a new case needs.

For client members; others get no row.

- id: the client (clients.id).
- name: what it is called; its id, where the project''s own table has no column that is a name.

Returns a row for each client.';

-- What a client is called, as SQL about c; without a name, its id.
create function casebase.client_label() returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  name_column name := casebase.client_name_column();
begin
  if name_column is null then
    return 'c.id::text';
  end if;
  return format('coalesce(c.%I::text, c.id::text)', name_column);
end
$$;

create type casebase.named_client as (id uuid, name text);

-- Whoever works in a department opens cases there for any client, so they find each; a project's own public.clients may
-- let them read nothing.
create function casebase.find_clients(letters text, most integer) returns setof casebase.named_client
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  wanted text := lower(coalesce(letters, ''));
begin
  if casebase.my_departments() = '{}' then
    return;
  end if;
  return query execute format(
    $sql$
      select c.id, %1$s
      from public.clients c
      where strpos(lower(%1$s), $1) > 0
      order by starts_with(lower(%1$s), $1) desc, lower(%1$s), c.id
      limit $2
    $sql$,
    casebase.client_label()
  ) using wanted, most;
end
$$;

create function public.find_clients(letters text default '', page_size integer default 25) returns table (id uuid, name text)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.check_page_size(page_size);
  return query select f.id, f.name from casebase.find_clients(letters, page_size) f;
end
$$;
comment on function public.find_clients(text, integer) is
  'The clients for whom the caller may open a case as staff, by their names.

First those whose name begins with the letters, by the alphabet.

For admins and staff who work in a department; others get no row.

- letters: a part of the name, in any case; empty: every client.
- page_size: how many at most, 1 to 1000.
- id: the client (clients.id).
- name: what it is called; its id, where the project''s own table has no column that is a name.

Returns a row for each client.

- 22023: page_size is out of range.';

create function casebase.client_names(ids uuid[]) returns setof casebase.named_client
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute format(
    $sql$
      select c.id, %s
      from public.clients c
      where c.id = any ($1)
        and ($2 or exists (select from public.cases s where s.client_id = c.id and s.assigned_to = $3))
    $sql$,
    casebase.client_label()
  ) using ids, casebase.my_departments() <> '{}', casebase.staff_id();
end
$$;

create function public.client_names(ids uuid[]) returns table (id uuid, name text)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from casebase.client_names(ids)
$$;
comment on function public.client_names(uuid[]) is
  'What clients are called.

For staff: of the clients that they find with rpc/find_clients, and of those whose cases are assigned to them. Others have no row, and for clients there is rpc/my_clients.

- ids: the clients (clients.id).
- id: the client (clients.id).
- name: what it is called; its id, where the project''s own table has no column that is a name.

Returns a row for each client.';


-- supabase/schemas/cases/workflow.sql

-- How a case moves: which status follows which, by whom, and a project's own words for where a case is.

create table public.status_transitions (
  from_status text not null,
  to_status   text not null,
  made_by     text not null,
  meaning     text not null,
  constraint status_transitions_pkey primary key (from_status, to_status),
  constraint status_transitions_from_status_check
    check (from_status in ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
  constraint status_transitions_to_status_check
    check (to_status in ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
  constraint status_transitions_made_by_check check (made_by in ('client', 'staff', 'admin')),
  constraint status_transitions_moves_check check (from_status <> to_status)
);
comment on table public.status_transitions is
  'Which status may follow which, and who makes the step. Others are refused (PT409) to everybody but a service key.

Read by client members and staff. For the project''s owner, in SQL: no API user changes them.';
comment on column public.status_transitions.from_status is 'The status before.';
comment on column public.status_transitions.to_status is 'The status after.';
comment on column public.status_transitions.made_by is
  'Who makes it: client (everybody who sees the case; clients by a reply or rpc/reopen_case), staff (who sees it as staff), admin.';
comment on column public.status_transitions.meaning is 'What the step says.';
alter table public.status_transitions enable row level security;
revoke all on public.status_transitions from public, anon, authenticated, service_role;
alter table public.status_transitions alter column meaning set statistics 0;

insert into public.status_transitions (from_status, to_status, made_by, meaning) values
  ('open',        'in_progress', 'staff',  'Somebody works on it.'),
  ('open',        'waiting',     'staff',  'Somebody else has to do something first: action_required_of.'),
  ('open',        'resolved',    'staff',  'Done at once.'),
  ('open',        'closed',      'staff',  'Withdrawn, a duplicate, or nothing to do.'),
  ('in_progress', 'open',        'staff',  'Put back.'),
  ('in_progress', 'waiting',     'staff',  'Somebody else has to do something first: action_required_of.'),
  ('in_progress', 'resolved',    'staff',  'Done.'),
  ('in_progress', 'closed',      'staff',  'Withdrawn, a duplicate, or nothing to do.'),
  ('waiting',     'open',        'client', 'The client has answered.'),
  ('waiting',     'in_progress', 'staff',  'Work goes on.'),
  ('waiting',     'resolved',    'staff',  'Done.'),
  ('waiting',     'closed',      'staff',  'No answer came.'),
  ('resolved',    'open',        'client', 'It was not done, or there is more to it.'),
  ('resolved',    'in_progress', 'staff',  'Work goes on.'),
  ('resolved',    'closed',      'staff',  'Done for good: a reply opens a new case.'),
  ('closed',      'open',        'admin',  'Closed by mistake.');

create function casebase.may_move(from_status text, to_status text, standing text) returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from public.status_transitions t
    where t.from_status = may_move.from_status
      and t.to_status = may_move.to_status
      and array_position('{client,staff,admin}', t.made_by) <= array_position('{client,staff,admin}', standing)
  );
end
$$;

-- A project's own words, each for one status.
create table public.case_stages (
  stage    text    not null,
  status   text    not null,
  position integer not null default 0,
  active   boolean not null default true,
  constraint case_stages_pkey primary key (stage),
  -- For cases, whose stage belongs to their status.
  constraint case_stages_stage_status_key unique (stage, status),
  constraint case_stages_stage_check check (char_length(stage) <= 100 and casebase.is_line(stage)),
  constraint case_stages_status_check check (status in ('open', 'in_progress', 'waiting', 'resolved', 'closed'))
);
comment on table public.case_stages is
  'A project''s own words for where a case is. A case that gets a stage gets its status with it.

Read by client members and staff; written by admins. Which status a stage belongs to stays.';
comment on column public.case_stages.stage is 'The word, as people read it.';
comment on column public.case_stages.status is 'The status that a case in this stage has.';
comment on column public.case_stages.position is 'The order in which stages are shown, the lowest first.';
comment on column public.case_stages.active is
  'Whether it is in use. Switched off, the cases in it stay, and no other can be put into it.';
alter table public.case_stages enable row level security;
revoke all on public.case_stages from public, anon, authenticated, service_role;


-- supabase/schemas/cases/cases.sql

create table public.cases (
  id                    bigint      not null generated always as identity,
  -- lpad cuts what is longer: CASE-10000 must keep its digits.
  case_id               text        not null generated always as
                          ('CASE-' || lpad(id::text, greatest(4, length(id::text)), '0')) stored,
  client_id             uuid        not null,
  department_id         uuid        not null default casebase.default_department(),
  required_specialty_id uuid,
  title                 text        not null,
  description           text        not null default '',
  status                text        not null default 'open',
  stage                 text,
  priority              text        not null default 'medium',
  -- As a word it sorts by the alphabet.
  priority_rank         smallint    not null generated always as (
                          case priority when 'low' then 1 when 'medium' then 2 when 'high' then 3 when 'urgent' then 4 else 0 end) stored,
  assigned_to           uuid,
  escalated_by          uuid,
  escalated_at          timestamptz,
  escalation_reason     text,
  action_required_by    timestamptz,
  action_required_of    text,
  -- The one place that says what is overdue, so that an index knows, too.
  due_at                timestamptz generated always as (
                          case when status in ('open', 'in_progress', 'waiting') and action_required_of is distinct from 'CLIENT'
                               then action_required_by end) stored,
  follow_up_of          bigint,
  split_from            bigint,
  merged_into           bigint,
  metadata              jsonb       not null default '{}',
  created_by            uuid,
  created_at            timestamptz not null default now(),
  updated_at            timestamptz not null default now(),
  version               integer     not null default 1,
  resolved_at           timestamptz,
  closed_at             timestamptz,
  constraint cases_pkey primary key (id),
  -- For what must be of the same client.
  constraint cases_id_client_id_key unique (id, client_id),
  constraint cases_client_id_fkey foreign key (client_id) references public.clients (id),
  constraint cases_department_id_fkey foreign key (department_id) references public.departments (id),
  constraint cases_required_specialty_id_fkey
    foreign key (required_specialty_id) references public.specialties (id) on delete set null,
  constraint cases_assigned_to_fkey
    foreign key (assigned_to) references public.staff_members (user_id) on delete set null,
  constraint cases_escalated_by_fkey foreign key (escalated_by) references auth.users (id) on delete set null,
  constraint cases_created_by_fkey foreign key (created_by) references auth.users (id) on delete set null,
  constraint cases_action_required_of_fkey
    foreign key (action_required_of) references public.party_types (code) on update cascade,
  -- The stage's words may change, and which status they belong to.
  constraint cases_stage_fkey
    foreign key (stage, status) references public.case_stages (stage, status) on update cascade,
  constraint cases_follow_up_of_fkey foreign key (follow_up_of) references public.cases (id) on delete set null,
  constraint cases_split_from_fkey foreign key (split_from) references public.cases (id) on delete set null,
  constraint cases_merged_into_fkey
    foreign key (merged_into, client_id) references public.cases (id, client_id) on delete set null (merged_into),
  constraint cases_merged_check check (merged_into is null or merged_into <> id and status = 'closed'),
  constraint cases_title_check check (char_length(title) <= 200 and casebase.is_line(title)),
  constraint cases_description_check check (description = '' or char_length(description) <= 50000 and casebase.is_text(description)),
  -- Text with a check, not an enum: comparing enums is not leakproof, so no index would serve it under a policy.
  constraint cases_status_check check (status in ('open', 'in_progress', 'waiting', 'resolved', 'closed')),
  constraint cases_priority_check check (priority in ('low', 'medium', 'high', 'urgent')),
  constraint cases_escalation_reason_check
    check (char_length(escalation_reason) <= 2000 and casebase.is_text(escalation_reason)),
  constraint cases_escalation_check check (escalated_at is not null or escalation_reason is null),
  constraint cases_metadata_check check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint cases_metadata_readable_check check (casebase.is_readable_json(metadata)),
  constraint cases_action_required_by_check
    check (action_required_by >= '0001-01-01 00:00+00' and action_required_by < '10000-01-01 00:00+00'),
  constraint cases_due_at_check check (due_at >= '0001-01-01 00:00+00' and due_at < '10000-01-01 00:00+00'),
  constraint cases_times_check check (
    least(created_at, updated_at, escalated_at, resolved_at, closed_at) >= '0001-01-01 00:00+00'
    and greatest(created_at, updated_at, escalated_at, resolved_at, closed_at) < '10000-01-01 00:00+00'
  ),
  constraint cases_resolved_at_check check ((status in ('resolved', 'closed')) = (resolved_at is not null)),
  constraint cases_closed_at_check check ((status = 'closed') = (closed_at is not null))
);
comment on table public.cases is
  'Cases, of which everybody sees theirs.

A filter by client_id (clients: rpc/my_clients) or assigned_to makes pages and counts fast for those who see few; rpc/list_cases and rpc/case_counts are for everybody, and for every filter and order.

Read by client members (their clients'' cases), staff (every case, those of their departments, or those assigned to them) and admins. Opened by client members with client_id, title and description, by staff of scope departments in theirs, and with any column by staff of scope all and admins. Changed by staff, and by client members title and description while it is open. Deleted by admins, once its files are.

- PT409: the version that is sent is not the row''s: somebody was faster, and details is the row as it is now. Or the status is none that follows the one it has; the hint says which do.
- PT429: the client''s members have opened as many cases in an hour as they may (case_settings.cases_per_hour); details says when there is room.';
comment on column public.cases.id is 'The key. In every other table, and as an argument, case_id is this one.';
comment on column public.cases.case_id is 'The number people use: CASE-0001. In every other table case_id is cases.id.';
comment on column public.cases.client_id is 'Whom the case is worked for. It never changes.';
comment on column public.cases.department_id is 'Where it is worked.';
comment on column public.cases.required_specialty_id is 'What it needs of whoever works it; null: nothing.';
comment on column public.cases.title is 'What it is about, in one line.';
comment on column public.cases.description is 'Markdown. Stored as text, never as HTML.';
comment on column public.cases.status is
  'Where it is. status_transitions says which status follows which, and who makes the step.';
comment on column public.cases.stage is
  'Where the case is in the project''s own words: one of case_stages, whose status it then has; another status ends it.';
comment on column public.cases.priority is 'How urgent it is. A client raises it by rpc/escalate_case.';
comment on column public.cases.priority_rank is 'The priority to sort by: 1 low, 2 medium, 3 high, 4 urgent.';
comment on column public.cases.assigned_to is
  'The member of staff who works the case; null: nobody does. Only active staff can be given one.';
comment on column public.cases.escalated_by is
  'Who escalated it (auth.users.id); null: nobody, not since it was reopened, or the user is deleted.';
comment on column public.cases.escalated_at is 'When it was escalated; null: it is not.';
comment on column public.cases.escalation_reason is 'Why, in their words.';
comment on column public.cases.action_required_by is 'The deadline of the next move.';
comment on column public.cases.action_required_of is
  'The party type whose move it is. A case that begins to wait, waits for CLIENT unless it says another that is not internal.';
comment on column public.cases.due_at is
  'When the next move that is ours is due: action_required_by, unless the case is resolved, closed or its client''s to answer. Past it, the case is overdue.';
comment on column public.cases.follow_up_of is 'The closed case (cases.id) that a client''s reply came to.';
comment on column public.cases.split_from is 'The case (cases.id) that an interaction was taken from.';
comment on column public.cases.merged_into is 'The case (cases.id) that this one is a duplicate of; it is closed.';
comment on column public.cases.metadata is 'An object of your own, up to 16 kB. Whoever sees the case sees it.';
comment on column public.cases.created_by is 'Who opened it (auth.users.id); null: the user is deleted.';
comment on column public.cases.created_at is 'When it was opened.';
comment on column public.cases.updated_at is
  'When the row was last changed. Of replies and files it knows nothing: rpc/list_cases has last_activity.';
comment on column public.cases.version is
  'Counts changes. An update that sends back the version it was made from is refused where somebody was faster.';
comment on column public.cases.resolved_at is 'When it was resolved, or closed without that; null: it is neither.';
comment on column public.cases.closed_at is 'When it was closed; null: it is not.';
alter table public.cases enable row level security;
revoke all on public.cases from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.cases
  alter column title set statistics 0,
  alter column description set statistics 0,
  alter column escalation_reason set statistics 0,
  alter column metadata set statistics 0;

-- Not a constraint: a generated column that a foreign key could reference makes every update with a BEFORE trigger lock
-- the case for update, and then each new interaction, note or file of it waits, or deadlocks. A condition prevents that.
create unique index cases_case_id_key on public.cases (case_id) where case_id is not null;

-- One index for every arm of the policies, in the order that a page is read in, with what the other arms ask for:
-- then counting a client's cases needs no row.
create index cases_client_id_idx on public.cases (client_id, created_at desc, id desc) include (department_id, assigned_to);
create index cases_department_id_idx on public.cases (department_id, created_at desc, id desc);
-- Or the planner joins all of a department with all that is urgent: 1 ms became 0.5, and that grows.
create index cases_department_id_status_idx on public.cases (department_id, status, priority, created_at desc, id desc);
create index cases_assigned_to_idx on public.cases (assigned_to, created_at desc, id desc) include (client_id, department_id)
  where assigned_to is not null;
-- What somebody works on. Under a policy few rows are expected of assignee and status together, too few for the index
-- above to be walked by date: 7 ms became 0.5.
create index cases_assigned_to_status_idx on public.cases (assigned_to, status, created_at desc)
  where assigned_to is not null;
create index cases_created_at_idx on public.cases (created_at desc, id desc);
-- With what the policy asks for, so that counting by status needs no row (50,000 of a million: 669 ms became 60).
create index cases_status_idx on public.cases (status, priority, created_at desc, id desc)
  include (client_id, department_id, assigned_to);
create index cases_stage_idx on public.cases (stage, status) where stage is not null;
-- Of cases that are never due, the last.
create index cases_due_at_idx on public.cases ((coalesce(due_at, 'infinity'::timestamptz)), id);
-- What is to be done, due first: most has no deadline, and nor has anything that was closed since the project began.
create index cases_undone_due_at_idx on public.cases ((coalesce(due_at, 'infinity'::timestamptz)), id)
  where status in ('open', 'in_progress', 'waiting');
create index cases_updated_at_idx on public.cases (updated_at desc, id desc);
create index cases_priority_rank_idx on public.cases (priority_rank desc, created_at desc, id desc);
create index cases_metadata_idx on public.cases using gin (metadata jsonb_path_ops);
create index cases_follow_up_of_idx on public.cases (follow_up_of) where follow_up_of is not null;
create index cases_split_from_idx on public.cases (split_from) where split_from is not null;
create index cases_merged_into_idx on public.cases (merged_into, client_id) where merged_into is not null;
create index cases_action_required_of_idx on public.cases (action_required_of) where action_required_of is not null;
create index cases_required_specialty_id_idx on public.cases (required_specialty_id)
  where required_specialty_id is not null;
create index cases_escalated_by_idx on public.cases (escalated_by) where escalated_by is not null;
create index cases_created_by_idx on public.cases (created_by) where created_by is not null;


-- supabase/schemas/cases/overdue_cases.sql

-- The cases whose next move is ours and late. What makes them so is cases.due_at, written as its index has it.
create view public.overdue_cases with (security_invoker = true) as
  select c.* from public.cases c where coalesce(c.due_at, 'infinity'::timestamptz) < now();
comment on view public.overdue_cases is
  'The cases that the caller sees whose next move is late (cases.due_at). A case that waits for its client is not overdue.

Read by whoever sees the case.';
revoke all on public.overdue_cases from public, anon, authenticated, service_role;

-- What its columns mean is what those of cases mean.
do $$
declare
  said record;
begin
  for said in
    select a.attname, pg_catalog.col_description(a.attrelid, a.attnum) as words
    from pg_catalog.pg_attribute a
    where a.attrelid = 'public.cases'::regclass
      and a.attnum > 0
      and not a.attisdropped
  loop
    execute pg_catalog.format('comment on column public.overdue_cases.%I is %L', said.attname, said.words);
  end loop;
end
$$;


-- supabase/schemas/cases/seen_cases.sql

-- How the caller sees a case: as staff, or else as a client; no row where they don't see it, for cases is read under its
-- own policy. The policies of what hangs on a case ask here, in the one form that policies/README.md tells: any other
-- can crash the server.
create view casebase.seen_cases with (security_invoker = true) as
  select c.id,
         case
           when c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id())
           then 'staff'
           else 'client'
         end as seen_as
  from public.cases c;
revoke all on casebase.seen_cases from public, anon, authenticated, service_role;


-- supabase/schemas/cases/case_internal.sql

-- What staff keep about a case beside it. A table of its own: a column privilege would break `select *`.
create table public.case_internal (
  case_id    bigint      not null,
  tags       text[]      not null default '{}',
  metadata   jsonb       not null default '{}',
  updated_at timestamptz not null default now(),
  version    integer     not null default 1,
  constraint case_internal_pkey primary key (case_id),
  constraint case_internal_case_id_fkey foreign key (case_id) references public.cases (id) on delete cascade,
  constraint case_internal_tags_check check (
    cardinality(tags) <= 50
    and array_position(tags, null) is null
    and octet_length(tags::text) <= 5000
    and casebase.are_lines(tags)
  ),
  constraint case_internal_metadata_check
    check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint case_internal_metadata_readable_check check (casebase.is_readable_json(metadata)),
  constraint case_internal_times_check
    check (updated_at >= '0001-01-01 00:00+00' and updated_at < '10000-01-01 00:00+00')
);
comment on table public.case_internal is
  'Tags and metadata of a case that only staff see. A case has at most one such row.

Read, added and changed by staff for the cases they see as staff; deleted by admins.

- PT409: the version that is sent is not the row''s: somebody was faster. details is the row as it is now.';
comment on column public.case_internal.case_id is 'The case (cases.id).';
comment on column public.case_internal.tags is 'The staff''s words for it; rpc/list_cases finds cases by them.';
comment on column public.case_internal.metadata is 'An object of your own, up to 16 kB.';
comment on column public.case_internal.updated_at is 'When the row was last changed.';
comment on column public.case_internal.version is
  'Counts changes. An update that sends back the version it was made from is refused where somebody was faster.';
alter table public.case_internal enable row level security;
revoke all on public.case_internal from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.case_internal
  alter column tags set statistics 0,
  alter column metadata set statistics 0;
create index case_internal_tags_idx on public.case_internal using gin (tags);


-- supabase/schemas/cases/interactions.sql

create table public.interactions (
  id                bigint      not null generated always as identity,
  case_id           bigint      not null,
  -- Who left them out gets the two sides of the case (set_speaker).
  party1_name       text        not null default '',
  party1_type       text        not null default '',
  party2_name       text        not null default '',
  party2_type       text        not null default '',
  content           text        not null,
  visible_to_client boolean     not null default false,
  created_by        uuid,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  version           integer     not null default 1,
  constraint interactions_pkey primary key (id),
  -- For what must belong to the same case as its interaction.
  constraint interactions_id_case_id_key unique (id, case_id),
  constraint interactions_case_id_fkey foreign key (case_id) references public.cases (id) on delete cascade,
  constraint interactions_party1_type_fkey
    foreign key (party1_type) references public.party_types (code) on update cascade,
  constraint interactions_party2_type_fkey
    foreign key (party2_type) references public.party_types (code) on update cascade,
  constraint interactions_created_by_fkey foreign key (created_by) references auth.users (id) on delete set null,
  constraint interactions_party1_name_check check (char_length(party1_name) <= 200 and casebase.is_line(party1_name)),
  constraint interactions_party2_name_check check (char_length(party2_name) <= 200 and casebase.is_line(party2_name)),
  constraint interactions_content_check check (char_length(content) <= 50000 and casebase.is_text(content)),
  constraint interactions_times_check check (
    least(created_at, updated_at) >= '0001-01-01 00:00+00'
    and greatest(created_at, updated_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.interactions is
  'What was said in a case, by whom (party1) to whom (party2).

What a client says reopens a case that waits or is resolved. Said in a closed case, it goes to a new one that follows it (cases.follow_up_of): read case_id of the row that comes back.

Read by client members (what is visible to them, in their cases) and by staff (all of the cases they see). Added by both; a client speaks as themselves and in the open. Changed by staff, its words only by who wrote them or an admin. Deleted by admins.

- PT409: the version that is sent is not the row''s: somebody was faster. details is the row as it is now.
- PT429: the client''s members have said as much in an hour as they may (case_settings.interactions_per_hour); details says when there is room.';
comment on column public.interactions.id is 'The key.';
comment on column public.interactions.case_id is
  'The case (cases.id). Of a merged one, the case that lives on. It never changes.';
comment on column public.interactions.party1_name is
  'Who spoke. Left out by staff, it is they; of a client''s, the database writes it.';
comment on column public.interactions.party1_type is
  'What they are. Left out by staff, the internal party; of a client''s, CLIENT.';
comment on column public.interactions.party2_name is 'To whom. Left out, whoever stands on the other side of the case.';
comment on column public.interactions.party2_type is 'What they are. Left out, the other side of party1.';
comment on column public.interactions.content is 'Markdown. Stored as text, never as HTML.';
comment on column public.interactions.visible_to_client is 'Whether the client sees it. What a client says, they see.';
comment on column public.interactions.created_by is 'Who wrote it (auth.users.id); null: the user is deleted.';
comment on column public.interactions.created_at is 'When it was written.';
comment on column public.interactions.updated_at is 'When the row was last changed.';
comment on column public.interactions.version is
  'Counts changes. An update that sends back the version it was made from is refused where somebody was faster.';
alter table public.interactions enable row level security;
revoke all on public.interactions from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.interactions
  alter column party1_name set statistics 0,
  alter column party2_name set statistics 0,
  alter column content set statistics 0;
create index interactions_case_id_idx on public.interactions (case_id, created_at desc, id desc);
create index interactions_created_at_idx on public.interactions (created_at desc);
create index interactions_created_by_idx on public.interactions (created_by, created_at desc) where created_by is not null;
create index interactions_party1_type_idx on public.interactions (party1_type);
create index interactions_party2_type_idx on public.interactions (party2_type);


-- supabase/schemas/cases/internal_notes.sql

create table public.internal_notes (
  id         bigint      not null generated always as identity,
  case_id    bigint      not null,
  content    text        not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  version    integer     not null default 1,
  constraint internal_notes_pkey primary key (id),
  constraint internal_notes_case_id_fkey foreign key (case_id) references public.cases (id) on delete cascade,
  constraint internal_notes_created_by_fkey foreign key (created_by) references auth.users (id) on delete set null,
  constraint internal_notes_content_check check (char_length(content) <= 50000 and casebase.is_text(content)),
  constraint internal_notes_times_check check (
    least(created_at, updated_at) >= '0001-01-01 00:00+00'
    and greatest(created_at, updated_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.internal_notes is
  'What staff tell each other about a case.

Read and added by staff for the cases they see as staff; changed by who wrote them, and by admins; deleted by admins. Clients never see them.

- PT409: the version that is sent is not the row''s: somebody was faster. details is the row as it is now.';
comment on column public.internal_notes.id is 'The key.';
comment on column public.internal_notes.case_id is 'The case (cases.id). It never changes.';
comment on column public.internal_notes.content is 'Markdown. Stored as text, never as HTML.';
comment on column public.internal_notes.created_by is 'Who wrote it (auth.users.id); null: the user is deleted.';
comment on column public.internal_notes.created_at is 'When it was written.';
comment on column public.internal_notes.updated_at is 'When the row was last changed.';
comment on column public.internal_notes.version is
  'Counts changes. An update that sends back the version it was made from is refused where somebody was faster.';
alter table public.internal_notes enable row level security;
revoke all on public.internal_notes from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.internal_notes
  alter column content set statistics 0;
create index internal_notes_case_id_idx on public.internal_notes (case_id, created_at desc);
create index internal_notes_created_by_idx on public.internal_notes (created_by) where created_by is not null;


-- supabase/schemas/cases/merging.sql

-- Duplicates: a case points to the one it was merged into. Nothing moves, and nothing is rewritten; whoever asks for the
-- one is led to the other.

-- The case that this one lives on in, as far as the caller sees: a chain ends at the first that they don't. A service key
-- can write a circle, which ends where it would begin again.
create function casebase.survivor_of(case_id bigint) returns bigint
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive way (id, nth) as (
      select survivor_of.case_id, 0
      union all
      select n.id, way.nth + 1
      from way
      join public.cases c on c.id = way.id
      join public.cases n on n.id = c.merged_into
    ) cycle id set is_again using passed
    select way.id
    from way
    where not way.is_again
    order by way.nth desc
    limit 1
  );
end
$$;

-- It, and every case that was merged into it, as far as the caller sees them.
create function casebase.merged_cases(survivor bigint) returns bigint[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    with recursive merged (id) as (
      select survivor
      union
      select c.id from merged join public.cases c on c.merged_into = merged.id
    )
    select merged.id from merged
  );
end
$$;

create function casebase.merge_cases(duplicate bigint, survivor bigint) returns public.cases
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  pair  public.cases[];
  dead  public.cases;
  lives public.cases;
begin
  pair := array(
    select c
    from public.cases c
    where c.id in (duplicate, survivor)
      and (c.department_id = any (casebase.my_departments()) or c.assigned_to = casebase.staff_id())
    order by c.id
    for no key update
  );
  if duplicate = survivor then
    raise exception 'a case can''t be merged into itself' using errcode = 'invalid_parameter_value', column = 'survivor';
  elsif cardinality(pair) < 2 then
    perform casebase.raise_no_case();
  end if;
  dead := pair[case when duplicate < survivor then 1 else 2 end];
  lives := pair[case when duplicate < survivor then 2 else 1 end];
  if dead.client_id <> lives.client_id then
    raise exception 'the two cases have different clients'
      using errcode = 'PT409', column = 'survivor', hint = 'Cases are merged within one client.';
  elsif dead.merged_into is not null then
    raise exception 'the case has been merged already' using errcode = 'PT409', column = 'duplicate';
  elsif lives.merged_into is not null then
    raise exception 'the other case has been merged itself'
      using errcode = 'PT409', column = 'survivor', hint = 'Merge into the case that rpc/find_case gives.';
  end if;
  update public.cases c set status = 'closed', merged_into = lives.id where c.id = dead.id;
  return lives;
end
$$;

create function public.merge_cases(duplicate bigint, survivor bigint) returns public.cases
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.merge_cases(duplicate, survivor)
$$;
comment on function public.merge_cases(bigint, bigint) is
  'Closes a duplicate and has it point to the case that survives.

Lists and counts leave the duplicate out; rpc/find_case, rpc/case_timeline, rpc/list_interactions and replies lead to the other. Opening it again ends it.

For staff who see both cases as staff.

- duplicate: the case that is closed (cases.id).
- survivor: the case that goes on (cases.id), of the same client.

Returns the case that survives.

- PT404: the caller does not see both as staff, or one does not exist.
- PT409: they are of different clients, or one of them has been merged already.
- 22023: a case is to be merged into itself.';

create function public.find_case(case_id text) returns public.cases
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  found_case public.cases;
begin
  select s.* into found_case
  from public.cases c
  join public.cases s on s.id = casebase.survivor_of(c.id)
  where c.case_id = find_case.case_id;
  if not found then
    perform casebase.raise_no_case();
  end if;
  return found_case;
end
$$;
comment on function public.find_case(text) is
  'The case of this number, or the one that it was merged into.

For whoever sees the case.

- case_id: the number, e.g. CASE-0001.

Returns the case.

- PT404: there is no such case, or none that the caller sees.';

-- The words stay their author's, which a plain insert wouldn't leave them.
create function casebase.split_case(interaction_id bigint, title text) returns public.cases
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  said     public.interactions;
  the_case public.cases;
  made     public.cases;
begin
  select i.* into said from public.interactions i where i.id = split_case.interaction_id;
  select c.* into the_case
  from public.cases c
  where c.id = said.case_id
    and (c.department_id = any (casebase.my_departments()) or c.assigned_to = casebase.staff_id());
  if not found then
    raise exception 'there is no such interaction' using errcode = 'PT404';
  elsif the_case.department_id <> all (casebase.my_departments()) then
    raise exception 'you can''t open cases in this department'
      using errcode = 'insufficient_privilege', hint = 'Admins and staff of scope all or departments can.';
  end if;
  insert into public.cases (client_id, department_id, title, split_from)
  values (the_case.client_id, the_case.department_id, coalesce(split_case.title, the_case.title), the_case.id)
  returning * into made;
  insert into public.interactions (
    case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client, created_by, created_at, updated_at
  )
  values (
    made.id, said.party1_name, said.party1_type, said.party2_name, said.party2_type, said.content, said.visible_to_client,
    said.created_by, said.created_at, said.updated_at
  );
  return made;
end
$$;

create function public.split_case(interaction_id bigint, title text default null) returns public.cases
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.split_case(interaction_id, title)
$$;
comment on function public.split_case(bigint, text) is
  'Opens a case with a copy of an interaction, for the same client and in the same department.

The words stay their author''s, and split_from points to the case that they came from.

For staff who see the interaction''s case as staff and may open others in its department.

- interaction_id: the interaction (interactions.id).
- title: of the new case; null: that of the first.

Returns the new case.

- PT404: there is no such interaction, or none that the caller sees as staff.
- 42501: the caller may not open cases in this department.
- 23514: title is not one line of at most 200 characters.';


-- supabase/schemas/cases/replies.sql

-- Where a client's reply goes. Called before the interaction is written, so that the case's row is locked before its
-- history's counter, as in every other change of a case.

-- Opens a case that waits or is resolved again; of a closed one, gives the case that follows it, opened where there is
-- none yet. A case that the caller doesn't see as its client is given back untouched: the policy refuses the reply.
create function casebase.receive_reply(case_id bigint) returns bigint
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  the_case  public.cases;
  follow_up bigint;
begin
  select c.* into the_case
  from public.cases c
  where c.id = receive_reply.case_id
    and c.client_id = any (casebase.my_clients())
  for no key update;
  if casebase.may_move(the_case.status, 'open', 'client') then
    update public.cases c set status = 'open' where c.id = the_case.id;
  elsif the_case.status = 'closed' then
    select c.id into follow_up
    from public.cases c
    where c.follow_up_of = the_case.id
    order by c.id desc
    limit 1;
    if found then
      return casebase.receive_reply(follow_up);
    end if;
    insert into public.cases (client_id, department_id, required_specialty_id, title, follow_up_of)
    values (the_case.client_id, the_case.department_id, the_case.required_specialty_id, the_case.title, the_case.id)
    returning id into follow_up;
    return follow_up;
  end if;
  return receive_reply.case_id;
end
$$;

-- Whether the caller sees the case by now. A case that was opened for a reply is none that the statement which brought the
-- reply can see, because it began before; this can, because it is volatile.
create function casebase.sees_case_by_now(case_id bigint) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from public.cases c where c.id = sees_case_by_now.case_id);
end
$$;


-- supabase/schemas/cases/limits.sql

-- How much the members of one client may write in an hour, for case_settings. Staff and service keys are not counted.

-- Raises where a client has had as much as is allowed. Of a client that the caller is no member of it says nothing; the
-- policies refuse that.
create function casebase.limit_client(client uuid, what text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most  integer := (
    select case what when 'cases' then s.cases_per_hour else s.interactions_per_hour end from public.case_settings s);
  since timestamptz := now() - interval '1 hour';
  -- The oldest of those that fill the hour.
  first timestamptz;
  -- When there is room for another.
  room  text;
begin
  if most is null or client is null or client <> all (casebase.my_clients()) then
    return;
  elsif what = 'cases' then
    select c.created_at into first
    from public.cases c
    join public.client_members m on m.client_id = c.client_id and m.user_id = c.created_by
    where c.client_id = client
      and c.created_at > since
    order by c.created_at desc
    offset greatest(most, 1) - 1
    limit 1;
  else
    select i.created_at into first
    from public.client_members m
    join public.interactions i on i.created_by = m.user_id
    join public.cases c on c.id = i.case_id and c.client_id = m.client_id
    where m.client_id = client
      and i.created_at > since
    order by i.created_at desc
    offset greatest(most, 1) - 1
    limit 1;
  end if;
  if first is not null or most = 0 then
    -- Of nothing an hour there is never room.
    room := case when most > 0 then to_char((first + interval '1 hour') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end;
    -- The service makes Retry-After of the details.
    raise exception '% % in an hour are as many as one client may write', most, what
      using errcode = 'PT429', detail = coalesce(room, ''),
            hint = coalesce('Try again after ' || room || '.', 'An admin has set it so.');
  end if;
end
$$;


-- supabase/schemas/cases/rules.sql

-- The rules of cases, interactions and notes that no policy can say.
--
-- Two kinds of rule. What must be true of a row binds everybody. Who may do what binds whoever row level security
-- binds (row_security_active): the API's users, but neither the owner nor a service key.
-- Rule triggers are SECURITY INVOKER and look at cases through the caller's own policies, so they can't tell an
-- invisible case from a missing one, and neither can who reads their errors.

-- Which columns an update changes. Generated columns have no value yet in a BEFORE trigger; updated_at is ours.
create function casebase.changed_columns(was jsonb, becomes jsonb) returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(n.key), '{}')
  from jsonb_each(becomes - '{case_id,file_url,due_at,priority_rank,updated_at,version}'::text[]) n
  where n.value is distinct from was -> n.key
$$;

-- What a row is and who made it never changes. What it came from may become null: its user or case was deleted.
create function casebase.keep_identity() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  was     jsonb := to_jsonb(old);
  becomes jsonb := to_jsonb(new);
  fixed   text;
begin
  foreach fixed in array tg_argv loop
    if becomes -> fixed is distinct from was -> fixed
       and not (fixed in ('created_by', 'follow_up_of', 'split_from') and becomes -> fixed = 'null')
    then
      raise exception '% of % never changes', fixed, tg_table_name
        using errcode = 'check_violation', column = fixed;
    end if;
  end loop;
  new.updated_at := now();
  return new;
end
$$;

create trigger a_keep_identity before update on public.cases
  for each row execute function casebase.keep_identity('id', 'client_id', 'created_by', 'created_at', 'follow_up_of', 'split_from');
create trigger a_keep_identity before update on public.case_internal
  for each row execute function casebase.keep_identity('case_id');
create trigger a_keep_identity before update on public.interactions
  for each row execute function casebase.keep_identity('id', 'case_id', 'created_by', 'created_at');
create trigger a_keep_identity before update on public.internal_notes
  for each row execute function casebase.keep_identity('id', 'case_id', 'created_by', 'created_at');

-- An update that sends another version than the row has was made from what somebody has changed since. Who sends none
-- means the row as it is.
create function casebase.keep_version() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if new.version <> old.version then
    raise exception 'version % was changed meanwhile: it is version % now', new.version, old.version
      using errcode = 'PT409', column = 'version', detail = to_jsonb(old)::text,
            hint = 'The row as it is now is in details. Make the change again from that, and send its version.';
  end if;
  new.version := old.version + 1;
  return new;
end
$$;

create trigger a_keep_version before update on public.cases
  for each row execute function casebase.keep_version();
create trigger a_keep_version before update on public.case_internal
  for each row execute function casebase.keep_version();
create trigger a_keep_version before update on public.interactions
  for each row execute function casebase.keep_version();
create trigger a_keep_version before update on public.internal_notes
  for each row execute function casebase.keep_version();

-- What somebody said stays what they said: only who wrote it changes the words. An admin may; the history says who did.
create function casebase.keep_words() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if row_security_active(tg_relid)
     and old.created_by is distinct from casebase.caller_id()
     and not casebase.is_admin()
  then
    raise exception 'only who wrote it changes what it says'
      using errcode = 'insufficient_privilege', hint = 'Add your own instead, or ask an admin.';
  end if;
  return new;
end
$$;

-- Ten thousand interactions that are shown at once have nothing to ask here.
create trigger b_keep_words before update on public.interactions
  for each row
  when (
    new.party1_name is distinct from old.party1_name
    or new.party1_type is distinct from old.party1_type
    or new.party2_name is distinct from old.party2_name
    or new.party2_type is distinct from old.party2_type
    or new.content is distinct from old.content
  )
  execute function casebase.keep_words();
create trigger b_keep_words before update on public.internal_notes
  for each row
  when (new.content is distinct from old.content)
  execute function casebase.keep_words();

-- A new row is made by whoever makes it. A service key may say on whose behalf.
create function casebase.set_author() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if row_security_active(tg_relid) then
    new.created_by := casebase.caller_id();
  else
    new.created_by := coalesce(new.created_by, casebase.caller_id());
  end if;
  return new;
end
$$;

create trigger a_set_author before insert on public.cases
  for each row execute function casebase.set_author();
create trigger a_set_author before insert on public.interactions
  for each row execute function casebase.set_author();
create trigger a_set_author before insert on public.internal_notes
  for each row execute function casebase.set_author();

-- Whoever opens a case outside the departments they work in does so as a client: title and description, nothing
-- else. This judges only what was sent and what the caller is, so it says nothing about any client or case.
create function casebase.limit_new_case() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  set_beyond text[];
begin
  if not row_security_active(tg_relid) or new.department_id = any (casebase.my_departments()) then
    return new;
  end if;
  set_beyond := casebase.changed_columns(
    to_jsonb(jsonb_populate_record(null::public.cases, jsonb_build_object(
      'status', 'open', 'priority', 'medium', 'metadata', '{}'::jsonb,
      'department_id', casebase.default_department()))),
    to_jsonb(new) - '{id,client_id,title,description,created_by,created_at}'::text[]);
  if set_beyond <> '{}' then
    raise exception 'you can''t set % when you open a case', array_to_string(set_beyond, ', ')
      using errcode = 'insufficient_privilege', hint = 'A client opens a case with client_id, title and description.';
  end if;
  perform casebase.limit_client(new.client_id, 'cases');
  return new;
end
$$;

create trigger b_limit_new_case before insert on public.cases
  for each row execute function casebase.limit_new_case();

-- Which columns of a case the caller may change. Fires only for rows that the caller sees and may edit.
create function casebase.limit_case_changes() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := casebase.staff_standing();
  changed  text[];
  allowed  text[];
begin
  if not row_security_active(tg_relid) then
    return new;
  end if;
  if standing in ('admin', 'all', 'departments')
     and (old.department_id = any (casebase.my_departments()) or old.assigned_to = casebase.caller_id())
  then
    return new;
  elsif standing is not null and old.assigned_to = casebase.caller_id() then
    allowed := '{title,description,status,stage,metadata,action_required_by,action_required_of}';
  elsif old.status = 'open' then
    allowed := '{title,description}';
  else
    raise exception 'a client edits a case only while it is open'
      using errcode = 'insufficient_privilege', hint = 'Add an interaction, or reopen the case with rpc/reopen_case.';
  end if;
  changed := casebase.changed_columns(to_jsonb(old), to_jsonb(new));
  if not changed <@ allowed then
    raise exception 'you can''t change % of this case',
        (select string_agg(c, ', ') from unnest(changed) c where c <> all (allowed))
      using errcode = 'insufficient_privilege', hint = 'You can change ' || array_to_string(allowed, ', ') || '.';
  end if;
  return new;
end
$$;

create trigger c_limit_case_changes before update on public.cases
  for each row execute function casebase.limit_case_changes();

-- Status and stage agree: a stage brings its status, another status ends the stage.
create function casebase.agree_on_stage() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  -- Of an insert, old is null: then the status is one that nobody chose.
  if new.stage is distinct from old.stage and new.status = coalesce(old.status, 'open') then
    new.status := coalesce((select s.status from public.case_stages s where s.stage = new.stage), new.status);
  elsif new.stage is not distinct from old.stage and new.status <> old.status then
    new.stage := null;
  end if;
  return new;
end
$$;

create trigger d_agree_on_stage before insert or update of status, stage on public.cases
  for each row execute function casebase.agree_on_stage();

-- Which status follows which: status_transitions. A word that is no status is the constraint's to refuse.
create function casebase.check_transition() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := case when casebase.is_admin() then 'admin' else 'staff' end;
begin
  if old.status <> new.status
     and row_security_active(tg_relid)
     and not casebase.may_move(old.status, new.status, standing)
     and exists (select from public.status_transitions t where t.to_status = new.status)
  then
    raise exception 'a case that is % can''t become %', old.status, new.status
      using errcode = 'PT409', column = 'status',
            hint = coalesce('You can make it ' || (
              select string_agg(t.to_status, ', ' order by t.to_status)
              from public.status_transitions t
              where t.from_status = old.status and casebase.may_move(old.status, t.to_status, standing)
            ) || '.', 'Only an admin opens it again.');
  end if;
  return new;
end
$$;

create trigger e_check_transition before update of status, stage on public.cases
  for each row execute function casebase.check_transition();

-- What the status means for other columns. A reopened case starts anew: it can be escalated again.
create function casebase.follow_status() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  -- Of an insert, old is null here and below.
  moves boolean := new.status is distinct from old.status;
begin
  new.resolved_at := case when new.status in ('resolved', 'closed') then coalesce(new.resolved_at, now()) end;
  new.closed_at := case when new.status = 'closed' then coalesce(new.closed_at, now()) end;
  if old.status in ('resolved', 'closed') and new.status not in ('resolved', 'closed') then
    new.escalated_at := null;
    new.escalated_by := null;
    new.escalation_reason := null;
  end if;
  -- Opened again, a duplicate is none.
  if new.status <> 'closed' then
    new.merged_into := null;
  end if;
  -- What waits, waits for the client, unless it says for whom; then the move, and its deadline, were the client's.
  if moves and new.status = 'waiting'
     and (new.action_required_of is null
          or exists (select from public.party_types p where p.code = new.action_required_of and p.internal))
  then
    new.action_required_of := 'CLIENT';
  elsif moves and old.status = 'waiting' and new.action_required_of = old.action_required_of then
    new.action_required_of := null;
    new.action_required_by := nullif(new.action_required_by, old.action_required_by);
  end if;
  return new;
end
$$;

create trigger f_follow_status before insert or update of status, stage, resolved_at, closed_at on public.cases
  for each row execute function casebase.follow_status();

-- A case is worked by active staff who have its specialty. An admin may assign it to anybody on the staff; so may
-- whoever acts for no user (a service key, the owner).
create function casebase.check_assignee() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if new.assigned_to is null
     or new.assigned_to is not distinct from old.assigned_to
        and new.required_specialty_id is not distinct from old.required_specialty_id
  then
    return new;
  end if;
  -- Who was switched off since keeps the case until somebody takes it.
  if new.assigned_to is distinct from old.assigned_to
     and not exists (select from public.staff_members s where s.user_id = new.assigned_to and s.active)
  then
    raise exception 'a case can be assigned to active staff only'
      using errcode = 'check_violation', column = 'assigned_to';
  end if;
  if new.required_specialty_id is not null
     and casebase.caller_id() is not null
     and not casebase.is_admin()
     and not exists (
       select from public.staff_specialties s
       where s.user_id = new.assigned_to and s.specialty_id = new.required_specialty_id
     )
  then
    raise exception 'the case needs a specialty that its assignee does not have'
      using errcode = 'check_violation', column = 'assigned_to', hint = 'Assign somebody who has it, or ask an admin.';
  end if;
  return new;
end
$$;

create trigger g_check_assignee before insert or update of assigned_to, required_specialty_id on public.cases
  for each row execute function casebase.check_assignee();

-- The caller's own name.
create function casebase.my_name(for_client uuid) returns text
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return casebase.person_name(casebase.caller_id(), for_client);
end
$$;

-- Who stands on either side of a case, for those who see the case: who works it, and the member who opened it or else
-- the client.
create function casebase.case_parties(the_case bigint, out assignee text, out client text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  select (select s.display_name from public.staff_members s where s.user_id = c.assigned_to),
         coalesce(
           (select m.display_name from public.client_members m where m.client_id = c.client_id and m.user_id = c.created_by),
           casebase.client_name(c.client_id))
  into assignee, client
  from public.cases c
  where c.id = the_case
    and (c.client_id = any (casebase.my_clients())
         or c.department_id = any (casebase.my_departments())
         or c.assigned_to = casebase.staff_id());
end
$$;

-- A client speaks as themselves, to whoever works the case, and in the open; what is said moves a case that is not
-- being worked (receive_reply). Staff say who spoke to whom, and what they leave out is as for a client, the other way
-- round. A case that the caller doesn't see is treated like a client's; the policy then refuses it as it refuses a
-- missing one.
create function casebase.set_speaker() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  the_case record;
  parties  record;
  ours     text := coalesce((select min(p.code) from public.party_types p where p.internal), 'ARGAN');
begin
  -- Nothing is said in a case that lives on in another.
  if exists (select from public.cases c where c.id = new.case_id and c.merged_into is not null) then
    new.case_id := casebase.survivor_of(new.case_id);
  end if;
  if not row_security_active(tg_relid) then
    return new;
  end if;
  select c.client_id, c.status,
         c.department_id = any (casebase.my_departments())
           or c.assigned_to is not distinct from casebase.staff_id() and c.assigned_to is not null as as_staff
  into the_case
  from public.cases c
  where c.id = new.case_id;
  if the_case.as_staff and '' <> all (array[new.party1_name, new.party1_type, new.party2_name, new.party2_type]) then
    return new;
  elsif not coalesce(the_case.as_staff, false) then
    perform casebase.limit_client(the_case.client_id, 'interactions');
    if the_case.status not in ('open', 'in_progress') then
      new.case_id := casebase.receive_reply(new.case_id);
    end if;
    new.visible_to_client := true;
    new.party1_type := 'CLIENT';
    new.party1_name := casebase.my_name(the_case.client_id);
    new.party2_type := ours;
    new.party2_name := '';
  end if;
  new.party1_type := coalesce(nullif(new.party1_type, ''), ours);
  new.party2_type := coalesce(nullif(new.party2_type, ''), case new.party1_type when 'CLIENT' then ours else 'CLIENT' end);
  parties := casebase.case_parties(new.case_id);
  new.party1_name := casebase.party_name(new.party1_name, new.party1_type, casebase.my_name(the_case.client_id), parties.client);
  new.party2_name := casebase.party_name(new.party2_name, new.party2_type,
    case when the_case.as_staff then casebase.my_name(the_case.client_id) else parties.assignee end, parties.client);
  return new;
end
$$;

-- The name that was given, or else, of the client's side and ours, that of who stands there, or what the party is called.
create function casebase.party_name(given text, party_type text, ours text, client text) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if given <> '' then
    return given;
  end if;
  return coalesce((
    select coalesce(case p.code when 'CLIENT' then client else ours end, p.label)
    from public.party_types p
    where p.code = party_type
      and (p.internal or p.code in ('CLIENT', 'ARGAN'))
  ), '');
end
$$;

create trigger b_set_speaker before insert on public.interactions
  for each row execute function casebase.set_speaker();


-- supabase/schemas/cases/rpc.sql

-- What frontends call as rpc. The functions in public are SECURITY INVOKER; where one needs more than its caller
-- has, a definer function in casebase checks the caller for itself. A case that the caller doesn't see and one
-- that doesn't exist get the same 404.

create function casebase.raise_no_case() returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'there is no such case' using errcode = 'PT404';
end
$$;

-- Reopening: a client's only way to a status, beside a reply.
create function casebase.reopen_case(case_id bigint) returns public.cases
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  reopened public.cases;
  standing text;
begin
  select c.* into reopened
  from public.cases c
  where c.id = reopen_case.case_id
    and (c.client_id = any (casebase.my_clients())
         or c.department_id = any (casebase.my_departments())
         or c.assigned_to = casebase.staff_id())
  for no key update;
  if not found then
    perform casebase.raise_no_case();
  end if;
  standing := case
    when casebase.is_admin() then 'admin'
    when reopened.department_id = any (casebase.my_departments()) or reopened.assigned_to = casebase.staff_id() then 'staff'
    else 'client'
  end;
  if reopened.status not in ('resolved', 'closed') then
    raise exception 'the case is not resolved' using errcode = 'PT409';
  elsif not casebase.may_move(reopened.status, 'open', standing) then
    raise exception 'the case is closed'
      using errcode = 'PT409', hint = 'A client''s reply to it opens a new case; an admin opens this one again.';
  end if;
  update public.cases c set status = 'open' where c.id = reopened.id returning c.* into reopened;
  return reopened;
end
$$;

create function public.reopen_case(case_id bigint) returns public.cases
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.reopen_case(case_id)
$$;
comment on function public.reopen_case(bigint) is
  'Opens a resolved case again, for whoever sees it, and a closed one for an admin.

What a reopened case was escalated with is forgotten: it can be escalated again.

For whoever sees the case.

- case_id: the case (cases.id).

Returns the case.

- PT404: there is no such case, or none that the caller sees.
- PT409: it is not resolved, or it is closed and the caller no admin.';

-- Escalating: a client's only way to a priority. It is at least high from then on.
create function casebase.escalate_case(case_id bigint, reason text) returns public.cases
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  escalated public.cases;
begin
  select c.* into escalated
  from public.cases c
  where c.id = escalate_case.case_id
    and (c.client_id = any (casebase.my_clients())
         or c.department_id = any (casebase.my_departments())
         or c.assigned_to = casebase.staff_id())
  for no key update;
  if not found then
    perform casebase.raise_no_case();
  end if;
  if reason is null then
    raise exception 'say why, in reason' using errcode = 'invalid_parameter_value', column = 'reason';
  elsif escalated.status in ('resolved', 'closed') then
    raise exception 'the case is %', escalated.status using errcode = 'PT409', hint = 'Reopen it first.';
  elsif escalated.escalated_at is not null then
    raise exception 'the case is escalated already' using errcode = 'PT409';
  end if;
  update public.cases c
  set escalated_at      = now(),
      escalated_by      = casebase.caller_id(),
      escalation_reason = reason,
      priority          = case when c.priority in ('low', 'medium') then 'high' else c.priority end
  where c.id = escalated.id
  returning c.* into escalated;
  return escalated;
end
$$;

create function public.escalate_case(case_id bigint, reason text) returns public.cases
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.escalate_case(case_id, reason)
$$;
comment on function public.escalate_case(bigint, text) is
  'Escalates a case: it has at least the priority high from then on, and says who escalated it, when and why.

For whoever sees the case.

- case_id: the case (cases.id).
- reason: why, in at most 2000 characters.

Returns the case.

- PT404: there is no such case, or none that the caller sees.
- PT409: it is resolved or closed, or escalated already.
- 22023: reason is null.
- 23514: reason is blank or too long.';

-- Under the caller's own policies and rules: who may not assign a case doesn't take one either.
create function public.take_case(case_id bigint) returns public.cases
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  the_case public.cases;
begin
  select c.* into the_case from public.cases c where c.id = take_case.case_id for no key update;
  if not found then
    perform casebase.raise_no_case();
  elsif the_case.status in ('resolved', 'closed') then
    raise exception 'the case is %', the_case.status using errcode = 'PT409', hint = 'Reopen it first.';
  elsif the_case.assigned_to <> casebase.caller_id()
    -- Who was switched off since works it no more.
    and exists (select from public.staff_members s where s.user_id = the_case.assigned_to and s.active)
  then
    raise exception 'somebody has the case already'
      using errcode = 'PT409', hint = 'rpc/hand_over_case gives it to somebody else.';
  end if;
  update public.cases c
  set assigned_to = casebase.caller_id(),
      status      = case c.status when 'open' then 'in_progress' else c.status end
  where c.id = the_case.id
  returning c.* into the_case;
  return the_case;
end
$$;
comment on function public.take_case(bigint) is
  'Assigns a case that nobody has to the caller, and sets an open one in progress.

Who was switched off since, has no case. Under the caller''s own policies: who may not assign cases takes none.

For admins and staff of scope all or departments.

- case_id: the case (cases.id).

Returns the case.

- PT404: there is no such case, or none that the caller sees.
- PT409: somebody has it, or it is resolved or closed.
- 42501: the caller may not assign cases.
- 23514: it needs a specialty that the caller lacks.';

-- Handing over may end the caller's own sight of the case, which a plain update can't: its new row is checked
-- against the SELECT policy too.
create function casebase.hand_over_case(case_id bigint, to_department uuid, to_staff uuid, note text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := casebase.staff_standing();
  the_case public.cases;
begin
  if standing is null or standing = 'assigned' then
    raise exception 'you can''t hand over cases'
      using errcode = 'insufficient_privilege', hint = 'Admins and staff of scope all or departments can.';
  end if;
  if to_department is null and to_staff is null then
    raise exception 'say to which department or to whom' using errcode = 'invalid_parameter_value';
  end if;
  select c.* into the_case
  from public.cases c
  where c.id = hand_over_case.case_id
    and (c.department_id = any (casebase.my_departments()) or c.assigned_to = casebase.staff_id())
  for no key update;
  if not found then
    perform casebase.raise_no_case();
  end if;
  if note is not null then
    insert into public.internal_notes (case_id, content) values (the_case.id, note);
  end if;
  -- Who had it in the old department doesn't work it in the new one, unless named.
  update public.cases c
  set department_id = coalesce(to_department, c.department_id),
      assigned_to   = coalesce(to_staff, case when coalesce(to_department, c.department_id) = c.department_id
                                              then c.assigned_to end)
  where c.id = the_case.id;
end
$$;

create function public.hand_over_case(
  case_id       bigint,
  to_department uuid default null,
  to_staff      uuid default null,
  note          text default null
) returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.hand_over_case(case_id, to_department, to_staff, note)
$$;
comment on function public.hand_over_case(bigint, uuid, uuid, text) is
  'Gives a case to another department, another member of staff, or both, also where the caller then no longer sees it.

In another department whoever had it has it no more, unless named.

For admins and staff of scope all or departments who see it as staff.

- case_id: the case (cases.id).
- to_department: the department (departments.id); null: it stays where it is.
- to_staff: the member of staff (staff_members.user_id); null: who has it, or in another department nobody.
- note: becomes an internal note of the case; null: none.

Returns nothing.

- PT404: there is no such case, or none that the caller sees as staff.
- 42501: the caller may not hand over cases.
- 22023: neither to_department nor to_staff is given.
- 23503: there is no such department.
- 23514: to_staff is not active, or lacks the specialty that the case needs; or note is blank or too long.';

-- Display names of the people in a case, as far as the caller sees what they did.
create function casebase.case_people(case_id bigint) returns table (user_id uuid, display_name text, is_staff boolean)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  the_case public.cases;
  as_staff boolean;
begin
  select c.* into the_case
  from public.cases c
  where c.id = case_people.case_id
    and (c.client_id = any (casebase.my_clients())
         or c.department_id = any (casebase.my_departments())
         or c.assigned_to = casebase.staff_id());
  if not found then
    perform casebase.raise_no_case();
  end if;
  as_staff := the_case.department_id = any (casebase.my_departments())
    or coalesce(the_case.assigned_to = casebase.staff_id(), false);
  return query
    select p.person, casebase.person_name(p.person, the_case.client_id),
           exists (select from public.staff_members s where s.user_id = p.person)
    from (
      select unnest(array[the_case.created_by, the_case.assigned_to, the_case.escalated_by]) as person
      union
      select i.created_by from public.interactions i
      where i.case_id = the_case.id and (as_staff or i.visible_to_client)
      union
      select f.uploaded_by from public.case_files f
      where f.case_id = the_case.id and f.state = 'available' and (as_staff or f.visible_to_client)
      union
      select n.created_by from public.internal_notes n where n.case_id = the_case.id and as_staff
    ) p
    where casebase.person_name(p.person, the_case.client_id) is not null;
end
$$;

create function public.case_people(case_id bigint) returns table (user_id uuid, display_name text, is_staff boolean)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select * from casebase.case_people(case_id)
$$;
comment on function public.case_people(bigint) is
  'The display names of the people in a case, as far as the caller sees what they did.

For whoever sees the case.

- case_id: the case (cases.id).
- user_id: who (auth.users.id): as in created_by, assigned_to, escalated_by and uploaded_by.
- display_name: what they are called.
- is_staff: whether they are on the staff.

Returns a row for each person.

- PT404: there is no such case, or none that the caller sees.';


-- supabase/schemas/cases/paging.sql

-- Cursors: where a page ended. To a caller they are opaque text: a JavaScript Date would cut a time's microseconds,
-- and half a position finds other rows. Inside they are base64url of [order, key, …, id].

create function casebase.write_cursor(place jsonb) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return translate(encode(convert_to(place::text, 'utf8'), 'base64'), E'+/=\n', '-_');
end
$$;

-- The keys, of these types, that the cursor of a list in this order holds.
create function casebase.read_cursor(cursor text, ordered_by text, types text[]) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  place jsonb;
  keys  text[];
begin
  begin
    place := convert_from(decode(rpad(translate(cursor, '-_', '+/'), (length(cursor) + 3) / 4 * 4, '='), 'base64'), 'utf8')::jsonb;
    keys := array(select k from jsonb_array_elements_text(place) with ordinality as e (k, nth) where nth > 1 order by nth);
    for nth in 1 .. cardinality(types) loop
      execute format('select %L::%s', keys[nth], types[nth]);
    end loop;
  exception
    when data_exception or invalid_parameter_value then
      place := null;
  end;
  if place ->> 0 is distinct from ordered_by or cardinality(keys) <> cardinality(types) or array_position(keys, null) is not null then
    raise exception 'cursor is none that this list gave'
      using errcode = 'invalid_parameter_value', column = 'cursor',
            hint = 'Take next_cursor from the page before, in the same order, or begin without one.';
  end if;
  return keys;
end
$$;

create function casebase.check_page_size(page_size integer) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if page_size is null or page_size not between 1 and 1000 then
    raise exception 'page_size is from 1 to 1000, not %', coalesce(page_size::text, 'null')
      using errcode = 'invalid_parameter_value', column = 'page_size';
  end if;
end
$$;


-- supabase/schemas/cases/lists.sql

-- Lists and counts of cases that stay quick for whoever sees few of many.
--
-- A plain page under a policy is planned before it is known who asks, and walks everybody's cases by date until it has
-- found enough of the caller's. Here a statement names what the caller sees, and is planned for that and for what is asked.
-- These functions are plpgsql because a session keeps their plans.

-- What a list is narrowed by; null narrows nothing.
create type casebase.case_filter as (
  status         text[],
  stage          text[],
  priority       text[],
  assigned_to    uuid[],
  unassigned     boolean,
  department_id  uuid[],
  client_id      uuid[],
  tags           text[],
  overdue        boolean,
  created_from   timestamptz,
  created_before timestamptz,
  updated_from   timestamptz,
  updated_before timestamptz,
  metadata       jsonb,
  search         text
);

create type public.case_page as (
  cases          public.cases[],
  next_cursor    text,
  total          integer,
  total_is_exact boolean,
  last_activity  timestamptz[]
);
comment on type public.case_page is
  'A page of rpc/list_cases.';
comment on column public.case_page.cases is 'The cases, in the order that was asked for.';
comment on column public.case_page.next_cursor is 'What to give as cursor for the next page; null on the last one.';
comment on column public.case_page.total is
  'How many cases there are on all pages, counted no further than count_up_to; null: they were not counted.';
comment on column public.case_page.total_is_exact is 'Whether total is all of them; false: there are more.';
comment on column public.case_page.last_activity is
  'Where with_activity asks for it: when something last happened to each of the cases that the caller may know of, in their order: also a reply or a file, of which updated_at knows nothing.';

-- Who asks, as far as a list must know: asked once, where each helper of a policy would ask again.
create type casebase.asker as (sees_all boolean, staff_id uuid, departments uuid[], clients uuid[]);

create function casebase.who_asks() returns casebase.asker
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := casebase.staff_standing();
  person   uuid := casebase.caller_id();
  asker    casebase.asker;
begin
  asker.sees_all := coalesce(standing in ('admin', 'all'), false);
  if standing is not null then
    asker.staff_id := person;
  end if;
  if standing = 'departments' then
    asker.departments := array(select s.department_id from public.staff_departments s where s.user_id = person);
  end if;
  if not asker.sees_all then
    asker.clients := array(select m.client_id from public.client_members m where m.user_id = person);
  end if;
  return asker;
end
$$;

-- "this column is one of these", or null where none are wanted. A single value is compared by =, which leaves an index
-- its order.
create function casebase.one_of(column_name text, type text, wanted text[]) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(wanted) = 1 then
    return format('c.%I = %L', column_name, wanted[1]);
  end if;
  return format('c.%I = any (%L::%s[])', column_name, wanted, type);
end
$$;

-- Which cases somebody sees, as a condition of c: that of the policy see_cases for this one person, so that the plan is made
-- for what it holds. Null where they see none.
create function casebase.sight(asker casebase.asker, as_staff_only boolean) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if asker.sees_all then
    return 'true';
  end if;
  return '(' || nullif(concat_ws(' or ',
    case when cardinality(asker.clients) > 0 and not as_staff_only then casebase.one_of('client_id', 'uuid', asker.clients::text[]) end,
    case when cardinality(asker.departments) > 0 then casebase.one_of('department_id', 'uuid', asker.departments::text[]) end,
    'c.assigned_to = ' || quote_literal(asker.staff_id)
  ), '') || ')';
end
$$;

-- A filter as conditions of c, and its search as this query. as_staff is which cases whoever asks sees as staff: the others'
-- texts are searched as far as they are shown.
create function casebase.case_conditions(f casebase.case_filter, query tsquery, as_staff text) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  -- Duplicates are in no list.
  if f is null then
    return ' and c.merged_into is null';
  end if;
  return concat(
    ' and c.merged_into is null',
    ' and ' || case when f.status is not null then casebase.one_of('status', 'text', f.status) end,
    ' and ' || case when f.stage is not null then casebase.one_of('stage', 'text', f.stage) end,
    ' and ' || case when f.priority is not null then casebase.one_of('priority', 'text', f.priority) end,
    ' and ' || case when f.assigned_to is not null then casebase.one_of('assigned_to', 'uuid', f.assigned_to::text[]) end,
    ' and ' || case when f.department_id is not null then casebase.one_of('department_id', 'uuid', f.department_id::text[]) end,
    ' and ' || case when f.client_id is not null then casebase.one_of('client_id', 'uuid', f.client_id::text[]) end,
    case f.unassigned when true then ' and c.assigned_to is null' when false then ' and c.assigned_to is not null' end,
    -- As the index has it.
    case f.overdue
      when true then ' and coalesce(c.due_at, ''infinity''::timestamptz) < now()'
      when false then ' and coalesce(c.due_at, ''infinity''::timestamptz) >= now()'
    end,
    ' and c.created_at >= ' || quote_literal(f.created_from),
    ' and c.created_at < ' || quote_literal(f.created_before),
    ' and c.updated_at >= ' || quote_literal(f.updated_from),
    ' and c.updated_at < ' || quote_literal(f.updated_before),
    ' and c.metadata @> ' || quote_literal(f.metadata),
    ' and exists (select from public.case_internal i where i.case_id = c.id and i.tags @> ' || quote_literal(f.tags) || ')',
    case when f.search is not null then format(
      ' and exists (select from casebase.search_entries e where e.case_id = c.id and e.words @@ %L::tsquery and (%s))',
      query, concat_ws(' or ', 'e.shown', as_staff)) end
  );
end
$$;

-- A filter that names what there isn't finds nothing, and its sender should know why.
create function casebase.check_words(name text, wanted text[], words text[]) returns void
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  word text;
begin
  foreach word in array wanted loop
    if word is null or word <> all (words) then
      raise exception 'there is no % %', name, coalesce(word, 'null')
        using errcode = 'invalid_parameter_value', column = name,
              hint = 'There are ' || array_to_string(words, ', ') || '.';
    end if;
  end loop;
end
$$;

create function casebase.check_case_filter(f casebase.case_filter) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if f.status is not null then
    perform casebase.check_words('status', f.status, '{open,in_progress,waiting,resolved,closed}');
  end if;
  if f.priority is not null then
    perform casebase.check_words('priority', f.priority, '{low,medium,high,urgent}');
  end if;
  if f.stage is not null then
    perform casebase.check_words('stage', f.stage, array(select s.stage from public.case_stages s order by s.position, s.stage));
  end if;
  if jsonb_typeof(f.metadata) <> 'object' then
    raise exception 'metadata must be an object whose values the cases have'
      using errcode = 'invalid_parameter_value', column = 'metadata';
  end if;
  if f.search is not null then
    perform casebase.check_search(f.search);
  end if;
end
$$;

-- By which keys an order reads, in which direction; keys as SQL about c, and their types.
create function casebase.case_order(ordered_by text, out keys text[], out types text[], out direction text)
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  case
    when ordered_by in ('created_at.desc', 'created_at.asc') then
      keys := '{c.created_at,c.id}';
      types := '{timestamptz,bigint}';
    when ordered_by in ('updated_at.desc', 'updated_at.asc') then
      keys := '{c.updated_at,c.id}';
      types := '{timestamptz,bigint}';
    when ordered_by in ('priority.desc', 'priority.asc') then
      keys := '{c.priority_rank,c.created_at,c.id}';
      types := '{smallint,timestamptz,bigint}';
    when ordered_by = 'due_at.asc' then
      keys := array['coalesce(c.due_at, ''infinity''::timestamptz)', 'c.id'];
      types := '{timestamptz,bigint}';
    else
      raise exception 'there is no order %', coalesce(ordered_by, 'null')
        using errcode = 'invalid_parameter_value', column = 'order_by',
              hint = 'There are created_at.desc, created_at.asc, updated_at.desc, updated_at.asc, priority.desc, priority.asc and due_at.asc.';
  end case;
  direction := split_part(ordered_by, '.', 2);
end
$$;

create function casebase.cursor_after(last public.cases, ordered_by text) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return casebase.write_cursor(
    case split_part(ordered_by, '.', 1)
      when 'created_at' then jsonb_build_array(ordered_by, last.created_at, last.id)
      when 'updated_at' then jsonb_build_array(ordered_by, last.updated_at, last.id)
      when 'priority'   then jsonb_build_array(ordered_by, last.priority_rank, last.created_at, last.id)
      when 'due_at'     then jsonb_build_array(ordered_by, coalesce(last.due_at, 'infinity'), last.id)
    end);
end
$$;

-- When something last happened to each of these, which the caller sees: for a client, what its timeline has.
create function casebase.last_activity(seen public.cases[], asker casebase.asker) returns timestamptz[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select coalesce(
      case
        when asker.sees_all or c.department_id = any (asker.departments) or c.assigned_to = asker.staff_id
        then (select e.created_at from public.case_events e where e.case_id = c.id order by e.seq desc limit 1)
        else (select e.created_at from casebase.timeline e where e.case_id = c.id order by e.seq desc limit 1)
      end,
      c.created_at)
    from unnest(seen) with ordinality c
    order by c.ordinality);
end
$$;

create function casebase.list_cases(
  f casebase.case_filter, order_by text, page_size integer, cursor text, count_up_to integer, with_activity boolean
) returns public.case_page
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  asker      casebase.asker := casebase.who_asks();
  -- Tags are the staff's: who sees a case as its client finds it by none.
  sight      text := casebase.sight(asker, f.tags is not null);
  sought     casebase.sought := casebase.sought(f.search);
  query      tsquery;
  conditions text;
  after      text := '';
  o          record;
  found_all  public.cases[];
  page       public.case_page;
begin
  o := casebase.case_order(order_by);
  if cursor is not null then
    after := format(' and (%s) %s (%s)', array_to_string(o.keys, ', '), case o.direction when 'desc' then '<' else '>' end,
      (select string_agg(format('%L::%s', k.value, k.type), ', ' order by k.nth)
       from unnest(casebase.read_cursor(cursor, order_by, o.types), o.types) with ordinality as k (value, type, nth)));
  end if;
  if sight is null and casebase.access_problem() is not null then
    raise exception '%', casebase.access_problem() using errcode = 'PT403';
  end if;
  -- What is near is looked for where nothing is found.
  foreach query in array case when sight is null then '{}' when f.search is null then '{null}' else array[sought.query, sought.or_near] end loop
    conditions := sight || casebase.case_conditions(f, query, casebase.sight(asker, true));
    execute format('select array(select c from public.cases c where %s%s order by %s %s limit %s)',
        conditions, after, array_to_string(o.keys, format(' %s, ', o.direction)), o.direction, page_size + 1)
      into found_all;
    exit when found_all <> '{}';
  end loop;
  page.cases := coalesce(found_all[:page_size], '{}');
  if with_activity then
    page.last_activity := casebase.last_activity(page.cases, asker);
  end if;
  if cardinality(found_all) > page_size then
    page.next_cursor := casebase.cursor_after(found_all[page_size], order_by);
  end if;

  -- A first page that is the last one counts itself; and who sees none on any page needs no count.
  if count_up_to > 0 and (cursor is null and page.next_cursor is null or sight is null) then
    page.total := cardinality(page.cases);
  elsif count_up_to > 0 then
    execute format('select count(*) from (select from public.cases c where %s limit %s) counted', conditions, count_up_to + 1)
      into page.total;
  end if;
  page.total_is_exact := page.total <= count_up_to;
  if not page.total_is_exact then
    page.total := count_up_to;
  end if;
  return page;
end
$$;

create function public.list_cases(
  status         text[]      default null,
  stage          text[]      default null,
  priority       text[]      default null,
  assigned_to    uuid[]      default null,
  unassigned     boolean     default null,
  department_id  uuid[]      default null,
  client_id      uuid[]      default null,
  tags           text[]      default null,
  overdue        boolean     default null,
  created_from   timestamptz default null,
  created_before timestamptz default null,
  updated_from   timestamptz default null,
  updated_before timestamptz default null,
  metadata       jsonb       default null,
  search         text        default null,
  order_by       text        default 'created_at.desc',
  page_size      integer     default 25,
  cursor         text        default null,
  count_up_to    integer     default 1000,
  with_activity  boolean     default false
) returns public.case_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  f casebase.case_filter := (status, stage, priority, assigned_to, unassigned, department_id, client_id, tags, overdue,
    created_from, created_before, updated_from, updated_before, metadata, search);
begin
  if not (f is null) then
    perform casebase.check_case_filter(f);
  end if;
  perform casebase.check_page_size(page_size);
  if count_up_to is null or count_up_to not between 0 and 10000 then
    raise exception 'count_up_to is from 0 to 10000, not %', coalesce(count_up_to::text, 'null')
      using errcode = 'invalid_parameter_value', column = 'count_up_to';
  end if;
  return casebase.list_cases(f, order_by, page_size, cursor, count_up_to, with_activity);
end
$$;
comment on function public.list_cases(text[], text[], text[], uuid[], boolean, uuid[], uuid[], text[], boolean, timestamptz, timestamptz,
  timestamptz, timestamptz, jsonb, text, text, integer, text, integer, boolean) is
  'A page of the cases that the caller sees, filtered and in an order; duplicates that were merged into another are left out.

A filter that is null narrows nothing; of a list, a case has one of its values. For the next page, give next_cursor of this one as cursor, with the same filters and order.

For everybody who is signed in: whoever sees no case gets an empty page.

- status: one of these: open, in_progress, waiting, resolved, closed.
- stage: one of these stages (case_stages.stage).
- priority: one of these: low, medium, high, urgent.
- assigned_to: assigned to one of these (staff_members.user_id).
- unassigned: true: nobody has it; false: somebody has.
- department_id: in one of these departments.
- client_id: of one of these clients.
- tags: with all of these tags (case_internal.tags). Only staff find cases by them.
- overdue: true: its next move is late; false: it is not.
- created_from: opened at this time or later.
- created_before: opened before this time.
- updated_from: changed at this time or later.
- updated_before: last changed before this time.
- metadata: an object whose values are all in cases.metadata.
- search: with a text that the caller may read and that has these words, or, where no case of the list has, words near them, as rpc/search_cases finds them.
- order_by: created_at.desc, created_at.asc, updated_at.desc, updated_at.asc, priority.desc (urgent first), priority.asc, or due_at.asc (those without a deadline last).
- page_size: how many cases at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.
- count_up_to: how far total is counted, at most 10000; 0: not at all.
- with_activity: whether last_activity is wanted, which costs a look for each case of the page.

Returns a page.

- 22023: an argument is none of what is accepted; the hint says what is.
- PT403: the caller is on the staff and their token does not say so: sign in again, or switch the access token hook on.';

-- How many cases whoever asks sees: an exact count under the policy reads every row that the policy must judge. A plan
-- for each call, made when it is known who asks.
create function casebase.case_counts()
  returns table (status text, priority text, count bigint, overdue bigint, unassigned bigint, mine bigint)
  language plpgsql stable rows 20 security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  asker       casebase.asker := casebase.who_asks();
  sees_all    boolean := asker.sees_all;
  clients     uuid[]  := asker.clients;
  departments uuid[]  := asker.departments;
  person      uuid    := asker.staff_id;
begin
  return query
    select c.status, c.priority, count(*),
           count(*) filter (where coalesce(c.due_at, 'infinity'::timestamptz) < now()),
           count(*) filter (where c.assigned_to is null),
           count(*) filter (where c.assigned_to = person)
    from public.cases c
    where c.merged_into is null
      and (sees_all or c.client_id = any (clients) or c.department_id = any (departments) or c.assigned_to = person)
    group by c.status, c.priority;
end
$$;

create function public.case_counts()
  returns table (status text, priority text, count bigint, overdue bigint, unassigned bigint, mine bigint)
  language plpgsql stable rows 20 set search_path = pg_catalog, pg_temp
as $$
begin
  return query select * from casebase.case_counts();
end
$$;
comment on function public.case_counts() is
  'How many cases the caller sees, by status and priority; duplicates that were merged into another are left out.

For everybody who is signed in.

- status: the status.
- priority: the priority.
- count: how many cases have both.
- overdue: how many of them are overdue.
- unassigned: how many of them nobody has.
- mine: how many of them are assigned to the caller.

Returns a row for each status and priority of which there is a case.';

-- What was said in a case.
create type public.interaction_page as (interactions public.interactions[], next_cursor text);
comment on type public.interaction_page is
  'A page of rpc/list_interactions.';
comment on column public.interaction_page.interactions is 'The interactions, newest first.';
comment on column public.interaction_page.next_cursor is
  'What to give as cursor for the next page; null on the last one.';

-- What was said in those of these cases that the caller sees, as the policy see_interactions has it: each case's is read by
-- itself, in order. are_merged says whether one of them is a duplicate; null: none is in sight. One plan, which no number
-- of cases would make another: or each call would plan again, for an array as long as its own.
create type casebase.talk as (page public.interaction_page, are_merged boolean);

create function casebase.list_interactions(cases bigint[], page_size integer, cursor text) returns casebase.talk
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  asker      casebase.asker := casebase.who_asks();
  seen       bigint[];
  as_staff   bigint[];
  are_merged boolean;
  place      text[] := case
    when cursor is not null then casebase.read_cursor(cursor, 'interactions', '{timestamptz,bigint}')
  end;
  until      timestamptz := coalesce(place[1]::timestamptz, 'infinity');
  before     bigint := coalesce(place[2]::bigint, 0);
  last       public.interactions;
  page       public.interaction_page;
begin
  select array_agg(c.id),
         array_agg(c.id) filter (
           where asker.sees_all or c.department_id = any (asker.departments) or c.assigned_to = asker.staff_id),
         bool_or(c.merged_into is not null)
  into seen, as_staff, are_merged
  from public.cases c
  where c.id = any (cases)
    and (asker.sees_all
         or c.client_id = any (asker.clients)
         or c.department_id = any (asker.departments)
         or c.assigned_to = asker.staff_id);
  page.interactions := array(
    select said
    from unnest(seen) as of_case (id)
    cross join lateral (
      select i
      from public.interactions i
      where i.case_id = of_case.id
        and (i.visible_to_client or of_case.id = any (as_staff))
        and (i.created_at, i.id) < (until, before)
      order by i.created_at desc, i.id desc
      limit page_size + 1
    ) as of_one (said)
    order by (said).created_at desc, (said).id desc
    limit page_size + 1
  );
  if cardinality(page.interactions) > page_size then
    page.interactions := page.interactions[:page_size];
    last := page.interactions[page_size];
    page.next_cursor := casebase.write_cursor(jsonb_build_array('interactions', last.created_at, last.id));
  end if;
  return (page, are_merged)::casebase.talk;
end
$$;

create function public.list_interactions(case_id bigint, page_size integer default 100, cursor text default null)
  returns public.interaction_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  talk casebase.talk;
begin
  perform casebase.check_page_size(page_size);
  talk := casebase.list_interactions(array[case_id], page_size, cursor);
  if talk.are_merged is null then
    perform casebase.raise_no_case();
  elsif talk.are_merged or exists (select from public.cases d where d.merged_into = list_interactions.case_id) then
    talk := casebase.list_interactions(casebase.merged_cases(casebase.survivor_of(case_id)), page_size, cursor);
  end if;
  return talk.page;
end
$$;
comment on function public.list_interactions(bigint, integer, text) is
  'The interactions of a case that the caller sees, newest first, a page at a time.

Those of duplicates that were merged into it are there, too.

For whoever sees the case.

- case_id: the case (cases.id).
- page_size: how many at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.

Returns a page.

- PT404: there is no such case, or none that the caller sees.
- 22023: page_size is out of range, or cursor is none that this list gave.';


-- supabase/schemas/cases/bulk.sql

-- Many cases in one call, with an answer for each. Rows are locked in the order of their ids, so that two calls over the
-- same cases wait for each other and don't deadlock, as two plain updates of many rows may.
--
-- Each call tries all of them at once, under the caller's policies, and only when that is refused each by itself. What
-- is no case's fault, such as a deadlock or a full disk, ends the call.

-- An error as PostgREST tells it.
create function casebase.error_object(code text, message text, details text, hint text) returns jsonb
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('code', code, 'message', message, 'details', nullif(details, ''), 'hint', nullif(hint, ''));
end
$$;

-- The ids that were given, each once.
create function casebase.wanted_ids(ids bigint[], argument text) returns bigint[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  wanted bigint[] := array(select distinct w from unnest(ids) w where w is not null order by w);
begin
  if cardinality(wanted) > 1000 then
    raise exception 'at most 1000 % at a time, not %', argument, cardinality(wanted)
      using errcode = 'invalid_parameter_value', column = argument, hint = 'Call it once for each thousand.';
  end if;
  return wanted;
end
$$;

-- A text array of changes, where it is one.
create function casebase.tags_in(changes jsonb, name text) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if changes -> name is null then
    return '{}'::text[];
  elsif jsonb_typeof(changes -> name) <> 'array' or changes -> name @? '$[*] ? (@.type() != "string")' then
    raise exception '% must be an array of tags', name using errcode = 'invalid_parameter_value', column = 'changes';
  end if;
  return array(select jsonb_array_elements_text(changes -> name));
end
$$;

-- What changes says of columns, checked against what the caller may change at all: what they were granted. Many cases have
-- no version in common.
create function casebase.changed_case_columns(changes jsonb, of_one boolean) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  accepted text[] := array(
    select a.attname::text
    from pg_attribute a
    where a.attrelid = 'public.cases'::regclass
      and a.attnum > 0
      and a.attgenerated = ''
      and a.attidentity = ''
      and has_column_privilege(a.attrelid, a.attnum, 'update')
      and (of_one or a.attname <> 'version')
    order by a.attname
  ) || '{add_tags,remove_tags}'::text[];
  change   text;
begin
  if jsonb_typeof(changes) is distinct from 'object' or changes = '{}' then
    raise exception 'changes must be an object of columns and their new values'
      using errcode = 'invalid_parameter_value', column = 'changes',
            hint = 'Columns: ' || array_to_string(accepted, ', ') || '.';
  end if;
  for change in select k from jsonb_object_keys(changes) k where k <> all (accepted) loop
    raise exception 'you can''t change % of cases', change
      using errcode = 'invalid_parameter_value', column = 'changes',
            hint = 'You can change ' || array_to_string(accepted, ', ') || '.';
  end loop;
  -- A value of the wrong type is no case's fault.
  perform jsonb_populate_record(null::public.cases, changes);
  return changes - '{add_tags,remove_tags}'::text[];
end
$$;

-- Nobody else writes into the histories of these cases until the transaction's end.
create function casebase.hold_histories(ids bigint[]) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from casebase.case_counters k where k.case_id = any (ids) order by k.case_id for no key update;
end
$$;

-- Gives cases the same values and tags; which of them it changed.
create function casebase.change_cases(ids bigint[], columns jsonb, add_tags text[], remove_tags text[]) returns bigint[]
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  changed bigint[] := '{}'::bigint[];
  moved   bigint[];
begin
  -- Tags first: whoever tags a case by hand takes the locks in this order, too, its record's and then its history's.
  if add_tags <> '{}' or remove_tags <> '{}' then
    -- One that has no record gets it, empty: so that one statement below has all that is written into histories, in order.
    insert into public.case_internal (case_id)
    select id
    from unnest(ids) id
    where casebase.retagged('{}', add_tags, remove_tags) <> '{}'
    order by id
    on conflict (case_id) do nothing;
    -- Each of the two statements below counts on in the histories of those cases alone that it changes: together not in the
    -- order of their ids. So all are taken before the first.
    if columns <> '{}' then
      perform from public.case_internal i where i.case_id = any (ids) order by i.case_id for no key update;
      perform casebase.hold_histories(ids);
    end if;
    with retagged as (
      update public.case_internal i
      set tags = casebase.retagged(i.tags, add_tags, remove_tags)
      where i.case_id = any (ids)
        and casebase.retagged(i.tags, add_tags, remove_tags) <> i.tags
      returning i.case_id
    )
    select coalesce(array_agg(r.case_id), '{}') into changed from retagged r;
  end if;
  if columns <> '{}' then
    execute format(
      $sql$
        with changed as (
          update public.cases c
          set %s
          from jsonb_populate_record(null::public.cases, $2) n
          where c.id = any ($1)
            and row(%s) is distinct from row(%s)
          returning c.id
        )
        select coalesce(array_agg(changed.id), '{}') from changed
      $sql$,
      (select string_agg(format('%1$I = n.%1$I', k), ', ') from jsonb_object_keys(columns) k),
      (select string_agg(format('c.%I', k), ', ') from jsonb_object_keys(columns) k),
      (select string_agg(format('n.%I', k), ', ') from jsonb_object_keys(columns) k)
    ) into moved using ids, columns;
    changed := array(select distinct c from unnest(changed || moved) c);
  end if;
  return changed;
end
$$;

create function casebase.retagged(tags text[], add_tags text[], remove_tags text[]) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select t
    from unnest(tags || add_tags) with ordinality as every (t, nth)
    where t <> all (remove_tags)
    group by t
    order by min(nth)
  );
end
$$;

-- What a caller who reads the history can undo: the entries that their changes of these cases have left since.
create function casebase.my_entries_since(ids bigint[], since timestamptz) returns table (case_id bigint, entries bigint[])
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if casebase.is_staff() then
    return query
      select e.case_id, array_agg(e.id order by e.id)
      from public.case_events e
      where e.case_id = any (ids)
        and e.created_at >= since
        and e.actor_id = casebase.caller_id()
        and e.type ~ '^case(_internal)?\.'
      group by e.case_id;
  end if;
end
$$;

create function public.update_cases(ids bigint[], changes jsonb, dry_run boolean default false)
  returns table (id bigint, result text, error jsonb, events bigint[])
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  wanted      bigint[]    := casebase.wanted_ids(ids, 'ids');
  columns     jsonb       := casebase.changed_case_columns(changes, cardinality(wanted) = 1);
  add_tags    text[]      := casebase.tags_in(changes, 'add_tags');
  remove_tags text[]      := casebase.tags_in(changes, 'remove_tags');
  since       timestamptz := clock_timestamp();
  locked      bigint[];
  done        bigint[]    := '{}'::bigint[];
  errors      jsonb       := '{}'::jsonb;
  one         bigint;
  code        text;
  message     text;
  details     text;
  hint        text;
begin
  locked := array(select c.id from public.cases c where c.id = any (wanted) order by c.id for no key update);
  begin
    begin
      done := casebase.change_cases(locked, columns, add_tags, remove_tags);
    exception
      when transaction_rollback or insufficient_resources then
        raise;
      when others then
        foreach one in array locked loop
          begin
            done := done || casebase.change_cases(array[one], columns, add_tags, remove_tags);
          exception
            when transaction_rollback or insufficient_resources then
              raise;
            when others then
              get stacked diagnostics
                code = returned_sqlstate, message = message_text, details = pg_exception_detail, hint = pg_exception_hint;
              errors := errors || jsonb_build_object(one, casebase.error_object(code, message, details, hint));
          end;
        end loop;
    end;
    if dry_run then
      raise exception using errcode = 'UNDO1';
    end if;
  exception
    -- Takes everything back but what these variables say.
    when sqlstate 'UNDO1' then
      since := 'infinity';
  end;
  return query
    select w.id,
           case
             when errors ? w.id::text then 'refused'
             when w.id = any (done) then 'done'
             when w.id = any (locked) then 'unchanged'
             else 'not_visible'
           end,
           errors -> w.id::text,
           e.entries
    from unnest(wanted) as w (id)
    left join casebase.my_entries_since(done, since) e on e.case_id = w.id
    order by w.id;
end
$$;
comment on function public.update_cases(bigint[], jsonb, boolean) is
  'Gives many cases the same new values, and adds tags to them or takes some away; answers for each case.

What is refused for one case takes nothing else along. Rows are locked in the order of their ids, so that two such calls wait for each other and don''t deadlock.

For whoever may change the cases: client members title and description while a case is open, staff as their scope says. Tags are for staff.

- ids: the cases (cases.id), up to 1000.
- changes: an object of columns and their new values, and add_tags, remove_tags: arrays of tags. A version, for one case only, is that which the changes were made from.
- dry_run: true: the answers are the same, and nothing is changed.
- id: the case (cases.id).
- result: done, unchanged, refused or not_visible.
- error: of a refused one: {"code", "message", "details", "hint"}, as PostgREST tells an error.
- events: the entries of the history that it left (case_events.id), for staff; rpc/undo_changes takes them back.

Returns a row for each id, in the order of the ids.

- 22023: more than 1000 ids; or changes is empty, no object, or names what the caller can''t change; the hint says what they can.
- 22P02: a value in changes is not of its column''s type.';

-- Replies that stay where they were sent; which interaction is whose. Raises where one would go elsewhere.
create function casebase.reply_in_place(ids bigint[], words text, shown boolean) returns jsonb
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  made jsonb;
begin
  with made as (
    insert into public.interactions (case_id, content, visible_to_client)
    select id, words, shown from unnest(ids) id order by id
    returning interactions.id, interactions.case_id
  )
  select jsonb_object_agg(m.case_id, m.id) into made from made m;
  if not made ?& ids::text[] then
    raise exception 'a reply opens another case' using errcode = 'check_violation';
  end if;
  return made;
end
$$;

create function public.reply_to_cases(ids bigint[], content text, visible_to_client boolean default true)
  returns table (id bigint, result text, interaction_id bigint, error jsonb)
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  wanted  bigint[] := casebase.wanted_ids(ids, 'ids');
  seen    bigint[] := array(select c.id from public.cases c where c.id = any (wanted) order by c.id);
  replies jsonb    := '{}'::jsonb;
  errors  jsonb    := '{}'::jsonb;
  one     bigint;
  made    bigint;
  code    text;
  message text;
  details text;
  hint    text;
begin
  begin
    replies := coalesce(casebase.reply_in_place(seen, reply_to_cases.content, reply_to_cases.visible_to_client), '{}');
  exception
    when transaction_rollback or insufficient_resources then
      raise;
    when others then
      foreach one in array seen loop
        begin
          insert into public.interactions (case_id, content, visible_to_client)
          values (one, reply_to_cases.content, reply_to_cases.visible_to_client)
          returning interactions.id into made;
          replies := replies || jsonb_build_object(one, made);
        exception
          when transaction_rollback or insufficient_resources then
            raise;
          when others then
            get stacked diagnostics
              code = returned_sqlstate, message = message_text, details = pg_exception_detail, hint = pg_exception_hint;
            errors := errors || jsonb_build_object(one, casebase.error_object(code, message, details, hint));
        end;
      end loop;
  end;
  return query
    select w.id,
           case when errors ? w.id::text then 'refused' when w.id = any (seen) then 'done' else 'not_visible' end,
           (replies ->> w.id::text)::bigint,
           errors -> w.id::text
    from unnest(wanted) as w (id)
    order by w.id;
end
$$;
comment on function public.reply_to_cases(bigint[], text, boolean) is
  'Says the same in many cases, as the caller and to the other side of each; answers for each case.

For whoever sees the cases, as with interactions.

- ids: the cases (cases.id), up to 1000.
- content: what is said: Markdown, at most 50000 characters.
- visible_to_client: whether the clients see it. What a client says, they see.
- id: the case (cases.id).
- result: done, refused or not_visible.
- interaction_id: of one that is done: the interaction (interactions.id).
- error: of a refused one: {"code", "message", "details", "hint"}, as PostgREST tells an error.

Returns a row for each id, in the order of the ids.

- 22023: more than 1000 ids.';


-- supabase/schemas/people/leaving.sql

-- Who leaves the staff leaves no open case behind.

-- In one transaction, under the caller's own policies. The cases first: an admin who leaves is none afterwards.
create function public.deactivate_staff_member(user_id uuid, hand_over_to uuid default null) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  theirs bigint[];
begin
  if row_security_active('public.staff_members') and not casebase.is_admin() then
    raise exception 'only admins switch staff off' using errcode = 'insufficient_privilege', hint = 'Ask an admin.';
  elsif hand_over_to = deactivate_staff_member.user_id then
    raise exception 'who is switched off can''t have the cases'
      using errcode = 'invalid_parameter_value', column = 'hand_over_to', hint = 'Name somebody else, or nobody.';
  end if;
  -- Nobody assigns them another one meanwhile: check_assignee reads this row.
  perform from public.staff_members s where s.user_id = deactivate_staff_member.user_id for no key update;
  if not found then
    raise exception 'there is no such member of staff' using errcode = 'PT404', detail = 'user_id';
  end if;
  theirs := array(
    select c.id
    from public.cases c
    where c.assigned_to = deactivate_staff_member.user_id
      and c.status in ('open', 'in_progress', 'waiting')
    order by c.id
    for no key update
  );
  update public.cases c set assigned_to = hand_over_to where c.id = any (theirs);
  update public.staff_members s set active = false where s.user_id = deactivate_staff_member.user_id;
  return cardinality(theirs);
end
$$;
comment on function public.deactivate_staff_member(uuid, uuid) is
  'Switches a member of staff off, and gives their open cases to somebody else, or to nobody, in one step.

Cases that are resolved or closed stay theirs. Their invitations that are still open end.

For admins.

- user_id: who is switched off (staff_members.user_id).
- hand_over_to: who gets their open cases (staff_members.user_id); null: nobody, so that anybody can take them.

Returns how many cases that were.

- 42501: the caller is no admin.
- PT404: there is no such member of staff.
- PT409: they are the last active admin.
- 22023: hand_over_to is who is switched off.
- 23514: hand_over_to is no active member of staff.';


-- supabase/schemas/files/names.sql

-- How a file is called: original_name is what it was called where it came from, and what a download gives back;
-- file_name is the last part of its object's path. These functions alone decide which names there are. The service asks
-- them by writing the row; what it makes of a name by itself (casebase_files::name) a test holds to them
-- (crates/casebase/tests/database/names.rs).

-- A storage key segment that nothing trips over: Storage's own characters, no slash, no control, no leading or
-- trailing dot or space.
create function casebase.is_object_name(name text) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select octet_length(name) between 1 and 200
     and name ~ '^[A-Za-z0-9_!*''()&$=@;:+,?-]([A-Za-z0-9_!.*''() &$=@;:+,?-]*[A-Za-z0-9_!*''()&$=@;:+,?-])?$'
$$;

-- A name as a careless reader takes it, and some programs, too: letters of any width and case are one, without their
-- marks, and what is not seen is not there (Unicode's Default_Ignorable_Code_Point). "_" stands for what is beyond the
-- basic plane or was added to it since Unicode 14: versions of PostgreSQL don't agree on its letters.
create function casebase.folded_name(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return lower(
    regexp_replace(
      normalize(regexp_replace(name, '[\u2072\u2073\u208f\u209d-\u209f\u218c-\u218f\ua7cb-\ua7f1\U00010000-\U0010ffff]', '_', 'g'), nfkd),
      '[\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8]',
      '', 'g'
    ) collate "C"
  );
end
$$;

-- The extension that counts, lower case and without its dot, or null. Windows drops dots and blanks at a name's end, and
-- no other sign there makes a type: "run.bat. ", "run.bat," and "run．ＢＡＴ" are all bat.
create function casebase.file_extension(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return substring(rtrim(casebase.folded_name(name), ' !"#$%&''()*+,-./:;<=>?@[\]^_`{|}~') from '\.([a-z0-9]{1,16})$');
end
$$;

-- What Windows or macOS runs on a double click, or does without asking: programs, scripts, installers, shortcuts, changes
-- of the settings.
--
-- From the PATHEXT of Windows, Outlook's list (support.microsoft.com: Blocked attachments in Outlook) and Chromium's
-- (download_file_types.asciipb: DANGEROUS or ALLOW_ON_USER_GESTURE), and what all three leave out: .inetloc and
-- .terminal of macOS, .appinstaller and .msix of Windows. Not here, though in one of them, because cases are made of
-- them: documents and data (.mdb, .pst, .eml, .xml, .mat), certificates (.cer), settings in text (.ini), web pages,
-- archives and images of disks (.cab, .iso, .dmg).
create function casebase.program_extensions() returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select
    -- Programs, and what is loaded into them.
    '{app, bgi, class, com, cpi, cpl, dll, drv, dylib, efi, exe, gadget, jar, job, kext, ocx, osax, pif, prefpane, pyd,
      qlgenerator, saver, scr, seplugin, service, sys, u3p, wll, xbap, xll}'::text[]
    -- Scripts.
    || '{action, applescript, bas, bash, bat, caction, cdxml, cmd, command, csh, definition, hta, htc, js, jse, ksh, msh,
      msh1, msh1xml, msh2, msh2xml, mshxml, osas, osascript, pl, ps1, ps1xml, ps2, ps2xml, psc1, psc2, psd1, psdm1, psm1,
      pssc, py, pyc, pyo, pyw, pyz, pyzw, rb, scpt, scptd, sct, sh, shar, tcsh, tool, vb, vbe, vbp, vbs, vbscript,
      vsmacros, wflow, workflow, ws, wsb, wsc, wsf, wsh, zsh}'::text[]
    -- Compiled projects, and help with programs in it.
    || '{accde, ade, adp, chi, chm, fxp, hlp, mde, prg}'::text[]
    -- Installers.
    || '{apk, appimage, appinstaller, application, appref-ms, appx, appxbundle, deb, diagcab, diagcfg, diagpkg, inf, inx,
      isu, jnlp, mpkg, msi, msix, msixbundle, msp, mst, msu, oxt, paf, pkg, rpm, run}'::text[]
    -- Shortcuts, which open or start anything.
    || '{appcontent-ms, desklink, desktop, fileloc, inetloc, library-ms, lnk, mad, maf, mag, mam, maq, mav, maw, scf,
      search-ms, searchconnector-ms, settingcontent-ms, shb, shs, url, webloc, webpnp, website, xnk}'::text[]
    -- Changes of the settings.
    || '{configprofile, ins, internetconnect, isp, mobileconfig, mof, msc, networkconnect, printerexport, reg, rgs,
      terminal, theme}'::text[]
$$;

-- What is wrong with the name of a program: its extension. What stands before or behind a colon is a name, too: on NTFS
-- "run.exe::$DATA" is run.exe.
create function casebase.program_extension(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  part      text;
  extension text;
begin
  foreach part in array coalesce(string_to_array(casebase.folded_name(name), ':'), '{}') loop
    extension := substring(rtrim(part, ' !"#$%&''()*+,-./:;<=>?@[\]^_`{|}~') from '\.([a-z0-9-]+)$');
    if extension = any (casebase.program_extensions()) then
      return extension;
    end if;
  end loop;
  return null;
end
$$;

-- A name as it is kept: composed, so that it is compared as it is read, without what turns the direction of reading round
-- ("invoice<U+202E>fdp.exe" reads as a PDF) and without blanks at its ends. Nobody sees a difference.
create function casebase.kept_name(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return regexp_replace(
    normalize(regexp_replace(name, '[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]', '', 'g'), nfc),
    '^[ \u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]+|[ \u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]+$', '', 'g'
  );
end
$$;

-- Why a kept name is not taken, or null.
create function casebase.name_fault(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  folded  text := casebase.folded_name(name);
  program text := casebase.program_extension(name);
begin
  return case
    when folded !~ '[^ .\u1680\u2800]' then 'nothing of it can be seen'
    when char_length(name) > 255 then 'it has more than 255 characters'
    when name ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff]' then 'it has a line break or another control character in it'
    when name ~ '[/\\]' then 'it has folders in it'
    when folded ~ '^(con|prn|aux|nul|com[1-9]|lpt[1-9]|conin\$|conout\$) *([.:]|$)' then 'Windows keeps that name for a device'
    when program is not null then format('.%s is what programs, scripts and shortcuts are named', program)
  end;
end
$$;

-- What is left of a name in letters that Storage takes, for who doesn't say it better: "Grüße aus Łódź.PDF" becomes
-- "grusse-aus-lodz.pdf". Of another script than the Latin one, "file" and the extension are left.
create function casebase.plain_file_name(name text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  extension text := casebase.file_extension(name);
  stem      text := translate(casebase.folded_name(name), 'øØđĐłŁıħĦŧŦðÐ', 'ooddllihhttdd');
begin
  stem := regexp_replace(stem, '[ßẞ]', 'ss', 'g');
  stem := regexp_replace(stem, '[æÆ]', 'ae', 'g');
  stem := regexp_replace(stem, '[œŒ]', 'oe', 'g');
  stem := regexp_replace(stem, '[þÞ]', 'th', 'g');
  stem := regexp_replace(stem, '[^a-z0-9._]+', '-', 'g');
  stem := btrim(regexp_replace(stem, '[-.]{2,}', '-', 'g'), '-._');
  if extension is null then
    stem := replace(stem, '.', '-');
  else
    stem := rtrim(regexp_replace(stem, extension || '$', ''), '-._');
  end if;
  stem := rtrim(left(stem, 96), '-._');
  return coalesce(nullif(stem, ''), 'file') || coalesce('.' || extension, '');
end
$$;


-- supabase/schemas/files/case_files.sql

-- Files of cases: rows that say, with those of client_documents, what may lie in the two buckets.
--
-- A row is reserved (pending), its object written (uploaded), checked by the service (available), and goes
-- (deleting). Row and object are written with the caller's own token; only the service makes a file available.

create table public.case_files (
  id                bigint      not null generated always as identity,
  case_id           bigint      not null,
  interaction_id    bigint,
  file_name         text        not null default '',
  file_url          text        not null generated always as ('s3://' || bucket_id || '/' || object_path) stored,
  file_size         bigint      not null,
  uploaded_at       timestamptz not null default now(),
  uploaded_by       uuid,
  original_name     text        not null,
  content_type      text        not null,
  visible_to_client boolean     not null default false,
  -- A trigger knows the place: who reserves it sends none.
  bucket_id         text        not null default '',
  -- Policies look it up for each object: comparing bytes is quick, comparing words isn't.
  object_path       text        collate "C" not null default '',
  state             text        not null default 'pending',
  object_version    text,
  sha256            text,
  rejection         text,
  notes             text[]      not null default '{}',
  updated_at        timestamptz not null default now(),
  -- While it moves between the buckets (moving.sql).
  other_bucket_id   text,
  other_object_path text        collate "C",
  other_state       text,
  other_version     text,
  moved_by          uuid,
  constraint case_files_pkey primary key (id),
  constraint case_files_object_path_key unique (bucket_id, object_path),
  constraint case_files_place_check check (bucket_id <> '' and object_path <> ''),
  -- No cascade: an object must not lose its row. Files go first, then the case.
  constraint case_files_case_id_fkey foreign key (case_id) references public.cases (id),
  constraint case_files_interaction_id_fkey foreign key (interaction_id, case_id)
    references public.interactions (id, case_id) on delete set null (interaction_id),
  constraint case_files_moved_by_fkey foreign key (moved_by) references auth.users (id) on delete set null,
  constraint case_files_other_place_check check (
    num_nulls(other_bucket_id, other_object_path, other_state) in (0, 3)
    and coalesce(other_state in ('pending', 'deleting'), true)
  ),
  constraint case_files_uploaded_by_fkey foreign key (uploaded_by) references auth.users (id) on delete set null,
  constraint case_files_file_name_check check (casebase.is_object_name(file_name)),
  constraint case_files_extension_check
    check (casebase.file_extension(file_name) is not distinct from casebase.file_extension(original_name)),
  constraint case_files_original_name_check check (char_length(original_name) between 1 and 255),
  constraint case_files_file_size_check check (file_size between 0 and 5368709120),
  constraint case_files_content_type_check
    check (content_type ~ '^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+( ?;[ -~]*)?$' and char_length(content_type) <= 255),
  constraint case_files_state_check check (state in ('pending', 'uploaded', 'available', 'deleting')),
  constraint case_files_notes_check check (notes <@ array[
    'named_otherwise', 'password_protected', 'web_page', 'macros', 'embedded_objects',
    'programs', 'archives', 'expands', 'not_looked_through'
  ]),
  constraint case_files_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint case_files_checked_check
    check (state <> 'available' or sha256 is not null and object_version is not null and file_size > 0),
  constraint case_files_times_check check (
    least(uploaded_at, updated_at) >= '0001-01-01 00:00+00'
    and greatest(uploaded_at, updated_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.case_files is
  'Files of cases: a row for each, and an object in one of two storage buckets.

Reserved by rpc/reserve_case_file or an insert; then the object is uploaded to bucket_id and object_path, and the service checks it and makes it available. The service''s upload route does all of it. What changes otherwise: docs/files.md.

Read by client members (the visible ones of their cases) and staff (all of the cases they see), once available; until then by the uploader. Added by both; what a client adds, clients see. Deleted by staff, and by client members their own while it is not available: state to deleting, then the object, then the row.

- PT409: set to uploaded, there is no object at its path; or the row is to be deleted, and the object is there.';
comment on column public.case_files.id is 'The key.';
comment on column public.case_files.case_id is 'The case (cases.id). It never changes.';
comment on column public.case_files.interaction_id is
  'The interaction of the same case that it belongs to. Null: a file of the case itself.';
comment on column public.case_files.file_name is
  'CASE-0001-<unix seconds>-<name>, or CASE-0001-interaction-<id>-<unix seconds>-<name>. Left out, the database makes it; taken, it gets a number.';
comment on column public.case_files.file_url is
  's3://<bucket_id>/<object_path>. No link for a browser: the service, or a signed URL of Storage, gives the bytes.';
comment on column public.case_files.file_size is
  'In bytes: as it was announced until the file is available, then as it was counted.';
comment on column public.case_files.uploaded_at is 'When the file was reserved.';
comment on column public.case_files.uploaded_by is 'Who uploads it (auth.users.id); null: the user is deleted.';
comment on column public.case_files.original_name is
  'As the uploader called it, on one line and without folders; downloads give it back.';
comment on column public.case_files.content_type is
  'The media type: as it was declared until the file is available, then as the service found it.';
comment on column public.case_files.visible_to_client is
  'Whether the client sees it. What a client adds, they see; rpc/change_file_visibility changes it.';
comment on column public.case_files.bucket_id is
  'admin-bucket, or client-bucket where the client sees it. The database sets it.';
comment on column public.case_files.object_path is
  'Where its object is in the bucket: <client_id>/cases/CASE-0001/<file_name>. A path is used once.';
comment on column public.case_files.state is
  'pending (reserved), uploaded (its object is there), available (checked: others see it), deleting (its object goes, then the row). rpc and routes make the steps; the uploader sets uploaded, and who lets go of it deleting.';
comment on column public.case_files.object_version is
  'The version of the object that was checked. Others read this version only.';
comment on column public.case_files.sha256 is 'The SHA-256 of the content in hexadecimal; null until it is checked.';
comment on column public.case_files.rejection is 'Why the service refused the content; null: it has not.';
comment on column public.case_files.notes is
  'What the service noticed in what it took, e.g. macros. docs/files.md says what each word means.';
comment on column public.case_files.updated_at is 'When the row was last changed.';
comment on column public.case_files.other_bucket_id is
  'While the file moves between the buckets: where else it lies, or is to lie.';
comment on column public.case_files.other_object_path is 'And at which path there.';
comment on column public.case_files.other_state is
  'pending: it is being copied there; deleting: what is there goes; null: it does not move.';
comment on column public.case_files.other_version is 'The version of the object that is there and was checked.';
comment on column public.case_files.moved_by is 'Who moves it, or moved it last.';
alter table public.case_files enable row level security;
revoke all on public.case_files from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.case_files
  alter column object_path set statistics 0,
  alter column other_bucket_id set statistics 0,
  alter column other_object_path set statistics 0,
  alter column other_state set statistics 0,
  alter column other_version set statistics 0,
  alter column file_url set statistics 0,
  alter column content_type set statistics 0,
  alter column file_name set statistics 0,
  alter column original_name set statistics 0,
  alter column sha256 set statistics 0,
  alter column rejection set statistics 0,
  alter column notes set statistics 0;
create index case_files_case_id_idx on public.case_files (case_id, uploaded_at desc);
create index case_files_interaction_id_idx on public.case_files (interaction_id, case_id) where interaction_id is not null;
create index case_files_uploaded_at_idx on public.case_files (uploaded_at desc);
create index case_files_uploaded_by_idx on public.case_files (uploaded_by) where uploaded_by is not null;
create index case_files_other_place_idx on public.case_files (other_bucket_id, other_object_path) where other_object_path is not null;
create index case_files_moved_by_idx on public.case_files (moved_by) where moved_by is not null;
-- For the sweep: what is under way is little.
create index case_files_unfinished_idx on public.case_files (state, updated_at) where state <> 'available';


-- supabase/schemas/files/document_categories.sql

-- What documents there are for a client. A category's code is the folder that its documents lie in.

create table public.document_categories (
  code   text    not null,
  label  text    not null,
  active boolean not null default true,
  constraint document_categories_pkey primary key (code),
  -- {client-id}/cases/ belongs to case files.
  constraint document_categories_code_check check (code ~ '^[a-z0-9][a-z0-9-]{0,62}$' and code <> 'cases'),
  constraint document_categories_label_check check (char_length(label) <= 200 and casebase.is_line(label))
);
comment on table public.document_categories is
  'The categories of clients'' documents: policies, handbooks and what else a project has. The code is the folder in client-bucket.

Read by client members and staff; written by admins. One that has documents stays, and keeps its code.';
comment on column public.document_categories.code is
  'The word that documents refer to, and their folder, e.g. policies.';
comment on column public.document_categories.label is 'What people read for it.';
comment on column public.document_categories.active is
  'Whether it is in use. Switched off, its documents stay and get new versions, and no other can be added.';
alter table public.document_categories enable row level security;
revoke all on public.document_categories from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.document_categories alter column label set statistics 0;

insert into public.document_categories (code, label) values
  ('handbooks', 'Handbooks'),
  ('policies',  'Policies');


-- supabase/schemas/files/client_documents.sql

-- Documents for a client: rows that say, with those of case_files, what may lie in client-bucket. A row is one version of a
-- document; another version is another row, with another object, of the same document_id.

create table public.client_documents (
  id                bigint      not null generated always as identity,
  client_id         uuid        not null,
  category          text        not null,
  -- 0: a new document, which a trigger gives the number of its first version.
  document_id       bigint      not null default 0,
  file_name         text        not null default '',
  file_url          text        not null generated always as ('s3://' || bucket_id || '/' || object_path) stored,
  file_size         bigint      not null,
  uploaded_at       timestamptz not null default now(),
  uploaded_by       uuid,
  original_name     text        not null,
  content_type      text        not null,
  bucket_id         text        not null default '',
  object_path       text        collate "C" not null default '',
  state             text        not null default 'pending',
  object_version    text,
  sha256            text,
  rejection         text,
  notes             text[]      not null default '{}',
  updated_at        timestamptz not null default now(),
  replaced_at       timestamptz,
  constraint client_documents_pkey primary key (id),
  constraint client_documents_object_path_key unique (bucket_id, object_path),
  constraint client_documents_place_check check (bucket_id <> '' and object_path <> ''),
  constraint client_documents_client_id_fkey foreign key (client_id) references public.clients (id),
  constraint client_documents_uploaded_by_fkey foreign key (uploaded_by) references auth.users (id) on delete set null,
  constraint client_documents_category_fkey foreign key (category) references public.document_categories (code),
  constraint client_documents_file_name_check check (casebase.is_object_name(file_name)),
  constraint client_documents_extension_check
    check (casebase.file_extension(file_name) is not distinct from casebase.file_extension(original_name)),
  constraint client_documents_original_name_check check (char_length(original_name) between 1 and 255),
  constraint client_documents_file_size_check check (file_size between 0 and 5368709120),
  constraint client_documents_content_type_check
    check (content_type ~ '^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+( ?;[ -~]*)?$' and char_length(content_type) <= 255),
  constraint client_documents_state_check check (state in ('pending', 'uploaded', 'available', 'deleting')),
  constraint client_documents_notes_check check (notes <@ array[
    'named_otherwise', 'password_protected', 'web_page', 'macros', 'embedded_objects',
    'programs', 'archives', 'expands', 'not_looked_through'
  ]),
  constraint client_documents_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint client_documents_checked_check
    check (state <> 'available' or sha256 is not null and object_version is not null and file_size > 0),
  constraint client_documents_times_check check (
    least(uploaded_at, updated_at, replaced_at) >= '0001-01-01 00:00+00'
    and greatest(uploaded_at, updated_at, replaced_at) < '10000-01-01 00:00+00'
  )
);
comment on table public.client_documents is
  'Documents for a client, of no case: policies, handbooks and the like. A row is one version of a document.

They lie in client-bucket and go the way of case_files: reserved by rpc/reserve_client_document or an insert, uploaded, checked. Another version of a document is another row of the same document_id; it takes the place of the one before once it is available.

Read by client members (their clients'', the current versions) and staff, once available; until then by the uploader. Written by admins and staff of scope all or departments, who read the versions that were replaced, too.

- PT409: set to uploaded, there is no object at its path; or the row is to be deleted, and the object is there.';
comment on column public.client_documents.id is 'The key.';
comment on column public.client_documents.client_id is 'The client. It never changes.';
comment on column public.client_documents.category is 'What kind of document it is, and its folder.';
comment on column public.client_documents.document_id is
  'The document that this is a version of: the id of its first version, for as long as any is there. Left out or 0: a new document.';
comment on column public.client_documents.replaced_at is
  'Since when another version has been in its place. Null: this one is current.';
comment on column public.client_documents.file_name is
  'The last part of object_path. Left out, the database makes it of original_name; taken, it gets a number.';
comment on column public.client_documents.file_url is
  's3://<bucket_id>/<object_path>. No link for a browser: the service, or a signed URL of Storage, gives the bytes.';
comment on column public.client_documents.file_size is
  'In bytes: as it was announced until the file is available, then as it was counted.';
comment on column public.client_documents.uploaded_at is 'When the file was reserved.';
comment on column public.client_documents.uploaded_by is 'Who uploads it (auth.users.id); null: the user is deleted.';
comment on column public.client_documents.original_name is
  'As the uploader called it, on one line and without folders; downloads give it back.';
comment on column public.client_documents.content_type is
  'The media type: as it was declared until the file is available, then as the service found it.';
comment on column public.client_documents.bucket_id is 'Always client-bucket. The database sets it.';
comment on column public.client_documents.object_path is
  'Where its object is in the bucket: <client_id>/<category>/<file_name>. A path is used once.';
comment on column public.client_documents.state is
  'pending (reserved), uploaded (its object is there), available (checked: others see it), deleting (its object goes, then the row). rpc and routes make the steps; the uploader sets uploaded, and who lets go of it deleting.';
comment on column public.client_documents.object_version is
  'The version of the object that was checked. Others read this version only.';
comment on column public.client_documents.sha256 is
  'The SHA-256 of the content in hexadecimal; null until it is checked.';
comment on column public.client_documents.rejection is 'Why the service refused the content; null: it has not.';
comment on column public.client_documents.notes is
  'What the service noticed in what it took, e.g. macros. docs/files.md says what each word means.';
comment on column public.client_documents.updated_at is 'When the row was last changed.';
alter table public.client_documents enable row level security;
revoke all on public.client_documents from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.client_documents
  alter column category set statistics 0,
  alter column object_path set statistics 0,
  alter column file_url set statistics 0,
  alter column content_type set statistics 0,
  alter column file_name set statistics 0,
  alter column original_name set statistics 0,
  alter column sha256 set statistics 0,
  alter column rejection set statistics 0,
  alter column notes set statistics 0;
create index client_documents_client_id_idx on public.client_documents (client_id, category, uploaded_at desc);
create index client_documents_category_idx on public.client_documents (category);
create index client_documents_document_id_idx on public.client_documents (document_id);
-- Whoever reads a document finds one of it (replace_version).
create unique index client_documents_current_key on public.client_documents (document_id)
  where state = 'available' and replaced_at is null;
create index client_documents_uploaded_by_idx on public.client_documents (uploaded_by) where uploaded_by is not null;
create index client_documents_unfinished_idx on public.client_documents (state, updated_at) where state <> 'available';


-- supabase/schemas/files/objects.sql

-- The two buckets, and what ties an object in them to its row.

-- Both kinds of row as Storage's policies need them, and the second place of a file that moves: whoever moves it writes
-- there, and whoever sees the file may clear it away. security_invoker: what a caller doesn't see is not there.
create view casebase.reserved_objects with (security_invoker = true) as
  select f.bucket_id, f.object_path, f.state, f.uploaded_by, f.object_version,
         'case_file' as kind, f.id, f.content_type, f.file_size
  from public.case_files f
  union all
  select d.bucket_id, d.object_path, d.state, d.uploaded_by, d.object_version,
         'client_document', d.id, d.content_type, d.file_size
  from public.client_documents d
  union all
  select f.other_bucket_id, f.other_object_path, f.other_state, f.moved_by, f.other_version,
         'moving_file', f.id, f.content_type, f.file_size
  from public.case_files f
  where f.other_object_path is not null;
revoke all on casebase.reserved_objects from public, anon, authenticated, service_role;

-- What Storage's policies ask before a write. SECURITY INVOKER: the rows are what the caller sees of them.
-- Functions, and cheap ones by declaration, so that the planner takes no other bucket's statement for expensive.
create function casebase.may_upload_object(bucket text, path text) returns boolean
  language plpgsql stable cost 10 set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from casebase.reserved_objects r
    where r.bucket_id = bucket
      and r.object_path = path
      and r.state = 'pending'
      and r.uploaded_by = (select casebase.caller_id())
  );
end
$$;

create function casebase.may_delete_object(bucket text, path text) returns boolean
  language plpgsql stable cost 10 set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from casebase.reserved_objects r
    where r.bucket_id = bucket
      and r.object_path = path
      and r.state = 'deleting'
  );
end
$$;

-- The version of an object of ours, or null where there is none. Tells nothing about other buckets.
create function casebase.object_version(bucket text, path text) returns text
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(o.version, '')
    from storage.objects o
    where o.bucket_id = bucket
      and o.name = path
      and bucket in ('admin-bucket', 'client-bucket')
  );
end
$$;

-- Whether a file's object is there still, or its second one while it moves.
create function casebase.has_objects(file jsonb) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select casebase.object_version(file ->> 'bucket_id', file ->> 'object_path') is not null
    or casebase.object_version(file ->> 'other_bucket_id', file ->> 'other_object_path') is not null
$$;

-- What was written more than once while its row was pending: who sent the bytes that are there, only reading them tells.
create table casebase.overwritten_objects (
  bucket_id   text             not null,
  object_path text collate "C" not null,
  constraint overwritten_objects_pkey primary key (bucket_id, object_path)
);
comment on table casebase.overwritten_objects is 'Objects of ours that were overwritten while their row was pending.';
alter table casebase.overwritten_objects enable row level security;
revoke all on casebase.overwritten_objects from public, anon, authenticated, service_role;

-- What a restored row waits for (casebase restore): its object is put back, where there is none, by the project's own key.
-- Until it has been read back and its version noted, nobody else reads it.
create table casebase.objects_to_restore (
  bucket_id   text             not null,
  object_path text collate "C" not null,
  -- Of which backup.
  backup_id   uuid             not null,
  constraint objects_to_restore_pkey primary key (bucket_id, object_path)
);
comment on table casebase.objects_to_restore is
  'Objects of rows that a backup brought back, until they are there again. Written by the project''s owner alone.';
alter table casebase.objects_to_restore enable row level security;
revoke all on casebase.objects_to_restore from public, anon, authenticated, service_role;

-- No object is written without its row being pending, or without having been noted by a restoration
-- (objects_to_restore): what was uploaded, checked or deleted is never written again, whoever writes. Storage asks the
-- policies when it signs an upload, not when the bytes come (and then writes with all rights), and asks nothing when a
-- signed download is used: this alone keeps bytes that somebody checked from being swapped under a URL that somebody
-- holds. The lock makes a late upload and the step to uploaded wait for each other. AFTER: the policies have spoken.
-- Other buckets never come here: the triggers' conditions leave them out.
create function casebase.keep_object() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' and (new.bucket_id, new.name) is distinct from (old.bucket_id, old.name) then
    raise exception 'objects of admin-bucket and client-bucket are not moved' using errcode = 'insufficient_privilege';
  end if;
  -- Whose token it was signed for is the object's owner; a secret key's has none.
  perform from public.case_files f
  where f.bucket_id = new.bucket_id and f.object_path = new.name and f.state = 'pending'
    and (new.owner_id is null or new.owner_id = f.uploaded_by::text)
  for share;
  if not found then
    perform from public.client_documents d
    where d.bucket_id = new.bucket_id and d.object_path = new.name and d.state = 'pending'
      and (new.owner_id is null or new.owner_id = d.uploaded_by::text)
    for share;
  end if;
  if not found then
    perform from public.case_files f
    where f.other_bucket_id = new.bucket_id and f.other_object_path = new.name and f.other_state = 'pending'
      and (new.owner_id is null or new.owner_id = f.moved_by::text)
    for share;
  end if;
  if not found and tg_op = 'INSERT' and new.owner_id is null then
    perform from casebase.objects_to_restore r
    where r.bucket_id = new.bucket_id and r.object_path = new.name
    for share;
  end if;
  if not found then
    raise exception 'no pending file of the same user is reserved at % in %', new.name, new.bucket_id
      using errcode = 'insufficient_privilege', hint = 'An object is written only while its row is pending.';
  end if;
  if tg_op = 'UPDATE' then
    insert into casebase.overwritten_objects (bucket_id, object_path) values (new.bucket_id, new.name)
    on conflict (bucket_id, object_path) do nothing;
  end if;
  return null;
end
$$;

create trigger casebase_keep_new after insert on storage.objects
  for each row when (new.bucket_id in ('admin-bucket', 'client-bucket'))
  execute function casebase.keep_object();
create trigger casebase_keep_changed after update on storage.objects
  for each row when (
    (old.bucket_id in ('admin-bucket', 'client-bucket') or new.bucket_id in ('admin-bucket', 'client-bucket'))
    and (
      old.bucket_id is distinct from new.bucket_id
      or old.name is distinct from new.name
      or old.version is distinct from new.version
    )
  )
  execute function casebase.keep_object();

-- The buckets; that nobody else has one of these names was looked at first (preflight.sql). What the service takes by
-- default, 50 MiB, Storage holds as well until the project sets a limit of its own. Which types are declared is not asked:
-- the service looks at the bytes.
insert into storage.buckets (id, name, public, file_size_limit)
values ('admin-bucket', 'admin-bucket', false, 52428800), ('client-bucket', 'client-bucket', false, 52428800);


-- supabase/schemas/files/rules.sql

-- What a file's row says stays true: where it lies, how it goes from state to state, what it hangs on.

-- Only the table's owner vouches for a file's content: the verification functions run as the owner.
create function casebase.vouches_for_files(files regclass) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select pg_has_role(current_user, c.relowner, 'member') from pg_catalog.pg_class c where c.oid = files
$$;

-- What is reserved is pending, the caller's own, and called what a file may be called.
create function casebase.reserve_file() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  fault text;
begin
  if row_security_active(tg_relid) then
    new.uploaded_by := casebase.caller_id();
  else
    new.uploaded_by := coalesce(new.uploaded_by, casebase.caller_id());
  end if;
  if new.state <> 'pending' and not casebase.vouches_for_files(tg_relid) then
    raise exception 'a new file is pending' using errcode = 'check_violation', column = 'state';
  end if;

  new.original_name := casebase.kept_name(new.original_name);
  fault := casebase.name_fault(new.original_name);
  if fault is not null then
    raise exception 'original_name "%" is not taken: %', left(regexp_replace(new.original_name, '[\u0001-\u001f\u007f-\u009f]', '?', 'g'), 300), fault
      using errcode = 'check_violation', column = 'original_name', constraint = tg_table_name || '_original_name_check',
            hint = 'A name is one line of 1 to 255 characters without / and \. Pack a program into an archive, if it belongs to the case.';
  end if;
  return new;
end
$$;

create trigger a_reserve_file before insert on public.case_files
  for each row execute function casebase.reserve_file();
create trigger a_reserve_file before insert on public.client_documents
  for each row execute function casebase.reserve_file();

-- A place is not used again when its file is gone: a signed download, or somebody's bookmark, would show other bytes as
-- that file, and an upload that was signed for it would write another's.
create table casebase.spent_paths (
  bucket_id   text             not null,
  object_path text collate "C" not null,
  constraint spent_paths_pkey primary key (bucket_id, object_path)
);
comment on table casebase.spent_paths is 'Where a file lay, or was to lie, whose row is gone. Kept: signed URLs may live for years.';
alter table casebase.spent_paths enable row level security;
revoke all on casebase.spent_paths from public, anon, authenticated, service_role;

create function casebase.spend(bucket text, path text) returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
  insert into casebase.spent_paths (bucket_id, object_path)
  select bucket, path where path is not null
  on conflict do nothing;
  delete from casebase.overwritten_objects w
  where w.bucket_id = bucket and w.object_path = path;
$$;

create function casebase.spend_path() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.spend(old.bucket_id, old.object_path);
  perform casebase.spend(to_jsonb(old) ->> 'other_bucket_id', to_jsonb(old) ->> 'other_object_path');
  return null;
end
$$;

create trigger spend_path after delete on public.case_files
  for each row execute function casebase.spend_path();
create trigger spend_path after delete on public.client_documents
  for each row execute function casebase.spend_path();

-- The name itself where it is free in its folder, or else with a number that is: " (2)", " (3)" … before the extension.
-- As its owner, who alone sees every file and what is spent. Whoever reserves in a folder waits for whoever came before
-- to it, so that no two are given one name; there are 1,024 locks, so that a statement may reserve in any number of
-- folders.
create function casebase.free_file_name(bucket text, folder text, wanted text) returns text
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  parts  text[]  := regexp_match(wanted, '^(.*?)(?: \(\d+\))?(\.[A-Za-z0-9]{1,16})?$');
  taken  integer := 0;
  free   integer;
  number integer := 1;
  suffix text;
  name   text := wanted;
begin
  perform pg_advisory_xact_lock(hashtext('casebase.free_file_name'), hashtext(bucket || '/' || folder) & 1023);
  -- Doubled until one is free, then halved: a hundred files of one name are a dozen looks.
  loop
    if exists (select from casebase.reserved_objects r where r.bucket_id = bucket and r.object_path = folder || name)
       or exists (select from casebase.spent_paths s where s.bucket_id = bucket and s.object_path = folder || name)
    then
      taken := number;
    else
      free := number;
      wanted := name;
    end if;
    exit when free = taken + 1;
    number := case when free is null then taken * 2 else (taken + free) / 2 end;
    suffix := ' (' || number || ')' || coalesce(parts[2], '');
    name := left(parts[1], 200 - length(suffix)) || suffix;
  end loop;
  return wanted;
end
$$;

-- The place of a case's file follows from its case. Cases are read through the caller's own policies: for one
-- that they don't see nothing is set or said, and the policy refuses the row as it refuses a missing case's.
create function casebase.place_case_file() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  the_case record;
  prefix   text;
  folder   text;
begin
  new.bucket_id := null;
  new.object_path := null;
  select c.case_id, c.client_id,
         c.department_id = any (casebase.my_departments())
           or coalesce(c.assigned_to = casebase.staff_id(), false) as as_staff
  into the_case
  from public.cases c
  where c.id = new.case_id;
  if not found then
    return new;
  end if;

  -- What a client adds, clients see.
  if row_security_active(tg_relid) and not the_case.as_staff then
    new.visible_to_client := true;
  end if;

  prefix := the_case.case_id || '-' || coalesce('interaction-' || new.interaction_id || '-', '');
  if new.file_name = '' then
    new.file_name := prefix || floor(extract(epoch from now()))::bigint || '-' || casebase.plain_file_name(new.original_name);
  elsif not starts_with(new.file_name, prefix)
     or substr(new.file_name, length(prefix) + 1) !~ '^[0-9]{9,11}-[^ .]'
  then
    raise exception 'the file name must be %<unix seconds>-<name>', prefix
      using errcode = 'check_violation', column = 'file_name', constraint = 'case_files_file_name_check',
            hint = 'Leave it out, and the database names the file.';
  end if;

  new.bucket_id := case when new.visible_to_client then 'client-bucket' else 'admin-bucket' end;
  folder := the_case.client_id || '/cases/' || the_case.case_id || '/';
  new.file_name := casebase.free_file_name(new.bucket_id, folder, new.file_name);
  new.object_path := folder || new.file_name;
  return new;
end
$$;

create trigger b_place_case_file before insert on public.case_files
  for each row execute function casebase.place_case_file();

-- A document's first version gives it its number; another one goes where the others lie. They are looked up through the
-- caller's own policies, so a document that isn't seen and one that doesn't exist get the same answer.
create function casebase.place_client_document() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  folder text := new.client_id || '/' || new.category || '/';
begin
  if new.document_id = 0 then
    new.document_id := new.id;
  elsif not exists (
    select from public.client_documents d
    where d.document_id = new.document_id
      and d.client_id = new.client_id
      and d.category = new.category
      and d.state = 'available'
  ) then
    raise exception 'there is no document % in this category of this client', new.document_id
      using errcode = 'check_violation', column = 'document_id', hint = 'Leave document_id out for a new document.';
  end if;

  if new.file_name = '' then
    new.file_name := casebase.plain_file_name(new.original_name);
  end if;
  new.bucket_id := 'client-bucket';
  new.file_name := casebase.free_file_name(new.bucket_id, folder, new.file_name);
  new.object_path := folder || new.file_name;
  return new;
end
$$;

create trigger b_place_client_document before insert on public.client_documents
  for each row execute function casebase.place_client_document();

-- A file stays what it was reserved as, and its state goes one way. Who may move it at all is the policies' part.
create function casebase.keep_file() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  changed text[] := casebase.changed_columns(to_jsonb(old), to_jsonb(new));
  moving  constant text[] := '{visible_to_client,other_bucket_id,other_object_path,other_state,other_version,moved_by,replaced_at}';
begin
  new.updated_at := now();
  -- These become null when the interaction or the user is deleted.
  if new.uploaded_by is null then
    changed := array_remove(changed, 'uploaded_by');
  end if;
  if to_jsonb(new) -> 'interaction_id' = 'null' then
    changed := array_remove(changed, 'interaction_id');
  end if;

  -- A file moves by the functions made for it (moving.sql), and then its place goes along. A document is replaced by
  -- the step that makes its next version available.
  if changed && moving and casebase.vouches_for_files(tg_relid) then
    if not changed <@ (moving || '{bucket_id,object_path,file_name,object_version}'::text[]) then
      raise exception 'a file that moves changes nothing else' using errcode = 'check_violation';
    end if;
    return new;
  end if;

  if not changed <@ '{state,file_size,content_type,sha256,object_version,rejection,notes}' then
    raise exception 'a file never changes its %', changed[1]
      using errcode = 'check_violation', hint = 'Upload it again instead.';
  end if;
  if new.state = old.state then
    if changed <> '{}' then
      raise exception 'a file changes only when its state does' using errcode = 'check_violation';
    end if;
    return new;
  end if;

  case old.state || ' to ' || new.state
    when 'pending to uploaded' then
      if row_security_active(tg_relid) and old.uploaded_by is distinct from casebase.caller_id() then
        raise exception 'only who reserved a file can upload it' using errcode = 'insufficient_privilege';
      end if;
      if casebase.object_version(old.bucket_id, old.object_path) is null then
        raise exception 'there is no object at % in %', old.object_path, old.bucket_id
          using errcode = 'PT409', hint = 'Upload the object first.';
      end if;
    when 'pending to available', 'uploaded to available' then
      if not casebase.vouches_for_files(tg_relid) then
        raise exception 'only the service makes a file available'
          using errcode = 'insufficient_privilege', hint = 'Ask it to verify the file.';
      end if;
    when 'pending to deleting', 'uploaded to deleting', 'available to deleting' then
      if row_security_active(tg_relid) and changed <> '{state}' then
        raise exception 'a file that goes changes nothing else' using errcode = 'check_violation';
      end if;
    else
      raise exception 'a file can''t go from % to %', old.state, new.state
        using errcode = 'check_violation', column = 'state',
              hint = 'A file goes from pending to uploaded to available, and from anywhere to deleting.';
  end case;
  return new;
end
$$;

-- A new version takes the place of the one before in the step that makes it available: whoever looks finds one of them,
-- and never none or both. Of two that come at once the later one stays; the lock lets it see the other. What was replaced
-- stays as well, for those who write documents.
create function casebase.replace_version() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtext('casebase.replace_version'), hashtext(new.document_id::text));
  update public.client_documents d
  set replaced_at = now()
  where d.document_id = new.document_id
    and d.state = 'available'
    and d.replaced_at is null;
  return new;
end
$$;

create trigger b_replace_version before update of state on public.client_documents
  for each row when (new.state = 'available' and old.state <> 'available')
  execute function casebase.replace_version();

-- changed_columns leaves case_id out, which elsewhere is generated.
create trigger a_keep_case before update on public.case_files
  for each row execute function casebase.keep_identity('case_id');
create trigger a_keep_file before update on public.case_files
  for each row execute function casebase.keep_file();
create trigger a_keep_file before update on public.client_documents
  for each row execute function casebase.keep_file();

-- No row goes while its object is there.
create function casebase.keep_row_of_object() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if casebase.has_objects(to_jsonb(old)) then
    raise exception 'the object of this file is still in %', old.bucket_id
      using errcode = 'PT409', hint = 'Delete the object through Storage first.';
  end if;
  return old;
end
$$;

create trigger a_keep_row_of_object before delete on public.case_files
  for each row execute function casebase.keep_row_of_object();
create trigger a_keep_row_of_object before delete on public.client_documents
  for each row execute function casebase.keep_row_of_object();

-- A file that clients see never hangs on an interaction that they don't. Both sides lock the interaction, so
-- neither can slip past the other. AFTER: the policies have spoken, so an error here tells nothing new.
create function casebase.check_shown(interaction bigint) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform from public.interactions i where i.id = interaction and i.visible_to_client for share;
  if not found then
    raise exception 'a file that the client sees can''t belong to an interaction that the client doesn''t see'
      using errcode = 'check_violation', column = 'visible_to_client',
            hint = 'Make the interaction visible first, or the file internal.';
  end if;
end
$$;

create function casebase.check_file_interaction() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.check_shown(new.interaction_id);
  return null;
end
$$;

create trigger check_interaction after insert or update of visible_to_client on public.case_files
  for each row when (new.visible_to_client and new.interaction_id is not null)
  execute function casebase.check_file_interaction();

-- What nobody but its uploader sees yet keeps no interaction in the open: it is let go.
create function casebase.check_interaction_files() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update public.case_files f
  set state = 'deleting', rejection = 'its interaction is not shown to the client any more'
  where f.interaction_id = new.id and f.visible_to_client
    and f.state in ('pending', 'uploaded');
  if exists (
    select from public.case_files f
    where f.interaction_id = new.id and f.visible_to_client and f.state = 'available'
  ) then
    raise exception 'the interaction has files that the client sees'
      using errcode = 'check_violation', column = 'visible_to_client', hint = 'Hide or delete them first.';
  end if;
  return new;
end
$$;

create trigger c_check_files before update of visible_to_client on public.interactions
  for each row when (old.visible_to_client and not new.visible_to_client)
  execute function casebase.check_interaction_files();

-- A case goes after its files; what has no object, and may be seen by nobody but its uploader, goes with it.
create function casebase.let_go_of_reservations() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from public.case_files f
  where f.case_id = old.id
    and f.state <> 'available'
    and not casebase.has_objects(to_jsonb(f));
  if exists (select from public.case_files f where f.case_id = old.id) then
    raise exception '% has files', old.case_id
      using errcode = 'foreign_key_violation', constraint = 'case_files_case_id_fkey',
            hint = 'Delete them first: set state to deleting, delete the object, then the row. What was uploaded and never checked, its uploader deletes, or a secret key.';
  end if;
  return old;
end
$$;

create trigger let_go_of_reservations before delete on public.cases
  for each row execute function casebase.let_go_of_reservations();


-- supabase/schemas/files/verification.sql

-- Verification, by the service's own role: one set of functions for both kinds of file. The service reads the bytes
-- between begin and finish; finish refuses when the object was replaced meanwhile. 55000: not in a state for it.

-- The table of a kind of file, case_file or client_document.
create function casebase.files_of(kind text) returns regclass
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  case kind
    when 'case_file' then return 'public.case_files'::regclass;
    when 'client_document' then return 'public.client_documents'::regclass;
    else
      raise exception 'there is no kind of file %', kind
        using errcode = 'invalid_parameter_value', hint = 'There are case_file and client_document.';
  end case;
end
$$;

create function casebase.verification_begin(kind text, id bigint)
  returns table (bucket_id text, object_path text, object_version text, content_type text, file_size bigint)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select r.bucket_id, r.object_path, o.version, r.content_type, r.file_size
    from casebase.reserved_objects r
    join storage.objects o on o.bucket_id = r.bucket_id and o.name = r.object_path
    where r.kind = verification_begin.kind
      and r.id = verification_begin.id
      and r.state = 'uploaded';
  if not found then
    raise exception '% % has no upload to verify', kind, id using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

-- Answers the row.
create function casebase.verification_finish(
  kind           text,
  id             bigint,
  object_version text,
  sha256         text,
  file_size      bigint,
  content_type   text,
  notes          text[] default '{}'
) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  verified jsonb;
begin
  execute format($sql$
    update %s f
    set state          = 'available',
        object_version = $2,
        sha256         = $3,
        file_size      = $4,
        content_type   = $5,
        notes          = $6
    where f.id = $1
      and f.state = 'uploaded'
      and casebase.object_version(f.bucket_id, f.object_path) = $2
    returning to_jsonb(f)
  $sql$, casebase.files_of(kind)) into verified using id, object_version, sha256, file_size, content_type, notes;
  if verified is null then
    raise exception '% % was replaced or is not waiting for verification', kind, id
      using errcode = 'object_not_in_prerequisite_state', hint = 'Begin again.';
  end if;
  return verified;
end
$$;

-- The same for bytes that the service itself wrote a moment ago, while the row is pending: they need not be read back where
-- Storage's own record of the object proves that they arrived. It was written once, so by whom its success was told; its
-- size and its tag, which is an MD5, are those of what was sent ("etags": the forms in which Storage's backends give it).
-- Answers the row as "file", or null where that proves nothing and nothing has changed; and the object's tag as "etag". The
-- row is locked first, so that whoever overwrites the object has done it before, or finds the row no longer pending
-- (keep_object).
create function casebase.verification_finish_sent(
  kind         text,
  id           bigint,
  etags        text[],
  sha256       text,
  file_size    bigint,
  content_type text,
  notes        text[] default '{}'
) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  bucket   text;
  path     text;
  written  record;
  verified jsonb;
begin
  execute format($sql$
    select f.bucket_id, f.object_path
    from %s f
    where f.id = $1
      and f.state = 'pending'
    for update
  $sql$, casebase.files_of(kind)) into bucket, path using id;
  if path is null then
    raise exception '% % is not pending', kind, id using errcode = 'object_not_in_prerequisite_state';
  end if;
  select coalesce(o.version, '') as version,
         btrim(o.metadata ->> 'eTag', '"') as etag,
         o.metadata ->> 'size' = file_size::text
           and not exists (
             select from casebase.overwritten_objects w
             where w.bucket_id = o.bucket_id and w.object_path = o.name
           ) as whole
  into written
  from storage.objects o
  where o.bucket_id = bucket
    and o.name = path;
  if written.whole and written.etag = any (etags) then
    execute format($sql$
      update %s f
      set state          = 'available',
          object_version = $2,
          sha256         = $3,
          file_size      = $4,
          content_type   = $5,
          notes          = $6
      where f.id = $1
      returning to_jsonb(f)
    $sql$, casebase.files_of(kind)) into verified using id, written.version, sha256, file_size, content_type, notes;
  end if;
  return jsonb_build_object('file', verified, 'etag', written.etag);
end
$$;

create function casebase.verification_reject(kind text, id bigint, reason text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rejected bigint;
begin
  execute format($sql$
    update %s f
    set state     = 'deleting',
        rejection = left($2, 1000)
    where f.id = $1
      and f.state in ('pending', 'uploaded')
    returning f.id
  $sql$, casebase.files_of(kind)) into rejected using id, reason;
  if rejected is null then
    raise exception '% % is not waiting for verification', kind, id using errcode = 'object_not_in_prerequisite_state';
  end if;
  if kind = 'case_file' then
    perform casebase.record_rejected_file(id);
  end if;
end
$$;

-- Lets go of an upload that its caller's token can't take back any more, having ended while the bytes came: the row goes,
-- or, where an object lies at its place, which only Storage deletes, is left to who may delete it. Nothing of a file that
-- is available. Answers whether no row is left.
create function casebase.upload_withdraw(kind text, id bigint) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  left_over boolean;
begin
  execute format($sql$
    update %s f
    set state     = 'deleting',
        rejection = 'its upload was not finished'
    where f.id = $1
      and f.state in ('pending', 'uploaded')
  $sql$, casebase.files_of(kind)) using id;
  execute format($sql$
    delete from %s f
    where f.id = $1
      and f.state = 'deleting'
      and not casebase.has_objects(to_jsonb(f))
  $sql$, casebase.files_of(kind)) using id;
  execute format('select exists (select from %s f where f.id = $1)', casebase.files_of(kind)) into left_over using id;
  return not left_over;
end
$$;

-- How many bytes one of our buckets takes in one object; null: it has no limit of its own, or is none of ours. Storage's
-- REST interface holds a body to it only where it is told the body's length, so the service holds the others: whoever
-- reserves a file is told (reserve_case_file).
create function casebase.bucket_size_limit(bucket_id text) returns bigint
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select b.file_size_limit
  from storage.buckets b
  where b.id = bucket_size_limit.bucket_id
    and b.id in ('admin-bucket', 'client-bucket')
$$;


-- supabase/schemas/files/moving.sql

-- A file moves between the buckets when it is shown to the client, or hidden from them. Its row keeps a second place:
--
-- 1. change_file_visibility notes where it is to lie. What is hidden is hidden at once; what is shown is seen at the end.
-- 2. The object is copied there, by whoever moves the file or by a secret key. It lies in its old place still.
-- 3. file_move_finish switches the row, which from then on names the copy, and its second place the old object.
-- 4. The old object is deleted, then file_move_end forgets its place, which is never used again.
--
-- It may die between any two steps, and whoever goes on asks where it stands: after 1 the copy is made, or found; after 2
-- it is read and compared, so that nobody's other bytes count; after 3 only the deletion is left. Until 3 the file is read
-- where it was, from 3 on where it is.

-- Asked by whoever sees the file (change_file_visibility); answers the row.
create function casebase.move_file(file_id bigint, to_client boolean) returns public.case_files
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  f      public.case_files;
  wanted text := case when to_client then 'client-bucket' else 'admin-bucket' end;
  folder text;
begin
  select * into f from public.case_files c where c.id = file_id for update;
  if not exists (select from casebase.seen_cases c where c.id = f.case_id and c.seen_as = 'staff') then
    raise exception 'only staff show a file to the client or hide it from them'
      using errcode = 'insufficient_privilege';
  end if;
  if f.state <> 'available' then
    raise exception 'the file is %', f.state
      using errcode = 'PT409', hint = 'Only a file that is available is shown to the client, or hidden from them.';
  end if;
  if to_client then
    perform casebase.check_shown(f.interaction_id) where f.interaction_id is not null;
  end if;

  if f.other_state is null and f.bucket_id <> wanted then
    folder := left(f.object_path, -length(f.file_name));
    update public.case_files c
    set other_bucket_id   = wanted,
        other_object_path = folder || casebase.free_file_name(wanted, folder, f.file_name),
        other_state       = 'pending',
        moved_by          = casebase.caller_id(),
        visible_to_client = c.visible_to_client and to_client
    where c.id = f.id
    returning c.* into f;
  elsif f.other_state = 'pending' then
    -- Somebody else goes on with it; or it is called off, and what is there of the copy goes.
    update public.case_files c
    set other_state       = case when c.bucket_id = wanted then 'deleting' else 'pending' end,
        moved_by          = casebase.caller_id(),
        visible_to_client = c.visible_to_client or c.bucket_id = wanted and to_client
    where c.id = f.id
    returning c.* into f;
  elsif f.bucket_id <> wanted then
    raise exception 'the file is being moved'
      using errcode = 'PT409', hint = 'Ask for what it becomes first: that ends the move. Then ask again.';
  elsif f.other_state = 'deleting' or f.visible_to_client <> to_client then
    -- Whoever asks may clear away what is left of a move; or it was hidden, and then could not be moved.
    update public.case_files c
    set moved_by          = casebase.caller_id(),
        visible_to_client = to_client
    where c.id = f.id
    returning c.* into f;
  end if;
  return f;
end
$$;

-- A file that goes stops moving: where it was to lie nothing is written any more. What lies there is read by whoever
-- deletes the file, and not by who moved it: to delete is to read, for Storage.
create function casebase.stop_moving() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  new.other_state := 'deleting';
  new.moved_by := coalesce(casebase.caller_id(), new.moved_by);
  return new;
end
$$;

create trigger b_stop_moving before update on public.case_files
  for each row when (new.state = 'deleting' and new.other_state is not null)
  execute function casebase.stop_moving();

-- The service's steps. 55000: not in a state for it.

-- The version of the copy.
create function casebase.file_move_copied(file_id bigint) returns text
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  version text;
begin
  select casebase.object_version(f.other_bucket_id, f.other_object_path) into version
  from public.case_files f
  where f.id = file_id
    and f.other_state = 'pending';
  if version is null then
    raise exception 'file % has no copy', file_id using errcode = 'object_not_in_prerequisite_state';
  end if;
  return version;
end
$$;

-- "object_version", "sha256": of the copy, as it was read. The row is locked first: whoever writes the copy over has done
-- it before, and is seen, or finds the row moved (keep_object). Answers the row.
create function casebase.file_move_finish(file_id bigint, object_version text, sha256 text) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  moved jsonb;
begin
  perform from public.case_files f where f.id = file_id for update;
  update public.case_files f
  set bucket_id         = f.other_bucket_id,
      object_path       = f.other_object_path,
      file_name         = regexp_replace(f.other_object_path, '^.*/', ''),
      object_version    = file_move_finish.object_version,
      visible_to_client = f.other_bucket_id = 'client-bucket',
      other_bucket_id   = f.bucket_id,
      other_object_path = f.object_path,
      other_state       = 'deleting',
      other_version     = f.object_version
  where f.id = file_id
    and f.other_state = 'pending'
    and f.sha256 = file_move_finish.sha256
    and casebase.object_version(f.other_bucket_id, f.other_object_path) = file_move_finish.object_version
  returning to_jsonb(f) into moved;
  if moved is null then
    raise exception 'the copy of file % was replaced, is another, or is not waited for', file_id
      using errcode = 'object_not_in_prerequisite_state', hint = 'Begin again.';
  end if;
  return moved;
end
$$;

-- Lets go of a copy that can't be used: what is there of it goes, and the file stays where it is.
create function casebase.file_move_give_up(file_id bigint) returns void
  language sql security definer set search_path = pg_catalog, pg_temp
as $$
  update public.case_files f set other_state = 'deleting' where f.id = file_id and f.other_state = 'pending'
$$;

-- Forgets the second place, once nothing lies there. Answers the row.
create function casebase.file_move_end(file_id bigint) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  f public.case_files;
begin
  select * into f
  from public.case_files c
  where c.id = file_id
    and c.other_state = 'deleting'
    and casebase.object_version(c.other_bucket_id, c.other_object_path) is null
  for update;
  if not found then
    raise exception 'file % has not ended to move', file_id using errcode = 'object_not_in_prerequisite_state';
  end if;
  perform casebase.spend(f.other_bucket_id, f.other_object_path);
  update public.case_files c
  set other_bucket_id   = null,
      other_object_path = null,
      other_state       = null,
      other_version     = null
  where c.id = file_id
  returning c.* into f;
  return to_jsonb(f);
end
$$;


-- supabase/schemas/files/sweeping.sql

-- What was begun and never ended, and what is not as it should be: what the service does and says by itself, by its own role.

-- What changed less than this long ago somebody may be about.
create function casebase.settling_time() returns interval
  language sql immutable set search_path = pg_catalog, pg_temp
as $$ select interval '15 minutes' $$;

-- How long a file may stay pending. More than any URL or token lives that writes its object: of Storage, a signed URL two
-- hours, an upload in pieces 24. (That they are written in vain later is keep_object's part.)
create function casebase.pending_time() returns interval
  language sql immutable set search_path = pg_catalog, pg_temp
as $$ select interval '48 hours' $$;

-- The next steps, oldest first:
--   verify  its object is there, and whoever wrote it didn't see to the end
--   remove  nobody ends it any more: it was never written, its uploader is gone, or it was to be deleted
--   move    it is to lie in the other bucket
--   clear   it lies there, and its old object is left
-- A step that was done meanwhile is refused by what does it.
create function casebase.files_to_sweep() returns table (
  kind              text,
  id                bigint,
  step              text,
  bucket_id         text,
  object_path       text,
  other_bucket_id   text,
  other_object_path text,
  original_name     text,
  content_type      text,
  file_size         bigint,
  sha256            text
)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with unfinished as (
    select 'case_file' as kind, f.id, f.state, f.uploaded_by, f.rejection, f.updated_at, f.bucket_id, f.object_path,
           f.other_state, f.other_bucket_id, f.other_object_path, f.original_name, f.content_type, f.file_size, f.sha256
    from public.case_files f
    where f.state <> 'available' or f.other_object_path is not null
    union all
    select 'client_document', d.id, d.state, d.uploaded_by, d.rejection, d.updated_at, d.bucket_id, d.object_path,
           null, null, null, d.original_name, d.content_type, d.file_size, d.sha256
    from public.client_documents d
    where d.state <> 'available'
  ),
  found as (
    select u.*,
           case
             when u.state = 'available' then case u.other_state when 'pending' then 'move' else 'clear' end
             when u.state = 'deleting' or u.uploaded_by is null
               or casebase.object_version(u.bucket_id, u.object_path) is null
             then 'remove'
             else 'verify'
           end as step,
           -- Why a file was refused its uploader may read for a while.
           case
             when u.state = 'pending' or u.state = 'deleting' and u.rejection is not null
             then casebase.pending_time()
             else casebase.settling_time()
           end as patience
    from unfinished u
  )
  select f.kind, f.id, f.step, f.bucket_id, f.object_path, f.other_bucket_id, f.other_object_path,
         f.original_name, f.content_type, f.file_size, f.sha256
  from found f
  where f.updated_at <= now() - f.patience
  order by f.updated_at, f.id
$$;

-- Says in its uploader's place that a pending file's object is there.
create function casebase.upload_complete(kind text, id bigint) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  execute format($sql$update %s f set state = 'uploaded' where f.id = $1 and f.state = 'pending'$sql$, casebase.files_of(kind))
  using id;
end
$$;

-- The files that can be read, those of a kind after one, a thousand at a time, and what is wrong with each: null, nothing.
create function casebase.check_files(kind text, after bigint) returns table (id bigint, fault text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  for id, fault in execute format($sql$
    select f.id,
           case
             when o.id is null then 'its object is not there'
             when coalesce(o.version, '') <> f.object_version then 'its object is another version than was checked'
             when (o.metadata ->> 'size')::numeric <> f.file_size then 'its object has another size'
           end
    from %s f
    left join storage.objects o on o.bucket_id = f.bucket_id and o.name = f.object_path
    where f.state = 'available'
      and f.id > $1
    order by f.id
    limit 1000
  $sql$, casebase.files_of(kind)) using after
  loop
    return next;
  end loop;
end
$$;

-- The objects of a bucket after one, a thousand at a time, and whether a file names each. What none names is nobody's here
-- to delete: it may be older than Casebase, or a person's repair.
create function casebase.check_objects(bucket text, after text) returns table (object_path text, is_named boolean)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select o.name,
         exists (
           select from casebase.reserved_objects r
           where r.bucket_id = o.bucket_id and r.object_path = o.name collate "C"
         )
  from storage.objects o
  where o.bucket_id = bucket
    and bucket in ('admin-bucket', 'client-bucket')
    and o.name collate "C" > after collate "C"
  order by o.name collate "C"
  limit 1000
$$;


-- supabase/schemas/files/quota.sql

-- How many bytes the files and documents of one client may have in all, for case_settings. It holds for everybody.

-- What is on its way counts with what it was announced as, so that many at once don't pass one by one; what goes doesn't.
create function casebase.bytes_of_client(client uuid) returns bigint
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(kept.bytes), 0)::bigint
  from (
    select f.file_size as bytes
    from public.cases c
    join public.case_files f on f.case_id = c.id
    where c.client_id = client
      and f.state <> 'deleting'
    union all
    select d.file_size
    from public.client_documents d
    where d.client_id = client
      and d.state <> 'deleting'
  ) kept
$$;

-- Asked when a file is reserved and when its true size is known. Whoever adds to a client waits for whoever came before.
-- AFTER: the policies have spoken.
create function casebase.hold_quota() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most   bigint := (select s.bytes_per_client from public.case_settings s);
  client uuid   := to_jsonb(new) ->> 'client_id';
begin
  if most is null then
    return null;
  end if;
  if tg_relid = 'public.case_files'::regclass then
    select c.client_id into client from public.cases c where c.id = (to_jsonb(new) ->> 'case_id')::bigint;
  end if;
  perform pg_advisory_xact_lock(hashtext('casebase.hold_quota'), hashtext(client::text));
  if casebase.bytes_of_client(client) > most then
    raise exception 'the files of one client may have % bytes in all', most
      using errcode = 'check_violation', column = 'file_size',
            hint = 'Delete files that are not needed any more, or have an admin raise case_settings.bytes_per_client.';
  end if;
  return null;
end
$$;

-- A file's size changes with its state only (keep_file).
create trigger hold_quota after insert or update of state on public.case_files
  for each row when (new.state <> 'deleting') execute function casebase.hold_quota();
create trigger hold_quota after insert or update of state on public.client_documents
  for each row when (new.state <> 'deleting') execute function casebase.hold_quota();

-- Of a client of the caller's, or of any for staff.
create function casebase.client_usage(client uuid) returns jsonb
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from public.clients c
    where c.id = client
      and (casebase.is_staff() or c.id = any (casebase.my_clients()))
  ) then
    raise exception 'there is no such client' using errcode = 'PT404', detail = 'client_id';
  end if;
  return jsonb_build_object(
    'used_bytes', casebase.bytes_of_client(client),
    'most_bytes', (select s.bytes_per_client from public.case_settings s)
  );
end
$$;


-- supabase/schemas/files/rpc.sql

-- What frontends and the service call as rpc.

create function public.client_usage(client_id uuid) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$ select casebase.client_usage(client_id) $$;
comment on function public.client_usage(uuid) is
  'How many bytes the files and documents of a client have, and may have.

For the client''s members and staff.

- client_id: the client (clients.id).

Returns {"used_bytes", "most_bytes"}; most_bytes is null where there is no limit (case_settings.bytes_per_client).

- PT404: there is no such client, or none of the caller''s.';

create function public.change_file_visibility(file_id bigint, visible_to_client boolean) returns jsonb
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if visible_to_client is null then
    raise exception 'visible_to_client is missing' using errcode = 'null_value_not_allowed', hint = 'It is true or false.';
  end if;
  if not exists (select from public.case_files f where f.id = file_id) then
    raise exception 'there is no such file' using errcode = 'PT404', detail = 'file_id';
  end if;
  return to_jsonb(casebase.move_file(file_id, visible_to_client));
end
$$;
comment on function public.change_file_visibility(bigint, boolean) is
  'Shows a file to the client, or hides it from them, which moves its object to the other bucket.

Hidden, it is so at once. Shown, it is seen once its object was moved: the service''s route POST /v1/files/{id}/visibility does both, and the service by itself where it has a secret key. While other_state is pending, the file is on its way.

For staff who see the file''s case as staff.

- file_id: the file (case_files.id).
- visible_to_client: whether the client is to see it.

Returns its row.

- PT404: there is no such file, or none that the caller sees.
- PT409: it is not available, or still moving the other way.
- 42501: the caller is not staff of its case.
- 22004: visible_to_client is null.
- 23514: it belongs to an interaction that the client does not see.';

-- A case that the caller doesn't see and one that doesn't exist get the same 404; so do interactions. The policies and rules
-- of case_files decide the rest.
create function public.reserve_case_file(
  case_number       text,
  original_name     text,
  content_type      text,
  file_name         text    default '',
  file_size         bigint  default 0,
  interaction_id    bigint  default null,
  visible_to_client boolean default false
) returns jsonb
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  the_case bigint;
  reserved public.case_files;
begin
  select c.id into the_case from public.cases c where c.case_id = case_number;
  if not found then
    raise exception 'there is no such case' using errcode = 'PT404', detail = 'case_number';
  end if;
  if interaction_id is not null and not exists (
    select from public.interactions i
    where i.id = reserve_case_file.interaction_id and i.case_id = the_case
  ) then
    raise exception 'the case has no such interaction' using errcode = 'PT404', detail = 'interaction_id';
  end if;
  insert into public.case_files
    (case_id, interaction_id, file_name, original_name, content_type, file_size, visible_to_client)
  values
    (the_case, interaction_id, file_name, original_name, content_type, file_size, coalesce(visible_to_client, false))
  returning * into reserved;
  return jsonb_build_object('file', to_jsonb(reserved), 'size_limit', casebase.bucket_size_limit(reserved.bucket_id));
end
$$;
comment on function public.reserve_case_file(text, text, text, text, bigint, bigint, boolean) is
  'Reserves a place for a file of a case: its row, pending, and how many bytes its bucket takes.

The object is then uploaded to bucket_id and object_path of the row.

For whoever sees the case.

- case_number: the number of the case, e.g. CASE-0001.
- original_name: what the file is called where it comes from.
- content_type: its media type, e.g. application/pdf.
- file_name: as case_files.file_name; empty: the database makes it.
- file_size: in bytes, as it is announced; 0: not known yet.
- interaction_id: the interaction of the case that it belongs to; null: the case itself.
- visible_to_client: whether the client sees it. What a client adds, they see.

Returns {"file": its row, "size_limit": the most bytes that its bucket takes, or null}.

- PT404: there is no such case or interaction of it, or none that the caller sees.
- 23514: a name, the type or the size is not taken, or the client''s files have as many bytes as they may.';

-- The versions of a document, by its number or that of any of them: the current one first, then the newest.
create function public.document_versions(id bigint) returns setof public.client_documents
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select d.*
  from public.client_documents d
  where d.document_id = coalesce(
    (select v.document_id from public.client_documents v where v.id = document_versions.id),
    document_versions.id
  )
  order by (d.state = 'available' and d.replaced_at is null) desc, d.id desc
$$;
comment on function public.document_versions(bigint) is
  'The versions of a document that the caller sees: the current one first, then the newest.

For whoever sees the document; versions that were replaced, for those who write documents.

- id: the document (client_documents.document_id), or any version of it (client_documents.id).

Returns a row for each version; none where there is no such document.';

-- Reserves a place for a document, or, where it is given document_id, for another version of the one that this names, which
-- lies where the others do. The policies and rules of client_documents decide the rest.
create function public.reserve_client_document(
  original_name text,
  content_type  text,
  file_name     text   default '',
  file_size     bigint default 0,
  client_id     uuid   default null,
  category      text   default null,
  document_id   bigint default 0
) returns jsonb
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  reserved public.client_documents;
begin
  if document_id <> 0 then
    select d.client_id, d.category, d.document_id into client_id, category, document_id
    from public.document_versions(document_id) d
    where d.state = 'available'
    limit 1;
    if not found then
      raise exception 'there is no such document' using errcode = 'PT404', detail = 'document_id';
    end if;
  elsif not exists (select from public.document_categories c where c.code = category) then
    raise exception 'there is no category "%"', category
      using errcode = 'PT404', detail = 'category',
            hint = coalesce(
              'There are ' || (select string_agg(c.code, ', ' order by c.code) from public.document_categories c) || '.',
              'There are none that you see.'
            );
  end if;
  insert into public.client_documents
    (client_id, category, document_id, file_name, original_name, content_type, file_size)
  values
    (client_id, category, coalesce(document_id, 0), file_name, original_name, content_type, file_size)
  returning * into reserved;
  return jsonb_build_object('file', to_jsonb(reserved), 'size_limit', casebase.bucket_size_limit(reserved.bucket_id));
end
$$;
comment on function public.reserve_client_document(text, text, text, bigint, uuid, text, bigint) is
  'Reserves a place for a document of a client, or for another version of one: its row, pending, and how many bytes its bucket takes.

The object is then uploaded to bucket_id and object_path of the row.

For admins and staff of scope all or departments.

- original_name: what the file is called where it comes from.
- content_type: its media type, e.g. application/pdf.
- file_name: as client_documents.file_name; empty: the database makes it.
- file_size: in bytes, as it is announced; 0: not known yet.
- client_id: the client (clients.id); of another version it is not asked.
- category: the category (document_categories.code); of another version it is not asked.
- document_id: the document that this is another version of, or any version of it; 0: a new one.

Returns {"file": its row, "size_limit": the most bytes that its bucket takes, or null}.

- PT404: there is no such document or category, or none that the caller sees.
- 42501: the caller may not write documents.
- 23503: there is no such client.
- 23514: a name, the type or the size is not taken, or the client''s files have as many bytes as they may.';

create type public.document_page as (documents public.client_documents[], next_cursor text);
comment on type public.document_page is
  'A page of rpc/list_client_documents.';
comment on column public.document_page.documents is 'The documents, newest first.';
comment on column public.document_page.next_cursor is 'What to give as cursor for the next page; null on the last one.';

create function public.list_client_documents(
  client_id uuid,
  category  text    default null,
  page_size integer default 100,
  cursor    text    default null
) returns public.document_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  place text[] := case when cursor is not null then casebase.read_cursor(cursor, 'documents', '{timestamptz,bigint}') end;
  page  public.document_page;
  last  public.client_documents;
begin
  perform casebase.check_page_size(page_size);
  if not casebase.is_staff() and (client_id = any (casebase.my_clients())) is not true then
    raise exception 'there is no such client' using errcode = 'PT404', detail = 'client_id';
  end if;
  page.documents := array(
    select d
    from public.client_documents d
    where d.client_id = list_client_documents.client_id
      and (list_client_documents.category is null or d.category = list_client_documents.category)
      and d.replaced_at is null
      and (d.uploaded_at, d.id) < (coalesce(place[1]::timestamptz, 'infinity'), coalesce(place[2]::bigint, 0))
    order by d.uploaded_at desc, d.id desc
    limit page_size + 1
  );
  if cardinality(page.documents) > page_size then
    page.documents := page.documents[:page_size];
    last := page.documents[page_size];
    page.next_cursor := casebase.write_cursor(jsonb_build_array('documents', last.uploaded_at, last.id));
  end if;
  return page;
end
$$;
comment on function public.list_client_documents(uuid, text, integer, text) is
  'The documents of a client that the caller sees, each by its current version, newest first, a page at a time.

What the caller uploads is there from the beginning.

For the client''s members and staff.

- client_id: the client (clients.id).
- category: of this category only (document_categories.code); null: of every one.
- page_size: how many at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.

Returns a page.

- PT404: there is no such client, or none of the caller''s.
- 22023: page_size is out of range, or cursor is none that this list gave.';


-- supabase/schemas/idempotency_keys.sql

-- Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): what the service answered to a request that may come again.
--
-- A request with a key claims it, does its work and writes its answer down. What the work made is noted beside the claim in
-- the work's own transaction, so whoever died in between has made nothing, or it is known what. A claim lives as long as it
-- is kept alive; then the next request under the key takes over with a claim of its own, and what the old one still tries
-- to make is refused. All of it is the caller's own: somebody else's key is another key.

create table casebase.idempotency_keys (
  user_id     uuid        not null,
  key         text        not null,
  -- Of what was asked, as far as it is known at the beginning: a hash.
  asked       text        not null,
  claim       uuid        not null default gen_random_uuid(),
  alive_until timestamptz not null,
  made_id     bigint,
  -- Of the bytes of a file, which are known at the end.
  content     text,
  status      integer,
  location    text,
  body        text,
  expires_at  timestamptz not null,
  constraint idempotency_keys_pkey primary key (user_id, key),
  constraint idempotency_keys_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint idempotency_keys_key_check check (key ~ '^[ !#-\[\]-~]{1,255}$'),
  constraint idempotency_keys_asked_check check (asked ~ '^[0-9a-f]{64}$'),
  constraint idempotency_keys_content_check check (content ~ '^[0-9a-f]{64}$'),
  constraint idempotency_keys_status_check check (status between 200 and 299),
  constraint idempotency_keys_location_check check (octet_length(location) <= 1000),
  constraint idempotency_keys_body_check check (octet_length(body) <= 1048576)
);
comment on table casebase.idempotency_keys is 'Requests that may be repeated, for a day: by whom, under which key, and what was answered.';
comment on column casebase.idempotency_keys.claim is 'Whose turn it is; another with each turn.';
comment on column casebase.idempotency_keys.made_id is 'The id of the case, interaction or file that the request made.';
alter table casebase.idempotency_keys enable row level security;
revoke all on casebase.idempotency_keys from public, anon, authenticated, service_role;
create index idempotency_keys_expires_at_idx on casebase.idempotency_keys (expires_at);

-- Whose turn it is: {"turn": "mine", "claim", "made_id"}; {"turn": "answered", "status", "location", "body", "content"};
-- {"turn": "running"}; {"turn": "other"}, where the key came with another request.
create function casebase.claim_idempotency_key(key text, asked text) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me    uuid := casebase.caller_id();
  known casebase.idempotency_keys;
begin
  -- Who can make nothing has nothing to repeat.
  if not casebase.is_known() then
    raise exception 'you have no role in this project' using errcode = 'insufficient_privilege';
  end if;
  delete from casebase.idempotency_keys k
  where k.user_id = me and k.key = claim_idempotency_key.key and k.expires_at < now();
  insert into casebase.idempotency_keys (user_id, key, asked, alive_until, expires_at)
  values (me, claim_idempotency_key.key, claim_idempotency_key.asked, now() + interval '1 minute', now() + interval '1 day')
  on conflict do nothing
  returning * into known;
  if found then
    -- Answers take room for a day.
    if (select count(*) from casebase.idempotency_keys k where k.user_id = me and k.expires_at > now()) > 1000 then
      raise exception 'you have used 1000 keys in a day'
        using errcode = 'PT429',
              -- The service makes Retry-After of it.
              detail = (
                select to_char(min(k.expires_at) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                from casebase.idempotency_keys k
                where k.user_id = me and k.expires_at > now()),
              hint = 'Send requests that need not be repeated without an Idempotency-Key.';
    end if;
    return jsonb_build_object('turn', 'mine', 'claim', known.claim, 'made_id', null);
  end if;

  select k.* into known
  from casebase.idempotency_keys k
  where k.user_id = me and k.key = claim_idempotency_key.key
  for update;
  -- Let go of in this moment: whoever comes again claims it.
  if not found then
    return jsonb_build_object('turn', 'running');
  end if;
  if known.asked <> claim_idempotency_key.asked then
    return jsonb_build_object('turn', 'other');
  end if;
  if known.status is not null then
    return jsonb_build_object('turn', 'answered', 'status', known.status, 'location', known.location,
                              'body', known.body, 'content', known.content);
  end if;
  if known.alive_until > now() then
    return jsonb_build_object('turn', 'running');
  end if;
  update casebase.idempotency_keys k
  set claim       = gen_random_uuid(),
      alive_until = now() + interval '1 minute'
  where k.user_id = me and k.key = known.key
  returning * into known;
  return jsonb_build_object('turn', 'mine', 'claim', known.claim, 'made_id', known.made_id);
end
$$;

-- For another minute, while the work goes on. Whether it is still the caller's turn.
create function casebase.keep_idempotency_key(claim uuid) returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update casebase.idempotency_keys k
  set alive_until = now() + interval '1 minute'
  where k.user_id = casebase.caller_id() and k.claim = keep_idempotency_key.claim and k.status is null;
  return found;
end
$$;

-- The work is done: its answer, for whoever asks again.
create function casebase.answer_idempotency_key(claim uuid, status integer, location text, body text, content text)
  returns boolean
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update casebase.idempotency_keys k
  set status   = answer_idempotency_key.status,
      location = answer_idempotency_key.location,
      body     = answer_idempotency_key.body,
      content  = answer_idempotency_key.content
  where k.user_id = casebase.caller_id() and k.claim = answer_idempotency_key.claim and k.status is null;
  return found;
end
$$;

-- The work failed: the key is free. Where something was made all the same, the next request looks at it.
create function casebase.release_idempotency_key(claim uuid) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.idempotency_keys k
  where k.user_id = casebase.caller_id() and k.claim = release_idempotency_key.claim
    and k.status is null and k.made_id is null;
  update casebase.idempotency_keys k
  set alive_until = now()
  where k.user_id = casebase.caller_id() and k.claim = release_idempotency_key.claim;
end
$$;

-- The service says under which claim it writes. AFTER: the policies have spoken.
create function casebase.note_what_was_made() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update casebase.idempotency_keys k
  set made_id     = new.id,
      alive_until = now() + interval '1 minute'
  where k.user_id = casebase.caller_id()
    and k.claim::text = current_setting('request.headers')::jsonb ->> 'casebase-claim'
    and k.status is null;
  if not found then
    raise exception 'another request under the same Idempotency-Key has taken over' using errcode = 'PT409';
  end if;
  return null;
end
$$;

create trigger note_what_was_made after insert on public.cases
  for each row when (current_setting('request.headers', true) like '%"casebase-claim"%')
  execute function casebase.note_what_was_made();
-- Of a reply to a closed case, after the case that it opens.
create trigger note_what_was_made after insert on public.interactions
  for each row when (current_setting('request.headers', true) like '%"casebase-claim"%')
  execute function casebase.note_what_was_made();
create trigger note_what_was_made after insert on public.case_files
  for each row when (current_setting('request.headers', true) like '%"casebase-claim"%')
  execute function casebase.note_what_was_made();
create trigger note_what_was_made after insert on public.client_documents
  for each row when (current_setting('request.headers', true) like '%"casebase-claim"%')
  execute function casebase.note_what_was_made();

-- By the service, every now and then; a thousand at a time.
create function casebase.forget_idempotency_keys() returns void
  language sql security definer set search_path = pg_catalog, pg_temp
as $$
  delete from casebase.idempotency_keys k
  where (k.user_id, k.key) in (
    select e.user_id, e.key
    from casebase.idempotency_keys e
    where e.expires_at < now()
    order by e.expires_at
    limit 1000
  )
$$;

create function public.claim_idempotency_key(key text, asked text) returns jsonb
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.claim_idempotency_key(key, asked)
$$;
comment on function public.claim_idempotency_key(text, text) is
  'Whose turn it is under an Idempotency-Key of the caller''s (draft-ietf-httpapi-idempotency-key-header).

A key is kept for a day, for each caller by themselves. A claim lives for a minute, unless rpc/keep_idempotency_key keeps it alive.

For the service, with the token of whoever asked it.

- key: the key, 1 to 255 printable characters of ASCII without " and \.
- asked: the SHA-256 of what was asked, in hexadecimal.

Returns {"turn": "mine", "claim", "made_id"}; {"turn": "answered", "status", "location", "body", "content"}; {"turn": "running"}; or {"turn": "other"}, where the key came with another request.

- 42501: the caller has no role in this project.
- PT429: they have used 1000 keys in a day; details says when there is room.
- 23514: the key or the hash is none.';

create function public.keep_idempotency_key(claim uuid) returns boolean
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.keep_idempotency_key(claim)
$$;
comment on function public.keep_idempotency_key(uuid) is
  'Keeps a claim alive for another minute, while the work under it goes on.

For the service, with the token of whoever asked it.

- claim: the claim, of rpc/claim_idempotency_key.

Returns whether it is still the caller''s turn.';

create function public.answer_idempotency_key(
  claim    uuid,
  status   integer,
  location text default null,
  body     text default null,
  content  text default null
) returns boolean
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.answer_idempotency_key(claim, status, location, body, content)
$$;
comment on function public.answer_idempotency_key(uuid, integer, text, text, text) is
  'Writes down what was answered, for whoever asks again under the same key.

For the service, with the token of whoever asked it.

- claim: the claim, of rpc/claim_idempotency_key.
- status: the HTTP status, 200 to 299.
- location: the header Location; null: none.
- body: the body, up to 1 MiB; null: none.
- content: the SHA-256 of the bytes that were sent, in hexadecimal; null: none were.

Returns whether it was still the caller''s turn.

- 23514: an argument is none of what is accepted.';

create function public.release_idempotency_key(claim uuid) returns void
  language sql set search_path = pg_catalog, pg_temp
as $$
  select casebase.release_idempotency_key(claim)
$$;
comment on function public.release_idempotency_key(uuid) is
  'Lets go of a claim whose work failed: the key is free, unless something was made all the same.

For the service, with the token of whoever asked it.

- claim: the claim, of rpc/claim_idempotency_key.

Returns nothing.';


-- supabase/schemas/search/entries.sql

-- The words of every text that is searched: of a case (title and description), of an interaction, of an internal note, and
-- the name of a file that is available. A table of its own, because an index of the words on the tables themselves would be
-- written anew with every change of a case, and would not say how often a word occurs.
--
-- Whether somebody sees the case is asked of the case; shown says whether its client sees this text of it. The planner may
-- know which words are frequent: nobody but the owner reads the table, and nobody else is told a plan.
create table casebase.search_entries (
  id        bigint  not null generated always as identity,
  case_id   bigint  not null,
  source    text    not null,
  source_id bigint  not null,
  shown     boolean not null,
  words     tsvector not null,
  constraint search_entries_pkey primary key (id),
  constraint search_entries_source_key unique (case_id, source, source_id),
  constraint search_entries_source_check check (source in ('case', 'interaction', 'note', 'file'))
);
alter table casebase.search_entries enable row level security;
revoke all on casebase.search_entries from public, anon, authenticated, service_role;
-- What was written last waits in a list that every search reads and that whoever fills it sorts in: a short one.
create index search_entries_words_idx on casebase.search_entries using gin (words) with (gin_pending_list_limit = 512);

-- An entry is written with its text, in one statement of the trigger: whoever writes waits for it.
create function casebase.search_case() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    insert into casebase.search_entries (case_id, source, source_id, shown, words)
    values (new.id, 'case', new.id, true, casebase.case_words(new.id, new.title, new.description));
  else
    update casebase.search_entries e
    set words = casebase.case_words(new.id, new.title, new.description)
    where e.case_id = new.id and e.source = 'case';
  end if;
  return null;
end
$$;
create trigger search_new_case after insert on public.cases
  for each row execute function casebase.search_case();
create trigger search_changed_case after update of title, description on public.cases
  for each row
  when (new.title is distinct from old.title or new.description is distinct from old.description)
  execute function casebase.search_case();

create function casebase.search_interaction() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    insert into casebase.search_entries (case_id, source, source_id, shown, words)
    values (new.case_id, 'interaction', new.id, new.visible_to_client, setweight(casebase.search_words(new.content), 'C'));
  else
    update casebase.search_entries e
    set shown = new.visible_to_client, words = setweight(casebase.search_words(new.content), 'C')
    where e.case_id = new.case_id and e.source = 'interaction' and e.source_id = new.id;
  end if;
  return null;
end
$$;
create trigger search_new_interaction after insert on public.interactions
  for each row execute function casebase.search_interaction();
create trigger search_changed_interaction after update of content, visible_to_client on public.interactions
  for each row
  when (new.content is distinct from old.content or new.visible_to_client is distinct from old.visible_to_client)
  execute function casebase.search_interaction();

create function casebase.search_note() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    insert into casebase.search_entries (case_id, source, source_id, shown, words)
    values (new.case_id, 'note', new.id, false, setweight(casebase.search_words(new.content), 'C'));
  else
    update casebase.search_entries e
    set words = setweight(casebase.search_words(new.content), 'C')
    where e.case_id = new.case_id and e.source = 'note' and e.source_id = new.id;
  end if;
  return null;
end
$$;
create trigger search_new_note after insert on public.internal_notes
  for each row execute function casebase.search_note();
create trigger search_changed_note after update of content on public.internal_notes
  for each row
  when (new.content is distinct from old.content)
  execute function casebase.search_note();

-- A file is found while it is available: until then its uploader alone sees it, and after that it goes.
create function casebase.search_file() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.search_entries e where e.case_id = new.case_id and e.source = 'file' and e.source_id = new.id;
  if new.state = 'available' then
    insert into casebase.search_entries (case_id, source, source_id, shown, words)
    values (new.case_id, 'file', new.id, new.visible_to_client, setweight(casebase.search_words(new.original_name), 'B'));
  end if;
  return null;
end
$$;
-- Only the owner's is available at once.
create trigger search_new_file after insert on public.case_files
  for each row
  when (new.state = 'available')
  execute function casebase.search_file();
create trigger search_changed_file after update of state, visible_to_client on public.case_files
  for each row
  when (new.state is distinct from old.state or new.visible_to_client is distinct from old.visible_to_client)
  execute function casebase.search_file();

create function casebase.forget_search_entry() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.search_entries e
  where e.case_id = case tg_argv[0] when 'case' then old.id else (to_jsonb(old) ->> 'case_id')::bigint end
    and e.source = tg_argv[0]
    and e.source_id = old.id;
  return null;
end
$$;
create trigger search_deleted_case after delete on public.cases
  for each row execute function casebase.forget_search_entry('case');
create trigger search_deleted_interaction after delete on public.interactions
  for each row execute function casebase.forget_search_entry('interaction');
create trigger search_deleted_note after delete on public.internal_notes
  for each row execute function casebase.forget_search_entry('note');
create trigger search_deleted_file after delete on public.case_files
  for each row execute function casebase.forget_search_entry('file');


-- supabase/schemas/search/rpc.sql

-- Cases by their texts.

create type public.case_hit as (
  found_case public.cases,
  title      text[],
  source     text,
  source_id  bigint,
  excerpt    text[],
  rank       real
);
comment on type public.case_hit is
  'A case that rpc/search_cases found, and the best of its texts that the caller may read.

title and excerpt are text in parts: every second one, beginning with the second, is a word that was looked for; one between them may be empty. The parts put together are the text. Show them as text: what people wrote is no HTML.';
comment on column public.case_hit.found_case is 'The case. A duplicate says by merged_into where it goes on.';
comment on column public.case_hit.title is 'Its title, in parts.';
comment on column public.case_hit.source is 'What it was found by: case (its title, description or number), interaction, note or file.';
comment on column public.case_hit.source_id is 'Which one: the key of the case, the interaction, the internal note or the file.';
comment on column public.case_hit.excerpt is
  'Some 200 characters of the description, of what was said or of the file''s name, in parts; null: the case was found by its title or number alone.';
comment on column public.case_hit.rank is 'How well it fits: more is better, from 2 on it is the case of this number. Compare it within one search.';

create type public.search_page as (hits public.case_hit[], next_cursor text, is_complete boolean);
comment on type public.search_page is
  'A page of rpc/search_cases.';
comment on column public.search_page.hits is 'The cases, the best first.';
comment on column public.search_page.next_cursor is 'What to give as cursor for the next page; null on the last one.';
comment on column public.search_page.is_complete is
  'Whether all that was found was ranked. false: more than 1000 texts have these words, and only the newest 1000 are on these pages.';

-- Which texts somebody may read, as a condition of a case c and its entry e: what they see as its staff, and what is shown of
-- what they see as its client. Null where they see no case.
create function casebase.search_sight(asker casebase.asker) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  sight    text := casebase.sight(asker, false);
  as_staff text := casebase.sight(asker, true);
begin
  return sight || case when as_staff is distinct from sight then ' and (' || concat_ws(' or ', 'e.shown', as_staff) || ')' else '' end;
end
$$;

-- A text that was found, and how well it fits.
create type casebase.ranked_text as (case_id bigint, source text, source_id bigint, rank real);

-- As they are shown.
create function casebase.case_hits(texts casebase.ranked_text[], sought casebase.sought, near boolean) returns public.case_hit[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select (c, casebase.marked(c.title, sought, near), t.source, t.source_id,
            casebase.excerpt(coalesce(i.content, n.content, f.original_name, c.description), sought), t.rank)::public.case_hit
    from unnest(texts) with ordinality t
    join public.cases c on c.id = t.case_id
    left join public.interactions i on t.source = 'interaction' and i.id = t.source_id
    left join public.internal_notes n on t.source = 'note' and n.id = t.source_id
    left join public.case_files f on t.source = 'file' and f.id = t.source_id
    order by t.ordinality
  );
end
$$;

create function casebase.search_cases(search text, page_size integer, cursor text) returns public.search_page
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- Ranking reads each text's words.
  most   constant integer := 1000;
  asker  casebase.asker  := casebase.who_asks();
  sight  text            := casebase.search_sight(asker);
  sought casebase.sought := casebase.sought(search);
  place  text[]          := case when cursor is not null then casebase.read_cursor(cursor, 'search', '{real,bigint}') end;
  query  tsquery;
  found_texts integer := 0;
  texts  casebase.ranked_text[] := '{}'::casebase.ranked_text[];
  page   public.search_page;
  last   casebase.ranked_text;
begin
  if sight is null and casebase.access_problem() is not null then
    raise exception '%', casebase.access_problem() using errcode = 'PT403';
  end if;
  foreach query in array case when sight is not null then array[sought.query, sought.or_near] else '{}' end loop
    -- Planned for who asks and for what; who sees every case needs none to be looked up for that.
    execute format(
      $sql$
        with found as materialized (
          select e.id, e.case_id, e.source, e.source_id, e.words
          from casebase.search_entries e
          %1$s
          where e.words @@ %2$L::tsquery
            and %3$s
          order by e.id desc
          limit %4$s + 1
        ), best as (
          select distinct on (ranked.case_id) ranked.*
          from (
            select f.case_id, f.source, f.source_id,
                   (ts_rank(f.words, %2$L::tsquery) + case when f.source = 'case' and f.source_id = $1 then 2 else 0 end)::real as rank
            from (select * from found order by found.id desc limit %4$s) f
          ) ranked
          order by ranked.case_id, ranked.rank desc, ranked.source, ranked.source_id desc
        )
        select (select count(*) from found),
               array(
                 select (b.case_id, b.source, b.source_id, b.rank)::casebase.ranked_text
                 from best b
                 where $2 is null or (b.rank, b.case_id) < ($2, $3)
                 order by b.rank desc, b.case_id desc
                 limit $4 + 1
               )
      $sql$,
      case when not asker.sees_all then 'join public.cases c on c.id = e.case_id' end, query, sight, most)
    into found_texts, texts
    using sought.case_id, place[1]::real, place[2]::bigint, page_size;
    exit when found_texts > 0;
  end loop;
  page.is_complete := found_texts <= most;
  page.hits := casebase.case_hits(texts[:page_size], sought, query = sought.or_near);
  if cardinality(texts) > page_size then
    last := texts[page_size];
    page.next_cursor := casebase.write_cursor(jsonb_build_array('search', last.rank, last.case_id));
  end if;
  return page;
end
$$;

create function public.search_cases(search text, page_size integer default 25, cursor text default null) returns public.search_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.check_search(search);
  perform casebase.check_page_size(page_size);
  return casebase.search_cases(search, page_size, cursor);
end
$$;
comment on function public.search_cases(text, integer, text) is
  'The cases that the caller sees and that have these words, the best first, with the place where they were found.

All of the words must be in one text: in title and description, in an interaction, in an internal note for those who read them, or in the name of a file. The text is taken as it is, and no sign in it is an operator; case and accents make no difference. A word of three letters or more is also found as the beginning of another. Where no text has the words as they stand, titles are found that differ from them by a letter in a word: one mistaken, left out, too many, or two in the wrong order. A number finds its case: 12, case 12 and CASE-0012 are the same.

For everybody who is signed in: whoever sees no case gets an empty page.

- search: what is looked for, at most 500 characters. Without a letter or digit in it, it finds nothing.
- page_size: how many cases at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.

Returns a page.

- 22023: search is too long, page_size is out of range, or cursor is none that this list gave.
- PT403: the caller is on the staff and their token does not say so: sign in again, or switch the access token hook on.';


-- supabase/schemas/history/event_types.sql

-- The kinds of entry in a case's history, which are what webhooks send. A new kind is a row here and what writes it.
create table casebase.event_types (
  type       text    not null,
  meaning    text    not null,
  seen_by    text    not null,
  on_request boolean not null default false,
  constraint event_types_pkey primary key (type),
  constraint event_types_type_check check (type ~ '^[a-z_]+\.[a-z_]+$'),
  constraint event_types_seen_by_check check (seen_by in ('client', 'staff', 'subject'))
);
comment on table casebase.event_types is
  'The types of case_events. Events and the filters of webhook endpoints name only these.';
comment on column casebase.event_types.seen_by is
  'Whose timeline shows it: client (everybody who sees the case), staff, or subject (whoever sees the interaction or file).';
comment on column casebase.event_types.on_request is
  'Sent only to endpoints whose filter names it or its family; not to those without a filter.';
alter table casebase.event_types enable row level security;
revoke all on casebase.event_types from public, anon, authenticated, service_role;

insert into casebase.event_types (type, seen_by, meaning) values
  ('case.created',          'client',  'A case was opened.'),
  ('case.updated',          'client',  'Its title, description, priority, deadline, whose move it is, specialty or metadata changed.'),
  ('case.status_changed',   'client',  'Its status or stage changed.'),
  ('case.merged',           'client',  'It was merged into another case, or is no duplicate any more.'),
  ('case.escalated',        'client',  'It was escalated.'),
  ('case.assigned',         'staff',   'Who works it changed.'),
  ('case.handed_over',      'staff',   'It went to another department.'),
  ('case.deleted',          'client',  'It was deleted, and its history with it. Sent only: no history has it.'),
  ('interaction.created',   'subject', 'Something was said.'),
  ('interaction.updated',   'subject', 'What was said was changed, hidden from the client or shown to them.'),
  ('interaction.deleted',   'subject', 'What was said was deleted.'),
  ('internal_note.created', 'staff',   'Staff wrote an internal note.'),
  ('internal_note.updated', 'staff',   'An internal note was changed.'),
  ('internal_note.deleted', 'staff',   'An internal note was deleted.'),
  ('case_internal.updated', 'staff',   'Tags or data that only staff see changed.'),
  ('case_file.available',   'subject', 'A file was checked and can be read.'),
  ('case_file.moved',       'subject', 'A file that could be read was shown to the client, or hidden from them.'),
  ('case_file.deleted',     'subject', 'A file that could be read was deleted.'),
  ('case_file.rejected',    'staff',   'A file was refused when it was checked, e.g. for a virus; nobody could read it.'),
  -- Of endpoints, not of a case: no history has them.
  ('webhook.test',              'staff', 'An admin sends it to try an endpoint, whatever that asks for.'),
  ('webhook.endpoint_disabled', 'staff', 'An endpoint was switched off, because its receiver is gone or failed for long.');

update casebase.event_types set on_request = true where type like 'internal_note.%' or type like 'case_internal.%' or type like 'webhook.%';

create function casebase.no_such_event_type(type text) returns boolean
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'there is no event type %', type
    using errcode = 'check_violation', column = 'event_types',
          hint = 'There are ' || (select string_agg(t.type, ', ' order by t.type) from casebase.event_types t) || '.';
end
$$;


-- supabase/schemas/history/case_events.sql

-- The history of cases: what staff read as a timeline and what webhooks are sent from.
--
-- Entries are written by statement-level triggers in the transaction of the change itself. Each case counts its
-- own, without gaps and in commit order: whoever writes holds the case's counter until the end of the transaction.

create table casebase.case_counters (
  case_id  bigint not null,
  last_seq bigint not null,
  -- No key to cases: a case's last event is its deletion, which counts after the case is gone and takes this row along.
  constraint case_counters_pkey primary key (case_id)
)
-- Room on the page, so that counting stays a heap-only update.
with (fillfactor = 50);
comment on table casebase.case_counters is
  'The last sequence number of each case''s history. Apart from cases, whose rows foreign keys lock.';
alter table casebase.case_counters enable row level security;
revoke all on casebase.case_counters from public, anon, authenticated, service_role;

create table public.case_events (
  id                bigint      not null generated always as identity,
  case_id           bigint      not null,
  seq               bigint      not null,
  type              text        not null,
  actor_id          uuid,
  actor_name        text        not null,
  visible_to_client boolean     not null,
  data              jsonb       not null,
  created_at        timestamptz not null default clock_timestamp(),
  constraint case_events_pkey primary key (id),
  constraint case_events_case_id_seq_key unique (case_id, seq),
  constraint case_events_case_id_fkey foreign key (case_id) references public.cases (id) on delete cascade,
  constraint case_events_actor_id_fkey foreign key (actor_id) references auth.users (id) on delete set null,
  constraint case_events_type_check check (type ~ '^[a-z_]+\.[a-z_]+$'),
  constraint case_events_times_check
    check (created_at >= '0001-01-01 00:00+00' and created_at < '10000-01-01 00:00+00')
);
comment on table public.case_events is
  'The append-only history of each case. Staff read it; clients read rpc/case_timeline.

It is written in the transaction of the change itself, and kept as long as its case.

Read by staff for the cases they see as staff. Written by the database alone.';
comment on column public.case_events.id is 'The key; what rpc/undo_changes takes.';
comment on column public.case_events.case_id is 'The case (cases.id).';
comment on column public.case_events.seq is
  'Counts the entries of one case, without gaps, in the order of their commits.';
comment on column public.case_events.type is 'What happened: one of the event types.';
comment on column public.case_events.actor_id is
  'Who did it (auth.users.id); null: no user of the API, or one who is deleted.';
comment on column public.case_events.actor_name is 'What they are called. Stays when the user is deleted.';
comment on column public.case_events.visible_to_client is
  'Whether the client may know of it. rpc/case_timeline looks, too, whether they see what it is about.';
comment on column public.case_events.data is
  'case_id (CASE-0001), case (its key), client_id, and what the type adds; changes as {"changes": {"status": {"from": …, "to": …}}}.';
comment on column public.case_events.created_at is 'When it happened.';
alter table public.case_events enable row level security;
revoke all on public.case_events from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.case_events
  alter column actor_name set statistics 0,
  alter column data set statistics 0;
create index case_events_actor_id_idx on public.case_events (actor_id) where actor_id is not null;
create index case_events_created_at_idx on public.case_events (created_at desc);


-- supabase/schemas/history/recording.sql

-- Which entries a change leaves.

create type casebase.event_draft as (
  case_id            bigint,
  type               text,
  actor_id           uuid,
  subject_is_visible boolean,
  data               jsonb
);
comment on column casebase.event_draft.subject_is_visible is
  'Whether the client sees what the entry is about, where the type says that this decides.';

-- Whether the client sees an entry of this type. case_events.type has no foreign key: every change would lock the same row
-- of event_types.
create function casebase.shows_entry(type text, seen_by text, subject_is_visible boolean) returns boolean
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  return case seen_by
    when 'client' then true
    when 'staff' then false
    when 'subject' then subject_is_visible
    else casebase.no_such_event_type(type)
  end;
end
$$;

-- Writes one entry, by statements that find or write a row each: what nearly every change pays. A case that is being
-- deleted gets none: its history goes with it.
create function casebase.append_event(draft casebase.event_draft) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  subject record;
  counted bigint;
begin
  select c.case_id as number, c.client_id, t.seen_by
  into subject
  from public.cases c
  left join casebase.event_types t on t.type = draft.type
  where c.id = draft.case_id;
  if not found then
    return;
  end if;

  insert into casebase.case_counters as k (case_id, last_seq)
  values (draft.case_id, 1)
  on conflict (case_id) do update set last_seq = k.last_seq + 1
  returning k.last_seq into counted;

  insert into public.case_events (case_id, seq, type, actor_id, actor_name, visible_to_client, data)
  values (
    draft.case_id,
    counted,
    draft.type,
    -- The row may outlive the user whose token this is.
    (select u.id from auth.users u where u.id = draft.actor_id),
    coalesce(casebase.person_name(draft.actor_id, subject.client_id), 'system'),
    casebase.shows_entry(draft.type, subject.seen_by, draft.subject_is_visible),
    jsonb_build_object('case_id', subject.number, 'case', draft.case_id, 'client_id', subject.client_id) || draft.data
  );
end
$$;

-- Writes entries in the order given, as append_event does one. Counters are taken in the order of their cases, so writers
-- of the same cases queue up instead of deadlocking.
create function casebase.append_many_events(drafts casebase.event_draft[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  with draft as (
    select d.case_id, d.type, d.actor_id, d.subject_is_visible, d.data, c.case_id as number, c.client_id,
           row_number() over (partition by d.case_id order by d.position) as nth
    from unnest(drafts) with ordinality
           as d (case_id, type, actor_id, subject_is_visible, data, position)
    join public.cases c on c.id = d.case_id
  ),
  -- Asked for once, however many entries there are. The row may outlive the user whose token this is.
  actor as (
    select a.actor_id, a.client_id,
           (select u.id from auth.users u where u.id = a.actor_id) as id,
           coalesce(casebase.person_name(a.actor_id, a.client_id), 'system') as name
    from (select distinct draft.actor_id, draft.client_id from draft) a
  ),
  counted as (
    insert into casebase.case_counters as k (case_id, last_seq)
    select draft.case_id, count(*) from draft group by draft.case_id order by draft.case_id
    on conflict (case_id) do update set last_seq = k.last_seq + excluded.last_seq
    returning k.case_id, k.last_seq
  )
  insert into public.case_events (case_id, seq, type, actor_id, actor_name, visible_to_client, data)
  select draft.case_id,
         counted.last_seq - max(draft.nth) over (partition by draft.case_id) + draft.nth,
         draft.type,
         actor.id,
         actor.name,
         casebase.shows_entry(draft.type, t.seen_by, draft.subject_is_visible),
         jsonb_build_object('case_id', draft.number, 'case', draft.case_id, 'client_id', draft.client_id) || draft.data
  from draft
  join counted on counted.case_id = draft.case_id
  join actor on actor.actor_id is not distinct from draft.actor_id and actor.client_id = draft.client_id
  left join casebase.event_types t on t.type = draft.type
  order by draft.case_id, draft.nth;
end
$$;

create function casebase.append_events(drafts casebase.event_draft[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(drafts) > 1 then
    perform casebase.append_many_events(drafts);
  else
    perform casebase.append_event(drafts[1]);
  end if;
end
$$;

-- Each trigger below says which entries a statement leaves. Order: as the rows came.

create function casebase.record_new_cases() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (n.id, 'case.created', coalesce(casebase.caller_id(), n.created_by), null,
     jsonb_build_object('title', n.title, 'status', n.status, 'priority', n.priority,
                        'follow_up_of', n.follow_up_of, 'split_from', n.split_from))::casebase.event_draft
    order by n.id))
  from new_rows n;
  return null;
end
$$;

create trigger record_insert after insert on public.cases
  referencing new table as new_rows
  for each statement execute function casebase.record_new_cases();

-- One entry per kind of change.
create function casebase.record_case_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (entry.id, entry.type, casebase.caller_id(), null, jsonb_build_object('changes', entry.changes)
    )::casebase.event_draft
    order by entry.id, entry.rank))
  from (
    select n.id, change.type, min(change.rank) as rank,
           jsonb_object_agg(change.name, case
             when change.is_text then '{"changed": true}'
             else jsonb_build_object('from', change.was, 'to', change.becomes)
           end) as changes
    from new_rows n
    join old_rows o on o.id = n.id
    cross join lateral (values
      (1, 'case.handed_over',    'department_id',         false, to_jsonb(o.department_id),         to_jsonb(n.department_id)),
      (2, 'case.assigned',       'assigned_to',           false, to_jsonb(o.assigned_to),           to_jsonb(n.assigned_to)),
      (3, case when n.escalated_at is null then 'case.updated' else 'case.escalated' end,
                                 'escalated_at',          false, to_jsonb(o.escalated_at),          to_jsonb(n.escalated_at)),
      (3, case when n.escalated_at is null then 'case.updated' else 'case.escalated' end,
                                 'escalation_reason',     true,  to_jsonb(o.escalation_reason),     to_jsonb(n.escalation_reason)),
      (4, 'case.status_changed', 'status',                false, to_jsonb(o.status),                to_jsonb(n.status)),
      (4, 'case.status_changed', 'stage',                 false, to_jsonb(o.stage),                 to_jsonb(n.stage)),
      (5, 'case.merged',         'merged_into',           false, to_jsonb(o.merged_into),           to_jsonb(n.merged_into)),
      (6, 'case.updated',        'title',                 false, to_jsonb(o.title),                 to_jsonb(n.title)),
      (6, 'case.updated',        'description',           true,  to_jsonb(o.description),           to_jsonb(n.description)),
      (6, 'case.updated',        'priority',              false, to_jsonb(o.priority),              to_jsonb(n.priority)),
      (6, 'case.updated',        'required_specialty_id', false, to_jsonb(o.required_specialty_id), to_jsonb(n.required_specialty_id)),
      (6, 'case.updated',        'action_required_by',    false, to_jsonb(o.action_required_by),    to_jsonb(n.action_required_by)),
      (6, 'case.updated',        'action_required_of',    false, to_jsonb(o.action_required_of),    to_jsonb(n.action_required_of)),
      (6, 'case.updated',        'metadata',              true,  o.metadata,                          n.metadata)
    ) as change (rank, type, name, is_text, was, becomes)
    where change.was is distinct from change.becomes
    group by n.id, change.type
  ) entry;
  return null;
end
$$;

create trigger record_update after update on public.cases
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_case_changes();

create function casebase.record_new_interactions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (n.case_id, 'interaction.created', coalesce(casebase.caller_id(), n.created_by), n.visible_to_client,
     jsonb_build_object('interaction_id', n.id, 'party1_type', n.party1_type, 'party2_type', n.party2_type,
                        'visible_to_client', n.visible_to_client))::casebase.event_draft
    order by n.id))
  from new_rows n;
  return null;
end
$$;

create trigger record_insert after insert on public.interactions
  referencing new table as new_rows
  for each statement execute function casebase.record_new_interactions();

create function casebase.record_interaction_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (entry.case_id, 'interaction.updated', casebase.caller_id(), entry.visible_to_client,
     jsonb_build_object('interaction_id', entry.id, 'changes', entry.changes))::casebase.event_draft
    order by entry.id))
  from (
    select n.id, n.case_id, n.visible_to_client,
           jsonb_object_agg(change.name, case
             when change.name = 'content'
               -- What was changed while an interaction became visible was never the client's to read.
               or n.visible_to_client and not o.visible_to_client and change.name <> 'visible_to_client'
             then '{"changed": true}'
             else jsonb_build_object('from', change.was, 'to', change.becomes)
           end) as changes
    from new_rows n
    join old_rows o on o.id = n.id
    cross join lateral (values
      ('content',           to_jsonb(o.content),           to_jsonb(n.content)),
      ('party1_name',       to_jsonb(o.party1_name),       to_jsonb(n.party1_name)),
      ('party1_type',       to_jsonb(o.party1_type),       to_jsonb(n.party1_type)),
      ('party2_name',       to_jsonb(o.party2_name),       to_jsonb(n.party2_name)),
      ('party2_type',       to_jsonb(o.party2_type),       to_jsonb(n.party2_type)),
      ('visible_to_client', to_jsonb(o.visible_to_client), to_jsonb(n.visible_to_client))
    ) as change (name, was, becomes)
    where change.was is distinct from change.becomes
    group by n.id, n.case_id, n.visible_to_client
  ) entry;
  return null;
end
$$;

create trigger record_update after update on public.interactions
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_interaction_changes();

create function casebase.record_deleted_interactions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (o.case_id, 'interaction.deleted', casebase.caller_id(), o.visible_to_client,
     jsonb_build_object('interaction_id', o.id))::casebase.event_draft
    order by o.id))
  from old_rows o;
  return null;
end
$$;

create trigger record_delete after delete on public.interactions
  referencing old table as old_rows
  for each statement execute function casebase.record_deleted_interactions();

-- Notes: the trigger's argument is the entry's type.
create function casebase.record_notes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (t.case_id, tg_argv[0], casebase.caller_id(), null, jsonb_build_object('internal_note_id', t.id)
    )::casebase.event_draft
    order by t.id))
  from touched t;
  return null;
end
$$;

create trigger record_insert after insert on public.internal_notes
  referencing new table as touched
  for each statement execute function casebase.record_notes('internal_note.created');
create trigger record_delete after delete on public.internal_notes
  referencing old table as touched
  for each statement execute function casebase.record_notes('internal_note.deleted');

create function casebase.record_note_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (n.case_id, 'internal_note.updated', casebase.caller_id(), null, jsonb_build_object('internal_note_id', n.id)
    )::casebase.event_draft
    order by n.id))
  from new_rows n
  join old_rows o on o.id = n.id
  where n.content <> o.content;
  return null;
end
$$;

create trigger record_update after update on public.internal_notes
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_note_changes();

-- What staff keep beside a case. A record that isn't there is an empty one; null: nothing changed.
create function casebase.internal_draft(was public.case_internal, becomes public.case_internal) returns casebase.event_draft
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  changes jsonb := '{}'::jsonb;
begin
  if coalesce(was.tags, '{}') <> coalesce(becomes.tags, '{}') then
    changes := jsonb_build_object('tags', jsonb_build_object(
      'from', to_jsonb(coalesce(was.tags, '{}')), 'to', to_jsonb(coalesce(becomes.tags, '{}'))));
  end if;
  if coalesce(was.metadata, '{}') <> coalesce(becomes.metadata, '{}') then
    changes := changes || '{"metadata": {"changed": true}}';
  end if;
  if changes = '{}' then
    return null;
  end if;
  return (coalesce(was.case_id, becomes.case_id), 'case_internal.updated', casebase.caller_id(), null,
          jsonb_build_object('changes', changes))::casebase.event_draft;
end
$$;

create function casebase.record_new_internals() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(casebase.internal_draft(null, n) order by n.case_id)) from new_rows n;
  return null;
end
$$;

create trigger record_insert after insert on public.case_internal
  referencing new table as new_rows
  for each statement execute function casebase.record_new_internals();

create function casebase.record_internal_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(casebase.internal_draft(o, n) order by n.case_id))
  from new_rows n
  join old_rows o on o.case_id = n.case_id;
  return null;
end
$$;

create trigger record_update after update on public.case_internal
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_internal_changes();

create function casebase.record_deleted_internals() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(casebase.internal_draft(o, null) order by o.case_id)) from old_rows o;
  return null;
end
$$;

create trigger record_delete after delete on public.case_internal
  referencing old table as old_rows
  for each statement execute function casebase.record_deleted_internals();

-- A file exists for others from available to deleting. The service makes it available on the uploader's behalf, and moves it
-- on that of who asked for it.
create function casebase.record_file_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (n.case_id,
     case when n.state = o.state then 'case_file.moved'
          when n.state = 'available' then 'case_file.available'
          else 'case_file.deleted' end,
     coalesce(casebase.caller_id(), case when n.state = o.state then n.moved_by
                                         when n.state = 'available' then n.uploaded_by end),
     n.visible_to_client,
     jsonb_build_object('case_file_id', n.id, 'interaction_id', n.interaction_id, 'file_name', n.file_name,
                        'original_name', n.original_name, 'content_type', n.content_type, 'file_size', n.file_size,
                        'sha256', n.sha256, 'visible_to_client', n.visible_to_client))::casebase.event_draft
    order by n.id))
  from new_rows n
  join old_rows o on o.id = n.id
  where case n.state
          when o.state then n.visible_to_client <> o.visible_to_client
          else 'available' in (n.state, o.state)
        end;
  return null;
end
$$;

create trigger record_update after update on public.case_files
  referencing old table as old_rows new table as new_rows
  for each statement execute function casebase.record_file_changes();

-- What the service refused nobody but its uploader has seen: the staff hear of it. Called by verification_reject.
create function casebase.record_rejected_file(file_id bigint) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.append_events(array_agg(
    (f.case_id, 'case_file.rejected', f.uploaded_by, null,
     jsonb_build_object('case_file_id', f.id, 'interaction_id', f.interaction_id, 'file_name', f.file_name,
                        'original_name', f.original_name, 'reason', f.rejection))::casebase.event_draft))
  from public.case_files f
  where f.id = file_id;
end
$$;


-- supabase/schemas/history/rpc.sql

-- The history as a client may read it. Neither seq nor id: their gaps would count what staff do unseen. An entry
-- about an interaction shows as long as the interaction does.
create type public.timeline_entry as (created_at timestamptz, type text, actor_name text, data jsonb);
comment on type public.timeline_entry is
  'An entry of rpc/case_timeline: what happened to a case, as its client may read it.';
comment on column public.timeline_entry.created_at is 'When it happened.';
comment on column public.timeline_entry.type is 'What happened: one of the event types.';
comment on column public.timeline_entry.actor_name is 'Who did it.';
comment on column public.timeline_entry.data is 'As case_events.data.';
create type public.timeline_page as (entries public.timeline_entry[], next_cursor text);
comment on type public.timeline_page is
  'A page of rpc/case_timeline.';
comment on column public.timeline_page.entries is 'The entries, newest first.';
comment on column public.timeline_page.next_cursor is 'What to give as cursor for the next page; null on the last one.';

-- The entries that are for clients, too.
create view casebase.timeline with (security_invoker = true) as
  select e.*
  from public.case_events e
  where e.visible_to_client
    and (e.type not like 'interaction.%'
         or (select i.visible_to_client from public.interactions i where i.id = (e.data ->> 'interaction_id')::bigint));
revoke all on casebase.timeline from public, anon, authenticated, service_role;

-- A cursor is the time of the last entry had, and how many of that very time there were: who counts them, counts what
-- the caller saw.
create function casebase.case_timeline(cases bigint[], page_size integer, cursor text) returns public.timeline_page
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  place  text[] := case when cursor is not null then casebase.read_cursor(cursor, 'timeline', '{timestamptz,integer}') end;
  -- Those of them that the caller sees.
  seen   bigint[] := array(
    select c.id
    from public.cases c
    where c.id = any (cases)
      and (c.client_id = any (casebase.my_clients())
           or c.department_id = any (casebase.my_departments())
           or c.assigned_to = casebase.staff_id()));
  until  timestamptz := coalesce(place[1]::timestamptz, 'infinity');
  had    integer := coalesce(place[2]::integer, 0);
  page   public.timeline_page;
  last   public.timeline_entry;
begin
  page.entries := array(
    select (e.created_at, e.type, e.actor_name, e.data)::public.timeline_entry
    from casebase.timeline e
    where e.case_id = any (seen)
      and e.created_at <= until
    order by e.created_at desc, e.case_id desc, e.seq desc
    offset had
    limit page_size + 1
  );
  if cardinality(page.entries) > page_size then
    page.entries := page.entries[:page_size];
    last := page.entries[page_size];
    page.next_cursor := casebase.write_cursor(jsonb_build_array('timeline', last.created_at, (
      select count(*) + case when last.created_at = until then had else 0 end
      from unnest(page.entries) e
      where e.created_at = last.created_at)));
  end if;
  return page;
end
$$;

create function public.case_timeline(case_id bigint, page_size integer default 100, cursor text default null)
  returns public.timeline_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.check_page_size(page_size);
  if not exists (select from public.cases c where c.id = case_timeline.case_id) then
    perform casebase.raise_no_case();
  end if;
  return casebase.case_timeline(casebase.merged_cases(casebase.survivor_of(case_id)), page_size, cursor);
end
$$;
comment on function public.case_timeline(bigint, integer, text) is
  'What happened to a case, as its client may read it, newest first, a page at a time.

What happened to duplicates that were merged into it is there, too. Staff find everything in case_events, by order=seq.desc and seq=lt. the last one had.

For whoever sees the case.

- case_id: the case (cases.id).
- page_size: how many entries at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.

Returns a page.

- PT404: there is no such case, or none that the caller sees.
- 22023: page_size is out of range, or cursor is none that this list gave.';


-- supabase/schemas/history/undo.sql

-- Taking changes of cases back, to the old values that the history has. Of words and metadata it has none.

-- What these entries changed of a case, from the first of them to the last: {"status": {"from": …, "to": …}}.
create function casebase.changes_in(events bigint[], case_id bigint) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_object_agg(c.name, jsonb_build_object('from', c.first -> 'from', 'to', c.last -> 'to', 'changed', c.last -> 'changed'))
    from (
      select change.name,
             (array_agg(change.value order by e.seq))[1] as first,
             (array_agg(change.value order by e.seq desc))[1] as last
      from public.case_events e
      cross join lateral jsonb_each(e.data -> 'changes') as change (name, value)
      where e.id = any (events)
        and e.case_id = changes_in.case_id
        and e.type ~ '^case(_internal)?\.'
      group by change.name
    ) c
  );
end
$$;

-- Takes back what these entries did to the tags of a case: what others tagged since stays. False: its record is gone.
create function casebase.undo_tags(the_case bigint, events bigint[]) returns boolean
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  were   text[];
  became text[];
begin
  if not exists (select from public.case_internal i where i.case_id = the_case) then
    return false;
  end if;
  for were, became in
    select casebase.tags_in(e.data #> '{changes,tags}', 'from'), casebase.tags_in(e.data #> '{changes,tags}', 'to')
    from public.case_events e
    where e.id = any (events)
      and e.case_id = the_case
      and e.data -> 'changes' ? 'tags'
    order by e.seq desc
  loop
    update public.case_internal i
    set tags = case
      -- In their old order.
      when i.tags = became then were
      else casebase.retagged(
        i.tags,
        array(select t from unnest(were) t where t <> all (became)),
        array(select t from unnest(became) t where t <> all (were)))
    end
    where i.case_id = the_case;
  end loop;
  return true;
end
$$;

-- Takes them back in one case that the caller sees as staff; what could not be, and why.
create function casebase.undo_changes_of(the_case bigint, events bigint[]) returns text[]
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  undone  constant text[] :=
    '{department_id,assigned_to,status,stage,title,priority,required_specialty_id,action_required_by,action_required_of}'::text[];
  now_is  jsonb;
  back_to jsonb := '{}'::jsonb;
  stays   text[] := '{}'::text[];
  change  record;
begin
  select to_jsonb(c) into now_is
  from public.cases c
  where c.id = the_case
    and (c.department_id = any (casebase.my_departments()) or c.assigned_to = casebase.staff_id())
  for no key update;
  if not found then
    perform casebase.raise_no_case();
  end if;
  -- Who made a change may take it back, also where the step itself would be another's: a case that one has closed.
  if not casebase.is_admin() and exists (
    select from public.case_events e
    where e.id = any (events) and e.case_id = the_case and e.actor_id is distinct from casebase.caller_id()
  ) then
    raise exception 'only who made a change takes it back'
      using errcode = 'insufficient_privilege', hint = 'Change the case, or ask an admin.';
  end if;
  for change in select c.key as name, c.value from jsonb_each(casebase.changes_in(events, the_case)) c order by c.key loop
    if change.name = 'tags' then
      if not casebase.undo_tags(the_case, events) then
        stays := stays || 'tags: changed since'::text;
      end if;
    elsif change.name <> all (undone) then
      stays := stays || (change.name || ': the history has no old value');
    elsif now_is -> change.name is distinct from change.value -> 'to' then
      stays := stays || (change.name || ': changed since');
    else
      back_to := back_to || jsonb_build_object(change.name, change.value -> 'from');
    end if;
  end loop;
  if back_to <> '{}' then
    update public.cases c
    set department_id         = n.department_id,
        assigned_to           = n.assigned_to,
        status                = n.status,
        stage                 = n.stage,
        title                 = n.title,
        priority              = n.priority,
        required_specialty_id = n.required_specialty_id,
        action_required_by    = n.action_required_by,
        action_required_of    = n.action_required_of
    from jsonb_populate_record(null::public.cases, now_is || back_to) n
    where c.id = the_case;
  end if;
  return stays;
end
$$;

create function public.undo_changes(events bigint[])
  returns table (id bigint, result text, error jsonb)
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  wanted  bigint[] := casebase.wanted_ids(events, 'events');
  one     bigint;
  of_one  bigint[];
  stays   text[];
  errors  jsonb    := '{}'::jsonb;
  undone  bigint[] := '{}'::bigint[];
  code    text;
  message text;
  details text;
  hint    text;
begin
  -- Entries that the caller doesn't see are no answer's.
  for one, of_one in
    select e.case_id, array_agg(e.id) from public.case_events e where e.id = any (wanted) group by e.case_id order by e.case_id
  loop
    begin
      stays := casebase.undo_changes_of(one, of_one);
      undone := undone || one;
      if stays <> '{}' then
        errors := errors || jsonb_build_object(one, casebase.error_object(
          'PT409', 'not everything was taken back', array_to_string(stays, '; '), null));
      end if;
    exception
      when transaction_rollback or insufficient_resources then
        raise;
      when others then
        get stacked diagnostics
          code = returned_sqlstate, message = message_text, details = pg_exception_detail, hint = pg_exception_hint;
        errors := errors || jsonb_build_object(one, casebase.error_object(code, message, details, hint));
    end;
  end loop;
  return query
    select w.id,
           case when w.id <> all (undone) then 'refused' when errors ? w.id::text then 'partly' else 'done' end,
           errors -> w.id::text
    from (select unnest(undone) union select k::bigint from jsonb_object_keys(errors) k) as w (id)
    order by w.id;
end
$$;
comment on function public.undo_changes(bigint[]) is
  'Takes changes of cases back, given as entries of their history; answers for each case.

Of what has not been changed since, each column gets the value that it had before the first of them. Tags that were added or taken off go, or come back, whatever else was tagged since. The history keeps no old descriptions and no old metadata: those stay.

For who made the changes, and for admins, where they see the case as staff.

- events: the entries (case_events.id), up to 1000; rpc/update_cases answers them.
- id: the case (cases.id).
- result: done, partly (error says what stays) or refused.
- error: {"code", "message", "details", "hint"}, as PostgREST tells an error; null: everything was taken back.

Returns a row for each case. Entries of cases that the caller does not see as staff have none.

- 22023: more than 1000 events.';


-- supabase/schemas/history/notices.sql

-- Live notices, off until casebase.enable_realtime() (`casebase realtime enable`): over Supabase's Realtime, whoever looks at a
-- case or a list hears that something changed, and asks again. A notice has the case's number and the kind, no content.
--
--   casebase:case:<id>            what the client may know of, for whoever sees the case
--   casebase:case_internal:<id>   the rest, for those who see it as staff
--   casebase:client:<uuid>        of all of a client's cases, what the client may know of, for the client's members
--   casebase:department:<uuid>    everything of a department's cases, for those who see them all
--   casebase:staff:<uuid>         everything of the cases that a member of staff is given, for themselves
--
-- Realtime asks who may join when somebody joins, and again with each new token of theirs.

-- Whether the caller may join a topic of ours. It raises for no topic and no token: Realtime asks it for everybody's.
create function casebase.may_join(topic text) returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  subject text := substring(topic from '^casebase:[a-z_]+:([0-9a-f-]{1,36})$');
  -- Of a topic that names no number, none.
  subject_id bigint := substring(subject from '^[1-9][0-9]{0,17}$')::bigint;
begin
  return coalesce(
    case split_part(topic, ':', 2)
      when 'case' then exists (select from public.cases c where c.id = subject_id)
      when 'case_internal' then exists (
        select from casebase.seen_cases c where c.id = subject_id and c.seen_as = 'staff')
      when 'client' then subject = any (casebase.my_clients()::text[])
      when 'department' then subject = any (casebase.my_departments()::text[])
      when 'staff' then subject = casebase.staff_id()::text
    end,
    false);
end
$$;

create type casebase.notice as (
  topic  text,
  number text,
  type   text
);
comment on type casebase.notice is 'To whom (topic), of which case (CASE-0001), and what happened (an event type).';

-- Who is told of an entry about a case; where it left a department or somebody's hands, those as well.
create function casebase.notice_topics(subject public.cases, client_may_know boolean, changes jsonb) returns setof text
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select 'casebase:' || place.kind || ':' || place.id
  from (values
    (case when client_may_know then 'case' else 'case_internal' end, subject.id::text),
    (case when client_may_know then 'client' end, subject.client_id::text),
    ('department', subject.department_id::text),
    ('department', changes #>> '{department_id,from}'),
    ('staff', subject.assigned_to::text),
    ('staff', changes #>> '{assigned_to,from}')
  ) as place (kind, id)
  where place.kind is not null
    and place.id is not null
$$;

-- Sends them in the transaction of the change, which nothing here may fail or hold up for long: a notice that can't be sent
-- isn't, and whoever waits for it asks by themselves in a while. (realtime.send itself warns and goes on.)
create function casebase.send_notices(notices casebase.notice[]) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '500ms'
as $$
declare
  begun  constant timestamptz := clock_timestamp();
  -- Not by name: a project without Realtime has no such function.
  send   constant text := to_regprocedure('realtime.send(jsonb, text, text, boolean)')::oid::regproc::text;
  notice record;
begin
  for notice in select n.topic, n.number, n.type from unnest(notices) n loop
    execute format('select %s($1, $2, $3, $4)', send)
    using jsonb_build_object('case_id', notice.number, 'type', notice.type), 'case_changed'::text, notice.topic, true;
    exit when clock_timestamp() > begun + interval '3 seconds';
  end loop;
exception
  when others then
    raise warning 'live notices were not sent: %', sqlerrm;
end
$$;

create function casebase.notify_of_events() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.send_notices(array_agg(distinct row(told.topic, c.case_id, n.type)::casebase.notice))
  from new_rows n
  join public.cases c on c.id = n.case_id
  cross join lateral casebase.notice_topics(c, n.visible_to_client, n.data -> 'changes') as told (topic);
  return null;
end
$$;

-- The history goes with its case, so nothing there says so.
create function casebase.notify_of_deletions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.send_notices(array_agg(row(told.topic, o.case_id, 'case.deleted')::casebase.notice))
  from old_rows o
  cross join lateral casebase.notice_topics(o::public.cases, true, null) as told (topic);
  return null;
end
$$;

-- What the project's Realtime lacks for us, in a sentence; null: nothing.
create function casebase.realtime_problem() returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('realtime.messages') is null then
    return 'there is no table realtime.messages';
  elsif to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null then
    return 'there is no function realtime.send(payload jsonb, event text, topic text, private boolean)';
  elsif to_regprocedure('realtime.topic()') is null then
    return 'there is no function realtime.topic()';
  elsif not (select c.relrowsecurity from pg_class c where c.oid = to_regclass('realtime.messages')) then
    return 'realtime.messages has no row level security, so anybody could join anything';
  elsif not has_table_privilege(to_regclass('realtime.messages'), 'insert')
    or not has_function_privilege(to_regprocedure('realtime.send(jsonb, text, text, boolean)'), 'execute')
  then
    return format('the role %s may not send with realtime.send', current_user);
  end if;
  return null;
end
$$;

-- For the project's owner. Twice is as good as once. Policies of a project's own that forget to look at the topic would open
-- ours, so each rule stands in a restrictive one, too: "no topic of ours, or our rule". They are to everybody, so the
-- restrictive ones that are name nothing but what everybody may use.
create function casebase.enable_realtime() returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '5s'
as $$
declare
  problem text := casebase.realtime_problem();
begin
  if problem is not null then
    raise exception 'live notices can''t be switched on: %', problem
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'They need Supabase''s Realtime with Broadcast from the database. Nothing was changed.';
  end if;
  perform casebase.disable_realtime();

  create policy casebase_join on realtime.messages for select to authenticated
    using ((select casebase.may_join(realtime.topic())));
  create policy casebase_join_only_so on realtime.messages as restrictive for select to authenticated
    using (
      coalesce(not starts_with(realtime.topic(), 'casebase:'), true)
      or extension = 'broadcast' and (select casebase.may_join(realtime.topic()))
    );
  create policy casebase_only_for_signed_in on realtime.messages as restrictive for all to public
    using (coalesce(not starts_with(realtime.topic(), 'casebase:'), true) or pg_has_role('authenticated', 'usage'));
  create policy casebase_only_from_the_database on realtime.messages as restrictive for insert to public
    with check (coalesce(not starts_with(realtime.topic(), 'casebase:'), true));

  create trigger send_notices after insert on public.case_events
    referencing new table as new_rows
    for each statement execute function casebase.notify_of_events();
  create trigger send_notices after delete on public.cases
    referencing old table as old_rows
    for each statement execute function casebase.notify_of_deletions();
end
$$;

-- Takes back what enable_realtime made, and nothing else.
create function casebase.disable_realtime() returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '5s'
  set client_min_messages = 'warning'
as $$
declare
  ours text;
begin
  drop trigger if exists send_notices on public.case_events;
  drop trigger if exists send_notices on public.cases;
  for ours in
    select p.polname
    from pg_policy p
    where p.polrelid = to_regclass('realtime.messages')
      and p.polname in ('casebase_join', 'casebase_join_only_so', 'casebase_only_for_signed_in', 'casebase_only_from_the_database')
  loop
    execute format('drop policy %I on realtime.messages', ours);
  end loop;
end
$$;


-- supabase/schemas/webhooks/endpoints.sql

-- Webhooks: the endpoints that admins manage, and what they subscribe to.

-- An object of up to 20 HTTP headers. Those of the specification and of the connection are ours.
create function casebase.are_webhook_headers(headers jsonb) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when jsonb_typeof(headers) <> 'object' then false
    else count(*) <= 20 and coalesce(bool_and(
      header.key ~ '^[A-Za-z0-9!#$%&''*+.^_`|~-]{1,100}$'
      and header.key !~* '^(webhook-.*|content-.*|host|connection|transfer-encoding|te|upgrade|trailer|expect|user-agent)$'
      and jsonb_typeof(header.value) = 'string'
      and length(header.value #>> '{}') <= 1000
      and header.value #>> '{}' ~ '^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$'), true)
  end
  from jsonb_each(case when jsonb_typeof(headers) = 'object' then headers else '{}' end) header
$$;

create table casebase.webhook_endpoints (
  id                uuid        not null default gen_random_uuid(),
  -- Null: nothing is sent, its receiver fetches with poll_events.
  url               text,
  description       text        not null default '',
  -- 'case.updated', or 'case.*' for a whole family; none: every event but those that are sent on request only.
  event_types       text[]      not null default '{}',
  -- Which form of each event's body it gets. Neither changes: what is queued has its form already.
  payload_version   smallint    not null default 1,
  thin              boolean     not null default false,
  -- What signs, in the words of Standard Webhooks: v1 is HMAC-SHA256, v1a Ed25519. It doesn't change either.
  signature         text        not null default 'v1',
  enabled           boolean     not null default true,
  disabled_reason   text,
  -- Of these cases only, as they are after the change or were before it; empty: of all.
  client_ids        uuid[]      not null default '{}',
  department_ids    uuid[]      not null default '{}',
  priorities        text[]      not null default '{}',
  statuses          text[]      not null default '{}',
  -- Sent along with each request, e.g. {"authorization": "Bearer …"}.
  headers           jsonb       not null default '{}',
  -- Requests a second; null: as many as there are.
  rate_limit        integer,
  -- The waits between attempts, one less than there are attempts; null: those that Standard Webhooks suggests.
  retry_waits       interval[],
  -- What the worker learns about the receiver.
  paused_until      timestamptz,
  rate_second       timestamptz,
  rate_used         integer     not null default 0,
  failures_in_a_row integer     not null default 0,
  failing_since     timestamptz,
  created_by        uuid        default auth.uid(),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  constraint webhook_endpoints_pkey primary key (id),
  constraint webhook_endpoints_created_by_fkey
    foreign key (created_by) references auth.users (id) on delete set null,
  constraint webhook_endpoints_url_check check (length(url) <= 2000),
  constraint webhook_endpoints_payload_version_check check (payload_version = 1),
  constraint webhook_endpoints_filters_check
    check (
      cardinality(client_ids) + cardinality(department_ids) + cardinality(priorities) + cardinality(statuses) <= 1000
      and array_position(client_ids, null) is null
      and array_position(department_ids, null) is null
      and array_position(priorities, null) is null
      and array_position(statuses, null) is null
    ),
  constraint webhook_endpoints_headers_check check (casebase.are_webhook_headers(headers)),
  constraint webhook_endpoints_rate_limit_check check (rate_limit between 1 and 1000),
  constraint webhook_endpoints_retry_waits_check
    check (
      cardinality(retry_waits) <= 50
      and array_position(retry_waits, null) is null
      and interval '0' <= all (retry_waits)
      and interval '7 days' >= all (retry_waits)
    ),
  constraint webhook_endpoints_signature_check check (signature in ('v1', 'v1a')),
  constraint webhook_endpoints_description_check
    check (description = '' or char_length(description) <= 500 and casebase.is_text(description)),
  constraint webhook_endpoints_event_types_check
    check (
      cardinality(event_types) = 0
      or (
        cardinality(event_types) <= 100
        and array_position(event_types, null) is null
        and array_to_string(event_types, ' ') ~ '^[a-z_]+\.([a-z_]+|\*)( [a-z_]+\.([a-z_]+|\*))*$'
      )
    )
);
comment on table casebase.webhook_endpoints is
  'Where notifications are sent. Managed by admins through create_webhook_endpoint and its like.';
alter table casebase.webhook_endpoints enable row level security;
revoke all on casebase.webhook_endpoints from public, anon, authenticated, service_role;
create index webhook_endpoints_created_by_idx on casebase.webhook_endpoints (created_by);

-- Whether this is an IPv6 address.
create function casebase.is_ipv6(address text) returns boolean
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return address ~ '^[0-9A-Fa-f:.]+$' and family(address::inet) = 6;
exception
  when invalid_text_representation then
    return false;
end
$$;

-- Why a request can never be sent to this URL, for its reader; null where one can.
create function casebase.webhook_url_fault(url text) returns text
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select case
    when url !~* '^https?://' then 'it does not begin with https://'
    when url ~ '[[:space:][:cntrl:]]' then 'there is a space or a control character in it'
    when url ~ '#' then 'what stands behind # would not arrive'
    when authority ~ '@' then 'a name or a password in it would not arrive'
    when port !~ '^(:([0-9]{1,5})?)?$' or nullif(ltrim(port, ':'), '')::integer not between 1 and 65535
      then format('%s is no port from 1 to 65535', ltrim(port, ':'))
    when host ~ '^\['
      then case when not (host ~ '\]$' and casebase.is_ipv6(btrim(host, '[]'))) then format('%s is no IPv6 address', host) end
    when host = '' then 'it names no host'
    when host ~ '[]<>^|%\"`{}[!$&''()*+,;=~:]' then format('%s is no name of a host', host)
    when host ~* '(^|\.)(0x[0-9a-f]*|[0-9]+)\.?$'
      then case
        when host !~ '^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(?=[0-9])|$)){4}$' then format('%s is no IPv4 address', host)
      end
    when host ~ '(^|\.)\.' or length(host) > 253 or host ~ '[^.]{64}' then format('%s is no name of a host', host)
    when host ~* '(^|\.)xn--(\.|$)' then format('%s is no name of a host: nothing follows xn--', host)
  end
  from (select substring(url from '^[A-Za-z]+://([^/?#]*)')) a (authority)
  cross join lateral (select substring(authority from '^(?:\[.*\]|[^:[]*)(:.*)$')) p (found)
  cross join lateral (
    select coalesce(p.found, ''), left(authority, length(authority) - length(coalesce(p.found, '')))
  ) parts (port, host)
$$;

-- A URL is one that can be sent to. AFTER: the policies have spoken.
create function casebase.check_webhook_url() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  fault text := casebase.webhook_url_fault(new.url);
begin
  if fault is not null then
    raise exception 'nothing can be sent to this URL: %', fault
      using errcode = 'check_violation', column = 'url', hint = 'It takes e.g. https://example.com/webhooks/casebase.';
  end if;
  return null;
end
$$;

create trigger check_url after insert or update of url on casebase.webhook_endpoints
  for each row execute function casebase.check_webhook_url();

-- A filter names types that there are. AFTER: the policies have spoken.
create function casebase.check_event_types() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.no_such_event_type(filter)
  from unnest(new.event_types) filter
  where not exists (
    select from casebase.event_types t
    where filter in (t.type, split_part(t.type, '.', 1) || '.*')
  );
  return null;
end
$$;

create trigger check_event_types after insert or update of event_types on casebase.webhook_endpoints
  for each row execute function casebase.check_event_types();

-- Who wants which events: the filters of the enabled endpoints, a row each. A change looks up those that match its
-- event and touches no others.
create table casebase.webhook_subscriptions (
  -- As in event_types; '*' where that is empty.
  filter          text     not null,
  endpoint_id     uuid     not null,
  -- The endpoint's.
  payload_version smallint not null,
  thin            boolean  not null,
  client_ids      uuid[]   not null,
  department_ids  uuid[]   not null,
  priorities      text[]   not null,
  statuses        text[]   not null,
  constraint webhook_subscriptions_pkey primary key (filter, endpoint_id),
  constraint webhook_subscriptions_endpoint_id_fkey
    foreign key (endpoint_id) references casebase.webhook_endpoints (id) on delete cascade
);
comment on table casebase.webhook_subscriptions is
  'The filters of the enabled endpoints, kept by a trigger on webhook_endpoints.';
alter table casebase.webhook_subscriptions enable row level security;
revoke all on casebase.webhook_subscriptions from public, anon, authenticated, service_role;
create index webhook_subscriptions_endpoint_id_idx on casebase.webhook_subscriptions (endpoint_id);

create function casebase.keep_webhook_subscriptions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.webhook_subscriptions subscription
  where subscription.endpoint_id = new.id;
  if new.enabled then
    insert into casebase.webhook_subscriptions (
      filter, endpoint_id, payload_version, thin, client_ids, department_ids, priorities, statuses
    )
    select distinct filter, new.id, new.payload_version, new.thin, new.client_ids, new.department_ids, new.priorities,
           new.statuses
    from unnest(case when new.event_types = '{}' then '{*}' else new.event_types end) filter;
  end if;
  return null;
end
$$;

create trigger keep_subscriptions_of_new after insert on casebase.webhook_endpoints
  for each row execute function casebase.keep_webhook_subscriptions();
create trigger keep_subscriptions_of_changed after update on casebase.webhook_endpoints
  for each row when (
    (old.enabled, old.event_types, old.client_ids, old.department_ids, old.priorities, old.statuses)
      <> (new.enabled, new.event_types, new.client_ids, new.department_ids, new.priorities, new.statuses)
  )
  execute function casebase.keep_webhook_subscriptions();

-- How many endpoints there may be: a change writes a row for each that wants to know, and each call of the worker looks
-- at all of them. The project's owner sets it: update casebase.webhook_limits set endpoints = 200.
create table casebase.webhook_limits (
  only_row  boolean not null default true,
  endpoints integer not null default 100,
  constraint webhook_limits_pkey primary key (only_row),
  constraint webhook_limits_only_row_check check (only_row),
  constraint webhook_limits_endpoints_check check (endpoints between 0 and 1000)
);
comment on table casebase.webhook_limits is
  'How many webhook endpoints there may be. One row.

For the project''s owner: update casebase.webhook_limits set endpoints = 200. A change of a case writes a row for each endpoint that wants to know of it.';
comment on column casebase.webhook_limits.only_row is 'Always true: there is one row.';
comment on column casebase.webhook_limits.endpoints is 'How many endpoints there may be.';
alter table casebase.webhook_limits enable row level security;
revoke all on casebase.webhook_limits from public, anon, authenticated, service_role;
insert into casebase.webhook_limits default values;

-- AFTER: the policies have spoken. Who adds endpoints at the same time takes turns at the row of the limit.
create function casebase.limit_webhook_endpoints() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most  integer;
  would bigint;
begin
  select limits.endpoints into most from casebase.webhook_limits limits for update;
  select count(*) into would from casebase.webhook_endpoints;
  if would > most then
    raise exception 'there would be % webhook endpoints, and there may be no more than %', would, most
      using errcode = 'PT409',
            hint = 'Delete one that is not needed, or have the project''s owner raise casebase.webhook_limits.endpoints.';
  end if;
  return null;
end
$$;

create trigger limit_endpoints after insert on casebase.webhook_endpoints
  for each statement execute function casebase.limit_webhook_endpoints();


-- supabase/schemas/webhooks/secrets.sql

-- Signing secrets: written once, read by the worker's functions only. A secret ends when a newer one says so.
--
-- whsec_<base64>: 24 to 64 bytes, HMAC-SHA256, which Standard Webhooks calls v1. whsk_<base64>: an Ed25519 key of 64
-- bytes, its seed and its public key, which it calls v1a. They lie in Supabase's Vault where the project has it.

create table casebase.webhook_secrets (
  id                 bigint      generated always as identity,
  endpoint_id        uuid        not null,
  secret             text,
  -- Where it is in the Vault, instead.
  vault_id           uuid,
  -- Of an Ed25519 key, as whpk_<base64>: for receivers, and no secret.
  public_key         text,
  -- For how long the secrets before this one go on signing beside it.
  previous_valid_for interval    not null,
  created_at         timestamptz not null default now(),
  constraint webhook_secrets_pkey primary key (id),
  constraint webhook_secrets_endpoint_id_fkey
    foreign key (endpoint_id) references casebase.webhook_endpoints (id) on delete cascade,
  constraint webhook_secrets_in_one_place_check check ((secret is null) <> (vault_id is null)),
  constraint webhook_secrets_previous_valid_for_check
    check (previous_valid_for between interval '0' and interval '30 days')
);
comment on table casebase.webhook_secrets is
  'Signing secrets, write-only: no role may select them, the worker gets them with each lease.';
alter table casebase.webhook_secrets enable row level security;
revoke all on casebase.webhook_secrets from public, anon, authenticated, service_role;
create index webhook_secrets_endpoint_id_idx on casebase.webhook_secrets (endpoint_id, id);

-- The sum of two points of edwards25519, (x, y, z, t) in extended coordinates (RFC 8032, 5.1.4).
create function casebase.ed25519_add(p numeric[], q numeric[]) returns numeric[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  prime constant numeric := 57896044618658097711785492504343953926634992332820282019728792003956564819949;
  twice_d constant numeric := 16295367250680780974490674513165176452449235426866156013048779062215315747161;
  a numeric := mod((p[2] - p[1]) * (q[2] - q[1]), prime);
  b numeric := mod((p[2] + p[1]) * (q[2] + q[1]), prime);
  c numeric := mod(mod(p[4] * q[4], prime) * twice_d, prime);
  d numeric := mod(2 * p[3] * q[3], prime);
begin
  return array[
    mod((b - a) * (d - c), prime), mod((d + c) * (b + a), prime),
    mod((d - c) * (d + c), prime), mod((b - a) * (b + a), prime)
  ];
end
$$;

-- The public key of an Ed25519 seed (RFC 8032, 5.1.5). PostgreSQL has no function for it, and no extension is there
-- everywhere; how long it takes tells about the seed, but nobody but the database sees that.
create function casebase.ed25519_public_key(seed bytea) returns bytea
  language plpgsql immutable strict set search_path = pg_catalog, pg_temp
as $$
declare
  prime constant numeric := 57896044618658097711785492504343953926634992332820282019728792003956564819949;
  scalar   bytea     := substr(sha512(seed), 1, 32);
  base     numeric[] := array[
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
    1,
    46827403850823179245072216630277197565144205554125654976674165829533817101731
  ];
  point    numeric[] := array[0, 1, 1, 0];
  inverse  numeric   := 1;
  x        numeric;
  y        numeric;
  encoded  bytea     := decode(repeat('00', 32), 'hex');
begin
  scalar := set_bit(set_bit(set_bit(set_bit(set_bit(scalar, 0, 0), 1, 0), 2, 0), 255, 0), 254, 1);
  for i in reverse 254..0 loop
    point := casebase.ed25519_add(point, point);
    if get_bit(scalar, i) = 1 then
      point := casebase.ed25519_add(point, base);
    end if;
  end loop;

  -- 1/z is z to the power of prime - 2, of whose bits only the second and the fourth are 0.
  for i in reverse 254..0 loop
    inverse := mod(inverse * inverse, prime);
    if i not in (2, 4) then
      inverse := mod(inverse * point[3], prime);
    end if;
  end loop;
  x := mod(mod(point[1] * inverse, prime) + prime, prime);
  y := mod(mod(point[2] * inverse, prime) + prime, prime);

  for i in 0..31 loop
    encoded := set_byte(encoded, i, mod(y, 256)::integer);
    y := div(y, 256);
  end loop;
  return set_bit(encoded, 255, mod(x, 2)::integer);
end
$$;

-- A new secret for a signature scheme, 'v1' or 'v1a'.
create function casebase.new_webhook_secret(signature text) returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  -- Three random uuids are 366 random bits; no extension is needed that a host might keep elsewhere.
  random constant bytea := sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
begin
  return case signature
    when 'v1a' then 'whsk_' || translate(encode(random || casebase.ed25519_public_key(random), 'base64'), E'\n', '')
    else 'whsec_' || encode(random, 'base64')
  end;
end
$$;

-- The bytes of a secret of this kind, or null where it is none.
create function casebase.webhook_secret_bytes(secret text, kind text) returns bytea
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select decode(split_part(secret, '_', 2), 'base64')
  where secret ~ ('^' || kind || '_([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$')
$$;

-- BEFORE: what is kept is not what was sent. A definer function, so that the owner puts it into the Vault.
create function casebase.keep_webhook_secret() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  shared   bytea := casebase.webhook_secret_bytes(new.secret, 'whsec');
  key_pair bytea := casebase.webhook_secret_bytes(new.secret, 'whsk');
begin
  if coalesce(octet_length(shared) between 24 and 64, false) then
    new.public_key := null;
  elsif coalesce(substr(key_pair, 33) = casebase.ed25519_public_key(substr(key_pair, 1, 32)), false) then
    new.public_key := 'whpk_' || encode(substr(key_pair, 33), 'base64');
  else
    raise exception 'this is no signing secret'
      using errcode = 'check_violation', column = 'secret',
            hint = 'whsec_ and the base64 of 24 to 64 bytes, or whsk_ and the base64 of an Ed25519 key: its seed and its public key.';
  end if;
  if to_regclass('vault.decrypted_secrets') is not null then
    execute 'select vault.create_secret($1)' into new.vault_id using new.secret;
    new.secret := null;
  end if;
  return new;
end
$$;

create trigger keep_secret before insert on casebase.webhook_secrets
  for each row execute function casebase.keep_webhook_secret();

create function casebase.forget_webhook_secret() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  execute 'delete from vault.secrets where id = $1' using old.vault_id;
  return null;
end
$$;

create trigger forget_secret after delete on casebase.webhook_secrets
  for each row when (old.vault_id is not null)
  execute function casebase.forget_webhook_secret();

-- What the Vault keeps under this id.
create function casebase.vault_secret(vault_id uuid) returns text
  language plpgsql stable strict set search_path = pg_catalog, pg_temp
as $$
declare
  secret text;
begin
  execute 'select decrypted_secret from ' || to_regclass('vault.decrypted_secrets') || ' where id = $1' into secret using vault_id;
  return secret;
end
$$;

-- The secrets that sign at this moment, newest first; none for an endpoint that has none.
create function casebase.webhook_signing_secrets(endpoint_id uuid) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(array_agg(coalesce(signing.secret, casebase.vault_secret(signing.vault_id)) order by signing.id desc), '{}')
    from casebase.webhook_secrets signing
    where signing.endpoint_id = webhook_signing_secrets.endpoint_id
      and not exists (
        select from casebase.webhook_secrets newer
        where newer.endpoint_id = signing.endpoint_id
          and newer.id > signing.id
          and newer.created_at + newer.previous_valid_for <= now()
      )
  );
end
$$;

-- A new secret takes those along that have ended, and there are no more than five: each adds a signature to a header that
-- proxies bound. Who rotates one endpoint twice at the same time takes turns at its row.
create function casebase.limit_webhook_secrets() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from casebase.webhook_endpoints endpoint where endpoint.id = new.endpoint_id for no key update;
  delete from casebase.webhook_secrets ended
  using casebase.webhook_secrets newer
  where ended.endpoint_id = new.endpoint_id
    and newer.endpoint_id = new.endpoint_id
    and newer.id > ended.id
    and newer.created_at + newer.previous_valid_for <= now();

  if (select count(*) > 5 from casebase.webhook_secrets secret where secret.endpoint_id = new.endpoint_id) then
    raise exception 'five secrets of this endpoint sign already'
      using errcode = 'PT409', column = 'previous_valid_for',
            hint = 'Wait until one of them ends, or end them all now: previous_valid_for => ''0''.';
  end if;
  return null;
end
$$;

create trigger limit_secrets after insert on casebase.webhook_secrets
  for each row execute function casebase.limit_webhook_secrets();


-- supabase/schemas/webhooks/messages.sql

-- What is sent: payloads, their bodies and ids.

-- A body is made once, in the transaction of the change, and sent byte for byte by every attempt and replay, to every
-- endpoint that takes this form of it. It outlives its case: webhook_tidy forgets it with its last delivery.
create table casebase.webhook_payloads (
  id              bigint      not null generated always as identity,
  -- All three null: no event, but a test. No keys: the case may be gone, and case.deleted is in no history.
  event_id        bigint,
  case_id         bigint,
  seq             bigint,
  type            text        not null,
  payload_version smallint    not null,
  thin            boolean     not null,
  body            text        not null,
  created_at      timestamptz not null default clock_timestamp(),
  -- When the words were taken out of the body.
  scrubbed_at     timestamptz,
  constraint webhook_payloads_pkey primary key (id),
  constraint webhook_payloads_event_and_case_check
    check ((event_id is null) = (case_id is null) and (event_id is null) = (seq is null))
);
comment on table casebase.webhook_payloads is
  'The body of an event in one form (payload version, thin or not), the same for every delivery of it.';
alter table casebase.webhook_payloads enable row level security;
revoke all on casebase.webhook_payloads from public, anon, authenticated, service_role;
create index webhook_payloads_case_id_idx on casebase.webhook_payloads (case_id) where case_id is not null;

-- The same for every attempt and every replay of one event to one endpoint, and for no other.
create function casebase.webhook_message_id(endpoint_id uuid, payload_id bigint) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return 'msg_' || left(encode(sha256(uuid_send(endpoint_id) || int8send(payload_id)), 'hex'), 32);
end
$$;

create function casebase.webhook_timestamp(at timestamptz) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
end
$$;

-- What of an event's data only says what it is about: its keys and numbers.
create function casebase.webhook_ids(data jsonb) returns jsonb
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(jsonb_object_agg(field.key, field.value), '{}')
    from jsonb_each(data) field
    where field.key in ('case', 'seq') or field.key like '%\_id'
  );
end
$$;

-- The body by Standard Webhooks: type, timestamp, data. PL/pgSQL, like all that a change calls: a function in SQL is
-- planned anew in each statement that calls it.
create function casebase.webhook_body(event public.case_events, thin boolean) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return json_build_object(
    'type', event.type,
    'timestamp', casebase.webhook_timestamp(event.created_at),
    'data', jsonb_build_object('event_id', event.id, 'seq', event.seq) || case
      when thin then casebase.webhook_ids(event.data)
      else event.data || jsonb_build_object(
        'actor', jsonb_build_object('id', event.actor_id, 'name', event.actor_name),
        'visible_to_client', event.visible_to_client)
    end
  )::text;
end
$$;

-- Takes what people wrote out of what is kept of these cases, for whoever erases a person's data. What is sent from then
-- on, first or again, has the ids and says that it was erased. Answers how many bodies that were.
create function casebase.scrub_webhook_payloads(case_ids bigint[]) returns bigint
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  scrubbed bigint[];
begin
  with changed as (
    update casebase.webhook_payloads payload
    set body        = json_build_object(
                        'type', payload.type,
                        'timestamp', payload.body::json -> 'timestamp',
                        'data', casebase.webhook_ids(payload.body::jsonb -> 'data') || '{"erased": true}'
                      )::text,
        scrubbed_at = now()
    where payload.case_id = any (case_ids)
      and payload.scrubbed_at is null
    returning payload.id
  )
  select array_agg(changed.id) into scrubbed
  from changed;

  -- A receiver may have answered with what it was sent.
  update casebase.webhook_attempts attempt
  set response = null
  from casebase.webhook_deliveries delivery
  where delivery.payload_id = any (scrubbed)
    and attempt.delivery_id = delivery.id
    and attempt.response is not null;
  return coalesce(cardinality(scrubbed), 0);
end
$$;


-- supabase/schemas/webhooks/event_schemas.sql

-- What each event says, as JSON Schema: the source of the service's /openapi.json and of docs/webhook-events.ts, which
-- `UPDATE=1 cargo test -p casebase --test database webhook_events` writes.

create table casebase.event_schemas (
  type    text  not null,
  -- What data has beside what every event of a case, or of an endpoint, has: a schema for each field.
  fields  jsonb not null,
  -- What may be in data.changes: the schema of `from` and `to`; true where it is only said that it changed.
  changes jsonb,
  constraint event_schemas_pkey primary key (type),
  constraint event_schemas_type_fkey foreign key (type) references casebase.event_types (type) on delete cascade,
  constraint event_schemas_fields_check check (jsonb_typeof(fields) = 'object'),
  constraint event_schemas_changes_check check (jsonb_typeof(changes) = 'object')
);
comment on table casebase.event_schemas is 'What each type of event says. An event type has a row here; a test looks.';
alter table casebase.event_schemas enable row level security;
revoke all on casebase.event_schemas from public, anon, authenticated, service_role;

insert into casebase.event_schemas (type, fields, changes) values
  ('case.created', '{
      "title": {"type": "string"},
      "status": {"type": "string"},
      "priority": {"type": "string"},
      "follow_up_of": {"type": ["integer", "null"]},
      "split_from": {"type": ["integer", "null"]}
    }', null),
  ('case.updated', '{}', '{
      "title": {"type": "string"},
      "description": true,
      "priority": {"type": "string"},
      "required_specialty_id": {"type": ["string", "null"], "format": "uuid"},
      "action_required_by": {"type": ["string", "null"], "format": "date-time"},
      "action_required_of": {"type": ["string", "null"]},
      "escalated_at": {"type": ["string", "null"], "format": "date-time"},
      "escalation_reason": true,
      "metadata": true
    }'),
  ('case.status_changed', '{}', '{"status": {"type": "string"}, "stage": {"type": ["string", "null"]}}'),
  ('case.merged', '{}', '{"merged_into": {"type": ["integer", "null"]}}'),
  ('case.escalated', '{}', '{"escalated_at": {"type": ["string", "null"], "format": "date-time"}, "escalation_reason": true}'),
  ('case.assigned', '{}', '{"assigned_to": {"type": ["string", "null"], "format": "uuid"}}'),
  ('case.handed_over', '{}', '{"department_id": {"type": "string", "format": "uuid"}}'),
  ('case.deleted', '{}', null),
  ('interaction.created', '{
      "interaction_id": {"type": "integer"},
      "party1_type": {"type": "string"},
      "party2_type": {"type": "string"}
    }', null),
  ('interaction.updated', '{"interaction_id": {"type": "integer"}}', '{
      "content": true,
      "party1_name": {"type": "string"},
      "party1_type": {"type": "string"},
      "party2_name": {"type": "string"},
      "party2_type": {"type": "string"},
      "visible_to_client": {"type": "boolean"}
    }'),
  ('interaction.deleted', '{"interaction_id": {"type": "integer"}}', null),
  ('internal_note.created', '{"internal_note_id": {"type": "integer"}}', null),
  ('internal_note.updated', '{"internal_note_id": {"type": "integer"}}', null),
  ('internal_note.deleted', '{"internal_note_id": {"type": "integer"}}', null),
  ('case_internal.updated', '{}', '{"tags": {"type": "array", "items": {"type": "string"}}, "metadata": true}'),
  ('webhook.test', '{}', null),
  ('webhook.endpoint_disabled', '{"reason": {"type": "string"}}', null);

-- A file says the same of itself whatever became of it.
insert into casebase.event_schemas (type, fields)
select file.type, '{
    "case_file_id": {"type": "integer"},
    "interaction_id": {"type": ["integer", "null"]},
    "file_name": {"type": "string"},
    "original_name": {"type": "string"},
    "content_type": {"type": "string"},
    "file_size": {"type": "integer"},
    "sha256": {"type": ["string", "null"]}
  }'
from unnest(array['case_file.available', 'case_file.moved', 'case_file.deleted']) as file (type);

insert into casebase.event_schemas (type, fields) values
  ('case_file.rejected', '{
    "case_file_id": {"type": "integer"},
    "interaction_id": {"type": ["integer", "null"]},
    "file_name": {"type": "string"},
    "original_name": {"type": "string"},
    "reason": {"type": ["string", "null"]}
  }');

-- An object of which every field is there.
create function casebase.object_schema(properties jsonb) returns jsonb
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'type', 'object',
    'properties', properties,
    'required', (select jsonb_agg(name order by name) from jsonb_object_keys(properties) name)
  )
$$;

-- data.changes: some of these, one at least. Where may_be_hidden, what changed while the client could not see it yet is
-- only said to have.
create function casebase.changes_schema(changes jsonb, may_be_hidden boolean) returns jsonb
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'type', 'object',
    'minProperties', 1,
    'properties', jsonb_object_agg(
      change.key,
      case
        when change.value = 'true' then only_that.schema
        when may_be_hidden then jsonb_build_object('anyOf', jsonb_build_array(from_to.schema, only_that.schema))
        else from_to.schema
      end
    )
  )
  from jsonb_each(changes) change
  cross join lateral (select casebase.object_schema(jsonb_build_object('from', change.value, 'to', change.value))) from_to (schema)
  cross join lateral (select casebase.object_schema('{"changed": {"const": true}}')) only_that (schema)
$$;

-- The whole body of an event. data is everything, or the ids alone: for thin endpoints, and where it was erased.
create function casebase.event_schema(type text) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select casebase.object_schema(jsonb_build_object(
      'type', jsonb_build_object('const', event.type),
      'timestamp', '{"type": "string", "format": "date-time"}'::jsonb,
      'data', jsonb_build_object('anyOf', jsonb_build_array(everything.schema, ids.schema))
    )) || jsonb_build_object('description', event.meaning)
  from casebase.event_types event
  join casebase.event_schemas described on described.type = event.type
  cross join lateral (
    select case when event.type like 'webhook.%' then '{"endpoint_id": {"type": "string", "format": "uuid"}}' else '{
      "event_id": {"type": "integer"},
      "seq": {"type": "integer", "description": "Counts the events of the case, without gaps, in the order of their commits."},
      "case": {"type": "integer", "description": "cases.id"},
      "case_id": {"type": "string", "description": "The number people use: CASE-0001"},
      "client_id": {"type": "string", "format": "uuid"}
    }' end::jsonb || described.fields as properties
  ) own
  cross join lateral (
    select casebase.object_schema(own.properties
      || case when event.type like 'webhook.%' then '{}' else '{
        "actor": {
          "type": "object",
          "description": "Who did it. id is null where nobody signed in did.",
          "properties": {"id": {"type": ["string", "null"], "format": "uuid"}, "name": {"type": "string"}},
          "required": ["id", "name"]
        },
        "visible_to_client": {"type": "boolean"}
      }' end::jsonb
      || case
        when described.changes is null then '{}'
        else jsonb_build_object('changes', casebase.changes_schema(described.changes, event.type like 'interaction.%'))
      end) as schema
  ) everything
  cross join lateral (
    select jsonb_set(
      casebase.object_schema(casebase.webhook_ids(own.properties)),
      '{properties,erased}',
      '{"const": true, "description": "The rest was erased, on a person''s request."}'
    ) as schema
  ) ids
  where event.type = event_schema.type
$$;


-- supabase/schemas/webhooks/outbox.sql

-- The outbox: deliveries, written in the transaction of the change and emptied by the worker.
--
-- A delivery is one event for one endpoint. Its life:
--
--   pending   due at next_attempt_at; the first unfinished delivery of its lane, or not yet looked at
--   waiting   behind an earlier delivery of its lane; no clock runs
--   leased    a worker is sending it, until leased_until
--   delivered, failed, skipped
--
-- A lane is one endpoint and one case: within it deliveries are sent one after another, in the order of their ids,
-- which is the commit order of the case's events. Lanes never wait for each other.
--
-- Users' transactions only ever insert pending rows; nothing else of theirs touches the queue. Whatever decides
-- about order runs in the worker's functions, one at a time (they lock the one row of webhook_queue), for
-- milliseconds however much is waiting, and never waits for a user's transaction (skip locked).

-- endpoint_id is no foreign key on purpose: every insert would lock the same endpoint row, and many writers at once
-- would queue there. webhook_tidy removes what a deleted endpoint leaves.
create table casebase.webhook_deliveries (
  id              bigint      generated always as identity,
  endpoint_id     uuid        not null,
  payload_id      bigint      not null,
  -- Its payload's: null for a test, which is in no lane.
  case_id         bigint,
  state           text        not null default 'pending',
  attempts        integer     not null default 0,
  next_attempt_at timestamptz not null default now(),
  -- Of the last lease: a worker that comes back after its lease was given away holds an old one.
  lease_token     uuid,
  leased_at       timestamptz,
  leased_until    timestamptz,
  created_at      timestamptz not null default now(),
  finished_at     timestamptz,
  -- Why an admin let it be, so that its lane goes on.
  skipped_because text,
  constraint webhook_deliveries_pkey primary key (id),
  constraint webhook_deliveries_payload_id_fkey
    foreign key (payload_id) references casebase.webhook_payloads (id),
  constraint webhook_deliveries_state_check
    check (state in ('pending', 'waiting', 'leased', 'delivered', 'failed', 'skipped')),
  constraint webhook_deliveries_leased_check
    check ((state = 'leased') = (leased_at is not null) and (state = 'leased') = (leased_until is not null)),
  constraint webhook_deliveries_finished_check
    check ((state in ('delivered', 'failed', 'skipped')) = (finished_at is not null)),
  constraint webhook_deliveries_skipped_check
    check (
      (state = 'skipped') = (skipped_because is not null)
      and (skipped_because is null or length(skipped_because) <= 500 and casebase.is_text(skipped_because))
    )
);
comment on table casebase.webhook_deliveries is
  'One event for one endpoint, from the change that caused it until it is delivered or given up.';
alter table casebase.webhook_deliveries enable row level security;
revoke all on casebase.webhook_deliveries from public, anon, authenticated, service_role;
-- The queue is rewritten all the time: clean up after a fixed number of rows, not a share of the table.
alter table casebase.webhook_deliveries set (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000
);
create index webhook_deliveries_payload_id_idx on casebase.webhook_deliveries (payload_id);

-- One index for each question of the worker's. Each has a condition that only its own question repeats, so that no
-- other index can answer it: a plan stays right however full the table was when it was made.
create index webhook_deliveries_due_idx on casebase.webhook_deliveries (endpoint_id, next_attempt_at, id)
  where state = 'pending';
create index webhook_deliveries_leased_idx on casebase.webhook_deliveries (endpoint_id, leased_until)
  where state = 'leased';
create index webhook_deliveries_waiting_idx on casebase.webhook_deliveries (endpoint_id, case_id, id)
  where state = 'waiting';
create index webhook_deliveries_lane_idx on casebase.webhook_deliveries (endpoint_id, case_id, id)
  where finished_at is null;
create index webhook_deliveries_undelivered_idx on casebase.webhook_deliveries (endpoint_id, id)
  where state in ('failed', 'skipped');
create index webhook_deliveries_finished_idx on casebase.webhook_deliveries (finished_at)
  where finished_at is not null;

-- When an endpoint last took something.
create index webhook_deliveries_delivered_idx on casebase.webhook_deliveries (endpoint_id, finished_at)
  where state = 'delivered';

create table casebase.webhook_attempts (
  delivery_id bigint      not null,
  number      integer     not null,
  started_at  timestamptz not null,
  duration_ms integer,
  -- The receiver's answer, or why there was none.
  status      integer,
  response    text,
  error       text,
  constraint webhook_attempts_pkey primary key (delivery_id, number),
  constraint webhook_attempts_delivery_id_fkey
    foreign key (delivery_id) references casebase.webhook_deliveries (id) on delete cascade,
  constraint webhook_attempts_outcome_check check (status is not null or error is not null)
);
comment on table casebase.webhook_attempts is
  'Every request that was made for a delivery, also those that a worker did not live to report.';
-- Attempts lie in the order in which they were made: a summary of each few pages finds those of a day.
create index webhook_attempts_started_at_idx on casebase.webhook_attempts using brin (started_at) with (pages_per_range = 16, autosummarize = on);
alter table casebase.webhook_attempts enable row level security;
revoke all on casebase.webhook_attempts from public, anon, authenticated, service_role;

-- One row, which the worker's functions lock.
create table casebase.webhook_queue (
  only_row          boolean     not null default true,
  -- The lane up to which webhook_tidy looked for stuck ones; null: it begins anew.
  swept_endpoint_id uuid,
  swept_case_id     bigint,
  constraint webhook_queue_pkey primary key (only_row),
  constraint webhook_queue_only_row_check check (only_row)
);
alter table casebase.webhook_queue enable row level security;
revoke all on casebase.webhook_queue from public, anon, authenticated, service_role;
insert into casebase.webhook_queue default values;

-- Until when somebody waits for a notification, in milliseconds since 1970: every change reads it. No column, because the
-- old versions of a row that changes all the time have to be passed by, for as long as any transaction may see them.
create sequence casebase.webhook_listening_until minvalue 0 start 0;
revoke all on sequence casebase.webhook_listening_until from public, anon, authenticated, service_role;

-- Whether somebody who narrowed down what they want to hear of wants to hear of this case, as it is, or was before.
create function casebase.webhook_wants(
  subscription casebase.webhook_subscriptions,
  changes      jsonb,
  subject      public.cases
) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select (subscription.client_ids = '{}' or subject.client_id = any (subscription.client_ids))
    and (subscription.department_ids = '{}'
         or subject.department_id = any (subscription.department_ids)
         or (changes #>> '{department_id,from}')::uuid = any (subscription.department_ids))
    and (subscription.priorities = '{}'
         or subject.priority = any (subscription.priorities)
         or changes #>> '{priority,from}' = any (subscription.priorities))
    and (subscription.statuses = '{}'
         or subject.status = any (subscription.statuses)
         or changes #>> '{status,from}' = any (subscription.statuses))
$$;

-- Enqueueing, in the transaction of the change: a body for each form that somebody takes, a delivery for each who does.
-- Sessions keep its plans, which may have been made when there was no endpoint: it looks subscriptions up, also where
-- reading them all seemed cheaper then. Left to choose, PostgreSQL plans it anew for every event, which takes longer than
-- all else that an event costs.
-- `deleted` is the case, if it is gone already.
create function casebase.enqueue_event(event public.case_events, deleted public.cases default null) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  form record;
  body bigint;
begin
  for form in
    select subscription.payload_version, subscription.thin, array_agg(distinct subscription.endpoint_id) as endpoints
    from casebase.webhook_subscriptions subscription
    where subscription.filter = any (array[
      event.type,
      split_part(event.type, '.', 1) || '.*',
      (select '*' from casebase.event_types t where t.type = event.type and not t.on_request)
    ])
      and (
        (subscription.client_ids, subscription.department_ids, subscription.priorities, subscription.statuses)
          = ('{}'::uuid[], '{}'::uuid[], '{}'::text[], '{}'::text[])
        or casebase.webhook_wants(subscription, event.data -> 'changes', coalesce(
          (select c from public.cases c where c.id = event.case_id),
          deleted))
      )
    group by subscription.payload_version, subscription.thin
  loop
    insert into casebase.webhook_payloads (event_id, case_id, seq, type, payload_version, thin, body)
    values (event.id, event.case_id, event.seq, event.type, form.payload_version, form.thin,
            casebase.webhook_body(event, form.thin))
    returning id into body;
    insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
    select endpoint.id, body, event.case_id
    from unnest(form.endpoints) as endpoint (id);
  end loop;

  -- NOTIFY takes a lock of the whole cluster at commit: only when it wakes somebody.
  if body is not null
    and pg_sequence_last_value('casebase.webhook_listening_until') > extract(epoch from clock_timestamp()) * 1000
  then
    perform pg_notify('casebase_webhooks', '');
  end if;
end
$$;

create function casebase.enqueue_webhooks() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.enqueue_event(new);
  return null;
end
$$;

create trigger enqueue_webhooks after insert on public.case_events
  for each row execute function casebase.enqueue_webhooks();

-- A case's deletion is an event that its history does not outlive: it goes to the receivers only, behind what they have
-- still to get of the case.
create function casebase.send_deleted_cases() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  deletion record;
begin
  for deletion in
    with counted as (
      delete from casebase.case_counters counter
      using old_rows deleted
      where counter.case_id = deleted.id
      returning counter.case_id, counter.last_seq
    )
    select row(
             nextval(pg_get_serial_sequence('public.case_events', 'id')),
             deleted.id,
             coalesce(counted.last_seq, 0) + 1,
             'case.deleted',
             casebase.caller_id(),
             coalesce(casebase.person_name(casebase.caller_id(), deleted.client_id), 'system'),
             true,
             jsonb_build_object('case_id', deleted.case_id, 'case', deleted.id, 'client_id', deleted.client_id),
             clock_timestamp()
           )::public.case_events as event,
           deleted::public.cases as subject
    from old_rows deleted
    left join counted on counted.case_id = deleted.id
    order by deleted.id
  loop
    perform casebase.enqueue_event(deletion.event, deletion.subject);
  end loop;
  return null;
end
$$;

create trigger send_deleted after delete on public.cases
  referencing old table as old_rows
  for each statement execute function casebase.send_deleted_cases();

-- An endpoint that the worker switched off is an event too, for those that ask for it; of no case, so in no lane.
create function casebase.send_disabled_endpoint() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  with subscriber as (
    select distinct subscription.endpoint_id, subscription.payload_version, subscription.thin
    from casebase.webhook_subscriptions subscription
    where subscription.filter in ('webhook.endpoint_disabled', 'webhook.*')
  ),
  payload as (
    insert into casebase.webhook_payloads (type, payload_version, thin, body)
    select 'webhook.endpoint_disabled', form.payload_version, form.thin, json_build_object(
             'type', 'webhook.endpoint_disabled',
             'timestamp', casebase.webhook_timestamp(clock_timestamp()),
             'data', jsonb_build_object('endpoint_id', new.id)
               || case when form.thin then '{}' else jsonb_build_object('reason', new.disabled_reason) end
           )::text
    from (select distinct subscriber.payload_version, subscriber.thin from subscriber) form
    returning id, payload_version, thin
  )
  insert into casebase.webhook_deliveries (endpoint_id, payload_id)
  select subscriber.endpoint_id, payload.id
  from subscriber
  join payload using (payload_version, thin);
  return null;
end
$$;

create trigger send_disabled after update on casebase.webhook_endpoints
  for each row when (old.enabled and not new.enabled and new.disabled_reason is not null)
  execute function casebase.send_disabled_endpoint();


-- supabase/schemas/webhooks/worker.sql

-- The worker's functions: leasing, reporting and housekeeping.
--
-- A worker keeps its connection, and with it every plan that was made when the queue was empty. So no plan may depend
-- on how full a table is: what is looked for is found by id, or in the one index that can answer (outbox.sql), with a
-- limit. What is looked up by id is named in an array: joined, it might be the inner side of a loop over everything. Nor
-- does it repeat an index's condition, or that index would be read instead. The three functions that the worker calls leave the planner no other way: they set the
-- scans and joins that read whole tables off, and what they call is planned under the same settings.
--
-- How many rows a call reads is bounded by its arguments, the number of endpoints and the limits below, never by what
-- is waiting. crates/casebase/tests/webhook_backlog.rs holds the numbers.

-- The first unfinished delivery of a lane, or the first behind one of it. A range of cases, even of one: equal to both
-- columns, it could also be found by walking the primary key past everything that was ever delivered.
create function casebase.webhook_first_of_lane(of_endpoint uuid, of_case bigint, behind bigint default 0) returns bigint
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select unfinished.id
    from casebase.webhook_deliveries unfinished
    where unfinished.finished_at is null
      and unfinished.endpoint_id = of_endpoint
      and (unfinished.case_id, unfinished.id) > (of_case, behind)
      and unfinished.case_id <= of_case
    order by unfinished.case_id, unfinished.id
    limit 1
  );
end
$$;

-- Locks those of these deliveries that are in this state and that nobody else holds. Answers their ids.
create function casebase.webhook_lock(ids bigint[], in_state text) returns bigint[]
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    with free as (
      select delivery.id, delivery.state
      from casebase.webhook_deliveries delivery
      where delivery.id = any (ids)
      for update skip locked
    )
    select free.id
    from free
    where free.state = in_state
  );
end
$$;

-- What a worker took and never reported goes back, with an attempt that says so. It costs no retry: the receiver
-- did nothing wrong.
create function casebase.webhook_expire_leases(at timestamptz) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  expired bigint[] := array(
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.state = 'leased'
      and delivery.leased_until <= at
    limit 500
    for update skip locked
  );
begin
  insert into casebase.webhook_attempts (delivery_id, number, started_at, error)
  select delivery.id,
         1 + (
           select coalesce(max(attempt.number), 0)
           from casebase.webhook_attempts attempt
           where attempt.delivery_id = delivery.id
         ),
         delivery.leased_at,
         'The worker stopped before it reported an answer; the request may have arrived.'
  from casebase.webhook_deliveries delivery
  where delivery.id = any (expired);

  update casebase.webhook_deliveries delivery
  set state           = 'pending',
      next_attempt_at = now(),
      leased_at       = null,
      leased_until    = null
  where delivery.id = any (expired);
end
$$;

-- The deliveries that are due, and whether each is blocked by an earlier one of its lane. Every endpoint's oldest come
-- before any endpoint's second oldest, so that nobody's backlog keeps the others waiting, and of many endpoints' backlogs
-- no more is read than about twice what is asked for. An endpoint gets at most max_per_endpoint requests at a time of one
-- worker, and one that keeps failing a single one of all workers, so that it cannot occupy them.
-- `at` is an argument because clock_timestamp() can't bound an index scan: what is due later would be read too.
create function casebase.webhook_due(
  at timestamptz, max_deliveries integer, max_per_endpoint integer, under_way jsonb, since jsonb
)
  returns table (id bigint, blocked boolean)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with ready as materialized (
    select endpoint.id, room.places, coalesce((since ->> endpoint.id::text)::timestamptz, '-infinity') as since
    from casebase.webhook_endpoints endpoint
    cross join lateral (
      select least(
        max_deliveries,
        case
          when endpoint.failures_in_a_row < 5
            then max_per_endpoint - coalesce((under_way ->> endpoint.id::text)::integer, 0)
          else 1 - (
            select count(*)
            from casebase.webhook_deliveries leased
            where leased.endpoint_id = endpoint.id
              and leased.state = 'leased'
          )
        end,
        endpoint.rate_limit - case when endpoint.rate_second > at - interval '1 s' then endpoint.rate_used else 0 end
      ) as places
    ) room
    cross join lateral (
      select from casebase.webhook_deliveries delivery
      where delivery.endpoint_id = endpoint.id
        and delivery.state = 'pending'
        and delivery.next_attempt_at >= coalesce((since ->> endpoint.id::text)::timestamptz, '-infinity')
        and delivery.next_attempt_at <= at
      limit case when room.places > 0 then 1 else 0 end
    ) something
    where endpoint.enabled
      and endpoint.url is not null
      and (endpoint.paused_until is null or endpoint.paused_until <= at)
  )
  select due.id, coalesce(casebase.webhook_first_of_lane(due.endpoint_id, due.case_id) < due.id, false)
  from (
    select oldest.*
    from ready
    cross join lateral (
      select delivery.id, delivery.endpoint_id, delivery.case_id, delivery.next_attempt_at,
             row_number() over (order by delivery.next_attempt_at, delivery.id) as nth
      from casebase.webhook_deliveries delivery
      where delivery.endpoint_id = ready.id
        and delivery.state = 'pending'
        and delivery.next_attempt_at >= ready.since
        and delivery.next_attempt_at <= at
      order by delivery.next_attempt_at, delivery.id
      limit least(ready.places, 1 + 2 * max_deliveries / (select count(*) from ready))
    ) oldest
    order by oldest.nth, oldest.next_attempt_at, oldest.id
    limit max_deliveries
  ) due;
end
$$;

-- Sets these blocked deliveries aside, and with them those that follow in their lanes, up to 500 in all. Answers how
-- many.
create function casebase.webhook_park(blocked bigint[]) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  behind bigint[];
  parked integer;
begin
  behind := array(
    select following.id
    from (
      select seen.endpoint_id, seen.case_id, min(seen.id) as id, count(*) over () as lanes
      from casebase.webhook_deliveries seen
      where seen.id = any (blocked)
      group by seen.endpoint_id, seen.case_id
    ) lane
    cross join lateral (
      select delivery.id, delivery.state
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
        and delivery.endpoint_id = lane.endpoint_id
        and (delivery.case_id, delivery.id) >= (lane.case_id, lane.id)
        and delivery.case_id <= lane.case_id
      order by delivery.case_id, delivery.id
      limit greatest(1, 500 / lane.lanes)
    ) following
    where following.state = 'pending'
  );

  behind := casebase.webhook_lock(behind, 'pending');
  update casebase.webhook_deliveries delivery
  set state = 'waiting'
  where delivery.id = any (behind);
  get diagnostics parked = row_count;
  return parked;
end
$$;

-- What was taken for endpoints with a rate limit counts in the second that began with the first of it.
create function casebase.webhook_count_requests(at timestamptz, taken bigint[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  with request as (
    select delivery.endpoint_id, count(*) as n
    from casebase.webhook_deliveries delivery
    where delivery.id = any (taken)
    group by delivery.endpoint_id
  ),
  limited as (
    select endpoint.id, endpoint.rate_second > at - interval '1 s' is true as goes_on, request.n
    from casebase.webhook_endpoints endpoint
    join request on request.endpoint_id = endpoint.id
    where endpoint.rate_limit is not null
    for update of endpoint skip locked
  )
  update casebase.webhook_endpoints endpoint
  set rate_second = case when limited.goes_on then endpoint.rate_second else at end,
      rate_used   = case when limited.goes_on then endpoint.rate_used else 0 end + limited.n
  from limited
  where endpoint.id = limited.id;
end
$$;

-- Says until when somebody waits for a notification. What is said already isn't written again.
create function casebase.webhook_listen_until(until timestamptz) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  said constant bigint := extract(epoch from until) * 1000;
begin
  if pg_sequence_last_value('casebase.webhook_listening_until') is distinct from said then
    perform setval('casebase.webhook_listening_until', said);
  end if;
end
$$;

-- What follows these deliveries in their lanes and can be sent at once behind them: up to `most` in each, about 256 in
-- all. None where somebody holds one in between, or has put it off; and none of a receiver that fails, or whose requests
-- are counted.
create function casebase.webhook_followers(heads bigint[], most integer, at timestamptz) returns bigint[]
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  following bigint[] := array(
    select behind.id
    from casebase.webhook_deliveries head
    cross join lateral (
      select case when endpoint.failures_in_a_row = 0 and endpoint.rate_limit is null then most else 0 end as most
      from casebase.webhook_endpoints endpoint
      where endpoint.id = head.endpoint_id
      limit 1
    ) receiver
    cross join lateral (
      select delivery.id
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
        and delivery.endpoint_id = head.endpoint_id
        and (delivery.case_id, delivery.id) > (head.case_id, head.id)
        and delivery.case_id <= head.case_id
      order by delivery.case_id, delivery.id
      limit least(receiver.most, 256 / cardinality(heads))
    ) behind
    where head.id = any (heads)
  );
  ready     bigint[];
begin
  ready := array(
    with free as (
      select delivery.id, delivery.state, delivery.next_attempt_at
      from casebase.webhook_deliveries delivery
      where delivery.id = any (following)
      for update skip locked
    )
    select free.id
    from free
    where free.state in ('pending', 'waiting')
      and free.next_attempt_at <= at
  );
  return array(
    select one.id
    from (
      select delivery.id,
             bool_and(delivery.id = any (ready)) over (
               partition by delivery.endpoint_id, delivery.case_id
               order by delivery.id
             ) as all_ready
      from casebase.webhook_deliveries delivery
      where delivery.id = any (following)
    ) one
    where one.all_ready
  );
end
$$;

-- Takes up to max_deliveries for sending, and behind each up to max_in_lane - 1 more of its lane, which the caller sends
-- one after another as long as each is taken. It sends them outside any transaction and reports with webhook_ack before
-- the lease ends; otherwise they are given to the next caller. When nothing is due the caller listens for a notification,
-- for as long as listens_for.
--
-- What the caller has under way counts for each endpoint: {"<endpoint>": requests}. Of `since`, {"<endpoint>": time}, it
-- looks at what became due from then on, which spares it the old versions of what was delivered before, where a
-- transaction keeps them; it may miss what was committed late. Null: it looks at everything, also for leases that ended.
create function casebase.webhook_lease(
  max_deliveries   integer,
  max_per_endpoint integer,
  lease            interval,
  listens_for      interval,
  max_in_lane      integer default 1,
  under_way        jsonb default '{}',
  since            jsonb default null
) returns table (
  delivery_id bigint,
  lease_token uuid,
  attempt     integer,
  endpoint_id uuid,
  url         text,
  message_id  text,
  body        text,
  secrets     text[],
  -- The endpoint's own waits between attempts, in milliseconds.
  retry_waits bigint[],
  headers     jsonb,
  -- Its lane with the endpoint's; null: it is in none.
  case_id     bigint,
  due_at      timestamptz
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set jit = off
as $$
#variable_conflict use_column
declare
  at        timestamptz;
  heads     bigint[];
  followers bigint[];
  blocked   bigint[];
begin
  -- A lease that a crash of the server forgets is a delivery that is sent again: not worth waiting for the disk.
  perform set_config('synchronous_commit', 'off', true);
  perform from casebase.webhook_queue for update;
  at := clock_timestamp();
  if since is null then
    perform casebase.webhook_expire_leases(at);
  end if;

  -- What is found blocked is set aside and the look repeated until half of what was asked for is found, but not for
  -- ever: a lane of 100,000 takes many calls, and between them others get their turn.
  for look in 1..4 loop
    select array_agg(due.id) filter (where not due.blocked),
           array_agg(due.id) filter (where due.blocked)
    into heads, blocked
    from casebase.webhook_due(at, max_deliveries, max_per_endpoint, under_way, since) due;
    exit when blocked is null
      or casebase.webhook_park(blocked) = 0
      or cardinality(heads) >= max_deliveries / 2;
  end loop;

  heads := casebase.webhook_lock(heads, 'pending');
  followers := casebase.webhook_followers(heads, max_in_lane - 1, at);
  return query
  with leased as (
    update casebase.webhook_deliveries delivery
    set state        = 'leased',
        lease_token  = gen_random_uuid(),
        leased_at    = clock_timestamp(),
        leased_until = clock_timestamp() + lease
    where delivery.id = any (heads || followers)
    returning delivery.*
  ),
  signer as materialized (
    select receiver.endpoint_id, casebase.webhook_signing_secrets(receiver.endpoint_id) as secrets
    from (select distinct leased.endpoint_id from leased) receiver
  )
  select leased.id,
         leased.lease_token,
         leased.attempts + 1,
         leased.endpoint_id,
         endpoint.url,
         casebase.webhook_message_id(leased.endpoint_id, leased.payload_id),
         payload.body,
         signer.secrets,
         case when endpoint.retry_waits is not null then array(
           select (extract(epoch from wait) * 1000)::bigint
           from unnest(endpoint.retry_waits) with ordinality as waits (wait, nth)
           order by nth
         ) end,
         endpoint.headers,
         leased.case_id,
         leased.next_attempt_at
  from leased
  join signer on signer.endpoint_id = leased.endpoint_id
  join casebase.webhook_endpoints endpoint on endpoint.id = leased.endpoint_id
  -- A join would be planned while there are few, as a walk through all of them, and kept as they become many.
  cross join lateral (
    select p.body from casebase.webhook_payloads p where p.id = leased.payload_id offset 0
  ) payload
  order by leased.id;

  if found then
    perform casebase.webhook_count_requests(at, heads);
    perform casebase.webhook_listen_until('1970-01-01 00:00+00');
  else
    perform casebase.webhook_listen_until(clock_timestamp() + listens_for);
    -- Only blocked ones were found, and there may be more behind them: the worker comes again at once.
    if blocked is not null then
      perform pg_notify('casebase_webhooks', '');
    end if;
  end if;
end
$$;

-- Reports what became of leased deliveries, as an array of
--   {delivery_id, lease_token, started_at, duration_ms, status, response, error,
--    verdict: delivered | retry | failed | unsent, retry_in_ms, pause_ms, disable_because}
-- Every attempt is recorded; only who still holds the lease decides the delivery's state. What was not sent goes back as
-- if it had never been taken. Answers how many leases were held.
create function casebase.webhook_ack(reports jsonb) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set jit = off
as $$
declare
  reported bigint[] := array(select (report ->> 'delivery_id')::bigint from jsonb_array_elements(reports) report);
  known    bigint[];
  finished bigint[];
  settled  integer;
  released integer;
begin
  perform from casebase.webhook_queue for update;
  released := casebase.webhook_release(reports);
  reports := coalesce(
    (select jsonb_agg(report) from jsonb_array_elements(reports) report where report ->> 'verdict' <> 'unsent'), '[]');

  known := array(
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.id = any (reported)
    for update skip locked
  );

  perform casebase.webhook_record_attempts(reports, known);

  with report as (
    select *
    from jsonb_to_recordset(reports) as r (delivery_id bigint, lease_token uuid, verdict text, retry_in_ms bigint)
  ),
  changed as (
    update casebase.webhook_deliveries delivery
    set state           = case report.verdict
                            when 'delivered' then 'delivered'
                            when 'retry' then 'pending'
                            else 'failed'
                          end,
        attempts        = delivery.attempts + 1,
        next_attempt_at = case report.verdict
                            when 'retry' then now() + report.retry_in_ms * interval '1 ms'
                            else delivery.next_attempt_at
                          end,
        leased_at       = null,
        leased_until    = null,
        finished_at     = case report.verdict when 'retry' then null else clock_timestamp() end
    from report
    where delivery.id = report.delivery_id
      and delivery.id = any (known)
      and delivery.leased_until is not null
      and delivery.lease_token = report.lease_token
    returning delivery.id, delivery.finished_at
  )
  select count(*), array_agg(changed.id) filter (where changed.finished_at is not null)
  into settled, finished
  from changed;

  perform casebase.webhook_judge_endpoints(reports, known);
  perform casebase.webhook_advance(array(
    select casebase.webhook_first_of_lane(done.endpoint_id, done.case_id, done.id)
    from casebase.webhook_deliveries done
    where done.id = any (finished)
  ));
  return settled + released;
end
$$;

-- Gives back what was leased and not sent. Answers how many there were.
create function casebase.webhook_release(reports jsonb) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  unsent   bigint[] := array(
    select (report ->> 'delivery_id')::bigint
    from jsonb_array_elements(reports) report
    where report ->> 'verdict' = 'unsent'
  );
  released integer;
begin
  unsent := casebase.webhook_lock(unsent, 'leased');
  update casebase.webhook_deliveries delivery
  set state        = 'pending',
      leased_at    = null,
      leased_until = null
  from jsonb_to_recordset(reports) as report (delivery_id bigint, lease_token uuid, verdict text)
  where delivery.id = any (unsent)
    and report.delivery_id = delivery.id
    and report.lease_token = delivery.lease_token;
  get diagnostics released = row_count;
  return released;
end
$$;

create function casebase.webhook_record_attempts(reports jsonb, known bigint[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  insert into casebase.webhook_attempts (delivery_id, number, started_at, duration_ms, status, response, error)
  select report.delivery_id,
         row_number() over (partition by report.delivery_id order by report.started_at) + (
           select coalesce(max(earlier.number), 0)
           from casebase.webhook_attempts earlier
           where earlier.delivery_id = report.delivery_id
         ),
         report.started_at,
         report.duration_ms,
         report.status,
         report.response,
         report.error
  from jsonb_to_recordset(reports) as report (
    delivery_id bigint, started_at timestamptz, duration_ms integer, status integer, response text, error text
  )
  where report.delivery_id = any (known);
end
$$;

-- What the answers say about the receivers. One success clears the failures, and what waits for its next attempt is due.
-- From the fifth failure in a row on, one request at a time tries whether the receiver is well again, after a pause that
-- grows to a minute. Gone, or nothing but failures for five days, switch an endpoint off.
create function casebase.webhook_judge_endpoints(reports jsonb, known bigint[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  recovered uuid[];
begin
  with answers as (
    select delivery.endpoint_id,
           bool_or(report.verdict = 'delivered') as any_delivered,
           count(*) filter (where report.verdict <> 'delivered') as failures,
           max(report.pause_ms) as pause_ms,
           max(report.disable_because) as disable_because
    from jsonb_to_recordset(reports) as report (
      delivery_id bigint, verdict text, pause_ms bigint, disable_because text
    )
    join casebase.webhook_deliveries delivery on delivery.id = report.delivery_id
    where delivery.id = any (known)
    group by delivery.endpoint_id
  ),
  affected as (
    select endpoint.id, endpoint.failures_in_a_row as failed_before, answers.*,
           case when not answers.any_delivered then endpoint.failures_in_a_row + answers.failures else 0 end as failed,
           case when not answers.any_delivered then coalesce(endpoint.failing_since, now()) end as since
    from casebase.webhook_endpoints endpoint
    join answers on answers.endpoint_id = endpoint.id
    where endpoint.failures_in_a_row > 0
      or answers.failures > 0
    for update of endpoint skip locked
  ),
  judged as (
    update casebase.webhook_endpoints endpoint
    set failures_in_a_row = affected.failed,
        failing_since     = affected.since,
        paused_until      = greatest(
                              endpoint.paused_until,
                              now() + affected.pause_ms * interval '1 ms',
                              case when affected.failed >= 5 then now() + least(affected.failed - 4, 60) * interval '1 s' end
                            ),
        enabled           = endpoint.enabled and verdict.reason is null,
        disabled_reason   = coalesce(verdict.reason, endpoint.disabled_reason)
    from affected
    cross join lateral (
      select coalesce(
        affected.disable_because,
        case
          when affected.since < now() - interval '5 days'
            then format('Every attempt since %s failed.', to_char(affected.since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))
        end
      ) as reason
    ) verdict
    where endpoint.id = affected.id
    returning endpoint.id, affected.failed_before, affected.any_delivered
  )
  select array_agg(judged.id) into recovered
  from judged
  where judged.any_delivered
    and judged.failed_before >= 5;

  perform casebase.webhook_retry_now(recovered, 5000);
end
$$;

-- Makes due what waits for its next attempt at these endpoints, `most` of each. Answers how many.
create function casebase.webhook_retry_now(endpoints uuid[], most integer) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  putting_off bigint[] := array(
    select later.id
    from unnest(endpoints) as endpoint (id)
    cross join lateral (
      select delivery.id
      from casebase.webhook_deliveries delivery
      where delivery.endpoint_id = endpoint.id
        and delivery.state = 'pending'
        and delivery.next_attempt_at > now()
      order by delivery.next_attempt_at, delivery.id
      limit most
    ) later
  );
begin
  putting_off := casebase.webhook_lock(putting_off, 'pending');
  update casebase.webhook_deliveries delivery
  set next_attempt_at = now()
  where delivery.id = any (putting_off);
  return cardinality(putting_off);
end
$$;

-- Deliveries that waited and are the first of their lanes now become due, at the time they always had.
create function casebase.webhook_advance(firsts bigint[]) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  waiting bigint[] := casebase.webhook_lock(firsts, 'waiting');
begin
  update casebase.webhook_deliveries delivery
  set state = 'pending'
  where delivery.id = any (waiting);
end
$$;

-- What an admin skips lets its lane go on. The queue's lock is the worker's: it decides about order alone.
create function casebase.webhook_pass_skipped() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from casebase.webhook_queue for update;
  perform casebase.webhook_advance(array[casebase.webhook_first_of_lane(new.endpoint_id, new.case_id)]);
  return null;
end
$$;

create trigger pass_skipped after update on casebase.webhook_deliveries
  for each row when (new.state = 'skipped' and old.state <> 'skipped')
  execute function casebase.webhook_pass_skipped();

-- Sets lanes going again whose first delivery was removed by hand: of the lanes in which something waits, the next 200
-- after those of the last call.
create function casebase.webhook_sweep_lanes() returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  after_endpoint uuid;
  after_case     bigint;
  stuck          bigint[];
begin
  select coalesce(queue.swept_endpoint_id, '00000000-0000-0000-0000-000000000000'), coalesce(queue.swept_case_id, 0)
  into after_endpoint, after_case
  from casebase.webhook_queue queue
  for update;

  with recursive lane as (
    (
      select 1 as nth, waiting.endpoint_id, waiting.case_id, waiting.id
      from casebase.webhook_deliveries waiting
      where waiting.state = 'waiting'
        and (waiting.endpoint_id, waiting.case_id) > (after_endpoint, after_case)
      order by waiting.endpoint_id, waiting.case_id, waiting.id
      limit 1
    )
    union all
    select lane.nth + 1, next.endpoint_id, next.case_id, next.id
    from lane
    cross join lateral (
      select waiting.endpoint_id, waiting.case_id, waiting.id
      from casebase.webhook_deliveries waiting
      where waiting.state = 'waiting'
        and (waiting.endpoint_id, waiting.case_id) > (lane.endpoint_id, lane.case_id)
      order by waiting.endpoint_id, waiting.case_id, waiting.id
      limit 1
    ) next
    where lane.nth < 200
  )
  select array_agg(lane.id) filter (where lane.id = casebase.webhook_first_of_lane(lane.endpoint_id, lane.case_id)),
         (array_agg(lane.endpoint_id order by lane.nth))[200],
         (array_agg(lane.case_id order by lane.nth))[200]
  into stuck, after_endpoint, after_case
  from lane;
  -- Null after the last lane: the next call begins with the first one.
  update casebase.webhook_queue
  set swept_endpoint_id = after_endpoint,
      swept_case_id     = after_case;

  perform casebase.webhook_advance(stuck);
end
$$;

-- Gives up what has waited longer than `keep` for an endpoint that is switched off, or whose receiver doesn't fetch: up to
-- 1,000 of each.
create function casebase.webhook_give_up(keep interval) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  unwanted bigint[] := array(
    select old.id
    from casebase.webhook_endpoints endpoint
    cross join lateral (
      select delivery.id
      from casebase.webhook_deliveries delivery
      where delivery.endpoint_id = endpoint.id
        and delivery.state = 'pending'
        and delivery.next_attempt_at < now() - keep
      order by delivery.next_attempt_at, delivery.id
      limit 1000
    ) old
    where not endpoint.enabled
      or endpoint.url is null
  );
begin
  perform from casebase.webhook_queue for update;
  unwanted := casebase.webhook_lock(unwanted, 'pending');
  update casebase.webhook_deliveries delivery
  set state       = 'failed',
      finished_at = clock_timestamp()
  where delivery.id = any (unwanted);
  perform casebase.webhook_advance(array(
    select casebase.webhook_first_of_lane(done.endpoint_id, done.case_id)
    from casebase.webhook_deliveries done
    where done.id = any (unwanted)
  ));
end
$$;

-- Unfinished deliveries for endpoints that are gone, 5,000 at most. It goes from one endpoint to the next in the index
-- of lanes, however much waits for each.
create function casebase.webhook_abandoned() returns bigint[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  gone uuid[];
begin
  with recursive waited_for as (
    (
      select delivery.endpoint_id
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
      order by delivery.endpoint_id, delivery.case_id, delivery.id
      limit 1
    )
    union all
    select next.endpoint_id
    from waited_for
    cross join lateral (
      select delivery.endpoint_id
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
        and delivery.endpoint_id > waited_for.endpoint_id
      order by delivery.endpoint_id, delivery.case_id, delivery.id
      limit 1
    ) next
  )
  select array_agg(waited_for.endpoint_id) into gone
  from waited_for
  where not exists (select from casebase.webhook_endpoints endpoint where endpoint.id = waited_for.endpoint_id);

  return array(
    select abandoned.id
    from unnest(gone) as endpoint (id)
    cross join lateral (
      select delivery.id
      from casebase.webhook_deliveries delivery
      where delivery.finished_at is null
        and delivery.endpoint_id = endpoint.id
      order by delivery.case_id, delivery.id
      limit 5000
    ) abandoned
    limit 5000
  );
end
$$;

-- Forgets deliveries, and the bodies that no other delivery needs. Who replays one meanwhile holds its body: it stays.
create function casebase.webhook_forget(deliveries bigint[]) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  free   bigint[];
  bodies bigint[];
begin
  free := array(
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.id = any (deliveries)
    for update skip locked
  );
  with forgotten as (
    delete from casebase.webhook_deliveries delivery
    where delivery.id = any (free)
    returning delivery.payload_id
  )
  select array_agg(distinct forgotten.payload_id) into bodies
  from forgotten;

  bodies := array(
    select payload.id
    from casebase.webhook_payloads payload
    where payload.id = any (bodies)
    for update skip locked
  );
  delete from casebase.webhook_payloads payload
  where payload.id = any (bodies)
    and not exists (select from casebase.webhook_deliveries delivery where delivery.payload_id = payload.id);
  return cardinality(free);
end
$$;

-- Housekeeping, a bounded piece at a time: forgets what was finished before `keep` ago and what waits for an endpoint
-- that is gone, gives up what nobody fetched in that time, and sets lanes going again. Answers how many finished ones it forgot. The queue is locked only for the
-- lanes: nobody decides any more about what is forgotten.
create function casebase.webhook_tidy(keep interval) returns integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set jit = off
as $$
declare
  old       bigint[];
  forgotten integer;
begin
  old := array(
    select delivery.id
    from casebase.webhook_deliveries delivery
    where delivery.finished_at < now() - keep
    order by delivery.finished_at
    limit 5000
  );
  forgotten := casebase.webhook_forget(old);
  perform casebase.webhook_forget(casebase.webhook_abandoned());
  perform casebase.webhook_sweep_lanes();
  perform casebase.webhook_give_up(keep);
  return forgotten;
end
$$;

-- For those who watch the service: gauges, under Prometheus' names. Each counts to 10,000.
create function casebase.service_metrics() returns table (name text, label text, value double precision)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select 'casebase_webhook_queue', state.name, (
    select count(*)
    from (
      select from casebase.webhook_deliveries delivery
      where delivery.state = state.name
      limit 10000
    ) counted
  )::double precision
  from unnest(array['pending', 'waiting', 'leased']) as state (name)
  union all
  select 'casebase_webhook_queue_age_seconds', 'oldest_due', coalesce(extract(epoch from now() - min(oldest.due)), 0)
  from casebase.webhook_endpoints endpoint
  cross join lateral (
    select min(delivery.next_attempt_at) as due
    from casebase.webhook_deliveries delivery
    where delivery.endpoint_id = endpoint.id
      and delivery.state = 'pending'
      and delivery.next_attempt_at <= now()
  ) oldest
  where endpoint.enabled
    and endpoint.url is not null
  union all
  select 'casebase_webhook_endpoints', switch.name, count(endpoint.id)
  from (values ('enabled', true), ('disabled', false)) as switch (name, is_on)
  left join casebase.webhook_endpoints endpoint on endpoint.enabled = switch.is_on
  group by switch.name
  union all
  select 'casebase_case_files', state.name, (
    select count(*)
    from (
      select from public.case_files file
      where file.state = state.name
      limit 10000
    ) counted
  )
  from unnest(array['pending', 'uploaded', 'available', 'deleting']) as state (name)
$$;


-- supabase/schemas/webhooks/rpc.sql

-- What admins call. The functions are SECURITY INVOKER, so that the policies decide.

create function casebase.no_such_webhook(what text, id text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'There is no webhook % % that you may manage.', what, id
    using errcode = 'PT404', hint = 'Webhooks are managed by admins.';
end
$$;

-- Refuses to queue what would not be sent.
create function casebase.require_enabled_webhook(endpoint_id uuid) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  is_enabled boolean;
begin
  select endpoint.enabled into is_enabled
  from casebase.webhook_endpoints endpoint
  where endpoint.id = require_enabled_webhook.endpoint_id;

  if is_enabled is null then
    perform casebase.no_such_webhook('endpoint', require_enabled_webhook.endpoint_id::text);
  elsif not is_enabled then
    raise exception 'This webhook endpoint is disabled: nothing would be sent.'
      using errcode = 'PT409', hint = 'Enable it with update_webhook_endpoint first.';
  end if;
end
$$;

create function public.create_webhook_endpoint(
  url            text,
  description    text       default '',
  event_types    text[]     default '{}',
  thin           boolean    default false,
  signature      text       default 'v1',
  retry_waits    interval[] default null,
  client_ids     uuid[]     default '{}',
  department_ids uuid[]     default '{}',
  priorities     text[]     default '{}',
  statuses       text[]     default '{}',
  headers        jsonb      default '{}',
  rate_limit     integer    default null
) returns table (id uuid, secret text, public_key text, created boolean)
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  new_id     uuid;
  new_secret text;
  new_key    text;
begin
  -- Whoever calls it twice at the same time takes turns.
  perform pg_advisory_xact_lock(hashtextextended('casebase.webhook_endpoints ' || coalesce(url, ''), 0));
  select endpoint.id into new_id
  from casebase.webhook_endpoints endpoint
  where (endpoint.description, endpoint.event_types, endpoint.thin, endpoint.signature, endpoint.client_ids,
         endpoint.department_ids, endpoint.priorities, endpoint.statuses, endpoint.headers)
      = (description, event_types, thin, signature, client_ids, department_ids, priorities, statuses, headers)
    and (endpoint.url, endpoint.retry_waits, endpoint.rate_limit) is not distinct from (url, retry_waits, rate_limit)
  order by endpoint.created_at
  limit 1;
  if found then
    return query select new_id, null::text, null::text, false;
    return;
  end if;

  insert into casebase.webhook_endpoints (
    url, description, event_types, thin, signature, retry_waits, client_ids, department_ids, priorities, statuses, headers,
    rate_limit
  )
  values (url, description, event_types, thin, signature, retry_waits, client_ids, department_ids, priorities, statuses,
          headers, rate_limit)
  returning webhook_endpoints.id into new_id;

  new_secret := casebase.new_webhook_secret(signature);
  insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
  values (new_id, new_secret, interval '0')
  returning webhook_secrets.public_key into new_key;

  return query select new_id, new_secret, new_key, true;
end
$$;
comment on function public.create_webhook_endpoint(text, text, text[], boolean, text, interval[], uuid[], uuid[], text[], text[], jsonb, integer) is
  'Makes a webhook endpoint, and answers its secret, this once.

The same call twice makes one endpoint: the second answers its id, and no secret.

For admins, and for a service key.

- url: where requests go, e.g. https://example.com/webhooks/casebase; null: none do, and its receiver fetches by rpc/poll_events.
- description: what it is for, for whoever reads the list.
- event_types: which events it gets, e.g. case.updated, or case.* for a whole family; empty: every one that is not sent on request only.
- thin: whether it gets ids only, and asks for the rest with its own rights.
- signature: how requests are signed, in the words of Standard Webhooks: v1 (HMAC-SHA256), or v1a (Ed25519), with which receivers verify by the public key and the secret need not leave the database.
- retry_waits: the waits between attempts, one less than there are attempts: at most 50, each up to 7 days; null: the ten attempts over three days that Standard Webhooks suggests.
- client_ids: of cases of these clients only (clients.id); empty: of all.
- department_ids: of cases in these departments only, after the change or before it (departments.id); empty: of all.
- priorities: of cases of these priorities only, after the change or before it; empty: of all.
- statuses: of cases in these statuses only, after the change or before it; empty: of all.
- headers: sent along with each request, e.g. {"authorization": "Bearer …"}: at most 20.
- rate_limit: at most so many requests a second, 1 to 1000; null: as many as there are.
- id: the endpoint.
- secret: what signs: whsec_… for v1, whsk_… for v1a.
- public_key: what verifies v1a: whpk_…; null for v1.
- created: whether the endpoint is new; false: it was there already.

Returns one row.

- 42501: the caller is no admin.
- PT409: there are as many endpoints as there may be (casebase.webhook_limits).
- 23514: an argument is none of what is accepted; the message says which.';

create function public.update_webhook_endpoint(
  endpoint_id    uuid,
  url            text       default null,
  description    text       default null,
  event_types    text[]     default null,
  enabled        boolean    default null,
  retry_waits    interval[] default null,
  client_ids     uuid[]     default null,
  department_ids uuid[]     default null,
  priorities     text[]     default null,
  statuses       text[]     default null,
  headers        jsonb      default null,
  rate_limit     integer    default null
) returns void
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
begin
  update casebase.webhook_endpoints endpoint
  set url               = coalesce(update_webhook_endpoint.url, endpoint.url),
      description       = coalesce(update_webhook_endpoint.description, endpoint.description),
      event_types       = coalesce(update_webhook_endpoint.event_types, endpoint.event_types),
      retry_waits       = coalesce(update_webhook_endpoint.retry_waits, endpoint.retry_waits),
      client_ids        = coalesce(update_webhook_endpoint.client_ids, endpoint.client_ids),
      department_ids    = coalesce(update_webhook_endpoint.department_ids, endpoint.department_ids),
      priorities        = coalesce(update_webhook_endpoint.priorities, endpoint.priorities),
      statuses          = coalesce(update_webhook_endpoint.statuses, endpoint.statuses),
      headers           = coalesce(update_webhook_endpoint.headers, endpoint.headers),
      rate_limit        = nullif(coalesce(update_webhook_endpoint.rate_limit, endpoint.rate_limit), 0),
      enabled           = coalesce(update_webhook_endpoint.enabled, endpoint.enabled),
      disabled_reason   = case when update_webhook_endpoint.enabled then null else endpoint.disabled_reason end,
      paused_until      = case when update_webhook_endpoint.enabled then null else endpoint.paused_until end,
      failures_in_a_row = case when update_webhook_endpoint.enabled then 0 else endpoint.failures_in_a_row end,
      failing_since     = case when update_webhook_endpoint.enabled then null else endpoint.failing_since end,
      updated_at        = now()
  where endpoint.id = update_webhook_endpoint.endpoint_id;

  if not found then
    perform casebase.no_such_webhook('endpoint', update_webhook_endpoint.endpoint_id::text);
  end if;
  perform pg_notify('casebase_webhooks', '');
end
$$;
comment on function public.update_webhook_endpoint(uuid, text, text, text[], boolean, interval[], uuid[], uuid[], text[], text[], jsonb, integer) is
  'Changes a webhook endpoint. What is left out or null stays as it is.

For admins, and for a service key.

- endpoint_id: the endpoint.
- url: where requests go.
- description: what it is for.
- event_types: which events it gets; empty: every one that is not sent on request only.
- enabled: whether events are sent at all. True also forgets why it was disabled and what went wrong before.
- retry_waits: the waits between attempts.
- client_ids: of cases of these clients only (clients.id); empty: of all.
- department_ids: of cases in these departments only, after the change or before it (departments.id); empty: of all.
- priorities: of cases of these priorities only, after the change or before it; empty: of all.
- statuses: of cases in these statuses only, after the change or before it; empty: of all.
- headers: sent along with each request, e.g. {"authorization": "Bearer …"}: at most 20.
- rate_limit: at most so many requests a second, 1 to 1000; 0: as many as there are.

Returns nothing.

- PT404: there is no such endpoint, or the caller is no admin.
- 23514: an argument is none of what is accepted; the message says which.';

-- What waits is forgotten by the worker at once, what is finished with all others of its age.
create function public.delete_webhook_endpoint(endpoint_id uuid) returns void
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.webhook_endpoints endpoint
  where endpoint.id = delete_webhook_endpoint.endpoint_id;

  if not found then
    perform casebase.no_such_webhook('endpoint', delete_webhook_endpoint.endpoint_id::text);
  end if;
end
$$;
comment on function public.delete_webhook_endpoint(uuid) is
  'Deletes a webhook endpoint, with its secrets. What waits for it is not sent any more.

For admins, and for a service key.

- endpoint_id: the endpoint.

Returns nothing.

- PT404: there is no such endpoint, or the caller is no admin.';

create function public.webhook_endpoints() returns table (
  id                uuid,
  url               text,
  description       text,
  event_types       text[],
  payload_version   smallint,
  thin              boolean,
  signature         text,
  public_keys       text[],
  enabled           boolean,
  disabled_reason   text,
  retry_waits       interval[],
  client_ids        uuid[],
  department_ids    uuid[],
  priorities        text[],
  statuses          text[],
  headers           jsonb,
  rate_limit        integer,
  paused_until      timestamptz,
  failures_in_a_row integer,
  failing_since     timestamptz,
  created_by        uuid,
  created_at        timestamptz,
  updated_at        timestamptz
)
  language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select endpoint.id, endpoint.url, endpoint.description, endpoint.event_types, endpoint.payload_version, endpoint.thin,
         endpoint.signature,
         array(
           select secret.public_key
           from casebase.webhook_secrets secret
           where secret.endpoint_id = endpoint.id
             and secret.public_key is not null
           order by secret.id desc
         ),
         endpoint.enabled, endpoint.disabled_reason, endpoint.retry_waits, endpoint.client_ids, endpoint.department_ids,
         endpoint.priorities, endpoint.statuses, endpoint.headers, endpoint.rate_limit, endpoint.paused_until,
         endpoint.failures_in_a_row, endpoint.failing_since, endpoint.created_by,
         endpoint.created_at, endpoint.updated_at
  from casebase.webhook_endpoints endpoint
  order by endpoint.created_at, endpoint.id
$$;
comment on function public.webhook_endpoints() is
  'The webhook endpoints.

For admins, and for a service key; others get no row.

- id: the key.
- url: where requests go; null: none do, its receiver fetches by rpc/poll_events.
- description: what it is for.
- event_types: which events it gets; empty: every one that is not sent on request only.
- payload_version: which form of the events'' bodies it gets: 1.
- thin: whether it gets ids only.
- signature: how requests are signed: v1 or v1a.
- public_keys: of a v1a endpoint, what verifies its requests, the newest first.
- enabled: whether events are sent at all.
- disabled_reason: why it was disabled, where the worker did it.
- retry_waits: the waits between attempts; null: those that Standard Webhooks suggests.
- client_ids: of cases of these clients only; empty: of all.
- department_ids: of cases in these departments only; empty: of all.
- priorities: of cases of these priorities only; empty: of all.
- statuses: of cases in these statuses only; empty: of all.
- headers: sent along with each request.
- rate_limit: at most so many requests a second; null: as many as there are.
- paused_until: until when nothing is sent, because its receiver asked for that or fails; null: it is not paused.
- failures_in_a_row: how many attempts have failed since the last one that did not.
- failing_since: since when; null: the last one did not fail.
- created_by: who made it (auth.users.id); null: a service key, or the user is deleted.
- created_at: when it was made.
- updated_at: when an admin last changed it.

Returns a row for each endpoint, the oldest first.';

create function public.rotate_webhook_secret(
  endpoint_id        uuid,
  previous_valid_for interval default interval '24 hours'
) returns text
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  signature  text;
  new_secret text;
begin
  select endpoint.signature into signature
  from casebase.webhook_endpoints endpoint
  where endpoint.id = rotate_webhook_secret.endpoint_id;
  if signature is null then
    perform casebase.no_such_webhook('endpoint', rotate_webhook_secret.endpoint_id::text);
  end if;

  new_secret := casebase.new_webhook_secret(signature);
  insert into casebase.webhook_secrets (endpoint_id, secret, previous_valid_for)
  values (rotate_webhook_secret.endpoint_id, new_secret, rotate_webhook_secret.previous_valid_for);
  return new_secret;
end
$$;
comment on function public.rotate_webhook_secret(uuid, interval) is
  'Gives a webhook endpoint a new secret, and answers it, this once.

Until previous_valid_for has passed, each request carries a signature with the new secret and one with each before it; at most five sign.

For admins, and for a service key.

- endpoint_id: the endpoint.
- previous_valid_for: for how long those before go on signing, at most 30 days; ''0'': they end at once.

Returns the secret: whsec_… for v1, whsk_… for v1a.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: five secrets of it sign already.
- 23514: previous_valid_for is out of range.';

-- Something that fits a schema of an event: numbers are 0, which no event's are, and times are now.
create function casebase.webhook_sample(schema jsonb) returns jsonb
  language plpgsql stable strict set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when schema ? 'const' then schema -> 'const'
    when schema ? 'anyOf' then casebase.webhook_sample(schema -> 'anyOf' -> 0)
    when schema -> 'type' @> '"object"' then (
      select jsonb_object_agg(property.key, casebase.webhook_sample(property.value))
      from jsonb_each(schema -> 'properties') property
    )
    when schema -> 'type' @> '"array"' then jsonb_build_array(casebase.webhook_sample(schema -> 'items'))
    when schema -> 'type' @> '"integer"' then '0'
    when schema -> 'type' @> '"boolean"' then 'true'
    when schema ->> 'format' = 'uuid' then '"00000000-0000-4000-8000-000000000000"'
    when schema ->> 'format' = 'date-time' then to_jsonb(casebase.webhook_timestamp(clock_timestamp()))
    else '"sample"'
  end;
end
$$;

create function public.send_test_webhook(endpoint_id uuid, event_type text default 'webhook.test') returns bigint
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  sample      jsonb := casebase.webhook_sample(casebase.event_schema(send_test_webhook.event_type));
  payload_id  bigint;
  delivery_id bigint;
begin
  perform casebase.require_enabled_webhook(send_test_webhook.endpoint_id);
  if sample is null then
    perform casebase.no_such_event_type(send_test_webhook.event_type);
  end if;
  if sample -> 'data' ? 'endpoint_id' then
    sample := jsonb_set(sample, '{data,endpoint_id}', to_jsonb(send_test_webhook.endpoint_id));
  end if;

  insert into casebase.webhook_payloads (type, payload_version, thin, body)
  values (
    send_test_webhook.event_type,
    1,
    false,
    json_build_object('type', sample -> 'type', 'timestamp', sample -> 'timestamp', 'data', sample -> 'data')::text
  )
  returning id into payload_id;
  insert into casebase.webhook_deliveries (endpoint_id, payload_id)
  values (send_test_webhook.endpoint_id, payload_id)
  returning id into delivery_id;

  perform pg_notify('casebase_webhooks', '');
  return delivery_id;
end
$$;
comment on function public.send_test_webhook(uuid, text) is
  'Sends a webhook endpoint an event to try it with, whatever it asks for.

For admins, and for a service key.

- endpoint_id: the endpoint.
- event_type: webhook.test, or another type of event, of which a sample is sent whose ids are 0.

Returns the id of the delivery: rpc/webhook_attempts shows what came of it.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: the endpoint is disabled.
- 23514: there is no such event type.';

create function public.webhook_deliveries(
  for_endpoint uuid    default null,
  in_state     text    default null,
  before       bigint  default null,
  most         integer default 100
) returns table (
  id              bigint,
  endpoint_id     uuid,
  message_id      text,
  event_id        bigint,
  event_type      text,
  case_id         bigint,
  state           text,
  attempts        integer,
  next_attempt_at timestamptz,
  created_at      timestamptz,
  finished_at     timestamptz,
  skipped_because text
)
  language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select delivery.id,
         delivery.endpoint_id,
         casebase.webhook_message_id(delivery.endpoint_id, delivery.payload_id),
         payload.event_id,
         payload.type,
         delivery.case_id,
         delivery.state,
         delivery.attempts,
         case when delivery.state = 'pending' then delivery.next_attempt_at end,
         delivery.created_at,
         delivery.finished_at,
         delivery.skipped_because
  from casebase.webhook_deliveries delivery
  join casebase.webhook_payloads payload on payload.id = delivery.payload_id
  where (webhook_deliveries.for_endpoint is null or delivery.endpoint_id = webhook_deliveries.for_endpoint)
    and (webhook_deliveries.in_state is null or delivery.state = webhook_deliveries.in_state)
    and (webhook_deliveries.before is null or delivery.id < webhook_deliveries.before)
  order by delivery.id desc
  limit least(webhook_deliveries.most, 1000)
$$;
comment on function public.webhook_deliveries(uuid, text, bigint, integer) is
  'What was and is to be sent to webhook endpoints, newest first, a page at a time.

For admins, and for a service key; others get no row.

- for_endpoint: to this endpoint only; null: to every one.
- in_state: in this state only; null: in every one.
- before: those before this id: the last one of the page before; null: the first page.
- most: how many at most, up to 1000.
- id: the key.
- endpoint_id: the endpoint.
- message_id: the webhook-id that its requests carry: the same for each attempt and replay of an event.
- event_id: the event (case_events.id); null: a test.
- event_type: the type of the event.
- case_id: the case (cases.id); null: a test.
- state: pending, waiting (behind another of its case), leased (being sent), delivered, failed or skipped.
- attempts: how many requests were made.
- next_attempt_at: when the next one is due; null: none is.
- created_at: when the event happened.
- finished_at: when it was delivered, failed or skipped; null: it is not finished.
- skipped_because: why an admin skipped it.

Returns a row for each delivery.';

create function public.webhook_attempts(delivery_id bigint) returns table (
  number      integer,
  started_at  timestamptz,
  duration_ms integer,
  status      integer,
  response    text,
  error       text
)
  language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select attempt.number, attempt.started_at, attempt.duration_ms, attempt.status, attempt.response, attempt.error
  from casebase.webhook_attempts attempt
  where attempt.delivery_id = webhook_attempts.delivery_id
  order by attempt.number
$$;
comment on function public.webhook_attempts(bigint) is
  'The requests that were made for a delivery, in their order.

For admins, and for a service key; others get no row.

- delivery_id: the delivery (rpc/webhook_deliveries).
- number: the first is 1.
- started_at: when it was made.
- duration_ms: how long it took, in milliseconds; null: the worker did not live to report it.
- status: the HTTP status of the answer; null: there was none.
- response: the beginning of the answer.
- error: why there was no answer.

Returns a row for each request.';

create function public.replay_webhook_delivery(delivery_id bigint) returns bigint
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  original casebase.webhook_deliveries;
  new_id   bigint;
begin
  select delivery.* into original
  from casebase.webhook_deliveries delivery
  where delivery.id = replay_webhook_delivery.delivery_id;

  if original.id is null then
    perform casebase.no_such_webhook('delivery', replay_webhook_delivery.delivery_id::text);
  elsif original.case_id is null then
    raise exception 'A test event is not replayed.'
      using errcode = 'PT409', hint = 'Send another one with send_test_webhook.';
  elsif original.finished_at is null then
    raise exception 'This delivery is not finished: it is still being tried.'
      using errcode = 'PT409', hint = 'See webhook_attempts for what the receiver answered.';
  end if;
  perform casebase.require_enabled_webhook(original.endpoint_id);

  insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
  values (original.endpoint_id, original.payload_id, original.case_id)
  returning id into new_id;

  perform pg_notify('casebase_webhooks', '');
  return new_id;
end
$$;
comment on function public.replay_webhook_delivery(bigint) is
  'Sends a finished delivery''s event once more, with the same webhook-id, behind whatever its case has waiting.

For admins, and for a service key.

- delivery_id: the delivery (rpc/webhook_deliveries).

Returns the id of the new delivery.

- PT404: there is no such delivery, or the caller is no admin.
- PT409: it is not finished, it was a test, or the endpoint is disabled.';

create function public.skip_webhook_delivery(delivery_id bigint, reason text) returns void
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  update casebase.webhook_deliveries delivery
  set state           = 'skipped',
      finished_at     = clock_timestamp(),
      skipped_because = coalesce(skip_webhook_delivery.reason, '')
  where delivery.id = skip_webhook_delivery.delivery_id
    and delivery.state in ('pending', 'waiting');

  if found then
    perform pg_notify('casebase_webhooks', '');
  elsif exists (
    select from casebase.webhook_deliveries delivery where delivery.id = skip_webhook_delivery.delivery_id
  ) then
    raise exception 'This delivery is finished, or being sent at this moment.'
      using errcode = 'PT409', hint = 'See webhook_deliveries for its state.';
  else
    perform casebase.no_such_webhook('delivery', skip_webhook_delivery.delivery_id::text);
  end if;
end
$$;
comment on function public.skip_webhook_delivery(bigint, text) is
  'Gives up a delivery that a receiver always refuses, so that what waits behind it in its case is sent.

For admins, and for a service key.

- delivery_id: the delivery (rpc/webhook_deliveries).
- reason: why, in at most 500 characters.

Returns nothing.

- PT404: there is no such delivery, or the caller is no admin.
- PT409: it is finished, or being sent at this moment.
- 23514: reason is null, blank or too long.';

create function public.retry_webhook_deliveries(endpoint_id uuid) returns integer
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  due integer;
begin
  perform casebase.require_enabled_webhook(retry_webhook_deliveries.endpoint_id);

  update casebase.webhook_endpoints endpoint
  set paused_until = null
  where endpoint.id = retry_webhook_deliveries.endpoint_id
    and endpoint.paused_until is not null;
  update casebase.webhook_deliveries delivery
  set next_attempt_at = now()
  where delivery.endpoint_id = retry_webhook_deliveries.endpoint_id
    and delivery.state = 'pending'
    and delivery.next_attempt_at > now();
  get diagnostics due = row_count;

  perform pg_notify('casebase_webhooks', '');
  return due;
end
$$;
comment on function public.retry_webhook_deliveries(uuid) is
  'Has a webhook endpoint''s next attempts made now, after an outage of its receiver; a pause ends.

For admins, and for a service key.

- endpoint_id: the endpoint.

Returns how many deliveries are due by it.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: the endpoint is disabled.';

-- The deliveries that a webhook endpoint never took, each event's once: what failed or was skipped, and was not replayed yet.
create function casebase.webhooks_to_replay(endpoint_id uuid, since timestamptz, event_types text[], most integer) returns bigint[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select dead.id
    from casebase.webhook_deliveries dead
    join casebase.webhook_payloads payload on payload.id = dead.payload_id
    where dead.endpoint_id = webhooks_to_replay.endpoint_id
      and dead.state in ('failed', 'skipped')
      and dead.case_id is not null
      and dead.created_at >= webhooks_to_replay.since
      and (
        webhooks_to_replay.event_types = '{}'
        or payload.type = any (webhooks_to_replay.event_types)
        or split_part(payload.type, '.', 1) || '.*' = any (webhooks_to_replay.event_types)
      )
      and not exists (
        select from casebase.webhook_deliveries later
        where later.payload_id = dead.payload_id
          and later.endpoint_id = dead.endpoint_id
          and later.id > dead.id
      )
    order by dead.id
    limit most
  );
end
$$;

create function public.replay_webhook_deliveries(
  endpoint_id uuid,
  since       timestamptz default '-infinity',
  event_types text[]      default '{}'
) returns integer
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  replayed integer;
begin
  perform casebase.require_enabled_webhook(replay_webhook_deliveries.endpoint_id);

  insert into casebase.webhook_deliveries (endpoint_id, payload_id, case_id)
  select dead.endpoint_id, dead.payload_id, dead.case_id
  from casebase.webhook_deliveries dead
  where dead.id = any (casebase.webhooks_to_replay(
    replay_webhook_deliveries.endpoint_id, replay_webhook_deliveries.since, replay_webhook_deliveries.event_types, 1000))
  order by dead.id;
  get diagnostics replayed = row_count;

  perform pg_notify('casebase_webhooks', '');
  return replayed;
end
$$;
comment on function public.replay_webhook_deliveries(uuid, timestamptz, text[]) is
  'Sends what a webhook endpoint never took once more, the oldest first: what failed or was skipped, and was not replayed yet.

A thousand at a time, so that what happens meanwhile gets its turn: call it again until it answers 0.

For admins, and for a service key.

- endpoint_id: the endpoint.
- since: what was to be sent at this time or later.
- event_types: of these types only, or families (case.*); empty: of all.

Returns how many it sends.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: the endpoint is disabled.';

create function public.count_webhook_replay(
  endpoint_id uuid,
  since       timestamptz default '-infinity',
  event_types text[]      default '{}'
) returns integer
  language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.require_enabled_webhook(count_webhook_replay.endpoint_id);
  return cardinality(casebase.webhooks_to_replay(
    count_webhook_replay.endpoint_id, count_webhook_replay.since, count_webhook_replay.event_types, 10000));
end
$$;
comment on function public.count_webhook_replay(uuid, timestamptz, text[]) is
  'How many deliveries rpc/replay_webhook_deliveries would send in all, called until it answers 0. Nothing is sent.

For admins, and for a service key.

- endpoint_id: the endpoint.
- since: what was to be sent at this time or later.
- event_types: of these types only, or families (case.*); empty: of all.

Returns the number, counted to 10,000.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: the endpoint is disabled.';

create function public.webhook_delivery_body(delivery_id bigint) returns text
  language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  sent text;
begin
  select payload.body into sent
  from casebase.webhook_deliveries delivery
  join casebase.webhook_payloads payload on payload.id = delivery.payload_id
  where delivery.id = webhook_delivery_body.delivery_id;
  if not found then
    perform casebase.no_such_webhook('delivery', webhook_delivery_body.delivery_id::text);
  end if;
  return sent;
end
$$;
comment on function public.webhook_delivery_body(bigint) is
  'The body that each request of a delivery has, byte for byte.

What was erased on a person''s request is not in it any more; it then says "erased": true.

For admins, and for a service key.

- delivery_id: the delivery (rpc/webhook_deliveries).

Returns the body.

- PT404: there is no such delivery, or the caller is no admin.';

create function public.webhook_activity(
  for_endpoint uuid        default null,
  since        timestamptz default null,
  step         interval    default interval '1 hour'
) returns table (begins_at timestamptz, delivered bigint, failed bigint)
  language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  since := coalesce(since, now() - interval '24 hours');
  -- Of a longest step, 1000 lie between the first and the last of all timestamps.
  if step is null or step < interval '1 minute' or step > interval '365 days' or extract(month from step) <> 0 or extract(year from step) <> 0 then
    raise exception '% is no step of time', coalesce(step::text, 'null')
      using errcode = 'invalid_parameter_value', column = 'step', hint = 'It takes 1 minute to 365 days, without months and years: 1 hour.';
  elsif since > now() or since < now() - 1000 * step then
    raise exception 'since is out of range'
      using errcode = 'invalid_parameter_value', column = 'since', hint = 'It takes a time that lies at most 1000 steps back.';
  end if;
  return query
    with counted as (
      select date_bin(step, attempt.started_at, since) as begins_at,
             count(*) filter (where attempt.status between 200 and 299) as delivered,
             count(*) filter (where attempt.status is null or attempt.status not between 200 and 299) as failed
      from casebase.webhook_attempts attempt
      join casebase.webhook_deliveries delivery on delivery.id = attempt.delivery_id
      where attempt.started_at >= since
        and (for_endpoint is null or delivery.endpoint_id = for_endpoint)
      group by 1
    )
    select slot, coalesce(counted.delivered, 0), coalesce(counted.failed, 0)
    from generate_series(since, now(), step) slot
    left join counted on counted.begins_at = slot
    order by slot;
end
$$;
comment on function public.webhook_activity(uuid, timestamptz, interval) is
  'How many requests webhook endpoints took, and how many failed, over time.

For admins, and for a service key; for others all numbers are 0.

- for_endpoint: of this endpoint only; null: of every one.
- since: from when on, at most 1000 steps back; null: the last 24 hours.
- step: how much time is one row, 1 minute to 365 days, e.g. 1 hour.
- begins_at: when the row''s time begins.
- delivered: the requests of that time that were answered with a 2xx.
- failed: those that were not.

Returns a row for each step, the oldest first, also where nothing was sent.

- 22023: since or step is out of range.';

create function public.poll_events(
  endpoint_id uuid,
  cursor      text    default null,
  most        integer default 100
) returns jsonb
  language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  batch      constant uuid := gen_random_uuid();
  is_fetched boolean;
  events     jsonb;
begin
  -- Whoever polls one endpoint twice at the same time takes turns.
  select endpoint.url is null into is_fetched
  from casebase.webhook_endpoints endpoint
  where endpoint.id = poll_events.endpoint_id
  for no key update;
  if is_fetched is null then
    perform casebase.no_such_webhook('endpoint', poll_events.endpoint_id::text);
  elsif not is_fetched then
    raise exception 'This webhook endpoint has a URL: its events are sent there.'
      using errcode = 'PT409', hint = 'Make one without a URL to fetch them.';
  elsif poll_events.most not between 1 and 1000 then
    raise exception 'most is %, and a batch has 1 to 1000 events', poll_events.most
      using errcode = 'invalid_parameter_value', column = 'most';
  elsif poll_events.cursor !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    raise exception '% is no cursor', poll_events.cursor
      using errcode = 'invalid_parameter_value', column = 'cursor', hint = 'It is the cursor of the answer before this one.';
  end if;

  update casebase.webhook_deliveries delivery
  set state       = 'delivered',
      attempts    = delivery.attempts + 1,
      finished_at = clock_timestamp()
  where delivery.endpoint_id = poll_events.endpoint_id
    and delivery.state = 'pending'
    and delivery.lease_token = poll_events.cursor::uuid;

  -- The oldest by the time of their transactions, and whatever comes before them in their cases.
  with due as (
    select delivery.id, delivery.case_id
    from casebase.webhook_deliveries delivery
    where delivery.endpoint_id = poll_events.endpoint_id
      and delivery.state = 'pending'
    order by delivery.next_attempt_at, delivery.id
    limit poll_events.most
  ),
  given as (
    update casebase.webhook_deliveries delivery
    set lease_token = batch
    where delivery.endpoint_id = poll_events.endpoint_id
      and delivery.state = 'pending'
      and (
        delivery.id in (select due.id from due)
        or delivery.id < (select max(due.id) from due where due.case_id = delivery.case_id)
      )
    returning delivery.id, delivery.endpoint_id, delivery.payload_id
  )
  select jsonb_agg(
           jsonb_build_object(
             'webhook_id', casebase.webhook_message_id(given.endpoint_id, given.payload_id),
             'previous_seq', (
               select max(earlier.seq)
               from casebase.webhook_payloads earlier
               join casebase.webhook_deliveries got on got.payload_id = earlier.id
               where earlier.case_id = payload.case_id
                 and earlier.seq < payload.seq
                 and got.endpoint_id = given.endpoint_id
                 and got.state in ('pending', 'delivered')
             ),
             'body', payload.body
           )
           order by given.id
         )
  into events
  from given
  join casebase.webhook_payloads payload on payload.id = given.payload_id;

  return jsonb_build_object('cursor', batch, 'events', coalesce(events, '[]'));
end
$$;
comment on function public.poll_events(uuid, text, integer) is
  'The next events of a webhook endpoint without a URL, for receivers that no request reaches, in the order of each case.

Asking with the cursor of an answer acknowledges its events; asking without one, or with an older one, gives them again.

For admins, and for a service key.

- endpoint_id: the endpoint.
- cursor: of the answer before; null: nothing is acknowledged.
- most: how many events, 1 to 1000; those that come before them in their cases come on top.

Returns {"cursor", "events": [{"webhook_id", "previous_seq", "body"}]}: body is what would be sent, byte for byte; previous_seq the seq of the case''s event before it that this receiver got, null: none in the last 30 days. An answer without events has a cursor, too.

- PT404: there is no such endpoint, or the caller is no admin.
- PT409: it has a URL: its events are sent there.
- 22023: cursor is none, or most is out of range.';

create function public.webhook_status() returns table (
  endpoint_id       uuid,
  url               text,
  description       text,
  enabled           boolean,
  disabled_reason   text,
  paused_until      timestamptz,
  failures_in_a_row integer,
  failing_since     timestamptz,
  unfinished        bigint,
  due_since         timestamptz,
  undelivered       bigint,
  delivered_at      timestamptz
)
  language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select endpoint.id, endpoint.url, endpoint.description, endpoint.enabled, endpoint.disabled_reason,
         endpoint.paused_until, endpoint.failures_in_a_row, endpoint.failing_since,
         (
           select count(*)
           from (
             select from casebase.webhook_deliveries delivery
             where delivery.endpoint_id = endpoint.id
               and delivery.finished_at is null
             limit 10000
           ) counted
         ),
         (
           select min(delivery.next_attempt_at)
           from casebase.webhook_deliveries delivery
           where delivery.endpoint_id = endpoint.id
             and delivery.state = 'pending'
             and delivery.next_attempt_at <= now()
         ),
         (
           select count(*)
           from (
             select from casebase.webhook_deliveries delivery
             where delivery.endpoint_id = endpoint.id
               and delivery.state in ('failed', 'skipped')
             limit 10000
           ) counted
         ),
         (
           select max(delivery.finished_at)
           from casebase.webhook_deliveries delivery
           where delivery.endpoint_id = endpoint.id
             and delivery.state = 'delivered'
         )
  from casebase.webhook_endpoints endpoint
  order by endpoint.created_at, endpoint.id
$$;
comment on function public.webhook_status() is
  'How each webhook endpoint is doing. Deliveries are counted to 10,000.

For admins, and for a service key; others get no row.

- endpoint_id: the endpoint.
- url: where requests go; null: its receiver fetches.
- description: what it is for.
- enabled: whether events are sent at all.
- disabled_reason: why it was disabled, where the worker did it.
- paused_until: until when nothing is sent, because its receiver asked for that or fails; null: it is not paused.
- failures_in_a_row: how many attempts have failed since the last one that did not.
- failing_since: since when; null: the last one did not fail.
- unfinished: how many deliveries are still to be sent.
- due_since: since when the oldest of them is due; null: none is.
- undelivered: how many it never took: failed or skipped.
- delivered_at: when it last took one; null: nothing in the last 30 days.

Returns a row for each endpoint, the oldest first.';


-- supabase/schemas/people/retiring.sql

-- What is retired (active = false) stays where it is, and nobody chooses it any more. Cases that the database opens behind
-- another, for a reply or from what was said in it, are that case's going on.

create function casebase.refuse_retired(what text, of_column text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the % is switched off', what
    using errcode = 'check_violation', column = of_column, hint = 'Choose another one, or have an admin switch it on again.';
end
$$;

-- AFTER: the policies have spoken. Of a new case, old is null.
create function casebase.check_choices() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if new.department_id is distinct from old.department_id
     and exists (select from public.departments d where d.id = new.department_id and not d.active)
  then
    perform casebase.refuse_retired('department', 'department_id');
  elsif new.required_specialty_id is distinct from old.required_specialty_id
     and exists (select from public.specialties s where s.id = new.required_specialty_id and not s.active)
  then
    perform casebase.refuse_retired('specialty', 'required_specialty_id');
  elsif new.stage is distinct from old.stage
     and exists (select from public.case_stages s where s.stage = new.stage and not s.active)
  then
    perform casebase.refuse_retired('stage', 'stage');
  elsif new.action_required_of is distinct from old.action_required_of
     and exists (select from public.party_types p where p.code = new.action_required_of and not p.active)
  then
    perform casebase.refuse_retired('party type', 'action_required_of');
  end if;
  return null;
end
$$;

create trigger check_choices_of_new after insert on public.cases
  for each row when (new.follow_up_of is null and new.split_from is null)
  execute function casebase.check_choices();
create trigger check_choices after update of department_id, required_specialty_id, stage, action_required_of on public.cases
  for each row execute function casebase.check_choices();

create function casebase.check_category() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from public.document_categories c where c.code = new.category and not c.active) then
    perform casebase.refuse_retired('category', 'category');
  end if;
  return null;
end
$$;

-- Another version of a document goes where the document is.
create trigger check_category after insert on public.client_documents
  for each row when (new.document_id = new.id) execute function casebase.check_category();

-- What each of them is used by, each counted to 1,000.
create function casebase.structure_uses_for_admins()
  returns table (kind text, key text, used_by text, uses bigint)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
as $$
begin
  if not casebase.is_admin() then
    raise exception 'only admins see what is used where' using errcode = 'insufficient_privilege', hint = 'Ask an admin.';
  end if;
  return query
    select 'department'::text, d.id::text, 'cases'::text, (
      select count(*) from (select from public.cases c where c.department_id = d.id limit 1000) counted)
    from public.departments d
    union all
    select 'department', d.id::text, 'staff', (
      select count(*) from (select from public.staff_departments s where s.department_id = d.id limit 1000) counted)
    from public.departments d
    union all
    select 'department', d.id::text, 'webhooks', (
      select count(*) from casebase.webhook_endpoints e where d.id = any (e.department_ids))
    from public.departments d
    union all
    select 'specialty', p.id::text, 'cases', (
      select count(*) from (select from public.cases c where c.required_specialty_id = p.id limit 1000) counted)
    from public.specialties p
    union all
    select 'specialty', p.id::text, 'staff', (
      select count(*) from (select from public.staff_specialties s where s.specialty_id = p.id limit 1000) counted)
    from public.specialties p
    union all
    select 'party_type', t.code, 'interactions', (
      select count(*)
      from (
        (select i.id from public.interactions i where i.party1_type = t.code limit 1000)
        union
        (select i.id from public.interactions i where i.party2_type = t.code limit 1000)
        limit 1000
      ) counted)
    from public.party_types t
    union all
    select 'party_type', t.code, 'cases', (
      select count(*) from (select from public.cases c where c.action_required_of = t.code limit 1000) counted)
    from public.party_types t
    union all
    select 'stage', s.stage, 'cases', (
      select count(*) from (select from public.cases c where c.stage = s.stage limit 1000) counted)
    from public.case_stages s
    union all
    select 'category', g.code, 'documents', (
      select count(*) from (select from public.client_documents f where f.category = g.code limit 1000) counted)
    from public.document_categories g;
end
$$;

create function public.structure_uses() returns table (kind text, key text, used_by text, uses bigint)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select u.kind, u.key, u.used_by, u.uses from casebase.structure_uses_for_admins() u where u.uses > 0
$$;
comment on function public.structure_uses() is
  'What departments, specialties, party types, stages and document categories are used by.

For admins.

- kind: department, specialty, party_type, stage or category.
- key: its id, code or word, as text.
- used_by: cases, staff, webhooks (endpoints that ask for it), interactions or documents.
- uses: how many, counted to 1,000.

Returns a row for each use that there is.

- 42501: the caller is no admin.';


-- supabase/schemas/health.sql

-- How the project is doing, for whoever runs it: what the database knows by itself. Each count ends at 10,000, and each
-- question is answered from an index, however much there is.

-- The deliveries that are still to be sent, and the worker.
create function casebase.webhook_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'connections', (select count(*) from pg_stat_activity session where session.usename = 'casebase_worker'),
    'pending', (
      select count(*)
      from (select from casebase.webhook_deliveries d where d.state = 'pending' limit 10000) counted),
    'waiting', (
      select count(*)
      from (select from casebase.webhook_deliveries d where d.state = 'waiting' limit 10000) counted),
    'leased', (
      select count(*)
      from (select from casebase.webhook_deliveries d where d.state = 'leased' limit 10000) counted),
    'undelivered', (
      select count(*)
      from (select from casebase.webhook_deliveries d where d.state in ('failed', 'skipped') limit 10000) counted),
    'oldest_due_at', (
      select min(oldest.due)
      from casebase.webhook_endpoints endpoint
      cross join lateral (
        select min(d.next_attempt_at) as due
        from casebase.webhook_deliveries d
        where d.endpoint_id = endpoint.id
          and d.state = 'pending'
          and d.next_attempt_at <= now()
      ) oldest
      where endpoint.enabled
        and endpoint.url is not null)
  )
$$;

create function casebase.file_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'pending', count(*) filter (where unfinished.state = 'pending'),
    'uploaded', count(*) filter (where unfinished.state = 'uploaded'),
    'deleting', count(*) filter (where unfinished.state = 'deleting'),
    'oldest_uploaded_at', min(unfinished.updated_at) filter (where unfinished.state = 'uploaded')
  )
  from (
    (select f.state, f.updated_at from public.case_files f where f.state <> 'available' limit 10000)
    union all
    (select d.state, d.updated_at from public.client_documents d where d.state <> 'available' limit 10000)
  ) unfinished
$$;

-- The fullest of the clients that files were added for last: what grows.
create function casebase.storage_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'most_bytes', (select s.bytes_per_client from public.case_settings s),
    'clients', coalesce(
      (
        select jsonb_agg(
                 jsonb_build_object('client_id', full_one.id, 'name', coalesce(casebase.client_name(full_one.id), full_one.id::text), 'used_bytes', full_one.bytes)
                 order by full_one.bytes desc, full_one.id)
        from (
          select growing.id, casebase.bytes_of_client(growing.id) as bytes
          from (
            select c.client_id as id
            from (select f.case_id from public.case_files f order by f.uploaded_at desc limit 200) newest
            join public.cases c on c.id = newest.case_id
            union
            (select d.client_id from public.client_documents d order by d.id desc limit 200)
            limit 50
          ) growing
          order by 2 desc, 1
          limit 20
        ) full_one
      ),
      '[]')
  )
$$;

-- What came about in the last hour.
create function casebase.rate_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'cases', (
      select count(*)
      from (select from public.cases c where c.created_at > now() - interval '1 hour' limit 10000) counted),
    'interactions', (
      select count(*)
      from (select from public.interactions i where i.created_at > now() - interval '1 hour' limit 10000) counted),
    'events', (
      select count(*)
      from (select from public.case_events e where e.created_at > now() - interval '1 hour' limit 10000) counted),
    'deliveries', (
      select count(*)
      from (
        select from casebase.webhook_deliveries d
        where d.finished_at is not null
          and d.finished_at > now() - interval '1 hour'
        limit 10000
      ) counted)
  )
$$;

-- The release whose migration was applied last. The service asks for it when it starts.
create function casebase.schema_version() returns text
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select m.release
  from casebase.migrations m
  order by m.version desc
  limit 1
$$;

-- For the project's owner, and behind rpc/health.
create function casebase.project_health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'at', now(),
    'schema_version', casebase.schema_version(),
    'hook_answered_at', to_timestamp(nullif(pg_sequence_last_value('casebase.hook_answered_at'), 0) / 1000.0),
    'webhooks', casebase.webhook_health(),
    'files', casebase.file_health(),
    'storage', casebase.storage_health(),
    'last_hour', casebase.rate_health()
  )
$$;
comment on function casebase.project_health() is
  'How the project is doing: what rpc/health answers, for the project''s owner.';

create function casebase.health_for_admins() returns jsonb
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
as $$
begin
  if not casebase.is_admin() then
    raise exception 'only admins see how the project is doing'
      using errcode = 'insufficient_privilege', hint = 'Ask an admin.';
  end if;
  return casebase.project_health();
end
$$;

create function public.health() returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select casebase.health_for_admins()
$$;
comment on function public.health() is
  'How the project is doing: the access token hook, webhooks and their worker, files, storage, how much happens, and the schema''s version.

Each count ends at 10,000.

For admins.

Returns {"at", "schema_version", "hook_answered_at", "webhooks", "files", "storage", "last_hour"}:

at is the database''s time. schema_version is the release of Casebase that the schema is of. hook_answered_at is when the access token hook last answered, null: never.

webhooks is {"connections", "pending", "waiting", "leased", "undelivered", "oldest_due_at"}: how many connections the worker has, how many deliveries are to be sent, stand behind another of their case, are being sent, and were given up; and since when the oldest that should have been sent is due, null: none is late.

files is {"pending", "uploaded", "deleting", "oldest_uploaded_at"}: how many files and documents have no bytes yet, wait for verification, and are being deleted; and since when the oldest waits for verification.

storage is {"most_bytes", "clients": [{"client_id", "name", "used_bytes"}]}: how many bytes a client may have, null: as many as they like; and the fullest 20 of the clients that files were added for last.

last_hour is {"cases", "interactions", "events", "deliveries"}: how many came about in the last hour, of deliveries how many ended.

- 42501: the caller is no admin.';


-- supabase/schemas/client_data.sql

-- All that is kept of one client, for whom it is to be given to, or who wants it erased: `casebase export-client` and
-- `casebase erase-client`. For the project's owner; nobody else executes these.

-- Answers under an Idempotency-Key that say something of the client's: of a case, interaction, file or document. What is
-- neither says which case it is of.
create function casebase.answers_about(client uuid) returns setof casebase.idempotency_keys
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select k.*
  from casebase.idempotency_keys k
  where strpos(k.body, client::text) > 0
    or substring(k.body from '"case_id": ?"?(?:CASE-0*)?([1-9][0-9]{0,17})')::bigint in (
      select c.id from public.cases c where c.client_id = client)
$$;

-- Every row, by its table; objects are Storage's.
create function casebase.client_records(client uuid) returns table (kind text, record jsonb)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'clients', to_jsonb(c) from public.clients c where c.id = client
  union all
  select 'client_members', to_jsonb(m) from public.client_members m where m.client_id = client
  union all
  select 'invitations', to_jsonb(i) from public.invitations i where i.client_id = client
  union all
  select 'cases', to_jsonb(c) from public.cases c where c.client_id = client
  union all
  select 'case_internal', to_jsonb(x)
  from public.cases c join public.case_internal x on x.case_id = c.id where c.client_id = client
  union all
  select 'interactions', to_jsonb(x)
  from public.cases c join public.interactions x on x.case_id = c.id where c.client_id = client
  union all
  select 'internal_notes', to_jsonb(x)
  from public.cases c join public.internal_notes x on x.case_id = c.id where c.client_id = client
  union all
  select 'case_files', to_jsonb(x)
  from public.cases c join public.case_files x on x.case_id = c.id where c.client_id = client
  union all
  select 'case_events', to_jsonb(x)
  from public.cases c join public.case_events x on x.case_id = c.id where c.client_id = client
  union all
  select 'client_documents', to_jsonb(d) from public.client_documents d where d.client_id = client
  union all
  select 'webhook_payloads', to_jsonb(p)
  from casebase.webhook_payloads p where strpos(p.body, client::text) > 0 and p.scrubbed_at is null
  union all
  select 'idempotency_keys', to_jsonb(k) - 'claim' from casebase.answers_about(client) k
  union all
  select 'spent_paths', to_jsonb(s) from casebase.spent_paths s where starts_with(s.object_path, client || '/')
  union all
  select 'overwritten_objects', to_jsonb(w)
  from casebase.overwritten_objects w where starts_with(w.object_path, client || '/')
  union all
  select 'objects', jsonb_build_object('bucket_id', o.bucket_id, 'object_path', o.name, 'metadata', o.metadata)
  from storage.objects o
  where o.bucket_id in ('admin-bucket', 'client-bucket')
    and o.name like client || '/%'
$$;

-- A step of erasing a client, in a transaction of its own: so many cases with all that hangs on them, or, when there is none
-- left, the rest. Answers whether it was the last. Refused (PT409) while an object of theirs is there: the object goes first,
-- through Storage's API. Whoever dies in between calls it again.
--
-- Receivers of webhooks hear that the cases are gone, without a word of what they were. Paths of the client's may be used
-- again, for their names say what the files were called; every path of a case has its number, which is used once.
create function casebase.erase_client(client uuid, at_most integer) returns boolean
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  batch bigint[];
begin
  -- Who opens a case for it meanwhile waits, and is refused.
  perform from public.clients c where c.id = client for update;
  delete from public.client_members m where m.client_id = client;
  delete from public.invitations i where i.client_id = client;
  -- As long as it is known which cases are theirs.
  delete from casebase.idempotency_keys k
  using casebase.answers_about(client) a
  where k.user_id = a.user_id and k.key = a.key;

  batch := array(select c.id from public.cases c where c.client_id = client order by c.id limit at_most);
  if batch <> '{}' then
    delete from public.case_files f where f.case_id = any (batch);
    delete from public.cases c where c.id = any (batch);
    perform casebase.scrub_webhook_payloads(batch);
    return false;
  end if;

  delete from public.client_documents d where d.client_id = client;
  -- Of cases that were deleted before.
  perform casebase.scrub_webhook_payloads(array(
    select p.case_id from casebase.webhook_payloads p where strpos(p.body, client::text) > 0));
  delete from casebase.spent_paths s where starts_with(s.object_path, client || '/');
  delete from casebase.overwritten_objects w where starts_with(w.object_path, client || '/');
  delete from public.clients c
  where c.id = client
    and (select s.is_ours from casebase.client_source s);
  return true;
end
$$;


-- supabase/schemas/constraint_words.sql

-- What a person is told whom a constraint refuses: a sentence for each that a user can meet. PostgREST's answer names the
-- constraint; the service and frontends find its sentence in types/constraints.json, which is written from here and from
-- the catalogue: `UPDATE=1 cargo test -p casebase --test database constraint_words`. A sentence has the limits in it. The
-- second line of a foreign key's is for who deletes what is referenced. Of a reference the sentence never says whether
-- there is nothing or nothing to be seen.

-- People.
comment on constraint departments_default_is_active_check on public.departments is
  'The default department can''t be switched off. Make another one the default first.';
comment on constraint party_types_active_check on public.party_types is
  'ARGAN and CLIENT can''t be switched off: the database writes them itself.';
do $$
begin
  -- A host's own table keeps its own words.
  if (select s.is_ours from casebase.client_source s) then
    comment on constraint clients_name_check on public.clients is
      'The name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
    comment on constraint clients_kind_check on public.clients is
      'The kind must be organisation or person.';
    comment on constraint clients_times_check on public.clients is
      'created_at must be a time in the years 1 to 9999.';
    comment on constraint clients_pkey on public.clients is
      'There is a client with this id already.';
  end if;
end
$$;

comment on constraint client_members_display_name_check on public.client_members is
  'The display name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint client_members_times_check on public.client_members is
  'created_at must be a time in the years 1 to 9999.';
comment on constraint client_members_client_id_fkey on public.client_members is
  'There is no such client, or you may not see it.';
comment on constraint client_members_user_id_fkey on public.client_members is
  'There is no such user.';
comment on constraint client_members_pkey on public.client_members is
  'This user is a member of this client already.';

comment on constraint departments_name_check on public.departments is
  'The name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint departments_times_check on public.departments is
  'created_at must be a time in the years 1 to 9999.';
comment on constraint departments_name_key on public.departments is
  'There is a department of this name already.';
comment on constraint departments_pkey on public.departments is
  'There is a department with this id already.';
comment on index public.departments_one_default_idx is
  'There is a default department already.';

comment on constraint specialties_name_check on public.specialties is
  'The name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint specialties_times_check on public.specialties is
  'created_at must be a time in the years 1 to 9999.';
comment on constraint specialties_name_key on public.specialties is
  'There is a specialty of this name already.';
comment on constraint specialties_pkey on public.specialties is
  'There is a specialty with this id already.';

comment on constraint staff_members_display_name_check on public.staff_members is
  'The display name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint staff_members_scope_check on public.staff_members is
  'The scope must be all, departments or assigned.';
comment on constraint staff_members_times_check on public.staff_members is
  'created_at must be a time in the years 1 to 9999.';
comment on constraint staff_members_user_id_fkey on public.staff_members is
  'There is no such user.';
comment on constraint staff_members_pkey on public.staff_members is
  'This user is on the staff already.';

comment on constraint staff_departments_department_id_fkey on public.staff_departments is
  'There is no such department, or you may not see it.';
comment on constraint staff_departments_user_id_fkey on public.staff_departments is
  'There is no such member of staff, or you may not see them.';
comment on constraint staff_departments_pkey on public.staff_departments is
  'This member of staff works in this department already.';

comment on constraint staff_specialties_specialty_id_fkey on public.staff_specialties is
  'There is no such specialty, or you may not see it.';
comment on constraint staff_specialties_user_id_fkey on public.staff_specialties is
  'There is no such member of staff, or you may not see them.';
comment on constraint staff_specialties_pkey on public.staff_specialties is
  'This member of staff has this specialty already.';

comment on constraint party_types_code_check on public.party_types is
  'The code must be an upper-case letter (A to Z) followed by at most 39 upper-case letters, digits or underscores.';
comment on constraint party_types_label_check on public.party_types is
  'The label must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint party_types_pkey on public.party_types is
  'There is a party type of this code already.';

comment on constraint invitations_email_check on public.invitations is
  'The email must be an address of at most 320 characters, in lower case.';
comment on constraint invitations_display_name_check on public.invitations is
  'The display name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint invitations_scope_check on public.invitations is
  'The scope must be all, departments or assigned.';
comment on constraint invitations_of_a_client_check on public.invitations is
  'Whom a client''s invitation makes its member has no scope, no departments, and is no admin.';
comment on constraint invitations_times_check on public.invitations is
  'expires_at must be a time in the years 1 to 9999.';
comment on constraint invitations_client_id_fkey on public.invitations is
  'There is no such client, or you may not see it.';
comment on constraint case_settings_pkey on public.case_settings is
  'There is one row of settings.';
comment on constraint case_settings_cases_per_hour_check on public.case_settings is
  'cases_per_hour must be from 0 to 1000000, or null.';
comment on constraint case_settings_interactions_per_hour_check on public.case_settings is
  'interactions_per_hour must be from 0 to 1000000, or null.';
comment on constraint case_settings_bytes_per_client_check on public.case_settings is
  'bytes_per_client must be 0 or more, or null.';

-- Cases.
comment on constraint case_stages_stage_check on public.case_stages is
  'The stage must be one line of at most 100 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint case_stages_status_check on public.case_stages is
  'The status must be open, in_progress, waiting, resolved or closed.';
comment on constraint case_stages_pkey on public.case_stages is
  'There is a stage of this name already.';
comment on constraint case_stages_stage_status_key on public.case_stages is
  'There is a stage of this name already.';

comment on constraint cases_title_check on public.cases is
  'The title must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint cases_description_check on public.cases is
  'The description must have at most 50000 characters: empty or not blank, and without control characters or others that reorder text.';
comment on constraint cases_status_check on public.cases is
  'The status must be open, in_progress, waiting, resolved or closed.';
comment on constraint cases_stage_fkey on public.cases is
  E'There is no such stage, or it belongs to another status.\nThere are cases in this stage.';
comment on constraint cases_escalation_reason_check on public.cases is
  'The reason must have at most 2000 characters: not blank, and without control characters or others that reorder text.';
comment on constraint cases_merged_into_fkey on public.cases is
  'There is no such case of the same client.';
comment on constraint cases_merged_check on public.cases is
  'A case that was merged into another is closed, and the other is another.';
comment on constraint cases_priority_check on public.cases is
  'The priority must be low, medium, high or urgent.';
comment on constraint cases_metadata_check on public.cases is
  'The metadata must be a JSON object of at most 16384 bytes.';
comment on constraint cases_metadata_readable_check on public.cases is
  'The metadata must be nested at most 32 deep, and its numbers must be finite as doubles.';
comment on constraint cases_action_required_by_check on public.cases is
  'action_required_by must be a time in the years 1 to 9999.';
comment on constraint cases_due_at_check on public.cases is
  'action_required_by must be a time in the years 1 to 9999.';
comment on constraint cases_resolved_at_check on public.cases is
  'A resolved or closed case, and no other, has a time at which it was resolved.';
comment on constraint cases_closed_at_check on public.cases is
  'A closed case, and no other, has a time at which it was closed.';
comment on constraint cases_client_id_fkey on public.cases is
  E'There is no such client, or you may not see it.\nThe client has cases.';
comment on constraint cases_department_id_fkey on public.cases is
  E'There is no such department, or you may not see it.\nThe department has cases.';
comment on constraint cases_required_specialty_id_fkey on public.cases is
  'There is no such specialty, or you may not see it.';
comment on constraint cases_assigned_to_fkey on public.cases is
  'There is no such member of staff, or you may not see them.';
comment on constraint cases_action_required_of_fkey on public.cases is
  E'There is no such party type.\nCases wait for a party of this type.';

comment on constraint case_internal_tags_check on public.case_internal is
  'There must be at most 50 tags of at most 5000 bytes together: each one line, not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint case_internal_metadata_check on public.case_internal is
  'The metadata must be a JSON object of at most 16384 bytes.';
comment on constraint case_internal_metadata_readable_check on public.case_internal is
  'The metadata must be nested at most 32 deep, and its numbers must be finite as doubles.';
comment on constraint case_internal_case_id_fkey on public.case_internal is
  'There is no such case, or you may not see it.';
comment on constraint case_internal_pkey on public.case_internal is
  'The case has an internal record already.';

comment on constraint interactions_party1_name_check on public.interactions is
  'The name of the first party must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint interactions_party2_name_check on public.interactions is
  'The name of the second party must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint interactions_content_check on public.interactions is
  'The content must have at most 50000 characters: not blank, and without control characters or others that reorder text.';
comment on constraint interactions_case_id_fkey on public.interactions is
  'There is no such case, or you may not see it.';
comment on constraint interactions_party1_type_fkey on public.interactions is
  E'There is no such party type.\nInteractions name a party of this type.';
comment on constraint interactions_party2_type_fkey on public.interactions is
  E'There is no such party type.\nInteractions name a party of this type.';

comment on constraint internal_notes_content_check on public.internal_notes is
  'The content must have at most 50000 characters: not blank, and without control characters or others that reorder text.';
comment on constraint internal_notes_case_id_fkey on public.internal_notes is
  'There is no such case, or you may not see it.';

-- Files.
comment on constraint case_files_file_name_check on public.case_files is
  'The file name must have 1 to 200 of the characters that Storage takes, without / and without a dot or a space at its ends.';
comment on constraint case_files_original_name_check on public.case_files is
  'The original name must have 1 to 255 characters, of which something can be seen, no folders and no control characters, and must not be named like a program.';
comment on constraint case_files_extension_check on public.case_files is
  'The file name must end with the extension of the original name.';
comment on constraint case_files_content_type_check on public.case_files is
  'The content type must be one like application/pdf, in at most 255 characters.';
comment on constraint case_files_file_size_check on public.case_files is
  'The file size must be 0 to 5368709120 bytes.';
comment on constraint case_files_state_check on public.case_files is
  'The state must be pending, uploaded, available or deleting.';
comment on constraint case_files_checked_check on public.case_files is
  'A file that is available was checked, and is not empty.';
comment on constraint case_files_case_id_fkey on public.case_files is
  E'There is no such case, or you may not see it.\nThe case has files.';
comment on constraint case_files_interaction_id_fkey on public.case_files is
  'There is no such interaction of this case, or you may not see it.';
comment on constraint case_files_object_path_key on public.case_files is
  'There is a file of this name already, or there was one.';

comment on constraint document_categories_code_check on public.document_categories is
  'The code must have at most 63 lower-case letters (a to z), digits and hyphens, must not begin with a hyphen, and must not be cases.';
comment on constraint document_categories_label_check on public.document_categories is
  'The label must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint document_categories_pkey on public.document_categories is
  'There is a category of this code already.';

comment on index public.client_documents_current_key is
  'A document has one version that is current.';
comment on constraint client_documents_category_fkey on public.client_documents is
  E'There is no such category.\nThe category has documents.';
comment on constraint client_documents_file_name_check on public.client_documents is
  'The file name must have 1 to 200 of the characters that Storage takes, without / and without a dot or a space at its ends.';
comment on constraint client_documents_original_name_check on public.client_documents is
  'The original name must have 1 to 255 characters, of which something can be seen, no folders and no control characters, and must not be named like a program.';
comment on constraint client_documents_extension_check on public.client_documents is
  'The file name must end with the extension of the original name.';
comment on constraint client_documents_content_type_check on public.client_documents is
  'The content type must be one like application/pdf, in at most 255 characters.';
comment on constraint client_documents_file_size_check on public.client_documents is
  'The file size must be 0 to 5368709120 bytes.';
comment on constraint client_documents_state_check on public.client_documents is
  'The state must be pending, uploaded, available or deleting.';
comment on constraint client_documents_checked_check on public.client_documents is
  'A document that is available was checked, and is not empty.';
comment on constraint client_documents_client_id_fkey on public.client_documents is
  E'There is no such client, or you may not see it.\nThe client has documents.';
comment on constraint client_documents_object_path_key on public.client_documents is
  'There is a document of this name already, or there was one.';

-- Webhooks.
comment on constraint webhook_endpoints_url_check on casebase.webhook_endpoints is
  'The URL must have at most 2000 characters.';
comment on constraint webhook_endpoints_description_check on casebase.webhook_endpoints is
  'The description must have at most 500 characters: empty or not blank, and without control characters or others that reorder text.';
comment on constraint webhook_endpoints_event_types_check on casebase.webhook_endpoints is
  'There must be at most 100 event types, each one like case.updated or case.*.';
comment on constraint webhook_endpoints_payload_version_check on casebase.webhook_endpoints is
  'The payload version must be 1.';
comment on constraint webhook_endpoints_filters_check on casebase.webhook_endpoints is
  'There must be at most 1000 clients, departments, priorities and statuses together, and none of them null.';
comment on constraint webhook_endpoints_headers_check on casebase.webhook_endpoints is
  'The headers must be an object of names and texts that a request can carry.';
comment on constraint webhook_endpoints_rate_limit_check on casebase.webhook_endpoints is
  'The rate limit must be 1 to 1000 requests a second.';
comment on constraint webhook_endpoints_retry_waits_check on casebase.webhook_endpoints is
  'There must be at most 50 waits, each from 0 to 7 days.';
comment on constraint webhook_endpoints_signature_check on casebase.webhook_endpoints is
  'The signature must be v1 or v1a.';
comment on constraint webhook_endpoints_created_by_fkey on casebase.webhook_endpoints is
  'There is no such user.';
comment on constraint webhook_endpoints_pkey on casebase.webhook_endpoints is
  'There is a webhook endpoint with this id already.';

comment on constraint webhook_secrets_previous_valid_for_check on casebase.webhook_secrets is
  'The secrets before this one may stay valid for at most 30 days.';
comment on constraint webhook_secrets_endpoint_id_fkey on casebase.webhook_secrets is
  'There is no such webhook endpoint, or you may not see it.';
comment on constraint webhook_secrets_in_one_place_check on casebase.webhook_secrets is
  'A secret lies in the Vault where the project has one, otherwise in this table.';
comment on constraint webhook_deliveries_payload_id_fkey on casebase.webhook_deliveries is
  'There is no such payload.';
comment on constraint webhook_deliveries_state_check on casebase.webhook_deliveries is
  'The state must be pending, waiting, leased, delivered, failed or skipped.';
comment on constraint webhook_deliveries_leased_check on casebase.webhook_deliveries is
  'A delivery that is leased, and no other, has the times of its lease.';
comment on constraint webhook_deliveries_finished_check on casebase.webhook_deliveries is
  'A delivery that is delivered, failed or skipped, and no other, has a time at which it was finished.';
comment on constraint webhook_deliveries_skipped_check on casebase.webhook_deliveries is
  'What is skipped, and nothing else, has a reason of at most 500 characters: not blank, and without control characters or others that reorder text.';


-- policies/00_schema.sql

-- Who may use the schema casebase and execute its functions. Nothing here is exposed by the API: authenticated and
-- service_role execute what policies, rules and rpc functions call in their name.

revoke all on schema casebase from public, anon, authenticated, service_role;
grant usage on schema casebase to authenticated, service_role;
grant usage on schema casebase to supabase_auth_admin, casebase_worker;

revoke all on all functions in schema casebase
  from public, anon, authenticated, service_role, supabase_auth_admin, casebase_worker;
revoke all on all tables in schema casebase from public, anon, authenticated, service_role, casebase_worker;
revoke all on all sequences in schema casebase from public, anon, authenticated, service_role, casebase_worker;

-- Nor keeps anybody what a project's own default privileges gave of this schema as it was made.
do $$
declare
  other name;
begin
  for other in
    select distinct r.rolname
    from (
      select n.oid, n.nspowner, n.nspacl from pg_namespace n where n.nspname = 'casebase'
    ) n
    cross join lateral (
      select a.grantee from aclexplode(n.nspacl) a
      union
      select a.grantee from pg_class c, aclexplode(c.relacl) a where c.relnamespace = n.oid
      union
      select a.grantee from pg_proc p, aclexplode(p.proacl) a where p.pronamespace = n.oid
    ) given
    join pg_roles r on r.oid = given.grantee
    where r.oid <> n.nspowner
      and r.rolname not in ('anon', 'authenticated', 'service_role', 'supabase_auth_admin', 'casebase_worker')
  loop
    execute format('revoke all on schema casebase from %I', other);
    execute format('revoke all on all tables in schema casebase from %I', other);
    execute format('revoke all on all sequences in schema casebase from %I', other);
    execute format('revoke all on all routines in schema casebase from %I', other);
  end loop;
end
$$;

-- Who is asking.
grant execute on function
  casebase.caller_id(),
  casebase.staff_standing(),
  casebase.is_staff(),
  casebase.is_admin(),
  casebase.is_known(),
  casebase.staff_id(),
  casebase.my_departments(),
  casebase.my_clients(),
  casebase.my_name(uuid)
to authenticated, service_role;

-- What defaults, checks and rules of the tables call.
grant execute on function
  casebase.default_department(),
  casebase.refuse_retired(text, text),
  casebase.may_move(text, text, text),
  casebase.raise_no_case(),
  casebase.survivor_of(bigint),
  casebase.merged_cases(bigint),
  casebase.check_case_filter(casebase.case_filter),
  casebase.check_words(text, text[], text[]),
  casebase.check_page_size(integer),
  casebase.check_search(text),
  casebase.error_object(text, text, text, text),
  casebase.wanted_ids(bigint[], text),
  casebase.tags_in(jsonb, text),
  casebase.changed_case_columns(jsonb, boolean),
  casebase.change_cases(bigint[], jsonb, text[], text[]),
  casebase.hold_histories(bigint[]),
  casebase.retagged(text[], text[], text[]),
  casebase.my_entries_since(bigint[], timestamptz),
  casebase.reply_in_place(bigint[], text, boolean),
  casebase.read_cursor(text, text, text[]),
  casebase.write_cursor(jsonb),
  casebase.is_text(text),
  casebase.is_line(text),
  casebase.are_lines(text[]),
  casebase.case_parties(bigint),
  casebase.party_name(text, text, text, text),
  casebase.changed_columns(jsonb, jsonb),
  casebase.is_object_name(text),
  casebase.folded_name(text),
  casebase.file_extension(text),
  casebase.program_extensions(),
  casebase.program_extension(text),
  casebase.kept_name(text),
  casebase.name_fault(text),
  casebase.plain_file_name(text),
  casebase.free_file_name(text, text, text),
  casebase.is_readable_json(jsonb),
  casebase.object_version(text, text),
  casebase.has_objects(jsonb),
  casebase.vouches_for_files(regclass)
to authenticated, service_role;

-- Behind the rpc functions; each checks its caller. Not for a service key, who is nobody to them and sees all by itself.
grant execute on function
  casebase.reopen_case(bigint),
  casebase.escalate_case(bigint, text),
  casebase.receive_reply(bigint),
  casebase.limit_client(uuid, text),
  casebase.undo_changes_of(bigint, bigint[]),
  casebase.hand_over_case(bigint, uuid, uuid, text),
  casebase.case_people(bigint),
  casebase.case_timeline(bigint[], integer, text),
  casebase.merge_cases(bigint, bigint),
  casebase.split_case(bigint, text),
  casebase.my_client_names(),
  casebase.find_clients(text, integer),
  casebase.client_names(uuid[]),
  casebase.register(text),
  casebase.registration_problem(),
  casebase.access_problem(),
  casebase.claim_idempotency_key(text, text),
  casebase.keep_idempotency_key(uuid),
  casebase.answer_idempotency_key(uuid, integer, text, text, text),
  casebase.release_idempotency_key(uuid),
  casebase.list_cases(casebase.case_filter, text, integer, text, integer, boolean),
  casebase.list_interactions(bigint[], integer, text),
  casebase.case_counts(),
  casebase.search_cases(text, integer, text),
  casebase.bucket_size_limit(text),
  casebase.move_file(bigint, boolean),
  casebase.client_usage(uuid),
  casebase.health_for_admins(),
  casebase.structure_uses_for_admins()
to authenticated;

-- The auth service, at sign-in.
grant execute on function casebase.custom_access_token_hook(jsonb) to supabase_auth_admin;

-- The service's own role.
grant execute on function
  casebase.verification_begin(text, bigint),
  casebase.verification_finish(text, bigint, text, text, bigint, text, text[]),
  casebase.verification_finish_sent(text, bigint, text[], text, bigint, text, text[]),
  casebase.verification_reject(text, bigint, text),
  casebase.upload_withdraw(text, bigint),
  casebase.files_to_sweep(),
  casebase.upload_complete(text, bigint),
  casebase.check_files(text, bigint),
  casebase.check_objects(text, text),
  casebase.file_move_copied(bigint),
  casebase.file_move_finish(bigint, text, text),
  casebase.file_move_give_up(bigint),
  casebase.file_move_end(bigint),
  casebase.forget_idempotency_keys()
to casebase_worker;

-- What policies ask, and the views they look in, through their reader's own policies.
grant execute on function
  casebase.sees_case_by_now(bigint),
  casebase.may_join(text),
  casebase.may_upload_object(text, text),
  casebase.may_delete_object(text, text)
to authenticated;
grant select on casebase.seen_cases, casebase.reserved_objects to authenticated;

-- The rpc functions: SECURITY INVOKER, for signed-in users.
revoke all on function
  public.reopen_case(bigint),
  public.escalate_case(bigint, text),
  public.take_case(bigint),
  public.merge_cases(bigint, bigint),
  public.split_case(bigint, text),
  public.find_case(text),
  public.hand_over_case(bigint, uuid, uuid, text),
  public.case_people(bigint),
  public.case_timeline(bigint, integer, text),
  public.list_interactions(bigint, integer, text),
  public.my_clients(),
  public.find_clients(text, integer),
  public.client_names(uuid[]),
  public.my_access(),
  public.invite(text, uuid, text, boolean, text, uuid[]),
  public.register(text),
  public.list_cases(text[], text[], text[], uuid[], boolean, uuid[], uuid[], text[], boolean, timestamptz, timestamptz,
    timestamptz, timestamptz, jsonb, text, text, integer, text, integer, boolean),
  public.case_counts(),
  public.search_cases(text, integer, text),
  public.update_cases(bigint[], jsonb, boolean),
  public.reply_to_cases(bigint[], text, boolean),
  public.undo_changes(bigint[]),
  public.reserve_case_file(text, text, text, text, bigint, bigint, boolean),
  public.reserve_client_document(text, text, text, bigint, uuid, text, bigint),
  public.list_client_documents(uuid, text, integer, text),
  public.document_versions(bigint),
  public.change_file_visibility(bigint, boolean),
  public.client_usage(uuid),
  public.health(),
  public.structure_uses(),
  public.deactivate_staff_member(uuid, uuid),
  public.claim_idempotency_key(text, text),
  public.keep_idempotency_key(uuid),
  public.answer_idempotency_key(uuid, integer, text, text, text),
  public.release_idempotency_key(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  public.reopen_case(bigint),
  public.escalate_case(bigint, text),
  public.take_case(bigint),
  public.merge_cases(bigint, bigint),
  public.split_case(bigint, text),
  public.find_case(text),
  public.hand_over_case(bigint, uuid, uuid, text),
  public.case_people(bigint),
  public.case_timeline(bigint, integer, text),
  public.list_interactions(bigint, integer, text),
  public.my_clients(),
  public.find_clients(text, integer),
  public.client_names(uuid[]),
  public.my_access(),
  public.invite(text, uuid, text, boolean, text, uuid[]),
  public.register(text),
  public.list_cases(text[], text[], text[], uuid[], boolean, uuid[], uuid[], text[], boolean, timestamptz, timestamptz,
    timestamptz, timestamptz, jsonb, text, text, integer, text, integer, boolean),
  public.case_counts(),
  public.search_cases(text, integer, text),
  public.update_cases(bigint[], jsonb, boolean),
  public.reply_to_cases(bigint[], text, boolean),
  public.undo_changes(bigint[]),
  public.reserve_case_file(text, text, text, text, bigint, bigint, boolean),
  public.reserve_client_document(text, text, text, bigint, uuid, text, bigint),
  public.list_client_documents(uuid, text, integer, text),
  public.document_versions(bigint),
  public.change_file_visibility(bigint, boolean),
  public.client_usage(uuid),
  public.health(),
  public.structure_uses(),
  public.deactivate_staff_member(uuid, uuid),
  public.claim_idempotency_key(text, text),
  public.keep_idempotency_key(uuid),
  public.answer_idempotency_key(uuid, integer, text, text, text),
  public.release_idempotency_key(uuid)
to authenticated;
-- Under the caller's own policies, so a service key may call it too.
grant execute on function public.update_cases(bigint[], jsonb, boolean) to service_role;


-- policies/10_clients.sql

-- public.clients, where it is ours. A project's own table keeps the project's own grants and policies.

do $$
begin
  if not (select s.is_ours from casebase.client_source s) then
    return;
  end if;

  revoke all on public.clients from public, anon, authenticated, service_role;
  grant select, insert, update, delete on public.clients to authenticated, service_role;

  -- A client member reads their own clients; staff read every client.
  create policy read_clients on public.clients for select to authenticated
    using (id = any ((select casebase.my_clients())::uuid[]) or (select casebase.is_staff()));

  -- Admins manage clients.
  create policy admins_add_clients on public.clients for insert to authenticated
    with check ((select casebase.is_admin()));
  create policy admins_edit_clients on public.clients for update to authenticated
    using ((select casebase.is_admin()))
    with check ((select casebase.is_admin()));
  create policy admins_delete_clients on public.clients for delete to authenticated
    using ((select casebase.is_admin()));
end
$$;


-- policies/11_client_members.sql

-- public.client_members: who acts for which client.

revoke all on public.client_members from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.client_members to authenticated, service_role;

-- Staff read members. Clients read names through rpc/case_people, their own clients through rpc/my_clients.
create policy read_client_members on public.client_members for select to authenticated
  using ((select casebase.is_staff()));

-- Admins manage client members.
create policy admins_add_client_members on public.client_members for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_client_members on public.client_members for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_client_members on public.client_members for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/12_departments.sql

-- public.departments.

revoke all on public.departments from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.departments to authenticated, service_role;

-- Client members and staff read the names.
create policy read_departments on public.departments for select to authenticated
  using ((select casebase.is_known()));

-- Admins manage departments.
create policy admins_add_departments on public.departments for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_departments on public.departments for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_departments on public.departments for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/13_specialties.sql

-- public.specialties.

revoke all on public.specialties from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.specialties to authenticated, service_role;

-- Client members and staff read the names.
create policy read_specialties on public.specialties for select to authenticated
  using ((select casebase.is_known()));

-- Admins manage specialties.
create policy admins_add_specialties on public.specialties for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_specialties on public.specialties for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_specialties on public.specialties for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/14_staff_members.sql

-- public.staff_members: who is staff, and how far each one sees.

revoke all on public.staff_members from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.staff_members to authenticated, service_role;

-- Staff read staff. Clients read names through rpc/case_people.
create policy read_staff_members on public.staff_members for select to authenticated
  using ((select casebase.is_staff()));

-- Admins manage staff members.
create policy admins_add_staff_members on public.staff_members for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_staff_members on public.staff_members for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_staff_members on public.staff_members for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/15_staff_departments.sql

-- public.staff_departments: who works in which department.

revoke all on public.staff_departments from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.staff_departments to authenticated, service_role;

-- Staff read them.
create policy read_staff_departments on public.staff_departments for select to authenticated
  using ((select casebase.is_staff()));

-- Admins manage staff departments.
create policy admins_add_staff_departments on public.staff_departments for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_staff_departments on public.staff_departments for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_staff_departments on public.staff_departments for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/16_staff_specialties.sql

-- public.staff_specialties: who has which specialty.

revoke all on public.staff_specialties from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.staff_specialties to authenticated, service_role;

-- Staff read them.
create policy read_staff_specialties on public.staff_specialties for select to authenticated
  using ((select casebase.is_staff()));

-- Admins manage staff specialties.
create policy admins_add_staff_specialties on public.staff_specialties for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_staff_specialties on public.staff_specialties for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_staff_specialties on public.staff_specialties for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/17_party_types.sql

-- public.party_types: the parties of an interaction.

revoke all on public.party_types from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.party_types to authenticated, service_role;

-- Client members and staff read the names.
create policy read_party_types on public.party_types for select to authenticated
  using ((select casebase.is_known()));

-- Admins manage party types. Two stay: the database writes them itself.
create policy admins_add_party_types on public.party_types for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_party_types on public.party_types for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_party_types on public.party_types for delete to authenticated
  using ((select casebase.is_admin())
    and code not in ('ARGAN', 'CLIENT'));


-- policies/18_invitations.sql

-- public.invitations: who becomes what when they sign in.

revoke all on public.invitations from public, anon, authenticated, service_role;
revoke all on sequence public.invitations_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.invitations to authenticated;
grant insert (email, client_id, display_name, is_admin, scope, department_ids, expires_at) on public.invitations to authenticated;
grant select, insert, update, delete on public.invitations to service_role;

-- Admins manage people.
create policy admins_read_invitations on public.invitations for select to authenticated
  using ((select casebase.is_admin()));
create policy admins_add_invitations on public.invitations for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_delete_invitations on public.invitations for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/19_case_settings.sql

-- public.case_settings: what an admin decides for the whole project.

revoke all on public.case_settings from public, anon, authenticated, service_role;
grant select on public.case_settings to authenticated;
grant update (registration_open, cases_per_hour, interactions_per_hour, bytes_per_client) on public.case_settings to authenticated;
grant select, update on public.case_settings to service_role;

-- Client members and staff read them, admins change them.
create policy read_case_settings on public.case_settings for select to authenticated
  using ((select casebase.is_known()));
create policy admins_edit_case_settings on public.case_settings for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));


-- policies/20_cases.sql

-- public.cases.

revoke all on public.cases from public, anon, authenticated, service_role;
revoke all on sequence public.cases_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.cases to authenticated;
grant insert (
  client_id, department_id, required_specialty_id, title, description, status, stage, priority, assigned_to,
  action_required_by, action_required_of, metadata
) on public.cases to authenticated;
grant update (
  department_id, required_specialty_id, title, description, status, stage, priority, assigned_to,
  action_required_by, action_required_of, metadata, version
) on public.cases to authenticated;
grant select, insert, update, delete on public.cases to service_role;

-- Some of them, under the same policies.
revoke all on public.overdue_cases from public, anon, authenticated, service_role;
grant select on public.overdue_cases to authenticated, service_role;

-- Client members see their clients' cases; staff of scope all and admins every case; of scope departments their
-- departments' and those assigned to them; of scope assigned those assigned to them. my_departments() is every
-- department for whoever sees every case, so that each arm has an index.
create policy see_cases on public.cases for select to authenticated
  using (
    client_id = any ((select casebase.my_clients())::uuid[])
    or department_id = any ((select casebase.my_departments())::uuid[])
    or assigned_to = (select casebase.staff_id())
  );

-- Client members open cases for their clients (title and description, nothing else: limit_new_case); staff of scope
-- departments in their departments; staff of scope all and admins any. Staff of scope assigned: none.
create policy open_cases on public.cases for insert to authenticated
  with check (
    client_id = any ((select casebase.my_clients())::uuid[])
    or department_id = any ((select casebase.my_departments())::uuid[])
  );

-- Staff edit the cases they see; client members theirs, while open. Which columns: limit_case_changes. The new row
-- must be in sight too: what ends one's own sight goes through rpc/hand_over_case.
create policy edit_visible_cases on public.cases for update to authenticated
  using (
    client_id = any ((select casebase.my_clients())::uuid[])
    or department_id = any ((select casebase.my_departments())::uuid[])
    or assigned_to = (select casebase.staff_id())
  )
  with check (
    client_id = any ((select casebase.my_clients())::uuid[]) and status = 'open'
    or department_id = any ((select casebase.my_departments())::uuid[])
    or assigned_to = (select casebase.staff_id())
  );

-- Only admins delete cases.
create policy admins_delete_cases on public.cases for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/21_case_internal.sql

-- public.case_internal: staff only.

revoke all on public.case_internal from public, anon, authenticated, service_role;
grant select, delete on public.case_internal to authenticated;
grant insert (case_id, tags, metadata), update (case_id, tags, metadata, version) on public.case_internal to authenticated;
grant select, insert, update, delete on public.case_internal to service_role;

-- Staff read and write it for the cases they see as staff. Clients never.
create policy staff_read_case_internal on public.case_internal for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_internal.case_id) when 'staff' then true end
  );
create policy staff_add_case_internal on public.case_internal for insert to authenticated
  with check (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_internal.case_id) when 'staff' then true end
  );
create policy staff_edit_case_internal on public.case_internal for update to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_internal.case_id) when 'staff' then true end
  );

-- Only admins delete it.
create policy admins_delete_case_internal on public.case_internal for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/22_interactions.sql

-- public.interactions.

revoke all on public.interactions from public, anon, authenticated, service_role;
revoke all on sequence public.interactions_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.interactions to authenticated;
grant insert (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client) on public.interactions to authenticated;
grant update (party1_name, party1_type, party2_name, party2_type, content, visible_to_client, version) on public.interactions to authenticated;
grant select, insert, update, delete on public.interactions to service_role;

-- Client members see the interactions of their cases that are visible to them; staff all of the cases they see. A reply to
-- a closed case is in one that was opened while it was written, and that the lookup can't see yet.
create policy see_interactions on public.interactions for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = interactions.case_id)
      when 'staff' then true
      when 'client' then visible_to_client
      else visible_to_client
        and created_by = (select casebase.caller_id())
        and casebase.sees_case_by_now(interactions.case_id)
    end
  );

-- Client members add to their cases, as themselves and in the open (set_speaker); staff to the cases they see.
create policy add_interactions on public.interactions for insert to authenticated
  with check (
    case (select c.seen_as from casebase.seen_cases c where c.id = interactions.case_id)
      when 'staff' then true
      when 'client' then visible_to_client
      else visible_to_client
        and created_by = (select casebase.caller_id())
        and casebase.sees_case_by_now(interactions.case_id)
    end
  );

-- Staff edit the interactions of the cases they see, the words only of their own (keep_words). Clients never.
create policy staff_edit_interactions on public.interactions for update to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = interactions.case_id) when 'staff' then true end
  );

-- Only admins delete interactions.
create policy admins_delete_interactions on public.interactions for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/23_internal_notes.sql

-- public.internal_notes: staff only.

revoke all on public.internal_notes from public, anon, authenticated, service_role;
revoke all on sequence public.internal_notes_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.internal_notes to authenticated;
grant insert (case_id, content), update (content, version) on public.internal_notes to authenticated;
grant select, insert, update, delete on public.internal_notes to service_role;

-- Staff read and write the notes of the cases they see as staff, and change their own (keep_words). Clients never.
create policy staff_read_notes on public.internal_notes for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = internal_notes.case_id) when 'staff' then true end
  );
create policy staff_add_notes on public.internal_notes for insert to authenticated
  with check (
    case (select c.seen_as from casebase.seen_cases c where c.id = internal_notes.case_id) when 'staff' then true end
  );
create policy staff_edit_notes on public.internal_notes for update to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = internal_notes.case_id) when 'staff' then true end
  );

-- Only admins delete notes.
create policy admins_delete_notes on public.internal_notes for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/24_case_stages.sql

-- public.case_stages: a project's own words for where a case is.

revoke all on public.case_stages from public, anon, authenticated, service_role;
-- Which status a stage belongs to stays: the cases in it would move with it.
grant select, insert, update (stage, position, active), delete on public.case_stages to authenticated;
grant select, insert, update, delete on public.case_stages to service_role;

-- Client members and staff read the names.
create policy read_case_stages on public.case_stages for select to authenticated
  using ((select casebase.is_known()));

-- Admins manage stages.
create policy admins_add_case_stages on public.case_stages for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_case_stages on public.case_stages for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_case_stages on public.case_stages for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/25_status_transitions.sql

-- public.status_transitions: the migrations alone write them.

revoke all on public.status_transitions from public, anon, authenticated, service_role;
grant select on public.status_transitions to authenticated, service_role;

-- Client members and staff read them: a frontend shows what can be done.
create policy read_status_transitions on public.status_transitions for select to authenticated
  using ((select casebase.is_known()));


-- policies/30_case_files.sql

-- public.case_files.

revoke all on public.case_files from public, anon, authenticated, service_role;
revoke all on sequence public.case_files_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.case_files to authenticated;
grant insert (case_id, interaction_id, file_name, original_name, content_type, file_size, visible_to_client)
  on public.case_files to authenticated;
grant update (state, file_size) on public.case_files to authenticated;
grant select, insert, update, delete on public.case_files to service_role;

-- Client members see the client-visible files of their cases, staff all of the cases they see: once available.
-- Until then only the uploader does; what is being deleted, who may delete it.
create policy see_case_files on public.case_files for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_files.case_id)
      when 'staff' then state in ('available', 'deleting') or uploaded_by = (select casebase.caller_id())
      when 'client' then visible_to_client and (state = 'available' or uploaded_by = (select casebase.caller_id()))
    end
  );

-- Client members and staff add to the cases they see, to interactions they see; a client's file is visible to the
-- client (place_case_file).
create policy reserve_case_files on public.case_files for insert to authenticated
  with check (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_files.case_id)
      when 'staff' then true
      when 'client' then visible_to_client
    end
    and (
      interaction_id is null
      or exists (
        select from public.interactions i
        where i.id = case_files.interaction_id and i.case_id = case_files.case_id
      )
    )
  );

-- The uploader says that the object is there; client members let go of their own while unverified, staff of any file
-- that they see. Which step follows which: keep_file. Nothing that the caller doesn't see: a request without a filter
-- is judged by this policy alone.
create policy move_case_files on public.case_files for update to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_files.case_id)
      when 'staff' then state in ('available', 'deleting') or uploaded_by = (select casebase.caller_id())
      when 'client' then visible_to_client
        and uploaded_by = (select casebase.caller_id()) and state in ('pending', 'uploaded')
    end
  )
  -- What else decides never changes: case, uploader, whether clients see it (keep_file).
  with check (state in ('uploaded', 'deleting'));

-- Who let go of a file deletes its row; never before its object (keep_row_of_object).
create policy delete_case_files on public.case_files for delete to authenticated
  using (
    state = 'deleting'
    and case (select c.seen_as from casebase.seen_cases c where c.id = case_files.case_id)
      when 'staff' then true
      when 'client' then visible_to_client and uploaded_by = (select casebase.caller_id())
    end
  );


-- policies/31_client_documents.sql

-- public.client_documents.

revoke all on public.client_documents from public, anon, authenticated, service_role;
revoke all on sequence public.client_documents_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.client_documents to authenticated;
grant insert (client_id, category, document_id, file_name, original_name, content_type, file_size)
  on public.client_documents to authenticated;
grant update (state, file_size) on public.client_documents to authenticated;
grant select, insert, update, delete on public.client_documents to service_role;

-- Client members read their own clients' documents, staff all: the version that is current. Until a version is available
-- only its uploader reads it; one that was replaced, or is being deleted, who may write documents.
create policy see_client_documents on public.client_documents for select to authenticated
  using (
    state = 'available' and replaced_at is null
      and (client_id = any ((select casebase.my_clients())::uuid[]) or (select casebase.is_staff()))
    or (state in ('available', 'deleting') or uploaded_by = (select casebase.caller_id()))
      and (select casebase.staff_standing()) in ('admin', 'all', 'departments')
  );

-- Staff of scope all or departments and admins write documents. Clients and staff of scope assigned only read.
create policy reserve_client_documents on public.client_documents for insert to authenticated
  with check ((select casebase.staff_standing()) in ('admin', 'all', 'departments'));
create policy move_client_documents on public.client_documents for update to authenticated
  using (
    (state in ('available', 'deleting') or uploaded_by = (select casebase.caller_id()))
    and (select casebase.staff_standing()) in ('admin', 'all', 'departments')
  )
  with check (state in ('uploaded', 'deleting'));
create policy delete_client_documents on public.client_documents for delete to authenticated
  using (state = 'deleting' and (select casebase.staff_standing()) in ('admin', 'all', 'departments'));


-- policies/32_document_categories.sql

-- public.document_categories: the folders of a client's documents.

revoke all on public.document_categories from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.document_categories to authenticated, service_role;

-- Client members and staff read the names.
create policy read_document_categories on public.document_categories for select to authenticated
  using ((select casebase.is_known()));

-- Admins manage categories. One that has documents stays, and keeps its code (client_documents_category_fkey).
create policy admins_add_document_categories on public.document_categories for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_document_categories on public.document_categories for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_document_categories on public.document_categories for delete to authenticated
  using ((select casebase.is_admin()));


-- policies/40_case_events.sql

-- public.case_events: append-only, written by the database alone.

revoke all on public.case_events from public, anon, authenticated, service_role;
revoke all on sequence public.case_events_id_seq from public, anon, authenticated, service_role;
grant select on public.case_events to authenticated, service_role;

-- Staff read the history of the cases they see as staff. Clients read rpc/case_timeline.
create policy staff_read_history on public.case_events for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_events.case_id) when 'staff' then true end
  );


-- policies/41_event_types.sql

-- casebase.event_types: the types of the history's entries. The migrations alone write them.

revoke all on casebase.event_types from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.event_types to authenticated, service_role;

-- Client members and staff read them.
create policy read_event_types on casebase.event_types for select to authenticated
  using ((select casebase.is_known()));


-- policies/50_storage_objects.sql

-- storage.objects, for admin-bucket and client-bucket: an object is what its row in case_files or client_documents is
-- to the caller: it is looked up under those tables' own policies.
--
-- Permissive policies are OR-ed: any policy of the project's own that forgets to name its bucket would open ours. So
-- each rule stands in a restrictive policy: "not our buckets, or our rule"; the permissive ones open our buckets to it.
-- They are to authenticated and name only what every such user may use; bucket_id is tested first, so other buckets'
-- users pay nothing.
--
-- That nothing is written again once its row has left pending, whoever writes, is the triggers' part (keep_object).

-- Read as the row is read. Bytes that were not checked, or are not the checked ones, are their uploader's alone, also while
-- they are being deleted: to delete is to read, for Storage. What the uploader leaves behind of them is a secret key's to take.
-- A listing asks for every object, and pays once. The lookup finds which version the caller may read: the checked one, or 'any'. It is no
-- function, so that a statement finds out only once who asks (a page of 100: 27 ms became 2). Its estimated cost would
-- make a server with jit = on compile long listings of other buckets; hosted projects have it off.
create policy casebase_read on storage.objects for select to authenticated
  using (bucket_id in ('admin-bucket', 'client-bucket'));
create policy casebase_read_only_so on storage.objects as restrictive for select to authenticated
  using (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or case (
        select case
                 when r.state <> 'available' and r.uploaded_by = (select casebase.caller_id()) then 'any'
                 when r.state in ('available', 'deleting') then r.object_version
               end
        from casebase.reserved_objects r
        where r.bucket_id = objects.bucket_id and r.object_path = objects.name
        limit 1
      )
      when 'any' then true
      when version then true
    end
  );

-- Upload only where a pending row of the same user names exactly this place.
create policy casebase_upload on storage.objects for insert to authenticated
  with check (bucket_id in ('admin-bucket', 'client-bucket'));
create policy casebase_upload_only_so on storage.objects as restrictive for insert to authenticated
  with check (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or casebase.may_upload_object(objects.bucket_id, objects.name)
  );

-- Delete only while the row says so.
create policy casebase_delete on storage.objects for delete to authenticated
  using (bucket_id in ('admin-bucket', 'client-bucket'));
create policy casebase_delete_only_so on storage.objects as restrictive for delete to authenticated
  using (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or casebase.may_delete_object(objects.bucket_id, objects.name)
  );

-- Never overwrite, move in or move out.
create policy casebase_never_update on storage.objects as restrictive for update to authenticated
  using (bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket')
  with check (bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket');

-- anon gets nothing, and neither does a role of the project's own that some policy lets into every bucket. To public,
-- so nothing is named here but what everybody may use.
create policy casebase_only_for_signed_in on storage.objects as restrictive for all to public
  using (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or pg_has_role('authenticated', 'usage')
  )
  with check (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or pg_has_role('authenticated', 'usage')
  );


-- policies/80_webhook_endpoints.sql

-- casebase.webhook_endpoints.

revoke all on casebase.webhook_endpoints from public, anon, authenticated, service_role, casebase_worker;
grant select, insert, delete on casebase.webhook_endpoints to authenticated, service_role;
-- Not the form of its bodies: what is queued has one already.
grant update (
    url, description, event_types, enabled, disabled_reason, retry_waits, client_ids, department_ids, priorities, statuses,
    headers, rate_limit, paused_until, failures_in_a_row, failing_since, updated_at
  )
  on casebase.webhook_endpoints to authenticated, service_role;

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


-- policies/81_webhook_secrets.sql

-- casebase.webhook_secrets.

-- Write-only: nobody is granted select of the secret, not even a service key. The worker gets secrets from
-- casebase.webhook_lease. What receivers verify by is to be read.
revoke all on casebase.webhook_secrets from public, anon, authenticated, service_role, casebase_worker;
grant insert (endpoint_id, secret, previous_valid_for) on casebase.webhook_secrets to authenticated, service_role;
grant select (id, endpoint_id, public_key) on casebase.webhook_secrets to authenticated, service_role;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_secrets on casebase.webhook_secrets for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_add_webhook_secrets on casebase.webhook_secrets for insert to authenticated
  with check ((select casebase.is_admin()));


-- policies/82_webhook_deliveries.sql

-- casebase.webhook_deliveries.

-- Nobody deletes a delivery. An admin adds one by a test or a replay, skips one, has it tried again at once, or fetches it.
revoke all on casebase.webhook_deliveries from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.webhook_deliveries to authenticated, service_role;
grant insert (endpoint_id, payload_id, case_id) on casebase.webhook_deliveries to authenticated, service_role;
grant update (state, attempts, next_attempt_at, lease_token, finished_at, skipped_because)
  on casebase.webhook_deliveries to authenticated, service_role;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_deliveries on casebase.webhook_deliveries for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_add_webhook_deliveries on casebase.webhook_deliveries for insert to authenticated
  with check ((select casebase.is_admin()));

create policy admins_change_webhook_deliveries on casebase.webhook_deliveries for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));


-- policies/83_webhook_attempts.sql

-- casebase.webhook_attempts.

-- Written by the worker's functions only.
revoke all on casebase.webhook_attempts from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.webhook_attempts to authenticated, service_role;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_attempts on casebase.webhook_attempts for select to authenticated
  using ((select casebase.is_admin()));


-- policies/84_webhook_queue.sql

-- casebase.webhook_queue, and until when somebody waits for it.

-- The worker's functions and the enqueueing trigger only, all of them definer functions.
revoke all on casebase.webhook_queue from public, anon, authenticated, service_role, casebase_worker;
revoke all on sequence casebase.webhook_listening_until from public, anon, authenticated, service_role, casebase_worker;


-- policies/85_webhook_functions.sql

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


-- policies/86_webhook_subscriptions.sql

-- casebase.webhook_subscriptions.

-- Two definer triggers only: one keeps it, the other enqueues by it.
revoke all on casebase.webhook_subscriptions from public, anon, authenticated, service_role, casebase_worker;


-- policies/87_webhook_limits.sql

-- casebase.webhook_limits.

-- The project's owner changes it; a definer trigger holds endpoints to it.
revoke all on casebase.webhook_limits from public, anon, authenticated, service_role, casebase_worker;


-- policies/88_webhook_payloads.sql

-- casebase.webhook_payloads.

-- Those of events are written with the event, by a definer trigger, and changed by nobody; an admin adds a test's.
revoke all on casebase.webhook_payloads from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.webhook_payloads to authenticated, service_role;
grant insert (type, payload_version, thin, body) on casebase.webhook_payloads to authenticated, service_role;

-- Webhooks: client member never, staff never, admin manage.
create policy admins_read_webhook_payloads on casebase.webhook_payloads for select to authenticated
  using ((select casebase.is_admin()));

create policy admins_add_webhook_payloads on casebase.webhook_payloads for insert to authenticated
  with check ((select casebase.is_admin()));


-- policies/89_event_schemas.sql

-- casebase.event_schemas.

-- What events say: samples are made of it.
revoke all on casebase.event_schemas from public, anon, authenticated, service_role, casebase_worker;
grant select on casebase.event_schemas to authenticated, service_role;

create policy read_event_schemas on casebase.event_schemas for select to authenticated
  using ((select casebase.is_known()));


-- policies/90_idempotency_keys.sql

-- casebase.idempotency_keys.

-- The functions around it only, all of them definer functions, each about its caller's own keys.
revoke all on casebase.idempotency_keys from public, anon, authenticated, service_role, casebase_worker;


-- policies/91_migrations.sql

-- casebase.migrations.

-- The project's owner writes and reads it, with each migration; admins hear of it through rpc/health.
revoke all on casebase.migrations from public, anon, authenticated, service_role, casebase_worker;

-- The record, whoever runs this file: the checksum is of what stands before it.
insert into casebase.migrations (version, name, release, checksum)
values ('20261128000000', 'casebase', '0.1.0-rc.1', 'e113e6e1f49a4bbe79879aa2daf18293499441907d58daf6989ee8af7ed8788c');
