-- rpc/list_cases, rpc/case_counts, rpc/case_timeline and rpc/list_interactions say what the policies say, a page or a number at a time.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
insert into case_stages (stage, status) values ('Triage', 'open'), ('Testing', 'in_progress');
-- Cases of every status and priority: Acme's and Other Ltd's, in North and South, Asta's and nobody's; four at a time made, changed
-- and due at the same moment; each third never due, each fifth its client's to answer.
insert into cases (client_id, department_id, title, status, stage, priority, assigned_to, created_at, updated_at, action_required_by, action_required_of, metadata)
select tests.id(c)::uuid, tests.id(d)::uuid, 't', s, case when s = 'open' and nth % 2 = 0 then 'Triage' end, p, case when asta then tests.filled('{Asta}')::uuid end,
       now() - moment * interval '1 minute', now() - (moment * 7 % 24) * interval '1 hour',
       case when nth % 3 > 0 then now() + (moment * 5 % 24 - 12) * interval '1 day' end, case when nth % 5 = 0 then 'CLIENT' end,
       jsonb_build_object('sort', nth % 4, 'deep', jsonb_build_object('a', nth % 2))
from (select *, (nth - 1) / 4 as moment
      from (select c, d, s, p, asta, row_number() over (order by md5(c || d || s || p || asta)) as nth
            from unnest(array['acme', 'other']) c, unnest(array['north', 'south']) d, unnest(array['open', 'in_progress', 'resolved']) s,
                 unnest(array['low', 'medium', 'high', 'urgent']) p, unnest(array[true, false]) asta) each_kind) all_of_them;
insert into case_internal (case_id, tags)
select id, case when id % 2 = 0 then '{vip,even}'::text[] else '{vip}' end from cases where id not in (select case_id from case_internal);
create temporary table people (who text, sees text);
insert into people values ('Ada', '99'), ('Alan', '99'), ('Dora', '50'), ('Asta', '49'), ('Sam', '75'), ('Carla', '50'), ('Otto', '49'), ('Ivan', '0'), ('Nemo', '0');

-- What a list is asked for, and the same as a condition on what the person sees.
create temporary table questions (place serial, arguments text, condition text);
insert into questions (arguments, condition) values
  ('', 'true'),
  ($$, status => array['open']$$, $$c.status = 'open'$$),
  ($$, status => array['open', 'resolved']$$, $$c.status in ('open', 'resolved')$$),
  ($$, status => array['waiting', 'closed']$$, 'false'),
  ($$, stage => array['Triage']$$, $$c.stage = 'Triage'$$),
  ($$, priority => array['urgent']$$, $$c.priority = 'urgent'$$),
  ($$, status => array['open'], priority => array['low', 'high']$$, $$c.status = 'open' and c.priority in ('low', 'high')$$),
  (tests.filled($$, assigned_to => array['{Asta}']::uuid[]$$), tests.filled($$c.assigned_to = '{Asta}'$$)),
  (tests.filled($$, assigned_to => array['{Asta}', '{Alan}']::uuid[]$$), tests.filled($$c.assigned_to in ('{Asta}', '{Alan}')$$)),
  (', unassigned => true', 'c.assigned_to is null'),
  (', unassigned => false', 'c.assigned_to is not null'),
  (tests.filled($$, department_id => array['{south}']::uuid[]$$), tests.filled($$c.department_id = '{south}'$$)),
  (tests.filled($$, client_id => array['{acme}']::uuid[], status => array['in_progress']$$), tests.filled($$c.client_id = '{acme}' and c.status = 'in_progress'$$)),
  (', overdue => true', 'exists (select from overdue_cases o where o.id = c.id)'),
  (', overdue => false', 'not exists (select from overdue_cases o where o.id = c.id)'),
  (', created_from => now() - interval ''5 minutes''', 'c.created_at >= now() - interval ''5 minutes'''),
  (', created_before => now() - interval ''5 minutes''', 'c.created_at < now() - interval ''5 minutes'''),
  (', updated_from => now() - interval ''5 hours''', 'c.updated_at >= now() - interval ''5 hours'''),
  (', updated_before => now() - interval ''5 hours''', 'c.updated_at < now() - interval ''5 hours'''),
  (', metadata => jsonb_build_object(''sort'', 3)', 'c.metadata ->> ''sort'' = ''3'''),
  (', metadata => jsonb_build_object(''sort'', 3, ''deep'', jsonb_build_object(''a'', 1))', 'c.metadata ->> ''sort'' = ''3'''),
  (', metadata => jsonb_build_object(''sort'', ''3'')', 'false'),
  -- Who doesn't see a case as staff sees no tags of it: the policy of case_internal.
  (', tags => array[''even'']', 'exists (select from case_internal i where i.case_id = c.id and ''even'' = any (i.tags))'),
  (', tags => array[''vip'', ''even'']', 'exists (select from case_internal i where i.case_id = c.id and i.tags = array[''vip'', ''even''])'),
  (', tags => array[''none'']', 'false'),
  (', tags => array[]::text[]', 'exists (select from case_internal i where i.case_id = c.id)');
