-- public.document_categories: the folders of a client's documents.

revoke all on public.document_categories from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.document_categories to authenticated, service_role;

drop policy if exists read_document_categories on public.document_categories;
drop policy if exists admins_add_document_categories on public.document_categories;
drop policy if exists admins_edit_document_categories on public.document_categories;
drop policy if exists admins_delete_document_categories on public.document_categories;

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
