import type { Access } from '../coming-in/session'
import { asRefusal, Refusal, serviceRefusal } from '../refusal'
import { Store } from '../store'
import type { CaseFile } from './row'
import { isOfCase, takingIn, type Target } from './target'

export type UploadState =
  | { is: 'waiting' }
  | { is: 'sending'; sent: number }
  /** Every byte was sent; the service reads them back and checks them. */
  | { is: 'checking' }
  | { is: 'done' }
  | { is: 'failed'; refusal: Refusal }

/** A chosen file on its way. Known by `id`: two files may have one name. However often it is sent, `key` makes it one. */
export type Upload = Target & { id: number; key: string; file: File; state: UploadState }

/** What an upload needs of whoever is signed in. */
export type Tokens = {
  token(): Promise<string | undefined>
  renewed(refused: string | undefined): Promise<string | undefined>
}

/** So many at a time: more would only be slower each. */
const AT_ONCE = 3

/** How one file is sent; resolves once the service has checked it. */
export type Send = (upload: Upload, token: string, progress: (sent: number) => void, stop: AbortSignal) => Promise<void>

/** Every file that was chosen and is not in its case yet. It goes on while its person moves between pages. */
export class Uploads {
  readonly list = new Store<readonly Upload[]>([])
  #next = 1
  #running = new Map<number, AbortController>()

  constructor(
    readonly tokens: Tokens,
    readonly send: Send,
    /** Called when a file has arrived. */
    readonly arrived: (upload: Upload) => void,
    /** Called when one is cancelled that is not under way; one that is hears it itself. */
    readonly gaveUp: (upload: Upload) => void = () => {},
    readonly pause = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000)),
  ) {}

  add(target: Target, files: Iterable<File>) {
    const added = [...files].map((file) => {
      return { ...target, id: this.#next++, key: newKey(), file, state: { is: 'waiting' } as const }
    })
    this.list.set([...this.list.get(), ...added])
    this.#startNext()
  }

  /** Stops it, if it is under way, and forgets it. */
  cancel(id: number) {
    const running = this.#running.get(id)
    running?.abort()
    this.#running.delete(id)
    const cancelled = this.list.get().find((upload) => upload.id === id)
    if (cancelled && !running) this.gaveUp(cancelled)
    this.list.set(this.list.get().filter((upload) => upload.id !== id))
    this.#startNext()
  }

  retry(id: number) {
    this.#change(id, { is: 'waiting' })
    this.#startNext()
  }

  /** Tries again what failed for a reason that is over: the network is back, its person signed in again. */
  retryAll(kinds: readonly Refusal['kind'][]) {
    for (const { id, state } of this.list.get()) {
      if (state.is === 'failed' && kinds.includes(state.refusal.kind)) this.#change(id, { is: 'waiting' })
    }
    this.#startNext()
  }

  /** Stops everything: its person leaves. */
  clear() {
    for (const { id } of this.list.get()) this.cancel(id)
  }

  #change(id: number, state: UploadState) {
    this.list.set(this.list.get().map((upload) => (upload.id === id ? { ...upload, state } : upload)))
  }

  #startNext() {
    for (const upload of this.list.get()) {
      if (this.#running.size >= AT_ONCE) return
      if (upload.state.is === 'waiting' && !this.#running.has(upload.id)) void this.#run(upload)
    }
  }

  async #run(upload: Upload) {
    const controller = new AbortController()
    this.#running.set(upload.id, controller)
    this.#change(upload.id, { is: 'sending', sent: 0 })
    const progress = (sent: number) => {
      this.#change(upload.id, sent >= upload.file.size ? { is: 'checking' } : { is: 'sending', sent })
    }
    try {
      await this.#sendWithToken(upload, progress, controller.signal)
      if (controller.signal.aborted) return
      this.#change(upload.id, { is: 'done' })
      this.arrived(upload)
      this.list.set(this.list.get().filter(({ id }) => id !== upload.id))
    } catch (thrown) {
      if (!controller.signal.aborted) this.#change(upload.id, { is: 'failed', refusal: asRefusal(thrown) })
    } finally {
      if (this.#running.get(upload.id) === controller) this.#running.delete(upload.id)
      this.#startNext()
    }
  }

  async #sendWithToken(upload: Upload, progress: (sent: number) => void, stop: AbortSignal) {
    const token = await this.tokens.token()
    if (!token) throw new Refusal('expired', 'nobody is signed in')
    try {
      await this.#sendAfterItself(upload, token, progress, stop)
    } catch (thrown) {
      const renewed = asRefusal(thrown).kind === 'expired' ? await this.tokens.renewed(token) : undefined
      if (!renewed || stop.aborted) throw thrown
      await this.#sendAfterItself(upload, renewed, progress, stop)
    }
  }

  /** An attempt whose connection was lost may still be under way: what became of it is heard from the same request. */
  async #sendAfterItself(upload: Upload, token: string, progress: (sent: number) => void, stop: AbortSignal) {
    for (let tries = 1; ; tries++) {
      try {
        return await this.send(upload, token, progress, stop)
      } catch (thrown) {
        const refusal = asRefusal(thrown)
        if (refusal.code !== 'request_running' || tries === PATIENCE || stop.aborted) throw thrown
        await this.pause(refusal.retryAfter ?? 2)
        if (stop.aborted) throw thrown
      }
    }
  }
}

