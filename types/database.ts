// Written by the Supabase CLI: `UPDATE=1 cargo test -p casebase --test clients gen_types`.
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]
export type Database = {
  "public": {
          Tables: {
            "case_events": {
                  Row: {
                    "actor_id": string | null,"actor_name": string,"case_id": number,"created_at": string,"data": NonNullable<Json>,"id": number,"seq": number,"type": string,"visible_to_client": boolean
                  }
                  ComputedFields: never
                  Insert: {
                    "actor_id"?: string | null,"actor_name": string,"case_id": number,"created_at"?: string,"data": NonNullable<Json>,"id"?: never,"seq": number,"type": string,"visible_to_client": boolean
                  }
                  Update: {
                    "actor_id"?: string | null,"actor_name"?: string,"case_id"?: number,"created_at"?: string,"data"?: NonNullable<Json>,"id"?: never,"seq"?: number,"type"?: string,"visible_to_client"?: boolean
                  }
                  Relationships: [
                    {
      foreignKeyName: "case_events_case_id_fkey"
      columns: ["case_id"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "case_events_case_id_fkey"
      columns: ["case_id"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id"]
    }
                  ]
                },"case_files": {
                  Row: {
                    "bucket_id": string,"case_id": number,"content_type": string,"file_name": string,"file_size": number,"file_url": string,"id": number,"interaction_id": number | null,"moved_by": string | null,"notes": (string)[],"object_path": string,"object_version": string | null,"original_name": string,"other_bucket_id": string | null,"other_object_path": string | null,"other_state": string | null,"other_version": string | null,"rejection": string | null,"sha256": string | null,"state": string,"updated_at": string,"uploaded_at": string,"uploaded_by": string | null,"visible_to_client": boolean
                  }
                  ComputedFields: never
                  Insert: {
                    "bucket_id"?: string,"case_id": number,"content_type": string,"file_name"?: string,"file_size": number,"file_url"?: never,"id"?: never,"interaction_id"?: number | null,"moved_by"?: string | null,"notes"?: (string)[],"object_path"?: string,"object_version"?: string | null,"original_name": string,"other_bucket_id"?: string | null,"other_object_path"?: string | null,"other_state"?: string | null,"other_version"?: string | null,"rejection"?: string | null,"sha256"?: string | null,"state"?: string,"updated_at"?: string,"uploaded_at"?: string,"uploaded_by"?: string | null,"visible_to_client"?: boolean
                  }
                  Update: {
                    "bucket_id"?: string,"case_id"?: number,"content_type"?: string,"file_name"?: string,"file_size"?: number,"file_url"?: never,"id"?: never,"interaction_id"?: number | null,"moved_by"?: string | null,"notes"?: (string)[],"object_path"?: string,"object_version"?: string | null,"original_name"?: string,"other_bucket_id"?: string | null,"other_object_path"?: string | null,"other_state"?: string | null,"other_version"?: string | null,"rejection"?: string | null,"sha256"?: string | null,"state"?: string,"updated_at"?: string,"uploaded_at"?: string,"uploaded_by"?: string | null,"visible_to_client"?: boolean
                  }
                  Relationships: [
                    {
      foreignKeyName: "case_files_case_id_fkey"
      columns: ["case_id"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "case_files_case_id_fkey"
      columns: ["case_id"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "case_files_interaction_id_fkey"
      columns: ["interaction_id","case_id"]
isOneToOne: false
      referencedRelation: "interactions"
      referencedColumns: ["id","case_id"]
    }
                  ]
                },"case_internal": {
                  Row: {
                    "case_id": number,"metadata": NonNullable<Json>,"tags": (string)[],"updated_at": string,"version": number
                  }
                  ComputedFields: never
                  Insert: {
                    "case_id": number,"metadata"?: NonNullable<Json>,"tags"?: (string)[],"updated_at"?: string,"version"?: number
                  }
                  Update: {
                    "case_id"?: number,"metadata"?: NonNullable<Json>,"tags"?: (string)[],"updated_at"?: string,"version"?: number
                  }
                  Relationships: [
                    {
      foreignKeyName: "case_internal_case_id_fkey"
      columns: ["case_id"]
isOneToOne: true
      referencedRelation: "cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "case_internal_case_id_fkey"
      columns: ["case_id"]
isOneToOne: true
      referencedRelation: "overdue_cases"
      referencedColumns: ["id"]
    }
                  ]
                },"case_settings": {
                  Row: {
                    "bytes_per_client": number | null,"cases_per_hour": number | null,"interactions_per_hour": number | null,"only_row": boolean,"registration_open": boolean
                  }
                  ComputedFields: never
                  Insert: {
                    "bytes_per_client"?: number | null,"cases_per_hour"?: number | null,"interactions_per_hour"?: number | null,"only_row"?: boolean,"registration_open"?: boolean
                  }
                  Update: {
                    "bytes_per_client"?: number | null,"cases_per_hour"?: number | null,"interactions_per_hour"?: number | null,"only_row"?: boolean,"registration_open"?: boolean
                  }
                  Relationships: [
                  ]
                },"case_stages": {
                  Row: {
                    "active": boolean,"position": number,"stage": string,"status": string
                  }
                  ComputedFields: never
                  Insert: {
                    "active"?: boolean,"position"?: number,"stage": string,"status": string
                  }
                  Update: {
                    "active"?: boolean,"position"?: number,"stage"?: string,"status"?: string
                  }
                  Relationships: [
                  ]
                },"cases": {
                  Row: {
                    "action_required_by": string | null,"action_required_of": string | null,"assigned_to": string | null,"case_id": string,"client_id": string,"closed_at": string | null,"created_at": string,"created_by": string | null,"department_id": string,"description": string,"due_at": string | null,"escalated_at": string | null,"escalated_by": string | null,"escalation_reason": string | null,"follow_up_of": number | null,"id": number,"merged_into": number | null,"metadata": NonNullable<Json>,"priority": string,"priority_rank": number,"required_specialty_id": string | null,"resolved_at": string | null,"split_from": number | null,"stage": string | null,"status": string,"title": string,"updated_at": string,"version": number
                  }
                  ComputedFields: never
                  Insert: {
                    "action_required_by"?: string | null,"action_required_of"?: string | null,"assigned_to"?: string | null,"case_id"?: never,"client_id": string,"closed_at"?: string | null,"created_at"?: string,"created_by"?: string | null,"department_id"?: string,"description"?: string,"due_at"?: never,"escalated_at"?: string | null,"escalated_by"?: string | null,"escalation_reason"?: string | null,"follow_up_of"?: number | null,"id"?: never,"merged_into"?: number | null,"metadata"?: NonNullable<Json>,"priority"?: string,"priority_rank"?: never,"required_specialty_id"?: string | null,"resolved_at"?: string | null,"split_from"?: number | null,"stage"?: string | null,"status"?: string,"title": string,"updated_at"?: string,"version"?: number
                  }
                  Update: {
                    "action_required_by"?: string | null,"action_required_of"?: string | null,"assigned_to"?: string | null,"case_id"?: never,"client_id"?: string,"closed_at"?: string | null,"created_at"?: string,"created_by"?: string | null,"department_id"?: string,"description"?: string,"due_at"?: never,"escalated_at"?: string | null,"escalated_by"?: string | null,"escalation_reason"?: string | null,"follow_up_of"?: number | null,"id"?: never,"merged_into"?: number | null,"metadata"?: NonNullable<Json>,"priority"?: string,"priority_rank"?: never,"required_specialty_id"?: string | null,"resolved_at"?: string | null,"split_from"?: number | null,"stage"?: string | null,"status"?: string,"title"?: string,"updated_at"?: string,"version"?: number
                  }
                  Relationships: [
                    {
      foreignKeyName: "cases_action_required_of_fkey"
      columns: ["action_required_of"]
isOneToOne: false
      referencedRelation: "party_types"
      referencedColumns: ["code"]
    },{
      foreignKeyName: "cases_assigned_to_fkey"
      columns: ["assigned_to"]
isOneToOne: false
      referencedRelation: "staff_members"
      referencedColumns: ["user_id"]
    },{
      foreignKeyName: "cases_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_department_id_fkey"
      columns: ["department_id"]
isOneToOne: false
      referencedRelation: "departments"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_follow_up_of_fkey"
      columns: ["follow_up_of"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_follow_up_of_fkey"
      columns: ["follow_up_of"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_merged_into_fkey"
      columns: ["merged_into","client_id"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "cases_merged_into_fkey"
      columns: ["merged_into","client_id"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "cases_required_specialty_id_fkey"
      columns: ["required_specialty_id"]
isOneToOne: false
      referencedRelation: "specialties"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_split_from_fkey"
      columns: ["split_from"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_split_from_fkey"
      columns: ["split_from"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_stage_fkey"
      columns: ["stage","status"]
isOneToOne: false
      referencedRelation: "case_stages"
      referencedColumns: ["stage","status"]
    }
                  ]
                },"client_documents": {
                  Row: {
                    "bucket_id": string,"category": string,"client_id": string,"content_type": string,"document_id": number,"file_name": string,"file_size": number,"file_url": string,"id": number,"notes": (string)[],"object_path": string,"object_version": string | null,"original_name": string,"rejection": string | null,"replaced_at": string | null,"sha256": string | null,"state": string,"updated_at": string,"uploaded_at": string,"uploaded_by": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "bucket_id"?: string,"category": string,"client_id": string,"content_type": string,"document_id"?: number,"file_name"?: string,"file_size": number,"file_url"?: never,"id"?: never,"notes"?: (string)[],"object_path"?: string,"object_version"?: string | null,"original_name": string,"rejection"?: string | null,"replaced_at"?: string | null,"sha256"?: string | null,"state"?: string,"updated_at"?: string,"uploaded_at"?: string,"uploaded_by"?: string | null
                  }
                  Update: {
                    "bucket_id"?: string,"category"?: string,"client_id"?: string,"content_type"?: string,"document_id"?: number,"file_name"?: string,"file_size"?: number,"file_url"?: never,"id"?: never,"notes"?: (string)[],"object_path"?: string,"object_version"?: string | null,"original_name"?: string,"rejection"?: string | null,"replaced_at"?: string | null,"sha256"?: string | null,"state"?: string,"updated_at"?: string,"uploaded_at"?: string,"uploaded_by"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "client_documents_category_fkey"
      columns: ["category"]
isOneToOne: false
      referencedRelation: "document_categories"
      referencedColumns: ["code"]
    },{
      foreignKeyName: "client_documents_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"client_members": {
                  Row: {
                    "client_id": string,"created_at": string,"display_name": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "client_id": string,"created_at"?: string,"display_name": string,"user_id": string
                  }
                  Update: {
                    "client_id"?: string,"created_at"?: string,"display_name"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "client_members_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"clients": {
                  Row: {
                    "created_at": string,"id": string,"kind": string,"name": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"id"?: string,"kind"?: string,"name": string
                  }
                  Update: {
                    "created_at"?: string,"id"?: string,"kind"?: string,"name"?: string
                  }
                  Relationships: [
                  ]
                },"departments": {
                  Row: {
                    "active": boolean,"created_at": string,"id": string,"is_default": boolean,"name": string
                  }
                  ComputedFields: never
                  Insert: {
                    "active"?: boolean,"created_at"?: string,"id"?: string,"is_default"?: boolean,"name": string
                  }
                  Update: {
                    "active"?: boolean,"created_at"?: string,"id"?: string,"is_default"?: boolean,"name"?: string
                  }
                  Relationships: [
                  ]
                },"document_categories": {
                  Row: {
                    "active": boolean,"code": string,"label": string
                  }
                  ComputedFields: never
                  Insert: {
                    "active"?: boolean,"code": string,"label": string
                  }
                  Update: {
                    "active"?: boolean,"code"?: string,"label"?: string
                  }
                  Relationships: [
                  ]
                },"interactions": {
                  Row: {
                    "case_id": number,"content": string,"created_at": string,"created_by": string | null,"id": number,"party1_name": string,"party1_type": string,"party2_name": string,"party2_type": string,"updated_at": string,"version": number,"visible_to_client": boolean
                  }
                  ComputedFields: never
                  Insert: {
                    "case_id": number,"content": string,"created_at"?: string,"created_by"?: string | null,"id"?: never,"party1_name"?: string,"party1_type"?: string,"party2_name"?: string,"party2_type"?: string,"updated_at"?: string,"version"?: number,"visible_to_client"?: boolean
                  }
                  Update: {
                    "case_id"?: number,"content"?: string,"created_at"?: string,"created_by"?: string | null,"id"?: never,"party1_name"?: string,"party1_type"?: string,"party2_name"?: string,"party2_type"?: string,"updated_at"?: string,"version"?: number,"visible_to_client"?: boolean
                  }
                  Relationships: [
                    {
      foreignKeyName: "interactions_case_id_fkey"
      columns: ["case_id"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "interactions_case_id_fkey"
      columns: ["case_id"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "interactions_party1_type_fkey"
      columns: ["party1_type"]
isOneToOne: false
      referencedRelation: "party_types"
      referencedColumns: ["code"]
    },{
      foreignKeyName: "interactions_party2_type_fkey"
      columns: ["party2_type"]
isOneToOne: false
      referencedRelation: "party_types"
      referencedColumns: ["code"]
    }
                  ]
                },"internal_notes": {
                  Row: {
                    "case_id": number,"content": string,"created_at": string,"created_by": string | null,"id": number,"updated_at": string,"version": number
                  }
                  ComputedFields: never
                  Insert: {
                    "case_id": number,"content": string,"created_at"?: string,"created_by"?: string | null,"id"?: never,"updated_at"?: string,"version"?: number
                  }
                  Update: {
                    "case_id"?: number,"content"?: string,"created_at"?: string,"created_by"?: string | null,"id"?: never,"updated_at"?: string,"version"?: number
                  }
                  Relationships: [
                    {
      foreignKeyName: "internal_notes_case_id_fkey"
      columns: ["case_id"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "internal_notes_case_id_fkey"
      columns: ["case_id"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id"]
    }
                  ]
                },"invitations": {
                  Row: {
                    "accepted_at": string | null,"client_id": string | null,"created_at": string,"department_ids": (string)[],"display_name": string | null,"email": string,"expires_at": string,"id": number,"is_admin": boolean,"scope": string
                  }
                  ComputedFields: never
                  Insert: {
                    "accepted_at"?: string | null,"client_id"?: string | null,"created_at"?: string,"department_ids"?: (string)[],"display_name"?: string | null,"email": string,"expires_at"?: string,"id"?: never,"is_admin"?: boolean,"scope"?: string
                  }
                  Update: {
                    "accepted_at"?: string | null,"client_id"?: string | null,"created_at"?: string,"department_ids"?: (string)[],"display_name"?: string | null,"email"?: string,"expires_at"?: string,"id"?: never,"is_admin"?: boolean,"scope"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "invitations_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"party_types": {
                  Row: {
                    "active": boolean,"code": string,"internal": boolean,"label": string
                  }
                  ComputedFields: never
                  Insert: {
                    "active"?: boolean,"code": string,"internal"?: boolean,"label": string
                  }
                  Update: {
                    "active"?: boolean,"code"?: string,"internal"?: boolean,"label"?: string
                  }
                  Relationships: [
                  ]
                },"specialties": {
                  Row: {
                    "active": boolean,"created_at": string,"id": string,"name": string
                  }
                  ComputedFields: never
                  Insert: {
                    "active"?: boolean,"created_at"?: string,"id"?: string,"name": string
                  }
                  Update: {
                    "active"?: boolean,"created_at"?: string,"id"?: string,"name"?: string
                  }
                  Relationships: [
                  ]
                },"staff_departments": {
                  Row: {
                    "department_id": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "department_id": string,"user_id": string
                  }
                  Update: {
                    "department_id"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "staff_departments_department_id_fkey"
      columns: ["department_id"]
isOneToOne: false
      referencedRelation: "departments"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "staff_departments_user_id_fkey"
      columns: ["user_id"]
isOneToOne: false
      referencedRelation: "staff_members"
      referencedColumns: ["user_id"]
    }
                  ]
                },"staff_members": {
                  Row: {
                    "active": boolean,"created_at": string,"display_name": string,"is_admin": boolean,"scope": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "active"?: boolean,"created_at"?: string,"display_name": string,"is_admin"?: boolean,"scope"?: string,"user_id": string
                  }
                  Update: {
                    "active"?: boolean,"created_at"?: string,"display_name"?: string,"is_admin"?: boolean,"scope"?: string,"user_id"?: string
                  }
                  Relationships: [
                  ]
                },"staff_specialties": {
                  Row: {
                    "specialty_id": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "specialty_id": string,"user_id": string
                  }
                  Update: {
                    "specialty_id"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "staff_specialties_specialty_id_fkey"
      columns: ["specialty_id"]
isOneToOne: false
      referencedRelation: "specialties"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "staff_specialties_user_id_fkey"
      columns: ["user_id"]
isOneToOne: false
      referencedRelation: "staff_members"
      referencedColumns: ["user_id"]
    }
                  ]
                },"status_transitions": {
                  Row: {
                    "from_status": string,"made_by": string,"meaning": string,"to_status": string
                  }
                  ComputedFields: never
                  Insert: {
                    "from_status": string,"made_by": string,"meaning": string,"to_status": string
                  }
                  Update: {
                    "from_status"?: string,"made_by"?: string,"meaning"?: string,"to_status"?: string
                  }
                  Relationships: [
                  ]
                }
          }
          Views: {
            "overdue_cases": {
                  Row: {
                    "action_required_by": string | null,"action_required_of": string | null,"assigned_to": string | null,"case_id": string,"client_id": string,"closed_at": string | null,"created_at": string,"created_by": string | null,"department_id": string,"description": string,"due_at": string | null,"escalated_at": string | null,"escalated_by": string | null,"escalation_reason": string | null,"follow_up_of": number | null,"id": number,"merged_into": number | null,"metadata": NonNullable<Json>,"priority": string,"priority_rank": number,"required_specialty_id": string | null,"resolved_at": string | null,"split_from": number | null,"stage": string | null,"status": string,"title": string,"updated_at": string,"version": number
                  }
                  ComputedFields: never
                  Insert: {
                           "action_required_by"?: string | null,"action_required_of"?: string | null,"assigned_to"?: string | null,"case_id"?: string | null,"client_id"?: string | null,"closed_at"?: string | null,"created_at"?: string | null,"created_by"?: string | null,"department_id"?: string | null,"description"?: string | null,"due_at"?: string | null,"escalated_at"?: string | null,"escalated_by"?: string | null,"escalation_reason"?: string | null,"follow_up_of"?: number | null,"id"?: number | null,"merged_into"?: number | null,"metadata"?: Json | null,"priority"?: string | null,"priority_rank"?: number | null,"required_specialty_id"?: string | null,"resolved_at"?: string | null,"split_from"?: number | null,"stage"?: string | null,"status"?: string | null,"title"?: string | null,"updated_at"?: string | null,"version"?: number | null
                         }
                        Update: {
                           "action_required_by"?: string | null,"action_required_of"?: string | null,"assigned_to"?: string | null,"case_id"?: string | null,"client_id"?: string | null,"closed_at"?: string | null,"created_at"?: string | null,"created_by"?: string | null,"department_id"?: string | null,"description"?: string | null,"due_at"?: string | null,"escalated_at"?: string | null,"escalated_by"?: string | null,"escalation_reason"?: string | null,"follow_up_of"?: number | null,"id"?: number | null,"merged_into"?: number | null,"metadata"?: Json | null,"priority"?: string | null,"priority_rank"?: number | null,"required_specialty_id"?: string | null,"resolved_at"?: string | null,"split_from"?: number | null,"stage"?: string | null,"status"?: string | null,"title"?: string | null,"updated_at"?: string | null,"version"?: number | null
                         }
                        Relationships: [
                    {
      foreignKeyName: "cases_action_required_of_fkey"
      columns: ["action_required_of"]
isOneToOne: false
      referencedRelation: "party_types"
      referencedColumns: ["code"]
    },{
      foreignKeyName: "cases_assigned_to_fkey"
      columns: ["assigned_to"]
isOneToOne: false
      referencedRelation: "staff_members"
      referencedColumns: ["user_id"]
    },{
      foreignKeyName: "cases_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_department_id_fkey"
      columns: ["department_id"]
isOneToOne: false
      referencedRelation: "departments"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_follow_up_of_fkey"
      columns: ["follow_up_of"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_follow_up_of_fkey"
      columns: ["follow_up_of"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_merged_into_fkey"
      columns: ["merged_into","client_id"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "cases_merged_into_fkey"
      columns: ["merged_into","client_id"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "cases_required_specialty_id_fkey"
      columns: ["required_specialty_id"]
isOneToOne: false
      referencedRelation: "specialties"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_split_from_fkey"
      columns: ["split_from"]
isOneToOne: false
      referencedRelation: "cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_split_from_fkey"
      columns: ["split_from"]
isOneToOne: false
      referencedRelation: "overdue_cases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "cases_stage_fkey"
      columns: ["stage","status"]
isOneToOne: false
      referencedRelation: "case_stages"
      referencedColumns: ["stage","status"]
    }
                  ]
                }
          }
          Functions: {
            "answer_idempotency_key":
{ Args: { "body"?: string,"claim": string,"content"?: string,"location"?: string,"status": number }; Returns: boolean
                           },
"case_counts":
{ Args: Record<PropertyKey, never>; Returns: {
              "count": number,"mine": number,"overdue": number,"priority": string,"status": string,"unassigned": number
            }[]
                           },
"case_people":
{ Args: { "case_id": number }; Returns: {
              "display_name": string,"is_staff": boolean,"user_id": string
            }[]
                           },
"case_timeline":
{ Args: { "case_id": number,"cursor"?: string,"page_size"?: number }; Returns: Database["public"]['CompositeTypes']["timeline_page"]
                          SetofOptions: {
        from: "*"
        to: "timeline_page"
        isOneToOne: true
        isSetofReturn: false
      } },
"change_file_visibility":
{ Args: { "file_id": number,"visible_to_client": boolean }; Returns: Json
                           },
"claim_idempotency_key":
{ Args: { "asked": string,"key": string }; Returns: Json
                           },
"client_names":
{ Args: { "ids": (string)[] }; Returns: {
              "id": string,"name": string
            }[]
                           },
"client_usage":
{ Args: { "client_id": string }; Returns: Json
                           },
"count_webhook_replay":
{ Args: { "endpoint_id": string,"event_types"?: (string)[],"since"?: string }; Returns: number
                           },
"create_webhook_endpoint":
{ Args: { "client_ids"?: (string)[],"department_ids"?: (string)[],"description"?: string,"event_types"?: (string)[],"headers"?: Json,"priorities"?: (string)[],"rate_limit"?: number,"retry_waits"?: (string)[],"signature"?: string,"statuses"?: (string)[],"thin"?: boolean,"url": string }; Returns: {
              "created": boolean,"id": string,"public_key": string,"secret": string
            }[]
                           },
"deactivate_staff_member":
{ Args: { "hand_over_to"?: string,"user_id": string }; Returns: number
                           },
"delete_webhook_endpoint":
{ Args: { "endpoint_id": string }; Returns: undefined
                           },
"document_versions":
{ Args: { "id": number }; Returns: {
              "bucket_id": string,
"category": string,
"client_id": string,
"content_type": string,
"document_id": number,
"file_name": string,
"file_size": number,
"file_url": string,
"id": number,
"notes": (string)[],
"object_path": string,
"object_version": string | null,
"original_name": string,
"rejection": string | null,
"replaced_at": string | null,
"sha256": string | null,
"state": string,
"updated_at": string,
"uploaded_at": string,
"uploaded_by": string | null
            }[]
                          SetofOptions: {
        from: "*"
        to: "client_documents"
        isOneToOne: false
        isSetofReturn: true
      } },
"escalate_case":
{ Args: { "case_id": number,"reason": string }; Returns: {
              "action_required_by": string | null,
"action_required_of": string | null,
"assigned_to": string | null,
"case_id": string,
"client_id": string,
"closed_at": string | null,
"created_at": string,
"created_by": string | null,
"department_id": string,
"description": string,
"due_at": string | null,
"escalated_at": string | null,
"escalated_by": string | null,
"escalation_reason": string | null,
"follow_up_of": number | null,
"id": number,
"merged_into": number | null,
"metadata": NonNullable<Json>,
"priority": string,
"priority_rank": number,
"required_specialty_id": string | null,
"resolved_at": string | null,
"split_from": number | null,
"stage": string | null,
"status": string,
"title": string,
"updated_at": string,
"version": number
            }
                          SetofOptions: {
        from: "*"
        to: "cases"
        isOneToOne: true
        isSetofReturn: false
      } },
"find_case":
{ Args: { "case_id": string }; Returns: {
              "action_required_by": string | null,
"action_required_of": string | null,
"assigned_to": string | null,
"case_id": string,
"client_id": string,
"closed_at": string | null,
"created_at": string,
"created_by": string | null,
"department_id": string,
"description": string,
"due_at": string | null,
"escalated_at": string | null,
"escalated_by": string | null,
"escalation_reason": string | null,
"follow_up_of": number | null,
"id": number,
"merged_into": number | null,
"metadata": NonNullable<Json>,
"priority": string,
"priority_rank": number,
"required_specialty_id": string | null,
"resolved_at": string | null,
"split_from": number | null,
"stage": string | null,
"status": string,
"title": string,
"updated_at": string,
"version": number
            }
                          SetofOptions: {
        from: "*"
        to: "cases"
        isOneToOne: true
        isSetofReturn: false
      } },
"find_clients":
{ Args: { "letters"?: string,"page_size"?: number }; Returns: {
              "id": string,"name": string
            }[]
                           },
"hand_over_case":
{ Args: { "case_id": number,"note"?: string,"to_department"?: string,"to_staff"?: string }; Returns: undefined
                           },
"health":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"invite":
{ Args: { "client_id"?: string,"department_ids"?: (string)[],"display_name"?: string,"email": string,"is_admin"?: boolean,"scope"?: string }; Returns: {
              "accepted_at": string | null,
"client_id": string | null,
"created_at": string,
"department_ids": (string)[],
"display_name": string | null,
"email": string,
"expires_at": string,
"id": number,
"is_admin": boolean,
"scope": string
            }
                          SetofOptions: {
        from: "*"
        to: "invitations"
        isOneToOne: true
        isSetofReturn: false
      } },
"keep_idempotency_key":
{ Args: { "claim": string }; Returns: boolean
                           },
"list_cases":
{ Args: { "assigned_to"?: (string)[],"client_id"?: (string)[],"count_up_to"?: number,"created_before"?: string,"created_from"?: string,"cursor"?: string,"department_id"?: (string)[],"metadata"?: Json,"order_by"?: string,"overdue"?: boolean,"page_size"?: number,"priority"?: (string)[],"search"?: string,"stage"?: (string)[],"status"?: (string)[],"tags"?: (string)[],"unassigned"?: boolean,"updated_before"?: string,"updated_from"?: string,"with_activity"?: boolean }; Returns: Database["public"]['CompositeTypes']["case_page"]
                          SetofOptions: {
        from: "*"
        to: "case_page"
        isOneToOne: true
        isSetofReturn: false
      } },
"list_client_documents":
{ Args: { "category"?: string,"client_id": string,"cursor"?: string,"page_size"?: number }; Returns: Database["public"]['CompositeTypes']["document_page"]
                          SetofOptions: {
        from: "*"
        to: "document_page"
        isOneToOne: true
        isSetofReturn: false
      } },
"list_interactions":
{ Args: { "case_id": number,"cursor"?: string,"page_size"?: number }; Returns: Database["public"]['CompositeTypes']["interaction_page"]
                          SetofOptions: {
        from: "*"
        to: "interaction_page"
        isOneToOne: true
        isSetofReturn: false
      } },
"merge_cases":
{ Args: { "duplicate": number,"survivor": number }; Returns: {
              "action_required_by": string | null,
"action_required_of": string | null,
"assigned_to": string | null,
"case_id": string,
"client_id": string,
"closed_at": string | null,
"created_at": string,
"created_by": string | null,
"department_id": string,
"description": string,
"due_at": string | null,
"escalated_at": string | null,
"escalated_by": string | null,
"escalation_reason": string | null,
"follow_up_of": number | null,
"id": number,
"merged_into": number | null,
"metadata": NonNullable<Json>,
"priority": string,
"priority_rank": number,
"required_specialty_id": string | null,
"resolved_at": string | null,
"split_from": number | null,
"stage": string | null,
"status": string,
"title": string,
"updated_at": string,
"version": number
            }
                          SetofOptions: {
        from: "*"
        to: "cases"
        isOneToOne: true
        isSetofReturn: false
      } },
"my_access":
{ Args: Record<PropertyKey, never>; Returns: Record<string, unknown>
                           },
"my_clients":
{ Args: Record<PropertyKey, never>; Returns: {
              "id": string,"name": string
            }[]
                           },
"poll_events":
{ Args: { "cursor"?: string,"endpoint_id": string,"most"?: number }; Returns: Json
                           },
"register":
{ Args: { "display_name": string }; Returns: string
                           },
"release_idempotency_key":
{ Args: { "claim": string }; Returns: undefined
                           },
"reopen_case":
{ Args: { "case_id": number }; Returns: {
              "action_required_by": string | null,
"action_required_of": string | null,
"assigned_to": string | null,
"case_id": string,
"client_id": string,
"closed_at": string | null,
"created_at": string,
"created_by": string | null,
"department_id": string,
"description": string,
"due_at": string | null,
"escalated_at": string | null,
"escalated_by": string | null,
"escalation_reason": string | null,
"follow_up_of": number | null,
"id": number,
"merged_into": number | null,
"metadata": NonNullable<Json>,
"priority": string,
"priority_rank": number,
"required_specialty_id": string | null,
"resolved_at": string | null,
"split_from": number | null,
"stage": string | null,
"status": string,
"title": string,
"updated_at": string,
"version": number
            }
                          SetofOptions: {
        from: "*"
        to: "cases"
        isOneToOne: true
        isSetofReturn: false
      } },
"replay_webhook_deliveries":
{ Args: { "endpoint_id": string,"event_types"?: (string)[],"since"?: string }; Returns: number
                           },
"replay_webhook_delivery":
{ Args: { "delivery_id": number }; Returns: number
                           },
"reply_to_cases":
{ Args: { "content": string,"ids": (number)[],"visible_to_client"?: boolean }; Returns: {
              "error": Json,"id": number,"interaction_id": number,"result": string
            }[]
                           },
"reserve_case_file":
{ Args: { "case_number": string,"content_type": string,"file_name"?: string,"file_size"?: number,"interaction_id"?: number,"original_name": string,"visible_to_client"?: boolean }; Returns: Json
                           },
"reserve_client_document":
{ Args: { "category"?: string,"client_id"?: string,"content_type": string,"document_id"?: number,"file_name"?: string,"file_size"?: number,"original_name": string }; Returns: Json
                           },
"retry_webhook_deliveries":
{ Args: { "endpoint_id": string }; Returns: number
                           },
"rotate_webhook_secret":
{ Args: { "endpoint_id": string,"previous_valid_for"?: string }; Returns: string
                           },
"search_cases":
{ Args: { "cursor"?: string,"page_size"?: number,"search": string }; Returns: Database["public"]['CompositeTypes']["search_page"]
                          SetofOptions: {
        from: "*"
        to: "search_page"
        isOneToOne: true
        isSetofReturn: false
      } },
"send_test_webhook":
{ Args: { "endpoint_id": string,"event_type"?: string }; Returns: number
                           },
"skip_webhook_delivery":
{ Args: { "delivery_id": number,"reason": string }; Returns: undefined
                           },
"split_case":
{ Args: { "interaction_id": number,"title"?: string }; Returns: {
              "action_required_by": string | null,
"action_required_of": string | null,
"assigned_to": string | null,
"case_id": string,
"client_id": string,
"closed_at": string | null,
"created_at": string,
"created_by": string | null,
"department_id": string,
"description": string,
"due_at": string | null,
"escalated_at": string | null,
"escalated_by": string | null,
"escalation_reason": string | null,
"follow_up_of": number | null,
"id": number,
"merged_into": number | null,
"metadata": NonNullable<Json>,
"priority": string,
"priority_rank": number,
"required_specialty_id": string | null,
"resolved_at": string | null,
"split_from": number | null,
"stage": string | null,
"status": string,
"title": string,
"updated_at": string,
"version": number
            }
                          SetofOptions: {
        from: "*"
        to: "cases"
        isOneToOne: true
        isSetofReturn: false
      } },
"structure_uses":
{ Args: Record<PropertyKey, never>; Returns: {
              "key": string,"kind": string,"used_by": string,"uses": number
            }[]
                           },
"take_case":
{ Args: { "case_id": number }; Returns: {
              "action_required_by": string | null,
"action_required_of": string | null,
"assigned_to": string | null,
"case_id": string,
"client_id": string,
"closed_at": string | null,
"created_at": string,
"created_by": string | null,
"department_id": string,
"description": string,
"due_at": string | null,
"escalated_at": string | null,
"escalated_by": string | null,
"escalation_reason": string | null,
"follow_up_of": number | null,
"id": number,
"merged_into": number | null,
"metadata": NonNullable<Json>,
"priority": string,
"priority_rank": number,
"required_specialty_id": string | null,
"resolved_at": string | null,
"split_from": number | null,
"stage": string | null,
"status": string,
"title": string,
"updated_at": string,
"version": number
            }
                          SetofOptions: {
        from: "*"
        to: "cases"
        isOneToOne: true
        isSetofReturn: false
      } },
"undo_changes":
{ Args: { "events": (number)[] }; Returns: {
              "error": Json,"id": number,"result": string
            }[]
                           },
"update_cases":
{ Args: { "changes": Json,"dry_run"?: boolean,"ids": (number)[] }; Returns: {
              "error": Json,"events": (number)[],"id": number,"result": string
            }[]
                           },
"update_webhook_endpoint":
{ Args: { "client_ids"?: (string)[],"department_ids"?: (string)[],"description"?: string,"enabled"?: boolean,"endpoint_id": string,"event_types"?: (string)[],"headers"?: Json,"priorities"?: (string)[],"rate_limit"?: number,"retry_waits"?: (string)[],"statuses"?: (string)[],"url"?: string }; Returns: undefined
                           },
"webhook_activity":
{ Args: { "for_endpoint"?: string,"since"?: string,"step"?: string }; Returns: {
              "begins_at": string,"delivered": number,"failed": number
            }[]
                           },
"webhook_attempts":
{ Args: { "delivery_id": number }; Returns: {
              "duration_ms": number,"error": string,"number": number,"response": string,"started_at": string,"status": number
            }[]
                           },
"webhook_deliveries":
{ Args: { "before"?: number,"for_endpoint"?: string,"in_state"?: string,"most"?: number }; Returns: {
              "attempts": number,"case_id": number,"created_at": string,"endpoint_id": string,"event_id": number,"event_type": string,"finished_at": string,"id": number,"message_id": string,"next_attempt_at": string,"skipped_because": string,"state": string
            }[]
                           },
"webhook_delivery_body":
{ Args: { "delivery_id": number }; Returns: string
                           },
"webhook_endpoints":
{ Args: Record<PropertyKey, never>; Returns: {
              "client_ids": (string)[],"created_at": string,"created_by": string,"department_ids": (string)[],"description": string,"disabled_reason": string,"enabled": boolean,"event_types": (string)[],"failing_since": string,"failures_in_a_row": number,"headers": Json,"id": string,"paused_until": string,"payload_version": number,"priorities": (string)[],"public_keys": (string)[],"rate_limit": number,"retry_waits": (string)[],"signature": string,"statuses": (string)[],"thin": boolean,"updated_at": string,"url": string
            }[]
                           },
"webhook_status":
{ Args: Record<PropertyKey, never>; Returns: {
              "delivered_at": string,"description": string,"disabled_reason": string,"due_since": string,"enabled": boolean,"endpoint_id": string,"failing_since": string,"failures_in_a_row": number,"paused_until": string,"undelivered": number,"unfinished": number,"url": string
            }[]
                           }
          }
          Enums: {
            [_ in never]: never
          }
          CompositeTypes: {
            "case_hit": {
                        "found_case": Database["public"]['Tables']["cases"]['Row'] | null,"title": (string)[] | null,"source": string | null,"source_id": number | null,"excerpt": (string)[] | null,"rank": number | null
                      },"case_page": {
                        "cases": (Database["public"]['Tables']["cases"]['Row'])[] | null,"next_cursor": string | null,"total": number | null,"total_is_exact": boolean | null,"last_activity": (string)[] | null
                      },"document_page": {
                        "documents": (Database["public"]['Tables']["client_documents"]['Row'])[] | null,"next_cursor": string | null
                      },"interaction_page": {
                        "interactions": (Database["public"]['Tables']["interactions"]['Row'])[] | null,"next_cursor": string | null
                      },"search_page": {
                        "hits": (Database["public"]['CompositeTypes']["case_hit"])[] | null,"next_cursor": string | null,"is_complete": boolean | null
                      },"timeline_entry": {
                        "created_at": string | null,"type": string | null,"actor_name": string | null,"data": Json | null
                      },"timeline_page": {
                        "entries": (Database["public"]['CompositeTypes']["timeline_entry"])[] | null,"next_cursor": string | null
                      }
          }
        }
}
type DatabaseWithoutInternals = Omit<Database, '__InternalSupabase'>
type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">]
export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
  ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R
    }
    ? R
    : never
  : never
export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I
    }
    ? I
    : never
  : never
export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U
    }
    ? U
    : never
  : never
export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
  ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never
export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
  ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never
export const Constants = {
  "public": {
          Enums: {
          }
        }
} as const
