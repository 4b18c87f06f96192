import type { Page } from '@playwright/test'
import { another, details, expect, lookAgain, manyCases, newClientMember, newStaff, rows, say, signIn, test } from './project'

// An hour of two people who work through the same 200 cases.

const list = (page: Page) => page.getByRole('list', { name: 'Cases' })
const lastChange = (page: Page) => page.getByRole('group', { name: 'What was done last' })
const title = (page: Page) => page.getByRole('heading', { level: 1 })
const conversation = (page: Page, text: string) => page.locator('.said', { hasText: text })

/** A case as it is stored. */
const stored = async (row: { id: number }) => (await rows(`cases?id=eq.${row.id}`))[0] ?? {}

test('an hour of two at work over 200 cases', async ({ page, baseURL }) => {
  test.setTimeout(240_000)
  const [alan, bea, carla] = await Promise.all([newStaff('Alan'), newStaff('Bea'), newClientMember()])
  await rows('staff_departments', { user_id: bea.id, department_id: alan.department })
  const [specialty] = await rows<{ id: string; name: string }>('specialties', { name: `Hoists ${alan.id.slice(0, 6)}` })
  const made = await manyCases(alan, carla)
  const at = (n: number) => made[n]!
  // One of them is for who knows hoists; neither does.
  await rows(`cases?id=eq.${at(3).id}`, { required_specialty_id: specialty!.id }, 'PATCH')
  await say(at(8), 'The lift is stuck, and the door squeaks.', { party1_name: 'Carla', party1_type: 'CLIENT', party2_name: 'Alan', party2_type: 'ARGAN' })

  // Alan narrows the queue, and passes the view on.
  await signIn(page, alan)
  await expect(page.getByText('200 cases')).toBeVisible()
  await page.getByText('Filter', { exact: true }).click()
  await page.getByRole('group', { name: 'Priority' }).getByLabel('Urgent').check()
  await page.getByRole('group', { name: 'Status' }).getByLabel('Waiting').check()
  await page.keyboard.press('Escape')
  await page.getByTitle('Sort by').selectOption('Oldest first')
  await expect(page.getByText('40 cases')).toBeVisible()
  const other = await another(page, baseURL)
  await signIn(other, bea)
  await other.goto(page.url())
  await expect(other.getByText('40 cases')).toBeVisible()
  await expect(list(other).getByRole('listitem').first()).toContainText('Lift 003')

  // All of it becomes Bea's but the one that needs what she lacks, which says so; then Alan thinks better of it.
  await page.getByLabel('Select all on this page').check()
  await page.keyboard.press('a')
  const assign = page.getByRole('dialog', { name: 'Assign 40 cases' })
  await assign.locator(`input[value="${bea.id}"]`).check()
  await assign.getByRole('button', { name: 'Apply' }).click()
  await expect(lastChange(page).getByText('39 changed · 1 refused')).toBeVisible()
  await expect(lastChange(page).getByRole('listitem').filter({ hasText: at(3).case_id })).toContainText('The case needs a specialty that its assignee does not have.')
  await expect(page.getByRole('checkbox', { name: `Select ${at(3).case_id}`, exact: true })).toBeChecked()
  await lookAgain(other)
  await expect(list(other).getByRole('listitem').nth(1)).toContainText('Bea')
  // Meanwhile Bea has made one of them hers to finish.
  await rows(`cases?id=eq.${at(7).id}`, { assigned_to: null }, 'PATCH')
  await page.keyboard.press('z')
  await expect(lastChange(page).getByText('38 taken back · 1 not taken back, or not all of it')).toBeVisible({ timeout: 30_000 })
  expect((await rows(`cases?assigned_to=eq.${bea.id}&select=id`)).length).toBe(0)
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await page.getByRole('button', { name: 'Clear the selection' }).click()

  // Some get a tag, and lose it again.
  for (const n of [3, 7]) await page.getByRole('checkbox', { name: `Select ${at(n).case_id}`, exact: true }).check()
  await page.keyboard.press('t')
  await page.getByRole('dialog').getByLabel('Add tags').fill('inspect')
  await page.keyboard.press('Enter')
  await expect(lastChange(page).getByText('2 changed')).toBeVisible()
  await expect(list(page).getByRole('listitem').first().getByText('inspect')).toBeVisible()
  await page.keyboard.press('z')
  await expect(lastChange(page).getByText('2 taken back')).toBeVisible()
  await expect(list(page).getByText('inspect')).toHaveCount(0)
  await page.getByRole('button', { name: 'Dismiss' }).click()

  // Both open the same case. Alan takes it; what Bea chooses from the page as it was is shown against that before it is saved.
  for (const one of [page, other]) {
    await one.goto(`#/cases/${at(8).case_id}`)
    await expect(title(one)).toHaveText('Lift 008')
    await expect(one.getByRole('radio', { name: 'Reply' })).toBeChecked()
  }
  await details(page).getByRole('button', { name: 'Take it' }).click()
  await expect(details(page).getByLabel('Assignee')).toHaveValue(alan.id)
  await details(page).getByLabel('Priority').selectOption('Urgent')
  await expect.poll(async () => (await stored(at(8)))['priority']).toBe('urgent')
  await details(other).getByLabel('Priority').selectOption('High')
  const held = details(other).getByRole('alert')
  await expect(held).toContainText('Alan Priority: Low')
  await expect(held).toContainText('Your change is not saved yet. Priority: High')
  await held.getByRole('button', { name: 'Leave it' }).click()
  await expect(details(other).getByLabel('Priority')).toHaveValue('urgent')
  expect((await stored(at(8)))['priority']).toBe('urgent')

  // A reply, a call that only staff read, and a visit that the client reads, too.
  await page.getByRole('textbox', { name: 'Reply' }).fill('Somebody comes **today**.')
  await page.getByRole('button', { name: 'Send to the client' }).click()
  await expect(conversation(page, 'Somebody comes today.').getByText('Client sees it')).toBeVisible()
  const record = async (type: string, who: string, words: string, isVisible: boolean) => {
    await page.getByRole('radio', { name: 'Record a call, visit or letter' }).check()
    await page.getByLabel('Who speaks: type').selectOption(type)
    await page.getByLabel('Who speaks: name').fill(who)
    await page.getByRole('textbox', { name: 'Record' }).fill(words)
    await page.getByRole('switch', { name: 'Visible to the client?' }).setChecked(isVisible)
    await page.getByRole('button', { name: isVisible ? 'Send to the client' : 'Record for staff' }).click()
    await expect(conversation(page, words).getByText(isVisible ? 'Client sees it' : 'Internal', { exact: true })).toBeVisible()
  }
  await record('CONTRACTOR', 'Hoist & Co', 'Call: the part costs 900.', false)
  await record('EMPLOYEE', 'Ede', 'Visit: the part is in.', true)
  await lookAgain(other)
  await expect(conversation(other, 'Call: the part costs 900.')).toBeVisible()

  // Half of what Carla said is another matter, which Bea splits off, and a duplicate of a case that there is.
  await other.getByRole('button', { name: 'Split what Carla said into a new case' }).click()
  await other.getByRole('dialog').getByLabel('Title').fill('Squeaking door')
  await other.getByRole('dialog').getByRole('button', { name: 'Open the new case' }).click()
  await expect(title(other)).toHaveText('Squeaking door')
  await details(other).getByRole('button', { name: 'Merge a duplicate' }).click()
  const merge = other.getByRole('dialog', { name: 'Merge with another case' })
  await merge.getByLabel('Which case is it the same as?').fill('Lift 011')
  await other.keyboard.press('Enter')
  await merge.getByRole('button', { name: at(11).case_id }).click()
  await merge.getByRole('button', { name: /^Merge CASE/ }).click()
  await expect(title(other)).toHaveText('Lift 011')
  await expect(conversation(other, 'the door squeaks')).toBeVisible()

  // Alan hands his over: to Bea's own department, out of his sight, with a word for her.
  await details(page).getByRole('button', { name: 'Hand over', exact: true }).click()
  const handOver = page.getByRole('dialog', { name: `Hand ${at(8).case_id} over` })
  await handOver.getByLabel('Department').selectOption(bea.department)
  await handOver.getByLabel('Assignee').selectOption(bea.id)
  await expect(handOver.getByText('You will no longer see this case')).toBeVisible()
  await handOver.getByLabel('What should they know?').fill('The invoice is still missing.')
  await handOver.getByRole('button', { name: 'Hand over' }).click()
  await expect(page.getByText(`${at(8).case_id} was handed over. You no longer see it.`)).toBeVisible()
  await expect(list(page).getByRole('listitem').first()).toBeVisible()
  await page.goto(`#/cases/${at(8).case_id}`)
  await expect(page.getByRole('heading', { name: 'There is no case' })).toBeVisible()

  // Bea goes on with it, and finds in its history who did what.
  await other.goto(`#/cases/${at(8).case_id}`)
  await expect(other.locator('.said.note', { hasText: 'The invoice is still missing.' })).toBeVisible()
  await details(other).getByRole('button', { name: 'History' }).click()
  const history = other.getByRole('dialog', { name: `History of ${at(8).case_id}` })
  for (const line of ['Alan Assignee none Alan', 'Alan Priority Low Urgent', 'Alan Assignee Alan Bea', `Alan Department Alan's department ${alan.id.slice(0, 6)} Bea's department`]) {
    await expect(history.getByRole('row').filter({ hasText: new RegExp(line.split(' ').join('\\s*')) }).first(), line).toBeVisible()
  }
  await other.keyboard.press('Escape')
  await other.getByRole('heading', { level: 1 }).click()
  await other.keyboard.press('e')
  await expect(details(other).getByLabel('Status')).toHaveValue('resolved')
  await expect.poll(async () => (await stored(at(8)))['status']).toBe('resolved')
  await other.context().close()

  // Carla reads what was meant for her, and nothing else.
  const client = await another(page, baseURL)
  await signIn(client, carla)
  await client.goto(`#/cases/${at(8).case_id}`)
  await expect(conversation(client, 'Somebody comes today.')).toBeVisible()
  await expect(conversation(client, 'Visit: the part is in.')).toBeVisible()
  for (const unseen of ['the part costs 900', 'Hoist & Co', 'The invoice is still missing', 'inspect']) await expect(client.getByText(unseen)).toHaveCount(0)
  await client.context().close()
})
