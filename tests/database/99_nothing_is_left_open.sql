-- What no story tests: every table, function and grant of ours, as the catalogue has them. Something new that is left
-- open fails here.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(25);

-- Ours in public: what the migrations made there (a host's own things are not ours to judge).
create temporary view our_tables as
  select c.oid, c.oid::regclass::text as name, n.nspname, c.relrowsecurity, c.relkind
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'casebase') and c.relkind in ('r', 'p', 'v', 'm');
create temporary view our_functions as
  select p.*, p.oid::regprocedure::text as name, n.nspname
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'casebase')
    and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e');

select cmp_ok((select count(*) from our_tables), '>', 15::bigint, 'there are tables to look at');
select cmp_ok((select count(*) from our_functions), '>', 40::bigint, 'and functions');

select is_empty($$select name from our_tables where relkind in ('r', 'p') and not relrowsecurity$$, 'every table has row level security');
select is_empty($$select name, r, p from our_tables, unnest(array['anon', 'public']) r, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
  where case when r = 'public' then exists (select from pg_class c, aclexplode(c.relacl) a where c.oid = our_tables.oid and a.grantee = 0)
        else has_table_privilege(r, our_tables.oid, p) or p in ('select', 'insert', 'update', 'references') and has_any_column_privilege(r, our_tables.oid, p) end$$,
  'anon and public have no privilege on any table');
select is_empty($$select name, p from our_tables, unnest(array['truncate', 'references', 'trigger']) p where has_table_privilege('authenticated', oid, p)$$,
  'signed-in users can''t truncate, reference or put triggers on any');
select is_empty($$select c.oid::regclass, r from pg_class c join pg_namespace n on n.oid = c.relnamespace, unnest(array['anon', 'authenticated']) r
  where n.nspname in ('public', 'casebase') and c.relkind = 'S' and (has_sequence_privilege(r, c.oid, 'usage') or has_sequence_privilege(r, c.oid, 'select') or has_sequence_privilege(r, c.oid, 'update'))$$,
  'nor read or move any sequence');
select is_empty($$select name from our_tables where nspname = 'casebase' and name <> 'casebase.webhook_endpoints' and has_table_privilege('authenticated', oid, 'insert, update, delete')$$,
  'and write nothing in casebase but what admins manage there');
select is_empty($$select name from our_tables t join pg_class c using (oid) where c.relkind = 'v' and not coalesce(c.reloptions @> '{security_invoker=true}', false)$$,
  'every view is its reader''s');

select is_empty($$select name, r from our_functions, unnest(array['anon', 'authenticator', 'dashboard_user']) r where has_function_privilege(r, oid, 'execute')$$,
  'no function is anon''s, or everybody''s');
select is_empty($$select name from our_functions where nspname = 'public' and prosecdef$$, 'no function in public is SECURITY DEFINER');
-- An empty search_path is searched for temporary types first, and everybody may make those: pg_temp stands last by name.
select is_empty($$select name from our_functions where not coalesce(proconfig @> array['search_path=pg_catalog, pg_temp'], false)$$,
  'every function finds nothing that its caller made');
select is_empty($$select name from our_functions where prorettype = 'trigger'::regtype and has_function_privilege('authenticated', oid, 'execute')$$,
  'nobody calls a trigger''s function');

select is_empty($$select schemaname, tablename, cmd, roles, count(*) from pg_policies
  where schemaname in ('public', 'casebase') or (schemaname = 'storage' and policyname like 'casebase%') and permissive = 'PERMISSIVE'
  group by 1, 2, 3, 4 having count(*) > 1$$, 'one permissive policy per table, command and role');
select is_empty($$select policyname, roles from pg_policies
  where (schemaname in ('public', 'casebase') or policyname like 'casebase%')
    and roles <> '{authenticated}' and policyname <> 'casebase_only_for_signed_in'$$, 'every policy is to authenticated');
-- The one to public is judged for every role, so it may name nothing that some role may not use.
select is_empty($$select policyname, cmd, permissive from pg_policies
  where policyname = 'casebase_only_for_signed_in' and (permissive <> 'RESTRICTIVE' or qual || with_check ~ 'casebase\.|auth\.|SELECT')$$,
  'but one, which only restricts and names nothing of anybody''s');
