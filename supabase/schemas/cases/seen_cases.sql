-- How the caller sees a case: as staff, or else as a client; no row where they don't see it, for cases is read under its
-- own policy. The policies of what hangs on a case ask here, in the one form that policies/README.md tells: any other
-- can crash the server.
create view casebase.seen_cases with (security_invoker = true) as
  select c.id,
         case
           when c.department_id = any ((select casebase.my_departments())::uuid[])
             or c.assigned_to = (select casebase.staff_id())
           then 'staff'
           else 'client'
         end as seen_as
  from public.cases c;
revoke all on casebase.seen_cases from public, anon, authenticated, service_role;
