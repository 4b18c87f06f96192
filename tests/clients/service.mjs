// A page beside the service: signed in with supabase-js, reading through PostgREST, uploading through Casebase.
//
//   node --experimental-websocket tests/clients/service.mjs  (the option is for Node.js 20)
//
// The project is given as to story.mjs, and signs with ES256; CASEBASE_URL is a service that was told of no secret.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { disperse, gather } from './people.mjs'
import { chapter, ok, run, setting, text } from './support.mjs'

const people = await gather()
const { client, other, staff, company } = people
const content = 'the invoice in question\n'
let theCase
let row

/** A request to the service as somebody. */
const ask = async ({ supabase }, method, path, body) => {
  const { session } = ok(await supabase.auth.getSession())
  const headers = { authorization: `Bearer ${session.access_token}` }
  return fetch(new URL(path, setting('CASEBASE_URL')), { method, headers, body })
}

await chapter('tokens are verified with the published keys, in the page too', async () => {
  const { header, claims } = ok(await client.supabase.auth.getClaims())
  assert.equal(header.alg, 'ES256')
  assert.equal(claims.sub, client.id)
  const { session } = ok(await client.supabase.auth.refreshSession())
  const [head, , signature] = session.access_token.split('.')
  const admin = Buffer.from(JSON.stringify({ ...claims, app_metadata: { case_role: 'admin' } })).toString('base64url')
  assert.ok((await client.supabase.auth.getClaims(`${head}.${admin}.${signature}`)).error)
})

await chapter('a file goes through the service and comes out verified', async () => {
  theCase = ok(
    await client.supabase.from('cases').insert({ client_id: company.id, title: `Invoice ${run}` }).select().single(),
  )
  const answer = await ask(client, 'POST', `/v1/cases/${theCase.case_id}/files?name=invoice.txt`, content)
  row = await answer.json()
  assert.deepEqual([answer.status, row.state, row.uploaded_by], [201, 'available', client.id], JSON.stringify(row))
  assert.equal(row.sha256, createHash('sha256').update(content).digest('hex'))
})

await chapter('whom PostgreSQL lets see it reads it, there and here', async () => {
  const read = ({ supabase }) => supabase.storage.from(row.bucket_id).download(row.object_path)
  for (const person of [client, staff]) {
    assert.equal(await text(ok(await read(person))), content)
    const answer = await ask(person, 'GET', `/v1/files/${row.id}`)
    assert.deepEqual([answer.status, await answer.text()], [200, content])
  }
  assert.ok((await read(other)).error)
  assert.equal((await ask(other, 'GET', `/v1/files/${row.id}`)).status, 404)
})

await chapter('a token that a shared secret signed is nobody to the service', async () => {
  const authorization = `Bearer ${setting('SUPABASE_SERVICE_ROLE_KEY')}`
  const answer = await fetch(new URL(`/v1/files/${row.id}`, setting('CASEBASE_URL')), { headers: { authorization } })
  assert.equal(answer.status, 401)
  assert.match(answer.headers.get('www-authenticate'), /^Bearer/)
})

await chapter('everything is cleared away again', async () => {
  assert.equal((await ask(staff, 'DELETE', `/v1/files/${row.id}`)).status, 204)
  await disperse(people)
})
