-- public.case_files.

revoke all on public.case_files from public, anon, authenticated, service_role;
revoke all on sequence public.case_files_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.case_files to authenticated;
grant insert (case_id, interaction_id, file_name, original_name, content_type, file_size, visible_to_client)
  on public.case_files to authenticated;
grant update (state, file_size) on public.case_files to authenticated;
grant select, insert, update, delete on public.case_files to service_role;

drop policy if exists see_case_files on public.case_files;
drop policy if exists reserve_case_files on public.case_files;
drop policy if exists move_case_files on public.case_files;
drop policy if exists delete_case_files on public.case_files;

-- Client members see the client-visible files of their cases, staff all of the cases they see: once available.
-- Until then only the uploader does; what is being deleted, who may delete it.
create policy see_case_files on public.case_files for select to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_files.case_id)
      when 'staff' then state in ('available', 'deleting') or uploaded_by = (select casebase.caller_id())
      when 'client' then visible_to_client and (state = 'available' or uploaded_by = (select casebase.caller_id()))
    end
  );

-- Client members and staff add to the cases they see, to interactions they see; a client's file is visible to the
-- client (place_case_file).
create policy reserve_case_files on public.case_files for insert to authenticated
  with check (
    state = 'pending'
    and case (select c.seen_as from casebase.seen_cases c where c.id = case_files.case_id)
      when 'staff' then true
      when 'client' then visible_to_client
    end
    and (
      interaction_id is null
      or exists (
        select from public.interactions i
        where i.id = case_files.interaction_id and i.case_id = case_files.case_id
      )
    )
  );

-- The uploader says that the object is there; client members let go of their own while unverified, staff of any file
-- that they see. Which step follows which: keep_file. Nothing that the caller doesn't see: a request without a filter
-- is judged by this policy alone.
create policy move_case_files on public.case_files for update to authenticated
  using (
    case (select c.seen_as from casebase.seen_cases c where c.id = case_files.case_id)
      when 'staff' then state in ('available', 'deleting') or uploaded_by = (select casebase.caller_id())
      when 'client' then visible_to_client
        and uploaded_by = (select casebase.caller_id()) and state in ('pending', 'uploaded')
    end
  )
  -- What else decides never changes: case, uploader, whether clients see it (keep_file).
  with check (state in ('uploaded', 'deleting'));

-- Who let go of a file deletes its row; never before its object (keep_row_of_object).
create policy delete_case_files on public.case_files for delete to authenticated
  using (
    state = 'deleting'
    and case (select c.seen_as from casebase.seen_cases c where c.id = case_files.case_id)
      when 'staff' then true
      when 'client' then visible_to_client and uploaded_by = (select casebase.caller_id())
    end
  );
