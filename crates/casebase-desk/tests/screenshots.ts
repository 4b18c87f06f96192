import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { signIn, test } from './project'

// The pictures of docs/desk.md, made from the sample data: `npm run screenshots`

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../docs/desk')

test('the pages of the desk, as Carla sees them', async ({ page, context }) => {
  await mkdir(FOLDER, { recursive: true })
  const picture = async (name: string, fullPage = false) => {
    await page.evaluate(() => document.fonts.ready)
    await page.waitForTimeout(500)
    await page.screenshot({ path: path.join(FOLDER, `${name}.png`), fullPage, animations: 'disabled' })
  }
  await context.grantPermissions([])
  await page.setViewportSize({ width: 1100, height: 720 })
  await page.goto('')
  await picture('sign-in')
  await signIn(page, { email: 'carla@example.com' }, 'casebase')
  await page.locator('.cases li').first().waitFor()
  await picture('cases')
  await page.goto('#/cases/new')
  await page.getByLabel('Title').fill('Badge reader beeps')
  await page.getByLabel('Description').fill('Since the update it beeps **twice** for everybody.\n\n- gate 1\n- gate 2')
  await picture('new-case')
  await page.getByLabel('Title').fill('')
  await page.getByLabel('Description').fill('')
  await page.goto('#/cases/CASE-0001')
  await page.locator('.said').nth(2).waitFor()
  await picture('case')
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture('case-dark')
  await page.setViewportSize({ width: 360, height: 740 })
  await picture('case-phone')
})
