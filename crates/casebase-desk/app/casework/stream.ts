import type { Duplicate, Happened, Noted, Said, StaffCase } from './queries'
import { SHOWN_ITSELF } from './telling'

export type Entry = { at: string; key: string } & (
  | { said: Said; of?: Duplicate }
  | { noted: Noted }
  | { happened: Happened }
)

type Kind = { entries: Entry[]; hasMore: boolean }

/** The kinds' entries in order, oldest first. Where one kind goes on further back, what the others have from before that
 * waits with it. */
export function inOrder(kinds: readonly Kind[]): Entry[] {
  const time = ({ at }: Entry) => Date.parse(at)
  const begins = kinds.map(({ entries, hasMore }) => (hasMore ? Math.min(...entries.map(time)) : -Infinity))
  const from = Math.max(...begins)
  return kinds
    .flatMap(({ entries }) => entries)
    .filter((entry) => time(entry) >= from)
    .sort((one, other) => time(one) - time(other))
}

/** What staff read of a case, of which the newest `most` of each kind were asked for. */
export function stream(shown: StaffCase, duplicates: readonly Duplicate[], most: number): { entries: Entry[]; hasMore: boolean } {
  const said = shown.interactions.map((one) => ({ at: one.created_at, key: `i${one.id}`, said: one })).reverse()
  const noted = shown.internal_notes.map((one) => ({ at: one.created_at, key: `n${one.id}`, noted: one })).reverse()
  const happened = shown.case_events.map((one) => ({ at: one.created_at, key: `e${one.seq}`, happened: one })).reverse()
  const kinds: Kind[] = [
    { entries: happened, hasMore: happened.length >= 3 * most },
    { entries: said, hasMore: said.length >= most },
    { entries: noted, hasMore: noted.length >= most },
    ...duplicates.map((of) => ({
      entries: of.interactions.map((one) => ({ at: one.created_at, key: `i${one.id}`, said: one, of })).reverse(),
      hasMore: of.interactions.length >= most,
    })),
  ]
  const entries = inOrder(kinds).filter((entry) => !('happened' in entry && SHOWN_ITSELF.includes(entry.happened.type)))
  return { entries, hasMore: kinds.some(({ hasMore }) => hasMore) }
}

/** What others did to a case after an entry of its history, oldest first. */
export const others = (shown: StaffCase, since: number, userId: string): Happened[] =>
  shown.case_events.filter(({ seq, actor_id }) => seq > since && actor_id !== userId).reverse()

export const newestSeq = (shown: StaffCase): number => shown.case_events[0]?.seq ?? 0
