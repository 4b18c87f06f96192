-- The cases whose next move is ours and late. What makes them so is cases.due_at, written as its index has it.
create view public.overdue_cases with (security_invoker = true) as
  select c.* from public.cases c where coalesce(c.due_at, 'infinity'::timestamptz) < now();
comment on view public.overdue_cases is
  'The cases that the caller sees whose next move is late. A case that waits for its client is not overdue.';
revoke all on public.overdue_cases from public, anon, authenticated, service_role;
