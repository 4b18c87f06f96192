-- The first admin: run by the project's owner, once, e.g. in the SQL editor.
create function casebase.make_admin(email text) returns uuid
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  person       uuid;
  is_confirmed boolean;
begin
  select u.id, u.email_confirmed_at is not null into person, is_confirmed
  from auth.users u
  where lower(u.email) = lower(make_admin.email)
    and u.deleted_at is null
  order by u.email_confirmed_at is null, u.is_sso_user
  limit 1;
  if person is null then
    raise exception 'nobody has signed up as %', make_admin.email
      using errcode = 'no_data_found', hint = 'Sign up first, then run this again.';
  elsif not is_confirmed then
    -- Whoever signed up with it may not be whose address it is.
    raise exception '% has not been confirmed', make_admin.email
      using errcode = 'no_data_found', hint = 'Follow the link in the confirmation mail first, then run this again.';
  end if;
  insert into public.staff_members (user_id, display_name, is_admin, scope)
  values (person, split_part(make_admin.email, '@', 1), true, 'all')
  on conflict (user_id) do update set is_admin = true, scope = 'all', active = true;
  return person;
end
$$;
comment on function casebase.make_admin(text) is
  'Makes the user with this confirmed e-mail address an admin. It takes effect at their next sign-in or token refresh.

For the project''s owner, in SQL (the API does not expose it): the first admin is made so, and then invites the others.

- email: the address, in any case.

Returns the id of the user.

- P0002: nobody has signed up with it, or the address has not been confirmed.';
