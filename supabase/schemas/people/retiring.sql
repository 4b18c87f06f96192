-- What is retired (active = false) stays where it is, and nobody chooses it any more. Cases that the database opens behind
-- another, for a reply or from what was said in it, are that case's going on.

create function casebase.refuse_retired(what text, of_column text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the % is switched off', what
    using errcode = 'check_violation', column = of_column, hint = 'Choose another one, or have an admin switch it on again.';
end
$$;

-- AFTER: the policies have spoken. Of a new case, old is null.
create function casebase.check_choices() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if new.department_id is distinct from old.department_id
     and exists (select from public.departments d where d.id = new.department_id and not d.active)
  then
    perform casebase.refuse_retired('department', 'department_id');
  elsif new.required_specialty_id is distinct from old.required_specialty_id
     and exists (select from public.specialties s where s.id = new.required_specialty_id and not s.active)
  then
    perform casebase.refuse_retired('specialty', 'required_specialty_id');
  elsif new.stage is distinct from old.stage
     and exists (select from public.case_stages s where s.stage = new.stage and not s.active)
  then
    perform casebase.refuse_retired('stage', 'stage');
  elsif new.action_required_of is distinct from old.action_required_of
     and exists (select from public.party_types p where p.code = new.action_required_of and not p.active)
  then
    perform casebase.refuse_retired('party type', 'action_required_of');
  end if;
  return null;
end
$$;

create trigger check_choices_of_new after insert on public.cases
  for each row when (new.follow_up_of is null and new.split_from is null)
  execute function casebase.check_choices();
create trigger check_choices after update of department_id, required_specialty_id, stage, action_required_of on public.cases
  for each row execute function casebase.check_choices();

create function casebase.check_category() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from public.document_categories c where c.code = new.category and not c.active) then
    perform casebase.refuse_retired('category', 'category');
  end if;
  return null;
end
$$;

-- Another version of a document goes where the document is.
create trigger check_category after insert on public.client_documents
  for each row when (new.document_id = new.id) execute function casebase.check_category();

-- What each of them is used by, each counted to 1,000.
create function casebase.structure_uses_for_admins()
  returns table (kind text, key text, used_by text, uses bigint)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
as $$
begin
  if not casebase.is_admin() then
    raise exception 'only admins see what is used where' using errcode = 'insufficient_privilege', hint = 'Ask an admin.';
  end if;
  return query
    select 'department'::text, d.id::text, 'cases'::text, (
      select count(*) from (select from public.cases c where c.department_id = d.id limit 1000) counted)
    from public.departments d
    union all
    select 'department', d.id::text, 'staff', (
      select count(*) from (select from public.staff_departments s where s.department_id = d.id limit 1000) counted)
    from public.departments d
    union all
    select 'department', d.id::text, 'webhooks', (
      select count(*) from casebase.webhook_endpoints e where d.id = any (e.department_ids))
    from public.departments d
    union all
    select 'specialty', p.id::text, 'cases', (
      select count(*) from (select from public.cases c where c.required_specialty_id = p.id limit 1000) counted)
    from public.specialties p
    union all
    select 'specialty', p.id::text, 'staff', (
      select count(*) from (select from public.staff_specialties s where s.specialty_id = p.id limit 1000) counted)
    from public.specialties p
    union all
    select 'party_type', t.code, 'interactions', (
      select count(*)
      from (
        (select i.id from public.interactions i where i.party1_type = t.code limit 1000)
        union
        (select i.id from public.interactions i where i.party2_type = t.code limit 1000)
        limit 1000
      ) counted)
    from public.party_types t
    union all
    select 'party_type', t.code, 'cases', (
      select count(*) from (select from public.cases c where c.action_required_of = t.code limit 1000) counted)
    from public.party_types t
    union all
    select 'stage', s.stage, 'cases', (
      select count(*) from (select from public.cases c where c.stage = s.stage limit 1000) counted)
    from public.case_stages s
    union all
    select 'category', g.code, 'documents', (
      select count(*) from (select from public.client_documents f where f.category = g.code limit 1000) counted)
    from public.document_categories g;
end
$$;

create function public.structure_uses() returns table (kind text, key text, used_by text, uses bigint)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select u.kind, u.key, u.used_by, u.uses from casebase.structure_uses_for_admins() u where u.uses > 0
$$;
comment on function public.structure_uses() is
  'What departments, specialties, party types, stages and document categories are used by.

For admins.

- kind: department, specialty, party_type, stage or category.
- key: its id, code or word, as text.
- used_by: cases, staff, webhooks (endpoints that ask for it), interactions or documents.
- uses: how many, counted to 1,000.

Returns a row for each use that there is.

- 42501: the caller is no admin.';
