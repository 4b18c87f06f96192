// The types of the API, narrower than those that the Supabase CLI makes (database.ts): `createClient<CasebaseDatabase>(url,
// key)` knows the words of fixed sets, which columns may be given, and what the rpc answer. Written from the catalogue by
// `UPDATE=1 cargo test -p casebase --test database narrow_types`; copy both into a frontend.

import type { Database, Json } from './database.js'

/** A JSON object. */
export type JsonObject = { [key: string]: Json | undefined }

/** Columns that have one of a fixed set of words, or an object. */
export interface Words {
  case_events: { data: JsonObject; type: EventType }
  case_files: { state: 'pending' | 'uploaded' | 'available' | 'deleting' }
  case_internal: { metadata: JsonObject }
  case_stages: { status: 'open' | 'in_progress' | 'waiting' | 'resolved' | 'closed' }
  cases: { metadata: JsonObject; priority: 'low' | 'medium' | 'high' | 'urgent'; status: 'open' | 'in_progress' | 'waiting' | 'resolved' | 'closed' }
  client_documents: { state: 'pending' | 'uploaded' | 'available' | 'deleting' }
  clients: { kind: 'organisation' | 'person' }
  invitations: { scope: 'all' | 'departments' | 'assigned' }
  staff_members: { scope: 'all' | 'departments' | 'assigned' }
}

/** What happens to a case. */
export type EventType =
  | 'case.assigned'
  | 'case.created'
  | 'case.deleted'
  | 'case.escalated'
  | 'case.handed_over'
  | 'case.merged'
  | 'case.status_changed'
  | 'case.updated'
  | 'case_file.available'
  | 'case_file.deleted'
  | 'case_file.moved'
  | 'case_file.rejected'
  | 'case_internal.updated'
  | 'interaction.created'
  | 'interaction.deleted'
  | 'interaction.updated'
  | 'internal_note.created'
  | 'internal_note.deleted'
  | 'internal_note.updated'
  | 'webhook.endpoint_disabled'
  | 'webhook.test'

/** The columns that may be given in a new row and in a change. Which of them one may, the policies say. */
export interface Given {
  case_files: {
    insert: 'case_id' | 'content_type' | 'file_name' | 'file_size' | 'interaction_id' | 'original_name' | 'visible_to_client'
    update: 'file_size' | 'state'
  }
  case_internal: {
    insert: 'case_id' | 'metadata' | 'tags'
    update: 'case_id' | 'metadata' | 'tags' | 'version'
  }
  case_settings: {
    insert: never
    update: 'bytes_per_client' | 'cases_per_hour' | 'interactions_per_hour' | 'registration_open'
  }
  case_stages: {
    insert: 'active' | 'position' | 'stage' | 'status'
    update: 'active' | 'position' | 'stage'
  }
  cases: {
    insert: 'action_required_by' | 'action_required_of' | 'assigned_to' | 'client_id' | 'department_id' | 'description' | 'metadata' | 'priority' | 'required_specialty_id' | 'stage' | 'status' | 'title'
    update: 'action_required_by' | 'action_required_of' | 'assigned_to' | 'department_id' | 'description' | 'metadata' | 'priority' | 'required_specialty_id' | 'stage' | 'status' | 'title' | 'version'
  }
  client_documents: {
    insert: 'category' | 'client_id' | 'content_type' | 'document_id' | 'file_name' | 'file_size' | 'original_name'
    update: 'file_size' | 'state'
  }
  client_members: {
    insert: 'client_id' | 'created_at' | 'display_name' | 'user_id'
    update: 'client_id' | 'created_at' | 'display_name' | 'user_id'
  }
  clients: {
    insert: 'created_at' | 'id' | 'kind' | 'name'
    update: 'created_at' | 'id' | 'kind' | 'name'
  }
  departments: {
    insert: 'active' | 'created_at' | 'id' | 'is_default' | 'name'
    update: 'active' | 'created_at' | 'id' | 'is_default' | 'name'
  }
  document_categories: {
    insert: 'active' | 'code' | 'label'
    update: 'active' | 'code' | 'label'
  }
  interactions: {
    insert: 'case_id' | 'content' | 'party1_name' | 'party1_type' | 'party2_name' | 'party2_type' | 'visible_to_client'
    update: 'content' | 'party1_name' | 'party1_type' | 'party2_name' | 'party2_type' | 'version' | 'visible_to_client'
  }
  internal_notes: {
    insert: 'case_id' | 'content'
    update: 'content' | 'version'
  }
  invitations: {
    insert: 'client_id' | 'department_ids' | 'display_name' | 'email' | 'expires_at' | 'is_admin' | 'scope'
    update: never
  }
  party_types: {
    insert: 'active' | 'code' | 'internal' | 'label'
    update: 'active' | 'code' | 'internal' | 'label'
  }
  specialties: {
    insert: 'active' | 'created_at' | 'id' | 'name'
    update: 'active' | 'created_at' | 'id' | 'name'
  }
  staff_departments: {
    insert: 'department_id' | 'user_id'
    update: 'department_id' | 'user_id'
  }
  staff_members: {
    insert: 'active' | 'created_at' | 'display_name' | 'is_admin' | 'scope' | 'user_id'
    update: 'active' | 'created_at' | 'display_name' | 'is_admin' | 'scope' | 'user_id'
  }
  staff_specialties: {
    insert: 'specialty_id' | 'user_id'
    update: 'specialty_id' | 'user_id'
  }
}

export type CaseStatus = Words['cases']['status']
export type Priority = Words['cases']['priority']
export type Scope = Words['staff_members']['scope']

