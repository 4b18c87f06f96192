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
