import { expect, it } from 'vitest'
import { de } from '../words/de'
import { en } from '../words/en'
import { asText, readObject } from './json'
import type { Duplicate, Happened, Noted, Said, StaffCase } from './queries'
import type { Reference } from './reference'
import { inOrder, others, stream, type Entry } from './stream'
import { partyLabel, toldChanges, toldSubject, valueText } from './telling'
import { asLocal, inDays } from './times'

const at = (minute: number) => `2026-11-28T12:${String(minute).padStart(2, '0')}:00+00:00`
const said = (id: number, minute: number) => ({ id, created_at: at(minute) }) as Said
const noted = (id: number, minute: number) => ({ id, created_at: at(minute) }) as Noted
const event = (seq: number, minute: number, type = 'case.updated', actor_id = 'a'): Happened => ({
  id: seq, seq, type, actor_id, actor_name: 'Alan', data: {}, created_at: at(minute),
})
const shown = (parts: Partial<StaffCase>) => ({ interactions: [], internal_notes: [], case_events: [], ...parts }) as unknown as StaffCase
const keys = (entries: Entry[]) => entries.map(({ key }) => key)

const reference: Reference = {
  colleagues: [{ user_id: 'a', display_name: 'Alan', active: true, specialties: [] }],
  departments: [{ id: 'n', name: 'North', active: true, is_default: true, staff_departments: [] }],
  specialties: [{ id: 's', name: 'Lifts', active: true }],
  parties: [
    { code: 'ARGAN', label: 'Argan', internal: true, active: true },
    { code: 'CLIENT', label: 'Tenant', internal: false, active: true },
    { code: 'INSURER', label: 'Insurer', internal: false, active: true },
  ],
  transitions: [], stages: [], standing: 'all', ownDepartments: [],
}

it('what was said, noted and what happened stands in order, with what was said in duplicates', () => {
  const of = { id: 9, case_id: 'CASE-0009', title: '', interactions: [said(3, 2)], case_files: [] } as unknown as Duplicate
  const { entries, hasMore } = stream(
    shown({ interactions: [said(2, 9), said(1, 1)], internal_notes: [noted(1, 5)], case_events: [event(2, 4), event(1, 1, 'case.created')] }), [of], 50,
  )
  expect(keys(entries)).toEqual(['i1', 'i3', 'e2', 'n1', 'i2'])
  expect(hasMore).toBe(false)
})

it('where one kind goes on further back, the others wait with it', () => {
  const { entries, hasMore } = stream(shown({ interactions: [said(2, 9), said(1, 6)], internal_notes: [noted(1, 5)], case_events: [event(1, 7)] }), [], 2)
  expect(keys(entries)).toEqual(['i1', 'e1', 'i2'])
  expect(hasMore).toBe(true)
  expect(inOrder([])).toEqual([])
})

it('what others did since is told apart from one’s own', () => {
  const one = shown({ case_events: [event(4, 4, 'case.updated', 'b'), event(3, 3, 'case.updated', 'a'), event(2, 2, 'case.updated', 'b')] })
  expect(others(one, 2, 'a').map(({ seq }) => seq)).toEqual([4])
  expect(others(one, 1, 'a').map(({ seq }) => seq)).toEqual([2, 4])
})

it('a change is told by its names in each language, and what is gone by that', () => {
  const changes = {
    status: { from: 'open', to: 'waiting' }, assigned_to: { from: 'gone', to: 'a' }, department_id: { from: null, to: 'n' }, description: {}, colour: { from: 1, to: [2] },
  }
  expect(toldChanges(changes, reference, en, 'en')).toEqual([
    { field: 'Status', from: 'Open', to: 'Waiting' },
    { field: 'Assignee', from: 'no longer there', to: 'Alan' },
    { field: 'Department', from: 'none', to: 'North' },
    { field: 'Description' },
    { field: 'colour', from: '1', to: '[2]' },
  ])
  expect(toldChanges({ priority: { from: 'low', to: 'high' } }, reference, de, 'de')).toEqual([{ field: 'Priorität', from: 'Niedrig', to: 'Hoch' }])
  expect(valueText('merged_into', 7, reference, en, 'en')).toBe('CASE-0007')
  expect(valueText('visible_to_client', true, reference, de, 'de')).toBe('ja')
  expect(toldSubject({ ...event(1, 1, 'case_file.rejected'), data: { original_name: 'a.pdf', reason: 'Eicar' } }, en)).toBe(
    'sent a file that was refused: a.pdf: Eicar',
  )
  expect([true, false].map((visible_to_client) => toldSubject({ ...event(1, 1, 'case_file.moved'), data: { original_name: 'a.pdf', visible_to_client } }, en))).toEqual([
    'showed a file to the client: a.pdf', 'hid a file from the client: a.pdf',
  ])
  expect(toldChanges({ tags: { from: [], to: ['gate', 'north'] }, metadata: {} }, reference, en, 'en', 'case_internal.updated')).toEqual([
    { field: 'Tags', from: 'none', to: 'gate, north' }, { field: 'Internal data' },
  ])
  expect(toldSubject(event(1, 1, 'case.painted'), en)).toBe('case.painted')
})

it('a party is called as the project calls it, and only what nobody renamed by a word of ours', () => {
  expect(partyLabel('CLIENT', reference, en)).toBe('Tenant')
  expect(partyLabel('ARGAN', reference, de)).toBe('Wir')
  expect(partyLabel('INSURER', reference, en)).toBe('Insurer')
  expect(partyLabel('GONE', reference, en)).toBe('GONE')
})

it('data is an object that survives being read, or it is said what it is not', () => {
  const fault = (text: string) => {
    const read = readObject(text)
    return 'fault' in read ? read.fault.is : undefined
  }
  expect(['{', '[]', 'null', '"a"', ' '].map(fault)).toEqual(['syntax', 'noObject', 'noObject', 'noObject', 'syntax'])
  expect(fault(JSON.stringify({ a: 'x'.repeat(16_400) }))).toBe('long')
  expect(fault('{"a": {"b": [1, 2.50, 1e3, -0.5, "12345678901234567891"]}}')).toBeUndefined()
  expect(asText({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}')
})

it('a deadline in days is at five in the viewer’s zone, also where the clocks change', () => {
  expect(asLocal(inDays(3, new Date(2026, 2, 27, 9, 5)))).toBe('2026-03-30T17:00')
  expect(asLocal(new Date(2026, 0, 2, 3, 4, 59))).toBe('2026-01-02T03:04')
})
