import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { RealtimeChannel, SupabaseClient } from '@supabase/supabase-js'
import type { Database } from '../../../types/database'
import { useDesk } from './desk'
import { answer } from './refusal'
import { Store, useStore } from './store'

// Where the project sends live notices, the pages hear that something changed and ask again; a notice has no content. Where it
// doesn't, or Realtime can't be reached, they ask every few seconds.

/** How often a page asks that would hear of a change: a notice may be missing. */
const LIVE = 60_000
/** Several changes at once are one reason to ask. */
const TOGETHER = 300

type Held = { users: number; channel?: RealtimeChannel; wasJoined?: boolean }

/** The topics that the pages are on. */
export class Live {
  readonly joined = new Store<ReadonlySet<string>>(new Set())
  #held = new Map<string, Held>()
  #leaving = new Map<string, Promise<unknown>>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly supabase: SupabaseClient<Database>,
    private readonly onNotice: () => void,
  ) {}

  /** Joins a topic, and gives back how to leave it. */
  join(topic: string): () => void {
    const held = this.#held.get(topic) ?? { users: 0 }
    if (held.users++ === 0) {
      this.#held.set(topic, held)
      void this.#open(topic, held)
    }
    return () => {
      if (--held.users > 0) return
      this.#held.delete(topic)
      this.#mark(topic, false)
      if (held.channel) this.#leaving.set(topic, this.supabase.removeChannel(held.channel).catch(() => {}))
    }
  }

  async #open(topic: string, held: Held) {
    // Until it is left, Realtime's client gives back the channel that is being left.
    await this.#leaving.get(topic)
    // A private channel is joined with the token of whoever is signed in.
    await this.supabase.realtime.setAuth().catch(() => {})
    if (held.users === 0) return
    held.channel = this.supabase
      .channel(topic, { config: { private: true } })
      .on('broadcast', { event: 'case_changed' }, () => this.#tell())
      .subscribe((status) => {
        if (this.#held.get(topic) !== held) return
        const isJoined = status === 'SUBSCRIBED'
        // What happened while it was away.
        if (isJoined && held.wasJoined) this.#tell()
        held.wasJoined ||= isJoined
        this.#mark(topic, isJoined)
      })
  }

  #mark(topic: string, isJoined: boolean) {
    const joined = new Set(this.joined.get())
    if (joined.has(topic) === isJoined) return
    if (isJoined) joined.add(topic)
    else joined.delete(topic)
    this.joined.set(joined)
  }

  #tell() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.onNotice()
    }, TOGETHER)
  }
}

/** What the database says of live notices, and of who asks. */
export function useNotices(): { isOn: boolean; standing: string | null } {
  const { access } = useDesk()
  const standing = access.standing.get()
  const { data } = useQuery({
    queryKey: ['notices', standing.is === 'out' ? '' : standing.userId],
    queryFn: () => answer<{ live: boolean; standing: string | null }>(access.supabase.rpc('my_access')),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })
  return { isOn: data?.live === true, standing: data?.standing ?? null }
}

/** On these topics while the page is shown, where there are notices. Gives how often the page asks by itself: so often as it
 * says, or seldom where it hears of every change. */
export function useLive(topics: readonly string[], otherwise: number): number {
  const { live } = useDesk()
  const { isOn } = useNotices()
  const joined = useStore(live.joined)
  const wanted = isOn ? topics.join(' ') : ''
  useEffect(() => {
    if (!wanted) return
    const leave = wanted.split(' ').map((topic) => live.join(topic))
    return () => leave.forEach((one) => one())
  }, [live, wanted])
  return wanted && wanted.split(' ').every((topic) => joined.has(topic)) ? LIVE : otherwise
}
