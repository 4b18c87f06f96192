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

-- The versions of a document, by its number or that of any of them: the current one first, then the newest.
create function public.document_versions(id bigint) returns setof public.client_documents
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select d.*
  from public.client_documents d
  where d.document_id = coalesce(
    (select v.document_id from public.client_documents v where v.id = document_versions.id),
    document_versions.id
  )
  order by (d.state = 'available' and d.replaced_at is null) desc, d.id desc
$$;
comment on function public.document_versions(bigint) is
  'The versions of a document that the caller sees: the current one first, then the newest.

For whoever sees the document; versions that were replaced, for those who write documents.

- id: the document (client_documents.document_id), or any version of it (client_documents.id).

Returns a row for each version; none where there is no such document.';

-- Reserves a place for a document, or, where it is given document_id, for another version of the one that this names, which
-- lies where the others do. The policies and rules of client_documents decide the rest.
create function public.reserve_client_document(
  original_name text,
  content_type  text,
  file_name     text   default '',
  file_size     bigint default 0,
  client_id     uuid   default null,
  category      text   default null,
  document_id   bigint default 0
) returns jsonb
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  reserved public.client_documents;
begin
  if document_id <> 0 then
    select d.client_id, d.category, d.document_id into client_id, category, document_id
    from public.document_versions(document_id) d
    where d.state = 'available'
    limit 1;
    if not found then
      raise exception 'there is no such document' using errcode = 'PT404', detail = 'document_id';
    end if;
  elsif not exists (select from public.document_categories c where c.code = category) then
    raise exception 'there is no category "%"', category
      using errcode = 'PT404', detail = 'category',
            hint = coalesce(
              'There are ' || (select string_agg(c.code, ', ' order by c.code) from public.document_categories c) || '.',
              'There are none that you see.'
            );
  end if;
  insert into public.client_documents
    (client_id, category, document_id, file_name, original_name, content_type, file_size)
  values
    (client_id, category, coalesce(document_id, 0), file_name, original_name, content_type, file_size)
  returning * into reserved;
  return jsonb_build_object('file', to_jsonb(reserved), 'size_limit', casebase.bucket_size_limit(reserved.bucket_id));
end
$$;
comment on function public.reserve_client_document(text, text, text, bigint, uuid, text, bigint) is
  'Reserves a place for a document of a client, or for another version of one: its row, pending, and how many bytes its bucket takes.

The object is then uploaded to bucket_id and object_path of the row.

For admins and staff of scope all or departments.

- original_name: what the file is called where it comes from.
- content_type: its media type, e.g. application/pdf.
- file_name: as client_documents.file_name; empty: the database makes it.
- file_size: in bytes, as it is announced; 0: not known yet.
- client_id: the client (clients.id); of another version it is not asked.
- category: the category (document_categories.code); of another version it is not asked.
- document_id: the document that this is another version of, or any version of it; 0: a new one.

Returns {"file": its row, "size_limit": the most bytes that its bucket takes, or null}.

- PT404: there is no such document or category, or none that the caller sees.
- 42501: the caller may not write documents.
- 23503: there is no such client.
- 23514: a name, the type or the size is not taken, or the client''s files have as many bytes as they may.';

create type public.document_page as (documents public.client_documents[], next_cursor text);
comment on type public.document_page is
  'A page of rpc/list_client_documents.';
comment on column public.document_page.documents is 'The documents, newest first.';
comment on column public.document_page.next_cursor is 'What to give as cursor for the next page; null on the last one.';

create function public.list_client_documents(
  client_id uuid,
  category  text    default null,
  page_size integer default 100,
  cursor    text    default null
) returns public.document_page
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  place text[] := case when cursor is not null then casebase.read_cursor(cursor, 'documents', '{timestamptz,bigint}') end;
  page  public.document_page;
  last  public.client_documents;
begin
  perform casebase.check_page_size(page_size);
  if not casebase.is_staff() and (client_id = any (casebase.my_clients())) is not true then
    raise exception 'there is no such client' using errcode = 'PT404', detail = 'client_id';
  end if;
  page.documents := array(
    select d
    from public.client_documents d
    where d.client_id = list_client_documents.client_id
      and (list_client_documents.category is null or d.category = list_client_documents.category)
      and d.replaced_at is null
      and (d.uploaded_at, d.id) < (coalesce(place[1]::timestamptz, 'infinity'), coalesce(place[2]::bigint, 0))
    order by d.uploaded_at desc, d.id desc
    limit page_size + 1
  );
  if cardinality(page.documents) > page_size then
    page.documents := page.documents[:page_size];
    last := page.documents[page_size];
    page.next_cursor := casebase.write_cursor(jsonb_build_array('documents', last.uploaded_at, last.id));
  end if;
  return page;
end
$$;
comment on function public.list_client_documents(uuid, text, integer, text) is
  'The documents of a client that the caller sees, each by its current version, newest first, a page at a time.

What the caller uploads is there from the beginning.

For the client''s members and staff.

- client_id: the client (clients.id).
- category: of this category only (document_categories.code); null: of every one.
- page_size: how many at most, 1 to 1000.
- cursor: next_cursor of the page before; null: the first page.

Returns a page.

- PT404: there is no such client, or none of the caller''s.
- 22023: page_size is out of range, or cursor is none that this list gave.';
