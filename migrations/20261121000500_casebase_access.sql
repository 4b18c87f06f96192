-- Who may do what: the grants and policies of policies/, as they were when this was released. Later changes come in
-- later migrations; policies/ says what is true now.


-- Who may use the schema casebase and execute its functions. Nothing here is exposed by the API: authenticated and
-- service_role execute what policies, rules and rpc functions call in their name.

revoke all on schema casebase from public, anon, authenticated, service_role;
grant usage on schema casebase to authenticated, service_role;
grant usage on schema casebase to supabase_auth_admin, casebase_worker;

revoke all on all functions in schema casebase
  from public, anon, authenticated, service_role, supabase_auth_admin, casebase_worker;
revoke all on all tables in schema casebase from public, anon, authenticated, service_role, casebase_worker;
revoke all on all sequences in schema casebase from public, anon, authenticated, service_role, casebase_worker;

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
  casebase.assignee_name(bigint),
  casebase.changed_columns(jsonb, jsonb),
  casebase.is_object_name(text),
  casebase.object_version(text, text),
  casebase.vouches_for_files(regclass)
to authenticated, service_role;

-- Behind the rpc functions; each checks its caller. Not for a service key, who is nobody to them and sees all by itself.
grant execute on function
  casebase.reopen_case(bigint),
  casebase.escalate_case(bigint),
  casebase.hand_over_case(bigint, uuid, uuid, text),
  casebase.case_people(bigint),
  casebase.case_timeline(bigint),
  casebase.my_client_names(),
  casebase.newest_cases(integer, timestamptz, bigint, text, text),
  casebase.case_counts()
to authenticated;

-- The auth service, at sign-in.
grant execute on function casebase.custom_access_token_hook(jsonb) to supabase_auth_admin;

-- The service's own role.
grant execute on function
  casebase.verification_begin(bigint),
  casebase.verification_finish(bigint, text, text, bigint, text),
  casebase.verification_reject(bigint, text),
  casebase.document_verification_begin(bigint),
  casebase.document_verification_finish(bigint, text, text, bigint, text),
  casebase.document_verification_reject(bigint, text)
to casebase_worker;

-- What Storage's policies ask, and the view they look in, through its reader's own policies.
grant execute on function
  casebase.may_upload_object(text, text),
  casebase.may_delete_object(text, text)
to authenticated;
grant select on casebase.reserved_objects to authenticated;

-- The rpc functions: SECURITY INVOKER, for signed-in users.
revoke all on function
  public.reopen_case(bigint),
  public.escalate_case(bigint),
  public.hand_over_case(bigint, uuid, uuid, text),
  public.case_people(bigint),
  public.case_timeline(bigint),
  public.my_clients(),
  public.my_newest_cases(integer, timestamptz, bigint, text, text),
  public.my_case_counts()
from public, anon, authenticated, service_role;
grant execute on function
  public.reopen_case(bigint),
  public.escalate_case(bigint),
  public.hand_over_case(bigint, uuid, uuid, text),
  public.case_people(bigint),
  public.case_timeline(bigint),
  public.my_clients(),
  public.my_newest_cases(integer, timestamptz, bigint, text, text),
  public.my_case_counts()
to authenticated;


-- public.clients, where it is ours. A project's own table keeps the project's own grants and policies.

do $$
begin
  if not (select s.is_ours from casebase.client_source s) then
    return;
  end if;

  revoke all on public.clients from public, anon, authenticated, service_role;
  grant select, insert, update, delete on public.clients to authenticated, service_role;

  drop policy if exists read_clients on public.clients;
  drop policy if exists admins_add_clients on public.clients;
  drop policy if exists admins_edit_clients on public.clients;
  drop policy if exists admins_delete_clients on public.clients;

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


-- public.client_members: who acts for which client.

revoke all on public.client_members from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.client_members to authenticated, service_role;

drop policy if exists read_client_members on public.client_members;
drop policy if exists admins_add_client_members on public.client_members;
drop policy if exists admins_edit_client_members on public.client_members;
drop policy if exists admins_delete_client_members on public.client_members;

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


-- public.departments.

revoke all on public.departments from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.departments to authenticated, service_role;

drop policy if exists read_departments on public.departments;
drop policy if exists admins_add_departments on public.departments;
drop policy if exists admins_edit_departments on public.departments;
drop policy if exists admins_delete_departments on public.departments;

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


-- public.specialties.

revoke all on public.specialties from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.specialties to authenticated, service_role;

