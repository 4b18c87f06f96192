import type { CaseRow } from '../cases/queries'
import type { Access } from '../coming-in/session'
import { clientNames, findClients, type Named } from '../people/queries'
import { answer } from '../refusal'

// What is asked for while somebody types into the search.

/** The longest search that the database takes. */
export const MOST = 500

/** So many of each kind are offered. */
const OFFERED = { cases: 8, clients: 4, people: 4 }

/** Text in parts: every second one, beginning with the second, is a word that was looked for. */
export type Parts = readonly string[]

export type Hit = {
  found_case: CaseRow
  title: Parts
  source: 'case' | 'interaction' | 'note' | 'file'
  source_id: number
  excerpt: Parts | null
}

/** Somebody on the staff, or a member of a client. */
export type Person = { id: string; name: string; client: Named | undefined }

export type Found = { cases: Hit[]; areAll: boolean; clients: Named[]; people: Person[] }

/** What there is of this text: for staff, clients and people too. */
export async function search(access: Access, text: string, isStaff: boolean): Promise<Found> {
  const [page, clients, people] = await Promise.all([
    answer<{ hits: Hit[]; next_cursor: string | null }>(
      access.supabase.rpc('search_cases', { search: text, page_size: OFFERED.cases }),
    ),
    isStaff ? findClients(access, text, OFFERED.clients) : [],
    isStaff ? findPeople(access, text) : [],
  ])
  return { cases: page.hits, areAll: page.next_cursor === null, clients, people }
}

/** Whoever has this in their name, as far as whoever looks may read it. */
async function findPeople(access: Access, text: string): Promise<Person[]> {
  // In a pattern, these are signs; in a name, they are letters.
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  const [staff, members] = await Promise.all([
    answer<{ user_id: string; display_name: string }[]>(
      access.supabase.from('staff_members').select('user_id,display_name').ilike('display_name', pattern).order('display_name').limit(OFFERED.people),
    ),
    answer<{ user_id: string; client_id: string; display_name: string }[]>(
      access.supabase.from('client_members').select('user_id,client_id,display_name').ilike('display_name', pattern).order('display_name').limit(OFFERED.people),
    ),
  ])
  const names = await clientNames(access, members.map(({ client_id }) => client_id))
  return [
    ...staff.map(({ user_id, display_name }) => ({ id: user_id, name: display_name, client: undefined })),
    ...members.map(({ user_id, client_id, display_name }) => ({ id: user_id, name: display_name, client: { id: client_id, name: names.get(client_id) ?? '' } })),
  ].slice(0, OFFERED.people)
}
