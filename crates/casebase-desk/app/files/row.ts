import type { Database } from '../../../../types/database'

/** What is asked for of a file. */
export const FILED = [
  'id', 'interaction_id', 'original_name', 'content_type', 'file_size', 'state', 'rejection', 'notes', 'uploaded_at',
  'visible_to_client', 'other_bucket_id', 'other_state',
] as const

/** A row of `case_files`, as far as it is shown. */
export type CaseFile = Pick<Database['public']['Tables']['case_files']['Row'], (typeof FILED)[number]>

/** Whether it is to be shown to the client, and has not arrived where they read. */
export const isComing = (file: CaseFile) => file.other_state === 'pending' && file.other_bucket_id === 'client-bucket'