drop policy if exists read_specialties on public.specialties;
drop policy if exists admins_add_specialties on public.specialties;
drop policy if exists admins_edit_specialties on public.specialties;
drop policy if exists admins_delete_specialties on public.specialties;

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


-- public.staff_members: who is staff, and how far each one sees.

revoke all on public.staff_members from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.staff_members to authenticated, service_role;

drop policy if exists read_staff_members on public.staff_members;
drop policy if exists admins_add_staff_members on public.staff_members;
drop policy if exists admins_edit_staff_members on public.staff_members;
drop policy if exists admins_delete_staff_members on public.staff_members;

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


-- public.staff_departments: who works in which department.

revoke all on public.staff_departments from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.staff_departments to authenticated, service_role;

drop policy if exists read_staff_departments on public.staff_departments;
drop policy if exists admins_add_staff_departments on public.staff_departments;
drop policy if exists admins_edit_staff_departments on public.staff_departments;
drop policy if exists admins_delete_staff_departments on public.staff_departments;

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


-- public.staff_specialties: who has which specialty.

revoke all on public.staff_specialties from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.staff_specialties to authenticated, service_role;

drop policy if exists read_staff_specialties on public.staff_specialties;
drop policy if exists admins_add_staff_specialties on public.staff_specialties;
drop policy if exists admins_edit_staff_specialties on public.staff_specialties;
drop policy if exists admins_delete_staff_specialties on public.staff_specialties;

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


-- public.party_types: the parties of an interaction.

revoke all on public.party_types from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.party_types to authenticated, service_role;

drop policy if exists read_party_types on public.party_types;
drop policy if exists admins_add_party_types on public.party_types;
drop policy if exists admins_edit_party_types on public.party_types;
drop policy if exists admins_delete_party_types on public.party_types;

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


-- public.cases.

revoke all on public.cases from public, anon, authenticated, service_role;
revoke all on sequence public.cases_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.cases to authenticated;
grant insert (
  client_id, department_id, required_specialty_id, title, description, status, priority, assigned_to,
  action_required_by, action_required_of, metadata
) on public.cases to authenticated;
grant update (
  department_id, required_specialty_id, title, description, status, priority, assigned_to,
  action_required_by, action_required_of, metadata
) on public.cases to authenticated;
grant select, insert, update, delete on public.cases to service_role;

drop policy if exists see_cases on public.cases;
drop policy if exists open_cases on public.cases;
drop policy if exists edit_visible_cases on public.cases;
drop policy if exists admins_delete_cases on public.cases;

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


-- public.case_internal: staff only.

revoke all on public.case_internal from public, anon, authenticated, service_role;
grant select, delete on public.case_internal to authenticated;
grant insert (case_id, tags, metadata), update (case_id, tags, metadata) on public.case_internal to authenticated;
grant select, insert, update, delete on public.case_internal to service_role;

drop policy if exists staff_read_case_internal on public.case_internal;
drop policy if exists staff_add_case_internal on public.case_internal;
drop policy if exists staff_edit_case_internal on public.case_internal;
drop policy if exists admins_delete_case_internal on public.case_internal;

