import { DetailedError, Upload as Pieces } from 'tus-js-client'
import type { Access } from '../coming-in/session'
import { asRefusal, kindOf, Refusal } from '../refusal'
import { keptOf, type Begun } from './begun'
import { askService, deleteFile } from './service'
import { reserving } from './target'
import type { Upload } from './uploads'

// A large file goes to Storage itself, in pieces: the service reserves its row and checks it once it is there. What died in
// between is a row that its uploader alone sees; the same file, chosen again, goes on.

type Reserved = {
  file: { id: number; document_id?: number; bucket_id: string; object_path: string }
  upload: { resumable: { endpoint: string; metadata: Record<string, string>; chunkSize: number } }
}

/** After a lost connection, in milliseconds; then it is told. */
const AGAIN_AFTER = [0, 1_000, 3_000, 5_000]

function kept(access: Access, upload: Upload) {
  const standing = access.standing.get()
  return keptOf(standing.is === 'out' ? '' : standing.userId, upload)
}

/** Deletes what was begun of it and is not under way, if anything. What can't be deleted now is swept. */
export async function giveUpDirectly(access: Access, upload: Upload): Promise<void> {
  const place = kept(access, upload)
  const begun = place.get()
  place.forget()
  if (begun) await deleteFile(access, addressOf(begun)).catch(() => {})
}

export async function sendDirectly(access: Access, upload: Upload, progress: (sent: number) => void, stop: AbortSignal): Promise<void> {
  const place = kept(access, upload)
  const known = place.get()
  // What was reserved before may be gone since: swept, or deleted on the page.
  const begun = known && (await isThere(access, known)) ? known : await reserve(access, upload)
  place.set(begun)
  try {
    const signature = await signatureOf(access, begun)
    if (signature) await write(upload.file, begun, signature, progress, stop, (url) => place.set({ ...begun, url }))
    progress(upload.file.size)
    const { id, documentId } = begun
    await askService(access, documentId === undefined ? `/v1/files/${id}/complete` : `/v1/documents/${documentId}/complete`, { method: 'POST' })
    place.forget()
  } catch (thrown) {
    if (stop.aborted) await deleteFile(access, addressOf(begun)).catch(() => {})
    if (stop.aborted || isOver(thrown)) place.forget()
    throw thrown
  }
}

const addressOf = ({ id, documentId }: Begun) =>
  documentId === undefined ? `/v1/files/${id}` : `/v1/documents/${documentId}?version=${id}`

/** Refused for what it is: its row is gone, and the next attempt is another. */
const isOver = (thrown: unknown) => ['invalid', 'tooLarge'].includes(asRefusal(thrown).kind)

async function reserve(access: Access, upload: Upload): Promise<Begun> {
  const { name, size, type } = upload.file
  const { path, said } = reserving(upload)
  const announced = {
    name,
    size,
    ...(type && { content_type: type }),
    ...said,
  }
  const { file, upload: { resumable } } = (await (await askService(access, path, { method: 'POST', body: announced, key: upload.key })).json()) as Reserved
  const { endpoint, metadata, chunkSize } = resumable
  return { id: file.id, ...(file.document_id !== undefined && { documentId: file.document_id }), bucket: file.bucket_id, path: file.object_path, endpoint, metadata, chunkSize }
}

async function isThere(access: Access, { id, documentId }: Begun): Promise<boolean> {
  const { data, error } = await access.supabase.from(documentId === undefined ? 'case_files' : 'client_documents').select('state').eq('id', id).maybeSingle()
  // Unanswered, it is not known to be gone.
  return error !== null || (data !== null && data.state !== 'deleting')
}

/** What Storage takes the bytes with, for two hours; nothing where they are there. */
async function signatureOf(access: Access, { bucket, path }: Begun): Promise<string | undefined> {
  const { data, error } = await access.supabase.storage.from(bucket).createSignedUploadUrl(path)
  if (data) return data.token
  const status = Number('statusCode' in error ? error.statusCode : 0)
  if (status === 409) return undefined
  throw new Refusal(kindOf(status), error.message)
}

/** Resolves once Storage has every byte. */
const write = (file: File, begun: Begun, signature: string, progress: (sent: number) => void, stop: AbortSignal, onUrl: (url: string) => void) =>
  new Promise<void>((resolve, reject) => {
    if (stop.aborted) return reject(new Refusal('failed', 'cancelled'))
    const pieces = new Pieces(file, {
      endpoint: begun.endpoint,
      ...(begun.url && { uploadUrl: begun.url }),
      metadata: begun.metadata,
      chunkSize: begun.chunkSize,
      headers: { 'x-signature': signature },
      retryDelays: AGAIN_AFTER,
      // What is known of it is kept beside its row.
      storeFingerprintForResuming: false,
      onUploadUrlAvailable: () => pieces.url && onUrl(pieces.url),
      // Whole only once Storage has said so.
      onProgress: (sent) => progress(Math.min(sent, file.size - 1)),
      onSuccess: () => resolve(),
      onError: (error) => reject(refusalOf(error)),
    })
    stop.addEventListener('abort', () => {
      void pieces.abort(true).catch(() => {}).then(() => reject(new Refusal('failed', 'cancelled')))
    })
    pieces.start()
  })

/** Storage's own answers hide in 400; a signature that has ended is asked for anew. */
function refusalOf(error: Error | DetailedError): Refusal {
  const answer = error instanceof DetailedError ? error.originalResponse : null
  const status = answer?.getStatus() ?? 0
  if (status === 0) return new Refusal('offline', 'the connection was lost')
  const told = answer?.getBody() || error.message
  return new Refusal(/jwt|signature|token/i.test(told) ? 'expired' : kindOf(status), told)
}
