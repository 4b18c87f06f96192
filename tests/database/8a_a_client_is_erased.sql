-- A client's data: all of it is found, all of it goes, and nothing of anybody else's. Its words, wherever they are written, are
-- in no column of any table when it is done.
begin;
set local client_min_messages = warning;
set local search_path = public, extensions;
-- As Storage's own API deletes.
set local storage.allow_delete_query = 'true';
select tests.world();
delete from casebase.webhook_deliveries;
delete from casebase.webhook_payloads;
insert into casebase.webhook_endpoints (url, event_types, thin)
values ('https://example.com/', '{case.*,interaction.*,internal_note.*,case_internal.*,case_file.*}', false),
       ('https://example.com/thin', '{case.*}', true);

-- Which tables have a row with it, and how many.
create function pg_temp.mentions(word text) returns text language plpgsql
as $$
declare
  target regclass;
  rows   bigint;
  found  text[] := '{}';
begin
  for target in
    select c.oid from pg_class c
    where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'casebase'::regnamespace, 'storage'::regnamespace)
    order by c.relname
  loop
    execute format('select count(*) from %s t where strpos(lower(t::text), lower($1)) > 0', target) into rows using word;
    if rows > 0 then
      found := found || format('%s %s', target, rows);
    end if;
  end loop;
  return array_to_string(found, ', ');
end
$$;

-- The client's words, in every column that takes some.
update public.clients set name = 'Zebrawort GmbH' where id = tests.id('acme')::uuid;
update public.client_members set display_name = 'Frau Zebrawort'
where user_id = (select id from tests.people where name = 'Carla');
insert into public.invitations (email, client_id, display_name) values ('a@zebrawort.example', tests.id('acme')::uuid, 'Herr Zebrawort');
create temporary table said (place serial, what text, got text, wanted text);
insert into said (what, got, wanted)
select story.person || ': ' || regexp_replace(story.statement, '\s+', ' ', 'g'), tests.does(story.person, story.statement), '1'
from (values
  ('Carla', $$insert into cases (client_id, title, description) values ('{acme}', 'Zebrawort', 'zebrawort')$$),
  ('Carla', $$select escalate_case((select max(id) from cases), 'Zebrawort!')$$),
  ('Carla', $$insert into interactions (case_id, content) select max(id), 'zebrawort' from cases$$),
  ('Alan', $$insert into internal_notes (case_id, content) select max(id), 'zebrawort' from cases$$),
  ('Alan', $$insert into case_internal (case_id, tags, metadata) select max(id), array['zebrawort'], '{"zebrawort": 1}' from cases$$),
  ('Alan', $$update cases set metadata = '{"name": "zebrawort"}', title = 'Zebrawort again' where title = 'Zebrawort'$$),
  ('Alan', $$insert into case_files (case_id, original_name, content_type, file_size)
             select max(id), 'zebrawort.pdf', 'application/pdf', 1 from cases$$),
  ('Alan', $$insert into client_documents (client_id, category, original_name, content_type, file_size)
             values ('{acme}', 'policies', 'zebrawort.pdf', 'application/pdf', 1)$$)
) story (person, statement);
insert into storage.objects (bucket_id, name, version)
select r.bucket_id, r.object_path, 'v1' from casebase.reserved_objects r where r.state = 'pending';
insert into casebase.overwritten_objects (bucket_id, object_path)
select r.bucket_id, r.object_path from casebase.reserved_objects r where r.state = 'pending' and r.object_path like '%zebrawort%' limit 1;
-- A case that is gone, and what it left: a path, and what receivers are still to be sent.
insert into public.cases (client_id, department_id, title) values (tests.id('acme')::uuid, tests.id('north')::uuid, 'Zebrawort of old');
delete from public.cases where title = 'Zebrawort of old';
insert into casebase.spent_paths (bucket_id, object_path) values ('client-bucket', tests.id('acme') || '/policies/zebrawort-old.pdf');
-- A receiver answered with what it had got.
insert into casebase.webhook_attempts (delivery_id, number, started_at, status, response)
select d.id, 1, now(), 200, p.body
from casebase.webhook_deliveries d
join casebase.webhook_payloads p on p.id = d.payload_id
where p.body like '%Zebrawort%';
-- What was answered: to members and staff, and to whoever asked about somebody else.
insert into casebase.idempotency_keys (user_id, key, asked, alive_until, expires_at, status, body)
select (select id from tests.people where name = 'Alan'), answer.key, repeat('0', 64), now(), now() + interval '1 day', 201, tests.filled(answer.body)
from (values
  ('case',        '{"id": 1, "case_id": "{number}", "title": "zebrawort"}'),
  ('interaction', '{"id": 1, "case_id":{case},"content": "zebrawort"}'),
  ('last',        '{"content": "zebrawort", "case_id": {case}}'),
  ('document',    '{"id": 1, "client_id": "{acme}", "original_name": "zebrawort.pdf"}'),
  ('other case',  '{"id": 1, "case_id": "{other number}", "title": "kept"}'),
  ('other',       '{"id": 1, "case_id": {other case}, "content": "kept"}'),
  ('no JSON',     'kept'),
  ('huge',        '{"case_id": 99999999999999999999}')
) answer (key, body);
insert into casebase.idempotency_keys (user_id, key, asked, alive_until, expires_at)
select id, case name when 'Otto' then 'case' else 'running' end, repeat('0', 64), now(), now() + interval '1 day'
from tests.people where name in ('Carla', 'Otto');

