-- Live notices: off until they are switched on; whoever may join a topic sees what it tells of; a notice is a number and a
-- kind; and whatever Realtime does, the change is made.
--
-- Supabase's Realtime is not here. Its part is played by a schema of the same names, types and grants: a send that adds an
-- id and sets the topic, as theirs does, and a table that Realtime asks, as the caller, whether a row of the topic is seen.
begin;
set local client_min_messages = error;
set local search_path = public, extensions;
set local storage.allow_delete_query = 'true';
select tests.world();

create temporary table said (place serial, what text, got text, wanted text);
grant all on said to public;
grant usage on sequence said_place_seq to public;

-- Nothing to be switched on: said before anything is done.
insert into said (what, got, wanted) values
  ('without Realtime', tests.refusal('owner', 'select casebase.enable_realtime()'),
   '55000 | live notices can''t be switched on: there is no table realtime.messages | They need Supabase''s Realtime with Broadcast from the database. Nothing was changed.');

create role realtime_stand_in;
grant realtime_stand_in to postgres;
create schema realtime;
grant usage on schema realtime to postgres, anon, authenticated, service_role;
create table realtime.messages (
  id          uuid      not null default gen_random_uuid() primary key,
  topic       text,
  extension   text      not null,
  payload     jsonb,
  event       text,
  private     boolean   default false
);
grant select, update on realtime.messages to anon, authenticated, service_role;

create function pg_temp.problem() returns text language sql
as $$ select substring(tests.refusal('owner', 'select casebase.enable_realtime()') from 'on: ([^|]*) \|') $$;

insert into said (what, got, wanted) values ('no send', pg_temp.problem(),
  'there is no function realtime.send(payload jsonb, event text, topic text, private boolean)');
create function realtime.send(payload jsonb, event text, topic text) returns void language sql as 'select';
insert into said (what, got, wanted) values ('another send', pg_temp.problem(),
  'there is no function realtime.send(payload jsonb, event text, topic text, private boolean)');
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
  language plpgsql
as $$
declare
  id uuid := gen_random_uuid();
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (id, payload || jsonb_build_object('id', id), event, topic, private, 'broadcast');
exception
  when others then
    raise warning 'not sent: %', sqlerrm;
end
$$;
insert into said (what, got, wanted) values ('no topic', pg_temp.problem(), 'there is no function realtime.topic()');
create function realtime.topic() returns text language sql stable
as $$ select nullif(current_setting('realtime.topic', true), '') $$;
insert into said (what, got, wanted) values ('open to all', pg_temp.problem(),
  'realtime.messages has no row level security, so anybody could join anything');
alter table realtime.messages enable row level security;
insert into said (what, got, wanted) values ('no right to insert', pg_temp.problem(), 'the role postgres may not send with realtime.send');
grant insert on realtime.messages to anon, authenticated, service_role;
revoke execute on function realtime.send(jsonb, text, text, boolean) from public;
insert into said (what, got, wanted) values ('no right to send', pg_temp.problem(), 'the role postgres may not send with realtime.send');
grant execute on function realtime.send(jsonb, text, text, boolean) to postgres;
alter table realtime.messages owner to realtime_stand_in;

-- Of the same names, and not ours.
create table realtime.others (id integer);
create policy casebase_join on realtime.others using (false);
create trigger send_notices before insert on realtime.others for each row execute function suppress_redundant_updates_trigger();

-- What there is of ours.
create function pg_temp.made() returns text language sql
as $$
  select string_agg(name, ', ' order by name)
  from (
    select 'policy ' || policyname from pg_policies where schemaname = 'realtime' and tablename = 'messages'
    union all
    select 'trigger on ' || tgrelid::regclass from pg_trigger where tgname = 'send_notices' and tgrelid <> 'realtime.others'::regclass
  ) made (name)
$$;

-- What the statement sends: to which topic, of which case, what kind, in the order of the topics.
create function pg_temp.sends(person text, statement text) returns text language plpgsql
as $$
declare
  outcome text;
