-- public.clients, where it is ours. A project's own table keeps the project's own grants and policies.

do $$
begin
  if not (select s.is_ours from casebase.client_source s) then
    return;
  end if;

  revoke all on public.clients from public, anon, authenticated, service_role;
  grant select, insert, update, delete on public.clients to authenticated, service_role;

  drop policy if exists read_clients on public.clients;
  drop policy if exists admins_add_clients on public.clients;
  drop policy if exists admins_edit_clients on public.clients;
  drop policy if exists admins_delete_clients on public.clients;

  -- A client member reads their own clients; staff read every client.
  create policy read_clients on public.clients for select to authenticated
    using (id = any ((select casebase.my_clients())::uuid[]) or (select casebase.is_staff()));

  -- Admins manage clients.
  create policy admins_add_clients on public.clients for insert to authenticated
    with check ((select casebase.is_admin()));
  create policy admins_edit_clients on public.clients for update to authenticated
    using ((select casebase.is_admin()))
    with check ((select casebase.is_admin()));
  create policy admins_delete_clients on public.clients for delete to authenticated
    using ((select casebase.is_admin()));
end
$$;
