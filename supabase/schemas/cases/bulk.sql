-- Many cases in one call, with an answer for each. Rows are locked in the order of their ids, so that two calls over the
-- same cases wait for each other and don't deadlock, as two plain updates of many rows may.
--
-- Each call tries all of them at once, under the caller's policies, and only when that is refused each by itself. What
-- is no case's fault, such as a deadlock or a full disk, ends the call.

-- An error as PostgREST tells it.
create function casebase.error_object(code text, message text, details text, hint text) returns jsonb
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object('code', code, 'message', message, 'details', nullif(details, ''), 'hint', nullif(hint, ''));
end
$$;

-- The ids that were given, each once.
create function casebase.wanted_ids(ids bigint[], argument text) returns bigint[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  wanted bigint[] := array(select distinct w from unnest(ids) w where w is not null order by w);
begin
  if cardinality(wanted) > 1000 then
    raise exception 'at most 1000 % at a time, not %', argument, cardinality(wanted)
      using errcode = 'invalid_parameter_value', column = argument, hint = 'Call it once for each thousand.';
  end if;
  return wanted;
end
$$;

-- A text array of changes, where it is one.
create function casebase.tags_in(changes jsonb, name text) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(changes -> name) <> 'array' or changes -> name @? '$[*] ? (@.type() != "string")' then
    raise exception '% must be an array of tags', name using errcode = 'invalid_parameter_value', column = 'changes';
  end if;
  return array(select jsonb_array_elements_text(changes -> name));
end
$$;

-- What changes says of columns, checked against what the caller may change at all: what they were granted. Many cases have
-- no version in common.
create function casebase.changed_case_columns(changes jsonb, of_one boolean) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  accepted text[] := array(
    select a.attname::text
    from pg_attribute a
    where a.attrelid = 'public.cases'::regclass
      and a.attnum > 0
      and a.attgenerated = ''
      and a.attidentity = ''
      and has_column_privilege(a.attrelid, a.attnum, 'update')
      and (of_one or a.attname <> 'version')
    order by a.attname
  ) || '{add_tags,remove_tags}'::text[];
  change   text;
begin
  if jsonb_typeof(changes) is distinct from 'object' or changes = '{}' then
    raise exception 'changes must be an object of columns and their new values'
      using errcode = 'invalid_parameter_value', column = 'changes',
            hint = 'Columns: ' || array_to_string(accepted, ', ') || '.';
  end if;
  for change in select k from jsonb_object_keys(changes) k where k <> all (accepted) loop
    raise exception 'you can''t change % of cases', change
      using errcode = 'invalid_parameter_value', column = 'changes',
            hint = 'You can change ' || array_to_string(accepted, ', ') || '.';
  end loop;
  -- A value of the wrong type is no case's fault.
  perform jsonb_populate_record(null::public.cases, changes);
  return changes - '{add_tags,remove_tags}'::text[];
end
$$;

-- Nobody else changes these cases or writes into their histories until the transaction's end. Whoever changes cases takes
-- the locks in this order, the rows and then the histories.
create function casebase.hold_histories(ids bigint[]) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from public.cases c where c.id = any (ids) order by c.id for no key update;
  perform from casebase.case_counters k where k.case_id = any (ids) order by k.case_id for no key update;
end
$$;

-- Gives cases the same values and tags; which of them it changed.
create function casebase.change_cases(ids bigint[], columns jsonb, add_tags text[], remove_tags text[]) returns bigint[]
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  changed bigint[] := '{}'::bigint[];
  moved   bigint[];
begin
  -- Tags first: whoever tags a case by hand takes the locks in this order, too, its record's and then its history's.
  if add_tags <> '{}' or remove_tags <> '{}' then
    -- One that has no record gets it, empty: so that one statement below has all that is written into histories, in order.
    insert into public.case_internal (case_id)
    select id
    from unnest(ids) id
    where casebase.retagged('{}', add_tags, remove_tags) <> '{}'
    order by id
    on conflict (case_id) do nothing;
    -- Each of the two statements below counts on in the histories of those cases alone that it changes: together not in the
    -- order of their ids. So all are taken before the first.
    if columns <> '{}' then
      perform from public.case_internal i where i.case_id = any (ids) order by i.case_id for no key update;
      perform casebase.hold_histories(ids);
    end if;
    with retagged as (
      update public.case_internal i
      set tags = casebase.retagged(i.tags, add_tags, remove_tags)
      where i.case_id = any (ids)
        and casebase.retagged(i.tags, add_tags, remove_tags) <> i.tags
      returning i.case_id
    )
    select coalesce(array_agg(r.case_id), '{}') into changed from retagged r;
  end if;
  if columns <> '{}' then
    execute format(
      $sql$
        with changed as (
          update public.cases c
          set %s
          from jsonb_populate_record(null::public.cases, $2) n
          where c.id = any ($1)
            and row(%s) is distinct from row(%s)
          returning c.id
        )
        select coalesce(array_agg(changed.id), '{}') from changed
      $sql$,
      (select string_agg(format('%1$I = n.%1$I', k), ', ') from jsonb_object_keys(columns) k),
      (select string_agg(format('c.%I', k), ', ') from jsonb_object_keys(columns) k),
      (select string_agg(format('n.%I', k), ', ') from jsonb_object_keys(columns) k)
    ) into moved using ids, columns;
    changed := array(select distinct c from unnest(changed || moved) c);
  end if;
  return changed;
end
$$;

create function casebase.retagged(tags text[], add_tags text[], remove_tags text[]) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select t
    from unnest(tags || add_tags) with ordinality as every (t, nth)
    where t <> all (remove_tags)
    group by t
    order by min(nth)
  );