create temporary table orders (name text, condition text);
insert into orders values
  ('created_at.desc', 'c.created_at desc, c.id desc'), ('created_at.asc', 'c.created_at, c.id'),
  ('updated_at.desc', 'c.updated_at desc, c.id desc'), ('updated_at.asc', 'c.updated_at, c.id'),
  ('priority.desc', 'array_position(array[''urgent'', ''high'', ''medium'', ''low''], c.priority), c.created_at desc, c.id desc'),
  ('priority.asc', 'array_position(array[''low'', ''medium'', ''high'', ''urgent''], c.priority), c.created_at, c.id'),
  ('due_at.asc', 'c.due_at nulls last, c.id');

select plan(9 + (9 + 2) * 7 + (9 * 26 - 2) + 9 + 63);
select is(tests.sees(who, 'select count(*) from cases'), sees, who || ' sees ' || sees) from people;

-- Seven at a time; there are fewer than twenty pages.
create function pg_temp.paged(who text, arguments text) returns text language sql
as $$
  select tests.sees(who, format($q$
    with recursive pages (page, n) as (
      select list_cases(page_size => 7 %1$s), 1
      union all
      select list_cases(page_size => 7 %1$s, cursor => (pages.page).next_cursor), n + 1 from pages where (pages.page).next_cursor is not null and n < 20
    )
    select coalesce(string_agg(c.id::text, ' ' order by pages.n, c.nth), 'none') || ' of ' || min((page).total) || '-' || max((page).total)
    from pages left join lateral unnest((page).cases) with ordinality as c (id, case_id, client_id, department_id, required_specialty_id, title, description, status, stage,
      priority, priority_rank, assigned_to, escalated_by, escalated_at, escalation_reason, action_required_by, action_required_of, due_at, follow_up_of, split_from, merged_into, metadata,
      created_by, created_at, updated_at, version, resolved_at, closed_at, nth) on true$q$, arguments))
$$;
create function pg_temp.listed(who text, condition text, ordering text) returns text language sql
as $$
  select tests.sees(who, format($q$select coalesce(string_agg(c.id::text, ' ' order by %2$s), 'none') || ' of ' || count(*) || '-' || count(*) from cases c where %1$s$q$, condition, ordering))
$$;
select is(pg_temp.paged(who, format(', order_by => %L', name)), pg_temp.listed(who, 'true', condition), who || ' turns every page once, by ' || name)
from people, orders;
select is(pg_temp.paged(who, arguments), pg_temp.listed(who, condition, 'c.created_at desc, c.id desc'), who || ' lists those of' || arguments)
from people, questions
-- Whoever is nobody knows no stage.
where sees <> '0' or arguments !~ 'stage' order by place;

