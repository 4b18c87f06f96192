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
