-- public.client_documents.

revoke all on public.client_documents from public, anon, authenticated, service_role;
revoke all on sequence public.client_documents_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.client_documents to authenticated;
grant insert (client_id, category, document_id, file_name, original_name, content_type, file_size)
  on public.client_documents to authenticated;
grant update (state, file_size) on public.client_documents to authenticated;
grant select, insert, update, delete on public.client_documents to service_role;

drop policy if exists see_client_documents on public.client_documents;
drop policy if exists reserve_client_documents on public.client_documents;
drop policy if exists move_client_documents on public.client_documents;
drop policy if exists delete_client_documents on public.client_documents;

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
  with check (state = 'pending' and (select casebase.staff_standing()) in ('admin', 'all', 'departments'));
create policy move_client_documents on public.client_documents for update to authenticated
  using (
    (state in ('available', 'deleting') or uploaded_by = (select casebase.caller_id()))
    and (select casebase.staff_standing()) in ('admin', 'all', 'departments')
  )
  with check (state in ('uploaded', 'deleting'));
create policy delete_client_documents on public.client_documents for delete to authenticated
  using (state = 'deleting' and (select casebase.staff_standing()) in ('admin', 'all', 'departments'));
