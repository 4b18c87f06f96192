// What the database's constraints ask for, and the words for whom one refuses. Written from the catalogue by
// `UPDATE=1 cargo test -p casebase --test database constraint_words`; copy it into a frontend as it is.

/** A constraint that a user can meet. */
export interface Constraint {
  /** Its name, as PostgREST's messages have it. A column that must not be null has the name `<table>_<column>_not_null`. */
  constraint: string
  /** Its table; one that the API does not expose stands with its schema. */
  table: string
  /** The column that it is about, if it is one that a user writes. */
  field?: string | null
  /** Every column that it looks at. */
  columns: readonly string[]
  /** What it asks for. */
  rule:
    | 'required' // a value
    | 'line' // one line of text (docs/frontend.md)
    | 'lines' // a list of such lines
    | 'text' // text of one line or more
    | 'one_of' // one of `values`
    | 'pattern' // a match of `pattern`, a regular expression of PostgreSQL's
    | 'range' // a number, a length or an interval within `limits`
    | 'time' // a time in the years 1 to 9999
    | 'object' // a JSON object
    | 'readable_json' // JSON that every client can read
    | 'object_name' // the name of an object in Storage
    | 'exists' // a row of another table that the caller sees
    | 'unique' // a value that no other row has
    | 'condition' // something about several columns
  limits?: readonly { least?: number; most?: number; unit: 'characters' | 'bytes' | 'items' | 'days' }[]
  values?: readonly string[]
  pattern?: string
  /** For the person. */
  sentence: string
  /** For whoever deletes what a row still refers to. */
  in_use?: string
}

/** Why a row was refused. */
export interface Violation {
  constraint: string
  field: string | null
  sentence: string
}

export const constraints: readonly Constraint[] = /* the table */

const byName = new Map(constraints.map((one) => [one.constraint, one]))

/**
 * The words for an error of PostgREST's: `error` as supabase-js gives it, or `error` of a row of rpc/update_cases. Null
 * for one that no constraint caused: its message is a sentence already.
 */
export function violation(
  error: { code?: string | null; message?: string | null } | null | undefined,
): Violation | null {
  // Class 23 of SQLSTATE; the message of another may have what a user wrote in it.
  if (!error?.code?.startsWith('23')) return null
  // In PostgreSQL's message names stand in double quotes: the table or column first, then the constraint.
  const names = Array.from((error.message ?? '').matchAll(/"([^"]+)"/g), (match) => match[1])
  const notNull = /not-null/.test(error.message ?? '') && names.length > 1 ? `${names[1]}_${names[0]}_not_null` : ''
  const found = byName.get(notNull) ?? names.map((name) => byName.get(name ?? '')).find((one) => one !== undefined)
  if (!found) return null
  // "update or delete on table … violates foreign key constraint … on table …": three names.
  const sentence = names.length > 2 && found.in_use ? found.in_use : found.sentence
  return { constraint: found.constraint, field: found.field ?? null, sentence }
}
