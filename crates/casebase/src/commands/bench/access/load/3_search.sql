-- What the triggers would have written, in the order of time.

insert into casebase.search_entries (case_id, source, source_id, shown, words)
select c.id as case_id, 'case', c.id, true, casebase.case_words(c.id, c.title, c.description)
from public.cases c
union all
select i.case_id, 'interaction', i.id, i.visible_to_client, setweight(casebase.search_words(i.content), 'C')
from public.interactions i
union all
select f.case_id, 'file', f.id, f.visible_to_client, setweight(casebase.search_words(f.original_name), 'B')
from public.case_files f
order by case_id;

call casebase_bench.build_indexes(array['casebase.search_entries']::regclass[]);
