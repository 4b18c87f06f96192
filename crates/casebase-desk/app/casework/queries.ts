import type { Database } from '../../../../types/database'
import type { CaseRow } from '../cases/queries'
import type { Access } from '../coming-in/session'
import { FILED, type CaseFile } from '../files/row'
import { answer, asRefusal, Refusal } from '../refusal'

// What the staff's page of a case asks PostgREST, and what it changes there.

type Tables = Database['public']['Tables']

const SAID = [
  'id', 'case_id', 'party1_name', 'party1_type', 'party2_name', 'party2_type', 'content', 'visible_to_client', 'created_by',
  'created_at', 'updated_at', 'version',
] as const
const NOTED = ['id', 'case_id', 'content', 'created_by', 'created_at', 'updated_at', 'version'] as const
const HAPPENED = ['id', 'seq', 'type', 'actor_id', 'actor_name', 'data', 'created_at'] as const

export type Said = Pick<Tables['interactions']['Row'], (typeof SAID)[number]>
export type Noted = Pick<Tables['internal_notes']['Row'], (typeof NOTED)[number]>
export type Internal = Pick<Tables['case_internal']['Row'], 'tags' | 'metadata' | 'version'>

/** A column's value before and after; of a long text only that it changed. */
export type Change = { from?: unknown; to?: unknown }
export type Happened = Omit<Pick<Tables['case_events']['Row'], (typeof HAPPENED)[number]>, 'data'> & {
  data: { changes?: Record<string, Change>; original_name?: string; visible_to_client?: boolean; reason?: string; interaction_id?: number }
}

/** A case as staff see it: of what was said, noted and what happened the newest, as many as were asked for. */
export type StaffCase = CaseRow & {
  interactions: Said[]
  internal_notes: Noted[]
  case_files: CaseFile[]
  case_events: Happened[]
  case_internal: Internal | null
}

/** Everything of a case in one request. Who sees no history of it sees it as its client. */
export async function getStaffCase(access: Access, key: number, most: number): Promise<StaffCase> {
  const found = await answer<StaffCase | null>(
    access.supabase
      .from('cases')
      .select(
        `*,interactions(${SAID.join()}),internal_notes(${NOTED.join()}),case_internal(tags,metadata,version),` +
          `case_files(${FILED.join()}),case_events(${HAPPENED.join()})`,
      )
      .eq('id', key)
      .order('created_at', { referencedTable: 'interactions', ascending: false })
      .order('id', { referencedTable: 'interactions', ascending: false })
      .limit(most, { referencedTable: 'interactions' })
      .order('created_at', { referencedTable: 'internal_notes', ascending: false })
      .order('id', { referencedTable: 'internal_notes', ascending: false })
      .limit(most, { referencedTable: 'internal_notes' })
      .order('id', { referencedTable: 'case_files' })
      .order('seq', { referencedTable: 'case_events', ascending: false })
      // Each interaction and note is an entry, too.
      .limit(3 * most, { referencedTable: 'case_events' })
      .maybeSingle<StaffCase>(),
  )
  if (!found) throw new Refusal('missing', 'there is no such case')
  return found
}

export type Duplicate = Pick<CaseRow, 'id' | 'case_id' | 'title'> & { interactions: Said[]; case_files: CaseFile[] }

/** The cases that were merged into this one, with what was said in them. */
export const getDuplicates = (access: Access, key: number, most: number) =>
  answer<Duplicate[]>(
    access.supabase
      .from('cases')
      .select(`id,case_id,title,interactions(${SAID.join()}),case_files(${FILED.join()})`)
      .eq('merged_into', key)
      .order('id')
      .order('created_at', { referencedTable: 'interactions', ascending: false })
      .limit(most, { referencedTable: 'interactions' })
      .limit(50),
  )

export const HISTORY_PAGE = 50

/** What happened to a case, newest first, from before an entry on. */
export const getHistory = (access: Access, key: number, before: number | undefined) => {
  const all = access.supabase.from('case_events').select(HAPPENED.join()).eq('case_id', key)
  return answer<Happened[]>((before ? all.lt('seq', before) : all).order('seq', { ascending: false }).limit(HISTORY_PAGE))
}

type Columns = Tables['cases']['Update']

/** What staff change of a case; who else may not is told by the database. */
export type CaseChanges = Pick<
  Columns,
  'status' | 'stage' | 'priority' | 'assigned_to' | 'required_specialty_id' | 'action_required_by' | 'action_required_of' | 'metadata'
>

/** Changes a case as it was at this version, and gives the version that it has then. */
export const changeCase = async (access: Access, key: number, version: number, changes: CaseChanges) => {
  const changed = await answer<{ version: number }>(
    access.supabase.from('cases').update({ ...changes, version }).eq('id', key).select('version').single(),
  )
  return changed.version
}

