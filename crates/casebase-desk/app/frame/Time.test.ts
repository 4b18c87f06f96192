import { expect, it } from 'vitest'
import { relative } from './Time'

const now = new Date('2026-11-28T12:00:00Z')
it.each([
  ['2026-11-28T12:00:00Z', 'now'],
  ['2026-11-28T11:59:01Z', 'now'],
  ['2026-11-28T11:58:59Z', '1 minute ago'],
  ['2026-11-28T09:00:00Z', '3 hours ago'],
  ['2026-11-27T11:00:00Z', 'yesterday'],
  ['2026-12-01T12:00:00Z', 'in 3 days'],
  ['2026-12-01T11:59:00Z', 'in 3 days'],
  ['2026-11-28T09:31:00Z', '2 hours ago'],
  ['2024-11-28T12:00:00Z', '2 years ago'],
])('%s is %s', (at, text) => {
  expect(relative(new Date(at), now, 'en')).toBe(text)
})
