import type { Page } from '@playwright/test'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { signIn, test } from './project'

// The pictures of docs/desk.md, made from the sample data: `npm run screenshots`

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../docs/desk')

const picture = async (page: Page, name: string) => {
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
