-- The words of every text that is searched: of a case (title and description), of an interaction, of an internal note, and
-- the name of a file that is available. A table of its own, because an index of the words on the tables themselves would be
-- written anew with every change of a case, and would not say how often a word occurs.
--
-- Whether somebody sees the case is asked of the case; shown says whether its client sees this text of it. The planner may
-- know which words are frequent: nobody but the owner reads the table, and nobody else is told a plan.
create table casebase.search_entries (
  id        bigint  not null generated always as identity,
  case_id   bigint  not null,
  source    text    not null,
  source_id bigint  not null,
  shown     boolean not null,
  words     tsvector not null,
  constraint search_entries_pkey primary key (id),
  constraint search_entries_source_key unique (case_id, source, source_id),
  constraint search_entries_source_check check (source in ('case', 'interaction', 'note', 'file'))
);
alter table casebase.search_entries enable row level security;
revoke all on casebase.search_entries from public, anon, authenticated, service_role;
-- What was written last waits in a list that every search reads and that whoever fills it sorts in: a short one.
create index search_entries_words_idx on casebase.search_entries using gin (words) with (gin_pending_list_limit = 512);

-- An entry is written with its text, in one statement of the trigger: whoever writes waits for it.
create function casebase.search_case() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    insert into casebase.search_entries (case_id, source, source_id, shown, words)
    values (new.id, 'case', new.id, true, casebase.case_words(new.id, new.title, new.description));
  else
    update casebase.search_entries e
    set words = casebase.case_words(new.id, new.title, new.description)
    where e.case_id = new.id and e.source = 'case' and e.source_id = new.id;
  end if;
  return null;
end
$$;
create trigger search_new_case after insert on public.cases
  for each row execute function casebase.search_case();
create trigger search_changed_case after update of title, description on public.cases
  for each row
  when (new.title is distinct from old.title or new.description is distinct from old.description)
  execute function casebase.search_case();

create function casebase.search_interaction() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    insert into casebase.search_entries (case_id, source, source_id, shown, words)
    values (new.case_id, 'interaction', new.id, new.visible_to_client, setweight(casebase.search_words(new.content), 'C'));
  else
    update casebase.search_entries e
    set shown = new.visible_to_client, words = setweight(casebase.search_words(new.content), 'C')
    where e.case_id = new.case_id and e.source = 'interaction' and e.source_id = new.id;
  end if;
  return null;
end
$$;
create trigger search_new_interaction after insert on public.interactions
  for each row execute function casebase.search_interaction();
create trigger search_changed_interaction after update of content, visible_to_client on public.interactions
  for each row
  when (new.content is distinct from old.content or new.visible_to_client is distinct from old.visible_to_client)
  execute function casebase.search_interaction();

create function casebase.search_note() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    insert into casebase.search_entries (case_id, source, source_id, shown, words)
    values (new.case_id, 'note', new.id, false, setweight(casebase.search_words(new.content), 'C'));
  else
    update casebase.search_entries e
    set words = setweight(casebase.search_words(new.content), 'C')
    where e.case_id = new.case_id and e.source = 'note' and e.source_id = new.id;
  end if;
  return null;
end
$$;
create trigger search_new_note after insert on public.internal_notes
  for each row execute function casebase.search_note();
create trigger search_changed_note after update of content on public.internal_notes
  for each row
  when (new.content is distinct from old.content)
  execute function casebase.search_note();

-- A file is found while it is available: until then its uploader alone sees it, and after that it goes.
create function casebase.search_file() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.search_entries e where e.case_id = new.case_id and e.source = 'file' and e.source_id = new.id;
  if new.state = 'available' then
    insert into casebase.search_entries (case_id, source, source_id, shown, words)
    values (new.case_id, 'file', new.id, new.visible_to_client, setweight(casebase.search_words(new.original_name), 'B'));
  end if;
  return null;
end
$$;
-- Only the owner's is available at once.
create trigger search_new_file after insert on public.case_files
  for each row
  when (new.state = 'available')
  execute function casebase.search_file();
create trigger search_changed_file after update of state, visible_to_client on public.case_files
  for each row
  when (new.state is distinct from old.state or new.visible_to_client is distinct from old.visible_to_client)
  execute function casebase.search_file();

create function casebase.forget_search_entry() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from casebase.search_entries e
  where e.case_id = case tg_argv[0] when 'case' then old.id else (to_jsonb(old) ->> 'case_id')::bigint end
    and e.source = tg_argv[0]
    and e.source_id = old.id;
  return null;
end
$$;
create trigger search_deleted_case after delete on public.cases
  for each row execute function casebase.forget_search_entry('case');
create trigger search_deleted_interaction after delete on public.interactions
  for each row execute function casebase.forget_search_entry('interaction');
create trigger search_deleted_note after delete on public.internal_notes
  for each row execute function casebase.forget_search_entry('note');
create trigger search_deleted_file after delete on public.case_files
  for each row execute function casebase.forget_search_entry('file');
