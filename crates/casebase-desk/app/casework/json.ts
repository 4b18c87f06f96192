// What can be wrong with an object of one's own before the database is asked.

/** The database takes so much of one. */
const BYTES = 16_384

export type JsonFault = { is: 'syntax'; told: string } | { is: 'noObject' } | { is: 'long'; most: number } | { is: 'number'; number: string }

/** An object as it is edited. */
export const asText = (value: unknown): string => JSON.stringify(value, null, 2)

/** The object of a text, or what is wrong with that. */
export function readObject(text: string): { object: Record<string, unknown> } | { fault: JsonFault } {
  let imprecise: string | undefined
  const keepNumber = (_key: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source
    // A number with more digits than a double holds would be stored as another.
    if (typeof value === 'number' && source && digits(source).length > 15 && digits(source) !== digits(String(value))) imprecise ??= source
    return value
  }
  let read: unknown
  try {
    read = JSON.parse(text, keepNumber)
  } catch (thrown) {
    return { fault: { is: 'syntax', told: thrown instanceof Error ? thrown.message : String(thrown) } }
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return { fault: { is: 'noObject' } }
  if (imprecise) return { fault: { is: 'number', number: imprecise } }
  if (new TextEncoder().encode(JSON.stringify(read)).length > BYTES) return { fault: { is: 'long', most: BYTES } }
  return { object: read as Record<string, unknown> }
}

const digits = (number: string) => number.replace(/e.*$/i, '').replace(/\D/g, '').replace(/^0+|0+$/g, '')
