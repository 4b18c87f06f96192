import { describe, expect, it, vi } from 'vitest'
import { Refusal } from '../refusal'
import type { CaseFile } from './row'
import { isUnderWay, Uploads, type Send } from './uploads'

const file = (name: string) => new File(['12345'], name)
const target = { caseNumber: 'CASE-0001' }

/** Uploads whose sending is finished by hand, in the order in which it began. */
function desk(token: (tries: number) => string | undefined = () => 'token') {
  const begun: { name: string; key: string; token: string; finish: (refusal?: Refusal) => void; stop: AbortSignal }[] = []
  let renewals = 0
  const tokens = { token: async () => token(0), renewed: async () => token(++renewals) }
  const send: Send = (upload, held, progress, stop) =>
    new Promise((resolve, reject) => {
      progress(5)
      begun.push({ name: upload.file.name, key: upload.key, token: held, stop, finish: (refusal) => (refusal ? reject(refusal) : resolve()) })
      stop.addEventListener('abort', () => reject(new Refusal('failed', 'cancelled')))
    })
  const arrived = vi.fn()
  const pauses: number[] = []
  const gaveUp = vi.fn()
  const uploads = new Uploads(tokens, send, arrived, gaveUp, async (seconds) => void pauses.push(seconds))
  const states = () => uploads.list.get().map(({ file, state }) => [file.name, state.is])
  return { uploads, begun, arrived, states, pauses, gaveUp }
}

const settled = () => new Promise((resolve) => setTimeout(resolve))

describe('uploads', () => {
  it('stand for their rows as long as these are not there for everybody', () => {
    const { uploads } = desk()
    uploads.add(target, [file('a')])
    uploads.add({ ...target, interactionId: 7 }, [file('b')])
    const row = (original_name: string, state: string, interaction_id: number | null = null) =>
      isUnderWay({ original_name, state, interaction_id } as CaseFile, uploads.list.get())
    expect([row('a', 'pending'), row('a', 'uploaded'), row('b', 'pending', 7)]).toEqual([true, true, true])
    expect([row('a', 'available'), row('b', 'pending'), row('c', 'pending')]).toEqual([false, false, false])
  })

  it('run three at a time, and one follows when one is done', async () => {
    const { uploads, begun, states } = desk()
    uploads.add(target, ['a', 'b', 'c', 'd'].map(file))
    await settled()
    expect(begun.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    begun[1]?.finish()
    await settled()
    expect(states()).toEqual([['a', 'checking'], ['c', 'checking'], ['d', 'checking']])
  })

  it('keep two files of one name apart', async () => {
    const { uploads, begun, arrived } = desk()
    uploads.add(target, [file('same'), file('same')])
    await settled()
    begun.forEach(({ finish }) => finish())
    await settled()
    expect(arrived.mock.calls.map(([upload]) => upload.id)).toEqual([1, 2])
  })

  it('are stopped and forgotten by cancelling, and the next one begins', async () => {
    const { uploads, begun, arrived, states } = desk()
    uploads.add(target, ['a', 'b', 'c', 'd'].map(file))
    await settled()
    uploads.cancel(1)
    await settled()
    expect(begun[0]?.stop.aborted).toBe(true)
    expect(states().map(([name]) => name)).toEqual(['b', 'c', 'd'])
    expect(begun.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd'])
    expect(arrived).not.toHaveBeenCalled()
  })

  it('are let go of where one is cancelled that failed, and hear it themselves where they are under way', async () => {
    const { uploads, begun, gaveUp } = desk()
    uploads.add(target, ['a', 'b'].map(file))
    await settled()
    begun[0]?.finish(new Refusal('offline', 'lost'))
    await settled()
    uploads.cancel(1)
    uploads.cancel(2)
    await settled()
    expect(gaveUp.mock.calls.map(([upload]) => upload.id)).toEqual([1])
    expect(begun[1]?.stop.aborted).toBe(true)
  })

  it('keep a file that failed until it is tried again', async () => {
    const { uploads, begun, states, arrived } = desk()
    uploads.add(target, [file('a')])
    await settled()
    begun[0]?.finish(new Refusal('offline', 'lost'))
    await settled()
    expect(states()).toEqual([['a', 'failed']])
    uploads.retryAll(['expired'])
    await settled()
    expect(begun.length).toBe(1)
    uploads.retryAll(['offline'])
    await settled()
    begun[1]?.finish()
    await settled()
    expect([states(), arrived.mock.calls.length]).toEqual([[], 1])
  })

  it('are sent again, once, with another token where theirs was refused', async () => {
    const { uploads, begun, states } = desk((tries) => `token ${tries}`)
    uploads.add(target, [file('a')])
    await settled()
    begun[0]?.finish(new Refusal('expired', 'the token has expired'))
    await settled()
    expect(begun.map(({ token }) => token)).toEqual(['token 0', 'token 1'])
    begun[1]?.finish(new Refusal('expired', 'the token has expired'))
    await settled()
    expect([begun.length, states()]).toEqual([2, [['a', 'failed']]])
  })

  it('are one upload under one key, however often they are sent, and wait for an attempt that is still under way', async () => {
    const { uploads, begun, states, arrived, pauses } = desk()
    uploads.add(target, [file('a')])
    await settled()
    begun[0]?.finish(new Refusal('offline', 'lost'))
    await settled()
    uploads.retry(1)
    await settled()
    begun[1]?.finish(new Refusal('conflict', 'it is still running', { code: 'request_running', retryAfter: 7 }))
    await settled()
    begun[2]?.finish()
    await settled()
    expect([states(), arrived.mock.calls.length, pauses]).toEqual([[], 1, [7]])
    expect(new Set(begun.map(({ key }) => key)).size).toBe(1)
    expect(begun[0]?.key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    uploads.add(target, [file('a')])
    await settled()
    expect(begun[3]?.key).not.toBe(begun[0]?.key)
  })

  it('wait for their person where nobody is signed in', async () => {
    const { uploads, begun } = desk(() => undefined)
    uploads.add(target, [file('a')])
    await settled()
    expect(begun).toEqual([])
    expect(uploads.list.get()[0]?.state).toMatchObject({ is: 'failed', refusal: { kind: 'expired' } })
  })
})