end
$$;

-- What a caller who reads the history can undo: the entries that their changes of these cases have left since.
create function casebase.my_entries_since(ids bigint[], since timestamptz) returns table (case_id bigint, entries bigint[])
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select e.case_id, array_agg(e.id order by e.id)
    from public.case_events e
    where e.case_id = any (ids)
      and e.created_at >= since
      and e.actor_id = casebase.caller_id()
      and e.type ~ '^case(_internal)?\.'
    group by e.case_id;
end
$$;

create function public.update_cases(ids bigint[], changes jsonb, dry_run boolean default false)
  returns table (id bigint, result text, error jsonb, events bigint[])
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  wanted      bigint[]    := casebase.wanted_ids(ids, 'ids');
  columns     jsonb       := casebase.changed_case_columns(changes, cardinality(wanted) = 1);
  add_tags    text[]      := casebase.tags_in(changes, 'add_tags');
  remove_tags text[]      := casebase.tags_in(changes, 'remove_tags');
  since       timestamptz := clock_timestamp();
  locked      bigint[];
  done        bigint[]    := '{}'::bigint[];
  errors      jsonb       := '{}'::jsonb;
  one         bigint;
  code        text;
  message     text;
  details     text;
  hint        text;
begin
  locked := array(select c.id from public.cases c where c.id = any (wanted) order by c.id for no key update);
  begin
    begin
      done := casebase.change_cases(locked, columns, add_tags, remove_tags);
    exception
      when transaction_rollback or insufficient_resources then
        raise;
      when others then
        foreach one in array locked loop
          begin
            done := done || casebase.change_cases(array[one], columns, add_tags, remove_tags);
          exception
            when transaction_rollback or insufficient_resources then
              raise;
            when others then
              get stacked diagnostics
                code = returned_sqlstate, message = message_text, details = pg_exception_detail, hint = pg_exception_hint;
              errors := errors || jsonb_build_object(one, casebase.error_object(code, message, details, hint));
          end;
        end loop;
    end;
    if dry_run then
      raise exception using errcode = 'UNDO1';
    end if;
  exception
    -- Takes everything back but what these variables say.
    when sqlstate 'UNDO1' then
      since := 'infinity';
  end;
  return query
    select w.id,
           case
             when errors ? w.id::text then 'refused'
             when w.id = any (done) then 'done'
             when w.id = any (locked) then 'unchanged'
             else 'not_visible'
           end,
           errors -> w.id::text,
           e.entries
    from unnest(wanted) as w (id)
    left join casebase.my_entries_since(done, since) e on e.case_id = w.id
    order by w.id;
end
$$;
comment on function public.update_cases(bigint[], jsonb, boolean) is
  'Gives many cases the same new values, and adds tags to them or takes some away; answers for each case.

