import { beforeEach, expect, it, vi } from 'vitest'
import { forgetBegun, keptOf, type Begun } from './begun'
import type { Upload } from './uploads'

const begun = (id: number): Begun => ({ id, bucket: 'b', path: 'p', endpoint: 'e', metadata: {}, chunkSize: 1 })

const upload = (id: number, changes: Partial<Upload> = {}): Upload => ({
  id, key: `key ${id}`, caseNumber: 'CASE-0001', file: new File(['12345'], 'a.txt', { lastModified: 1 }), state: { is: 'waiting' }, ...changes,
})

/** The browser's, as far as it is used here: what is kept in it are its own names. */
function storage() {
  const kept: Record<string, string> = {}
  const methods = {
    getItem: (name: string) => kept[name] ?? null,
    setItem: (name: string, value: string) => void (kept[name] = value),
    removeItem: (name: string) => void delete kept[name],
  }
  return new Proxy(methods, { ownKeys: () => Object.keys(kept), getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) })
}

beforeEach(() => {
  vi.stubGlobal('localStorage', storage())
  forgetBegun()
})

it('the same file, chosen again for the same place by the same person, goes on', () => {
  keptOf('alan', upload(1)).set(begun(7))
  // After a reload nothing is under way.
  const { getItem, setItem } = localStorage
  const all = Object.fromEntries(Object.keys(localStorage).map((name) => [name, getItem(name) ?? '']))
  forgetBegun()
  for (const [name, value] of Object.entries(all)) setItem(name, value)
  expect(keptOf('alan', upload(2)).get()?.id).toBe(7)
  expect(keptOf('bea', upload(3)).get()).toBeUndefined()
  expect(keptOf('alan', upload(4, { caseNumber: 'CASE-0002' })).get()).toBeUndefined()
  expect(keptOf('alan', upload(5, { interactionId: 3 })).get()).toBeUndefined()
  expect(keptOf('alan', upload(6, { visibleToClient: true })).get()).toBeUndefined()
  expect(keptOf('alan', upload(7, { file: new File(['12345'], 'a.txt', { lastModified: 2 }) })).get()).toBeUndefined()
})

it('two of one name, size and time that are chosen at once are two', () => {
  const [one, other] = [keptOf('alan', upload(1)), keptOf('alan', upload(2))]
  one.set(begun(7))
  expect(other.get()).toBeUndefined()
  other.set(begun(8))
  expect([keptOf('alan', upload(1)).get()?.id, keptOf('alan', upload(2)).get()?.id]).toEqual([7, 8])
  one.forget()
  other.forget()
  expect(Object.keys(localStorage)).toEqual([])
})

it('nothing is kept of whoever leaves', () => {
  localStorage.setItem('casebase.theme', 'dark')
  keptOf('alan', upload(1)).set(begun(7))
  forgetBegun()
  expect(Object.keys(localStorage)).toEqual(['casebase.theme'])
})
