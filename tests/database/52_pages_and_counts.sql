-- rpc/my_newest_cases and rpc/my_case_counts say what the policy says, a page or a number at a time.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
select tests.world();
-- Cases of every status and priority: Acme's and Other Ltd's, in North and South, Asta's and nobody's; four at a time made at
-- the same moment.
insert into cases (client_id, department_id, title, status, priority, assigned_to, created_at)
select tests.id(c)::uuid, tests.id(d)::uuid, 't', s, p, case when asta then tests.filled('{Asta}')::uuid end, now() - moment * interval '1 minute'
from (select c, d, s, p, asta, (row_number() over (order by md5(c || d || s || p || asta)) - 1) / 4 as moment
      from unnest(array['acme', 'other']) c, unnest(array['north', 'south']) d, unnest(array['open', 'in_progress', 'resolved']) s,
           unnest(array['low', 'medium', 'high', 'urgent']) p, unnest(array[true, false]) asta) all_of_them;
create temporary table people (who text, sees text);
insert into people values ('Ada', '99'), ('Alan', '99'), ('Dora', '50'), ('Asta', '49'), ('Sam', '75'), ('Carla', '50'), ('Otto', '49'), ('Ivan', '0'), ('Nemo', '0');
select plan(9 * 6);

select is(tests.sees(who, 'select count(*) from cases'), sees, who || ' sees ' || sees) from people;

-- Seven at a time, from the newest on; there are fewer than twenty pages.
create function pg_temp.paged(who text, narrowed text) returns text language sql
as $$
  select tests.sees(who, format($q$
    with recursive pages (ids, last_time, last_id, n) as (
      select null::bigint[], null::timestamptz, null::bigint, 0
      union all
      select page.ids, page.last_time, page.last_id, n + 1
      from pages, lateral (
        select array_agg(c.id order by c.created_at desc, c.id desc) as ids, min(c.created_at) as last_time,
               (array_agg(c.id order by c.created_at, c.id))[1] as last_id
        from my_newest_cases(7, pages.last_time, pages.last_id %s) c) page
      where page.ids is not null and n < 20
    )
    select coalesce(string_agg(array_to_string(ids, ' '), ' ' order by n), 'none') from pages$q$, narrowed))
$$;
create function pg_temp.listed(who text, condition text) returns text language sql
as $$ select tests.sees(who, format($q$select coalesce(string_agg(id::text, ' ' order by created_at desc, id desc), 'none') from cases where %s$q$, condition)) $$;

select is(pg_temp.paged(who, ''), pg_temp.listed(who, 'true'), who || ' turns every page once, in order') from people;
select is(pg_temp.paged(who, ', status => ''open'''), pg_temp.listed(who, 'status = ''open'''), who || ': of a status') from people;
select is(pg_temp.paged(who, ', priority => ''high'''), pg_temp.listed(who, 'priority = ''high'''), who || ': of a priority') from people;
select is(pg_temp.paged(who, ', status => ''resolved'', priority => ''urgent'''), pg_temp.listed(who, 'status = ''resolved'' and priority = ''urgent'''),
  who || ': of both') from people;
select is(
  tests.sees(who, $$select string_agg(row(status, priority, count)::text, ' ' order by status, priority) from my_case_counts()$$),
  tests.sees(who, $$select string_agg(row(status, priority, count)::text, ' ' order by status, priority)
    from (select status, priority, count(*) from cases group by status, priority) c$$), who || ' counts them') from people;

select * from finish();
rollback;
