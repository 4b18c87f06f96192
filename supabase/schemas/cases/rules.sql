-- The rules of cases, interactions and notes that no policy can say.
--
-- Two kinds of rule. What must be true of a row binds everybody. Who may do what binds whoever row level security
-- binds (row_security_active): the API's users, but neither the owner nor a service key.
-- Rule triggers are SECURITY INVOKER and look at cases through the caller's own policies, so they can't tell an
-- invisible case from a missing one, and neither can who reads their errors.

-- Which columns an update changes. Generated columns have no value yet in a BEFORE trigger; updated_at is ours.
create function casebase.changed_columns(was jsonb, becomes jsonb) returns text[]
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(n.key), '{}')
  from jsonb_each(becomes - '{case_id,file_url,due_at,priority_rank,updated_at,version}'::text[]) n
  where n.value is distinct from was -> n.key
$$;

-- What a row is and who made it never changes. What it came from may become null: its user or case was deleted.
create function casebase.keep_identity() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  was     jsonb := to_jsonb(old);
  becomes jsonb := to_jsonb(new);
  fixed   text;
begin
  foreach fixed in array tg_argv loop
    if becomes -> fixed is distinct from was -> fixed
       and not (fixed in ('created_by', 'follow_up_of', 'split_from') and becomes -> fixed = 'null')
    then
      raise exception '% of % never changes', fixed, tg_table_name
        using errcode = 'check_violation', column = fixed;
    end if;
  end loop;
  new.updated_at := now();
  return new;
end
$$;

create trigger a_keep_identity before update on public.cases
  for each row execute function casebase.keep_identity('id', 'client_id', 'created_by', 'created_at', 'follow_up_of', 'split_from');
create trigger a_keep_identity before update on public.case_internal
  for each row execute function casebase.keep_identity('case_id');
create trigger a_keep_identity before update on public.interactions
  for each row execute function casebase.keep_identity('id', 'case_id', 'created_by', 'created_at');
create trigger a_keep_identity before update on public.internal_notes
  for each row execute function casebase.keep_identity('id', 'case_id', 'created_by', 'created_at');

-- An update that sends another version than the row has was made from what somebody has changed since. Who sends none
-- means the row as it is.
create function casebase.keep_version() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if new.version <> old.version then
    raise exception 'version % was changed meanwhile: it is version % now', new.version, old.version
      using errcode = 'PT409', column = 'version', detail = to_jsonb(old)::text,
            hint = 'The row as it is now is in details. Make the change again from that, and send its version.';
  end if;
  new.version := old.version + 1;
  return new;
end
$$;

create trigger a_keep_version before update on public.cases
  for each row execute function casebase.keep_version();
create trigger a_keep_version before update on public.case_internal
  for each row execute function casebase.keep_version();
create trigger a_keep_version before update on public.interactions
  for each row execute function casebase.keep_version();
create trigger a_keep_version before update on public.internal_notes
  for each row execute function casebase.keep_version();

-- What somebody said stays what they said: only who wrote it changes the words. An admin may; the history says who did.
create function casebase.keep_words() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if row_security_active(tg_relid)
     and old.created_by is distinct from casebase.caller_id()
     and not casebase.is_admin()
  then
    raise exception 'only who wrote it changes what it says'
      using errcode = 'insufficient_privilege', hint = 'Add your own instead, or ask an admin.';
  end if;
  return new;
end
$$;

-- Ten thousand interactions that are shown at once have nothing to ask here.
create trigger b_keep_words before update on public.interactions
  for each row
  when (
    new.party1_name is distinct from old.party1_name
    or new.party1_type is distinct from old.party1_type
    or new.party2_name is distinct from old.party2_name
    or new.party2_type is distinct from old.party2_type
    or new.content is distinct from old.content
  )
  execute function casebase.keep_words();
create trigger b_keep_words before update on public.internal_notes
  for each row
  when (new.content is distinct from old.content)
  execute function casebase.keep_words();

-- A new row is made by whoever makes it. A service key may say on whose behalf.
create function casebase.set_author() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if row_security_active(tg_relid) then
    new.created_by := casebase.caller_id();
  else
    new.created_by := coalesce(new.created_by, casebase.caller_id());
  end if;
  return new;
end
$$;

create trigger a_set_author before insert on public.cases
  for each row execute function casebase.set_author();
create trigger a_set_author before insert on public.interactions
  for each row execute function casebase.set_author();
create trigger a_set_author before insert on public.internal_notes
  for each row execute function casebase.set_author();

