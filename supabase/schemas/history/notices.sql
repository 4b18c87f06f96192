-- Live notices, off until casebase.enable_realtime() (`casebase realtime enable`): over Supabase's Realtime, whoever looks at a
-- case or a list hears that something changed, and asks again. A notice has the case's number and the kind, no content.
--
--   casebase:case:<id>            what the client may know of, for whoever sees the case
--   casebase:case_internal:<id>   the rest, for those who see it as staff
--   casebase:client:<uuid>        of all of a client's cases, what the client may know of, for the client's members
--   casebase:department:<uuid>    everything of a department's cases, for those who see them all
--   casebase:staff:<uuid>         everything of the cases that a member of staff is given, for themselves
--
-- Realtime asks who may join when somebody joins, and again with each new token of theirs.

-- Whether the caller may join a topic of ours. It raises for no topic and no token: Realtime asks it for everybody's.
create function casebase.may_join(topic text) returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  subject text := substring(topic from '^casebase:[a-z_]+:([0-9a-f-]{1,36})$');
  -- Of a topic that names no number, none.
  subject_id bigint := substring(subject from '^[1-9][0-9]{0,17}$')::bigint;
begin
  return coalesce(
    case split_part(topic, ':', 2)
      when 'case' then exists (select from public.cases c where c.id = subject_id)
      when 'case_internal' then exists (
        select from casebase.seen_cases c where c.id = subject_id and c.seen_as = 'staff')
      when 'client' then subject = any (casebase.my_clients()::text[])
      when 'department' then subject = any (casebase.my_departments()::text[])
      when 'staff' then subject = casebase.staff_id()::text
    end,
    false);
end
$$;

create type casebase.notice as (
  topic  text,
  number text,
  type   text
);
comment on type casebase.notice is 'To whom (topic), of which case (CASE-0001), and what happened (an event type).';

-- Who is told of an entry about a case; where it left a department or somebody's hands, those as well.
create function casebase.notice_topics(subject public.cases, client_may_know boolean, changes jsonb) returns setof text
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select 'casebase:' || place.kind || ':' || place.id
  from (values
    (case when client_may_know then 'case' else 'case_internal' end, subject.id::text),
    (case when client_may_know then 'client' end, subject.client_id::text),
    ('department', subject.department_id::text),
    ('department', changes #>> '{department_id,from}'),
    ('staff', subject.assigned_to::text),
    ('staff', changes #>> '{assigned_to,from}')
  ) as place (kind, id)
  where place.kind is not null
    and place.id is not null
$$;

-- Sends them in the transaction of the change, which nothing here may fail or hold up for long: a notice that can't be sent
-- isn't, and whoever waits for it asks by themselves in a while. (realtime.send itself warns and goes on.)
create function casebase.send_notices(notices casebase.notice[]) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '500ms'
as $$
declare
  begun  constant timestamptz := clock_timestamp();
  -- Not by name: a project without Realtime has no such function.
  send   constant text := to_regprocedure('realtime.send(jsonb, text, text, boolean)')::oid::regproc::text;
  notice record;
begin
  for notice in select n.topic, n.number, n.type from unnest(notices) n loop
    execute format('select %s($1, $2, $3, $4)', send)
    using jsonb_build_object('case_id', notice.number, 'type', notice.type), 'case_changed'::text, notice.topic, true;
    exit when clock_timestamp() > begun + interval '3 seconds';
  end loop;
exception
  when others then
    raise warning 'live notices were not sent: %', sqlerrm;
end
$$;

create function casebase.notify_of_events() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.send_notices(array_agg(distinct row(told.topic, c.case_id, n.type)::casebase.notice))
  from new_rows n
  join public.cases c on c.id = n.case_id
  cross join lateral casebase.notice_topics(c, n.visible_to_client, n.data -> 'changes') as told (topic);
  return null;
end
$$;

-- The history goes with its case, so nothing there says so.
create function casebase.notify_of_deletions() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform casebase.send_notices(array_agg(row(told.topic, o.case_id, 'case.deleted')::casebase.notice))
  from old_rows o
  cross join lateral casebase.notice_topics(o::public.cases, true, null) as told (topic);
  return null;
end
$$;

-- What the project's Realtime lacks for us, in a sentence; null: nothing.
create function casebase.realtime_problem() returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('realtime.messages') is null then
    return 'there is no table realtime.messages';
  elsif to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null then
    return 'there is no function realtime.send(payload jsonb, event text, topic text, private boolean)';
  elsif to_regprocedure('realtime.topic()') is null then
    return 'there is no function realtime.topic()';
  elsif not (select c.relrowsecurity from pg_class c where c.oid = to_regclass('realtime.messages')) then
    return 'realtime.messages has no row level security, so anybody could join anything';
  elsif not has_table_privilege(to_regclass('realtime.messages'), 'insert')
    or not has_function_privilege(to_regprocedure('realtime.send(jsonb, text, text, boolean)'), 'execute')
  then
    return format('the role %s may not send with realtime.send', current_user);
  end if;
  return null;
end
$$;

-- For the project's owner. Twice is as good as once. Policies of a project's own that forget to look at the topic would open
-- ours, so each rule stands in a restrictive one, too: "no topic of ours, or our rule". They are to everybody, so the
-- restrictive ones that are name nothing but what everybody may use.
create function casebase.enable_realtime() returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '5s'
as $$
declare
  problem text := casebase.realtime_problem();
begin
  if problem is not null then
    raise exception 'live notices can''t be switched on: %', problem
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'They need Supabase''s Realtime with Broadcast from the database. Nothing was changed.';
  end if;
  perform casebase.disable_realtime();

  create policy casebase_join on realtime.messages for select to authenticated
    using ((select casebase.may_join(realtime.topic())));
  create policy casebase_join_only_so on realtime.messages as restrictive for select to authenticated
    using (
      coalesce(not starts_with(realtime.topic(), 'casebase:'), true)
      or extension = 'broadcast' and (select casebase.may_join(realtime.topic()))
    );
  create policy casebase_only_for_signed_in on realtime.messages as restrictive for all to public
    using (coalesce(not starts_with(realtime.topic(), 'casebase:'), true) or pg_has_role('authenticated', 'usage'));
  create policy casebase_only_from_the_database on realtime.messages as restrictive for insert to public
    with check (coalesce(not starts_with(realtime.topic(), 'casebase:'), true));

  create trigger send_notices after insert on public.case_events
    referencing new table as new_rows
    for each statement execute function casebase.notify_of_events();
  create trigger send_notices after delete on public.cases
    referencing old table as old_rows
    for each statement execute function casebase.notify_of_deletions();
end
$$;

-- Takes back what enable_realtime made, and nothing else.
create function casebase.disable_realtime() returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '5s'
  set client_min_messages = 'warning'
as $$
declare
  ours text;
begin
  drop trigger if exists send_notices on public.case_events;
  drop trigger if exists send_notices on public.cases;
  for ours in
    select p.polname
    from pg_policy p
    where p.polrelid = to_regclass('realtime.messages')
      and p.polname in ('casebase_join', 'casebase_join_only_so', 'casebase_only_for_signed_in', 'casebase_only_from_the_database')
  loop
    execute format('drop policy %I on realtime.messages', ours);
  end loop;
end
$$;
