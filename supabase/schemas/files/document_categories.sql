-- What documents there are for a client. A category's code is the folder that its documents lie in.

create table public.document_categories (
  code   text    not null,
  label  text    not null,
  active boolean not null default true,
  constraint document_categories_pkey primary key (code),
  -- {client-id}/cases/ belongs to case files.
  constraint document_categories_code_check check (code ~ '^[a-z0-9][a-z0-9-]{0,62}$' and code <> 'cases'),
  constraint document_categories_label_check check (char_length(label) <= 200 and casebase.is_line(label))
);
comment on table public.document_categories is
  'The categories of clients'' documents: policies, handbooks and what else a project has. The code is the folder in client-bucket.

Read by client members and staff; written by admins. One that has documents stays, and keeps its code.';
comment on column public.document_categories.code is
  'The word that documents refer to, and their folder, e.g. policies.';
comment on column public.document_categories.label is 'What people read for it.';
comment on column public.document_categories.active is
  'Whether it is in use. Switched off, its documents stay and get new versions, and no other can be added.';
alter table public.document_categories enable row level security;
revoke all on public.document_categories from public, anon, authenticated, service_role;
-- What people write, the planner knows nothing of: count=planned would tell it to everybody.
alter table public.document_categories alter column label set statistics 0;

insert into public.document_categories (code, label) values
  ('handbooks', 'Handbooks'),
  ('policies',  'Policies');
