-- public.invitations: who becomes what when they sign in.

revoke all on public.invitations from public, anon, authenticated, service_role;
revoke all on sequence public.invitations_id_seq from public, anon, authenticated, service_role;
grant select, delete on public.invitations to authenticated;
grant insert (email, client_id, display_name, is_admin, scope, department_ids, expires_at) on public.invitations to authenticated;
grant select, insert, update, delete on public.invitations to service_role;

drop policy if exists admins_read_invitations on public.invitations;
drop policy if exists admins_add_invitations on public.invitations;
drop policy if exists admins_delete_invitations on public.invitations;

-- Admins manage people.
create policy admins_read_invitations on public.invitations for select to authenticated
  using ((select casebase.is_admin()));
create policy admins_add_invitations on public.invitations for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_delete_invitations on public.invitations for delete to authenticated
  using ((select casebase.is_admin()));
