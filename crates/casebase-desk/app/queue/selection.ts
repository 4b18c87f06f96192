import type { CaseRow } from './queries'

/** The cases that were chosen, by their keys, on whichever page; and the last one, from which shift goes on. */
export type Selection = { chosen: ReadonlyMap<number, CaseRow>; from: number | undefined }

export const NONE: Selection = { chosen: new Map(), from: undefined }

/** Chooses a case, or no longer. `further`: every case from the last one to it, too. */
export function toggled(selection: Selection, rows: readonly CaseRow[], key: number, further: boolean): Selection {
  const at = rows.findIndex(({ id }) => id === key)
  const begun = further ? rows.findIndex(({ id }) => id === selection.from) : -1
  const range = begun < 0 ? rows.slice(at, at + 1) : rows.slice(Math.min(at, begun), Math.max(at, begun) + 1)
  const chosen = new Map(selection.chosen)
  // A range is chosen whatever was; a single case alone is given up again.
  const gives = begun < 0 && chosen.has(key)
  for (const row of range) {
    if (gives) chosen.delete(row.id)
    else chosen.set(row.id, row)
  }
  return { chosen, from: key }
}

export const withAll = (selection: Selection, rows: readonly CaseRow[]): Selection => ({
  ...selection,
  chosen: new Map([...selection.chosen, ...rows.map((row) => [row.id, row] as const)]),
})

export function without(selection: Selection, rows: readonly CaseRow[]): Selection {
  const chosen = new Map(selection.chosen)
  for (const { id } of rows) chosen.delete(id)
  return { ...selection, chosen }
}
