import type { CaseRow, Priority, Status } from '../cases/queries'
import type { Access } from '../coming-in/session'
import { answer } from '../refusal'
import { argumentsOf, type Filter } from './filter'

// What the queue asks PostgREST.

export type { CaseRow }

export type Count = { status: Status; priority: Priority; count: number; overdue: number; unassigned: number; mine: number }

/** A page, with when something last happened to each of its cases. */
export type QueuePage = {
  cases: CaseRow[]
  last_activity: string[]
  next_cursor: string | null
  total: number | null
  total_is_exact: boolean
}

/** What many cases can be given at once, and no more. */
export const MOST_AT_ONCE = 1000

const PAGE = 50

/** A page of a queue; the first one counts, as far as many can be changed at once. */
export const listQueue = (access: Access, filter: Filter, me: string, after: string | undefined) =>
  answer<QueuePage>(
    access.supabase.rpc('list_cases', {
      ...argumentsOf(filter, me),
      page_size: PAGE,
      count_up_to: after ? 0 : MOST_AT_ONCE,
      with_activity: true,
      ...(after && { cursor: after }),
    }),
  )

/** All of a queue, as far as many can be changed at once. */
export async function listAll(access: Access, filter: Filter, me: string): Promise<CaseRow[]> {
  const asked = { ...argumentsOf(filter, me), page_size: MOST_AT_ONCE, count_up_to: 0 }
  const { cases } = await answer<QueuePage>(access.supabase.rpc('list_cases', asked))
  return cases
}

export const countCases = (access: Access) => answer<Count[]>(access.supabase.rpc('case_counts'))

/** The tags of cases, by their keys, which staff alone read. */
export async function tagsOf(access: Access, keys: readonly number[]): Promise<Map<number, string[]>> {
  const tagged = await answer<{ case_id: number; tags: string[] }[]>(
    access.supabase.from('case_internal').select('case_id,tags').in('case_id', [...keys]).not('tags', 'eq', '{}'),
  )
  return new Map(tagged.map(({ case_id, tags }) => [case_id, tags]))
}
