import type { Interaction, Talk, TimelineEntry } from './queries'

export type Entry = { at: string; said: Interaction } | { at: string; happened: TimelineEntry; key: string }

/** What was said in a case and in its duplicates, each with its newest, as one: the newest of all. */
export function joined(one: Talk, others: readonly Talk[], most: number): Talk {
  if (!others.length) return { interactions: one.interactions, case_files: one.case_files }
  const all = [one, ...others]
  const newestFirst = (a: Interaction, b: Interaction) => Date.parse(b.created_at) - Date.parse(a.created_at) || b.id - a.id
  return {
    interactions: all.flatMap(({ interactions }) => interactions).sort(newestFirst).slice(0, most),
    case_files: all.flatMap(({ case_files }) => case_files),
  }
}

/** Strings of one kind of timestamp; PostgreSQL's leave zeros at their end out. */
const later = (one: Entry, other: Entry) => Date.parse(one.at) - Date.parse(other.at)

/** What was said and what happened, of which the newest were asked for; oldest first. Where one of the two goes on
 * further back, what the other has from before waits with it. */
export function entries(
  said: readonly Interaction[], hasMoreSaid: boolean, happened: readonly TimelineEntry[], hasMoreHappened: boolean,
): Entry[] {
  const talk: Entry[] = said.map((one) => ({ at: one.created_at, said: one })).reverse()
  const events: Entry[] = happened.map((one) => ({ at: one.created_at, happened: one, key: '' })).reverse()
  const met = new Map<string, number>()
  for (const event of events) {
    if (!('happened' in event)) continue
    // Those of one transaction have one time.
    const alike = `${event.at} ${event.happened.type}`
    met.set(alike, (met.get(alike) ?? 0) + 1)
    event.key = `${alike} ${met.get(alike)}`
  }
  const begins = (list: Entry[], hasMore: boolean) => (hasMore && list[0] ? Date.parse(list[0].at) : -Infinity)
  const from = Math.max(begins(talk, hasMoreSaid), begins(events, hasMoreHappened))
  return [...events, ...talk].filter(({ at }) => Date.parse(at) >= from).sort(later)
}
