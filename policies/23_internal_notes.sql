-- public.internal_notes: staff only.

revoke all on public.internal_notes from public, anon, authenticated, service_role;
revoke all on sequence public.internal_notes_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.internal_notes to authenticated;
grant insert (case_id, content), update (content, version) on public.internal_notes to authenticated;
grant select, insert, update, delete on public.internal_notes to service_role;

drop policy if exists staff_read_notes on public.internal_notes;
drop policy if exists staff_add_notes on public.internal_notes;
drop policy if exists staff_edit_notes on public.internal_notes;
drop policy if exists admins_delete_notes on public.internal_notes;

-- Staff read and write the notes of the cases they see as staff, and change their own (keep_words). Clients never.
create policy staff_read_notes on public.internal_notes for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = internal_notes.case_id) when 'staff' then true end
  );
create policy staff_add_notes on public.internal_notes for insert to authenticated
  with check (
    case (select c.seen_as from casebase.seen_cases c where c.id = internal_notes.case_id) when 'staff' then true end
  );
create policy staff_edit_notes on public.internal_notes for update to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = internal_notes.case_id) when 'staff' then true end
  );

-- Only admins delete notes.
create policy admins_delete_notes on public.internal_notes for delete to authenticated
  using ((select casebase.is_admin()));
