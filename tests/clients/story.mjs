// supabase-js, unmodified, plays one day of a case as client, staff and admin against a running project.
//
//   node --experimental-websocket tests/clients/story.mjs  (the option is for Node.js 20)
//
// The project is given by SUPABASE_URL, SUPABASE_ANON_KEY and SUPABASE_SERVICE_ROLE_KEY, has Casebase's migrations,
// and calls its access token hook. At its end it removes what it made.

import assert from 'node:assert/strict'
import { disperse, gather } from './people.mjs'
import { chapter, ok, owner, password, refused, run, setting, stranger, text } from './support.mjs'

const people = await gather()
const { client, other, staff, admin, company, otherCompany } = people
let theCase

await chapter('tokens carry the role that the tables give', async () => {
  const roles = { client, other: client, staff, admin }
  for (const [name, role] of [['client', 'client'], ['staff', 'staff'], ['admin', 'admin']]) {
    const { claims } = ok(await roles[name].supabase.auth.getClaims())
    assert.equal(claims.app_metadata.case_role, role)
    assert.equal(claims.role, 'authenticated')
  }
})

await chapter('a client opens a case for her company, and for no other', async () => {
  const cases = client.supabase.from('cases')
  theCase = ok(
    await cases
      .insert({ client_id: company.id, title: `Invoice ${run}`, description: 'It is **wrong**.' })
      .select()
      .single(),
  )
  assert.match(theCase.case_id, /^CASE-\d{4,}$/)
  assert.equal(theCase.status, 'open')
  assert.equal(theCase.created_by, client.id)

  refused(await cases.insert({ client_id: otherCompany.id, title: 'Not mine' }), '42501')
  refused(await cases.insert({ client_id: company.id, title: 'Urgent!', priority: 'urgent' }), '42501')
  refused(await cases.insert({ client_id: company.id, title: ' ' }), '23514')
})

await chapter('she speaks in it as herself', async () => {
  const said = ok(
    await client.supabase
      .from('interactions')
      .insert({ case_id: theCase.id, content: 'Any news?', party1_name: 'The CEO', party1_type: 'ARGAN',
        party2_name: '?', party2_type: 'CLIENT' })
      .select('content, party1_name, party1_type, visible_to_client')
      .single(),
  )
  assert.deepEqual(said, {
    content: 'Any news?', party1_name: 'Carla', party1_type: 'CLIENT', visible_to_client: true,
  })
})

await chapter('staff find it with filters, counts, pages and embeds', async () => {
  const cases = staff.supabase.from('cases')
  const found = await cases
    .select('case_id, title, clients(name), interactions(content, party_types!party1_type(label))', { count: 'exact' })
    .eq('status', 'open')
    .ilike('title', `%${run}%`)
    .or('priority.eq.medium,priority.eq.low')
    .order('created_at', { ascending: false })
    .range(0, 9)
  assert.equal(found.count, 1)
  assert.deepEqual(ok(found), [
    {
      case_id: theCase.case_id,
      title: `Invoice ${run}`,
      clients: { name: `Acme ${run}` },
      interactions: [{ content: 'Any news?', party_types: { label: 'Client' } }],
    },
  ])

  const head = await cases.select('*', { count: 'exact', head: true }).in('id', [theCase.id])
  assert.deepEqual([head.count, head.data], [1, null])
  assert.equal(ok(await cases.select().eq('id', -1).maybeSingle()), null)
  refused(await cases.select().eq('id', -1).single(), 'PGRST116')
  const csv = ok(await cases.select('case_id,status').eq('id', theCase.id).csv())
  assert.equal(csv.trim(), `case_id,status\n${theCase.case_id},open`)
  const one = ok(await cases.select('metadata->source, opened:created_at').eq('id', theCase.id).single())
  assert.deepEqual(Object.keys(one), ['source', 'opened'])
})

await chapter('they take it, note among themselves, and answer', async () => {
  const { supabase } = staff
  const taken = ok(
    await supabase
      .from('cases')
      .update({ status: 'in_progress', assigned_to: staff.id })
      .eq('id', theCase.id)
      .select('status, assigned_to'),
  )
  assert.deepEqual(taken, [{ status: 'in_progress', assigned_to: staff.id }])

  ok(await supabase.from('internal_notes').insert({ case_id: theCase.id, content: 'Check with billing' }))
  for (const tags of [['billing'], ['billing', 'invoice']]) {
    const kept = await supabase.from('case_internal').upsert({ case_id: theCase.id, tags }).select('tags').single()
    assert.deepEqual(ok(kept), { tags })
  }
  const said = { case_id: theCase.id, party1_name: 'Alan', party1_type: 'ARGAN', party2_name: 'Carla', party2_type: 'CLIENT' }
  const both = await supabase
    .from('interactions')
    .insert([
      { ...said, content: 'We are on it', visible_to_client: true },
      { ...said, content: 'Awkward', visible_to_client: false },
    ])
    .select('id')
  assert.equal(ok(both).length, 2)
})

