import { expect, it } from 'vitest'
import { bytesIn, folderCode, headersIn, linesIn, localTime, partyCode, unknownEventType } from './reading'

it('lines are what stands on them', () => {
  expect(linesIn(' case.* \n\n  interaction.created')).toEqual(['case.*', 'interaction.created'])
  expect(linesIn(' \n ')).toEqual([])
})

it('a header is a name, a colon and a value, in which further colons stand', () => {
  expect(headersIn('authorization: Bearer a:b\nx-b :2')).toEqual({ headers: { authorization: 'Bearer a:b', 'x-b': '2' }, wrong: undefined })
  expect(headersIn('x-a: 1\nnothing\nalso nothing').wrong).toBe('nothing')
  expect(headersIn('x-a:').wrong).toBe('x-a:')
  expect(headersIn('two words: 1').wrong).toBe('two words: 1')
})

it('a time is the viewer’s own, and comes back from the field', () => {
  const time = new Date(2026, 0, 2, 3, 4)
  expect(localTime(time)).toBe('2026-01-02T03:04')
  expect(new Date(localTime(time)).getTime()).toBe(time.getTime())
})

it('bytes are counted as they are sent', () => {
  expect(bytesIn('aä€😀')).toBe(10)
})

it('a name makes a code that the database takes', () => {
  expect(folderCode(' Fire & safety (2026) ')).toBe('fire-safety-2026')
  expect(folderCode('Größe, Übersicht')).toBe('grosse-ubersicht')
  expect(folderCode('文書')).toBe('')
  expect(folderCode('a'.repeat(70))).toHaveLength(63)
  expect(partyCode('Gate 2 GmbH')).toBe('GATE_2_GMBH')
  expect(partyCode('2nd firm!')).toBe('ND_FIRM')
  expect(partyCode('x'.repeat(50))).toHaveLength(40)
})

it('an event type that there is not is read out of its refusal, with those that there are', () => {
  const told = { message: 'there is no event type case.upated', hint: 'There are case.created, case.status_changed.' }
  expect(unknownEventType(told)).toEqual({ type: 'case.upated', types: 'case.created, case.status_changed' })
  expect(unknownEventType({ message: 'something else' })).toBeUndefined()
})
