-- What a person is told whom a constraint refuses: a sentence for each that a user can meet. PostgREST's answer names the
-- constraint; the service and frontends find its sentence in types/constraints.json, which is written from here and from
-- the catalogue: `UPDATE=1 cargo test -p casebase --test database constraint_words`. A sentence has the limits in it. The
-- second line of a foreign key's is for who deletes what is referenced. Of a reference the sentence never says whether
-- there is nothing or nothing to be seen.

-- People.
comment on constraint departments_default_is_active_check on public.departments is
  'The default department can''t be switched off. Make another one the default first.';
comment on constraint party_types_active_check on public.party_types is
  'ARGAN and CLIENT can''t be switched off: the database writes them itself.';
do $$
begin
  -- A host's own table keeps its own words.
  if (select s.is_ours from casebase.client_source s) then
    comment on constraint clients_name_check on public.clients is
      'The name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
    comment on constraint clients_kind_check on public.clients is
      'The kind must be organisation or person.';
    comment on constraint clients_times_check on public.clients is
      'created_at must be a time in the years 1 to 9999.';
    comment on constraint clients_pkey on public.clients is
      'There is a client with this id already.';
  end if;
end
$$;

comment on constraint client_members_display_name_check on public.client_members is
  'The display name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint client_members_times_check on public.client_members is
  'created_at must be a time in the years 1 to 9999.';
comment on constraint client_members_client_id_fkey on public.client_members is
  'There is no such client, or you may not see it.';
comment on constraint client_members_user_id_fkey on public.client_members is
  'There is no such user.';
comment on constraint client_members_pkey on public.client_members is
  'This user is a member of this client already.';

comment on constraint departments_name_check on public.departments is
  'The name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint departments_times_check on public.departments is
  'created_at must be a time in the years 1 to 9999.';
comment on constraint departments_name_key on public.departments is
  'There is a department of this name already.';
comment on constraint departments_pkey on public.departments is
  'There is a department with this id already.';
comment on index public.departments_one_default_idx is
  'There is a default department already.';

comment on constraint specialties_name_check on public.specialties is
  'The name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint specialties_times_check on public.specialties is
  'created_at must be a time in the years 1 to 9999.';
comment on constraint specialties_name_key on public.specialties is
  'There is a specialty of this name already.';
comment on constraint specialties_pkey on public.specialties is
  'There is a specialty with this id already.';

comment on constraint staff_members_display_name_check on public.staff_members is
  'The display name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint staff_members_scope_check on public.staff_members is
  'The scope must be all, departments or assigned.';
comment on constraint staff_members_times_check on public.staff_members is
  'created_at must be a time in the years 1 to 9999.';
comment on constraint staff_members_user_id_fkey on public.staff_members is
  'There is no such user.';
comment on constraint staff_members_pkey on public.staff_members is
  'This user is on the staff already.';

comment on constraint staff_departments_department_id_fkey on public.staff_departments is
  'There is no such department, or you may not see it.';
comment on constraint staff_departments_user_id_fkey on public.staff_departments is
  'There is no such member of staff, or you may not see them.';
comment on constraint staff_departments_pkey on public.staff_departments is
  'This member of staff works in this department already.';

comment on constraint staff_specialties_specialty_id_fkey on public.staff_specialties is
  'There is no such specialty, or you may not see it.';
comment on constraint staff_specialties_user_id_fkey on public.staff_specialties is
  'There is no such member of staff, or you may not see them.';
comment on constraint staff_specialties_pkey on public.staff_specialties is
  'This member of staff has this specialty already.';

comment on constraint party_types_code_check on public.party_types is
  'The code must be an upper-case letter (A to Z) followed by at most 39 upper-case letters, digits or underscores.';
comment on constraint party_types_label_check on public.party_types is
  'The label must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint party_types_pkey on public.party_types is
  'There is a party type of this code already.';

comment on constraint invitations_email_check on public.invitations is
  'The email must be an address of at most 320 characters, in lower case.';
comment on constraint invitations_display_name_check on public.invitations is
  'The display name must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint invitations_scope_check on public.invitations is
  'The scope must be all, departments or assigned.';
comment on constraint invitations_of_a_client_check on public.invitations is
  'Whom a client''s invitation makes its member has no scope, no departments, and is no admin.';
comment on constraint invitations_times_check on public.invitations is
  'expires_at must be a time in the years 1 to 9999.';
comment on constraint invitations_client_id_fkey on public.invitations is
  'There is no such client, or you may not see it.';
comment on constraint case_settings_pkey on public.case_settings is
  'There is one row of settings.';
comment on constraint case_settings_cases_per_hour_check on public.case_settings is
  'cases_per_hour must be from 0 to 1000000, or null.';
comment on constraint case_settings_interactions_per_hour_check on public.case_settings is
  'interactions_per_hour must be from 0 to 1000000, or null.';
comment on constraint case_settings_bytes_per_client_check on public.case_settings is
  'bytes_per_client must be 0 or more, or null.';

