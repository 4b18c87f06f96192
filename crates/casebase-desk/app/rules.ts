// What the database takes and how it words what it doesn't: the table that is made from its constraints.

import { constraints, violation } from '../../../types/constraints'

export { violation }

const byName = new Map(constraints.map((one) => [one.constraint, one]))

/** How many characters a text may have. */
export function most(constraint: string): number {
  const found = byName.get(constraint)?.limits?.find(({ unit }) => unit === 'characters')?.most
  if (found === undefined) throw new Error(`${constraint} has no limit in types/constraints.ts`)
  return found
}

/** The database's own words for a constraint, in English. */
export const wordsOf = (constraint: string): string | undefined => byName.get(constraint)?.sentence

/** Characters as PostgreSQL counts them: code points. */
export const length = (text: string) => [...text].length

export const isBlank = (text: string) => text.trim() === ''
