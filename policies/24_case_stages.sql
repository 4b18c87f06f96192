-- public.case_stages: a project's own words for where a case is.

revoke all on public.case_stages from public, anon, authenticated, service_role;
-- Which status a stage belongs to stays: the cases in it would move with it.
grant select, insert, update (stage, position, active), delete on public.case_stages to authenticated;
grant select, insert, update, delete on public.case_stages to service_role;

drop policy if exists read_case_stages on public.case_stages;
drop policy if exists admins_add_case_stages on public.case_stages;
drop policy if exists admins_edit_case_stages on public.case_stages;
drop policy if exists admins_delete_case_stages on public.case_stages;

-- Client members and staff read the names.
create policy read_case_stages on public.case_stages for select to authenticated
  using ((select casebase.is_known()));

-- Admins manage stages.
create policy admins_add_case_stages on public.case_stages for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_case_stages on public.case_stages for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_case_stages on public.case_stages for delete to authenticated
  using ((select casebase.is_admin()));
