// supabase-js where mails matter: signing up with a confirmation, a forgotten password, an invitation, a new address.
//
//   node --experimental-websocket tests/clients/mails.mjs  (the option is for Node.js 20)
//
// The project is given as to story.mjs, and confirms addresses (casebase dev --confirm-email); MAILPIT_URL is where its
// mails are caught.

import assert from 'node:assert/strict'
import { chapter, ok, owner, password, refused, run, setting, stranger } from './support.mjs'

const page = 'http://127.0.0.1:5173/welcome'
const address = (name) => `${name}-${run}@example.org`

/** The newest mail to an address, read over Mailpit's API. */
const mailTo = async (email) => {
  const json = async (path) => (await fetch(new URL(path, setting('MAILPIT_URL')))).json()
  const { messages } = await json(`/api/v1/search?query=${encodeURIComponent(`to:"${email}"`)}`)
  assert.ok(messages.length, `no mail to ${email}`)
  const { Subject: subject, Text: text } = await json(`/api/v1/message/${messages[0].ID}`)
  const link = new URL(text.match(/^http\S+$/m)[0])
  return { subject, link, code: text.match(/code: (\d{6})/)[1], token_hash: link.searchParams.get('token') }
}

/** Follows a link as a browser does, and hands the page what is in its address. */
const follow = async (supabase, { link }) => {
  const answer = await fetch(link, { redirect: 'manual' })
  assert.equal(answer.status, 303)
  const at = new URL(answer.headers.get('location'))
  assert.equal(at.origin + at.pathname, page)
  const told = Object.fromEntries(new URLSearchParams(at.hash.slice(1)))
  assert.equal(told.error, undefined, JSON.stringify(told))
  return told.access_token ? ok(await supabase.auth.setSession(told)) : told
}

const carla = stranger()
const email = address('carla')

await chapter('a sign-up waits for its mail', async () => {
  const options = { emailRedirectTo: page }
  const { user, session } = ok(await carla.auth.signUp({ email, password, options }))
  assert.deepEqual([user.email, session], [email, null])
  refused(await carla.auth.signInWithPassword({ email, password }), 'email_not_confirmed')
  ok(await carla.auth.resend({ type: 'signup', email, options }))
  const { user: confirmed } = await follow(carla, await mailTo(email))
  assert.ok(confirmed.email_confirmed_at)
  ok(await carla.auth.signInWithPassword({ email, password }))
})

await chapter('a forgotten password is reset with the hash that the page gets', async () => {
  const page = stranger()
  ok(await page.auth.resetPasswordForEmail(email, { redirectTo: 'http://127.0.0.1:5173/reset' }))
  const { subject, token_hash } = await mailTo(email)
  assert.equal(subject, 'Reset your password')
  const { session } = ok(await page.auth.verifyOtp({ type: 'recovery', token_hash }))
  assert.equal(session.user.email, email)
  ok(await page.auth.updateUser({ password: 'another horse' }))
  refused(await stranger().auth.verifyOtp({ type: 'recovery', token_hash }), 'otp_expired')
  ok(await carla.auth.signInWithPassword({ email, password: 'another horse' }))
})

const invited = address('dora')

await chapter('an invited colleague accepts and chooses a password', async () => {
  const { user } = ok(await owner().auth.admin.inviteUserByEmail(invited, { redirectTo: page, data: { name: 'Dora' } }))
  assert.ok(user.invited_at)
  const dora = stranger()
  const { user: accepted } = await follow(dora, await mailTo(invited))
  assert.equal(accepted.user_metadata.name, 'Dora')
  ok(await dora.auth.updateUser({ password }))
  ok(await stranger().auth.signInWithPassword({ email: invited, password }))
})

const moved = address('carla-new')

await chapter('a new address takes an answer from the old one and from the new one', async () => {
  const { user } = ok(await carla.auth.updateUser({ email: moved }, { emailRedirectTo: page }))
  assert.deepEqual([user.email, user.new_email], [email, moved])
  const { message } = await follow(carla, await mailTo(moved))
  assert.match(message, /^Confirmation link accepted/)
  const { code } = await mailTo(email)
  const { user: after } = ok(await carla.auth.verifyOtp({ type: 'email_change', email, token: code }))
  assert.equal(after.email, moved)
})

await chapter('a code signs in without a password', async () => {
  const page = stranger()
  ok(await page.auth.signInWithOtp({ email: moved, options: { shouldCreateUser: false } }))
  const { code } = await mailTo(moved)
  const { user } = ok(await page.auth.verifyOtp({ type: 'email', email: moved, token: code }))
  assert.equal(user.email, moved)
})

await chapter('everything is cleared away again', async () => {
  const { users } = ok(await owner().auth.admin.listUsers({ perPage: 1000 }))
  for (const user of users.filter(({ email }) => [moved, invited].includes(email))) {
    ok(await owner().auth.admin.deleteUser(user.id))
  }
})