begin
  delete from realtime.messages;
  outcome := tests.does(person, statement);
  if outcome !~ '^[1-9]\d?$' then
    return outcome;
  end if;
  return coalesce((
    select string_agg(
      format('%s %s%s', m.topic, m.payload - 'id',
             case when m.event = 'case_changed' and m.private and m.extension = 'broadcast' then '' else ' not as a private notice' end),
      ', ' order by m.topic collate "C", m.payload::text)
    from realtime.messages m), 'nothing');
end
$$;

insert into said (what, got, wanted) values
  ('off by default', pg_temp.made(), null),
  ('which everybody is told', tests.sees('Nemo', 'select live from my_access()'), 'false'),
  ('so nothing is sent', pg_temp.sends('Carla', $$insert into interactions (case_id, content) values ({case}, 'Off')$$), 'nothing'),
  ('an admin is not the owner', tests.does('Ada', 'select casebase.enable_realtime()'), '42501'),
  ('nor to switch it off', tests.does('Ada', 'select casebase.disable_realtime()'), '42501'),
  ('nor a service key', tests.does('service', 'select casebase.enable_realtime()'), '42501'),
  ('the owner is', tests.does('owner', 'select casebase.enable_realtime()'), '1'),
  ('what is made', pg_temp.made(),
   'policy casebase_join, policy casebase_join_only_so, policy casebase_only_for_signed_in, policy casebase_only_from_the_database, trigger on case_events, trigger on cases'),
  ('and now, that it is on', tests.sees('Nemo', 'select live from my_access()'), 'true'),
  ('once more', tests.does('owner', 'select casebase.enable_realtime()'), '1'),
  ('is as good', pg_temp.made(),
   'policy casebase_join, policy casebase_join_only_so, policy casebase_only_for_signed_in, policy casebase_only_from_the_database, trigger on case_events, trigger on cases');

-- Who joins, as Realtime asks: a row of the topic is written, and the caller sees it or doesn't.
create function pg_temp.joins(person text, topic text, extension text default 'broadcast') returns text language plpgsql
as $$
declare
  message uuid;
  seen    boolean;
begin
  topic := tests.filled(topic);
  insert into realtime.messages (topic, extension) values (topic, extension) returning id into message;
  perform set_config('realtime.topic', topic, true);
  perform tests.become(person);
  seen := exists (select from realtime.messages m where m.id = message);
  perform tests.become_nobody();
  perform set_config('realtime.topic', '', true);
  return case when seen then left(person, 3) end;
exception when others then
  perform tests.become_nobody();
  return person || ' ' || sqlstate;
end
$$;
create function pg_temp.who_joins(topic text, extension text default 'broadcast') returns text language sql
as $$
  select coalesce(string_agg(pg_temp.joins(p.name, topic, extension), ' ' order by p.place), 'nobody')
  from tests.people p
  where p.db_role in ('authenticated', 'anon')
$$;

