-- A reply to many cases that opens some of them, and a note, a change or an undoing of the same ones, could wait for each other.

create or replace function casebase.hold_histories(ids bigint[]) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from public.cases c where c.id = any (ids) order by c.id for no key update;
  perform from casebase.case_counters k where k.case_id = any (ids) order by k.case_id for no key update;
end
$$;

create or replace function public.reply_to_cases(ids bigint[], content text, visible_to_client boolean default true)
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

-- What the history's policy says, and an array of nothing, need not be said again.

create or replace function casebase.tags_in(changes jsonb, name text) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(changes -> name) <> 'array' or changes -> name @? '$[*] ? (@.type() != "string")' then
    raise exception '% must be an array of tags', name using errcode = 'invalid_parameter_value', column = 'changes';
  end if;
  return array(select jsonb_array_elements_text(changes -> name));
end
$$;

create or replace function casebase.my_entries_since(ids bigint[], since timestamptz) returns table (case_id bigint, entries bigint[])
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

-- A file comes pending, also where a default or a grant should ever say otherwise.
alter policy reserve_case_files on public.case_files
  with check (
    state = 'pending'
    and case (select c.seen_as from casebase.seen_cases c where c.id = case_files.case_id)
      when 'staff' then true
      when 'client' then visible_to_client
    end
    and (
      interaction_id is null
      or exists (
        select from public.interactions i
        where i.id = case_files.interaction_id and i.case_id = case_files.case_id
      )
    )
  );
alter policy reserve_client_documents on public.client_documents
  with check (state = 'pending' and (select casebase.staff_standing()) in ('admin', 'all', 'departments'));

-- The record, whoever runs this file: the checksum is of what stands before it.
insert into casebase.migrations (version, name, release, checksum)
values ('20261129133000', 'casebase_rc2', '0.1.0-rc.2', '9b7cab4fbdf474bb236bf03b40fb39ff1658b10bcc7d06b9c35bf2d7a8c71eba');