-- A helper outside (select …) runs for every row.
select is_empty($$select name, rule from (
    select tablename, policyname, coalesce(qual, '') || coalesce(with_check, '') from pg_policies
    where schemaname in ('public', 'casebase') or policyname like 'casebase%'
    union all select name, 'view', pg_get_viewdef(oid) from our_tables where relkind = 'v') r (name, rule, text)
  where regexp_replace(text, '\( *SELECT casebase\.[a-z_]+\(\) AS [a-z_]+\)', '', 'g') ~ '(casebase|auth)\.[a-z_]+\(\)'$$,
  'every helper in a policy, or in a view that policies ask, is wrapped');
select is_empty($$
  select c.conrelid::regclass, c.conname from pg_constraint c
  where c.contype = 'f' and c.connamespace in ('public'::regnamespace, 'casebase'::regnamespace)
    and not exists (select from pg_index i where i.indrelid = c.conrelid and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)$$,
  'every foreign key has an index');


-- What the planner knows of a column, count=planned tells everybody: codes and keys, but nothing that people write.
select set_eq($$
  select a.attrelid::regclass || '.' || a.attname
  from our_tables t join pg_attribute a on a.attrelid = t.oid
  where t.nspname = 'public' and t.relkind = 'r' and a.attnum > 0 and a.attstattarget is distinct from 0 and a.atttypid in ('text'::regtype, 'jsonb'::regtype, 'text[]'::regtype)$$,
  array['cases.case_id', 'cases.status', 'cases.stage', 'cases.priority', 'case_stages.stage', 'case_stages.status',
        'invitations.scope', 'status_transitions.from_status', 'status_transitions.to_status', 'status_transitions.made_by', 'cases.action_required_of', 'interactions.party1_type', 'interactions.party2_type',
        'case_files.bucket_id', 'case_files.state', 'case_files.object_version', 'client_documents.bucket_id', 'client_documents.state',
        'client_documents.object_version', 'case_events.type', 'staff_members.scope', 'party_types.code', 'document_categories.code', 'clients.kind'],
  'the planner knows nothing of what people write');

-- One time that a client can't read takes a whole page away from it.
select is_empty($$
  select t.name, a.attname
  from our_tables t join pg_attribute a on a.attrelid = t.oid
  where t.nspname = 'public' and t.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.atttypid = 'timestamptz'::regtype
    and not exists (select from pg_constraint c where c.conrelid = t.oid and c.contype = 'c' and a.attnum = any (c.conkey)
                    and pg_get_constraintdef(c.oid) ~ '0001-01-01' and pg_get_constraintdef(c.oid) ~ '10000-01-01')$$,
  'every time is one that RFC 3339 can write');
select is_empty($$
  select t.name, a.attname
  from our_tables t join pg_attribute a on a.attrelid = t.oid
  where t.nspname = 'public' and t.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.atttypid = 'jsonb'::regtype
    and has_column_privilege('authenticated', a.attrelid, a.attnum, 'insert, update')
    and not exists (select from pg_constraint c where c.conrelid = t.oid and c.contype = 'c' and a.attnum = any (c.conkey)
                    and pg_get_constraintdef(c.oid) ~ 'is_readable_json')$$,
  'and all JSON that people write is readable');

-- What Supabase's linter skips: policies in storage, the bodies of helpers, EXECUTE that anon got by default.
select is_empty($$select policyname from pg_policies
  where policyname like 'casebase%' and coalesce(qual, '') || coalesce(with_check, '') ~ 'auth\.[a-z_]+\('$$,
  'no policy in storage calls auth.*() itself');
select is_empty($$select name from our_functions where regexp_replace(lower(prosrc), '\(\s*select auth\.[a-z_]+\(\)', '', 'g') ~ 'auth\.[a-z_]+\('$$,
  'no helper calls auth.*() outside a subquery');
select is_empty($$select name from our_functions where prosrc ~* 'user_metadata'$$, 'none reads what users write about themselves');
-- An unqualified column in a subquery binds to the nearest table that has one of its name: two columns of one row.
select is_empty($$select tablename, policyname from pg_policies
  where (schemaname in ('public', 'casebase') or policyname like 'casebase%')
    and coalesce(qual, '') || ' ' || coalesce(with_check, '') ~ '\m([a-z_]+)\.[a-z_]+ = \1\.'$$,
  'no policy compares a row of a subquery with itself');
select is_empty($$select name from our_functions where prosecdef and nspname = 'casebase' and has_schema_privilege('anon', 'casebase', 'usage')$$,
  'anon doesn''t reach the schema of the helpers');

select * from finish();
rollback;
