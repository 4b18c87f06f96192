import { createClient, type Session, type SupabaseClient } from '@supabase/supabase-js'
import type { Database } from '../../../../types/database'
import type { Config } from '../config'
import { forgetBegun } from '../files/begun'
import { forgetDrafts } from '../text/drafts'
import { Store } from '../store'

export type Standing =
  | { is: 'out' }
  | { is: 'in'; userId: string; email: string; name: string; role: string | undefined; session: string }
  /** The session ended by itself: the page stays, with what was typed, until its person signs in again. */
  | { is: 'expired'; userId: string; email: string; name: string; role: string | undefined; session: string }

/** Whether the token says that its owner is on the staff: which half of the desk is shown, and nothing that they may do. */
export const saysStaff = (standing: Standing): boolean =>
  standing.is !== 'out' && (standing.role === 'staff' || standing.role === 'admin')

/** Which session was left on purpose, in whichever tab of this browser: then no tab keeps showing anything. */
const LEFT = 'casebase.left'

/** By how many milliseconds the project's clock is ahead of this machine's, as a token that was new told. */
const AHEAD = 'casebase.clock'

/** supabase-js, and who it is signed in as. */
export class Access {
  readonly supabase: SupabaseClient<Database>
  readonly standing = new Store<Standing>({ is: 'out' })

  constructor(readonly config: Config) {
    this.supabase = createClient<Database>(config.supabaseUrl, config.anonKey, {
      auth: {
        flowType: 'implicit',
        detectSessionInUrl: false,
        storageKey: 'casebase.session',
      },
      // What is asked for again, and when, the pages say.
      db: { retry: false },
      global: { fetch: (input, init) => this.#fetch(input, init) },
    })
  }

  /** Reads the session that is kept in this browser, and follows it from then on. */
  async start(): Promise<void> {
    const { data } = await this.supabase.auth.getSession()
    this.#follow(data.session)
    // Kept from before: it is not new.
    this.#issued = claimsIn(data.session?.access_token ?? '').issued
    this.supabase.auth.onAuthStateChange((event, session) => {
      if (session && (event === 'SIGNED_IN' || event === 'TOKEN_REFRESHED')) this.#setClock(session.access_token)
      if (event !== 'INITIAL_SESSION') this.#follow(session)
    })
    addEventListener('storage', ({ key, newValue }) => {
      if (key === LEFT) this.#leave(newValue)
    })
  }

  /** The time of the project's clock, in milliseconds: this machine's may be hours off. */
  now = () => Date.now() + (Number(localStorage.getItem(AHEAD)) || 0)

  /** A token is told of more than once; it was new the first time. */
  #setClock(token: string) {
    const { issued } = claimsIn(token)
    if (issued === undefined || issued === this.#issued) return
    this.#issued = issued
    localStorage.setItem(AHEAD, String(issued - Date.now()))
  }

  #issued: number | undefined

  /** What another tab left comes here in its own time: before or after supabase-js says that the session ended. */
  #leave(session: string | null) {
    const standing = this.standing.get()
    if (standing.is !== 'out' && standing.session === session) this.standing.set({ is: 'out' })
  }

  /** The token of whoever is signed in, refreshed where it is about to expire. */
  async token(): Promise<string | undefined> {
    const { data } = await this.supabase.auth.getSession()
    return data.session?.access_token
  }

  /** Another token in place of one that was refused; none where that can't be had. */
  async renewed(refused: string | undefined): Promise<string | undefined> {
    const held = await this.token()
    if (held && held !== refused) return held
    const { data, error } = await this.supabase.auth.refreshSession()
    // supabase-js keeps a session whose token looks valid by the clock. Where both are refused it has ended.
    if (error && [400, 401, 403].includes(error.status ?? 0)) await this.supabase.auth.signOut({ scope: 'local' })
    return data.session?.access_token
  }

  async signOut(): Promise<void> {
    const standing = this.standing.get()
    if (standing.is !== 'out') localStorage.setItem(LEFT, standing.session)
    // The others of this person's sessions stay.
    await this.supabase.auth.signOut({ scope: 'local' })
    this.standing.set({ is: 'out' })
  }

  #follow(session: Session | null) {
    const before = this.standing.get()
    if (session) {
      const { id: userId, email = '' } = session.user
      if (before.is !== 'out' && before.userId !== userId) {
        // Somebody else: nothing of the person before may stay on the page.
        forgetDrafts()
        forgetBegun()
        location.reload()
        return
      }
      const { role, session: id } = claimsIn(session.access_token)
      if (before.is === 'in' && before.email === email && before.role === role && before.session === id) return
      const { name } = session.user.user_metadata as { name?: unknown }
      this.standing.set({ is: 'in', userId, email, name: typeof name === 'string' ? name : '', role, session: id })
    } else if (before.is === 'in') {
      // Left on purpose, it never looks like one that ended by itself.
      this.standing.set(localStorage.getItem(LEFT) === before.session ? { is: 'out' } : { ...before, is: 'expired' })
    }
  }

  /** A refused token is renewed once: the clocks may differ, or the session was revoked. */
  async #fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const given = await fetch(input, init)
    const isAuth = String(input instanceof Request ? input.url : input).includes('/auth/v1/')
    if (given.status !== 401 || isAuth) return given
    const headers = new Headers(init?.headers)
    const refused = headers.get('authorization')?.replace('Bearer ', '')
    const token = await this.renewed(refused)
    if (!token) return given
    headers.set('authorization', `Bearer ${token}`)
    return fetch(input, { ...init, headers })
  }
}

/** `app_metadata.case_role`, `session_id` and `iat` (in milliseconds) of a token, for what is shown. What its owner may do is the database's to
 * say. */
export function claimsIn(token: string): { role: string | undefined; session: string; issued: number | undefined } {
  try {
    const payload = token.split('.')[1] ?? ''
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as { session_id?: unknown; iat?: unknown; app_metadata?: { case_role?: unknown } }
    const role = claims.app_metadata?.case_role
    return { role: typeof role === 'string' ? role : undefined, session: String(claims.session_id), issued: typeof claims.iat === 'number' ? claims.iat * 1000 : undefined }
  } catch {
    return { role: undefined, session: '', issued: undefined }
  }
}