type Result = { result: string; error: { code: string; message: string; details: string | null; hint: string | null } | null }

/** Adds and removes tags, whatever others did to them meanwhile. */
export async function changeTags(access: Access, key: number, changes: { add_tags?: string[]; remove_tags?: string[] }) {
  const [done] = await answer<Result[]>(access.supabase.rpc('update_cases', { ids: [key], changes }))
  if (done?.result === 'not_visible') throw new Refusal('missing', 'there is no such case')
  if (done?.error) await answer(Promise.resolve({ data: null, error: done.error, status: 400 }))
}

/** What staff keep beside the case, as it was at this version; a record that is not there yet is made. */
export async function changeInternalData(access: Access, key: number, version: number | undefined, metadata: Internal['metadata']) {
  const all = access.supabase.from('case_internal')
  if (version !== undefined) return answer<unknown>(all.update({ metadata, version }).eq('case_id', key).select('case_id').single())
  try {
    return await answer<unknown>(all.insert({ case_id: key, metadata }).select('case_id').single())
  } catch (thrown) {
    // Somebody made it meanwhile.
    if (asRefusal(thrown).constraint !== 'case_internal_pkey') throw thrown
    throw new Refusal('changed', 'the record was made meanwhile')
  }
}

export type Parties = Pick<Said, 'party1_name' | 'party1_type' | 'party2_name' | 'party2_type'>
export type NewSaid = { case_id: number; content: string; visible_to_client: boolean } & Partial<Parties>
type Made = { id: number; case_id: number }

export const addSaid = (access: Access, row: NewSaid) =>
  answer<Made>(access.supabase.from('interactions').insert(row).select('id,case_id').single<Made>())

/** The key of a note; whoever adds it sees it in the case. */
export const addNote = (access: Access, row: { case_id: number; content: string }) =>
  answer<Made>(access.supabase.from('internal_notes').insert(row).select('id,case_id').single<Made>())

/** What an attempt made whose answer was lost. Long texts fit into no address, so they are compared here. */
export const findMade = async (
  access: Access, table: 'interactions' | 'internal_notes', row: { content: string }, userId: string, since: Date,
) => {
  const own = await answer<(Made & { content: string })[]>(
    access.supabase.from(table).select('id,case_id,content').eq('created_by', userId).gte('created_at', since.toISOString()),
  )
  return own.find((one) => one.content === row.content)
}

export type WordChanges = { content?: string; visible_to_client?: boolean } & Partial<Parties>

/** Changes words from the version that was read. */
export const changeWords = (access: Access, read: Said | Noted, changes: WordChanges) =>
  'party1_name' in read
    ? answer<unknown>(
        access.supabase.from('interactions').update({ ...changes, version: read.version }).eq('id', read.id).select('id').single(),
      )
    : answer<unknown>(
        access.supabase.from('internal_notes').update({ content: changes.content ?? read.content, version: read.version }).eq('id', read.id)
          .select('id').single(),
      )

export const getSaid = (access: Access, id: number) =>
  answer<Said>(access.supabase.from('interactions').select(SAID.join()).eq('id', id).single())
export const getNoted = (access: Access, id: number) =>
  answer<Noted>(access.supabase.from('internal_notes').select(NOTED.join()).eq('id', id).single())

export const takeCase = (access: Access, key: number) => answer<CaseRow>(access.supabase.rpc('take_case', { case_id: key }))

export const handOver = (access: Access, key: number, to: { department?: string; staff?: string; note?: string }) =>
  answer<unknown>(
    access.supabase.rpc('hand_over_case', {
      case_id: key,
      ...(to.department && { to_department: to.department }),
      ...(to.staff && { to_staff: to.staff }),
      ...(to.note && { note: to.note }),
    }),
  )

/** Cases that this one may be a duplicate of: by number any, by a part of the title those of its client. */
export function findOthers(access: Access, shown: CaseRow, wanted: string): Promise<CaseRow[]> {
  const all = access.supabase.from('cases').select('*').neq('id', shown.id)
  const number = /^\s*(?:case-)?0*(\d{1,15})\s*$/i.exec(wanted)?.[1]
  // What stands for other characters in a pattern stands for itself here.
  const pattern = `%${wanted.trim().replace(/[\\%_]/g, '\\$&')}%`
  const some = number ? all.eq('id', Number(number)) : all.eq('client_id', shown.client_id).is('merged_into', null).ilike('title', pattern)
  return answer<CaseRow[]>(some.order('created_at', { ascending: false }).order('id', { ascending: false }).limit(10))
}

export const mergeCases = (access: Access, duplicate: number, survivor: number) =>
  answer<CaseRow>(access.supabase.rpc('merge_cases', { duplicate, survivor }))

export const splitCase = (access: Access, interaction: number, title: string) =>
  answer<CaseRow>(access.supabase.rpc('split_case', { interaction_id: interaction, title }))
