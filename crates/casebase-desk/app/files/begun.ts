import type { Upload } from './uploads'

// What is known of a file that is on its way to Storage in pieces: kept in this browser, so that the same file, chosen again
// after a reload or a crash, goes on where it stopped.

const PREFIX = 'casebase.upload.'

/** Its row, where Storage takes it, and the upload that was created there. */
export type Begun = {
  id: number
  bucket: string
  path: string
  endpoint: string
  metadata: Record<string, string>
  chunkSize: number
  url?: string
}

/** Those that are under way: a second file of the same name, size and time is another. */
const inUse = new Map<string, Upload['id']>()

/** What is kept of one upload, from when it is sent for the first time until it is `let go`. */
export function keptOf(userId: string, { id, key, caseNumber, interactionId, visibleToClient, file }: Upload) {
  const same = [userId, caseNumber, interactionId ?? '', visibleToClient ?? '', file.name, file.size, file.lastModified].join(' ')
  const holder = inUse.get(same) ?? id
  if (holder === id) inUse.set(same, id)
  const name = PREFIX + (holder === id ? same : `${same} ${key}`)
  return {
    get(): Begun | undefined {
      const kept = localStorage.getItem(name)
      return kept ? (JSON.parse(kept) as Begun) : undefined
    },
    set(begun: Begun) {
      try {
        localStorage.setItem(name, JSON.stringify(begun))
      } catch {
        // Full: it goes on all the same, but not after a reload.
      }
    },
    /** It has arrived, or is given up. */
    forget() {
      localStorage.removeItem(name)
      if (inUse.get(same) === id) inUse.delete(same)
    },
  }
}

/** Forgets all of them, as when their person leaves. */
export function forgetBegun() {
  inUse.clear()
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith(PREFIX)) localStorage.removeItem(name)
  }
}