-- Cases.
comment on constraint case_stages_stage_check on public.case_stages is
  'The stage must be one line of at most 100 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint case_stages_status_check on public.case_stages is
  'The status must be open, in_progress, waiting, resolved or closed.';
comment on constraint case_stages_pkey on public.case_stages is
  'There is a stage of this name already.';
comment on constraint case_stages_stage_status_key on public.case_stages is
  'There is a stage of this name already.';

comment on constraint cases_title_check on public.cases is
  'The title must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint cases_description_check on public.cases is
  'The description must have at most 50000 characters: empty or not blank, and without control characters or others that reorder text.';
comment on constraint cases_status_check on public.cases is
  'The status must be open, in_progress, waiting, resolved or closed.';
comment on constraint cases_stage_fkey on public.cases is
  E'There is no such stage, or it belongs to another status.\nThere are cases in this stage.';
comment on constraint cases_escalation_reason_check on public.cases is
  'The reason must have at most 2000 characters: not blank, and without control characters or others that reorder text.';
comment on constraint cases_merged_into_fkey on public.cases is
  'There is no such case of the same client.';
comment on constraint cases_merged_check on public.cases is
  'A case that was merged into another is closed, and the other is another.';
comment on constraint cases_priority_check on public.cases is
  'The priority must be low, medium, high or urgent.';
comment on constraint cases_metadata_check on public.cases is
  'The metadata must be a JSON object of at most 16384 bytes.';
comment on constraint cases_metadata_readable_check on public.cases is
  'The metadata must be nested at most 32 deep, and its numbers must be finite as doubles.';
comment on constraint cases_action_required_by_check on public.cases is
  'action_required_by must be a time in the years 1 to 9999.';
comment on constraint cases_due_at_check on public.cases is
  'action_required_by must be a time in the years 1 to 9999.';
comment on constraint cases_resolved_at_check on public.cases is
  'A resolved or closed case, and no other, has a time at which it was resolved.';
comment on constraint cases_closed_at_check on public.cases is
  'A closed case, and no other, has a time at which it was closed.';
comment on constraint cases_client_id_fkey on public.cases is
  E'There is no such client, or you may not see it.\nThe client has cases.';
comment on constraint cases_department_id_fkey on public.cases is
  E'There is no such department, or you may not see it.\nThe department has cases.';
comment on constraint cases_required_specialty_id_fkey on public.cases is
  'There is no such specialty, or you may not see it.';
comment on constraint cases_assigned_to_fkey on public.cases is
  'There is no such member of staff, or you may not see them.';
comment on constraint cases_action_required_of_fkey on public.cases is
  E'There is no such party type.\nCases wait for a party of this type.';

comment on constraint case_internal_tags_check on public.case_internal is
  'There must be at most 50 tags of at most 5000 bytes together: each one line, not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint case_internal_metadata_check on public.case_internal is
  'The metadata must be a JSON object of at most 16384 bytes.';
comment on constraint case_internal_metadata_readable_check on public.case_internal is
  'The metadata must be nested at most 32 deep, and its numbers must be finite as doubles.';
comment on constraint case_internal_case_id_fkey on public.case_internal is
  'There is no such case, or you may not see it.';
comment on constraint case_internal_pkey on public.case_internal is
  'The case has an internal record already.';

comment on constraint interactions_party1_name_check on public.interactions is
  'The name of the first party must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint interactions_party2_name_check on public.interactions is
  'The name of the second party must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint interactions_content_check on public.interactions is
  'The content must have at most 50000 characters: not blank, and without control characters or others that reorder text.';
comment on constraint interactions_case_id_fkey on public.interactions is
  'There is no such case, or you may not see it.';
comment on constraint interactions_party1_type_fkey on public.interactions is
  E'There is no such party type.\nInteractions name a party of this type.';
comment on constraint interactions_party2_type_fkey on public.interactions is
  E'There is no such party type.\nInteractions name a party of this type.';

comment on constraint internal_notes_content_check on public.internal_notes is
  'The content must have at most 50000 characters: not blank, and without control characters or others that reorder text.';
comment on constraint internal_notes_case_id_fkey on public.internal_notes is
  'There is no such case, or you may not see it.';

-- Files.
comment on constraint case_files_file_name_check on public.case_files is
  'The file name must have 1 to 200 of the characters that Storage takes, without / and without a dot or a space at its ends.';
comment on constraint case_files_original_name_check on public.case_files is
  'The original name must have 1 to 255 characters, of which something can be seen, no folders and no control characters, and must not be named like a program.';
comment on constraint case_files_extension_check on public.case_files is
  'The file name must end with the extension of the original name.';
comment on constraint case_files_content_type_check on public.case_files is
  'The content type must be one like application/pdf, in at most 255 characters.';
comment on constraint case_files_file_size_check on public.case_files is
  'The file size must be 0 to 5368709120 bytes.';
comment on constraint case_files_state_check on public.case_files is
  'The state must be pending, uploaded, available or deleting.';
comment on constraint case_files_checked_check on public.case_files is
  'A file that is available was checked, and is not empty.';
