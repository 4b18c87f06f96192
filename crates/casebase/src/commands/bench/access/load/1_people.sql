-- A project that has been in use for three years. Run by the superuser, with how many cases it has in
-- casebase_bench.cases. Triggers and foreign keys are off, so these files write what they would have made of it.
-- Everything but keys and dates follows from numbers by hashing, so that two loads of a size are alike.

create schema casebase_bench;

create function casebase_bench.total() returns bigint
  language sql stable
as $$
  select current_setting('casebase_bench.cases')::bigint
$$;

-- A number below `below`, always the same for the same n and question.
create function casebase_bench.draw(n bigint, question bigint, below bigint) returns integer
  language sql immutable
as $$
  select ((hashint8extended(n, question) & 9223372036854775807) % below)::integer
$$;

-- A word of eight letters. The first 20 are in one title and one interaction of 20, the next 1,000 in one of 1,000.
create function casebase_bench.word(n integer) returns text
  language sql immutable
as $$
  select translate(left(md5('word ' || n), 8), '0123456789', 'ghijklmnop')
$$;

-- 2,000 clients with a member each; 50 departments with 10 people each: 8 who see the cases of two departments, 2 who
-- see what is assigned to them; 9 people who see everything, and an admin.

create table casebase_bench.people as
  select n,
         gen_random_uuid() as id,
         case when n <= 2000 then 'client'
              when n <= 2400 then 'departments'
              when n <= 2500 then 'assigned'
              when n <= 2509 then 'all'
              else 'admin'
         end as kind
  from generate_series(1, 2510) n;

insert into auth.users (id, email, aud, role)
select p.id, p.kind || p.n || '@example.com', 'authenticated', 'authenticated'
from casebase_bench.people p;

insert into public.clients (name, kind)
select 'Client ' || n, case n % 4 when 0 then 'organisation' else 'person' end
from generate_series(1, 2000) n;

insert into public.departments (name) select 'Department ' || n from generate_series(2, 50) n;

create table casebase_bench.ids as
  select (select array_agg(c.id order by c.name) from public.clients c)       as client,
         (select array_agg(d.id order by d.name) from public.departments d)   as department,
         (select array_agg(p.id order by p.n) from casebase_bench.people p)   as person;

insert into public.client_members (client_id, user_id, display_name)
select ids.client[n], ids.person[n], 'Member ' || n
from casebase_bench.ids, generate_series(1, 2000) n;

insert into public.staff_members (user_id, display_name, is_admin, scope)
select p.id, 'Staff ' || p.n, p.kind = 'admin', case p.kind when 'admin' then 'all' else p.kind end
from casebase_bench.people p
where p.kind <> 'client';

insert into public.staff_departments (user_id, department_id)
select p.id, ids.department[1 + (p.n + step) % 50]
from casebase_bench.ids, casebase_bench.people p, unnest(array[0, 17]) step
where p.kind = 'departments';

-- Indexes are built once the rows are there. Those of unique constraints stay.
create table casebase_bench.indexes as
  select i.indrelid::regclass as loaded, i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
  from pg_index i
  where i.indrelid in ('public.cases'::regclass, 'public.interactions'::regclass, 'public.case_files'::regclass,
                       'public.case_events'::regclass, 'storage.objects'::regclass,
                       'casebase.search_entries'::regclass)
    and not exists (select from pg_constraint c where c.conindid = i.indexrelid);

create procedure casebase_bench.build_indexes(of_tables regclass[])
  language plpgsql
as $$
declare
  definition text;
  loaded     regclass;
begin
  for definition in select i.definition from casebase_bench.indexes i where i.loaded = any (of_tables) loop
    execute definition;
  end loop;
  foreach loaded in array of_tables loop
    execute format('analyze %s', loaded);
  end loop;
end
$$;

do $$
declare
  name text;
begin
  for name in select i.name from casebase_bench.indexes i loop
    execute 'drop index ' || name;
  end loop;
end
$$;

analyze auth.users, public.clients, public.departments, public.client_members, public.staff_members,
        public.staff_departments;
