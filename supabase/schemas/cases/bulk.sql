-- Many cases in one call. Rows are locked in the order of their ids, so that two calls over the same cases wait for
-- each other and don't deadlock, as two plain updates of many rows may.

-- Set-based: one update for all, under the caller's policies. Only when that is refused is each case tried by itself.
create function public.update_cases(ids bigint[], changes jsonb)
  returns table (id bigint, result text, error jsonb)
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  wanted    bigint[] := array(select distinct w from unnest(ids) w where w is not null);
  accepted  text[];
  change    text;
  statement text;
  locked    bigint[];
  touched   bigint[];
  done      bigint[] := '{}'::bigint[];
  errors    jsonb    := '{}'::jsonb;
  one       bigint;
  code      text;
  message   text;
  details   text;
  hint      text;
begin
  if cardinality(wanted) > 1000 then
    raise exception 'update_cases takes 1000 ids at a time, not %', cardinality(wanted)
      using errcode = 'invalid_parameter_value', column = 'ids', hint = 'Call it once for each thousand.';
  end if;
  -- What may be changed at all is what the caller was granted.
  accepted := array(
    select a.attname::text
    from pg_attribute a
    where a.attrelid = 'public.cases'::regclass
      and a.attnum > 0
      and a.attgenerated = ''
      and a.attidentity = ''
      and has_column_privilege(a.attrelid, a.attnum, 'update')
      and a.attname <> 'version'
    order by a.attname
  );
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
  statement := format(
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
    (select string_agg(format('%1$I = n.%1$I', k), ', ') from jsonb_object_keys(changes) k),
    (select string_agg(format('c.%I', k), ', ') from jsonb_object_keys(changes) k),
    (select string_agg(format('n.%I', k), ', ') from jsonb_object_keys(changes) k)
  );

  locked := array(select c.id from public.cases c where c.id = any (wanted) order by c.id for no key update);
  begin
    execute statement into done using locked, changes;
  exception
    when transaction_rollback or insufficient_resources then
      raise;
    when others then
      foreach one in array locked loop
        begin
          execute statement into touched using array[one], changes;
          done := done || touched;
        exception
          when transaction_rollback or insufficient_resources then
            raise;
          when others then
            get stacked diagnostics
              code = returned_sqlstate, message = message_text, details = pg_exception_detail, hint = pg_exception_hint;
            errors := errors || jsonb_build_object(one, jsonb_build_object(
              'code', code, 'message', message, 'details', nullif(details, ''), 'hint', nullif(hint, '')));
        end;
      end loop;
  end;
  return query
    select w.id,
           case
             when errors ? w.id::text then 'refused'
             when w.id = any (done) then 'done'
             when w.id = any (locked) then 'unchanged'
             else 'not_found'
           end,
           errors -> w.id::text
    from unnest(wanted) as w (id)
    order by w.id;
end
$$;
comment on function public.update_cases(bigint[], jsonb) is
  'Gives up to 1000 cases the same new values of the columns in changes. Answers for each id, in their order: result is done, unchanged, refused (error says why, with code, message, details and hint as PostgREST does) or not_found. What is refused takes nothing else along.';
