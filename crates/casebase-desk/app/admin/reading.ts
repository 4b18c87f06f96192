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