-- Another client's, of every kind that goes.
insert into said (what, got, wanted) values
  ('Otto speaks', tests.does('Otto', $$insert into interactions (case_id, content) values ({other case}, 'kept')$$), '1');
insert into casebase.webhook_attempts (delivery_id, number, started_at, status, response)
select d.id, 1, now(), 200, 'kept'
from casebase.webhook_deliveries d
join casebase.webhook_payloads p on p.id = d.payload_id
where p.case_id = tests.id('other case')::bigint
limit 1;
insert into casebase.spent_paths (bucket_id, object_path) values ('client-bucket', tests.id('other') || '/policies/kept.pdf');
insert into casebase.overwritten_objects (bucket_id, object_path) values ('client-bucket', tests.id('other') || '/policies/kept.pdf');
insert into public.invitations (email, client_id) values ('kept@example.com', tests.id('other')::uuid);

create function pg_temp.kinds(client text) returns text language sql
as $$
  select string_agg(kind || ' ' || number, ', ' order by kind)
  from (select r.kind, count(*) as number from casebase.client_records(client::uuid) r group by r.kind) counted
$$;
create temporary table other_before as
  select r.kind, r.record from tests.people p, casebase.client_records(tests.id('other')::uuid) r where p.name = 'owner';

insert into said (what, got, wanted) values
  ('the words are everywhere', pg_temp.mentions('zebrawort'),
   'case_events 6, case_files 1, case_internal 1, cases 1, client_documents 1, client_members 1, clients 1, casebase.idempotency_keys 4, interactions 1, internal_notes 1, invitations 1, storage.objects 2, casebase.overwritten_objects 1, casebase.search_entries 3, casebase.spent_paths 1, casebase.webhook_attempts 6, casebase.webhook_payloads 7'),
  ('an admin exports by what an admin sees', tests.does('Ada', $$select casebase.client_records('{acme}')$$), '42501'),
  ('and erases nobody', tests.does('Ada', $$select casebase.erase_client('{acme}', 10)$$), '42501'),
  ('nor does a service key', tests.does('service', $$select casebase.erase_client('{acme}', 10)$$), '42501'),
  ('all of it is found', regexp_replace(tests.sees('owner', $$
     select string_agg(kind || ' ' || number, ', ' order by kind)
     from (select r.kind, count(*) filter (where r.record::text ilike '%zebrawort%') as number
           from casebase.client_records('{acme}') r group by r.kind) c$$), '', ''),
   'case_events 6, case_files 1, case_internal 1, cases 1, client_documents 1, client_members 1, clients 1, idempotency_keys 4, interactions 1, internal_notes 1, invitations 1, objects 2, overwritten_objects 1, spent_paths 1, webhook_payloads 7'),
  ('no row of somebody else''s', tests.sees('owner', $$
     select count(*) from casebase.client_records('{acme}') r where r.record::text like '%{other}%'$$), '0'),
  ('nor a claim', tests.sees('owner', $$select count(*) from casebase.client_records('{acme}') r where r.record ? 'claim'$$), '0');

