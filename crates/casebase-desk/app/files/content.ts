import type { Access } from '../coming-in/session'
import { asRefusal } from '../refusal'
import { askService } from './service'

/** What the browser shows by itself and runs nothing of. The type comes from here, never from the file. */
const SHOWN = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'application/pdf'] as const

/** How a file can be shown in the page; nothing: not at all. */
export function shownAs(contentType: string): (typeof SHOWN)[number] | undefined {
  const plain = contentType.split(';', 1)[0]?.trim().toLowerCase()
  return SHOWN.find((type) => type === plain)
}

/** A file's bytes, asked for with the token of whoever looks, as a `blob:` of this type. */
export async function load(access: Access, id: number, type: string, stop?: AbortSignal): Promise<Blob> {
  const given = await askService(access, `/v1/files/${id}`, { stop })
  try {
    return new Blob([await given.blob()], { type })
  } catch (thrown) {
    throw asRefusal(thrown)
  }
}

/** Gives a file to the browser to keep under this name. */
export function keep(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
