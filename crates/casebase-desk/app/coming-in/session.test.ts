import { expect, it } from 'vitest'
import { claimsIn } from './session'

const token = (claims: unknown) => `head.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`

it('a token says who its owner is in cases, and which session it is of', () => {
  const claims = { session_id: 's', iat: 1795906000, name: 'Zoë 中', app_metadata: { case_role: 'client' } }
  expect(claimsIn(token(claims))).toEqual({ role: 'client', session: 's', issued: 1795906000000 })
})

it('what is no token, or says something else, is nobody', () => {
  for (const text of ['', 'a.b.c', token(null), token({ app_metadata: { case_role: 7 } }), token({})]) {
    expect(claimsIn(text).role, text).toBeUndefined()
  }
})
