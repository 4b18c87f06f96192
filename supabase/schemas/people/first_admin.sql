-- The first admin: run by the project's owner, once, e.g. in the SQL editor.
create function casebase.make_admin(email text) returns uuid
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid;
begin
  select u.id into person
  from auth.users u
  where pg_catalog.lower(u.email) = pg_catalog.lower(make_admin.email)
  order by u.is_sso_user
  limit 1;
  if person is null then
    raise exception 'nobody has signed up as %', make_admin.email
      using errcode = 'no_data_found', hint = 'Sign up first, then run this again.';
  end if;
  insert into public.staff_members (user_id, display_name, is_admin, scope)
  values (person, pg_catalog.split_part(make_admin.email, '@', 1), true, 'all')
  on conflict (user_id) do update set is_admin = true, scope = 'all', active = true;
  return person;
end
$$;
comment on function casebase.make_admin(text) is
  'Makes the user with this e-mail an admin. For the project''s owner only. Takes effect at their next sign-in or token refresh.';
