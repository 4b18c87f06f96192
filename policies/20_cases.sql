-- public.cases.

revoke all on public.cases from public, anon, authenticated, service_role;
revoke all on sequence public.cases_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.cases to authenticated;
grant insert (
  client_id, department_id, required_specialty_id, title, description, status, stage, priority, assigned_to,
  action_required_by, action_required_of, metadata
) on public.cases to authenticated;
grant update (
  department_id, required_specialty_id, title, description, status, stage, priority, assigned_to,
  action_required_by, action_required_of, metadata, version
) on public.cases to authenticated;
grant select, insert, update, delete on public.cases to service_role;

-- Some of them, under the same policies.
revoke all on public.overdue_cases from public, anon, authenticated, service_role;
grant select on public.overdue_cases to authenticated, service_role;

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
