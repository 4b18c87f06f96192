-- public.case_internal: staff only.

revoke all on public.case_internal from public, anon, authenticated, service_role;
grant select, delete on public.case_internal to authenticated;
grant insert (case_id, tags, metadata), update (case_id, tags, metadata, version) on public.case_internal to authenticated;
grant select, insert, update, delete on public.case_internal to service_role;

drop policy if exists staff_read_case_internal on public.case_internal;
drop policy if exists staff_add_case_internal on public.case_internal;
drop policy if exists staff_edit_case_internal on public.case_internal;
drop policy if exists admins_delete_case_internal on public.case_internal;

-- Staff read and write it for the cases they see as staff. Clients never.
create policy staff_read_case_internal on public.case_internal for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_internal.case_id) when 'staff' then true end
  );
create policy staff_add_case_internal on public.case_internal for insert to authenticated
  with check (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_internal.case_id) when 'staff' then true end
  );
create policy staff_edit_case_internal on public.case_internal for update to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_internal.case_id) when 'staff' then true end
  );

-- Only admins delete it.
create policy admins_delete_case_internal on public.case_internal for delete to authenticated
  using ((select casebase.is_admin()));