insert into said (what, got, wanted)
select topic.name, pg_temp.who_joins(topic.name), topic.wanted
from (values
  ('casebase:case:{case}',                      'Ada Ala Dor Ast Sam Car'),
  ('casebase:case_internal:{case}',             'Ada Ala Dor Ast'),
  ('casebase:case:{resolved case}',             'Ada Ala Dor Sam Car'),
  ('casebase:case_internal:{resolved case}',    'Ada Ala Dor'),
  ('casebase:case:{other case}',                'Ada Ala Sam Ott'),
  ('casebase:case_internal:{other case}',       'Ada Ala Sam'),
  ('casebase:client:{acme}',                    'Sam Car'),
  ('casebase:client:{other}',                   'Ott'),
  ('casebase:department:{north}',               'Ada Ala Dor'),
  ('casebase:department:{south}',               'Ada Ala Sam'),
  ('casebase:staff:{Asta}',                     'Ast'),
  ('casebase:staff:{Ada}',                      'Ada'),
  ('casebase:staff:{Ivan}',                     'nobody'),
  ('casebase:staff:{Carla}',                    'nobody'),
  -- Whatever somebody asks for.
  ('casebase:case:999999999',                   'nobody'),
  ('casebase:case:abc',                         'nobody'),
  ('casebase:case:a-b',                         'nobody'),
  ('casebase:case:',                            'nobody'),
  ('casebase:case:0{case}',                     'nobody'),
  ('casebase:case:-{case}',                     'nobody'),
  ('casebase:case:{case} ',                     'nobody'),
  ('casebase:case:{case}:1',                    'nobody'),
  ('casebase:case:999999999999999999',          'nobody'),
  ('casebase:case:99999999999999999999',        'nobody'),
  ('casebase:case_internal:99999999999999999999', 'nobody'),
  ('casebase:case_internal:abc',                'nobody'),
  ('casebase:client:abc',                       'nobody'),
  ('casebase:client:',                          'nobody'),
  ('casebase:department:{case}',                'nobody'),
  ('casebase:staff:not a uuid',                 'nobody'),
  ('casebase:other:{case}',                     'nobody'),
  ('casebase',                                  'nobody'),
  ('casebase:',                                 'nobody'),
  ('Casebase:case:{case}',                      'nobody'),
  ('room:case:{case}',                          'nobody'),
  (' casebase:case:{case}',                     'nobody'),
  ('',                                          'nobody')
) topic (name, wanted);
insert into said (what, got, wanted) values
  ('a topic of a megabyte', pg_temp.who_joins('casebase:case:' || repeat('1', 1000000)), 'nobody'),
  ('nobody shows that they are there', pg_temp.who_joins('casebase:case:{case}', 'presence'), 'nobody');

-- No topic at all.
select set_config('realtime.topic', '', true);
insert into said (what, got, wanted) values
  ('no topic', tests.sees('Ada', 'select count(*) from realtime.messages'), '0');

-- Policies of the project's own that forget to look at the topic.
create policy everybody_listens on realtime.messages for select to public using (true);
create policy everybody_speaks on realtime.messages for insert to public with check (true);
create function pg_temp.speaks(person text, topic text) returns text language plpgsql
as $$
declare
  outcome text;
begin
  topic := tests.filled(topic);
  perform set_config('realtime.topic', topic, true);
  outcome := tests.would(person, format('insert into realtime.messages (topic, extension) values (%L, ''broadcast'')', topic));
  perform set_config('realtime.topic', '', true);
  return outcome;
end
$$;
insert into said (what, got, wanted) values
  ('a case is closed to them',            pg_temp.who_joins('casebase:case:{case}'), 'Ada Ala Dor Ast Sam Car'),
  ('and so is what is internal',          pg_temp.who_joins('casebase:case_internal:{case}'), 'Ada Ala Dor Ast'),
  ('and who is there',                    pg_temp.who_joins('casebase:case:{case}', 'presence'), 'nobody'),
  ('a topic of theirs is as they say',    pg_temp.who_joins('room:1'), 'Ada Ala Dor Ast Sam Car Ott Iva Fay Nem ano'),
  ('its presence, too',                   pg_temp.who_joins('room:1', 'presence'), 'Ada Ala Dor Ast Sam Car Ott Iva Fay Nem ano'),
  ('an admin speaks in no name of ours',  pg_temp.speaks('Ada', 'casebase:case:{case}'), '42501'),
  ('nor does anybody',                    pg_temp.speaks('anon', 'casebase:case:{case}'), '42501'),
  ('in theirs they do',                   pg_temp.speaks('Carla', 'room:1'), '1'),
  ('without a name, too',                 pg_temp.speaks('anon', ''), '1');