-- An object is no row's to take along.
insert into said (what, got, wanted) values
  ('while the objects are there', tests.does('owner', $$select casebase.erase_client('{acme}', 10)$$), 'PT409');
delete from storage.objects o where o.name like tests.id('acme') || '/%' and o.name like '%/cases/%';
insert into said (what, got, wanted) values
  ('one case at a time', tests.sees('owner', $$select casebase.erase_client('{acme}', 1)$$), 'false'),
  ('the first is gone', tests.sees('owner', $$select count(*) from cases where client_id = '{acme}'$$), '2'),
  ('and nobody acts for it', tests.sees('owner', $$select count(*) from client_members where client_id = '{acme}'$$), '0'),
  ('then the others', tests.sees('owner', $$select casebase.erase_client('{acme}', 10)$$), 'false'),
  ('the documents'' objects are there', tests.does('owner', $$select casebase.erase_client('{acme}', 10)$$), 'PT409');
delete from storage.objects o where o.name like tests.id('acme') || '/%';
-- In a bucket of the project's own, nothing is ours.
insert into storage.buckets (id, name) values ('own', 'own');
insert into storage.objects (bucket_id, name) values ('own', tests.id('acme') || '/kept.pdf');
update casebase.client_source set is_ours = false;
insert into said (what, got, wanted) values
  ('the rest', tests.sees('owner', $$select casebase.erase_client('{acme}', 10)$$), 'true'),
  ('a table of the project''s own keeps its row', pg_temp.mentions('zebrawort'), 'clients 1');
update casebase.client_source set is_ours = true;
insert into said (what, got, wanted) values
  ('ours goes', tests.sees('owner', $$select casebase.erase_client('{acme}', 10)$$), 'true'),
  ('no word is left', pg_temp.mentions('zebrawort'), ''),
  ('what is left is the ids that receivers are sent',
   regexp_replace(pg_temp.mentions(tests.id('acme')), '\d+$', 'some'), 'storage.objects 1, casebase.webhook_payloads some'),
  ('nothing is found any more', pg_temp.kinds(tests.id('acme')), null);
update casebase.webhook_payloads set scrubbed_at = '2020-01-01' where scrubbed_at is not null;
insert into said (what, got, wanted) values
  ('once more is as good', tests.sees('owner', $$select casebase.erase_client('{acme}', 10)$$), 'true');
insert into said (what, got, wanted) values
  ('receivers hear that the cases are gone',
   (select count(distinct p.case_id)::text from casebase.webhook_payloads p where p.type = 'case.deleted' and p.body like '%erased%'), '4'),
  ('nobody else lost anything', (
    select count(*)::text
    from (
      (table other_before except all select r.kind, r.record from casebase.client_records(tests.id('other')::uuid) r)
      union all
      (select r.kind, r.record from casebase.client_records(tests.id('other')::uuid) r except all table other_before)
    ) changed), '0'),
  ('nor what else was answered', (
    select string_agg(k.key, ', ' order by k.key) from casebase.idempotency_keys k), 'case, huge, no JSON, other, other case, running'),
  ('nor did what another''s receiver answered', (
    select string_agg(a.response, ', ') from casebase.webhook_attempts a where a.response is not null), 'kept'),
  ('what was erased stays as it was', (
    select (count(*) filter (where p.scrubbed_at = '2020-01-01') = count(*))::text
    from casebase.webhook_payloads p where p.body like '%erased%'), 'true'),
  ('a client that isn''t there', tests.sees('owner', $$select casebase.erase_client(gen_random_uuid(), 10)$$), 'true');

select plan((select count(*)::integer from said));
select is(got, wanted, what) from said order by place;
select * from finish();
rollback;
