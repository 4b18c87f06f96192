-- Who the caller is, and what keeps them from being it. Staff rights need the token to say so, which the access token
-- hook writes: without it a desk would be empty, and nobody would know why.
create function casebase.access_problem() returns text
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if casebase.staff_standing() is null
     and exists (select from public.staff_members s where s.user_id = casebase.caller_id() and s.active)
  then
    return 'You are on the staff, and your token does not say so. Sign in again; if that changes nothing, the access token '
           'hook casebase.custom_access_token_hook is not switched on (Authentication > Hooks).';
  end if;
  return null;
end
$$;

create function public.my_access(out standing text, out is_client boolean, out problem text, out may_register boolean, out live boolean)
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  standing := casebase.staff_standing();
  is_client := cardinality(casebase.my_clients()) > 0;
  problem := casebase.access_problem();
  may_register := (casebase.registration_problem()).message is null;
  live := exists (
    select from pg_catalog.pg_trigger t where t.tgrelid = 'public.case_events'::regclass and t.tgname = 'send_notices');
end
$$;
comment on function public.my_access() is
  'Who the caller is, and what keeps them from being it.

For everybody who is signed in.

- standing: admin; or the scope of a member of staff: all, departments or assigned; or null: no staff.
- is_client: whether they are a member of some client.
- problem: what keeps them from being staff, in a sentence, e.g. that the access token hook is not switched on; null: nothing.
- may_register: whether rpc/register would make them a client.
- live: whether live notices are switched on (docs/operate.md).

Returns one row.';
