// Verifies a webhook as a receiver does, with Standard Webhooks' own library and, for v1a, which it doesn't know, with
// Node's Ed25519. What is signed is in the environment; another body must not pass.
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'

const { secret, public_key, headers, body } = JSON.parse(process.env.WEBHOOK)

const webhook = new Webhook(secret)
assert.equal(webhook.verify(body, headers).type, 'case.created')
assert.throws(() => webhook.verify(`${body} `, headers), /signature/i)

const key = createPublicKey({
  format: 'der',
  type: 'spki',
  // How RFC 8410 begins an Ed25519 key.
  key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(public_key.slice('whpk_'.length), 'base64')]),
})
const signatures = headers['webhook-signature'].split(' ').filter((one) => one.startsWith('v1a,'))
const passes = (text) => signatures.some((one) => verify(
  null,
  Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`),
  key,
  Buffer.from(one.slice('v1a,'.length), 'base64'),
))
assert.ok(passes(body))
assert.ok(!passes(`${body} `))
console.log('verified')
