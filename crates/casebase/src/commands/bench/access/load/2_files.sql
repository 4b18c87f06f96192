-- A file to a case, every second one for the client to see, some internal ones to the case's first interaction. And
-- a bucket of the project's own with a tenth as many objects, which everybody signed in may read.

create table casebase_bench.files as
  select n,
         visible,
         interaction_id,
         case when visible then 'client-bucket' else 'admin-bucket' end as bucket_id,
         'CASE-' || number || coalesce('-interaction-' || interaction_id, '') || '-1700000000-report.pdf' as file_name,
         ids.client[1 + casebase_bench.draw(n, 1, 2000)] || '/cases/CASE-' || number || '/' as folder,
         ids.person[1 + casebase_bench.draw(n, 1, 2000)] as person,
         md5('version' || n) as version,
         now() - interval '3 years' * (1 - n::double precision / casebase_bench.total()) as uploaded_at
  from casebase_bench.ids,
       generate_series(1, casebase_bench.total()) n,
       lateral (
         select n % 2 = 1 as visible,
                lpad(n::text, greatest(4, length(n::text)), '0') as number,
                case when n % 4 = 0 then n end as interaction_id
       ) drawn;

insert into public.case_files (
  case_id, interaction_id, file_name, file_size, uploaded_at, uploaded_by, original_name, content_type,
  visible_to_client, bucket_id, object_path, state, object_version, sha256
)
select n, interaction_id, file_name, 20000 + n % 100000, uploaded_at, person, 'report.pdf', 'application/pdf',
       visible, bucket_id, folder || file_name, 'available', version, repeat(version, 2)
from casebase_bench.files;

insert into storage.objects (bucket_id, name, owner, owner_id, created_at, updated_at, last_accessed_at, version, metadata)
select bucket_id, folder || file_name, person, person::text, uploaded_at, uploaded_at, uploaded_at, version,
       jsonb_build_object('eTag', version, 'size', 20000 + n % 100000, 'mimetype', 'application/pdf')
from casebase_bench.files;

drop table casebase_bench.files;

insert into storage.buckets (id, name, public) values ('avatars', 'avatars', false);

create policy everybody_reads_avatars on storage.objects for select to authenticated
  using (bucket_id = 'avatars');

insert into storage.objects (bucket_id, name, version, metadata)
select 'avatars', md5(n::text) || '/face.png', md5(n::text), '{"size": 1000, "mimetype": "image/png"}'
from generate_series(1, casebase_bench.total() / 10) n;

call casebase_bench.build_indexes(array['public.case_files', 'storage.objects']::regclass[]);
