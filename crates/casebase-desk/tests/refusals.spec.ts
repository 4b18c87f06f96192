import type { Locator, Page } from '@playwright/test'
import { colleague, details, expect, newCase, newClientMember, openAs, rows, say, signIn, test, type Person, type Staff } from './project'

// What the rules refuse, each met for real: most of it on a page that has not heard yet what somebody else did.

/** What the page asks from now on finds no answer, and what it shows grows old; what it writes gets through. */
const holdStill = (page: Page) =>
  page.route('**/rest/v1/**', (route) =>
    route.request().method() === 'GET' || /rpc\/(list_cases|case_counts|case_timeline)$/.test(route.request().url()) ? undefined : route.continue(),
  )

type Met = {
  told: string
  /** The case, as it is when the page is opened. */
  is?: Record<string, unknown>
  /** What somebody else does meanwhile. */
  meanwhile?: (row: { id: number }, people: { carla: Person; alan: Staff; bea: Staff }) => Promise<unknown>
  /** What is done on the page; where it is told. */
  does: (page: Page, people: { carla: Person; bea: Staff }) => Promise<Locator>
  as?: Record<string, unknown>
}

const change = (columns: Record<string, unknown>) => (row: { id: number }) => rows(`cases?id=eq.${row.id}`, columns, 'PATCH')

const escalate = async (page: Page) => {
  await details(page).getByRole('button', { name: 'Escalate' }).click()
  await page.getByLabel('Why is it urgent?').fill('People are in it.')
  await page.getByRole('dialog').getByRole('button', { name: 'Escalate' }).click()
  return page.getByRole('dialog').getByRole('alert')
}

