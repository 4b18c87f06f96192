-- The custom access token hook writes app_metadata.case_role at sign-in, after whoever was invited has become what the
-- invitation says. It must never keep anybody from signing
-- in: whatever is unexpected, the event goes back as it came, a lock on our tables (a migration) included: it gives up
-- waiting before Auth gives up on it. A host's own hook may call it.
-- When it last answered, in milliseconds since 1970. No table: whoever signs in at the same time would wait for its row.
create sequence casebase.hook_answered_at minvalue 0 start 0;
revoke all on sequence casebase.hook_answered_at from public, anon, authenticated, service_role;

create function casebase.custom_access_token_hook(event jsonb) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  person    uuid;
  case_role text;
  metadata  jsonb;
begin
  person := (event ->> 'user_id')::uuid;
  begin
    perform setval('casebase.hook_answered_at', (extract(epoch from clock_timestamp()) * 1000)::bigint);
    perform casebase.accept_invitations(person);
  exception
    when query_canceled or others then
      -- An invitation that can't be kept leaves them what they were.
  end;
  case_role := coalesce(
    (select case when s.is_admin then 'admin' else 'staff' end
     from public.staff_members s
     where s.user_id = person and s.active),
    (select 'client' from public.client_members m where m.user_id = person limit 1)
  );
  if case_role is null or pg_catalog.jsonb_typeof(event -> 'claims') is distinct from 'object' then
    return event;
  end if;
  metadata := coalesce(nullif(event -> 'claims' -> 'app_metadata', 'null'), '{}');
  if pg_catalog.jsonb_typeof(metadata) <> 'object' then
    return event;
  end if;
  return pg_catalog.jsonb_set(
    event, '{claims,app_metadata}', metadata || pg_catalog.jsonb_build_object('case_role', case_role));
exception
  when query_canceled or others then
    return event;
end
$$;
comment on function casebase.custom_access_token_hook(jsonb) is
  'The custom access token hook: accepts invitations, and writes the claim app_metadata.case_role: admin, staff or client.

Who is an active member of staff gets admin or staff, else who is a client''s member gets client; for everybody else, and whenever anything is unexpected, the event goes back as it came. It never raises, so it keeps nobody from signing in.

For Supabase Auth, which calls it at each sign-in and token refresh once it is switched on (Authentication > Hooks); a project that has a hook calls this one from its own.

- event: Auth''s event, {"user_id", "claims", …}.

Returns the event, with the claim.';
