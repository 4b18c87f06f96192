// Links in Auth's mails lead to the desk's page and bring a session, or why there is none, in its fragment.

export type Link =
  | { kind: 'session'; accessToken: string; refreshToken: string; for: 'password' | 'entry' }
  | { kind: 'hash'; tokenHash: string; type: string; for: 'password' | 'entry' }
  | { kind: 'error'; code: string; message: string }

/** Who was invited or forgot the password chooses one. */
const purpose = (type: string | null): 'password' | 'entry' =>
  type === 'recovery' || type === 'invite' ? 'password' : 'entry'

/** What a mail's link brought, if the page was opened by one. `?token_hash=…&type=…` is what a project's own mails may
 * carry. */
export function readLink(url: string): Link | undefined {
  const { hash, searchParams } = new URL(url)
  const given = hash.startsWith('#/') ? new URLSearchParams() : new URLSearchParams(hash.slice(1))
  for (const [name, value] of searchParams) given.set(name, value)
  const type = given.get('type')
  const code = given.get('error_code') ?? given.get('error')
  if (code) return { kind: 'error', code, message: given.get('error_description') ?? code }
  const [accessToken, refreshToken] = [given.get('access_token'), given.get('refresh_token')]
  if (accessToken && refreshToken) return { kind: 'session', accessToken, refreshToken, for: purpose(type) }
  const tokenHash = given.get('token_hash')
  if (tokenHash && type) return { kind: 'hash', tokenHash, type, for: purpose(type) }
  return undefined
}

/** Takes what the link brought out of the address, and so out of the history, before anything else is done. */
export function takeLink(): Link | undefined {
  const link = readLink(location.href)
  if (link) history.replaceState(null, '', location.pathname)
  return link
}
