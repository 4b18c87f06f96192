-- Three to a case, each lying apart from the others; the client sees two.

insert into public.interactions (
  case_id, party1_name, party1_type, party2_name, party2_type, content, visible_to_client, created_by, created_at,
  updated_at
)
select case_number,
       'Party ' || n % 1000, (array['CLIENT', 'ARGAN', 'ARGAN'])[1 + round],
       'Party ' || n % 700, (array['ARGAN', 'CLIENT', 'CONTRACTOR'])[1 + round],
       repeat('What was said, and what the other side answered to it. ', 1 + n::integer % 3)
         || casebase_bench.word(casebase_bench.draw(n, 9, 20)) || ' ' || casebase_bench.word(20 + casebase_bench.draw(n, 10, 1000)),
       round < 2,
       ids.person[1 + casebase_bench.draw(case_number, 1, 2000)],
       said,
       said
from casebase_bench.ids,
     generate_series(0, 3 * casebase_bench.total() - 1) n,
     lateral (select 1 + n % casebase_bench.total() as case_number, (n / casebase_bench.total())::integer as round) which,
     lateral (
       select now() - interval '3 years' * (1 - case_number::double precision / casebase_bench.total())
                + interval '1 day' * round as said
     ) drawn;

call casebase_bench.build_indexes(array['public.interactions']::regclass[]);
