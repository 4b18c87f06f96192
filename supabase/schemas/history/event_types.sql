-- The kinds of entry in a case's history, which are what webhooks send. A new kind is a row here and what writes it.
create table casebase.event_types (
  type       text    not null,
  meaning    text    not null,
  seen_by    text    not null,
  on_request boolean not null default false,
  constraint event_types_pkey primary key (type),
  constraint event_types_type_check check (type ~ '^[a-z_]+\.[a-z_]+$'),
  constraint event_types_seen_by_check check (seen_by in ('client', 'staff', 'subject'))
);
comment on table casebase.event_types is
  'The types of case_events. Events and the filters of webhook endpoints name only these.';
comment on column casebase.event_types.seen_by is
  'Whose timeline shows it: client (everybody who sees the case), staff, or subject (whoever sees the interaction or file).';
comment on column casebase.event_types.on_request is
  'Sent only to endpoints whose filter names it or its family; not to those without a filter.';
alter table casebase.event_types enable row level security;
revoke all on casebase.event_types from public, anon, authenticated, service_role;

insert into casebase.event_types (type, seen_by, meaning) values
  ('case.created',          'client',  'A case was opened.'),
  ('case.updated',          'client',  'Its title, description, priority, deadline, whose move it is, specialty or metadata changed.'),
  ('case.status_changed',   'client',  'Its status or stage changed.'),
  ('case.merged',           'client',  'It was merged into another case, or is no duplicate any more.'),
  ('case.escalated',        'client',  'It was escalated.'),
  ('case.assigned',         'staff',   'Who works it changed.'),
  ('case.handed_over',      'staff',   'It went to another department.'),
  ('case.deleted',          'client',  'It was deleted, and its history with it. Sent only: no history has it.'),
  ('interaction.created',   'subject', 'Something was said.'),
  ('interaction.updated',   'subject', 'What was said was changed, hidden from the client or shown to them.'),
  ('interaction.deleted',   'subject', 'What was said was deleted.'),
  ('internal_note.created', 'staff',   'Staff wrote an internal note.'),
  ('internal_note.updated', 'staff',   'An internal note was changed.'),
  ('internal_note.deleted', 'staff',   'An internal note was deleted.'),
  ('case_internal.updated', 'staff',   'Tags or data that only staff see changed.'),
  ('case_file.available',   'subject', 'A file was checked and can be read.'),
  ('case_file.moved',       'subject', 'A file that could be read was shown to the client, or hidden from them.'),
  ('case_file.deleted',     'subject', 'A file that could be read was deleted.'),
  ('case_file.rejected',    'staff',   'A file was refused when it was checked, e.g. for a virus; nobody could read it.'),
  -- Of endpoints, not of a case: no history has them.
  ('webhook.test',              'staff', 'An admin sends it to try an endpoint, whatever that asks for.'),
  ('webhook.endpoint_disabled', 'staff', 'An endpoint was switched off, because its receiver is gone or failed for long.');

update casebase.event_types set on_request = true where type like 'internal_note.%' or type like 'case_internal.%' or type like 'webhook.%';

create function casebase.no_such_event_type(type text) returns boolean
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'there is no event type %', type
    using errcode = 'check_violation', column = 'event_types',
          hint = 'There are ' || (select string_agg(t.type, ', ' order by t.type) from casebase.event_types t) || '.';
end
$$;
