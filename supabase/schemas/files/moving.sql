-- A file moves between the buckets when it is shown to the client, or hidden from them. Its row keeps a second place:
--
-- 1. change_file_visibility notes where it is to lie. What is hidden is hidden at once; what is shown is seen at the end.
-- 2. The object is copied there, by whoever moves the file or by a secret key. It lies in its old place still.
-- 3. file_move_finish switches the row, which from then on names the copy, and its second place the old object.
-- 4. The old object is deleted, then file_move_end forgets its place, which is never used again.
--
-- It may die between any two steps, and whoever goes on asks where it stands: after 1 the copy is made, or found; after 2
-- it is read and compared, so that nobody's other bytes count; after 3 only the deletion is left. Until 3 the file is read
-- where it was, from 3 on where it is.

-- Asked by whoever sees the file (change_file_visibility); answers the row.
create function casebase.move_file(file_id bigint, to_client boolean) returns public.case_files
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  f      public.case_files;
  wanted text := case when to_client then 'client-bucket' else 'admin-bucket' end;
  folder text;
begin
  select * into f from public.case_files c where c.id = file_id for update;
  if not exists (select from casebase.seen_cases c where c.id = f.case_id and c.seen_as = 'staff') then
    raise exception 'only staff show a file to the client or hide it from them'
      using errcode = 'insufficient_privilege';
  end if;
  if f.state <> 'available' then
    raise exception 'the file is %', f.state
      using errcode = 'PT409', hint = 'Only a file that is available is shown to the client, or hidden from them.';
  end if;
  if to_client then
    perform casebase.check_shown(f.interaction_id) where f.interaction_id is not null;
  end if;

  if f.other_state is null and f.bucket_id <> wanted then
    folder := left(f.object_path, -length(f.file_name));
    update public.case_files c
    set other_bucket_id   = wanted,
        other_object_path = folder || casebase.free_file_name(wanted, folder, f.file_name),
        other_state       = 'pending',
        moved_by          = casebase.caller_id(),
        visible_to_client = c.visible_to_client and to_client
    where c.id = f.id
    returning c.* into f;
  elsif f.other_state = 'pending' then
    -- Somebody else goes on with it; or it is called off, and what is there of the copy goes.
    update public.case_files c
    set other_state       = case when c.bucket_id = wanted then 'deleting' else 'pending' end,
        moved_by          = casebase.caller_id(),
        visible_to_client = c.visible_to_client or c.bucket_id = wanted and to_client
    where c.id = f.id
    returning c.* into f;
  elsif f.bucket_id <> wanted then
    raise exception 'the file is being moved'
      using errcode = 'PT409', hint = 'Ask for what it becomes first: that ends the move. Then ask again.';
  elsif f.other_state = 'deleting' or f.visible_to_client <> to_client then
    -- Whoever asks may clear away what is left of a move; or it was hidden, and then could not be moved.
    update public.case_files c
    set moved_by          = casebase.caller_id(),
        visible_to_client = to_client
    where c.id = f.id
    returning c.* into f;
  end if;
  return f;
end
$$;

-- A file that goes stops moving: where it was to lie nothing is written any more. What lies there is read by whoever
-- deletes the file, and not by who moved it: to delete is to read, for Storage.
create function casebase.stop_moving() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  new.other_state := 'deleting';
  new.moved_by := coalesce(casebase.caller_id(), new.moved_by);
  return new;
end
$$;

create trigger b_stop_moving before update on public.case_files
  for each row when (new.state = 'deleting' and new.other_state is not null)
  execute function casebase.stop_moving();

-- The service's steps. 55000: not in a state for it.

-- The version of the copy.
create function casebase.file_move_copied(file_id bigint) returns text
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  version text;
begin
  select casebase.object_version(f.other_bucket_id, f.other_object_path) into version
  from public.case_files f
  where f.id = file_id
    and f.other_state = 'pending';
  if version is null then
    raise exception 'file % has no copy', file_id using errcode = 'object_not_in_prerequisite_state';
  end if;
  return version;
end
$$;

-- "object_version", "sha256": of the copy, as it was read. The row is locked first: whoever writes the copy over has done
-- it before, and is seen, or finds the row moved (keep_object). Answers the row.
create function casebase.file_move_finish(file_id bigint, object_version text, sha256 text) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  moved jsonb;
begin
  perform from public.case_files f where f.id = file_id for update;
  update public.case_files f
  set bucket_id         = f.other_bucket_id,
      object_path       = f.other_object_path,
      file_name         = regexp_replace(f.other_object_path, '^.*/', ''),
      object_version    = file_move_finish.object_version,
      visible_to_client = f.other_bucket_id = 'client-bucket',
      other_bucket_id   = f.bucket_id,
      other_object_path = f.object_path,
      other_state       = 'deleting',
      other_version     = f.object_version
  where f.id = file_id
    and f.other_state = 'pending'
    and f.sha256 = file_move_finish.sha256
    and casebase.object_version(f.other_bucket_id, f.other_object_path) = file_move_finish.object_version
  returning to_jsonb(f) into moved;
  if moved is null then
    raise exception 'the copy of file % was replaced, is another, or is not waited for', file_id
      using errcode = 'object_not_in_prerequisite_state', hint = 'Begin again.';
  end if;
  return moved;
end
$$;

-- Lets go of a copy that can't be used: what is there of it goes, and the file stays where it is.
create function casebase.file_move_give_up(file_id bigint) returns void
  language sql security definer set search_path = pg_catalog, pg_temp
as $$
  update public.case_files f set other_state = 'deleting' where f.id = file_id and f.other_state = 'pending'
$$;

-- Forgets the second place, once nothing lies there. Answers the row.
create function casebase.file_move_end(file_id bigint) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  f public.case_files;
begin
  select * into f
  from public.case_files c
  where c.id = file_id
    and c.other_state = 'deleting'
    and casebase.object_version(c.other_bucket_id, c.other_object_path) is null
  for update;
  if not found then
    raise exception 'file % has not ended to move', file_id using errcode = 'object_not_in_prerequisite_state';
  end if;
  perform casebase.spend(f.other_bucket_id, f.other_object_path);
  update public.case_files c
  set other_bucket_id   = null,
      other_object_path = null,
      other_state       = null,
      other_version     = null
  where c.id = file_id
  returning c.* into f;
  return to_jsonb(f);
end
$$;
