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
