-- No answer tells a case that the caller doesn't see from one that doesn't exist, whether open or resolved.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select plan(39);
select tests.world();
insert into tests.names values ('missing', '999999'), ('missing client', '00000000-0000-4000-8000-000000000000');
-- Somebody else's resolved case beside the open one.
with made as (insert into cases (client_id, department_id, title, status) values (tests.id('other')::uuid, tests.id('south')::uuid, 'x', 'resolved') returning id)
insert into tests.names select 'other resolved case', id from made;

create function pg_temp.answers(person text, statement text) returns text[] language sql
as $$
  select array_agg(distinct regexp_replace(tests.refusal(person, replace(statement, '{it}', which)), '\m' || tests.filled(which) || '\M', '…', 'g'))
  from unnest(array['{other case}', '{other resolved case}', '{missing}']) which
$$;

create temporary table attempts (place serial, what text, statement text, by_whom text, seen_by text);
insert into attempts (what, statement, by_whom) values
  ('an interaction', $$insert into interactions (case_id, content) values ({it}, 'c')$$, 'Carla'),
  ('an interaction by staff', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
     values ({it}, 'a', 'ARGAN', 'b', 'CLIENT', 'c')$$, 'Dora'),
  ('an interaction with a bad party', $$insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
     values ({it}, 'a', 'NOBODY', 'b', 'CLIENT', 'c')$$, 'Dora'),
  ('a note', $$insert into internal_notes (case_id, content) values ({it}, 'c')$$, 'Dora'),
  ('an internal record', $$insert into case_internal (case_id) values ({it})$$, 'Dora'),
  ('an internal record, as an upsert', $$insert into case_internal (case_id) values ({it}) on conflict (case_id) do update set tags = excluded.tags$$, 'Dora'),
  ('a file with a fitting name', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
     values ({it}, '{other number}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1)$$, 'Carla'),
  ('a file with an impossible name', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
     values ({it}, '../x', 'x.pdf', 'application/pdf', 1)$$, 'Carla'),
  ('a file that is there already', $$insert into case_files (case_id, file_name, original_name, content_type, file_size)
     values ({it}, '{other number}-1634567890-open.pdf', 'x.pdf', 'application/pdf', 1)$$, 'Carla'),
  ('a file of an interaction', $$insert into case_files (case_id, interaction_id, file_name, original_name, content_type, file_size)
     values ({it}, {other shown}, '{other number}-interaction-{other shown}-1634567890-x.pdf', 'x.pdf', 'application/pdf', 1)$$, 'Carla'),
  ('reopening', 'select reopen_case({it})', 'Carla'),
  ('escalating', $$select escalate_case({it}, 'r')$$, 'Carla'),
  ('handing over', $$select hand_over_case({it}, '{south}')$$, 'Dora'),
  ('the people', 'select case_people({it})', 'Carla'),
  ('the timeline', 'select case_timeline({it})', 'Carla'),
  ('what was said', 'select list_interactions({it})', 'Carla'),
  ('taking', 'select take_case({it})', 'Dora');

select is(cardinality(pg_temp.answers(by_whom, statement)), 1, what || ': one answer for an open, a resolved and a missing case')
from attempts order by place;
select isnt((pg_temp.answers(by_whom, statement))[1], 'not refused', what || ': and it is a refusal')
from attempts order by place;

-- Clients likewise.
select is(
  tests.refusal('Carla', $$insert into cases (client_id, title) values ('{other}', 't')$$),
  tests.refusal('Carla', $$insert into cases (client_id, title) values ('{missing client}', 't')$$),
  'a new case for another''s client is refused as one for a missing client');
-- Changing or deleting what is not seen does nothing, as with what is not there.
select is(tests.would('Carla', 'update cases set title = ''t'' where id = {other case}'), '0', 'an unseen case is not updated');
select is(tests.would('Carla', 'update cases set title = ''t'' where id = {missing}'), '0', 'nor a missing one');

-- Nor does what names nothing get an answer: a comparison with null is no reason to let anybody in. Of the keys only the caller's own are asked.
select is(
  (select string_agg(p.proname, ' ' order by p.proname)
   from pg_proc p
   where p.pronamespace = 'public'::regnamespace
     and p.pronargs > 0
     and has_function_privilege('authenticated', p.oid, 'execute')
     and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
     and tests.would(who, format('select * from public.%I(%s)', p.proname,
           (select string_agg('null::' || format_type(t, null), ', ') from unnest(p.proargtypes::oid[]) t))) = '1'),
  'answer_idempotency_key keep_idempotency_key release_idempotency_key', who || ' asks every function for nothing')
from unnest(array['Carla', 'Nemo']) who;

select * from finish();
rollback;
