import { createClient } from '@supabase/supabase-js'
import { expect, it } from 'vitest'
import type { Access } from '../coming-in/session'
import { clientNames, findClients } from './queries'

/** A project whose table of clients calls the name `company_name`, or by none that is known. */
function project(column: string) {
  const asked: string[] = []
  const answerTo = (url: URL) => {
    const select = url.searchParams.get('select') ?? ''
    if (select === '*') return [200, [{ id: 'a', [column]: 'Acme' }]]
    if (select === `id,name:${column}`) return [200, [{ id: 'a', name: 'Acme' }]]
    return [400, { code: '42703', message: 'column clients.name does not exist', details: null, hint: null }]
  }
  const supabase = createClient('http://localhost', 'key', {
    // Node.js 20 has no WebSocket of its own, and none is needed.
    realtime: { transport: Object as never },
    global: {
      fetch: (input) => {
        const url = new URL(String(input))
        asked.push(decodeURIComponent(url.search))
        const [status, body] = answerTo(url)
        return Promise.resolve(new Response(JSON.stringify(body), { status: status as number }))
      },
    },
  })
  return { access: { supabase } as unknown as Access, asked }
}

it('a project’s own clients are found by the column that has their name, which is looked for once', async () => {
  const { access, asked } = project('company_name')
  expect(await findClients(access, '50%', 8)).toEqual([{ id: 'a', name: 'Acme' }])
  expect(asked.at(-1)).toContain('company_name=ilike.%50\\%%')
  expect(await clientNames(access, ['a'])).toEqual(new Map([['a', 'Acme']]))
  expect(asked.length).toBe(4)
})

it('clients without a name that is known are no silence', async () => {
  const { access } = project('label')
  await expect(clientNames(access, ['a'])).rejects.toThrow('column clients.name does not exist')
})