-- Who sees cases in several ways of one kind: two clients', two departments'.
insert into client_members (client_id, user_id, display_name) values (tests.id('acme')::uuid, tests.filled('{Otto}')::uuid, 'Otto');
insert into staff_departments (user_id, department_id) values (tests.filled('{Dora}')::uuid, tests.id('south')::uuid);
select is(pg_temp.paged(who, format(', order_by => %L', name)), pg_temp.listed(who, 'true', condition), who || ' of two turns every page once, by ' || name)
from unnest(array['Otto', 'Dora']) who, orders;
delete from client_members where client_id = tests.id('acme')::uuid and user_id = tests.filled('{Otto}')::uuid;
delete from staff_departments where department_id = tests.id('south')::uuid and user_id = tests.filled('{Dora}')::uuid;

-- The total is exact as far as it is counted.
create function pg_temp.total(arguments text) returns text language sql
as $$ select tests.sees('Alan', format('select concat_ws('' '', total, total_is_exact, cardinality(cases)) from list_cases(%s)', arguments)) $$;
select is(pg_temp.total(arguments), said, arguments || ': ' || said)
from (values ('page_size => 10', '99 t 10'), ('count_up_to => 98', '98 f 25'), ('count_up_to => 99', '99 t 25'), ('count_up_to => 1', '1 f 25'), ('count_up_to => 0', '25'),
             ('page_size => 100, count_up_to => 50', '50 f 99'), ('page_size => 100', '99 t 99'), ('count_up_to => 0, status => array[''waiting'']', '0'), ('status => array[''waiting'']', '0 t 0')) v (arguments, said);

-- What makes no sense is refused, and says what would.
select matches(tests.refusal('Carla', format('select list_cases(%s)', arguments)), '^22023 \| ' || said, arguments)
from (values
  ('status => array[''done'']', 'there is no status done \| There are open, in_progress, waiting, resolved, closed\.'),
  ('status => array[''open'', null]', 'there is no status null'),
  ('priority => array[''asap'']', 'there is no priority asap \| There are low, medium, high, urgent\.'),
  ('stage => array[''Nowhere'']', 'there is no stage Nowhere \| There are Testing, Triage\.'),
  ('metadata => ''[1]''', 'metadata must be an object'),
  ('order_by => ''title''', 'there is no order title \| There are created_at\.desc, '),
  ('order_by => null', 'there is no order null'),
  ('page_size => 0', 'page_size is from 1 to 1000, not 0'), ('page_size => 1001', 'page_size is from 1 to 1000'), ('page_size => null', 'page_size is from 1 to 1000, not null'),
  ('count_up_to => -1', 'count_up_to is from 0 to 10000, not -1'), ('count_up_to => 10001', 'count_up_to is from 0'), ('count_up_to => null', 'count_up_to is from 0 to 10000, not null')) v (arguments, said);
select is(tests.refusal('Nemo', 'select list_cases(stage => array[''Triage''])'), '22023 | there is no stage Triage | There are .', 'whoever is nobody knows no stage');
select is(tests.would('Carla', 'select list_cases(page_size => 1000, count_up_to => 10000)'), '1', 'the most');
-- A word of the constraints is one of the list's.
select is_empty($$
  select word[1] from pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''::text', 'g') word
  where c.conname in ('cases_status_check', 'cases_priority_check')
    and tests.would('Carla', format('select list_cases(%s => array[%L])', split_part(c.conname, '_', 2), word[1])) <> '1'$$, 'every status and priority can be asked for');

-- Cursors.
create function pg_temp.cursor_of(place jsonb) returns text language sql as $$ select rtrim(translate(encode(convert_to(place::text, 'utf8'), 'base64'), E'+/\n', '-_'), '=') $$;
select is(tests.refusal('Carla', format('select list_cases(cursor => %L)', cursor)),
  '22023 | cursor is none that this list gave | Take next_cursor from the page before, in the same order, or begin without one.', 'a cursor that is ' || what)
