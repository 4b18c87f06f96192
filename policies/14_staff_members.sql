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
