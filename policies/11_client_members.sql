-- public.client_members: who acts for which client.

revoke all on public.client_members from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.client_members to authenticated, service_role;

drop policy if exists read_client_members on public.client_members;
drop policy if exists admins_add_client_members on public.client_members;
drop policy if exists admins_edit_client_members on public.client_members;
drop policy if exists admins_delete_client_members on public.client_members;

-- Staff read members. Clients read names through rpc/case_people, their own clients through rpc/my_clients.
create policy read_client_members on public.client_members for select to authenticated
  using ((select casebase.is_staff()));

-- Admins manage client members.
create policy admins_add_client_members on public.client_members for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_client_members on public.client_members for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_client_members on public.client_members for delete to authenticated
  using ((select casebase.is_admin()));