-- Whoever opens a case outside the departments they work in does so as a client: title and description, nothing
-- else. This judges only what was sent and what the caller is, so it says nothing about any client or case.
create function casebase.limit_new_case() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  set_beyond text[];
begin
  if not row_security_active(tg_relid) or new.department_id = any (casebase.my_departments()) then
    return new;
  end if;
  set_beyond := casebase.changed_columns(
    to_jsonb(jsonb_populate_record(null::public.cases, jsonb_build_object(
      'status', 'open', 'priority', 'medium', 'metadata', '{}'::jsonb,
      'department_id', casebase.default_department()))),
    to_jsonb(new) - '{id,client_id,title,description,created_by,created_at}'::text[]);
  if set_beyond <> '{}' then
    raise exception 'you can''t set % when you open a case', array_to_string(set_beyond, ', ')
      using errcode = 'insufficient_privilege', hint = 'A client opens a case with client_id, title and description.';
  end if;
  perform casebase.limit_client(new.client_id, 'cases');
  return new;
end
$$;

create trigger b_limit_new_case before insert on public.cases
  for each row execute function casebase.limit_new_case();

-- Which columns of a case the caller may change. Fires only for rows that the caller sees and may edit.
create function casebase.limit_case_changes() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := casebase.staff_standing();
  changed  text[];
  allowed  text[];
begin
  if not row_security_active(tg_relid) then
    return new;
  end if;
  if standing in ('admin', 'all', 'departments')
     and (old.department_id = any (casebase.my_departments()) or old.assigned_to = casebase.caller_id())
  then
    return new;
  elsif standing is not null and old.assigned_to = casebase.caller_id() then
    allowed := '{title,description,status,stage,metadata,action_required_by,action_required_of}';
  elsif old.status = 'open' then
    allowed := '{title,description}';
  else
    raise exception 'a client edits a case only while it is open'
      using errcode = 'insufficient_privilege', hint = 'Add an interaction, or reopen the case with rpc/reopen_case.';
  end if;
  changed := casebase.changed_columns(to_jsonb(old), to_jsonb(new));
  if not changed <@ allowed then
    raise exception 'you can''t change % of this case',
        (select string_agg(c, ', ') from unnest(changed) c where c <> all (allowed))
      using errcode = 'insufficient_privilege', hint = 'You can change ' || array_to_string(allowed, ', ') || '.';
  end if;
  return new;
end
$$;

create trigger c_limit_case_changes before update on public.cases
  for each row execute function casebase.limit_case_changes();

-- Status and stage agree: a stage brings its status, another status ends the stage.
create function casebase.agree_on_stage() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  -- Of an insert, old is null: then the status is one that nobody chose.
  if new.stage is distinct from old.stage and new.status = coalesce(old.status, 'open') then
    new.status := coalesce((select s.status from public.case_stages s where s.stage = new.stage), new.status);
  elsif new.stage is not distinct from old.stage and new.status <> old.status then
    new.stage := null;
  end if;
  return new;
end
$$;

create trigger d_agree_on_stage before insert or update of status, stage on public.cases
  for each row execute function casebase.agree_on_stage();

-- Which status follows which: status_transitions. A word that is no status is the constraint's to refuse.
create function casebase.check_transition() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := case when casebase.is_admin() then 'admin' else 'staff' end;
begin
  if old.status <> new.status
     and row_security_active(tg_relid)
     and not casebase.may_move(old.status, new.status, standing)
     and exists (select from public.status_transitions t where t.to_status = new.status)
  then
    raise exception 'a case that is % can''t become %', old.status, new.status
      using errcode = 'PT409', column = 'status',
            hint = coalesce('You can make it ' || (
              select string_agg(t.to_status, ', ' order by t.to_status)
              from public.status_transitions t
              where t.from_status = old.status and casebase.may_move(old.status, t.to_status, standing)
            ) || '.', 'Only an admin opens it again.');
  end if;
  return new;
end
$$;

create trigger e_check_transition before update of status, stage on public.cases
  for each row execute function casebase.check_transition();

-- What the status means for other columns. A reopened case starts anew: it can be escalated again.
create function casebase.follow_status() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  -- Of an insert, old is null here and below.
  moves boolean := new.status is distinct from old.status;
begin
  new.resolved_at := case when new.status in ('resolved', 'closed') then coalesce(new.resolved_at, now()) end;
  new.closed_at := case when new.status = 'closed' then coalesce(new.closed_at, now()) end;
  if old.status in ('resolved', 'closed') and new.status not in ('resolved', 'closed') then
    new.escalated_at := null;
    new.escalated_by := null;
    new.escalation_reason := null;
  end if;
  -- Opened again, a duplicate is none.
  if new.status <> 'closed' then
    new.merged_into := null;
  end if;
  -- What waits, waits for the client, unless it says for whom; then the move, and its deadline, were the client's.
  if moves and new.status = 'waiting'
     and (new.action_required_of is null
          or exists (select from public.party_types p where p.code = new.action_required_of and p.internal))
  then
    new.action_required_of := 'CLIENT';
  elsif moves and old.status = 'waiting' and new.action_required_of = old.action_required_of then
    new.action_required_of := null;
    new.action_required_by := nullif(new.action_required_by, old.action_required_by);
  end if;
  return new;
end
$$;

create trigger f_follow_status before insert or update of status, stage, resolved_at, closed_at on public.cases
  for each row execute function casebase.follow_status();

