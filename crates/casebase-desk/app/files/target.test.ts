import { expect, it } from 'vitest'
import { placeOf, reserving, takingIn, type Target } from './target'

const CASE = { caseNumber: 'CASE-0001' }
const REPLY = { ...CASE, interactionId: 7, visibleToClient: true }
const FOLDER = { clientId: 'c1', category: 'policies' }
const VERSION = { ...FOLDER, documentId: 3 }

it('a file is sent where it belongs, under its name', () => {
  expect([CASE, REPLY, FOLDER, VERSION].map((target: Target) => takingIn(target, 'a&b.pdf')).map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/cases/CASE-0001/files?name=a%26b.pdf',
    'POST /v1/cases/CASE-0001/files?name=a%26b.pdf&interaction_id=7&visible_to_client=true',
    'POST /v1/clients/c1/documents?name=a%26b.pdf&category=policies',
    'PUT /v1/documents/3?name=a%26b.pdf',
  ])
})

it('a large one is reserved there', () => {
  expect([CASE, REPLY, FOLDER, VERSION].map(reserving)).toEqual([
    { path: '/v1/cases/CASE-0001/files/direct', said: {} },
    { path: '/v1/cases/CASE-0001/files/direct', said: { interaction_id: 7, visible_to_client: true } },
    { path: '/v1/clients/c1/documents/direct', said: { category: 'policies' } },
    { path: '/v1/documents/3/direct', said: {} },
  ])
})

it('no two places are taken for one', () => {
  expect(new Set([CASE, REPLY, FOLDER, VERSION].map((target) => placeOf(target).join(' '))).size).toBe(4)
})
