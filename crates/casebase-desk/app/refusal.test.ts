import { de } from './words/de'
import { en } from './words/en'
import { forPeople, inUnits } from './words/refusals'
import { describe, expect, it, vi } from 'vitest'
import { asRefusal, kindOf, postgrestRefusal, serviceRefusal } from './refusal'

describe('a refusal', () => {
  it('names the constraint that PostgreSQL names', () => {
    const message = 'new row for relation "cases" violates check constraint "cases_title_check"'
    const refusal = postgrestRefusal({ message, code: '23514' }, 400)
    expect([refusal.kind, refusal.constraint, refusal.field]).toEqual(['invalid', 'cases_title_check', 'title'])
    expect(refusal.message).toContain('at most 200 characters')
  })

  it('names the column that is missing', () => {
    const message = 'null value in column "title" of relation "cases" violates not-null constraint'
    expect(postgrestRefusal({ message, code: '23502' }, 400).field).toBe('title')
  })

  it('of a row that somebody changed meanwhile is no other conflict', () => {
    const changed = { code: 'PT409', message: 'version 1 was changed meanwhile: it is version 2 now', details: '{}' }
    expect(postgrestRefusal(changed, 409).kind).toBe('changed')
    expect(postgrestRefusal({ code: 'PT409', message: 'the case is escalated already' }, 409).kind).toBe('conflict')
  })

  it('of a policy is told in other words than those of a rule that speaks for itself', () => {
    const policy = { code: '42501', message: 'new row violates row-level security policy for table "cases"' }
    expect(postgrestRefusal(policy, 403).kind).toBe('byPolicy')
    expect(postgrestRefusal({ code: '42501', message: "you can't change priority of this case" }, 403).kind).toBe('forbidden')
  })

  it('of the service is read from its error, and from anything else by its status', () => {
    const body = '{"error":{"code":"too_large","message":"the file is larger than 5 bytes","field":"file"}}'
    const told = serviceRefusal(413, body)
    expect([told.kind, told.code, told.field, told.message]).toEqual([
      'tooLarge',
      'too_large',
      'file',
      'the file is larger than 5 bytes',
    ])
    for (const page of ['<html>', '', 'null', '[]', '{"error":null}', '{"error":{"message":7}}']) {
      expect(serviceRefusal(503, page, '7')).toMatchObject({ kind: 'unavailable', message: 'HTTP 503', retryAfter: 7 })
    }
  })

  it('without an answer is the network', () => {
    expect(kindOf(0)).toBe('offline')
    expect(asRefusal(new TypeError('Failed to fetch')).kind).toBe('offline')
  })
})

it('a number of bytes is said in units that people read', () => {
  expect(inUnits('the file is larger than 52428800 bytes', 'en')).toBe('the file is larger than 52 MB')
  expect(inUnits('the file is larger than 52428800 bytes', 'de')).toBe('the file is larger than 52 MB')
  expect(inUnits('1500 bytes of 2048 bytes, and 12 bytes', 'de')).toBe('1,5 kB of 2 kB, and 12 bytes')
})

it('a hint for whoever writes a program is none for people', () => {
  expect(forPeople('Add an interaction, or reopen the case with rpc/reopen_case.')).toBeUndefined()
  expect(forPeople('An admin opens it: case_settings.registration_open.')).toBeUndefined()
  expect(forPeople('Add your own instead, or ask an admin.')).toBe('Add your own instead, or ask an admin.')
  expect(forPeople(undefined)).toBeUndefined()
})

it('too much in an hour says how long to wait, not a point in time of another zone', () => {
  vi.useFakeTimers({ now: new Date('2026-11-29T00:00:00Z') })
  const told = (details: string, hint: string) => postgrestRefusal({ code: 'PT429', message: '3 cases in an hour', details, hint }, 429)
  const full = told('2026-11-29T00:41:30Z', 'Try again after 2026-11-29T00:41:30Z.')
  expect(full).toMatchObject({ kind: 'tooMany', retryAfter: 2490, hint: undefined })
  expect([en.waitSeconds(2490), de.waitSeconds(2490), en.waitSeconds(7)]).toEqual([
    'Try again in 42 minutes.', 'Versuchen Sie es in 42 Minuten noch einmal.', 'Try again in 7 seconds.',
  ])
  expect(told('', 'An admin has set it so.')).toMatchObject({ retryAfter: undefined, hint: 'An admin has set it so.' })
  vi.useRealTimers()
})
