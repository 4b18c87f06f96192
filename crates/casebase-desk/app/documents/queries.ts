import type { Database } from '../../../../types/database'
import type { Access } from '../coming-in/session'
import type { CaseFile } from '../files/row'
import { deleteFile } from '../files/service'
import { answer } from '../refusal'

// A client's documents, as PostgREST has them; their bytes come and go through the service.

type Tables = Database['public']['Tables']
export type Document = Tables['client_documents']['Row']
export type Folder = Tables['document_categories']['Row']
type DocumentPage = { documents: Document[]; next_cursor: string | null }

export const listFolders = (access: Access) =>
  answer<Folder[]>(access.supabase.from('document_categories').select('code,label,active').order('label'))

/** A page of a folder, the newest documents first, each by its current version. */
export const listDocuments = (access: Access, client: string, category: string, cursor: string | undefined) =>
  answer<DocumentPage>(
    access.supabase.rpc('list_client_documents', { client_id: client, category, page_size: 50, ...(cursor && { cursor }) }),
  )

/** Every version of a document that whoever looks sees: the current one first, then the newest. */
export const listVersions = (access: Access, document: number) =>
  answer<Document[]>(access.supabase.rpc('document_versions', { id: document }))

/** Deletes a document with all of its versions. */
export const deleteDocument = (access: Access, { document_id: document }: Document) => deleteFile(access, `/v1/documents/${document}`)

/** A version as the list of files shows it. */
export const asFile = ({ id, document_id, original_name, content_type, file_size, state, rejection, notes, uploaded_at }: Document): CaseFile => ({
  id,
  original_name,
  content_type,
  file_size,
  state,
  rejection,
  notes,
  uploaded_at,
  interaction_id: null,
  visible_to_client: true,
  other_bucket_id: null,
  other_state: null,
  address: `/v1/documents/${document_id}?version=${id}`,
})
