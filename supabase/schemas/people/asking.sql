-- Who is asking. These are plpgsql because a session keeps their plans; those that read tables are SECURITY DEFINER,
-- because policies on these tables call them. None takes a user's id from its caller. Every statement under a policy
-- pays for some of them, so each runs as few queries as it can.

-- auth.uid() raises when the subject is no uuid (a third party's token). On storage.objects that would break
-- every bucket of the project, so the subject is read with care; and from where auth.jwt() reads it, because as an
-- expression of its own that takes a third of the time.
create function casebase.caller_id() returns uuid
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
exception
  when data_exception or program_limit_exceeded then
    return null;
end
$$;

-- 'admin', or the scope of a member of staff, or null. The lesser of claim and row: the token must say so and the
-- row must still be active. A token that PostgreSQL can't read claims nothing: Realtime asks policies for every subscriber's,
-- and one that raises stops it for all of them (supabase/realtime #2093).
create function casebase.staff_standing() returns text
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  claimed text;
  person  uuid;
begin
  claimed := nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'case_role';
  if claimed is null or claimed not in ('staff', 'admin') then
    return null;
  end if;
  person := casebase.caller_id();
  return (
    select case when s.is_admin and claimed = 'admin' then 'admin' else s.scope end
    from public.staff_members s
    where s.user_id = person
      and s.active
  );
exception
  when data_exception or program_limit_exceeded then
    return null;
end
$$;

create function casebase.is_staff() returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return casebase.staff_standing() is not null;
end
$$;

create function casebase.is_admin() returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(casebase.staff_standing() = 'admin', false);
end
$$;

-- The caller's id where they are staff, to compare with assigned_to.
create function casebase.staff_id() returns uuid
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if casebase.staff_standing() is null then
    return null;
  end if;
  return casebase.caller_id();
end
$$;

-- The departments whose cases the caller sees. An admin and staff of scope "all" get every one, so that a policy
-- needs no arm that no index serves.
create function casebase.my_departments() returns uuid[]
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  standing text := casebase.staff_standing();
  person   uuid;
begin
  if standing in ('admin', 'all') then
    return array(select d.id from public.departments d);
  elsif standing = 'departments' then
    person := casebase.caller_id();
    return array(select s.department_id from public.staff_departments s where s.user_id = person);
  end if;
  return '{}'::uuid[];
end
$$;

-- The clients that the caller is a member of, whatever the token claims.
create function casebase.my_clients() returns uuid[]
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid := casebase.caller_id();
begin
  return array(select m.client_id from public.client_members m where m.user_id = person);
end
$$;

-- Staff, or a member of some client: whoever has any business here.
create function casebase.is_known() returns boolean
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return casebase.staff_standing() is not null
    or exists (select from public.client_members m where m.user_id = casebase.caller_id());
end
$$;

-- How a person is called, for the history and for whoever may read them. Its callers have their owner's rights, and
-- check who asks.
create function casebase.person_name(person uuid, for_client uuid) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(
    (select s.display_name from public.staff_members s where s.user_id = person),
    (select m.display_name
     from public.client_members m
     where m.user_id = person
     order by m.client_id = for_client desc
     limit 1)
  );
end
$$;
