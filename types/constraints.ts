// What the database's constraints ask for, and the words for whom one refuses. Written from the catalogue by
// `UPDATE=1 cargo test -p casebase --test database constraint_words`; copy it into a frontend as it is.

/** A constraint that a user can meet. */
export interface Constraint {
  /** Its name, as PostgREST's messages have it. A column that must not be null has the name `<table>_<column>_not_null`. */
  constraint: string
  /** Its table; one that the API does not expose stands with its schema. */
  table: string
  /** The column that it is about, if it is one that a user writes. */
  field?: string | null
  /** Every column that it looks at. */
  columns: readonly string[]
  /** What it asks for. */
  rule:
    | 'required' // a value
    | 'line' // one line of text (docs/frontend.md)
    | 'lines' // a list of such lines
    | 'text' // text of one line or more
    | 'one_of' // one of `values`
    | 'pattern' // a match of `pattern`, a regular expression of PostgreSQL's
    | 'range' // a number, a length or an interval within `limits`
    | 'time' // a time in the years 1 to 9999
    | 'object' // a JSON object
    | 'readable_json' // JSON that every client can read
    | 'object_name' // the name of an object in Storage
    | 'exists' // a row of another table that the caller sees
    | 'unique' // a value that no other row has
    | 'condition' // something about several columns
  limits?: readonly { least?: number; most?: number; unit: 'characters' | 'bytes' | 'items' | 'days' }[]
  values?: readonly string[]
  pattern?: string
  /** For the person. */
  sentence: string
  /** For whoever deletes what a row still refers to. */
  in_use?: string
}

/** Why a row was refused. */
export interface Violation {
  constraint: string
  field: string | null
  sentence: string
}