What is refused for one case takes nothing else along. Rows are locked in the order of their ids, so that two such calls wait for each other and don''t deadlock.

For whoever may change the cases: client members title and description while a case is open, staff as their scope says. Tags are for staff.

- ids: the cases (cases.id), up to 1000.
- changes: an object of columns and their new values, and add_tags, remove_tags: arrays of tags. A version, for one case only, is that which the changes were made from.
- dry_run: true: the answers are the same, and nothing is changed.
- id: the case (cases.id).
- result: done, unchanged, refused or not_visible.
- error: of a refused one: {"code", "message", "details", "hint"}, as PostgREST tells an error.
- events: the entries of the history that it left (case_events.id), for staff; rpc/undo_changes takes them back.

Returns a row for each id, in the order of the ids.

- 22023: more than 1000 ids; or changes is empty, no object, or names what the caller can''t change; the hint says what they can.
- 22P02: a value in changes is not of its column''s type.';

-- Replies that stay where they were sent; which interaction is whose. Raises where one would go elsewhere.
create function casebase.reply_in_place(ids bigint[], words text, shown boolean) returns jsonb
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  made jsonb;
begin
  with made as (
    insert into public.interactions (case_id, content, visible_to_client)
    select id, words, shown from unnest(ids) id order by id
    returning interactions.id, interactions.case_id
  )
  select jsonb_object_agg(m.case_id, m.id) into made from made m;
  if not made ?& ids::text[] then
    raise exception 'a reply opens another case' using errcode = 'check_violation';
  end if;
  return made;
end
$$;

create function public.reply_to_cases(ids bigint[], content text, visible_to_client boolean default true)
  returns table (id bigint, result text, interaction_id bigint, error jsonb)
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  wanted  bigint[] := casebase.wanted_ids(ids, 'ids');
  seen    bigint[] := array(select c.id from public.cases c where c.id = any (wanted) order by c.id);
  replies jsonb    := '{}'::jsonb;
  errors  jsonb    := '{}'::jsonb;
  one     bigint;
  made    bigint;
  code    text;
  message text;
  details text;
  hint    text;
begin
  -- A client's reply opens some of them, each of which counts on in its history at once; all are counted on at the end. What
  -- is said in a duplicate is said in the case that lives on.
  if cardinality(seen) > 1 then
    perform casebase.hold_histories(seen || array(select casebase.survivor_of(s) from unnest(seen) s));
  end if;
  begin
    replies := coalesce(casebase.reply_in_place(seen, reply_to_cases.content, reply_to_cases.visible_to_client), '{}');
  exception
    when transaction_rollback or insufficient_resources then
      raise;
    when others then
      foreach one in array seen loop
        begin
          insert into public.interactions (case_id, content, visible_to_client)
          values (one, reply_to_cases.content, reply_to_cases.visible_to_client)
          returning interactions.id into made;
          replies := replies || jsonb_build_object(one, made);
        exception
          when transaction_rollback or insufficient_resources then
            raise;
          when others then
            get stacked diagnostics
              code = returned_sqlstate, message = message_text, details = pg_exception_detail, hint = pg_exception_hint;
            errors := errors || jsonb_build_object(one, casebase.error_object(code, message, details, hint));
        end;
      end loop;
  end;
  return query
    select w.id,
           case when errors ? w.id::text then 'refused' when w.id = any (seen) then 'done' else 'not_visible' end,
           (replies ->> w.id::text)::bigint,
           errors -> w.id::text
    from unnest(wanted) as w (id)
    order by w.id;
end
$$;
comment on function public.reply_to_cases(bigint[], text, boolean) is
  'Says the same in many cases, as the caller and to the other side of each; answers for each case.

For whoever sees the cases, as with interactions.

- ids: the cases (cases.id), up to 1000.
- content: what is said: Markdown, at most 50000 characters.
- visible_to_client: whether the clients see it. What a client says, they see.
- id: the case (cases.id).
- result: done, refused or not_visible.
- interaction_id: of one that is done: the interaction (interactions.id).
- error: of a refused one: {"code", "message", "details", "hint"}, as PostgREST tells an error.

Returns a row for each id, in the order of the ids.

- 22023: more than 1000 ids.';
