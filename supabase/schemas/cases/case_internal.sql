-- What staff keep about a case beside it. A table of its own: a column privilege would break `select *`.
create table public.case_internal (
  case_id    bigint      not null,
  tags       text[]      not null default '{}',
  metadata   jsonb       not null default '{}',
  updated_at timestamptz not null default now(),
  version    integer     not null default 1,
  constraint case_internal_pkey primary key (case_id),
  constraint case_internal_case_id_fkey foreign key (case_id) references public.cases (id) on delete cascade,
  constraint case_internal_tags_check check (
    cardinality(tags) <= 50
    and array_position(tags, null) is null
    and octet_length(tags::text) <= 5000
    and casebase.are_lines(tags)
  ),
  constraint case_internal_metadata_check
    check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  constraint case_internal_metadata_readable_check check (casebase.is_readable_json(metadata)),
  constraint case_internal_times_check
    check (updated_at >= '0001-01-01 00:00+00' and updated_at < '10000-01-01 00:00+00')
);
comment on table public.case_internal is
  'Tags and metadata of a case that only staff see. A case has at most one such row.

Read, added and changed by staff for the cases they see as staff; deleted by admins.

- PT409: the version that is sent is not the row''s: somebody was faster. details is the row as it is now.';
comment on column public.case_internal.case_id is 'The case (cases.id).';
comment on column public.case_internal.tags is 'The staff''s words for it; rpc/list_cases finds cases by them.';
comment on column public.case_internal.metadata is 'An object of your own, up to 16 kB.';
comment on column public.case_internal.updated_at is 'When the row was last changed.';
comment on column public.case_internal.version is
  'Counts changes. An update that sends back the version it was made from is refused where somebody was faster.';
alter table public.case_internal enable row level security;
revoke all on public.case_internal from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.case_internal
  alter column tags set statistics 0,
  alter column metadata set statistics 0;
create index case_internal_tags_idx on public.case_internal using gin (tags);
