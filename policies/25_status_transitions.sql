-- public.status_transitions: the migrations alone write them.

revoke all on public.status_transitions from public, anon, authenticated, service_role;
grant select on public.status_transitions to authenticated, service_role;

drop policy if exists read_status_transitions on public.status_transitions;

-- Client members and staff read them: a frontend shows what can be done.
create policy read_status_transitions on public.status_transitions for select to authenticated
  using ((select casebase.is_known()));