-- Staff read and write it for the cases they see as staff. Clients never.
create policy staff_read_case_internal on public.case_internal for select to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = case_internal.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );
create policy staff_add_case_internal on public.case_internal for insert to authenticated
  with check (
    exists (
      select from public.cases c
      where c.id = case_internal.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );
create policy staff_edit_case_internal on public.case_internal for update to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = case_internal.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  )
  with check (
    exists (
      select from public.cases c
      where c.id = case_internal.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );

-- Only admins delete it.
create policy admins_delete_case_internal on public.case_internal for delete to authenticated
  using ((select casebase.is_admin()));


-- public.interactions.

revoke all on public.interactions from public, anon, authenticated, service_role;
revoke all on sequence public.interactions_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.interactions to authenticated;
grant insert (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client) on public.interactions to authenticated;
grant update (party1_name, party1_type, party2_name, party2_type, content, visible_to_client) on public.interactions to authenticated;
grant select, insert, update, delete on public.interactions to service_role;

drop policy if exists see_interactions on public.interactions;
drop policy if exists add_interactions on public.interactions;
drop policy if exists staff_edit_interactions on public.interactions;
drop policy if exists admins_delete_interactions on public.interactions;

-- Client members see the interactions of their cases that are visible to them; staff all of the cases they see.
-- (cases is read under its own policy: what is visible to the client is so to whoever sees the case.)
create policy see_interactions on public.interactions for select to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = interactions.case_id
        and (interactions.visible_to_client
             or c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );

-- Client members add to their cases, as themselves and in the open (set_speaker); staff to the cases they see.
create policy add_interactions on public.interactions for insert to authenticated
  with check (
    exists (
      select from public.cases c
      where c.id = interactions.case_id
        and (interactions.visible_to_client
             or c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );

-- Staff edit the interactions of the cases they see, the words only of their own (keep_words). Clients never.
create policy staff_edit_interactions on public.interactions for update to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = interactions.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  )
  with check (
    exists (
      select from public.cases c
      where c.id = interactions.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );

-- Only admins delete interactions.
create policy admins_delete_interactions on public.interactions for delete to authenticated
  using ((select casebase.is_admin()));


-- public.internal_notes: staff only.

revoke all on public.internal_notes from public, anon, authenticated, service_role;
revoke all on sequence public.internal_notes_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.internal_notes to authenticated;
grant insert (case_id, content), update (content) on public.internal_notes to authenticated;
grant select, insert, update, delete on public.internal_notes to service_role;

drop policy if exists staff_read_notes on public.internal_notes;
drop policy if exists staff_add_notes on public.internal_notes;
drop policy if exists staff_edit_notes on public.internal_notes;
drop policy if exists admins_delete_notes on public.internal_notes;

-- Staff read and write the notes of the cases they see as staff, and change their own (keep_words). Clients never.
create policy staff_read_notes on public.internal_notes for select to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = internal_notes.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );
create policy staff_add_notes on public.internal_notes for insert to authenticated
  with check (
    exists (
      select from public.cases c
      where c.id = internal_notes.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );
create policy staff_edit_notes on public.internal_notes for update to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = internal_notes.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  )
  with check (
    exists (
      select from public.cases c
      where c.id = internal_notes.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );

-- Only admins delete notes.
create policy admins_delete_notes on public.internal_notes for delete to authenticated
  using ((select casebase.is_admin()));


-- public.case_files.

revoke all on public.case_files from public, anon, authenticated, service_role;
revoke all on sequence public.case_files_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.case_files to authenticated;
grant insert (case_id, interaction_id, file_name, original_name, content_type, file_size, visible_to_client)
  on public.case_files to authenticated;
grant update (state, file_size) on public.case_files to authenticated;
grant select, insert, update, delete on public.case_files to service_role;

drop policy if exists see_case_files on public.case_files;
drop policy if exists reserve_case_files on public.case_files;
drop policy if exists move_case_files on public.case_files;
drop policy if exists delete_case_files on public.case_files;

-- Client members see the client-visible files of their cases, staff all of the cases they see: once available.
-- Until then only the uploader does; what is being deleted, who may delete it.
create policy see_case_files on public.case_files for select to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = case_files.case_id
        and (
          case_files.visible_to_client
            and (case_files.state = 'available' or case_files.uploaded_by = (select casebase.caller_id()))
          or (c.department_id = any ((select casebase.my_departments())::uuid[])
              or c.assigned_to = (select casebase.staff_id()))
            and (case_files.state in ('available', 'deleting')
                 or case_files.uploaded_by = (select casebase.caller_id()))
        )
    )
  );

-- Client members and staff add to the cases they see, to interactions they see; a client's file is visible to the
-- client (place_case_file).
create policy reserve_case_files on public.case_files for insert to authenticated
  with check (
    exists (
      select from public.cases c
      where c.id = case_files.case_id
        and (case_files.visible_to_client
             or c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
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
    exists (
      select from public.cases c
      where c.id = case_files.case_id
        and (
          case_files.visible_to_client
            and case_files.uploaded_by = (select casebase.caller_id()) and case_files.state in ('pending', 'uploaded')
          or (c.department_id = any ((select casebase.my_departments())::uuid[])
              or c.assigned_to = (select casebase.staff_id()))
            and (case_files.state in ('available', 'deleting')
                 or case_files.uploaded_by = (select casebase.caller_id()))
        )
    )
  )
  with check (
    state in ('uploaded', 'deleting')
    and exists (
      select from public.cases c
      where c.id = case_files.case_id
        and (case_files.visible_to_client and case_files.uploaded_by = (select casebase.caller_id())
             or c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );

-- Who let go of a file deletes its row; never before its object (keep_row_of_object).
create policy delete_case_files on public.case_files for delete to authenticated
  using (
    state = 'deleting'
    and exists (
      select from public.cases c
      where c.id = case_files.case_id
        and (case_files.visible_to_client and case_files.uploaded_by = (select casebase.caller_id())
             or c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );


-- public.client_documents.

revoke all on public.client_documents from public, anon, authenticated, service_role;
revoke all on sequence public.client_documents_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.client_documents to authenticated;
grant insert (client_id, category, file_name, original_name, content_type, file_size)
  on public.client_documents to authenticated;
grant update (state, file_size) on public.client_documents to authenticated;
grant select, insert, update, delete on public.client_documents to service_role;

drop policy if exists see_client_documents on public.client_documents;
drop policy if exists reserve_client_documents on public.client_documents;
drop policy if exists move_client_documents on public.client_documents;
drop policy if exists delete_client_documents on public.client_documents;

-- Client members read their own clients' documents, staff all: once available. Until then only the uploader does;
-- what is being deleted, who may write documents.
create policy see_client_documents on public.client_documents for select to authenticated
  using (
    state = 'available'
      and (client_id = any ((select casebase.my_clients())::uuid[]) or (select casebase.is_staff()))
    or (state = 'deleting' or uploaded_by = (select casebase.caller_id()))
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
  with check (state in ('uploaded', 'deleting') and (select casebase.staff_standing()) in ('admin', 'all', 'departments'));
create policy delete_client_documents on public.client_documents for delete to authenticated
  using (state = 'deleting' and (select casebase.staff_standing()) in ('admin', 'all', 'departments'));


-- public.case_events: append-only, written by the database alone.

revoke all on public.case_events from public, anon, authenticated, service_role;
revoke all on sequence public.case_events_id_seq from public, anon, authenticated, service_role;
grant select on public.case_events to authenticated, service_role;

drop policy if exists staff_read_history on public.case_events;

-- Staff read the history of the cases they see as staff. Clients read rpc/case_timeline.
create policy staff_read_history on public.case_events for select to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = case_events.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );


-- storage.objects, for admin-bucket and client-bucket: an object is what its row in case_files or client_documents is
-- to the caller: it is looked up under those tables' own policies.
--
-- Permissive policies are OR-ed: any policy of the project's own that forgets to name its bucket would open ours. So
-- each rule stands as a restrictive policy too: "not our buckets, or our rule". They are to authenticated and
-- name only what every such user may use; bucket_id is tested first, so other buckets' users pay nothing.

drop policy if exists casebase_read on storage.objects;
drop policy if exists casebase_read_only_so on storage.objects;
drop policy if exists casebase_upload on storage.objects;
drop policy if exists casebase_upload_only_so on storage.objects;
drop policy if exists casebase_delete on storage.objects;
drop policy if exists casebase_delete_only_so on storage.objects;
drop policy if exists casebase_never_update on storage.objects;
drop policy if exists casebase_only_for_signed_in on storage.objects;

-- Read as the row is read. Bytes that were not checked, or are not the checked ones, are their uploader's alone, also while
-- they are being deleted: to delete is to read, for Storage. What the uploader leaves behind of them is a secret key's to take.
-- The lookup stands in the restrictive policy alone, which binds whatever a permissive one lets through: a listing asks
-- for every object, and pays once. It is no function, so that a statement finds out only once who asks (a page of 100:
-- 27 ms became 2). Its estimated cost would make a server with jit = on compile long listings of other buckets;
-- hosted projects have it off.
create policy casebase_read on storage.objects for select to authenticated
  using (bucket_id in ('admin-bucket', 'client-bucket'));
create policy casebase_read_only_so on storage.objects as restrictive for select to authenticated
  using (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or exists (
      select from casebase.reserved_objects r
      where r.bucket_id = objects.bucket_id
        and r.object_path = objects.name
        and (r.state in ('available', 'deleting') and r.object_version = objects.version
             or r.state <> 'available' and r.uploaded_by = (select casebase.caller_id()))
    )
  );

-- Upload only where a pending row of the same user names exactly this place.
create policy casebase_upload on storage.objects for insert to authenticated
  with check (
    bucket_id in ('admin-bucket', 'client-bucket')
    and casebase.may_upload_object(objects.bucket_id, objects.name)
  );
create policy casebase_upload_only_so on storage.objects as restrictive for insert to authenticated
  with check (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or casebase.may_upload_object(objects.bucket_id, objects.name)
  );

-- Delete only while the row says so.
create policy casebase_delete on storage.objects for delete to authenticated
  using (
    bucket_id in ('admin-bucket', 'client-bucket')
    and casebase.may_delete_object(objects.bucket_id, objects.name)
  );
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
