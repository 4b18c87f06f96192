import type { Page } from '@playwright/test'
import { colleague, expect, rows, signIn, test } from './project'

// What a project has to itself: `cargo test -p casebase --test desk` starts one for these, in which Ada is the only admin and
// an endpoint has had 100,000 deliveries.

test.describe.configure({ mode: 'serial' })

const ADA = { email: 'ada@example.com' }
const dialog = (page: Page) => page.getByRole('dialog')
const entries = (page: Page, list: string) => page.getByRole('list', { name: list, exact: true }).getByRole('listitem')

async function asAda(page: Page, path: string, heading: string) {
  await signIn(page, ADA, 'casebase')
  await page.goto(`#/admin/${path}`)
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
}

test('among 100,000 deliveries the chart counts them all, and each is found by its state and its page', async ({ page }) => {
  await asAda(page, 'webhooks', 'Webhooks')
  await expect(page.getByRole('img', { name: '95800 requests taken, 3200 failed.' })).toBeVisible({ timeout: 30_000 })
  await page.getByRole('link', { name: 'https://example.com/busy' }).click()
  await expect(page.getByText('Waiting: 200')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText('Not taken: 4000')).toBeVisible()
  await expect(page.getByRole('img', { name: '95800 requests taken, 3200 failed.' })).toBeVisible({ timeout: 30_000 })

  // A page at a time, the newest first: none twice, none left out.
  await expect(entries(page, 'Deliveries')).toHaveCount(50)
  const shown = () => page.getByRole('list', { name: 'Deliveries', exact: true }).getByRole('link').evaluateAll((links) =>
    links.map((link) => Number(/delivery=(\d+)/.exec(link.getAttribute('href') ?? '')?.[1])))
  const first = await shown()
  expect(first).toEqual([...first].sort((one, other) => other - one))
  await page.getByRole('link', { name: 'Older ones' }).click()
  await expect(async () => expect((await shown())[0]).toBe(first[49]! - 1)).toPass()
  await page.getByRole('link', { name: 'Newest ones' }).click()
  await expect(async () => expect((await shown())[0]).toBe(first[0])).toPass()

  // The rarest of them lie far behind the newest.
  const states = page.getByRole('navigation', { name: 'Deliveries by state' })
  for (const [state, of] of [['Skipped', 50], ['Given up', 50], ['To be sent', 50], ['Taken', 50], ['Being sent', 0]] as const) {
    await states.getByRole('link', { name: state }).click()
    await expect(entries(page, 'Deliveries').filter({ hasText: state })).toHaveCount(of, { timeout: 30_000 })
    await expect(entries(page, 'Deliveries')).toHaveCount(of)
  }
  await expect(page.getByText('There are none.')).toBeVisible()

  await states.getByRole('link', { name: 'Given up' }).click()
  await entries(page, 'Deliveries').first().getByRole('link').click()
  await expect(dialog(page)).toContainText('Attempt 1')
  await expect(dialog(page)).toContainText('out of order')
  await expect(dialog(page).locator('pre').last()).toContainText('"type": "case.updated"')
  await dialog(page).getByRole('button', { name: 'Close' }).click()

  // What it never took is counted before it is sent again.
  await page.getByRole('button', { name: 'Send again …' }).click()
  await expect(dialog(page)).toContainText('4000 deliveries would be sent.', { timeout: 30_000 })
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  for (const span of ['Week', '30 days']) {
    await page.getByRole('link', { name: span, exact: true }).click()
    await expect(page.getByRole('img', { name: '95800 requests taken, 3200 failed.' })).toBeVisible({ timeout: 30_000 })
  }
})

test('the last admin stays one, until somebody else is', async ({ page }) => {
  await colleague('Bea')
  await asAda(page, 'people', 'People')
  const admins = () => rows<{ display_name: string }>('staff_members?is_admin=is.true&active=is.true&select=display_name')
  expect(await admins()).toEqual([{ display_name: 'Ada' }])

  await page.getByRole('button', { name: 'Switch off Ada' }).click()
  await dialog(page).getByRole('button', { name: 'Switch off' }).click()
  await expect(dialog(page).getByRole('alert')).toContainText('There must be an admin. Make somebody else an admin first.')
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Edit Ada' }).click()
  await dialog(page).getByLabel('Is an admin').uncheck()
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await expect(dialog(page).getByRole('alert')).toContainText('There must be an admin. Make somebody else an admin first.')
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  expect(await admins()).toEqual([{ display_name: 'Ada' }])
  await expect(entries(page, 'Staff').filter({ hasText: 'Ada' })).toContainText('Admin')

  // The way out that it names is one.
  await page.getByRole('button', { name: 'Edit Bea' }).click()
  await dialog(page).getByLabel('Is an admin').check()
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await expect(entries(page, 'Staff').filter({ hasText: 'Bea' })).toContainText('Admin')
  await page.getByRole('button', { name: 'Edit Ada' }).click()
  await dialog(page).getByLabel('Is an admin').uncheck()
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { name: 'These pages are for admins' })).toBeVisible()
  expect(await admins()).toEqual([{ display_name: 'Bea' }])
})
