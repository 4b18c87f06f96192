import type { Page } from '@playwright/test'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { rows, signIn, test } from './project'

// The pictures of docs/desk.md, made from the sample data: `npm run screenshots`

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../docs/desk')

async function picture(page: Page, name: string) {
  await mkdir(FOLDER, { recursive: true })
  await page.evaluate(() => document.fonts.ready)
  await page.waitForTimeout(500)
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), animations: 'disabled' })
}

test('the pages of the desk, as Carla sees them', async ({ page, context }) => {
  await context.grantPermissions([])
  await page.setViewportSize({ width: 1100, height: 720 })
  await page.goto('')
  await picture(page, 'sign-in')
  await signIn(page, { email: 'carla@example.com' }, 'casebase')
  await page.locator('.cases li').first().waitFor()
  await picture(page, 'cases')
  await page.goto('#/cases/new')
  await page.getByLabel('Title').fill('Badge reader beeps')
  await page.getByLabel('Description').fill('Since the update it beeps **twice** for everybody.\n\n- gate 1\n- gate 2')
  await picture(page, 'new-case')
  await page.getByLabel('Title').fill('')
  await page.getByLabel('Description').fill('')
  await page.goto('#/cases/CASE-0001')
  await page.locator('.said').nth(2).waitFor()
  await picture(page, 'case')
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture(page, 'case-dark')
  await page.setViewportSize({ width: 360, height: 740 })
  await picture(page, 'case-phone')
})

test('a case, as Alan works it', async ({ page }) => {
  await page.setViewportSize({ width: 1180, height: 900 })
  await signIn(page, { email: 'alan@example.com' }, 'casebase')
  await page.goto('#/cases/CASE-0001')
  await page.locator('.composer').waitFor()
  await page.locator('.composer .form-actions').scrollIntoViewIfNeeded()
  await picture(page, 'staff-case')
})

/** What fills a queue: title, status, priority, days until it is due, tags. */
const MORE: [string, string, string, number?, string[]?][] = [
  ['Lift 3 stops between floors', 'open', 'urgent', -1, ['lift']],
  ['Contract of the night guard ends in May', 'waiting', 'medium'],
  ['Water in the archive', 'in_progress', 'urgent', 0.2, ['building', 'insurance']],
  ['Which forms for parental leave?', 'resolved', 'low'],
  ['Second monitor for the front desk', 'open', 'low'],
  ['Overtime of October is missing', 'in_progress', 'high', 2, ['payroll']],
  ['Cannot open the travel portal', 'open', 'medium', 4],
  ['New key for room 214', 'waiting', 'low'],
  ['Safety briefing for contractors', 'open', 'medium', 9],
  ['Smoke detector beeps at night', 'open', 'high', -3, ['building']],
]

test('the queue, as Alan sees it', async ({ page }) => {
  const [badge] = await rows<{ client_id: string; assigned_to: string; department_id: string }>('cases?id=eq.1')
  for (const [title, status, priority, days, tags] of MORE) {
    const due = days === undefined ? null : new Date(Date.now() + days * 86_400_000).toISOString()
    const [made] = await rows<{ id: number }>('cases', {
      client_id: badge?.client_id, department_id: badge?.department_id, title, status, priority, action_required_by: due,
      assigned_to: status === 'in_progress' ? badge?.assigned_to : null,
    })
    if (tags) await rows('case_internal', { case_id: made?.id, tags })
  }
  await page.setViewportSize({ width: 1280, height: 720 })
  await signIn(page, { email: 'alan@example.com' }, 'casebase')
  await page.goto('#/cases?status=open,in_progress,waiting&order=priority.desc')
  await page.locator('.queue li').nth(5).waitFor()
  for (const nth of [1, 2, 3]) await page.locator('.queue li').nth(nth).getByRole('checkbox').check()
  await picture(page, 'queue')
  await page.setViewportSize({ width: 360, height: 740 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.getByRole('button', { name: 'Clear the selection' }).click()
  await picture(page, 'queue-phone')
})

/** A receiver's history: what it took and what it did not, by its answers. */
async function deliveries() {
  const answers = [...Array(9).fill(204), 500, 500, 503, ...Array(7).fill(204), 410]
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(answers.shift() ?? 204).end('{"ok": true}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const [made] = await rows<{ id: string }>('rpc/create_webhook_endpoint', {
    url: `http://127.0.0.1:${port}/webhooks/casebase`, description: 'Mirrors cases into the ledger', event_types: ['case.*', 'interaction.*'], retry_waits: ['0'],
  })
  for (let nth = 0; nth < 16; nth++) {
    await rows('cases?id=eq.1', { priority: ['low', 'high', 'medium', 'urgent'][nth % 4] }, 'PATCH')
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  return { id: made?.id, stop: () => server.close() }
}

test('the pages of an admin, as Ada sees them', async ({ page }) => {
  const { id, stop } = await deliveries()
  await page.setViewportSize({ width: 1180, height: 860 })
  await signIn(page, { email: 'ada@example.com' }, 'casebase')
  await page.goto('#/admin/people')
  await page.locator('.entries li').nth(2).waitFor()
  await picture(page, 'admin-people')
  await page.goto('#/admin/structure')
  await page.locator('.entries li').nth(5).waitFor()
  await picture(page, 'admin-structure')
  await page.goto('#/admin/health')
  await page.locator('.card').nth(4).waitFor()
  await picture(page, 'admin-health')
  await page.goto(`#/admin/webhooks?endpoint=${id}`)
  await page.locator('.chart').waitFor()
  await page.locator('.entries li').nth(3).waitFor()
  await picture(page, 'admin-webhooks')
  await page.setViewportSize({ width: 360, height: 740 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture(page, 'admin-phone')
  stop()
})