/** Whether a row is of a file on its way, which stands among the uploads already. */
export const isUnderWay = (file: CaseFile, uploads: readonly Upload[]) =>
  file.state !== 'available' &&
  uploads.some((one) =>
    one.file.name === file.original_name &&
    (isOfCase(one) ? file.address === undefined && (one.interactionId ?? null) === file.interaction_id : file.address !== undefined))

/** What will be refused again, however often it is sent. */
const FOR_GOOD = ['content_refused', 'empty_file', 'file_too_large', 'infected', 'unreadable_file', 'type_not_allowed']
export const isRefusedForGood = ({ state }: Upload) => state.is === 'failed' && FOR_GOOD.includes(state.refusal.code ?? '')

/** So often what is still under way is asked for again. */
const PATIENCE = 30

/** A random UUID. `crypto.randomUUID` is there over HTTPS and on this machine alone. */
function newKey(): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')
}

/** From so many bytes on a file goes to Storage itself, in pieces, and goes on where it stopped; what is smaller is there
 * sooner in one request. */
const DIRECT_FROM = 20_000_000

export const sendTo =
  (access: Access): Send =>
  async (upload, token, progress, stop) => {
    if (upload.file.size < DIRECT_FROM) return sendThrough(access.config.serviceUrl, upload, token, progress, stop)
    const { sendDirectly } = await import('./direct')
    return sendDirectly(access, upload, progress, stop)
  }

/** Lets go of what is left of a file that did not arrive. */
export async function giveUp(access: Access, upload: Upload): Promise<void> {
  if (upload.file.size < DIRECT_FROM) return
  const { giveUpDirectly } = await import('./direct')
  await giveUpDirectly(access, upload)
}

/** Sends a file through the service. XMLHttpRequest, because fetch tells no progress. */
const sendThrough = (serviceUrl: string, ...[upload, token, progress, stop]: Parameters<Send>): Promise<void> =>
  new Promise((resolve, reject) => {
    const { method, path } = takingIn(upload, upload.file.name)
    const request = new XMLHttpRequest()
    request.open(method, serviceUrl + path)
    request.setRequestHeader('authorization', `Bearer ${token}`)
    request.setRequestHeader('idempotency-key', upload.key)
    request.setRequestHeader('content-type', upload.file.type || 'application/octet-stream')
    request.upload.onprogress = ({ loaded }) => progress(loaded)
    request.onload = () => {
      if (request.status < 300) return resolve()
      reject(serviceRefusal(request.status, request.responseText, request.getResponseHeader('retry-after')))
    }
    request.onerror = () => void whyUnsent(upload.file).then(reject)
    request.onabort = () => reject(new Refusal('failed', 'cancelled'))
    stop.addEventListener('abort', () => request.abort())
    request.send(upload.file)
  })

/** A file that is gone, or a folder, breaks off like a connection: the browser says nothing of why. */
const whyUnsent = (file: Blob) =>
  file.slice(0, 1).arrayBuffer().then(
    () => new Refusal('offline', 'the connection was lost'),
    () => new Refusal('invalid', 'the file cannot be read', { code: 'unreadable_file' }),
  )
