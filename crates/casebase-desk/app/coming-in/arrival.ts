import { Refusal } from '../refusal'
import { Store } from '../store'
import { authAnswer } from './auth'
import type { Link } from './link'
import type { Access } from './session'
import { takeWanted } from './wanted'

/** Why the link that opened the page brought no session. */
export const arrival = new Store<Refusal | undefined>(undefined)

/** Follows a mail's link, and says which page comes next. */
export async function follow(access: Access, link: Link): Promise<string> {
  const { auth } = access.supabase
  const to = takeWanted()
  const search = to ? `?to=${encodeURIComponent(to)}` : ''
  try {
    if (link.kind === 'error') throw new Refusal('invalid', link.message, { code: link.code })
    if (link.kind === 'session') {
      await authAnswer(auth.setSession({ access_token: link.accessToken, refresh_token: link.refreshToken }))
    } else {
      const type = link.type as 'signup' | 'invite' | 'recovery' | 'magiclink' | 'email_change' | 'email'
      await authAnswer(auth.verifyOtp({ token_hash: link.tokenHash, type }))
    }
    return link.for === 'password' ? `/choose-password${search}` : (to ?? '/cases')
  } catch (thrown) {
    arrival.set(thrown instanceof Refusal ? thrown : new Refusal('failed', String(thrown)))
    return `/sign-in${search}`
  }
}
