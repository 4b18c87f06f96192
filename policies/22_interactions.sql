-- public.interactions.

revoke all on public.interactions from public, anon, authenticated, service_role;
revoke all on sequence public.interactions_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.interactions to authenticated;
grant insert (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client) on public.interactions to authenticated;
grant update (party1_name, party1_type, party2_name, party2_type, content, visible_to_client) on public.interactions to authenticated;
grant select, insert, update, delete on public.interactions to service_role;

drop policy if exists see_interactions on public.interactions;
drop policy if exists add_interactions on public.interactions;
drop policy if exists staff_edit_interactions on public.interactions;
drop policy if exists admins_delete_interactions on public.interactions;

-- Client members see the interactions of their cases that are visible to them; staff all of the cases they see.
-- (cases is read under its own policy: what is visible to the client is so to whoever sees the case.)
create policy see_interactions on public.interactions for select to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = interactions.case_id
        and (interactions.visible_to_client
             or c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );

-- Client members add to their cases, as themselves and in the open (set_speaker); staff to the cases they see.
create policy add_interactions on public.interactions for insert to authenticated
  with check (
    exists (
      select from public.cases c
      where c.id = interactions.case_id
        and (interactions.visible_to_client
             or c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );

-- Staff edit the interactions of the cases they see, the words only of their own (keep_words). Clients never.
create policy staff_edit_interactions on public.interactions for update to authenticated
  using (
    exists (
      select from public.cases c
      where c.id = interactions.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  )
  with check (
    exists (
      select from public.cases c
      where c.id = interactions.case_id
        and (c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id()))
    )
  );

-- Only admins delete interactions.
create policy admins_delete_interactions on public.interactions for delete to authenticated
  using ((select casebase.is_admin()));
