-- What each event says, as JSON Schema: the source of the service's /openapi.json and of docs/webhook-events.ts, which
-- `UPDATE=1 cargo test -p casebase --test database webhook_events` writes.

create table casebase.event_schemas (
  type    text  not null,
  -- What data has beside what every event of a case, or of an endpoint, has: a schema for each field.
  fields  jsonb not null,
  -- What may be in data.changes: the schema of `from` and `to`; true where it is only said that it changed.
  changes jsonb,
  constraint event_schemas_pkey primary key (type),
  constraint event_schemas_type_fkey foreign key (type) references casebase.event_types (type) on delete cascade,
  constraint event_schemas_fields_check check (jsonb_typeof(fields) = 'object'),
  constraint event_schemas_changes_check check (jsonb_typeof(changes) = 'object')
);
comment on table casebase.event_schemas is 'What each type of event says. An event type has a row here; a test looks.';
alter table casebase.event_schemas enable row level security;
revoke all on casebase.event_schemas from public, anon, authenticated, service_role;

insert into casebase.event_schemas (type, fields, changes) values
  ('case.created', '{
      "title": {"type": "string"},
      "status": {"type": "string"},
      "priority": {"type": "string"},
      "follow_up_of": {"type": ["integer", "null"]},
      "split_from": {"type": ["integer", "null"]}
    }', null),
  ('case.updated', '{}', '{
      "title": {"type": "string"},
      "description": true,
      "priority": {"type": "string"},
      "required_specialty_id": {"type": ["string", "null"], "format": "uuid"},
      "action_required_by": {"type": ["string", "null"], "format": "date-time"},
      "action_required_of": {"type": ["string", "null"]},
      "escalated_at": {"type": ["string", "null"], "format": "date-time"},
      "escalation_reason": true,
      "metadata": true
    }'),
  ('case.status_changed', '{}', '{"status": {"type": "string"}, "stage": {"type": ["string", "null"]}}'),
  ('case.merged', '{}', '{"merged_into": {"type": ["integer", "null"]}}'),
  ('case.escalated', '{}', '{"escalated_at": {"type": ["string", "null"], "format": "date-time"}, "escalation_reason": true}'),
  ('case.assigned', '{}', '{"assigned_to": {"type": ["string", "null"], "format": "uuid"}}'),
  ('case.handed_over', '{}', '{"department_id": {"type": "string", "format": "uuid"}}'),
  ('case.deleted', '{}', null),
  ('interaction.created', '{
      "interaction_id": {"type": "integer"},
      "party1_type": {"type": "string"},
      "party2_type": {"type": "string"}
    }', null),
  ('interaction.updated', '{"interaction_id": {"type": "integer"}}', '{
      "content": true,
      "party1_name": {"type": "string"},
      "party1_type": {"type": "string"},
      "party2_name": {"type": "string"},
      "party2_type": {"type": "string"},
      "visible_to_client": {"type": "boolean"}
    }'),
  ('interaction.deleted', '{"interaction_id": {"type": "integer"}}', null),
  ('internal_note.created', '{"internal_note_id": {"type": "integer"}}', null),
  ('internal_note.updated', '{"internal_note_id": {"type": "integer"}}', null),
  ('internal_note.deleted', '{"internal_note_id": {"type": "integer"}}', null),
  ('case_internal.updated', '{}', '{"tags": {"type": "array", "items": {"type": "string"}}, "metadata": true}'),
  ('webhook.test', '{}', null),
  ('webhook.endpoint_disabled', '{"reason": {"type": "string"}}', null);

-- A file says the same of itself whatever became of it.
insert into casebase.event_schemas (type, fields)
select file.type, '{
    "case_file_id": {"type": "integer"},
    "interaction_id": {"type": ["integer", "null"]},
    "file_name": {"type": "string"},
    "original_name": {"type": "string"},
    "content_type": {"type": "string"},
    "file_size": {"type": "integer"},
    "sha256": {"type": ["string", "null"]}
  }'
from unnest(array['case_file.available', 'case_file.moved', 'case_file.deleted']) as file (type);

insert into casebase.event_schemas (type, fields) values
  ('case_file.rejected', '{
    "case_file_id": {"type": "integer"},
    "interaction_id": {"type": ["integer", "null"]},
    "file_name": {"type": "string"},
    "original_name": {"type": "string"},
    "reason": {"type": ["string", "null"]}
  }');

-- An object of which every field is there.
create function casebase.object_schema(properties jsonb) returns jsonb
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'type', 'object',
    'properties', properties,
    'required', (select jsonb_agg(name order by name) from jsonb_object_keys(properties) name)
  )
$$;

-- data.changes: some of these, one at least. Where may_be_hidden, what changed while the client could not see it yet is
-- only said to have.
create function casebase.changes_schema(changes jsonb, may_be_hidden boolean) returns jsonb
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'type', 'object',
    'minProperties', 1,
    'properties', jsonb_object_agg(
      change.key,
      case
        when change.value = 'true' then only_that.schema
        when may_be_hidden then jsonb_build_object('anyOf', jsonb_build_array(from_to.schema, only_that.schema))
        else from_to.schema
      end
    )
  )
  from jsonb_each(changes) change
  cross join lateral (select casebase.object_schema(jsonb_build_object('from', change.value, 'to', change.value))) from_to (schema)
  cross join lateral (select casebase.object_schema('{"changed": {"const": true}}')) only_that (schema)
$$;

-- The whole body of an event. data is everything, or the ids alone: for thin endpoints, and where it was erased.
create function casebase.event_schema(type text) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select casebase.object_schema(jsonb_build_object(
      'type', jsonb_build_object('const', event.type),
      'timestamp', '{"type": "string", "format": "date-time"}'::jsonb,
      'data', jsonb_build_object('anyOf', jsonb_build_array(everything.schema, ids.schema))
    )) || jsonb_build_object('description', event.meaning)
  from casebase.event_types event
  join casebase.event_schemas described on described.type = event.type
  cross join lateral (
    select case when event.type like 'webhook.%' then '{"endpoint_id": {"type": "string", "format": "uuid"}}' else '{
      "event_id": {"type": "integer"},
      "seq": {"type": "integer", "description": "Counts the events of the case, without gaps, in the order of their commits."},
      "case": {"type": "integer", "description": "cases.id"},
      "case_id": {"type": "string", "description": "The number people use: CASE-0001"},
      "client_id": {"type": "string", "format": "uuid"}
    }' end::jsonb || described.fields as properties
  ) own
  cross join lateral (
    select casebase.object_schema(own.properties
      || case when event.type like 'webhook.%' then '{}' else '{
        "actor": {
          "type": "object",
          "description": "Who did it. id is null where nobody signed in did.",
          "properties": {"id": {"type": ["string", "null"], "format": "uuid"}, "name": {"type": "string"}},
          "required": ["id", "name"]
        },
        "visible_to_client": {"type": "boolean"}
      }' end::jsonb
      || case
        when described.changes is null then '{}'
        else jsonb_build_object('changes', casebase.changes_schema(described.changes, event.type like 'interaction.%'))
      end) as schema
  ) everything
  cross join lateral (
    select jsonb_set(
      casebase.object_schema(casebase.webhook_ids(own.properties)),
      '{properties,erased}',
      '{"const": true, "description": "The rest was erased, on a person''s request."}'
    ) as schema
  ) ids
  where event.type = event_schema.type
$$;