-- What is sent, and to whom.
insert into said (what, got, wanted)
select story.person || ': ' || story.statement, pg_temp.sends(story.person, story.statement), tests.filled(story.wanted)
from (values
  ('Carla', $$insert into interactions (case_id, content) values ({case}, 'One'), ({case}, 'Two')$$,
   'casebase:case:{case} {"type": "interaction.created", "case_id": "{number}"}, casebase:client:{acme} {"type": "interaction.created", "case_id": "{number}"}, casebase:department:{north} {"type": "interaction.created", "case_id": "{number}"}, casebase:staff:{Asta} {"type": "interaction.created", "case_id": "{number}"}'),
  -- Internal: the client hears nothing, nowhere.
  ('Dora', $$insert into internal_notes (case_id, content) values ({case}, 'Between us')$$,
   'casebase:case_internal:{case} {"type": "internal_note.created", "case_id": "{number}"}, casebase:department:{north} {"type": "internal_note.created", "case_id": "{number}"}, casebase:staff:{Asta} {"type": "internal_note.created", "case_id": "{number}"}'),
  ('Ada', $$update interactions set content = 'Other' where id = {hidden}$$,
   'casebase:case_internal:{case} {"type": "interaction.updated", "case_id": "{number}"}, casebase:department:{north} {"type": "interaction.updated", "case_id": "{number}"}, casebase:staff:{Asta} {"type": "interaction.updated", "case_id": "{number}"}'),
  -- A case that nobody has, and two at once.
  ('Alan', $$update cases set priority = 'low' where id in ({other case}, {resolved case})$$,
   'casebase:case:{resolved case} {"type": "case.updated", "case_id": "{resolved number}"}, casebase:case:{other case} {"type": "case.updated", "case_id": "{other number}"}, casebase:client:{acme} {"type": "case.updated", "case_id": "{resolved number}"}, casebase:client:{other} {"type": "case.updated", "case_id": "{other number}"}, casebase:department:{north} {"type": "case.updated", "case_id": "{resolved number}"}, casebase:department:{south} {"type": "case.updated", "case_id": "{other number}"}, casebase:staff:{Ivan} {"type": "case.updated", "case_id": "{resolved number}"}'),
  -- Nothing changed.
  ('Alan', $$update cases set priority = 'low' where id = {other case}$$, 'nothing'),
  -- Who had it hears that it left.
  ('Ada', $$update cases set assigned_to = '{Alan}' where id = {case}$$,
   'casebase:case_internal:{case} {"type": "case.assigned", "case_id": "{number}"}, casebase:department:{north} {"type": "case.assigned", "case_id": "{number}"}, casebase:staff:{Alan} {"type": "case.assigned", "case_id": "{number}"}, casebase:staff:{Asta} {"type": "case.assigned", "case_id": "{number}"}'),
  ('Ada', $$update cases set department_id = '{south}' where id = {case}$$,
   'casebase:case_internal:{case} {"type": "case.handed_over", "case_id": "{number}"}, casebase:department:{north} {"type": "case.handed_over", "case_id": "{number}"}, casebase:department:{south} {"type": "case.handed_over", "case_id": "{number}"}, casebase:staff:{Alan} {"type": "case.handed_over", "case_id": "{number}"}')
) story (person, statement, wanted);

-- Sorted by topic, whatever the departments' ids are: both sides above are, once their parts are.
create function pg_temp.sorted(list text) returns text language sql
as $$ select string_agg(part, ', ' order by part collate "C") from regexp_split_to_table(list, ', (?=casebase:)') part $$;
update said set got = pg_temp.sorted(got), wanted = pg_temp.sorted(wanted) where wanted like 'casebase:%';

with made as (
  insert into public.cases (client_id, department_id, title)
  select tests.id('acme')::uuid, tests.id('north')::uuid, 'Short-lived'
  returning id, case_id
)
insert into tests.names
select named.name, named.value
from made, lateral (values ('short', made.id::text), ('short number', made.case_id)) named (name, value);
insert into said (what, got, wanted) values
  ('a case that is gone', pg_temp.sends('Ada', 'delete from cases where id = {short}'), tests.filled(
   'casebase:case:{short} {"type": "case.deleted", "case_id": "{short number}"}, casebase:client:{acme} {"type": "case.deleted", "case_id": "{short number}"}, casebase:department:{north} {"type": "case.deleted", "case_id": "{short number}"}'));