from (values
  ('nothing', ''), ('no text of ours', 'What?'), ('cut', left(pg_temp.cursor_of('["created_at.desc", "2026-01-01T00:00:00+00:00", 1]'), 20)), ('half', pg_temp.cursor_of('["created_at.desc", "2026-01-01T00:00:00+00:00"]')),
  ('more than one', pg_temp.cursor_of('["created_at.desc", "2026-01-01T00:00:00+00:00", 1, 1]')), ('of another order', pg_temp.cursor_of('["created_at.asc", "2026-01-01T00:00:00+00:00", 1]')),
  ('no list', pg_temp.cursor_of('{"a": 1}')), ('of no time', pg_temp.cursor_of('["created_at.desc", "yesterday or so", 1]')), ('of no key', pg_temp.cursor_of('["created_at.desc", "2026-01-01T00:00:00+00:00", "x"]')),
  ('of null', pg_temp.cursor_of('["created_at.desc", null, 1]')), ('SQL', pg_temp.cursor_of('["created_at.desc", "2026-01-01'') or true --", 1]'))) v (what, cursor);
select is(tests.sees('Carla', format('select cardinality(cases) from list_cases(cursor => %L)', pg_temp.cursor_of('["created_at.desc", "2000-01-01T00:00:00+00:00", 1]'))), '0', 'one from long ago leads to nothing');
select is(tests.sees('Nemo', format('select cardinality(cases) || '' of '' || total from list_cases(cursor => %L)', pg_temp.cursor_of('["created_at.desc", "2100-01-01T00:00:00+00:00", 1]'))), '0 of 0', 'nor does anybody''s for who sees nothing');

-- Counts.
select is(
  tests.sees(who, $$select string_agg(row(status, priority, count, overdue, unassigned, mine)::text, ' ' order by status, priority) from case_counts()$$),
  tests.sees(who, format($$select string_agg(row(status, priority, count, overdue, unassigned, mine)::text, ' ' order by status, priority)
    from (select status, priority, count(*), count(*) filter (where id in (select id from overdue_cases)) as overdue, count(*) filter (where assigned_to is null) as unassigned,
                 count(*) filter (where assigned_to = '{%s}') as mine from cases group by status, priority) c$$, who)), who || ' counts them') from people;

-- What was said, and what happened: newest first, each once, to the end.
insert into interactions (case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client, created_at)
select tests.id('case')::bigint, 'A', 'ARGAN', 'B', 'CLIENT', 'c', n % 2 = 0, now() - n / 4 * interval '1 minute' from generate_series(1, 30) n;
create function pg_temp.turned(who text, call text, list text, item text) returns text language sql
as $$
  select tests.sees(who, format($q$
    with recursive pages (page, n) as (
      select %1$s({case}, 7), 1
      union all
      select %1$s({case}, 7, (pages.page).next_cursor), n + 1 from pages where (pages.page).next_cursor is not null and n < 20
    )
    select string_agg(%3$s, ' ' order by n, nth) from pages, rows from (unnest((page).%2$s)) with ordinality as i (%4$s, nth)$q$, call, list, item,
    case list when 'interactions' then 'id, case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client, created_by, created_at, updated_at, version' else 'created_at, type, actor_name, data' end))
$$;
select is(pg_temp.turned(who, 'list_interactions', 'interactions', 'i.id::text'),
  tests.sees(who, 'select string_agg(id::text, '' '' order by created_at desc, id desc) from interactions where case_id = {case}'), who || ' reads all that was said, newest first')
from unnest(array['Ada', 'Asta', 'Carla', 'Sam']) who;
update case_events set created_at = date_trunc('minute', created_at) - seq / 4 * -1 * interval '1 minute' where case_id = tests.id('case')::bigint;
select is(pg_temp.turned(who, 'case_timeline', 'entries', $$i.type || ':' || coalesce(i.data ->> 'interaction_id', i.data ->> 'case_file_id', '')$$),
  (select string_agg(type || ':' || coalesce(data ->> 'interaction_id', data ->> 'case_file_id', ''), ' ' order by created_at desc, seq desc) from case_events
   where case_id = tests.id('case')::bigint and visible_to_client), who || ' reads all that happened, newest first')
