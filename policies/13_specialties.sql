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
