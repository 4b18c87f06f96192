-- Rows enough that a statement re-checks several, and everybody who sees some of them and not others. Ids can be told
-- by their looks. The rules are away (session_replication_role): rows come in any state that the tables allow.
set session_replication_role = replica;

create schema crowd;
create table crowd.people (
  name      text,
  id        uuid,
  case_role text
);
insert into crowd.people values
  ('Ada',   '00000000-0000-0000-0000-0000000000a1', 'admin'),  -- admin
  ('Alan',  '00000000-0000-0000-0000-0000000000a2', 'staff'),  -- scope all
  ('Dora',  '00000000-0000-0000-0000-0000000000a3', 'staff'),  -- scope departments: North
  ('Asta',  '00000000-0000-0000-0000-0000000000a4', 'staff'),  -- scope assigned
  ('Sam',   '00000000-0000-0000-0000-0000000000a5', 'staff'),  -- scope departments: South; member of the first client
  ('Carla', '00000000-0000-0000-0000-0000000000a6', 'client'), -- member of the first client
  ('Otto',  '00000000-0000-0000-0000-0000000000a7', 'client'), -- member of the second
  ('Nemo',  '00000000-0000-0000-0000-0000000000a8', null);     -- nobody

-- What another writer leaves, by chance.
create function crowd.chance(probability float) returns boolean language sql volatile
as $$ select random() < probability $$;
create function crowd.somebody() returns uuid language sql volatile
as $$ select id from (select id from crowd.people union all select null) p order by random() limit 1 $$;
create function crowd.state() returns text language sql volatile
as $$ select (array['pending', 'uploaded', 'available', 'deleting'])[1 + floor(random() * 4)::int] $$;
create function crowd.department() returns uuid language sql volatile
as $$ select id from public.departments where not is_default order by random() limit 1 $$;

insert into auth.users (id, email, aud, role)
select p.id, p.name || '@crowd.example', 'authenticated', 'authenticated' from crowd.people p;
insert into public.clients (id, name) values
  ('00000000-0000-0000-0000-0000000000c1', 'First'),
  ('00000000-0000-0000-0000-0000000000c2', 'Second');
insert into public.departments (id, name) values
  ('00000000-0000-0000-0000-0000000000d1', 'North'),
  ('00000000-0000-0000-0000-0000000000d2', 'South');
insert into public.staff_members (user_id, display_name, is_admin, scope)
select p.id, p.name, p.name = 'Ada', case p.name when 'Asta' then 'assigned' when 'Dora' then 'departments' when 'Sam' then 'departments' else 'all' end
from crowd.people p
where p.case_role in ('staff', 'admin');
insert into public.staff_departments (user_id, department_id) values
  ('00000000-0000-0000-0000-0000000000a3', '00000000-0000-0000-0000-0000000000d1'),
  ('00000000-0000-0000-0000-0000000000a5', '00000000-0000-0000-0000-0000000000d2');
insert into public.specialties (name) values ('Payroll'), ('Pensions'), ('Contracts');
insert into public.staff_specialties (user_id, specialty_id)
select m.user_id, s.id from public.staff_members m, public.specialties s;
insert into public.client_members (client_id, user_id, display_name) values
  ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a5', 'Sam'),
  ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a6', 'Carla'),
  ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a7', 'Otto');
insert into casebase.webhook_endpoints (url)
select 'https://receiver.example/' || n from generate_series(1, 3) n;

-- Each client's cases in each department, one of them Asta's.
insert into public.cases (client_id, department_id, title, assigned_to)
select c.id, d.id, 'A case', case when n = 1 then '00000000-0000-0000-0000-0000000000a4'::uuid end
from public.clients c, public.departments d, generate_series(1, 2) n
where not d.is_default
order by c.id, d.id, n;
insert into public.case_internal (case_id) select c.id from public.cases c;
insert into public.internal_notes (case_id, content)
select c.id, 'A note' from public.cases c, generate_series(1, 3);
insert into public.interactions (case_id, party1_name, party1_type, party2_name, party2_type, content)
select c.id, 'A', 'ARGAN', 'B', 'CLIENT', 'Words' from public.cases c, generate_series(1, 4);
insert into public.case_files (case_id, file_name, original_name, content_type, file_size, bucket_id, object_path, sha256, object_version)
select c.id, 'f-' || n, 'f', 'text/plain', 1, 'client-bucket', c.client_id || '/cases/' || c.case_id || '/f-' || n, repeat('a', 64), 'v1'
from public.cases c, generate_series(1, 4) n;
insert into public.client_documents (client_id, category, file_name, original_name, content_type, file_size, bucket_id, object_path, sha256, object_version)
select c.id, 'policies', 'd-' || n, 'd', 'text/plain', 1, 'client-bucket', c.id || '/policies/d-' || n, repeat('a', 64), 'v1'
from public.clients c, generate_series(1, 4) n;
update public.client_documents set document_id = id;
insert into storage.objects (bucket_id, name, version)
select r.bucket_id, r.object_path, 'v1' from casebase.reserved_objects r;
-- A bucket of the project's own, and a policy that forgets to name it.
insert into storage.buckets (id, name) values ('theirs', 'theirs');
insert into storage.objects (bucket_id, name, version) select 'theirs', n::text, 'v1' from generate_series(1, 4) n;
create policy of_the_host on storage.objects for all to authenticated using (true) with check (true);

analyze;
set session_replication_role = origin;