from unnest(array['Ada', 'Asta', 'Carla', 'Sam']) who;

-- When something last happened to a case: for its client, what its timeline ends with; for its staff, anything.
create function pg_temp.last_activity(who text, of text default 'acme') returns text language sql
as $$
  select tests.sees(who, format($q$select string_agg(to_char(a, 'HH24:MI'), ' ' order by nth)
    from list_cases(client_id => array['{%s}']::uuid[], order_by => 'created_at.asc', page_size => 1000, with_activity => true) p,
         rows from (unnest((p.cases)), unnest(p.last_activity)) with ordinality as c (%s, a, nth) where c.id = {case}$q$, of,
    (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = 'cases'::regclass and attnum > 0 and not attisdropped)))
$$;
update case_events set created_at = '2026-01-01 12:00+00' where case_id = tests.id('case')::bigint;
insert into case_events (case_id, seq, type, actor_name, visible_to_client, data, created_at)
select tests.id('case')::bigint, 1000 + n, type, 'Alan', seen, data, '2026-01-01 12:00+00'::timestamptz + n * interval '1 minute'
from (values (1, 'case_file.available', true, '{}'::jsonb), (2, 'case.updated', false, '{}'),
             (3, 'interaction.created', true, jsonb_build_object('interaction_id', (select max(id) from interactions where not visible_to_client))),
             (4, 'internal_note.created', false, '{}')) e (n, type, seen, data);
-- Another case, of which more happened, and later.
insert into case_events (case_id, seq, type, actor_name, visible_to_client, data, created_at)
select min(id), 5000, 'case.updated', 'Alan', true, '{}', '2026-01-01 13:00+00' from cases where client_id = tests.id('acme')::uuid and id <> tests.id('case')::bigint;
select is(pg_temp.last_activity(who), last, who || ' is told of what last happened at ' || last)
from (values ('Ada', '12:04'), ('Alan', '12:04'), ('Dora', '12:04'), ('Carla', '12:01')) v (who, last);
-- Sam is a member of Acme and staff of the South, where the case is not; Asta works it.
select is(pg_temp.last_activity('Sam'), '12:01', 'whoever sees it as its client only, as its client');
update cases set assigned_to = tests.filled('{Asta}')::uuid where id = tests.id('case')::bigint;
delete from case_events where case_id = tests.id('case')::bigint and seq > 1004 or type = 'case.assigned';
select is(pg_temp.last_activity('Asta'), '12:04', 'whoever works it, as staff');
select is(tests.sees('Carla', $$select bool_and(cardinality(last_activity) = cardinality(cases)) from list_cases(page_size => 7, with_activity => true)$$), 'true', 'each case has one');
select is(tests.sees('Carla', $$select bool_and(last_activity is null) from list_cases()$$), 'true', 'and none where nobody asked');
delete from case_events where case_id = tests.id('case')::bigint;
select is(pg_temp.last_activity('Carla'), tests.sees('Carla', $$select to_char(created_at, 'HH24:MI') from cases where id = {case}$$), 'a case without a history has its beginning');
select matches(tests.refusal('Carla', format('select %s({case}, %s)', call, arguments)), '^22023 \| ' || said, call || ': ' || arguments)
from unnest(array['list_interactions', 'case_timeline']) call,
     (values ('0', 'page_size is from 1'), ('1001', 'page_size is from 1'), ('7, ''x''', 'cursor is none'), (format('7, %L', pg_temp.cursor_of('["created_at.desc", "2026-01-01T00:00:00+00:00", 1]')), 'cursor is none')) v (arguments, said);

select * from finish();
rollback;
