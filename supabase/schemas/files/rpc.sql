-- What frontends and the service call as rpc.

create function public.client_usage(client_id uuid) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$ select casebase.client_usage(client_id) $$;
comment on function public.client_usage(uuid) is
  'How many bytes the files and documents of a client have, and may have.

For the client''s members and staff.

- client_id: the client (clients.id).

Returns {"used_bytes", "most_bytes"}; most_bytes is null where there is no limit (case_settings.bytes_per_client).

- PT404: there is no such client, or none of the caller''s.';

create function public.change_file_visibility(file_id bigint, visible_to_client boolean) returns jsonb
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if visible_to_client is null then
    raise exception 'visible_to_client is missing' using errcode = 'null_value_not_allowed', hint = 'It is true or false.';
  end if;
  if not exists (select from public.case_files f where f.id = file_id) then
    raise exception 'there is no such file' using errcode = 'PT404', detail = 'file_id';
  end if;
  return to_jsonb(casebase.move_file(file_id, visible_to_client));
end
$$;
comment on function public.change_file_visibility(bigint, boolean) is
  'Shows a file to the client, or hides it from them, which moves its object to the other bucket.

Hidden, it is so at once. Shown, it is seen once its object was moved: the service''s route POST /v1/files/{id}/visibility does both, and the service by itself where it has a secret key. While other_state is pending, the file is on its way.

For staff who see the file''s case as staff.

- file_id: the file (case_files.id).
- visible_to_client: whether the client is to see it.

Returns its row.

- PT404: there is no such file, or none that the caller sees.
- PT409: it is not available, or still moving the other way.
- 42501: the caller is not staff of its case.
- 22004: visible_to_client is null.
- 23514: it belongs to an interaction that the client does not see.';

-- A case that the caller doesn't see and one that doesn't exist get the same 404; so do interactions. The policies and rules
-- of case_files decide the rest.
create function public.reserve_case_file(
  case_number       text,
  original_name     text,
  content_type      text,
  file_name         text    default '',
  file_size         bigint  default 0,
  interaction_id    bigint  default null,
  visible_to_client boolean default false
) returns jsonb
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  the_case bigint;
  reserved public.case_files;
begin
  select c.id into the_case from public.cases c where c.case_id = case_number;
  if not found then
    raise exception 'there is no such case' using errcode = 'PT404', detail = 'case_number';
  end if;
  if interaction_id is not null and not exists (
    select from public.interactions i
    where i.id = reserve_case_file.interaction_id and i.case_id = the_case
  ) then
    raise exception 'the case has no such interaction' using errcode = 'PT404', detail = 'interaction_id';
  end if;
  insert into public.case_files
    (case_id, interaction_id, file_name, original_name, content_type, file_size, visible_to_client)
  values
    (the_case, interaction_id, file_name, original_name, content_type, file_size, coalesce(visible_to_client, false))
  returning * into reserved;
  return jsonb_build_object('file', to_jsonb(reserved), 'size_limit', casebase.bucket_size_limit(reserved.bucket_id));
end
$$;
comment on function public.reserve_case_file(text, text, text, text, bigint, bigint, boolean) is
  'Reserves a place for a file of a case: its row, pending, and how many bytes its bucket takes.

The object is then uploaded to bucket_id and object_path of the row.

For whoever sees the case.

- case_number: the number of the case, e.g. CASE-0001.
- original_name: what the file is called where it comes from.
- content_type: its media type, e.g. application/pdf.
- file_name: as case_files.file_name; empty: the database makes it.
- file_size: in bytes, as it is announced; 0: not known yet.
- interaction_id: the interaction of the case that it belongs to; null: the case itself.
- visible_to_client: whether the client sees it. What a client adds, they see.

Returns {"file": its row, "size_limit": the most bytes that its bucket takes, or null}.

- PT404: there is no such case or interaction of it, or none that the caller sees.
- 23514: a name, the type or the size is not taken, or the client''s files have as many bytes as they may.';
