/** What stands on each line, without those that are blank. */
export const linesIn = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter(Boolean)

/** Headers, one to a line as `name: value`; and the first line that is none. */
export function headersIn(text: string): { headers: Record<string, string>; wrong: string | undefined } {
  const lines = linesIn(text)
  const read = lines.map((line) => /^([^:\s]+)\s*:\s*(\S.*)$/.exec(line))
  const wrong = lines.find((_, nth) => !read[nth])
  return { headers: Object.fromEntries(read.flatMap((found) => (found ? [[found[1], found[2]]] : []))) as Record<string, string>, wrong }
}

/** A time as a field of type `datetime-local` has it: in the viewer's own zone, to the minute. */
export function localTime(time: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}`
}

/** How many bytes a text has as it is sent. */
export const bytesIn = (text: string): number => new TextEncoder().encode(text).length

/** What a name makes as the name of a folder: small letters, digits and -. */
export const folderCode = (name: string): string => plain(name).toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 63)

/** What a name makes as a party type's code: capital letters, digits and _, a letter first. */
export const partyCode = (name: string): string => plain(name).toUpperCase().replace(/[^A-Z0-9]+/g, '_').replace(/^[^A-Z]+|_+$/g, '').slice(0, 40)

/** Without the marks of letters: é is e. */
const plain = (name: string) => name.replaceAll('ß', 'ss').normalize('NFD').replace(/\p{M}/gu, '')

/** The event type that a refusal says there is none of, and those that there are. */
export function unknownEventType({ message, hint }: { message: string; hint?: string | undefined }): { type: string; types: string } | undefined {
  const [type] = /(?<=^there is no event type )\S+$/.exec(message) ?? []
  return type === undefined ? undefined : { type, types: (hint ?? '').replace(/^There are |\.$/g, '') }
}