await chapter('they open and raise several cases at once', async () => {
  const cases = staff.supabase.from('cases')
  const titles = ['first', 'second', 'third'].map((name) => `${name} ${run}`)
  const made = ok(await cases.insert(titles.map((title) => ({ client_id: company.id, title }))).select('id, priority'))
  assert.deepEqual(made.map(({ priority }) => priority), ['medium', 'medium', 'medium'])
  const ids = made.slice(0, 2).map(({ id }) => id)
  const raised = await cases.update({ priority: 'high' }, { count: 'exact' }).in('id', ids)
  assert.equal(raised.count, 2)
  const pages = await cases.select('title, priority', { count: 'exact' }).in('title', titles).order('title').range(1, 1)
  assert.deepEqual([pages.count, pages.status, pages.data], [3, 206, [{ title: titles[1], priority: 'high' }]])

  const tagged = (tags) => made.map(({ id }, index) => ({ case_id: id, tags: [...tags, `no-${index}`] }))
  const internal = () => staff.supabase.from('case_internal')
  ok(await internal().insert(tagged(['new']).slice(0, 1)))
  const merged = await internal().upsert(tagged(['raised']), { onConflict: 'case_id' }).select('tags')
  assert.deepEqual(ok(merged).map(({ tags }) => tags.join()).sort(), ['raised,no-0', 'raised,no-1', 'raised,no-2'])
  const ignored = await internal().upsert(tagged(['again']), { onConflict: 'case_id', ignoreDuplicates: true }).select()
  assert.deepEqual(ok(ignored), [])
  const nested = ok(
    await staff.supabase
      .from('clients')
      .select('name, cases!inner(title, case_internal(tags), departments(name, staff_departments(count)))')
      .eq('id', company.id)
      .eq('cases.title', titles[2])
      .single(),
  )
  const [{ title, case_internal, departments }] = nested.cases
  assert.deepEqual([nested.cases.length, title, case_internal], [1, titles[2], { tags: ['raised', 'no-2'] }])
  assert.equal(typeof departments.staff_departments[0].count, 'number')
})

await chapter('the client sees the answer and nothing of the rest', async () => {
  const { supabase } = client
  const seen = ok(
    await supabase
      .from('cases')
      .select('status, interactions(content), internal_notes(content), case_internal(tags)')
      .eq('id', theCase.id)
      .order('id', { referencedTable: 'interactions' })
      .single(),
  )
  assert.deepEqual(seen, {
    status: 'in_progress',
    interactions: [{ content: 'Any news?' }, { content: 'We are on it' }],
    internal_notes: [],
    case_internal: null,
  })
  refused(await supabase.from('internal_notes').insert({ case_id: theCase.id, content: 'me too' }), '42501')
  refused(await supabase.from('cases').update({ status: 'resolved' }).eq('id', theCase.id), '42501')
  assert.deepEqual(ok(await supabase.from('case_events').select()), [])
})

await chapter('what she may do beyond that is rpc', async () => {
  const { supabase } = client
  const escalated = ok(await supabase.rpc('escalate_case', { case_id: theCase.id, reason: 'It hurts' }))
  assert.deepEqual([escalated.priority, escalated.escalated_by], ['high', client.id])
  assert.equal((await supabase.rpc('escalate_case', { case_id: theCase.id, reason: 'It hurts' })).status, 409)

  const timeline = ok(await supabase.rpc('case_timeline', { case_id: theCase.id })).entries
  assert.equal(timeline.at(-1).type, 'case.created')
  assert.ok(timeline.every(({ type }) => !type.startsWith('internal_note')), JSON.stringify(timeline))
  const names = ok(await supabase.rpc('case_people', { case_id: theCase.id })).map((person) => person.display_name)
  assert.deepEqual(names.sort(), ['Alan', 'Carla'])
  assert.deepEqual(ok(await supabase.rpc('my_clients')), [{ id: company.id, name: `Acme ${run}` }])
})

await chapter('another client and a stranger see nothing at all', async () => {
  assert.deepEqual(ok(await other.supabase.from('cases').select().eq('id', theCase.id)), [])
  assert.deepEqual(ok(await other.supabase.from('cases').update({ title: 'x' }).eq('id', theCase.id).select()), [])
  const hidden = await other.supabase.rpc('case_timeline', { case_id: theCase.id })
  const missing = await other.supabase.rpc('case_timeline', { case_id: -1 })
  assert.deepEqual([hidden.status, hidden.error], [404, missing.error])
  refused(await stranger().from('cases').select(), '42501')
  refused(await stranger().rpc('my_clients'), '42501')
})

