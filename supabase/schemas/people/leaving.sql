-- Who leaves the staff leaves no open case behind.

-- In one transaction, under the caller's own policies. The cases first: an admin who leaves is none afterwards.
create function public.deactivate_staff_member(user_id uuid, hand_over_to uuid default null) returns integer
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  theirs bigint[];
begin
  if row_security_active('public.staff_members') and not casebase.is_admin() then
    raise exception 'only admins switch staff off' using errcode = 'insufficient_privilege', hint = 'Ask an admin.';
  elsif hand_over_to = deactivate_staff_member.user_id then
    raise exception 'who is switched off can''t have the cases'
      using errcode = 'invalid_parameter_value', column = 'hand_over_to', hint = 'Name somebody else, or nobody.';
  end if;
  -- Nobody assigns them another one meanwhile: check_assignee reads this row.
  perform from public.staff_members s where s.user_id = deactivate_staff_member.user_id for no key update;
  if not found then
    raise exception 'there is no such member of staff' using errcode = 'PT404', detail = 'user_id';
  end if;
  theirs := array(
    select c.id
    from public.cases c
    where c.assigned_to = deactivate_staff_member.user_id
      and c.status in ('open', 'in_progress', 'waiting')
    order by c.id
    for no key update
  );
  update public.cases c set assigned_to = hand_over_to where c.id = any (theirs);
  update public.staff_members s set active = false where s.user_id = deactivate_staff_member.user_id;
  return cardinality(theirs);
end
$$;
comment on function public.deactivate_staff_member(uuid, uuid) is
  'Switches a member of staff off, and gives their open cases to somebody else, or to nobody, in one step.

Cases that are resolved or closed stay theirs. Their invitations that are still open end.

For admins.

- user_id: who is switched off (staff_members.user_id).
- hand_over_to: who gets their open cases (staff_members.user_id); null: nobody, so that anybody can take them.

Returns how many cases that were.

- 42501: the caller is no admin.
- PT404: there is no such member of staff.
- PT409: they are the last active admin.
- 22023: hand_over_to is who is switched off.
- 23514: hand_over_to is no active member of staff.';
