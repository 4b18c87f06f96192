import type { Database } from '../../../../types/database'

/** What is asked for of a file. */
export const FILED = [
  'id', 'interaction_id', 'original_name', 'content_type', 'file_size', 'state', 'rejection', 'notes', 'uploaded_at',
  'visible_to_client',
] as const

/** A row of `case_files`, as far as it is shown. */
export type CaseFile = Pick<Database['public']['Tables']['case_files']['Row'], (typeof FILED)[number]>