/** Reserves a place for a file, as the first of the three steps of an upload. */
const reserve = async ({ supabase }, name, content, interaction = null) =>
  ok(
    await supabase
      .from('case_files')
      .insert({
        case_id: theCase.id,
        interaction_id: interaction,
        original_name: name,
        content_type: 'text/plain',
        file_size: content.length,
        visible_to_client: true,
      })
      .select()
      .single(),
  )

const finish = ({ supabase }, row, content) =>
  supabase
    .from('case_files')
    .update({ state: 'uploaded', file_size: content.length })
    .eq('id', row.id)
    .select('state, file_url')
    .single()

/** Lets go of a file: row, object, row. */
const discard = async ({ supabase }, row) => {
  const files = () => supabase.from('case_files')
  ok(await files().update({ state: 'deleting' }).eq('id', row.id))
  assert.equal(ok(await supabase.storage.from(row.bucket_id).remove([row.object_path])).length, 1)
  assert.equal(ok(await files().delete().eq('id', row.id).select()).length, 1)
}

await chapter('she uploads a file to the place that the database names', async () => {
  const content = 'the invoice in question\n'
  const row = await reserve(client, 'invoice.txt', content)
  const bucket = client.supabase.storage.from(row.bucket_id)
  assert.equal(row.bucket_id, 'client-bucket')
  assert.equal(row.object_path, `${company.id}/cases/${theCase.case_id}/${row.file_name}`)
  assert.equal((await finish(client, row, content)).status, 409)

  const file = new File([content], 'invoice.txt', { type: 'text/plain' })
  const elsewhere = `${company.id}/cases/${theCase.case_id}/not-reserved.txt`
  refused(await bucket.upload(elsewhere, file), '403')
  refused(await other.supabase.storage.from(row.bucket_id).upload(row.object_path, file), '403')
  assert.equal(ok(await bucket.upload(row.object_path, file)).path, row.object_path)
  assert.deepEqual(ok(await finish(client, row, content)), {
    state: 'uploaded', file_url: `s3://client-bucket/${row.object_path}`,
  })

  assert.equal(await text(ok(await bucket.download(row.object_path))), content)
  const { signedUrl } = ok(await bucket.createSignedUrl(row.object_path, 60, { download: 'invoice.txt' }))
  const answer = await fetch(signedUrl)
  assert.deepEqual([answer.status, await answer.text()], [200, content])
  assert.match(answer.headers.get('content-disposition'), /attachment.*invoice\.txt/)
  const signed = ok(await bucket.createSignedUrls([row.object_path, elsewhere], 60))
  assert.deepEqual(signed.map(({ error }) => error === null), [true, false])
  const listed = ok(await bucket.list(`${company.id}/cases/${theCase.case_id}`))
  assert.deepEqual(listed.map(({ name }) => name), [row.file_name])

  // Nobody else reads it before the service has checked it, and nobody replaces or moves it.
  for (const { supabase } of [other, staff]) {
    refused(await supabase.storage.from(row.bucket_id).download(row.object_path), '404')
    refused(await supabase.storage.from(row.bucket_id).createSignedUrl(row.object_path, 60), '404')
  }
  refused(await bucket.update(row.object_path, new File(['swapped'], 'x')), '403')
  assert.ok((await bucket.move(row.object_path, elsewhere)).error)
  assert.deepEqual(ok(await bucket.remove([row.object_path])), [])
  assert.equal(await text(ok(await bucket.download(row.object_path))), content)

  await discard(client, row)
  refused(await bucket.download(row.object_path), '404')
})

await chapter('staff upload to an interaction, with a signed URL', async () => {
  const content = 'a corrected invoice\n'
  const [{ id }] = ok(
    await staff.supabase.from('interactions').select('id').match({ case_id: theCase.id, content: 'We are on it' }),
  )
  const row = await reserve(staff, 'corrected.txt', content, id)
  assert.match(row.file_name, new RegExp(`^${theCase.case_id}-interaction-${id}-\\d+-corrected\\.txt$`))
  const bucket = staff.supabase.storage.from(row.bucket_id)
  const { token } = ok(await bucket.createSignedUploadUrl(row.object_path))
  ok(await stranger().storage.from(row.bucket_id).uploadToSignedUrl(row.object_path, token, new Blob([content])))
  ok(await finish(staff, row, content))
  assert.equal(await text(ok(await bucket.download(row.object_path))), content)
  await discard(staff, row)
})

