import type { Page, WebSocketRoute } from '@playwright/test'
import { expect, newCase, newClientMember, newStaff, rows, say, signIn, test } from './project'

/** Realtime's part, where the project has notices: it lets the page join what is allowed, and sends when it is told to. */
async function realtime(page: Page, allowed: (topic: string) => boolean = () => true) {
  await page.route('**/rest/v1/rpc/my_access*', async (route) => {
    const given = await route.fetch()
    await route.fulfill({ response: given, json: { ...((await given.json()) as object), live: true } })
  })
  const joined = new Map<string, { socket: WebSocketRoute; token: unknown; isPrivate: unknown }>()
  await page.routeWebSocket(/\/realtime\/v1\/websocket/, (socket) => {
    socket.onMessage((text) => {
      const [joinRef, ref, topic, event, payload] = JSON.parse(String(text)) as [string, string, string, string, { access_token?: unknown; config?: { private?: unknown } }]
      const name = topic.replace('realtime:', '')
      const isRefused = event === 'phx_join' && !allowed(name)
      const status = isRefused ? 'error' : 'ok'
      const response = isRefused ? { reason: 'Unauthorized: You do not have permissions to read from this Channel topic' } : {}
      if (event === 'phx_join' && !isRefused) joined.set(name, { socket, token: payload.access_token, isPrivate: payload.config?.private })
      if (event === 'phx_leave') joined.delete(name)
      if (event !== 'access_token') socket.send(JSON.stringify([joinRef, ref, topic, 'phx_reply', { status, response }]))
    })
  })
  const send = (topic: string) =>
    joined.get(topic)?.socket.send(
      JSON.stringify([null, null, `realtime:${topic}`, 'broadcast', { type: 'broadcast', event: 'case_changed', payload: { case_id: 'CASE-0001', type: 'case.updated' } }]),
    )
  return { joined, send }
}

/** The page of a case, as its client has it. */
async function openAsClient(page: Page, person: { email: string }, row: { case_id: string; title: string }) {
  await signIn(page, person)
  await page.goto(`#/cases/${row.case_id}`)
  await expect(page.getByRole('heading', { level: 1, name: row.title })).toBeVisible()
}

/** How often the page asks for cases from now on. */
function asking(page: Page) {
  let asked = 0
  page.on('request', (request) => {
    if (/rest\/v1\/(cases|rpc\/(list_cases|case_timeline))/.test(request.url())) asked++
  })
  return () => asked
}

test('where notices are sent, a client hears of a change and asks again, and seldom otherwise', async ({ page }) => {
  await page.clock.install()
  const { joined, send } = await realtime(page)
  const carla = await newClientMember()
  const row = await newCase(carla, { title: 'Lost badge' })
  await openAsClient(page, carla, row)
  const topic = `casebase:case:${row.id}`
  await expect.poll(() => [...joined.keys()]).toEqual([topic])
  expect(joined.get(topic)?.isPrivate).toBe(true)
  expect(joined.get(topic)?.token, 'the token of whoever is signed in').toMatch(/^ey/)

  const asked = asking(page)
  // What it asked for while it joined may still come.
  await expect(async () => {
    const before = asked()
    await page.clock.runFor(12_000)
    expect(asked(), 'it waits to be told').toBe(before)
  }).toPass({ timeout: 30_000 })
  await say(row, 'A new one is at the gate.')
  send(topic)
  await expect(async () => {
    await page.clock.runFor(500)
    await expect(page.getByText('A new one is at the gate.')).toBeVisible({ timeout: 500 })
  }).toPass()

  // The list is another topic; the case's is left.
  await page.getByRole('link', { name: 'Cases', exact: true }).click()
  await expect.poll(() => [...joined.keys()]).toEqual([`casebase:client:${carla.client}`])
})

test('who may not join a topic is asked to wait no longer than without notices', async ({ page }) => {
  await page.clock.install()
  const { joined } = await realtime(page, () => false)
  const carla = await newClientMember()
  const row = await newCase(carla, { title: 'Lost badge' })
  await openAsClient(page, carla, row)
  const asked = asking(page)
  await expect(async () => {
    await page.clock.runFor(5_000)
    expect(asked()).toBeGreaterThan(0)
  }).toPass()
  expect(joined.size).toBe(0)
})

test('staff hear of the cases of their departments, and of what is internal', async ({ page }) => {
  const { joined, send } = await realtime(page)
  const alan = await newStaff('Alan')
  const row = await newCase(await newClientMember(), { title: 'Lost badge', department_id: alan.department })
  await signIn(page, alan)
  const lists = [`casebase:department:${alan.department}`, `casebase:staff:${alan.id}`]
  await expect.poll(() => [...joined.keys()].sort()).toEqual(lists)
  await rows(`cases?id=eq.${row.id}`, { title: 'Lost and found' }, 'PATCH')
  send(lists[0]!)
  await expect(page.getByText('Lost and found')).toBeVisible()

  await page.getByRole('link', { name: 'Lost and found' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Lost and found' })).toBeVisible()
  await expect.poll(() => [...joined.keys()].sort()).toEqual([`casebase:case:${row.id}`, `casebase:case_internal:${row.id}`])
  await rows('internal_notes', { case_id: row.id, content: 'The third badge this year.' })
  send(`casebase:case_internal:${row.id}`)
  await expect(page.getByText('The third badge this year.')).toBeVisible()
})