comment on constraint case_files_case_id_fkey on public.case_files is
  E'There is no such case, or you may not see it.\nThe case has files.';
comment on constraint case_files_interaction_id_fkey on public.case_files is
  'There is no such interaction of this case, or you may not see it.';
comment on constraint case_files_object_path_key on public.case_files is
  'There is a file of this name already, or there was one.';

comment on constraint document_categories_code_check on public.document_categories is
  'The code must have at most 63 lower-case letters (a to z), digits and hyphens, must not begin with a hyphen, and must not be cases.';
comment on constraint document_categories_label_check on public.document_categories is
  'The label must be one line of at most 200 characters: not blank, without spaces at its ends, and without control characters or others that reorder text.';
comment on constraint document_categories_pkey on public.document_categories is
  'There is a category of this code already.';

comment on index public.client_documents_current_key is
  'A document has one version that is current.';
comment on constraint client_documents_category_fkey on public.client_documents is
  E'There is no such category.\nThe category has documents.';
comment on constraint client_documents_file_name_check on public.client_documents is
  'The file name must have 1 to 200 of the characters that Storage takes, without / and without a dot or a space at its ends.';
comment on constraint client_documents_original_name_check on public.client_documents is
  'The original name must have 1 to 255 characters, of which something can be seen, no folders and no control characters, and must not be named like a program.';
comment on constraint client_documents_extension_check on public.client_documents is
  'The file name must end with the extension of the original name.';
comment on constraint client_documents_content_type_check on public.client_documents is
  'The content type must be one like application/pdf, in at most 255 characters.';
comment on constraint client_documents_file_size_check on public.client_documents is
  'The file size must be 0 to 5368709120 bytes.';
comment on constraint client_documents_state_check on public.client_documents is
  'The state must be pending, uploaded, available or deleting.';
comment on constraint client_documents_checked_check on public.client_documents is
  'A document that is available was checked, and is not empty.';
comment on constraint client_documents_client_id_fkey on public.client_documents is
  E'There is no such client, or you may not see it.\nThe client has documents.';
comment on constraint client_documents_object_path_key on public.client_documents is
  'There is a document of this name already, or there was one.';

-- Webhooks.
comment on constraint webhook_endpoints_url_check on casebase.webhook_endpoints is
  'The URL must have at most 2000 characters.';
comment on constraint webhook_endpoints_description_check on casebase.webhook_endpoints is
  'The description must have at most 500 characters: empty or not blank, and without control characters or others that reorder text.';
comment on constraint webhook_endpoints_event_types_check on casebase.webhook_endpoints is
  'There must be at most 100 event types, each one like case.updated or case.*.';
comment on constraint webhook_endpoints_payload_version_check on casebase.webhook_endpoints is
  'The payload version must be 1.';
comment on constraint webhook_endpoints_filters_check on casebase.webhook_endpoints is
  'There must be at most 1000 clients, departments, priorities and statuses together, and none of them null.';
comment on constraint webhook_endpoints_headers_check on casebase.webhook_endpoints is
  'The headers must be an object of names and texts that a request can carry.';
comment on constraint webhook_endpoints_rate_limit_check on casebase.webhook_endpoints is
  'The rate limit must be 1 to 1000 requests a second.';
comment on constraint webhook_endpoints_retry_waits_check on casebase.webhook_endpoints is
  'There must be at most 50 waits, each from 0 to 7 days.';
comment on constraint webhook_endpoints_signature_check on casebase.webhook_endpoints is
  'The signature must be v1 or v1a.';
comment on constraint webhook_endpoints_created_by_fkey on casebase.webhook_endpoints is
  'There is no such user.';
comment on constraint webhook_endpoints_pkey on casebase.webhook_endpoints is
  'There is a webhook endpoint with this id already.';

comment on constraint webhook_secrets_previous_valid_for_check on casebase.webhook_secrets is
  'The secrets before this one may stay valid for at most 30 days.';
comment on constraint webhook_secrets_endpoint_id_fkey on casebase.webhook_secrets is
  'There is no such webhook endpoint, or you may not see it.';
comment on constraint webhook_secrets_in_one_place_check on casebase.webhook_secrets is
  'A secret lies in the Vault where the project has one, otherwise in this table.';
comment on constraint webhook_deliveries_payload_id_fkey on casebase.webhook_deliveries is
  'There is no such payload.';
comment on constraint webhook_deliveries_state_check on casebase.webhook_deliveries is
  'The state must be pending, waiting, leased, delivered, failed or skipped.';
comment on constraint webhook_deliveries_leased_check on casebase.webhook_deliveries is
  'A delivery that is leased, and no other, has the times of its lease.';
comment on constraint webhook_deliveries_finished_check on casebase.webhook_deliveries is
  'A delivery that is delivered, failed or skipped, and no other, has a time at which it was finished.';
comment on constraint webhook_deliveries_skipped_check on casebase.webhook_deliveries is
  'What is skipped, and nothing else, has a reason of at most 500 characters: not blank, and without control characters or others that reorder text.';