await chapter('buckets of the project work beside ours', async () => {
  const { storage } = owner()
  const name = `story-${run}`
  ok(await storage.createBucket(name, { public: true }))
  const bucket = storage.from(name)
  ok(await bucket.upload('a/one.txt', new Blob(['one']), { contentType: 'text/plain', metadata: { mood: 'good' } }))
  ok(await bucket.upload('a/one.txt', new Blob(['two']), { upsert: true }))
  ok(await bucket.copy('a/one.txt', 'b/copy.txt'))
  ok(await bucket.move('a/one.txt', 'b/moved.txt'))
  assert.deepEqual(ok(await bucket.list('b')).map((object) => object.name), ['copy.txt', 'moved.txt'])
  const answer = await fetch(bucket.getPublicUrl('b/moved.txt').data.publicUrl)
  assert.equal(await answer.text(), 'two')
  ok(await storage.emptyBucket(name))
  ok(await storage.deleteBucket(name))
  refused(await storage.getBucket(name), '404')
})

await chapter('a page of any origin may call', async () => {
  for (const path of ['rest/v1/cases', 'auth/v1/user', 'storage/v1/object/client-bucket/x']) {
    const address = new URL(path, setting('SUPABASE_URL'))
    const origin = 'https://desk.example'
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,x-upsert' }
    const preflight = await fetch(address, { method: 'OPTIONS', headers: { origin, ...asked } })
    assert.ok(preflight.ok, `${path}: ${preflight.status}`)
    assert.match(preflight.headers.get('access-control-allow-headers'), /authorization.*x-upsert/i)
    for (const answer of [preflight, await fetch(address, { headers: { origin } })]) {
      assert.ok(['*', origin].includes(answer.headers.get('access-control-allow-origin')), path)
    }
  }
})

await chapter('an admin manages what staff only read', async () => {
  const name = `Billing ${run}`
  refused(await staff.supabase.from('departments').insert({ name }), '42501')
  const made = ok(await admin.supabase.from('departments').insert({ name }).select().single())
  refused(await admin.supabase.from('departments').insert({ name }), '23505')
  ok(await staff.supabase.rpc('hand_over_case', { case_id: theCase.id, to_department: made.id, note: 'yours' }))
  const moved = ok(await admin.supabase.from('cases').select('departments(name), assigned_to').eq('id', theCase.id))
  assert.deepEqual(moved, [{ departments: { name }, assigned_to: null }])

  const notes = (person) => person.supabase.from('internal_notes').delete().eq('case_id', theCase.id).select('content')
  assert.deepEqual(ok(await notes(staff)), [])
  assert.deepEqual(ok(await notes(admin)).map(({ content }) => content).sort(), ['Check with billing', 'yours'])
  assert.deepEqual(ok(await staff.supabase.from('cases').delete().eq('id', theCase.id).select()), [])
  assert.equal(ok(await admin.supabase.from('cases').delete().eq('id', theCase.id).select()).length, 1)
  assert.equal(ok(await admin.supabase.from('departments').delete().eq('id', made.id).select()).length, 1)
})

await chapter('a removed member of staff is out at once, with the same token', async () => {
  const seen = async () => ok(await staff.supabase.from('departments').select('name')).length
  assert.ok((await seen()) > 0)
  ok(await admin.supabase.from('staff_members').update({ active: false }).eq('user_id', staff.id))
  assert.equal(await seen(), 0)
})

await chapter('sessions refresh, passwords change, signing out means out', async () => {
  const { auth } = client.supabase
  const before = ok(await auth.getSession()).session
  const { session } = ok(await auth.refreshSession())
  assert.notEqual(session.refresh_token, before.refresh_token)
  const { user } = ok(await auth.updateUser({ password: `${password}!`, data: { name: 'Carla' } }))
  assert.equal(user.user_metadata.name, 'Carla')
  refused(await stranger().auth.signInWithPassword({ email: client.email, password }), 'invalid_credentials')
  refused(await stranger().auth.signUp({ email: client.email, password }), 'user_already_exists')
  refused(await stranger().auth.signUp({ email: `weak-${run}@example.org`, password: 'weak' }), 'weak_password')
  refused(await stranger().auth.admin.listUsers(), 'not_admin')
  ok(await stranger().auth.signInWithOtp({ email: client.email }))

  assert.equal((await auth.signOut({ scope: 'global' })).error, null)
  const { error: gone } = await stranger().auth.getUser(session.access_token)
  assert.equal(gone.name, 'AuthSessionMissingError')
  refused(await stranger().auth.refreshSession(session), 'refresh_token_not_found')
})

await chapter('everything is cleared away again', () => disperse(people))
