-- Nine of ten cases are resolved, the others among the newest tenth; seven of ten are assigned, within the department.

insert into public.cases (
  client_id, department_id, title, description, status, priority, assigned_to, created_by, created_at, updated_at,
  resolved_at
)
select ids.client[1 + of_client],
       ids.department[1 + in_department],
       concat_ws(' ', 'Case of', to_char(opened, 'YYYY-MM-DD') || ':', casebase_bench.word(casebase_bench.draw(n, 7, 20)),
                 casebase_bench.word(20 + casebase_bench.draw(n, 8, 1000)), md5(n::text)),
       repeat('What happened, in a few sentences, as people write it. ', 1 + n::integer % 6),
       status,
       coalesce((array['urgent', 'high', 'high', 'high', 'low', 'low', 'low'])[1 + casebase_bench.draw(n, 3, 20)], 'medium'),
       case when casebase_bench.draw(n, 4, 10) < 7
         then ids.person[2001 + (in_department + 49) % 50 + 50 * casebase_bench.draw(n, 5, 10)]
       end,
       ids.person[1 + of_client],
       opened,
       opened + interval '3 days',
       case status when 'resolved' then opened + interval '3 days' end
from casebase_bench.ids,
     generate_series(1, casebase_bench.total()) n,
     lateral (
       select now() - interval '3 years' * (1 - n::double precision / casebase_bench.total()) as opened,
              casebase_bench.draw(n, 1, 2000) as of_client,
              casebase_bench.draw(n, 2, 50)   as in_department,
              case when n <= casebase_bench.total() * 0.9 then 'resolved'
                   when casebase_bench.draw(n, 6, 2) = 0 then 'open'
                   else 'in_progress'
              end as status
     ) drawn;

-- Each has the beginning of a history.
insert into public.case_events (case_id, seq, type, actor_name, visible_to_client, data)
select n, 1, 'case.created', 'Member', true,
       jsonb_build_object('case_id', 'CASE-' || lpad(n::text, greatest(4, length(n::text)), '0'), 'case', n,
                          'client_id', ids.client[1 + casebase_bench.draw(n, 1, 2000)])
from casebase_bench.ids, generate_series(1, casebase_bench.total()) n;

insert into casebase.case_counters (case_id, last_seq)
select n, 1 from generate_series(1, casebase_bench.total()) n;

call casebase_bench.build_indexes(array['public.cases', 'public.case_events', 'casebase.case_counters']::regclass[]);
