import type { Database } from '../../../../types/database'
import type { Access } from '../coming-in/session'
import { FILED, type CaseFile } from '../files/row'
import { answer, Refusal } from '../refusal'

// What the pages about cases ask PostgREST. Which rows there are is the database's answer.

export const STATUSES = ['open', 'in_progress', 'waiting', 'resolved', 'closed'] as const
export type Status = (typeof STATUSES)[number]
export type Priority = 'low' | 'medium' | 'high' | 'urgent'

/** A row as the database has it, with the words of a fixed set where it has any text. */
type Row<Table extends keyof Tables, Words = object> = Omit<Tables[Table]['Row'], keyof Words> & Words
type Tables = Database['public']['Tables']
type Composites = Database['public']['CompositeTypes']

export type CaseRow = Row<'cases', { status: Status; priority: Priority }>
export type Interaction = Pick<Row<'interactions'>, (typeof SAID)[number]>

/** What is asked for of an interaction. */
const SAID = [
  'id', 'case_id', 'party1_name', 'party2_name', 'content', 'visible_to_client', 'created_by', 'created_at', 'updated_at',
] as const

/** What was said, the newest first and as many as were asked for, and files. */
export type Talk = { interactions: Interaction[]; case_files: CaseFile[] }
export type Case = CaseRow & Talk

/** A page, whose parts PostgreSQL's types alone can't say are there. */
type Page<Name extends keyof Composites, Parts> = Omit<Composites[Name], keyof Parts> & Parts

export type TimelineEntry = Page<
  'timeline_entry',
  { created_at: string; type: string; actor_name: string; data: { case_id: string; changes?: Record<string, { from?: unknown; to?: unknown }> } }
>
export type Timeline = Page<'timeline_page', { entries: TimelineEntry[] }>
type CasePage = Page<'case_page', { cases: CaseRow[]; last_activity: string[] }>

/** A page of cases, newest first, and where the next begins; of those that have these words, if any are given. */
export const listCases = (access: Access, status: Status | undefined, text: string | undefined, cursor: string | undefined) =>
  answer<CasePage>(
    access.supabase.rpc('list_cases', {
      page_size: 50,
      count_up_to: 0,
      with_activity: true,
      ...(status && { status: [status] }),
      ...(text && { search: text }),
      ...(cursor && { cursor }),
    }),
  )

/** The number in `CASE-0001`, which is the key of the case; NaN where it is none. */
export const keyOf = (caseNumber: string): number => Number(/^CASE-0*(\d{1,15})$/.exec(caseNumber)?.[1] ?? NaN)

/** `CASE-0001` of 1, as the database makes it. */
export const numberOf = (key: number): string => `CASE-${String(key).padStart(4, '0')}`

/** All of a case in one request, with the newest of its interactions. */
export async function getCase(access: Access, caseNumber: string, interactions: number): Promise<Case> {
  const found = await answer<Case | null>(
    access.supabase
      .from('cases')
      .select(`*,interactions(${SAID.join()}),case_files(${FILED.join()})`)
      .eq('case_id', caseNumber)
      .order('created_at', { referencedTable: 'interactions', ascending: false })
      .order('id', { referencedTable: 'interactions', ascending: false })
      .limit(interactions, { referencedTable: 'interactions' })
      .order('id', { referencedTable: 'case_files' })
      .maybeSingle<Case>(),
  )
  if (!found) throw new Refusal('missing', 'there is no such case')
  return found
}

/** What was said in these cases, the newest of each and as many as were asked for, and their files. */
export const getDuplicates = (access: Access, keys: readonly number[], interactions: number) =>
  answer<Talk[]>(
    access.supabase
      .from('cases')
      .select(`interactions(${SAID.join()}),case_files(${FILED.join()})`)
      .in('id', keys)
      .order('created_at', { referencedTable: 'interactions', ascending: false })
      .order('id', { referencedTable: 'interactions', ascending: false })
      .limit(interactions, { referencedTable: 'interactions' })
      .order('id', { referencedTable: 'case_files' }),
  )

/** The newest of what happened to a case, newest first, as its reader may know it. */
export const getTimeline = (access: Access, key: number, entries: number) =>
  answer<Timeline>(access.supabase.rpc('case_timeline', { case_id: key, page_size: entries }))

export type NewCase = Pick<Tables['cases']['Insert'], 'department_id' | 'priority' | 'assigned_to' | 'required_specialty_id' | 'action_required_by'> & {
  client_id: string
  title: string
  description: string
}

export const createCase = (access: Access, row: NewCase) =>
  answer<CaseRow>(access.supabase.from('cases').insert(row).select('id,case_id').single<CaseRow>())

/** The case that an attempt made whose answer was lost, if it did. Long texts fit into no address, so they are compared
 * here. */
export const findCase = async (access: Access, row: NewCase, userId: string, since: Date) => {
  const alike = await answer<CaseRow[]>(
    access.supabase
      .from('cases')
      .select('id,case_id,description')
      .match({ client_id: row.client_id, title: row.title, created_by: userId })
      .gte('created_at', since.toISOString()),
  )
  return alike.find(({ description }) => description === row.description)
}

/** Changes a case as it was read; a `changed` refusal where somebody was faster. */
export const updateCase = (access: Access, read: CaseRow, changes: { title?: string; description?: string }) =>
  answer<{ id: number }>(
    access.supabase.from('cases').update({ ...changes, version: read.version }).eq('id', read.id).select('id').single(),
  )

type Reply = { id: number; case_id: number }

/** Says something in a case. A reply to a closed case lands in the one that it opens. */
export const reply = (access: Access, key: number, content: string) =>
  answer<Reply>(access.supabase.from('interactions').insert({ case_id: key, content }).select('id,case_id').single<Reply>())

/** The reply that an attempt made whose answer was lost. One to a closed case may have landed in another. */
export const findReply = async (access: Access, to: CaseRow, content: string, userId: string, since: Date) => {
  const own = await answer<(Reply & { content: string })[]>(
    access.supabase
      .from('interactions')
      .select('id,case_id,content')
      .match({ created_by: userId, ...(to.status !== 'closed' && { case_id: to.id }) })
      .gte('created_at', since.toISOString()),
  )
  return own.find((one) => one.content === content)
}

export const reopenCase = (access: Access, key: number) =>
  answer<unknown>(access.supabase.rpc('reopen_case', { case_id: key }))

export const escalateCase = (access: Access, key: number, reason: string) =>
  answer<unknown>(access.supabase.rpc('escalate_case', { case_id: key, reason }))
