import type { Json } from '../../../../types/database'
import type { Access } from '../coming-in/session'
import { answer, postgrestRefusal, type Refusal } from '../refusal'
import { MOST_AT_ONCE, type CaseRow } from './queries'

// The same done to many cases in one request, which has an answer for each of them.

/** What cases are given: columns of theirs, and tags. */
export type Changes = { [column: string]: Json } & { add_tags?: string[]; remove_tags?: string[] }

type Result = 'done' | 'unchanged' | 'refused' | 'not_visible' | 'partly'

/** What became of a case. `refusal` says why not, or why not all of it; `details` what stays as it is. */
export type Told = { id: number; result: Result; refusal: Refusal | undefined; details: string | undefined }

/** What became of all of them, and the entries of each case's history that can be taken back. */
export type Outcome = { told: Told[]; events: number[][] }

type DatabaseError = { code: string; message: string; details: string | null; hint: string | null }
type Answered = { id: number; result: Result; error: DatabaseError | null; events?: number[] | null }

/** The HTTP status that PostgREST would have given the error. */
function statusOf(code: string): number {
  const chosen = /^PT(\d{3})$/.exec(code)?.[1]
  if (chosen) return Number(chosen)
  if (code === '42501') return 403
  if (code === '23505' || code === '23503') return 409
  return 400
}

const outcomeOf = (answered: readonly Answered[]): Outcome => ({
  told: answered.map(({ id, result, error }) => ({
    id,
    result,
    refusal: error ? postgrestRefusal(error, statusOf(error.code)) : undefined,
    details: (result === 'partly' && error?.details) || undefined,
  })),
  events: answered.flatMap(({ events }) => (events?.length ? [events] : [])),
})

const keysOf = (cases: readonly CaseRow[]) => cases.map(({ id }) => id)

export const updateCases = async (access: Access, cases: readonly CaseRow[], changes: Changes, dryRun = false) =>
  outcomeOf(
    await answer<Answered[]>(
      access.supabase.rpc('update_cases', { ids: keysOf(cases), changes, ...(dryRun && { dry_run: true }) }),
    ),
  )

export const replyToCases = async (access: Access, cases: readonly CaseRow[], content: string, visible: boolean) =>
  outcomeOf(
    await answer<Answered[]>(
      access.supabase.rpc('reply_to_cases', { ids: keysOf(cases), content, visible_to_client: visible }),
    ),
  )

/** Takes entries back: those of one case in one request, and no more in one than the database takes. */
export async function undoChanges(access: Access, events: readonly number[][]): Promise<Outcome> {
  const told: Told[] = []
  for (const some of inRequests(events)) {
    told.push(...outcomeOf(await answer<Answered[]>(access.supabase.rpc('undo_changes', { events: some }))).told)
  }
  return { told, events: [] }
}

export function inRequests(events: readonly number[][]): number[][] {
  const requests: number[][] = []
  for (const ofOne of events) {
    const last = requests.at(-1)
    if (last && last.length + ofOne.length <= MOST_AT_ONCE) last.push(...ofOne)
    else requests.push([...ofOne])
  }
  return requests
}

/** The replies of an attempt whose answer was lost: made all together, or none. */
export async function findReplies(access: Access, cases: readonly CaseRow[], content: string, userId: string, since: Date): Promise<Outcome | undefined> {
  const own = await answer<{ case_id: number; content: string }[]>(
    access.supabase.from('interactions').select('case_id,content').eq('created_by', userId).gte('created_at', since.toISOString()),
  )
  const said = new Set(own.filter((one) => one.content === content).map(({ case_id }) => case_id))
  const told = cases.filter(({ id }) => said.has(id)).map(({ id }) => ({ id, result: 'done' as const, refusal: undefined, details: undefined }))
  return told.length ? { told, events: [] } : undefined
}
