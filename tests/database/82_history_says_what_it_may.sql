-- What an entry of the history says, and to whom: never the words that were written, never more than its reader sees.
-- Webhooks send the same.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
delete from casebase.webhook_deliveries;
insert into casebase.webhook_endpoints (url, event_types) values ('https://example.com/', '{case.*,interaction.*,internal_note.*,case_internal.*,case_file.*}');
insert into specialties (name) values ('Pensions');
insert into tests.names select 'pensions', id from specialties where name = 'Pensions';

-- The entries that the person's statement leaves: type, author, whether the client reads it, and what it says beside
-- which case it is.
create function pg_temp.says(person text, statement text) returns text language plpgsql
as $$
declare
  before bigint := (select max(id) from case_events);
  outcome text := tests.does(person, statement);
begin
  if outcome !~ '^[1-9]\d?$' then
    return outcome;
  end if;
  return (
    select string_agg(format('%s by %s%s %s', type, actor_name, case when visible_to_client then ', shown:' else ':' end,
      data - 'case' - 'case_id' - 'client_id' - 'interaction_id' - 'internal_note_id' - 'case_file_id'), ', ' order by seq)
    from case_events where id > before);
end
$$;

create temporary table stories (place serial, person text, statement text, said text);
insert into stories (person, statement, said) values
  -- A case: titles and codes are said, words are not.
  ('Carla', $$insert into cases (client_id, title, description) values ('{acme}', 'A title', 'Secret words')$$,
   'case.created by Carla, shown: {"title": "A title", "status": "open", "priority": "medium", "split_from": null, "follow_up_of": null}'),
  ('Carla', $$update cases set title = 'Another', description = 'Other words' where title = 'A title'$$,
   'case.updated by Carla, shown: {"changes": {"title": {"to": "Another", "from": "A title"}, "description": {"changed": true}}}'),
  ('Alan', $$update cases set metadata = '{"secret": "words"}' where title = 'Another'$$,
   'case.updated by Alan, shown: {"changes": {"metadata": {"changed": true}}}'),
  ('Alan', $$update cases set priority = 'low', action_required_of = 'CLIENT', action_required_by = '2030-01-01 00:00+00' where title = 'Another'$$,
   'case.updated by Alan, shown: {"changes": {"priority": {"to": "low", "from": "medium"}, "action_required_by": {"to": "2030-01-01T00:00:00+00:00", "from": null}, "action_required_of": {"to": "CLIENT", "from": null}}}'),
  ('Alan', $$update cases set required_specialty_id = '{pensions}' where title = 'Another'$$,
   'case.updated by Alan, shown: {"changes": {"required_specialty_id": {"to": "{pensions}", "from": null}}}'),
  ('Alan', $$update cases set status = 'in_progress' where title = 'Another'$$,
   'case.status_changed by Alan, shown: {"changes": {"status": {"to": "in_progress", "from": "open"}}}'),
  -- Who works it, and where, is the staff's.
  ('Ada', $$update cases set assigned_to = '{Alan}' where title = 'Another'$$,
   'case.assigned by Ada: {"changes": {"assigned_to": {"to": "{Alan}", "from": null}}}'),
  ('Ada', $$update cases set department_id = '{south}' where id = {case}$$,
   'case.handed_over by Ada: {"changes": {"department_id": {"to": "{south}", "from": "{north}"}}}'),
  ('Ada', $$update cases set department_id = '{north}' where id = {case}$$,
   'case.handed_over by Ada: {"changes": {"department_id": {"to": "{north}", "from": "{south}"}}}'),
  -- An interaction: hidden, it is the staff's; what was said is nowhere.
  ('Dora', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
     values ({case}, 'D', 'ARGAN', 'E', 'EMPLOYEE', 'Hidden words')$$,
   'interaction.created by Dora: {"party1_type": "ARGAN", "party2_type": "EMPLOYEE", "visible_to_client": false}'),
  ('Dora', $$update interactions set content = 'Other words', party1_name = 'F', party2_name = 'G', party1_type = 'CONTRACTOR', party2_type = 'CLIENT' where content = 'Hidden words'$$,
   'interaction.updated by Dora: {"changes": {"content": {"changed": true}, "party1_name": {"to": "F", "from": "D"}, "party1_type": {"to": "CONTRACTOR", "from": "ARGAN"}, "party2_name": {"to": "G", "from": "E"}, "party2_type": {"to": "CLIENT", "from": "EMPLOYEE"}}}'),
  ('Dora', $$update interactions set party1_name = 'H', visible_to_client = true where content = 'Other words'$$,
   'interaction.updated by Dora, shown: {"changes": {"party1_name": {"changed": true}, "visible_to_client": {"to": true, "from": false}}}'),
  ('Dora', $$update interactions set party1_name = 'I' where content = 'Other words'$$,
   'interaction.updated by Dora, shown: {"changes": {"party1_name": {"to": "I", "from": "H"}}}'),
  ('Dora', $$update interactions set party1_name = 'J', visible_to_client = false where content = 'Other words'$$,
   'interaction.updated by Dora: {"changes": {"party1_name": {"to": "J", "from": "I"}, "visible_to_client": {"to": false, "from": true}}}'),
  ('Carla', $$insert into interactions (case_id, content) values ({case}, 'Her words')$$,
   'interaction.created by Carla, shown: {"party1_type": "CLIENT", "party2_type": "ARGAN", "visible_to_client": true}'),
  ('Ada', $$delete from interactions where content = 'Other words'$$, 'interaction.deleted by Ada: {}'),
  ('Ada', $$delete from interactions where content = 'Her words'$$, 'interaction.deleted by Ada, shown: {}'),
  -- Notes: that there was one.
  ('Dora', $$insert into internal_notes (case_id, content) values ({case}, 'Note words')$$, 'internal_note.created by Dora: {}'),
  ('Dora', $$update internal_notes set content = 'Other words' where content = 'Note words'$$, 'internal_note.updated by Dora: {}'),
  ('Dora', $$update internal_notes set content = content where content = 'Other words'$$, null),
  ('Ada', $$delete from internal_notes where content = 'Other words'$$, 'internal_note.deleted by Ada: {}'),
  -- Tags are said, data beside them only that it changed.
  ('Dora', $$update case_internal set tags = '{new,vip}' where case_id = {case}$$,
   'case_internal.updated by Dora: {"changes": {"tags": {"to": ["new", "vip"], "from": ["vip"]}}}'),
  ('Dora', $$update case_internal set metadata = '{"secret": "words"}' where case_id = {case}$$,
   'case_internal.updated by Dora: {"changes": {"metadata": {"changed": true}}}'),
  ('Dora', $$update case_internal set tags = tags where case_id = {case}$$, null),
  ('Ada', $$delete from case_internal where case_id = {case}$$,
   'case_internal.updated by Ada: {"changes": {"tags": {"to": [], "from": ["new", "vip"]}, "metadata": {"changed": true}}}'),
  ('Dora', $$insert into case_internal (case_id) values ({case})$$, null),
  ('Ada', $$delete from case_internal where case_id = {case}$$, null),
  ('Dora', $$insert into case_internal (case_id, tags, metadata) values ({case}, array['vip'], '{"secret": "words"}')$$,
   'case_internal.updated by Dora: {"changes": {"tags": {"to": ["vip"], "from": []}, "metadata": {"changed": true}}}'),
  -- Files: from when they can be read to when they can't. A client's is shown, an internal one isn't.
  ('Carla', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
     values ({case}, '{number}-1634567890-hers.pdf', 'hers.pdf', 'application/pdf', 1)$$, null),
  ('Dora', $$insert into case_files (case_id, interaction_id, file_name, original_name, content_type, file_size)
     values ({case}, {hidden}, '{number}-interaction-{hidden}-1634567890-d.pdf', 'd.pdf', 'application/pdf', 1)$$, null),
  ('owner', $$insert into storage.objects (bucket_id, name, version) select bucket_id, object_path, 'v1' from case_files where state = 'pending'$$, null),
  ('owner', $$update case_files set state = 'uploaded' where state = 'pending'$$, null),
  ('worker', $$select casebase.verification_finish('case_file', {hers}, 'v1', repeat('a', 64), 2, 'text/plain')$$,
   'case_file.available by Carla, shown: {"sha256": "{sum}", "file_name": "{number}-1634567890-hers.pdf", "file_size": 2, "content_type": "text/plain", "original_name": "hers.pdf", "visible_to_client": true}'),
  -- What is refused, the staff hear of, whoever would have seen it.
  ('worker', $$select casebase.verification_reject('case_file', {dora's}, 'a virus')$$,
   'case_file.rejected by Dora: {"reason": "a virus", "file_name": "{number}-interaction-{hidden}-1634567890-d.pdf", "original_name": "d.pdf"}'),
  ('service', $$update case_files set uploaded_by = null where file_name = '{number}-1634567890-hers.pdf'$$, null),
  ('Dora', $$update case_files set state = 'deleting' where file_name = '{number}-1634567890-internal.pdf'$$,
   'case_file.deleted by Dora: {"sha256": "{sum}", "file_name": "{number}-1634567890-internal.pdf", "file_size": 1, "content_type": "application/pdf", "original_name": "internal.pdf", "visible_to_client": false}');

insert into tests.names values ('sum', repeat('a', 64));
select plan((select count(*)::integer from stories) + 7);
create function pg_temp.told(story stories) returns text language plpgsql
as $$
begin
  -- Files have their names once they are there.
  delete from tests.names where name in ('hers', 'dora''s');
  insert into tests.names
    select case when original_name = 'hers.pdf' then 'hers' else 'dora''s' end, id from case_files where original_name in ('hers.pdf', 'd.pdf');
  return is(pg_temp.says(story.person, replace(story.statement, '{dora''s}', coalesce(tests.id('dora''s'), ''))),
    tests.filled(story.said), regexp_replace(story.person || ': ' || story.statement, '\s+', ' ', 'g'));
end
$$;
select pg_temp.told(s) from stories s order by s.place;

-- Nothing of what people wrote has got into the history, or into what is sent.
select is((select count(*) from case_events where data::text ~* 'words'), 0::bigint, 'no word is in the history');
select cmp_ok((select count(*) from casebase.webhook_deliveries), '>', 20::bigint, 'each entry is sent');
select is((select count(*) from casebase.webhook_lease(1000, 1000, '1 minute', '1 second') where body ~* 'words'), 0::bigint, 'without a word');

-- And what is sent is what is documented: every type has its schema, and every body fits it in each of its forms.
select is_empty('select type from casebase.event_types where casebase.event_schema(type) is null', 'every type of event has a schema');
create function pg_temp.misfit(event case_events, form integer) returns text language sql
as $$
  select tests.misfit(casebase.webhook_body(event, form = 1)::jsonb,
    jsonb_set(s, '{properties,data}', s #> array['properties', 'data', 'anyOf', form::text]))
  from casebase.event_schema(event.type) s
$$;
select is_empty('select type, pg_temp.misfit(e, 0) from case_events e where pg_temp.misfit(e, 0) is not null', 'and what is sent fits it');
select is_empty('select type, pg_temp.misfit(e, 1) from case_events e where pg_temp.misfit(e, 1) is not null', 'thin as well');
select isnt(tests.misfit('{"type": "case.created", "timestamp": 1}', casebase.event_schema('case.created')), null, 'which not everything does');

select * from finish();
rollback;
