import { expect, it } from 'vitest'
import { de } from '../words/de'
import { en } from '../words/en'
import { sentence } from './events'
import type { Interaction, TimelineEntry } from './queries'
import { entries, joined } from './stream'

const at = (minute: number) => `2026-11-28T12:${String(minute).padStart(2, '0')}:00+00:00`
const said = (id: number, minute: number) => ({ id, created_at: at(minute) }) as Interaction
const event = (minute: number, type = 'case.updated', data: Partial<TimelineEntry['data']> = {}): TimelineEntry => ({
  created_at: at(minute), type, actor_name: 'Alan', data: { case_id: 'CASE-0001', ...data },
})
const told = (...given: Parameters<typeof entries>) =>
  entries(...given).map((entry) => ('said' in entry ? `said ${entry.said.id}` : `event ${entry.at.slice(14, 16)}`))

it('what was said and what happened stand in order, oldest first', () => {
  expect(told([said(2, 5), said(1, 3)], false, [event(4), event(1)], false)).toEqual(['event 01', 'said 1', 'event 04', 'said 2'])
})

it('of one moment, what happened stands before what was said, and each in its own order', () => {
  expect(told([said(2, 3), said(1, 3)], false, [event(3)], false)).toEqual(['event 03', 'said 1', 'said 2'])
})

it('where one goes on further back, the other waits with it', () => {
  expect(told([said(9, 9), said(8, 8)], true, [event(9), event(7), event(1)], false)).toEqual(['said 8', 'event 09', 'said 9'])
  expect(told([said(9, 9), said(1, 1)], false, [event(9), event(7)], true)).toEqual(['event 07', 'event 09', 'said 9'])
})

it('what was said in duplicates stands among the rest, no further back than all of it is known', () => {
  const talk = (...interactions: Interaction[]) => ({ interactions, case_files: [] })
  const ids = (...given: Parameters<typeof joined>) => joined(...given).interactions.map(({ id }) => id)
  expect(ids(talk(said(5, 9), said(3, 2)), [talk(said(4, 5)), talk(said(2, 2))], 50)).toEqual([5, 4, 3, 2])
  expect(ids(talk(said(5, 9), said(3, 2)), [talk(said(4, 5), said(1, 1))], 2)).toEqual([5, 4])
  expect(ids(talk(said(5, 9)), [], 50)).toEqual([5])
})

it('entries of one moment are told apart, and keep their keys when older ones come', () => {
  const keys = (happened: TimelineEntry[]) =>
    entries([], false, happened, false).map((entry) => ('key' in entry ? entry.key : ''))
  const newest = [event(5), event(5)]
  expect(new Set(keys(newest)).size).toBe(2)
  expect(keys([...newest, event(1)]).slice(1)).toEqual(keys(newest))
})

it('an entry is a sentence of each language, and one of a type that is new still says who', () => {
  const status = event(1, 'case.status_changed', { changes: { status: { from: 'open', to: 'resolved' } } })
  expect(sentence(status, en, 'en')).toBe('Alan set the status to Resolved')
  expect(sentence(status, de, 'de')).toBe('Alan hat den Status auf „Gelöst“ gesetzt')
  const updated = event(1, 'case.updated', { changes: { priority: { to: 'high' }, title: {}, colour: {} } })
  expect(sentence(updated, en, 'en')).toBe('Alan changed the priority to high, the title, and colour')
  expect(sentence(updated, de, 'de')).toBe('Alan hat die Priorität auf „Hoch“, den Titel und colour geändert')
  expect(sentence(event(1, 'case.painted'), en, 'en')).toBe('Alan: case.painted')
  expect(sentence(event(1, 'interaction.created'), en, 'en')).toBeUndefined()
})
