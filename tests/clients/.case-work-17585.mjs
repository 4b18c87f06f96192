import { createClient } from '@supabase/supabase-js'

const signIn = async (email) => {
  const supabase = createClient('http://127.0.0.1:36585', process.env.SUPABASE_ANON_KEY, { auth: { persistSession: false } })
  const { data } = await supabase.auth.signInWithPassword({ email, password: 'casebase' })
  return { supabase, id: data.user.id }
}
const ok = ({ data, error }) => {
  if (error) throw new Error(`${error.code}: ${error.message}`)
  return data
}
const ada = await signIn('ada@example.com')
const alan = await signIn('alan@example.com')
const carla = await signIn('carla@example.com')
console.log('access', ok(await alan.supabase.rpc('my_access')))
const page = ok(await alan.supabase.rpc('list_cases', { status: ['open', 'in_progress', 'waiting'], order_by: 'priority.desc', page_size: 1 }))
console.log('page', page.cases.map((one) => one.title), page.total, page.total_is_exact)
const next = ok(await alan.supabase.rpc('list_cases', { status: ['open', 'in_progress', 'waiting'], order_by: 'priority.desc', page_size: 1, cursor: page.next_cursor }))
console.log('next page', next.cases.map((one) => one.title), next.next_cursor)
console.log('unknown', (await alan.supabase.rpc('list_cases', { status: ['done'] })).error.hint)
const [badge] = page.cases
console.log('counts', ok(await alan.supabase.rpc('case_counts')).map(({ status, count, overdue, mine }) => `${status} ${count} ${overdue} ${mine}`).sort())
console.log('overdue', ok(await alan.supabase.from('overdue_cases').select('case_id')).length)
const said = ok(await carla.supabase.rpc('list_interactions', { case_id: badge.id, page_size: 1 }))
console.log('newest words', said.interactions[0].content, said.next_cursor !== null)
const happened = ok(await carla.supabase.rpc('case_timeline', { case_id: badge.id, page_size: 2 }))
console.log('newest entries', happened.entries.map((entry) => entry.type))
const whole = ok(await alan.supabase.from('cases')
  .select('title, interactions(content), case_internal(tags), department:departments(name), assignee:staff_members(display_name), follows:cases!cases_follow_up_of_fkey(case_id)')
  .eq('id', badge.id).single())
console.log('embedded', whole.interactions.length, whole.department.name, whole.assignee.display_name, whole.follows)
const words = 'party1_name, party1_type, party2_name, party2_type, visible_to_client'
const reply = { case_id: badge.id, content: 'The firm comes on Friday.', visible_to_client: true }
console.log('reply', ok(await alan.supabase.from('interactions').insert(reply).select(words).single()))
const call = { case_id: badge.id, content: 'Asked for a date.', party1_name: 'Bo', party1_type: 'EMPLOYEE', party2_name: 'Gate 2 GmbH', party2_type: 'CONTRACTOR' }
console.log('call', ok(await alan.supabase.from('interactions').insert(call).select(words).single()))
ok(await ada.supabase.from('case_stages').insert({ stage: 'With the firm', status: 'waiting' }))
const waits = ok(await alan.supabase.from('cases').update({ stage: 'With the firm', action_required_of: 'CONTRACTOR' }).eq('id', badge.id).select().single())
console.log('stage', waits.status, waits.stage)
ok(await carla.supabase.from('interactions').insert({ case_id: badge.id, content: 'They were here.' }))
console.log('reply opens', ok(await carla.supabase.from('cases').select('status').eq('id', badge.id).single()).status)
console.log('escalated', ok(await carla.supabase.rpc('escalate_case', { case_id: badge.id, reason: 'Nobody can work at night.' })).escalation_reason)
console.log('taken', ok(await alan.supabase.rpc('take_case', { case_id: badge.id })).status)
ok(await alan.supabase.from('cases').update({ status: 'closed' }).eq('id', badge.id))
console.log('no step', (await alan.supabase.from('cases').update({ status: 'waiting' }).eq('id', badge.id)).error)
const late = ok(await carla.supabase.from('interactions').insert({ case_id: badge.id, content: 'It is red again.' }).select('case_id').single())
const followUp = ok(await carla.supabase.from('cases').select().eq('id', late.case_id).single())
console.log('follow-up', followUp.title, followUp.status, followUp.follow_up_of === badge.id)
const stale = await alan.supabase.from('cases').update({ title: 'Reader at gate 2', version: followUp.version }).eq('id', followUp.id).select()
console.log('in time', ok(stale)[0].version - followUp.version)
const { error } = await ada.supabase.from('cases').update({ title: 'Gate 2', version: followUp.version }).eq('id', followUp.id)
console.log('too late', error.code, JSON.parse(error.details).title)
const ids = [followUp.id, -1]
const tried = ok(await alan.supabase.rpc('update_cases', { ids, changes: { priority: 'low', add_tags: ['gate'] }, dry_run: true }))
console.log('tried', tried.map((one) => one.result))
const done = ok(await alan.supabase.rpc('update_cases', { ids, changes: { priority: 'low', add_tags: ['gate'] } }))
console.log('done', done.map((one) => one.result))
console.log('undone', ok(await alan.supabase.rpc('undo_changes', { events: done.flatMap((one) => one.events ?? []) })).map((one) => one.result))
console.log('replied', ok(await alan.supabase.rpc('reply_to_cases', { ids, content: 'We are on it.' })).map((one) => one.result))
const twin = ok(await carla.supabase.from('cases').insert({ client_id: badge.client_id, title: 'Gate 2, again' }).select().single())
ok(await alan.supabase.rpc('merge_cases', { duplicate: twin.id, survivor: followUp.id }))
console.log('merged', ok(await carla.supabase.rpc('find_case', { case_id: twin.case_id })).id === followUp.id)
const [part] = ok(await alan.supabase.rpc('list_interactions', { case_id: followUp.id })).interactions
console.log('split', ok(await alan.supabase.rpc('split_case', { interaction_id: part.id, title: 'Night shift' })).split_from === followUp.id)
console.log('invited', ok(await ada.supabase.rpc('invite', { email: 'Eve@example.com', scope: 'all' })).email)
ok(await ada.supabase.from('case_settings').update({ registration_open: true }).eq('only_row', true))
console.log('registers', (await carla.supabase.rpc('register', { display_name: 'Carla' })).error.message)
console.log('last admin', (await ada.supabase.from('staff_members').update({ is_admin: false }).eq('user_id', ada.id)).error.message)
process.exit()
