-- public.case_settings: what an admin decides for the whole project.

revoke all on public.case_settings from public, anon, authenticated, service_role;
grant select on public.case_settings to authenticated;
grant update (registration_open, cases_per_hour, interactions_per_hour, bytes_per_client) on public.case_settings to authenticated;
grant select, update on public.case_settings to service_role;

drop policy if exists read_case_settings on public.case_settings;
drop policy if exists admins_edit_case_settings on public.case_settings;

-- Client members and staff read them, admins change them.
create policy read_case_settings on public.case_settings for select to authenticated
  using ((select casebase.is_known()));
create policy admins_edit_case_settings on public.case_settings for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
