-- Supabase's Realtime: tables of ours that it publishes, and live notices, which are on or off as a whole.
with notices as (
  select 'policy ' || p.polname || ' on realtime.messages' as part
  from pg_policy p
  where p.polrelid = to_regclass('realtime.messages')
    and p.polname in ('casebase_join', 'casebase_join_only_so', 'casebase_only_for_signed_in', 'casebase_only_from_the_database')
  union all
  select format('trigger send_notices on %s', t.tgrelid::regclass)
  from pg_trigger t
  where t.tgname = 'send_notices'
    and t.tgrelid in ('public.case_events'::regclass, 'public.cases'::regclass)
    and t.tgenabled = 'O'
)
select 'warning' as severity, format('publication %s', quote_ident(p.pubname)) as thing,
       format('has %I.%I: Realtime sends each change to those who may read the row, and of a deleted row its key to everybody who listens',
              p.schemaname, p.tablename) as problem,
       case
         when whole.puballtables then format('alter publication %I … (it is for all tables)', p.pubname)
         else format('alter publication %I drop table %I.%I', p.pubname, p.schemaname, p.tablename)
       end as mend,
       false as safe
from pg_publication_tables p
join pg_publication whole on whole.pubname = p.pubname
where p.pubname = 'supabase_realtime'
  and (format('%I.%I', p.schemaname, p.tablename) = any ($1::text[]) or p.schemaname = 'casebase')

union all
select 'error', 'live notices', format('are half on: there is only %s', string_agg(n.part, ', ' order by n.part)),
       'select casebase.enable_realtime()', false
from notices n
having count(*) between 1 and 5

union all
select 'error', 'live notices', 'are on and can''t be sent: ' || casebase.realtime_problem(), 'select casebase.disable_realtime()', false
where (select count(*) from notices) = 6
  and casebase.realtime_problem() is not null
