-- public.party_types: the parties of an interaction.

revoke all on public.party_types from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.party_types to authenticated, service_role;

drop policy if exists read_party_types on public.party_types;
drop policy if exists admins_add_party_types on public.party_types;
drop policy if exists admins_edit_party_types on public.party_types;
drop policy if exists admins_delete_party_types on public.party_types;

-- Client members and staff read the names.
create policy read_party_types on public.party_types for select to authenticated
  using ((select casebase.is_known()));

-- Admins manage party types. Two stay: the database writes them itself.
create policy admins_add_party_types on public.party_types for insert to authenticated
  with check ((select casebase.is_admin()));
create policy admins_edit_party_types on public.party_types for update to authenticated
  using ((select casebase.is_admin()))
  with check ((select casebase.is_admin()));
create policy admins_delete_party_types on public.party_types for delete to authenticated
  using ((select casebase.is_admin())
    and code not in ('ARGAN', 'CLIENT'));