-- Who writes is not held up: not by a send that raises, not by one that is slow, not by a lock, not by no Realtime at all.
create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
  language plpgsql
as $$ begin perform set_config('realtime.sent', (current_setting('realtime.sent')::integer + 1)::text, true); perform pg_sleep(3.1); end $$;
select set_config('realtime.sent', '0', true);
insert into said (what, got, wanted) values
  ('a slow send', tests.does('Ada', $$update interactions set content = 'Slow' where id = {hidden}$$), '1'),
  ('is not waited for again', current_setting('realtime.sent'), '1');
create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
  language plpgsql
as $$ begin raise exception 'no'; end $$;
insert into said (what, got, wanted) values
  ('a send that raises', tests.does('Ada', $$update interactions set content = 'Broken' where id = {hidden}$$), '1'),
  ('no lock is waited for', (
    select array_to_string(proconfig, ', ') from pg_proc where oid = 'casebase.send_notices'::regproc),
   'search_path=pg_catalog, pg_temp, lock_timeout=500ms');

-- Off again: what the project has of its own stays.
insert into said (what, got, wanted) values
  ('the owner switches it off', tests.does('owner', 'select casebase.disable_realtime()'), '1'),
  ('what is left', pg_temp.made(), 'policy everybody_listens, policy everybody_speaks'),
  ('and nobody is told otherwise', tests.sees('Nemo', 'select live from my_access()'), 'false'),
  ('once more', tests.does('owner', 'select casebase.disable_realtime()'), '1'),
  ('what is called the same stays', (select count(*)::text from pg_policies where tablename = 'others'), '1');
drop schema realtime cascade;
insert into said (what, got, wanted) values
  ('without Realtime, too', tests.does('owner', 'select casebase.disable_realtime()'), '1');

-- No policy of ours raises, whatever a token holds: Realtime asks those of the tables, too, for every subscriber.
create function pg_temp.raised(claims text) returns text language plpgsql
as $$
declare
  target text;
  raised text[] := '{}';
begin
  for target in
    select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_policies where policyname !~ '^host'
    group by 1 order by 1
  loop
    begin
      perform set_config('request.jwt.claims', claims, true);
      set local role authenticated;
      execute format('select from %s', target);
    exception
      when insufficient_privilege then null;
      when others then
        raised := raised || format('%s: %s', target, sqlstate);
    end;
    perform tests.become_nobody();
  end loop;
  return array_to_string(raised, ', ');
end
$$;
insert into said (what, got, wanted)
select left('a token ' || token, 60), pg_temp.raised(tests.filled(token)), ''
from unnest(array[
  '', 'null', '[]', '5', '"text"', '{}', 'no json', repeat('[', 50000),
  '{"sub": ""}', '{"sub": null}', '{"sub": "no uuid"}', '{"sub": 5, "app_metadata": "text"}', '{"sub": {}, "app_metadata": [1]}',
  '{"sub": "{Ada}", "app_metadata": {"case_role": {"admin": true}}}', '{"sub": "{Ada}", "app_metadata": {"case_role": null}}',
  '{"sub": "no uuid", "app_metadata": {"case_role": "admin"}}', '{"app_metadata": {"case_role": "staff"}}',
  '{"sub": "{Ada}", "app_metadata": {"case_role": "admin"}, "user_metadata": {"name": "\u0000"}}',
  '{"sub": "{Ada}", "app_metadata": {"case_role": "admin"}, "exp": 1e200000}'
]) token;

select plan((select count(*)::integer from said));
select is(got, wanted, what) from said order by place;
select * from finish();
rollback;
