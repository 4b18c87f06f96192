// What every story needs: clients for people and keys, and words for "it worked" and "it was refused".

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'

/** A setting of the project, from the environment. */
export const setting = (name) => {
  const value = process.env[name]
  assert.ok(value, `${name} is not set: the variables of a casebase dev --ready-file are needed`)
  return value
}

const url = setting('SUPABASE_URL')

const connect = (key) =>
  createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false } })

/** Nobody in particular. */
export const stranger = () => connect(setting('SUPABASE_ANON_KEY'))

/** The owner's key, which sets the scene and clears it away. */
export const owner = () => connect(setting('SUPABASE_SERVICE_ROLE_KEY'))

/** Tells this run's rows and addresses from every other's. */
export const run = randomUUID().slice(0, 8)

export const password = 'correct horse battery'

/** The data of an answer that must not be an error. */
export const ok = (answer) => {
  assert.equal(answer.error, null, describe(answer.error))
  return answer.data
}

/** An answer that must be an error with this code: PostgREST's, Auth's, or Storage's statusCode. */
export const refused = (answer, code) => {
  assert.ok(answer.error, `refused with ${code} was expected, but there is data: ${JSON.stringify(answer.data)}`)
  assert.equal(answer.error.statusCode ?? answer.error.code, code, describe(answer.error))
  return answer.error
}

const describe = (error) => error && JSON.stringify({ ...error, message: error.message })

/** A chapter, with its name on stdout once it is through. */
export const chapter = async (name, tell) => {
  await tell()
  console.log(`ok - ${name}`)
}

/** What is in a Blob, as text. */
export const text = async (blob) => Buffer.from(await blob.arrayBuffer()).toString()