type Tables = Database['public']['Tables']
type Views = Database['public']['Views']
type Functions = Database['public']['Functions']
type Composites = Database['public']['CompositeTypes']

/** The same columns, with these words where they have any text. */
type Narrow<Columns, Name> = Name extends keyof Words
  ? {
      [Column in keyof Columns]: Column extends keyof Words[Name]
        ? Words[Name][Column] | Extract<Columns[Column], null | undefined>
        : Columns[Column]
    }
  : Columns

/** What may be given of them. */
type Give<Columns, Names> = { [Column in keyof Columns as Column extends Names ? Column : never]: Columns[Column] }

type Table<Name extends keyof Tables> = Omit<Tables[Name], 'Row' | 'Insert' | 'Update'> & {
  Row: Narrow<Tables[Name]['Row'], Name>
  Insert: Give<Narrow<Tables[Name]['Insert'], Name>, Name extends keyof Given ? Given[Name]['insert'] : never>
  Update: Give<Narrow<Tables[Name]['Update'], Name>, Name extends keyof Given ? Given[Name]['update'] : never>
}

/** A row of `cases`. */
export type Case = Table<'cases'>['Row']
export type Interaction = Table<'interactions'>['Row']
export type ClientDocument = Table<'client_documents'>['Row']

/** An answer of several parts, which PostgreSQL's types alone can't say are there. */
type Whole<Name extends keyof Composites, Parts> = Omit<Composites[Name], keyof Parts> & Parts

/** `next_cursor` is null on the last page; `total` and `total_is_exact` are null where nothing was counted. */
export type CasePage = Whole<'case_page', { cases: Case[] }>
export type InteractionPage = Whole<'interaction_page', { interactions: Interaction[] }>
export type DocumentPage = Whole<'document_page', { documents: ClientDocument[] }>
/**
 * `title` and `excerpt` are text in parts, every second a word that was looked for; `excerpt` is null where title or
 * number alone have them.
 */
export type CaseHit = Whole<
  'case_hit',
  { found_case: Case; title: string[]; source: 'case' | 'interaction' | 'note' | 'file'; source_id: number; rank: number }
>
/** `next_cursor` is null on the last page. */
export type SearchPage = Whole<'search_page', { hits: CaseHit[]; is_complete: boolean }>
export type TimelineEntry = Whole<
  'timeline_entry',
  { created_at: string; type: EventType; actor_name: string; data: JsonObject }
>
export type TimelinePage = Whole<'timeline_page', { entries: TimelineEntry[] }>

export type CaseOrder =
  | 'created_at.desc'
  | 'created_at.asc'
  | 'updated_at.desc'
  | 'updated_at.asc'
  | 'priority.desc'
  | 'priority.asc'
  | 'due_at.asc'

/** What `rpc/list_cases` is narrowed by. */
export type CaseFilter = Omit<Functions['list_cases']['Args'], 'status' | 'priority' | 'order_by' | 'metadata'> & {
  status?: CaseStatus[]
  priority?: Priority[]
  order_by?: CaseOrder
  metadata?: JsonObject
}

/** What `rpc/update_cases` takes; `version` for one case alone. */
export type CaseChanges = Table<'cases'>['Update'] & { add_tags?: string[]; remove_tags?: string[] }

/** Why one of many was refused, as PostgREST says it. */
export type Refusal = { code: string; message: string; details: string | null; hint: string | null }

type Outcome<Result extends string> = { id: number; result: Result; error: Refusal | null }

export type CaseCount = {
  status: CaseStatus
  priority: Priority
  count: number
  overdue: number
  unassigned: number
  mine: number
}

/** `problem` says what keeps the caller from being staff. */
export type Access = { standing: 'admin' | Scope | null; is_client: boolean; problem: string | null }

/** Functions whose arguments or answers are narrower than their types in PostgreSQL. */
type Rpc = {
  list_cases: { Args: CaseFilter; Returns: CasePage }
  list_interactions: { Returns: InteractionPage }
  list_client_documents: { Returns: DocumentPage }
  document_versions: { Returns: ClientDocument[] }
  case_timeline: { Returns: TimelinePage }
  case_counts: { Returns: CaseCount[] }
  search_cases: { Returns: SearchPage }
  my_access: { Returns: Access }
  update_cases: {
    Args: { ids: number[]; changes: CaseChanges; dry_run?: boolean }
    Returns: (Outcome<'done' | 'unchanged' | 'refused' | 'not_visible'> & { events: number[] | null })[]
  }
  undo_changes: { Returns: Outcome<'done' | 'partly' | 'refused'>[] }
  reply_to_cases: { Returns: (Outcome<'done' | 'refused' | 'not_visible'> & { interaction_id: number | null })[] }
  invite: {
    Args: Omit<Functions['invite']['Args'], 'scope'> & { scope?: Scope }
    Returns: Table<'invitations'>['Row']
  }
} & { [Name in 'find_case' | 'take_case' | 'reopen_case' | 'escalate_case' | 'merge_cases' | 'split_case']: { Returns: Case } }

/** For `createClient`. */
export type CasebaseDatabase = {
  public: Omit<Database['public'], 'Tables' | 'Views' | 'Functions' | 'CompositeTypes'> & {
    Tables: { [Name in keyof Tables]: Table<Name> }
    Views: { [Name in keyof Views]: Omit<Views[Name], 'Row'> & { Row: Case } }
    Functions: {
      [Name in keyof Functions]: Name extends keyof Rpc ? Omit<Functions[Name], keyof Rpc[Name]> & Rpc[Name] : Functions[Name]
    }
    CompositeTypes: Composites
  }
}
