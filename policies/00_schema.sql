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
