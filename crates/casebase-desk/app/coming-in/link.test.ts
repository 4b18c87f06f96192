import { expect, it } from 'vitest'
import { readLink } from './link'

const page = 'http://127.0.0.1:8787/desk/'

it('a link that confirms an address brings a session', () => {
  const link = readLink(`${page}#access_token=a&expires_in=3600&refresh_token=r&token_type=bearer&type=signup&sb=`)
  expect(link).toEqual({ kind: 'session', accessToken: 'a', refreshToken: 'r', for: 'entry' })
})

it.each(['recovery', 'invite'])('after a link of type %s a password is chosen', (type) => {
  expect(readLink(`${page}#access_token=a&refresh_token=r&type=${type}`)).toMatchObject({ for: 'password' })
  expect(readLink(`${page}?token_hash=h&type=${type}`)).toEqual({ kind: 'hash', tokenHash: 'h', type, for: 'password' })
})

it('a link that was used says so', () => {
  const link = readLink(`${page}#error=access_denied&error_code=otp_expired&error_description=Email+link+is+invalid`)
  expect(link).toEqual({ kind: 'error', code: 'otp_expired', message: 'Email link is invalid' })
})

it('a page of the desk is no link', () => {
  for (const path of ['', '#', '#/cases', '#/cases?status=open&error=1', '#access_token=a', '?type=invite']) {
    expect(readLink(page + path), path).toBeUndefined()
  }
})
