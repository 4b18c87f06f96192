import { expect, it } from 'vitest'
import { bytesIn, headersIn, linesIn, localTime } from './reading'

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
