// supabase-js in strict TypeScript, without a cast, as client, staff and admin: types/casebase.ts knows what is sent and what
// comes back. What must not compile says so.
//
// Compiled and run by crates/casebase/tests/clients/stories.rs beside types/, against the sample data.

import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import type { Case, CaseOrder, CasebaseDatabase, CaseStatus } from './casebase.js'

declare const process: { env: Record<string, string | undefined>; exit(): never }

const setting = (name: string): string => process.env[name] ?? ''
type Client = SupabaseClient<CasebaseDatabase>

const signIn = async (email: string) => {
  const supabase: Client = createClient<CasebaseDatabase>(setting('SUPABASE_URL'), setting('SUPABASE_ANON_KEY'), {
    auth: { persistSession: false },
  })
  const { data, error } = await supabase.auth.signInWithPassword({ email, password: 'casebase' })
  if (error) throw error
  return { supabase, id: data.user.id }
}
function ok<T>({ data, error }: { data: T; error: { code: string; message: string } | null }): NonNullable<T> {
  if (error || data === null || data === undefined) throw new Error(`${error?.code}: ${error?.message}`)
  return data
}
const carla = await signIn('carla@example.com')
const alan = await signIn('alan@example.com')
const ada = await signIn('ada@example.com')

// A client opens a case with what she must give, and no more.
const [client] = ok(await carla.supabase.rpc('my_clients'))
const opened = ok(await carla.supabase.from('cases').insert({ client_id: client!.id, title: 'Typed' }).select().single())
const status: CaseStatus = opened.status
const reply = ok(await carla.supabase.from('interactions').insert({ case_id: opened.id, content: 'Hello' }).select('case_id, content').single())
const said: string = reply.content

// @ts-expect-error -- a status that there isn't
await alan.supabase.from('cases').update({ status: 'done' }).eq('id', -1)
// @ts-expect-error -- a column that nobody gives
await alan.supabase.from('cases').update({ created_at: '2026-01-01' }).eq('id', -1)
// @ts-expect-error -- a case without a title
await carla.supabase.from('cases').insert({ client_id: client!.id })
// @ts-expect-error -- an order that there isn't
await alan.supabase.rpc('list_cases', { order_by: 'title' })
// @ts-expect-error -- a priority that there isn't
await alan.supabase.rpc('list_cases', { priority: ['asap'] })
// @ts-expect-error -- a scope that there isn't
await ada.supabase.rpc('invite', { email: 'x@example.com', scope: 'some' })
// @ts-expect-error -- a change that there isn't
await alan.supabase.rpc('update_cases', { ids: [-1], changes: { status: 'done' } })

// Staff list, take, change and count.
const order: CaseOrder = 'priority.desc'
const page = ok(await alan.supabase.rpc('list_cases', { status: ['open', status], order_by: order, page_size: 1, metadata: {} }))
const first: Case | undefined = page.cases[0]
const total: number | null = page.total
if (page.next_cursor) ok(await alan.supabase.rpc('list_cases', { status: ['open'], order_by: order, page_size: 1, cursor: page.next_cursor }))
const taken: CaseStatus = ok(await alan.supabase.rpc('take_case', { case_id: opened.id })).status
const outcomes = ok(await alan.supabase.rpc('update_cases', { ids: [opened.id], changes: { priority: 'high', add_tags: ['typed'] } }))
const refused: string[] = outcomes.flatMap(({ error }) => (error ? [error.message] : []))
const undone = ok(await alan.supabase.rpc('undo_changes', { events: outcomes.flatMap(({ events }) => events ?? []) }))
const counts = ok(await alan.supabase.rpc('case_counts'))
const open: number = counts.filter((one) => one.status === 'open').reduce((sum, one) => sum + one.count, 0)
const talk = ok(await carla.supabase.rpc('list_interactions', { case_id: opened.id })).interactions[0]?.content
const entries = ok(await carla.supabase.rpc('case_timeline', { case_id: opened.id, page_size: 5 })).entries.map((entry) => entry.type)
const embedded = ok(await alan.supabase.from('cases').select('title, status, interactions(content), department:departments(name), assignee:staff_members(display_name), follow_ups:cases!follow_up_of(case_id)').eq('id', opened.id).single())
const department: string = embedded.department.name
const overdue: Case[] = ok(await alan.supabase.from('overdue_cases').select())

// Admins see who is what.
const { standing, is_client, problem } = ok(await ada.supabase.rpc('my_access'))
const invited = ok(await ada.supabase.rpc('invite', { email: 'typed@example.com', scope: 'departments' }))

const told = {
  status, said, taken, refused, open, talk, entries, department, standing, is_client, problem,
  page: [first?.priority, total],
  undone: undone.map((one) => one.result),
  embedded: [embedded.status, embedded.interactions.length, embedded.assignee?.display_name, embedded.follow_ups.length],
  overdue: overdue.length,
  invited: invited.scope,
}
console.log(JSON.stringify(told, null, 1))
process.exit()
