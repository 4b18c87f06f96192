-- The cases whose next move is ours and late. What makes them so is cases.due_at, written as its index has it.
create view public.overdue_cases with (security_invoker = true) as
  select c.* from public.cases c where coalesce(c.due_at, 'infinity'::timestamptz) < now();
comment on view public.overdue_cases is
  'The cases that the caller sees whose next move is late (cases.due_at). A case that waits for its client is not overdue.

Read by whoever sees the case.';
revoke all on public.overdue_cases from public, anon, authenticated, service_role;

-- What its columns mean is what those of cases mean.
do $$
declare
  said record;
begin
  for said in
    select a.attname, pg_catalog.col_description(a.attrelid, a.attnum) as words
    from pg_catalog.pg_attribute a
    where a.attrelid = 'public.cases'::regclass
      and a.attnum > 0
      and not a.attisdropped
  loop
    execute pg_catalog.format('comment on column public.overdue_cases.%I is %L', said.attname, said.words);
  end loop;
end
$$;
