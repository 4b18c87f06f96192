// A page that uploads large files past the service (docs/files.md, the block with `uploadDirectly`): its tab is closed in
// the middle, opened again, and goes on.
//
//   node --experimental-websocket direct.mjs <the block as a module> <a file for what localStorage keeps> first|again
//
// The project is a `casebase dev` with its sample data.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createClient } from '@supabase/supabase-js'
import { chapter, ok, setting, text } from './support.mjs'

const [, , block, kept, turn] = process.argv
const read = () => JSON.parse(readFileSync(kept, 'utf8') || '{}')
globalThis.localStorage = {
  getItem: (key) => read()[key] ?? null,
  setItem: (key, value) => writeFileSync(kept, JSON.stringify({ ...read(), [key]: value })),
  removeItem: (key) => writeFileSync(kept, JSON.stringify({ ...read(), [key]: undefined })),
}
writeFileSync(kept, '', { flag: 'a' })

const { uploadDirectly } = await import(block)
const supabase = createClient(setting('SUPABASE_URL'), setting('SUPABASE_ANON_KEY'))
ok(await supabase.auth.signInWithPassword({ email: 'carla@example.com', password: 'casebase' }))
const service = setting('CASEBASE_URL')

/** What a browser gives as a File; tus-js-client takes buffers in Node.js. */
const picked = (name, bytes) =>
  Object.assign(Buffer.from(bytes), { name, size: bytes.length, type: 'text/plain', lastModified: 1 })
const line = 'The minutes of a long meeting, word by word.\n'
const minutes = picked('minutes.txt', line.repeat(Math.ceil((20 * 1024 * 1024) / line.length)))
const piece = 6 * 1024 * 1024

if (turn === 'first') {
  // The tab is closed once two pieces have arrived.
  const onProgress = (sent) => sent > 2 * piece && process.exit(7)
  await uploadDirectly({ supabase, service, caseId: 'CASE-0001', file: minutes, onProgress })
  assert.fail('the upload was to be cut off')
}

await chapter('it goes on where it stopped', async () => {
  const progress = []
  const onProgress = (sent) => progress.push(sent)
  const row = await uploadDirectly({ supabase, service, caseId: 'CASE-0001', file: minutes, onProgress })
  assert.ok(progress[0] >= piece, `from ${progress[0]}`)
  assert.deepEqual([row.state, row.file_size, row.content_type], ['available', minutes.length, 'text/plain'])
  assert.equal(row.sha256, createHash('sha256').update(minutes).digest('hex'))
  assert.deepEqual(read(), {})
})

const { session } = ok(await supabase.auth.getSession())
const ask = (path, body) =>
  fetch(new URL(path, service), {
    method: 'POST',
    headers: { authorization: `Bearer ${session.access_token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })

await chapter('supabase-js writes it in one go, too', async () => {
  const content = 'a short one\n'
  const reserved = await ask('/v1/cases/CASE-0001/files/direct', { name: 'short.txt', size: content.length })
  const { file, upload } = await reserved.json()
  assert.equal(reserved.status, 201)
  const bucket = supabase.storage.from(file.bucket_id)
  const early = await ask(`/v1/files/${file.id}/complete`)
  assert.equal(early.status, 409, await early.text())
  ok(await bucket.uploadToSignedUrl(file.object_path, upload.token, new Blob([content], { type: 'text/plain' })))
  const completed = await ask(`/v1/files/${file.id}/complete`)
  assert.deepEqual([completed.status, (await completed.json()).state], [200, 'available'])
  assert.equal(await text(ok(await bucket.download(file.object_path))), content)
  // From then on it stays what was checked.
  const late = await bucket.uploadToSignedUrl(file.object_path, upload.token, new Blob(['other bytes']))
  assert.ok(late.error)
  assert.equal(await text(ok(await bucket.download(file.object_path))), content)
})
