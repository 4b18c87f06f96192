-- What frontends and the service call as rpc.

-- How much the files of a client take, and may take.
create function public.client_usage(client_id uuid) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$ select casebase.client_usage(client_id) $$;
comment on function public.client_usage(uuid) is
  'How many bytes the files and documents of a client have, and may have: {"used_bytes", "most_bytes"}, null where there is no limit. For its members and staff; 404: no such client.';

-- Shows a file to the client, or hides it from them: for staff of its case. Hidden it is at once; shown it is when its
-- object was moved, which the service's route of the same purpose does, or the service by itself where it has a secret key.
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
  'Shows a file to the client or hides it from them; answers its row. While other_state is pending, it is on its way. 403: not staff of its case. 404: no such file. 409: not available, or still moving the other way.';

-- Reserves a place for a file of a case in one step: the row, and how many bytes its bucket takes. A case that the caller
-- doesn't see and one that doesn't exist get the same 404; so do interactions. The policies and rules of case_files decide
-- the rest.
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
  'Reserves a file of a case: {"file": its row, "size_limit": the most bytes that its bucket takes, or null}. 404: no such case, or interaction of it.';

-- Reserves a place for a document, or, where it is given document_id, for another version of one, which lies where the
-- others do. The policies and rules of client_documents decide the rest.
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
    select d.client_id, d.category into client_id, category
    from public.client_documents d
    where d.document_id = reserve_client_document.document_id
      and d.state = 'available'
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
    (client_id, category, document_id, file_name, original_name, content_type, file_size)
  returning * into reserved;
  return jsonb_build_object('file', to_jsonb(reserved), 'size_limit', casebase.bucket_size_limit(reserved.bucket_id));
end
$$;
comment on function public.reserve_client_document(text, text, text, bigint, uuid, text, bigint) is
  'Reserves a document of a client in a category, or another version of document_id: {"file": its row, "size_limit": the most bytes that its bucket takes, or null}. 404: no such document or category.';

create type public.document_page as (documents public.client_documents[], next_cursor text);

-- The documents of a client, each by its current version. What the caller uploads is there from the beginning.
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
  'The documents of a client that the caller sees, newest first, a page at a time: give next_cursor, which is null on the last page, as cursor. Of each its current version. 404: no such client.';

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
  'The versions of a document that the caller sees, named by document_id or the id of any version: the current one first, then the newest. None: no such document.';