const split = async (page: Page) => {
  await page.getByRole('button', { name: 'Split what Alan said into a new case' }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Open the new case' }).click()
  return page.getByRole('dialog').getByRole('alert')
}

const record = (content: string, name?: string) => async (page: Page) => {
  await page.getByRole('radio', { name: 'Record a call, visit or letter' }).check()
  if (name) await page.getByLabel('Who speaks: name').fill(name)
  await page.getByRole('textbox', { name: 'Record' }).fill(content)
  await page.getByRole('button', { name: 'Record for staff' }).click()
  return page.locator('.composer .wrong')
}

const STAFF: Met[] = [
  {
    told: 'A case can be assigned to active staff only.',
    meanwhile: (_, { bea }) => rows(`staff_members?user_id=eq.${bea.id}`, { active: false }, 'PATCH'),
    does: async (page, { bea }) => {
      await details(page).getByLabel('Assignee').selectOption(bea.id)
      return details(page).getByRole('alert')
    },
  },
  {
    told: 'Somebody has the case already.',
    meanwhile: (row, { bea }) => change({ assigned_to: bea.id })(row),
    does: async (page) => {
      await details(page).getByRole('button', { name: 'Take it' }).click()
      return details(page).getByRole('alert')
    },
  },
  { told: 'The case is Resolved. Reopen it first.', is: { status: 'resolved' }, does: escalate },
  { told: 'The case is escalated already.', meanwhile: change({ escalated_at: new Date().toISOString(), escalation_reason: 'Theirs.' }), does: escalate },
  {
    told: 'There is no such case that you can see.',
    as: { scope: 'departments' },
    meanwhile: async (row, { bea }) => change({ department_id: bea.department })(row),
    does: escalate,
  },
  { told: 'There is no such interaction any more.', meanwhile: (row) => rows(`interactions?case_id=eq.${row.id}`, undefined, 'DELETE'), does: split },
  { told: 'You can\'t open cases in this department.', as: { scope: 'assigned' }, does: split },
  {
    told: 'Only who wrote it changes what it says.',
    as: { is_admin: true },
    meanwhile: (_, { alan }) => rows(`staff_members?user_id=eq.${alan.id}`, { is_admin: false }, 'PATCH'),
    does: async (page) => {
      await page.getByRole('button', { name: 'Edit what Alan said' }).first().click()
      await page.getByRole('textbox', { name: 'Edit' }).fill('Other words.')
      await page.getByRole('form', { name: 'Edit' }).getByRole('button', { name: 'Save' }).click()
      return page.getByRole('form', { name: 'Edit' }).getByRole('alert')
    },
  },
  {
    told: 'The other case has been merged itself.',
    does: async (page, { carla }) => {
      const [dead, survivor] = [await newCase(carla), await newCase(carla)]
      await rows(`cases?id=eq.${dead.id}`, { merged_into: survivor.id, status: 'closed' }, 'PATCH')
      await details(page).getByRole('button', { name: 'Merge a duplicate' }).click()
      await page.unrouteAll()
      await page.getByRole('dialog').getByLabel('Which case is it the same as?').fill(dead.case_id)
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').getByRole('button', { name: dead.case_id }).click()
      await page.getByRole('dialog').getByRole('button', { name: /^Merge CASE/ }).click()
      return page.getByRole('dialog').getByRole('alert')
    },
  },
  { told: 'The name of who speaks', does: record('A call.', 'x'.repeat(201)) },
  { told: 'without control characters or others that reorder text', does: record('a\u202eb') },
]

test.describe('what the rules refuse a member of staff is said in words, and what was typed stays', () => {
  for (const { told, is, as, meanwhile, does } of STAFF) {
    test(told, async ({ page }) => {
      const [carla, alan, bea] = await Promise.all([newClientMember(), colleague('Alan', as), colleague('Bea')])
      const isAssigned = as?.['scope'] === 'assigned'
      const row = await newCase(carla, { department_id: alan.department, ...(isAssigned && { assigned_to: alan.id }), ...is })
      await say(row, 'Their words.', { visible_to_client: false })
      await openAs(page, alan, row)
      if (meanwhile) {
        await holdStill(page)
        await meanwhile(row, { carla, alan, bea })
      }
      await expect(await does(page, { carla, bea })).toContainText(told)
    })
  }
})

const CLIENT: Met[] = [
  {
    told: 'The case is not resolved.',
    is: { status: 'resolved' },
    meanwhile: change({ status: 'open' }),
    does: async (page) => {
      await details(page).getByRole('button', { name: 'Reopen' }).click()
      return details(page).getByRole('alert')
    },
  },
  {
    told: 'The case is closed. A reply to it opens a new one; only an admin opens this one again.',
    is: { status: 'resolved' },
    meanwhile: change({ status: 'closed' }),
    does: async (page) => {
      await details(page).getByRole('button', { name: 'Reopen' }).click()
      return details(page).getByRole('alert')
    },
  },
]

test.describe('what the rules refuse a client is said in words', () => {
  for (const { told, is, meanwhile, does } of CLIENT) {
    test(told, async ({ page }) => {
      const [carla, alan, bea] = await Promise.all([newClientMember(), colleague('Alan'), colleague('Bea')])
      const row = await newCase(carla, is)
      await signIn(page, carla)
      await page.goto(`#/cases/${row.case_id}`)
      await expect(page.getByRole('heading', { level: 1, name: row.title })).toBeVisible()
      await holdStill(page)
      await meanwhile?.(row, { carla, alan, bea })
      await expect(await does(page, { carla, bea })).toContainText(told)
    })
  }
})

test('a case for a department that one does not work in is refused in words, in German, too', async ({ page }) => {
  const [carla, dora, alan] = await Promise.all([newClientMember(), colleague('Dora', { scope: 'departments' }), colleague('Alan')])
  await signIn(page, dora)
  await page.goto('#/cases/new')
  await page.getByLabel('Account').click()
  await page.getByLabel('Language').selectOption('de')
  await page.getByRole('combobox', { name: 'Kunde' }).fill(carla.id.slice(0, 6))
  await page.getByRole('option', { name: carla.company }).click()
  await page.getByLabel('Titel').fill('Anderswo')
  await page.getByLabel('Abteilung').selectOption(alan.department)
  await page.getByRole('button', { name: 'Fall anlegen' }).click()
  await expect(page.getByRole('alert')).toContainText('Das dürfen Sie nicht')
  await expect(page.getByLabel('Titel')).toHaveValue('Anderswo')
})
