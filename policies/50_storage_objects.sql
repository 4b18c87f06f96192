-- storage.objects, for admin-bucket and client-bucket: an object is what its row in case_files or client_documents is
-- to the caller: it is looked up under those tables' own policies.
--
-- Permissive policies are OR-ed: any policy of the project's own that forgets to name its bucket would open ours. So
-- each rule stands in a restrictive policy: "not our buckets, or our rule"; the permissive ones open our buckets to it.
-- They are to authenticated and name only what every such user may use; bucket_id is tested first, so other buckets'
-- users pay nothing.
--
-- That nothing is written again once its row has left pending, whoever writes, is the triggers' part (keep_object).

drop policy if exists casebase_read on storage.objects;
drop policy if exists casebase_read_only_so on storage.objects;
drop policy if exists casebase_upload on storage.objects;
drop policy if exists casebase_upload_only_so on storage.objects;
drop policy if exists casebase_delete on storage.objects;
drop policy if exists casebase_delete_only_so on storage.objects;
drop policy if exists casebase_never_update on storage.objects;
drop policy if exists casebase_only_for_signed_in on storage.objects;

-- Read as the row is read. Bytes that were not checked, or are not the checked ones, are their uploader's alone, also while
-- they are being deleted: to delete is to read, for Storage. What the uploader leaves behind of them is a secret key's to take.
-- A listing asks for every object, and pays once. The lookup finds which version the caller may read: the checked one, or 'any'. It is no
-- function, so that a statement finds out only once who asks (a page of 100: 27 ms became 2). Its estimated cost would
-- make a server with jit = on compile long listings of other buckets; hosted projects have it off.
create policy casebase_read on storage.objects for select to authenticated
  using (bucket_id in ('admin-bucket', 'client-bucket'));
create policy casebase_read_only_so on storage.objects as restrictive for select to authenticated
  using (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or case (
        select case
                 when r.state <> 'available' and r.uploaded_by = (select casebase.caller_id()) then 'any'
                 when r.state in ('available', 'deleting') then r.object_version
               end
        from casebase.reserved_objects r
        where r.bucket_id = objects.bucket_id and r.object_path = objects.name
        limit 1
      )
      when 'any' then true
      when version then true
    end
  );

-- Upload only where a pending row of the same user names exactly this place.
create policy casebase_upload on storage.objects for insert to authenticated
  with check (bucket_id in ('admin-bucket', 'client-bucket'));
create policy casebase_upload_only_so on storage.objects as restrictive for insert to authenticated
  with check (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or casebase.may_upload_object(objects.bucket_id, objects.name)
  );

-- Delete only while the row says so.
create policy casebase_delete on storage.objects for delete to authenticated
  using (bucket_id in ('admin-bucket', 'client-bucket'));
create policy casebase_delete_only_so on storage.objects as restrictive for delete to authenticated
  using (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or casebase.may_delete_object(objects.bucket_id, objects.name)
  );

-- Never overwrite, move in or move out.
create policy casebase_never_update on storage.objects as restrictive for update to authenticated
  using (bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket')
  with check (bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket');

-- anon gets nothing, and neither does a role of the project's own that some policy lets into every bucket. To public,
-- so nothing is named here but what everybody may use.
create policy casebase_only_for_signed_in on storage.objects as restrictive for all to public
  using (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or pg_has_role('authenticated', 'usage')
  )
  with check (
    bucket_id is distinct from 'admin-bucket' and bucket_id is distinct from 'client-bucket'
    or pg_has_role('authenticated', 'usage')
  );
