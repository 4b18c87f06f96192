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
