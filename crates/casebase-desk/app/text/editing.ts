// A textarea knows one kind of line end. What was stored keeps its own.

const LINE_END = /\r\n?/g

/** The text as a textarea holds it. */
export const asEdited = (stored: string): string => stored.replace(LINE_END, '\n')

/** What is to be stored of an edited text. Unchanged, it is the stored one, to the byte; changed, it keeps its kind of line
 * end. */
export function asStored(edited: string, stored: string): string {
  if (edited === asEdited(stored)) return stored
  const allCrlf = stored.includes('\r\n') && !/(^|[^\r])\n/.test(stored)
  return allCrlf ? edited.replaceAll('\n', '\r\n') : edited
}