export const constraints: readonly Constraint[] = [
  {"constraint":"case_files_case_id_not_null","table":"case_files","field":"case_id","columns":["case_id"],"rule":"required","sentence":"case_id is needed, and must not be null."},
  {"constraint":"case_files_content_type_not_null","table":"case_files","field":"content_type","columns":["content_type"],"rule":"required","sentence":"content_type is needed, and must not be null."},
  {"constraint":"case_files_file_name_not_null","table":"case_files","field":"file_name","columns":["file_name"],"rule":"required","sentence":"file_name is needed, and must not be null."},
  {"constraint":"case_files_file_size_not_null","table":"case_files","field":"file_size","columns":["file_size"],"rule":"required","sentence":"file_size is needed, and must not be null."},
  {"constraint":"case_files_original_name_not_null","table":"case_files","field":"original_name","columns":["original_name"],"rule":"required","sentence":"original_name is needed, and must not be null."},
  {"constraint":"case_files_state_not_null","table":"case_files","field":"state","columns":["state"],"rule":"required","sentence":"state is needed, and must not be null."},
  {"constraint":"case_files_visible_to_client_not_null","table":"case_files","field":"visible_to_client","columns":["visible_to_client"],"rule":"required","sentence":"visible_to_client is needed, and must not be null."},
  {"constraint":"case_files_checked_check","table":"case_files","field":null,"columns":["state","sha256","object_version","file_size"],"rule":"condition","sentence":"A file that is available was checked, and is not empty."},
  {"constraint":"case_files_content_type_check","table":"case_files","field":"content_type","columns":["content_type"],"rule":"pattern","limits":[{"most":255,"unit":"characters"}],"pattern":"^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+( ?;[ -~]*)?$","sentence":"The content type must be one like application/pdf, in at most 255 characters."},
  {"constraint":"case_files_extension_check","table":"case_files","field":null,"columns":["file_name","original_name"],"rule":"condition","sentence":"The file name must end with the extension of the original name."},
  {"constraint":"case_files_file_name_check","table":"case_files","field":"file_name","columns":["file_name"],"rule":"object_name","sentence":"The file name must have 1 to 200 of the characters that Storage takes, without / and without a dot or a space at its ends."},
  {"constraint":"case_files_file_size_check","table":"case_files","field":"file_size","columns":["file_size"],"rule":"range","limits":[{"least":0,"most":5368709120,"unit":"bytes"}],"sentence":"The file size must be 0 to 5368709120 bytes."},
  {"constraint":"case_files_original_name_check","table":"case_files","field":"original_name","columns":["original_name"],"rule":"range","limits":[{"least":1,"most":255,"unit":"characters"}],"sentence":"The original name must have 1 to 255 characters, of which something can be seen, no folders and no control characters, and must not be named like a program."},
  {"constraint":"case_files_state_check","table":"case_files","field":"state","columns":["state"],"rule":"one_of","values":["pending","uploaded","available","deleting"],"sentence":"The state must be pending, uploaded, available or deleting."},
  {"constraint":"case_files_case_id_fkey","table":"case_files","field":"case_id","columns":["case_id"],"rule":"exists","sentence":"There is no such case, or you may not see it.","in_use":"The case has files."},
  {"constraint":"case_files_interaction_id_fkey","table":"case_files","field":"interaction_id","columns":["interaction_id","case_id"],"rule":"exists","sentence":"There is no such interaction of this case, or you may not see it."},
  {"constraint":"case_files_object_path_key","table":"case_files","field":null,"columns":["bucket_id","object_path"],"rule":"unique","sentence":"There is a file of this name already, or there was one."},
  {"constraint":"case_internal_case_id_not_null","table":"case_internal","field":"case_id","columns":["case_id"],"rule":"required","sentence":"case_id is needed, and must not be null."},
  {"constraint":"case_internal_metadata_not_null","table":"case_internal","field":"metadata","columns":["metadata"],"rule":"required","sentence":"metadata is needed, and must not be null."},
  {"constraint":"case_internal_tags_not_null","table":"case_internal","field":"tags","columns":["tags"],"rule":"required","sentence":"tags is needed, and must not be null."},
  {"constraint":"case_internal_version_not_null","table":"case_internal","field":"version","columns":["version"],"rule":"required","sentence":"version is needed, and must not be null."},
  {"constraint":"case_internal_metadata_check","table":"case_internal","field":"metadata","columns":["metadata"],"rule":"object","limits":[{"most":16384,"unit":"bytes"}],"sentence":"The metadata must be a JSON object of at most 16384 bytes."},
  {"constraint":"case_internal_metadata_readable_check","table":"case_internal","field":"metadata","columns":["metadata"],"rule":"readable_json","sentence":"The metadata must be nested at most 32 deep, and its numbers must be finite as doubles."},
  {"constraint":"case_internal_tags_check","table":"case_internal","field":"tags","columns":["tags"],"rule":"lines","limits":[{"most":5000,"unit":"bytes"},{"most":50,"unit":"items"}],"sentence":"There must be at most 50 tags of at most 5000 bytes together: each one line, not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"case_internal_case_id_fkey","table":"case_internal","field":"case_id","columns":["case_id"],"rule":"exists","sentence":"There is no such case, or you may not see it."},
  {"constraint":"case_internal_pkey","table":"case_internal","field":"case_id","columns":["case_id"],"rule":"unique","sentence":"The case has an internal record already."},
  {"constraint":"case_settings_registration_open_not_null","table":"case_settings","field":"registration_open","columns":["registration_open"],"rule":"required","sentence":"registration_open is needed, and must not be null."},
  {"constraint":"case_settings_bytes_per_client_check","table":"case_settings","field":"bytes_per_client","columns":["bytes_per_client"],"rule":"condition","sentence":"bytes_per_client must be 0 or more, or null."},
  {"constraint":"case_settings_cases_per_hour_check","table":"case_settings","field":"cases_per_hour","columns":["cases_per_hour"],"rule":"condition","sentence":"cases_per_hour must be from 0 to 1000000, or null."},
  {"constraint":"case_settings_interactions_per_hour_check","table":"case_settings","field":"interactions_per_hour","columns":["interactions_per_hour"],"rule":"condition","sentence":"interactions_per_hour must be from 0 to 1000000, or null."},
  {"constraint":"case_settings_pkey","table":"case_settings","field":null,"columns":["only_row"],"rule":"unique","sentence":"There is one row of settings."},
  {"constraint":"case_stages_active_not_null","table":"case_stages","field":"active","columns":["active"],"rule":"required","sentence":"active is needed, and must not be null."},
  {"constraint":"case_stages_position_not_null","table":"case_stages","field":"position","columns":["position"],"rule":"required","sentence":"position is needed, and must not be null."},
  {"constraint":"case_stages_stage_not_null","table":"case_stages","field":"stage","columns":["stage"],"rule":"required","sentence":"stage is needed, and must not be null."},
  {"constraint":"case_stages_status_not_null","table":"case_stages","field":"status","columns":["status"],"rule":"required","sentence":"status is needed, and must not be null."},
  {"constraint":"case_stages_stage_check","table":"case_stages","field":"stage","columns":["stage"],"rule":"line","limits":[{"most":100,"unit":"characters"}],"sentence":"The stage must be one line of at most 100 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"case_stages_status_check","table":"case_stages","field":"status","columns":["status"],"rule":"one_of","values":["open","in_progress","waiting","resolved","closed"],"sentence":"The status must be open, in_progress, waiting, resolved or closed."},
  {"constraint":"case_stages_pkey","table":"case_stages","field":"stage","columns":["stage"],"rule":"unique","sentence":"There is a stage of this name already."},
  {"constraint":"case_stages_stage_status_key","table":"case_stages","field":null,"columns":["stage","status"],"rule":"unique","sentence":"There is a stage of this name already."},
  {"constraint":"webhook_deliveries_attempts_not_null","table":"casebase.webhook_deliveries","field":"attempts","columns":["attempts"],"rule":"required","sentence":"attempts is needed, and must not be null."},
  {"constraint":"webhook_deliveries_endpoint_id_not_null","table":"casebase.webhook_deliveries","field":"endpoint_id","columns":["endpoint_id"],"rule":"required","sentence":"endpoint_id is needed, and must not be null."},
  {"constraint":"webhook_deliveries_next_attempt_at_not_null","table":"casebase.webhook_deliveries","field":"next_attempt_at","columns":["next_attempt_at"],"rule":"required","sentence":"next_attempt_at is needed, and must not be null."},
  {"constraint":"webhook_deliveries_payload_id_not_null","table":"casebase.webhook_deliveries","field":"payload_id","columns":["payload_id"],"rule":"required","sentence":"payload_id is needed, and must not be null."},
  {"constraint":"webhook_deliveries_state_not_null","table":"casebase.webhook_deliveries","field":"state","columns":["state"],"rule":"required","sentence":"state is needed, and must not be null."},
  {"constraint":"webhook_deliveries_finished_check","table":"casebase.webhook_deliveries","field":null,"columns":["state","finished_at"],"rule":"condition","sentence":"A delivery that is delivered, failed or skipped, and no other, has a time at which it was finished."},
  {"constraint":"webhook_deliveries_leased_check","table":"casebase.webhook_deliveries","field":"state","columns":["state","leased_at","leased_until"],"rule":"condition","sentence":"A delivery that is leased, and no other, has the times of its lease."},
  {"constraint":"webhook_deliveries_skipped_check","table":"casebase.webhook_deliveries","field":null,"columns":["state","skipped_because"],"rule":"text","limits":[{"most":500,"unit":"characters"}],"sentence":"What is skipped, and nothing else, has a reason of at most 500 characters: not blank, and without control characters or others that reorder text."},
  {"constraint":"webhook_deliveries_state_check","table":"casebase.webhook_deliveries","field":"state","columns":["state"],"rule":"one_of","values":["pending","waiting","leased","delivered","failed","skipped"],"sentence":"The state must be pending, waiting, leased, delivered, failed or skipped."},
  {"constraint":"webhook_deliveries_payload_id_fkey","table":"casebase.webhook_deliveries","field":"payload_id","columns":["payload_id"],"rule":"exists","sentence":"There is no such payload."},
  {"constraint":"webhook_endpoints_client_ids_not_null","table":"casebase.webhook_endpoints","field":"client_ids","columns":["client_ids"],"rule":"required","sentence":"client_ids is needed, and must not be null."},
  {"constraint":"webhook_endpoints_created_at_not_null","table":"casebase.webhook_endpoints","field":"created_at","columns":["created_at"],"rule":"required","sentence":"created_at is needed, and must not be null."},
  {"constraint":"webhook_endpoints_department_ids_not_null","table":"casebase.webhook_endpoints","field":"department_ids","columns":["department_ids"],"rule":"required","sentence":"department_ids is needed, and must not be null."},
  {"constraint":"webhook_endpoints_description_not_null","table":"casebase.webhook_endpoints","field":"description","columns":["description"],"rule":"required","sentence":"description is needed, and must not be null."},
  {"constraint":"webhook_endpoints_enabled_not_null","table":"casebase.webhook_endpoints","field":"enabled","columns":["enabled"],"rule":"required","sentence":"enabled is needed, and must not be null."},
  {"constraint":"webhook_endpoints_event_types_not_null","table":"casebase.webhook_endpoints","field":"event_types","columns":["event_types"],"rule":"required","sentence":"event_types is needed, and must not be null."},
  {"constraint":"webhook_endpoints_failures_in_a_row_not_null","table":"casebase.webhook_endpoints","field":"failures_in_a_row","columns":["failures_in_a_row"],"rule":"required","sentence":"failures_in_a_row is needed, and must not be null."},
  {"constraint":"webhook_endpoints_headers_not_null","table":"casebase.webhook_endpoints","field":"headers","columns":["headers"],"rule":"required","sentence":"headers is needed, and must not be null."},
  {"constraint":"webhook_endpoints_id_not_null","table":"casebase.webhook_endpoints","field":"id","columns":["id"],"rule":"required","sentence":"id is needed, and must not be null."},
  {"constraint":"webhook_endpoints_payload_version_not_null","table":"casebase.webhook_endpoints","field":"payload_version","columns":["payload_version"],"rule":"required","sentence":"payload_version is needed, and must not be null."},
  {"constraint":"webhook_endpoints_priorities_not_null","table":"casebase.webhook_endpoints","field":"priorities","columns":["priorities"],"rule":"required","sentence":"priorities is needed, and must not be null."},
  {"constraint":"webhook_endpoints_rate_used_not_null","table":"casebase.webhook_endpoints","field":"rate_used","columns":["rate_used"],"rule":"required","sentence":"rate_used is needed, and must not be null."},
  {"constraint":"webhook_endpoints_signature_not_null","table":"casebase.webhook_endpoints","field":"signature","columns":["signature"],"rule":"required","sentence":"signature is needed, and must not be null."},
  {"constraint":"webhook_endpoints_statuses_not_null","table":"casebase.webhook_endpoints","field":"statuses","columns":["statuses"],"rule":"required","sentence":"statuses is needed, and must not be null."},
  {"constraint":"webhook_endpoints_thin_not_null","table":"casebase.webhook_endpoints","field":"thin","columns":["thin"],"rule":"required","sentence":"thin is needed, and must not be null."},
  {"constraint":"webhook_endpoints_updated_at_not_null","table":"casebase.webhook_endpoints","field":"updated_at","columns":["updated_at"],"rule":"required","sentence":"updated_at is needed, and must not be null."},
  {"constraint":"webhook_endpoints_description_check","table":"casebase.webhook_endpoints","field":"description","columns":["description"],"rule":"text","limits":[{"most":500,"unit":"characters"}],"sentence":"The description must have at most 500 characters: empty or not blank, and without control characters or others that reorder text."},
  {"constraint":"webhook_endpoints_event_types_check","table":"casebase.webhook_endpoints","field":"event_types","columns":["event_types"],"rule":"pattern","limits":[{"most":100,"unit":"items"}],"pattern":"^[a-z_]+\\.([a-z_]+|\\*)( [a-z_]+\\.([a-z_]+|\\*))*$","sentence":"There must be at most 100 event types, each one like case.updated or case.*."},
  {"constraint":"webhook_endpoints_filters_check","table":"casebase.webhook_endpoints","field":null,"columns":["client_ids","department_ids","priorities","statuses"],"rule":"condition","sentence":"There must be at most 1000 clients, departments, priorities and statuses together, and none of them null."},
  {"constraint":"webhook_endpoints_headers_check","table":"casebase.webhook_endpoints","field":"headers","columns":["headers"],"rule":"condition","sentence":"The headers must be an object of names and texts that a request can carry."},
  {"constraint":"webhook_endpoints_payload_version_check","table":"casebase.webhook_endpoints","field":"payload_version","columns":["payload_version"],"rule":"condition","sentence":"The payload version must be 1."},
  {"constraint":"webhook_endpoints_rate_limit_check","table":"casebase.webhook_endpoints","field":"rate_limit","columns":["rate_limit"],"rule":"condition","sentence":"The rate limit must be 1 to 1000 requests a second."},
  {"constraint":"webhook_endpoints_retry_waits_check","table":"casebase.webhook_endpoints","field":"retry_waits","columns":["retry_waits"],"rule":"range","limits":[{"most":50,"unit":"items"}],"sentence":"There must be at most 50 waits, each from 0 to 7 days."},
  {"constraint":"webhook_endpoints_signature_check","table":"casebase.webhook_endpoints","field":"signature","columns":["signature"],"rule":"one_of","values":["v1","v1a"],"sentence":"The signature must be v1 or v1a."},
  {"constraint":"webhook_endpoints_url_check","table":"casebase.webhook_endpoints","field":"url","columns":["url"],"rule":"range","limits":[{"most":2000,"unit":"characters"}],"sentence":"The URL must have at most 2000 characters."},
  {"constraint":"webhook_endpoints_created_by_fkey","table":"casebase.webhook_endpoints","field":"created_by","columns":["created_by"],"rule":"exists","sentence":"There is no such user."},
  {"constraint":"webhook_endpoints_pkey","table":"casebase.webhook_endpoints","field":"id","columns":["id"],"rule":"unique","sentence":"There is a webhook endpoint with this id already."},
  {"constraint":"webhook_payloads_body_not_null","table":"casebase.webhook_payloads","field":"body","columns":["body"],"rule":"required","sentence":"body is needed, and must not be null."},
  {"constraint":"webhook_payloads_payload_version_not_null","table":"casebase.webhook_payloads","field":"payload_version","columns":["payload_version"],"rule":"required","sentence":"payload_version is needed, and must not be null."},
  {"constraint":"webhook_payloads_thin_not_null","table":"casebase.webhook_payloads","field":"thin","columns":["thin"],"rule":"required","sentence":"thin is needed, and must not be null."},
  {"constraint":"webhook_payloads_type_not_null","table":"casebase.webhook_payloads","field":"type","columns":["type"],"rule":"required","sentence":"type is needed, and must not be null."},
  {"constraint":"webhook_secrets_endpoint_id_not_null","table":"casebase.webhook_secrets","field":"endpoint_id","columns":["endpoint_id"],"rule":"required","sentence":"endpoint_id is needed, and must not be null."},
  {"constraint":"webhook_secrets_previous_valid_for_not_null","table":"casebase.webhook_secrets","field":"previous_valid_for","columns":["previous_valid_for"],"rule":"required","sentence":"previous_valid_for is needed, and must not be null."},
  {"constraint":"webhook_secrets_in_one_place_check","table":"casebase.webhook_secrets","field":"secret","columns":["secret","vault_id"],"rule":"condition","sentence":"A secret lies in the Vault where the project has one, otherwise in this table."},
  {"constraint":"webhook_secrets_previous_valid_for_check","table":"casebase.webhook_secrets","field":"previous_valid_for","columns":["previous_valid_for"],"rule":"range","limits":[{"least":0,"most":30,"unit":"days"}],"sentence":"The secrets before this one may stay valid for at most 30 days."},
  {"constraint":"webhook_secrets_endpoint_id_fkey","table":"casebase.webhook_secrets","field":"endpoint_id","columns":["endpoint_id"],"rule":"exists","sentence":"There is no such webhook endpoint, or you may not see it."},
  {"constraint":"cases_client_id_not_null","table":"cases","field":"client_id","columns":["client_id"],"rule":"required","sentence":"client_id is needed, and must not be null."},
  {"constraint":"cases_department_id_not_null","table":"cases","field":"department_id","columns":["department_id"],"rule":"required","sentence":"department_id is needed, and must not be null."},
  {"constraint":"cases_description_not_null","table":"cases","field":"description","columns":["description"],"rule":"required","sentence":"description is needed, and must not be null."},
  {"constraint":"cases_metadata_not_null","table":"cases","field":"metadata","columns":["metadata"],"rule":"required","sentence":"metadata is needed, and must not be null."},
  {"constraint":"cases_priority_not_null","table":"cases","field":"priority","columns":["priority"],"rule":"required","sentence":"priority is needed, and must not be null."},
  {"constraint":"cases_status_not_null","table":"cases","field":"status","columns":["status"],"rule":"required","sentence":"status is needed, and must not be null."},
  {"constraint":"cases_title_not_null","table":"cases","field":"title","columns":["title"],"rule":"required","sentence":"title is needed, and must not be null."},
  {"constraint":"cases_version_not_null","table":"cases","field":"version","columns":["version"],"rule":"required","sentence":"version is needed, and must not be null."},
  {"constraint":"cases_action_required_by_check","table":"cases","field":"action_required_by","columns":["action_required_by"],"rule":"time","sentence":"action_required_by must be a time in the years 1 to 9999."},
  {"constraint":"cases_closed_at_check","table":"cases","field":"status","columns":["status","closed_at"],"rule":"condition","sentence":"A closed case, and no other, has a time at which it was closed."},
  {"constraint":"cases_description_check","table":"cases","field":"description","columns":["description"],"rule":"text","limits":[{"most":50000,"unit":"characters"}],"sentence":"The description must have at most 50000 characters: empty or not blank, and without control characters or others that reorder text."},
  {"constraint":"cases_merged_check","table":"cases","field":"status","columns":["merged_into","id","status"],"rule":"condition","sentence":"A case that was merged into another is closed, and the other is another."},
  {"constraint":"cases_metadata_check","table":"cases","field":"metadata","columns":["metadata"],"rule":"object","limits":[{"most":16384,"unit":"bytes"}],"sentence":"The metadata must be a JSON object of at most 16384 bytes."},
  {"constraint":"cases_metadata_readable_check","table":"cases","field":"metadata","columns":["metadata"],"rule":"readable_json","sentence":"The metadata must be nested at most 32 deep, and its numbers must be finite as doubles."},
  {"constraint":"cases_priority_check","table":"cases","field":"priority","columns":["priority"],"rule":"one_of","values":["low","medium","high","urgent"],"sentence":"The priority must be low, medium, high or urgent."},
  {"constraint":"cases_resolved_at_check","table":"cases","field":"status","columns":["status","resolved_at"],"rule":"condition","sentence":"A resolved or closed case, and no other, has a time at which it was resolved."},
  {"constraint":"cases_status_check","table":"cases","field":"status","columns":["status"],"rule":"one_of","values":["open","in_progress","waiting","resolved","closed"],"sentence":"The status must be open, in_progress, waiting, resolved or closed."},
  {"constraint":"cases_title_check","table":"cases","field":"title","columns":["title"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The title must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"cases_action_required_of_fkey","table":"cases","field":"action_required_of","columns":["action_required_of"],"rule":"exists","sentence":"There is no such party type.","in_use":"Cases wait for a party of this type."},
  {"constraint":"cases_assigned_to_fkey","table":"cases","field":"assigned_to","columns":["assigned_to"],"rule":"exists","sentence":"There is no such member of staff, or you may not see them."},
  {"constraint":"cases_client_id_fkey","table":"cases","field":"client_id","columns":["client_id"],"rule":"exists","sentence":"There is no such client, or you may not see it.","in_use":"The client has cases."},
  {"constraint":"cases_department_id_fkey","table":"cases","field":"department_id","columns":["department_id"],"rule":"exists","sentence":"There is no such department, or you may not see it.","in_use":"The department has cases."},
  {"constraint":"cases_merged_into_fkey","table":"cases","field":"client_id","columns":["merged_into","client_id"],"rule":"exists","sentence":"There is no such case of the same client."},
  {"constraint":"cases_required_specialty_id_fkey","table":"cases","field":"required_specialty_id","columns":["required_specialty_id"],"rule":"exists","sentence":"There is no such specialty, or you may not see it."},
  {"constraint":"cases_stage_fkey","table":"cases","field":"stage","columns":["stage","status"],"rule":"exists","sentence":"There is no such stage, or it belongs to another status.","in_use":"There are cases in this stage."},
  {"constraint":"client_documents_category_not_null","table":"client_documents","field":"category","columns":["category"],"rule":"required","sentence":"category is needed, and must not be null."},
  {"constraint":"client_documents_client_id_not_null","table":"client_documents","field":"client_id","columns":["client_id"],"rule":"required","sentence":"client_id is needed, and must not be null."},
  {"constraint":"client_documents_content_type_not_null","table":"client_documents","field":"content_type","columns":["content_type"],"rule":"required","sentence":"content_type is needed, and must not be null."},
  {"constraint":"client_documents_document_id_not_null","table":"client_documents","field":"document_id","columns":["document_id"],"rule":"required","sentence":"document_id is needed, and must not be null."},
  {"constraint":"client_documents_file_name_not_null","table":"client_documents","field":"file_name","columns":["file_name"],"rule":"required","sentence":"file_name is needed, and must not be null."},
  {"constraint":"client_documents_file_size_not_null","table":"client_documents","field":"file_size","columns":["file_size"],"rule":"required","sentence":"file_size is needed, and must not be null."},
  {"constraint":"client_documents_original_name_not_null","table":"client_documents","field":"original_name","columns":["original_name"],"rule":"required","sentence":"original_name is needed, and must not be null."},
  {"constraint":"client_documents_state_not_null","table":"client_documents","field":"state","columns":["state"],"rule":"required","sentence":"state is needed, and must not be null."},
  {"constraint":"client_documents_checked_check","table":"client_documents","field":null,"columns":["state","sha256","object_version","file_size"],"rule":"condition","sentence":"A document that is available was checked, and is not empty."},
  {"constraint":"client_documents_content_type_check","table":"client_documents","field":"content_type","columns":["content_type"],"rule":"pattern","limits":[{"most":255,"unit":"characters"}],"pattern":"^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+( ?;[ -~]*)?$","sentence":"The content type must be one like application/pdf, in at most 255 characters."},
  {"constraint":"client_documents_extension_check","table":"client_documents","field":null,"columns":["file_name","original_name"],"rule":"condition","sentence":"The file name must end with the extension of the original name."},
  {"constraint":"client_documents_file_name_check","table":"client_documents","field":"file_name","columns":["file_name"],"rule":"object_name","sentence":"The file name must have 1 to 200 of the characters that Storage takes, without / and without a dot or a space at its ends."},
  {"constraint":"client_documents_file_size_check","table":"client_documents","field":"file_size","columns":["file_size"],"rule":"range","limits":[{"least":0,"most":5368709120,"unit":"bytes"}],"sentence":"The file size must be 0 to 5368709120 bytes."},
  {"constraint":"client_documents_original_name_check","table":"client_documents","field":"original_name","columns":["original_name"],"rule":"range","limits":[{"least":1,"most":255,"unit":"characters"}],"sentence":"The original name must have 1 to 255 characters, of which something can be seen, no folders and no control characters, and must not be named like a program."},
  {"constraint":"client_documents_state_check","table":"client_documents","field":"state","columns":["state"],"rule":"one_of","values":["pending","uploaded","available","deleting"],"sentence":"The state must be pending, uploaded, available or deleting."},
  {"constraint":"client_documents_category_fkey","table":"client_documents","field":"category","columns":["category"],"rule":"exists","sentence":"There is no such category.","in_use":"The category has documents."},
  {"constraint":"client_documents_client_id_fkey","table":"client_documents","field":"client_id","columns":["client_id"],"rule":"exists","sentence":"There is no such client, or you may not see it.","in_use":"The client has documents."},
  {"constraint":"client_documents_current_key","table":"client_documents","field":"document_id","columns":["document_id"],"rule":"unique","sentence":"A document has one version that is current."},
  {"constraint":"client_documents_object_path_key","table":"client_documents","field":null,"columns":["bucket_id","object_path"],"rule":"unique","sentence":"There is a document of this name already, or there was one."},
  {"constraint":"client_members_client_id_not_null","table":"client_members","field":"client_id","columns":["client_id"],"rule":"required","sentence":"client_id is needed, and must not be null."},
  {"constraint":"client_members_created_at_not_null","table":"client_members","field":"created_at","columns":["created_at"],"rule":"required","sentence":"created_at is needed, and must not be null."},
  {"constraint":"client_members_display_name_not_null","table":"client_members","field":"display_name","columns":["display_name"],"rule":"required","sentence":"display_name is needed, and must not be null."},
  {"constraint":"client_members_user_id_not_null","table":"client_members","field":"user_id","columns":["user_id"],"rule":"required","sentence":"user_id is needed, and must not be null."},
  {"constraint":"client_members_display_name_check","table":"client_members","field":"display_name","columns":["display_name"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The display name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"client_members_times_check","table":"client_members","field":"created_at","columns":["created_at"],"rule":"time","sentence":"created_at must be a time in the years 1 to 9999."},
  {"constraint":"client_members_client_id_fkey","table":"client_members","field":"client_id","columns":["client_id"],"rule":"exists","sentence":"There is no such client, or you may not see it."},
  {"constraint":"client_members_user_id_fkey","table":"client_members","field":"user_id","columns":["user_id"],"rule":"exists","sentence":"There is no such user."},
  {"constraint":"client_members_pkey","table":"client_members","field":null,"columns":["client_id","user_id"],"rule":"unique","sentence":"This user is a member of this client already."},
  {"constraint":"clients_created_at_not_null","table":"clients","field":"created_at","columns":["created_at"],"rule":"required","sentence":"created_at is needed, and must not be null."},
  {"constraint":"clients_id_not_null","table":"clients","field":"id","columns":["id"],"rule":"required","sentence":"id is needed, and must not be null."},
  {"constraint":"clients_kind_not_null","table":"clients","field":"kind","columns":["kind"],"rule":"required","sentence":"kind is needed, and must not be null."},
  {"constraint":"clients_name_not_null","table":"clients","field":"name","columns":["name"],"rule":"required","sentence":"name is needed, and must not be null."},
  {"constraint":"clients_kind_check","table":"clients","field":"kind","columns":["kind"],"rule":"one_of","values":["organisation","person"],"sentence":"The kind must be organisation or person."},
  {"constraint":"clients_name_check","table":"clients","field":"name","columns":["name"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"clients_times_check","table":"clients","field":"created_at","columns":["created_at"],"rule":"time","sentence":"created_at must be a time in the years 1 to 9999."},
  {"constraint":"clients_pkey","table":"clients","field":"id","columns":["id"],"rule":"unique","sentence":"There is a client with this id already."},
  {"constraint":"departments_active_not_null","table":"departments","field":"active","columns":["active"],"rule":"required","sentence":"active is needed, and must not be null."},
  {"constraint":"departments_created_at_not_null","table":"departments","field":"created_at","columns":["created_at"],"rule":"required","sentence":"created_at is needed, and must not be null."},
  {"constraint":"departments_id_not_null","table":"departments","field":"id","columns":["id"],"rule":"required","sentence":"id is needed, and must not be null."},
  {"constraint":"departments_is_default_not_null","table":"departments","field":"is_default","columns":["is_default"],"rule":"required","sentence":"is_default is needed, and must not be null."},
  {"constraint":"departments_name_not_null","table":"departments","field":"name","columns":["name"],"rule":"required","sentence":"name is needed, and must not be null."},
  {"constraint":"departments_default_is_active_check","table":"departments","field":null,"columns":["active","is_default"],"rule":"condition","sentence":"The default department can't be switched off. Make another one the default first."},
  {"constraint":"departments_name_check","table":"departments","field":"name","columns":["name"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"departments_times_check","table":"departments","field":"created_at","columns":["created_at"],"rule":"time","sentence":"created_at must be a time in the years 1 to 9999."},
  {"constraint":"departments_pkey","table":"departments","field":"id","columns":["id"],"rule":"unique","sentence":"There is a department with this id already."},
  {"constraint":"departments_name_key","table":"departments","field":"name","columns":["name"],"rule":"unique","sentence":"There is a department of this name already."},
  {"constraint":"departments_one_default_idx","table":"departments","field":"is_default","columns":["is_default"],"rule":"unique","sentence":"There is a default department already."},
  {"constraint":"document_categories_active_not_null","table":"document_categories","field":"active","columns":["active"],"rule":"required","sentence":"active is needed, and must not be null."},
  {"constraint":"document_categories_code_not_null","table":"document_categories","field":"code","columns":["code"],"rule":"required","sentence":"code is needed, and must not be null."},
  {"constraint":"document_categories_label_not_null","table":"document_categories","field":"label","columns":["label"],"rule":"required","sentence":"label is needed, and must not be null."},
  {"constraint":"document_categories_code_check","table":"document_categories","field":"code","columns":["code"],"rule":"pattern","pattern":"^[a-z0-9][a-z0-9-]{0,62}$","sentence":"The code must have at most 63 lower-case letters (a to z), digits and hyphens, must not begin with a hyphen, and must not be cases."},
  {"constraint":"document_categories_label_check","table":"document_categories","field":"label","columns":["label"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The label must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"document_categories_pkey","table":"document_categories","field":"code","columns":["code"],"rule":"unique","sentence":"There is a category of this code already."},
  {"constraint":"interactions_case_id_not_null","table":"interactions","field":"case_id","columns":["case_id"],"rule":"required","sentence":"case_id is needed, and must not be null."},
  {"constraint":"interactions_content_not_null","table":"interactions","field":"content","columns":["content"],"rule":"required","sentence":"content is needed, and must not be null."},
  {"constraint":"interactions_party1_name_not_null","table":"interactions","field":"party1_name","columns":["party1_name"],"rule":"required","sentence":"party1_name is needed, and must not be null."},
  {"constraint":"interactions_party1_type_not_null","table":"interactions","field":"party1_type","columns":["party1_type"],"rule":"required","sentence":"party1_type is needed, and must not be null."},
  {"constraint":"interactions_party2_name_not_null","table":"interactions","field":"party2_name","columns":["party2_name"],"rule":"required","sentence":"party2_name is needed, and must not be null."},
  {"constraint":"interactions_party2_type_not_null","table":"interactions","field":"party2_type","columns":["party2_type"],"rule":"required","sentence":"party2_type is needed, and must not be null."},
  {"constraint":"interactions_version_not_null","table":"interactions","field":"version","columns":["version"],"rule":"required","sentence":"version is needed, and must not be null."},
  {"constraint":"interactions_visible_to_client_not_null","table":"interactions","field":"visible_to_client","columns":["visible_to_client"],"rule":"required","sentence":"visible_to_client is needed, and must not be null."},
  {"constraint":"interactions_content_check","table":"interactions","field":"content","columns":["content"],"rule":"text","limits":[{"most":50000,"unit":"characters"}],"sentence":"The content must have at most 50000 characters: not blank, and without control characters or others that reorder text."},
  {"constraint":"interactions_party1_name_check","table":"interactions","field":"party1_name","columns":["party1_name"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The name of the first party must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"interactions_party2_name_check","table":"interactions","field":"party2_name","columns":["party2_name"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The name of the second party must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"interactions_case_id_fkey","table":"interactions","field":"case_id","columns":["case_id"],"rule":"exists","sentence":"There is no such case, or you may not see it."},
  {"constraint":"interactions_party1_type_fkey","table":"interactions","field":"party1_type","columns":["party1_type"],"rule":"exists","sentence":"There is no such party type.","in_use":"Interactions name a party of this type."},
  {"constraint":"interactions_party2_type_fkey","table":"interactions","field":"party2_type","columns":["party2_type"],"rule":"exists","sentence":"There is no such party type.","in_use":"Interactions name a party of this type."},
  {"constraint":"internal_notes_case_id_not_null","table":"internal_notes","field":"case_id","columns":["case_id"],"rule":"required","sentence":"case_id is needed, and must not be null."},
  {"constraint":"internal_notes_content_not_null","table":"internal_notes","field":"content","columns":["content"],"rule":"required","sentence":"content is needed, and must not be null."},
  {"constraint":"internal_notes_version_not_null","table":"internal_notes","field":"version","columns":["version"],"rule":"required","sentence":"version is needed, and must not be null."},
  {"constraint":"internal_notes_content_check","table":"internal_notes","field":"content","columns":["content"],"rule":"text","limits":[{"most":50000,"unit":"characters"}],"sentence":"The content must have at most 50000 characters: not blank, and without control characters or others that reorder text."},
  {"constraint":"internal_notes_case_id_fkey","table":"internal_notes","field":"case_id","columns":["case_id"],"rule":"exists","sentence":"There is no such case, or you may not see it."},
  {"constraint":"invitations_department_ids_not_null","table":"invitations","field":"department_ids","columns":["department_ids"],"rule":"required","sentence":"department_ids is needed, and must not be null."},
  {"constraint":"invitations_email_not_null","table":"invitations","field":"email","columns":["email"],"rule":"required","sentence":"email is needed, and must not be null."},
  {"constraint":"invitations_expires_at_not_null","table":"invitations","field":"expires_at","columns":["expires_at"],"rule":"required","sentence":"expires_at is needed, and must not be null."},
  {"constraint":"invitations_is_admin_not_null","table":"invitations","field":"is_admin","columns":["is_admin"],"rule":"required","sentence":"is_admin is needed, and must not be null."},
  {"constraint":"invitations_scope_not_null","table":"invitations","field":"scope","columns":["scope"],"rule":"required","sentence":"scope is needed, and must not be null."},
  {"constraint":"invitations_display_name_check","table":"invitations","field":"display_name","columns":["display_name"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The display name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"invitations_email_check","table":"invitations","field":"email","columns":["email"],"rule":"pattern","limits":[{"most":320,"unit":"characters"}],"pattern":"^[^@[:space:]]+@[^@[:space:]]+$","sentence":"The email must be an address of at most 320 characters, in lower case."},
  {"constraint":"invitations_of_a_client_check","table":"invitations","field":null,"columns":["client_id","is_admin","scope","department_ids"],"rule":"condition","sentence":"Whom a client's invitation makes its member has no scope, no departments, and is no admin."},
  {"constraint":"invitations_scope_check","table":"invitations","field":"scope","columns":["scope"],"rule":"one_of","values":["all","departments","assigned"],"sentence":"The scope must be all, departments or assigned."},
  {"constraint":"invitations_times_check","table":"invitations","field":"expires_at","columns":["created_at","expires_at","accepted_at"],"rule":"time","sentence":"expires_at must be a time in the years 1 to 9999."},
  {"constraint":"invitations_client_id_fkey","table":"invitations","field":"client_id","columns":["client_id"],"rule":"exists","sentence":"There is no such client, or you may not see it."},
  {"constraint":"party_types_active_not_null","table":"party_types","field":"active","columns":["active"],"rule":"required","sentence":"active is needed, and must not be null."},
  {"constraint":"party_types_code_not_null","table":"party_types","field":"code","columns":["code"],"rule":"required","sentence":"code is needed, and must not be null."},
  {"constraint":"party_types_internal_not_null","table":"party_types","field":"internal","columns":["internal"],"rule":"required","sentence":"internal is needed, and must not be null."},
  {"constraint":"party_types_label_not_null","table":"party_types","field":"label","columns":["label"],"rule":"required","sentence":"label is needed, and must not be null."},
  {"constraint":"party_types_active_check","table":"party_types","field":null,"columns":["active","code"],"rule":"condition","sentence":"ARGAN and CLIENT can't be switched off: the database writes them itself."},
  {"constraint":"party_types_code_check","table":"party_types","field":"code","columns":["code"],"rule":"pattern","pattern":"^[A-Z][A-Z0-9_]{0,39}$","sentence":"The code must be an upper-case letter (A to Z) followed by at most 39 upper-case letters, digits or underscores."},
  {"constraint":"party_types_label_check","table":"party_types","field":"label","columns":["label"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The label must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"party_types_pkey","table":"party_types","field":"code","columns":["code"],"rule":"unique","sentence":"There is a party type of this code already."},
  {"constraint":"specialties_active_not_null","table":"specialties","field":"active","columns":["active"],"rule":"required","sentence":"active is needed, and must not be null."},
  {"constraint":"specialties_created_at_not_null","table":"specialties","field":"created_at","columns":["created_at"],"rule":"required","sentence":"created_at is needed, and must not be null."},
  {"constraint":"specialties_id_not_null","table":"specialties","field":"id","columns":["id"],"rule":"required","sentence":"id is needed, and must not be null."},
  {"constraint":"specialties_name_not_null","table":"specialties","field":"name","columns":["name"],"rule":"required","sentence":"name is needed, and must not be null."},
  {"constraint":"specialties_name_check","table":"specialties","field":"name","columns":["name"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"specialties_times_check","table":"specialties","field":"created_at","columns":["created_at"],"rule":"time","sentence":"created_at must be a time in the years 1 to 9999."},
  {"constraint":"specialties_pkey","table":"specialties","field":"id","columns":["id"],"rule":"unique","sentence":"There is a specialty with this id already."},
  {"constraint":"specialties_name_key","table":"specialties","field":"name","columns":["name"],"rule":"unique","sentence":"There is a specialty of this name already."},
  {"constraint":"staff_departments_department_id_not_null","table":"staff_departments","field":"department_id","columns":["department_id"],"rule":"required","sentence":"department_id is needed, and must not be null."},
  {"constraint":"staff_departments_user_id_not_null","table":"staff_departments","field":"user_id","columns":["user_id"],"rule":"required","sentence":"user_id is needed, and must not be null."},
  {"constraint":"staff_departments_department_id_fkey","table":"staff_departments","field":"department_id","columns":["department_id"],"rule":"exists","sentence":"There is no such department, or you may not see it."},
  {"constraint":"staff_departments_user_id_fkey","table":"staff_departments","field":"user_id","columns":["user_id"],"rule":"exists","sentence":"There is no such member of staff, or you may not see them."},
  {"constraint":"staff_departments_pkey","table":"staff_departments","field":null,"columns":["user_id","department_id"],"rule":"unique","sentence":"This member of staff works in this department already."},
  {"constraint":"staff_members_active_not_null","table":"staff_members","field":"active","columns":["active"],"rule":"required","sentence":"active is needed, and must not be null."},
  {"constraint":"staff_members_created_at_not_null","table":"staff_members","field":"created_at","columns":["created_at"],"rule":"required","sentence":"created_at is needed, and must not be null."},
  {"constraint":"staff_members_display_name_not_null","table":"staff_members","field":"display_name","columns":["display_name"],"rule":"required","sentence":"display_name is needed, and must not be null."},
  {"constraint":"staff_members_is_admin_not_null","table":"staff_members","field":"is_admin","columns":["is_admin"],"rule":"required","sentence":"is_admin is needed, and must not be null."},
  {"constraint":"staff_members_scope_not_null","table":"staff_members","field":"scope","columns":["scope"],"rule":"required","sentence":"scope is needed, and must not be null."},
  {"constraint":"staff_members_user_id_not_null","table":"staff_members","field":"user_id","columns":["user_id"],"rule":"required","sentence":"user_id is needed, and must not be null."},
  {"constraint":"staff_members_display_name_check","table":"staff_members","field":"display_name","columns":["display_name"],"rule":"line","limits":[{"most":200,"unit":"characters"}],"sentence":"The display name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text."},
  {"constraint":"staff_members_scope_check","table":"staff_members","field":"scope","columns":["scope"],"rule":"one_of","values":["all","departments","assigned"],"sentence":"The scope must be all, departments or assigned."},
  {"constraint":"staff_members_times_check","table":"staff_members","field":"created_at","columns":["created_at"],"rule":"time","sentence":"created_at must be a time in the years 1 to 9999."},
  {"constraint":"staff_members_user_id_fkey","table":"staff_members","field":"user_id","columns":["user_id"],"rule":"exists","sentence":"There is no such user."},
  {"constraint":"staff_members_pkey","table":"staff_members","field":"user_id","columns":["user_id"],"rule":"unique","sentence":"This user is on the staff already."},
  {"constraint":"staff_specialties_specialty_id_not_null","table":"staff_specialties","field":"specialty_id","columns":["specialty_id"],"rule":"required","sentence":"specialty_id is needed, and must not be null."},
  {"constraint":"staff_specialties_user_id_not_null","table":"staff_specialties","field":"user_id","columns":["user_id"],"rule":"required","sentence":"user_id is needed, and must not be null."},
  {"constraint":"staff_specialties_specialty_id_fkey","table":"staff_specialties","field":"specialty_id","columns":["specialty_id"],"rule":"exists","sentence":"There is no such specialty, or you may not see it."},
  {"constraint":"staff_specialties_user_id_fkey","table":"staff_specialties","field":"user_id","columns":["user_id"],"rule":"exists","sentence":"There is no such member of staff, or you may not see them."},
  {"constraint":"staff_specialties_pkey","table":"staff_specialties","field":null,"columns":["user_id","specialty_id"],"rule":"unique","sentence":"This member of staff has this specialty already."}
]

const byName = new Map(constraints.map((one) => [one.constraint, one]))

/**
 * The words for an error of PostgREST's: `error` as supabase-js gives it, or `error` of a row of rpc/update_cases. Null
 * for one that no constraint caused: its message is a sentence already.
 */
export function violation(
  error: { code?: string | null; message?: string | null } | null | undefined,
): Violation | null {
  // Class 23 of SQLSTATE; the message of another may have what a user wrote in it.
  if (!error?.code?.startsWith('23')) return null
  // In PostgreSQL's message names stand in double quotes: the table or column first, then the constraint.
  const names = Array.from((error.message ?? '').matchAll(/"([^"]+)"/g), (match) => match[1])
  const notNull = /not-null/.test(error.message ?? '') && names.length > 1 ? `${names[1]}_${names[0]}_not_null` : ''
  const found = byName.get(notNull) ?? names.map((name) => byName.get(name ?? '')).find((one) => one !== undefined)
  if (!found) return null
  // "update or delete on table … violates foreign key constraint … on table …": three names.
  const sentence = names.length > 2 && found.in_use ? found.in_use : found.sentence
  return { constraint: found.constraint, field: found.field ?? null, sentence }
}
