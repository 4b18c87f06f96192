-- What an admin decides for the whole project. One row.
create table public.case_settings (
  only_row              boolean not null default true,
  registration_open     boolean not null default false,
  cases_per_hour        integer default 60,
  interactions_per_hour integer default 600,
  bytes_per_client      bigint,
  constraint case_settings_pkey primary key (only_row),
  constraint case_settings_only_row_check check (only_row),
  constraint case_settings_cases_per_hour_check check (cases_per_hour between 0 and 1000000),
  constraint case_settings_interactions_per_hour_check check (interactions_per_hour between 0 and 1000000),
  constraint case_settings_bytes_per_client_check check (bytes_per_client >= 0)
);
comment on table public.case_settings is
  'What an admin decides for the whole project. One row.

Read by client members and staff; changed by admins.';
comment on column public.case_settings.only_row is 'Always true: there is one row.';
comment on column public.case_settings.registration_open is
  'Whether somebody whose e-mail address is confirmed may make themselves a client: rpc/register.';
comment on column public.case_settings.cases_per_hour is
  'How many cases the members of one client may open in an hour; null: as many as they like.';
comment on column public.case_settings.interactions_per_hour is
  'How many interactions the members of one client may add in an hour; null: as many as they like.';
comment on column public.case_settings.bytes_per_client is
  'How many bytes the files and documents of one client may have in all, whoever uploads them; null: as many as they like.';
alter table public.case_settings enable row level security;
revoke all on public.case_settings from public, anon, authenticated, service_role;
insert into public.case_settings default values;
