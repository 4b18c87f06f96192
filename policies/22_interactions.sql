-- public.interactions.

revoke all on public.interactions from public, anon, authenticated, service_role;
revoke all on sequence public.interactions_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.interactions to authenticated;
grant insert (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client) on public.interactions to authenticated;
grant update (party1_name, party1_type, party2_name, party2_type, content, visible_to_client, version) on public.interactions to authenticated;
grant select, insert, update, delete on public.interactions to service_role;

drop policy if exists see_interactions on public.interactions;
drop policy if exists add_interactions on public.interactions;
drop policy if exists staff_edit_interactions on public.interactions;
drop policy if exists admins_delete_interactions on public.interactions;

-- Client members see the interactions of their cases that are visible to them; staff all of the cases they see. A reply to
-- a closed case is in one that was opened while it was written, and that the lookup can't see yet.
create policy see_interactions on public.interactions for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = interactions.case_id)
      when 'staff' then true
      when 'client' then visible_to_client
      else visible_to_client
        and created_by = (select casebase.caller_id())
        and casebase.sees_case_by_now(interactions.case_id)
    end
  );

-- Client members add to their cases, as themselves and in the open (set_speaker); staff to the cases they see.
create policy add_interactions on public.interactions for insert to authenticated
  with check (
    case (select c.seen_as from casebase.seen_cases c where c.id = interactions.case_id)
      when 'staff' then true
      when 'client' then visible_to_client
      else visible_to_client
        and created_by = (select casebase.caller_id())
        and casebase.sees_case_by_now(interactions.case_id)
    end
  );

-- Staff edit the interactions of the cases they see, the words only of their own (keep_words). Clients never.
create policy staff_edit_interactions on public.interactions for update to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = interactions.case_id) when 'staff' then true end
  );

-- Only admins delete interactions.
create policy admins_delete_interactions on public.interactions for delete to authenticated
  using ((select casebase.is_admin()));