-- A case is worked by active staff who have its specialty. An admin may assign it to anybody on the staff; so may
-- whoever acts for no user (a service key, the owner).
create function casebase.check_assignee() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if new.assigned_to is null
     or new.assigned_to is not distinct from old.assigned_to
        and new.required_specialty_id is not distinct from old.required_specialty_id
  then
    return new;
  end if;
  -- Who was switched off since keeps the case until somebody takes it.
  if new.assigned_to is distinct from old.assigned_to
     and not exists (select from public.staff_members s where s.user_id = new.assigned_to and s.active)
  then
    raise exception 'a case can be assigned to active staff only'
      using errcode = 'check_violation', column = 'assigned_to';
  end if;
  if new.required_specialty_id is not null
     and casebase.caller_id() is not null
     and not casebase.is_admin()
     and not exists (
       select from public.staff_specialties s
       where s.user_id = new.assigned_to and s.specialty_id = new.required_specialty_id
     )
  then
    raise exception 'the case needs a specialty that its assignee does not have'
      using errcode = 'check_violation', column = 'assigned_to', hint = 'Assign somebody who has it, or ask an admin.';
  end if;
  return new;
end
$$;

create trigger g_check_assignee before insert or update of assigned_to, required_specialty_id on public.cases
  for each row execute function casebase.check_assignee();

-- The caller's own name.
create function casebase.my_name(for_client uuid) returns text
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return casebase.person_name(casebase.caller_id(), for_client);
end
$$;

-- Who stands on either side of a case, for those who see the case: who works it, and the member who opened it or else
-- the client.
create function casebase.case_parties(the_case bigint, out assignee text, out client text)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  select (select s.display_name from public.staff_members s where s.user_id = c.assigned_to),
         coalesce(
           (select m.display_name from public.client_members m where m.client_id = c.client_id and m.user_id = c.created_by),
           casebase.client_name(c.client_id))
  into assignee, client
  from public.cases c
  where c.id = the_case
    and (c.client_id = any (casebase.my_clients())
         or c.department_id = any (casebase.my_departments())
         or c.assigned_to = casebase.staff_id());
end
$$;

-- A client speaks as themselves, to whoever works the case, and in the open; what is said moves a case that is not
-- being worked (receive_reply). Staff say who spoke to whom, and what they leave out is as for a client, the other way
-- round. A case that the caller doesn't see is treated like a client's; the policy then refuses it as it refuses a
-- missing one.
create function casebase.set_speaker() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  the_case record;
  parties  record;
  ours     text := coalesce((select min(p.code) from public.party_types p where p.internal), 'ARGAN');
begin
  -- Nothing is said in a case that lives on in another.
  if exists (select from public.cases c where c.id = new.case_id and c.merged_into is not null) then
    new.case_id := casebase.survivor_of(new.case_id);
  end if;
  if not row_security_active(tg_relid) then
    return new;
  end if;
  select c.client_id, c.status,
         c.department_id = any (casebase.my_departments())
           or c.assigned_to is not distinct from casebase.staff_id() and c.assigned_to is not null as as_staff
  into the_case
  from public.cases c
  where c.id = new.case_id;
  if the_case.as_staff and '' <> all (array[new.party1_name, new.party1_type, new.party2_name, new.party2_type]) then
    return new;
  elsif not coalesce(the_case.as_staff, false) then
    perform casebase.limit_client(the_case.client_id, 'interactions');
    if the_case.status not in ('open', 'in_progress') then
      new.case_id := casebase.receive_reply(new.case_id);
    end if;
    new.visible_to_client := true;
    new.party1_type := 'CLIENT';
    new.party1_name := casebase.my_name(the_case.client_id);
    new.party2_type := ours;
    new.party2_name := '';
  end if;
  new.party1_type := coalesce(nullif(new.party1_type, ''), ours);
  new.party2_type := coalesce(nullif(new.party2_type, ''), case new.party1_type when 'CLIENT' then ours else 'CLIENT' end);
  parties := casebase.case_parties(new.case_id);
  new.party1_name := casebase.party_name(new.party1_name, new.party1_type, casebase.my_name(the_case.client_id), parties.client);
  new.party2_name := casebase.party_name(new.party2_name, new.party2_type,
    case when the_case.as_staff then casebase.my_name(the_case.client_id) else parties.assignee end, parties.client);
  return new;
end
$$;

-- The name that was given, or else, of the client's side and ours, that of who stands there, or what the party is called.
create function casebase.party_name(given text, party_type text, ours text, client text) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if given <> '' then
    return given;
  end if;
  return coalesce((
    select coalesce(case p.code when 'CLIENT' then client else ours end, p.label)
    from public.party_types p
    where p.code = party_type
      and (p.internal or p.code in ('CLIENT', 'ARGAN'))
  ), '');
end
$$;

create trigger b_set_speaker before insert on public.interactions
  for each row execute function casebase.set_speaker();
