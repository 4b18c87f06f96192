import { expect, expectAccessible, lookAgain, newCase, newClientMember, newStaff, rows, signIn, test, type Person, type Staff } from './project'
import type { Page } from '@playwright/test'

// The staff's queue: 200 cases of a department, which one of its staff works through.

const PRIORITIES = ['low', 'medium', 'high', 'urgent']

/** 200 cases, of which every fourth waits, every fifth is resolved, and every tenth is overdue. */
async function manyCases(staff: Staff, carla: Person, n = 200) {
  const day = 86_400_000
  const made = await rows<{ id: number; case_id: string; title: string }>(
    'cases',
    Array.from({ length: n }, (_, at) => ({
      client_id: carla.client,
      created_by: carla.id,
      department_id: staff.department,
      title: `Lift ${String(at).padStart(3, '0')}`,
      status: at % 5 === 4 ? 'resolved' : at % 4 === 3 ? 'waiting' : 'open',
      priority: PRIORITIES[at % 4],
      action_required_by: at % 10 === 0 ? new Date(Date.now() - day).toISOString() : null,
      action_required_of: null,
      created_at: new Date(Date.now() - (n - at) * 60_000).toISOString(),
    })),
  )
  return made
}

const list = (page: Page) => page.getByRole('list', { name: 'Cases' })
const rowOf = (page: Page, title: string) => list(page).getByRole('listitem').filter({ hasText: title })
const select = (page: Page, number: string) => page.getByRole('checkbox', { name: `Select ${number}`, exact: true })
const bulk = (page: Page) => page.getByRole('group', { name: 'With the selected cases' })
const lastChange = (page: Page) => page.getByRole('group', { name: 'What was done last' })

test('a queue of 200 cases is narrowed, ordered and gone through by its address', async ({ page, browser, baseURL }) => {
  const [alan, carla] = await Promise.all([newStaff(), newClientMember()])
  const made = await manyCases(alan, carla)
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/rpc/list_cases') && request.method() !== 'OPTIONS') sent.push(request.postData() ?? '')
  })
  await signIn(page, alan)
  await expect(list(page).getByRole('listitem')).toHaveCount(50)
  await expect(page.getByText('200 cases')).toBeVisible()
  // One page in one request, which may have been made again by now.
  expect(new Set(sent).size).toBe(1)
  const views = page.getByRole('navigation', { name: 'Views' })
  await expect(views.getByRole('link', { name: 'All 200' })).toHaveAttribute('aria-current', 'page')
  await expect(views.getByRole('link', { name: 'Waiting for us 120' })).toBeVisible()
  await expect(views.getByRole('link', { name: 'Unassigned 160' })).toBeVisible()
  await expect(rowOf(page, 'Lift 199')).toContainText("Carla's company")

  await page.getByRole('link', { name: 'Next page' }).click()
  await expect(rowOf(page, 'Lift 149')).toBeVisible()
  await expect(page.getByText('200 cases')).toBeVisible()
  await page.getByRole('link', { name: 'Next page' }).click()
  await expect(rowOf(page, 'Lift 099')).toBeVisible()
  await page.getByRole('link', { name: 'Previous page' }).click()
  await expect(rowOf(page, 'Lift 149')).toBeVisible()

  // A view by its key.
  await page.keyboard.press('4')
  await expect(page).toHaveURL(/overdue=true/)
  await expect(list(page).getByRole('listitem')).toHaveCount(20)
  await expect(rowOf(page, 'Lift 000').locator('.late')).toContainText('Overdue')

  await page.keyboard.press('5')
  await page.getByText('Filter', { exact: true }).click()
  await page.getByRole('group', { name: 'Priority' }).getByLabel('Urgent').check()
  await page.getByRole('group', { name: 'Status' }).getByLabel('Waiting').check()
  await page.getByRole('group', { name: 'Status' }).getByLabel('Open').check()
  await page.keyboard.press('Escape')
  await expect(page.getByText('Filter (2)')).toBeFocused()
  await expect(views.locator('[aria-current]')).toHaveCount(0)
  await page.getByTitle('Sort by').selectOption('Oldest first')
  await expect(page).toHaveURL(/order=created_at.asc/)
  const urgent = made.filter((_, at) => at % 4 === 3 && at % 5 !== 4)
  await expect(page.getByText(`${urgent.length} cases`)).toBeVisible()
  await expect(list(page).getByRole('listitem').first()).toContainText('Lift 003')

  // The address is the view, for whoever opens it.
  const other = await (await browser.newContext({ baseURL: baseURL! })).newPage()
  await signIn(other, alan)
  await expect(list(other)).toBeVisible({ timeout: 20_000 })
  await other.goto(page.url())
  await expect(list(other).getByRole('listitem').first()).toContainText('Lift 003')
  await expect(other.getByText(`${urgent.length} cases`)).toBeVisible()
  await other.close()

  await page.getByRole('button', { name: 'Remove the filter Priority' }).click()
  await expect(page.getByText('160 cases')).toBeVisible()
  await page.getByRole('button', { name: 'Remove all filters' }).click()
  await expect(page.getByText('200 cases')).toBeVisible()
})

test('clients, tags, assignees and days narrow the queue', async ({ page }) => {
  const [alan, carla, otto] = await Promise.all([newStaff(), newClientMember(), newClientMember('Otto')])
  const ofAlan = { department_id: alan.department }
  const [tagged] = [await newCase(carla, { ...ofAlan, title: 'Tagged' }), await newCase(otto, { ...ofAlan, title: 'Otto’s', assigned_to: alan.id })]
  await rows('case_internal', { case_id: tagged.id, tags: ['gate, north', '100%'] })
  await signIn(page, alan)
  await expect(rowOf(page, 'Tagged').getByText('gate, north')).toBeVisible()
  await expect(rowOf(page, 'Otto’s').getByText('Alan')).toBeVisible()
  await page.getByText('Filter', { exact: true }).click()
  await page.getByLabel('A tag, then Enter').fill('gate, north')
  await page.keyboard.press('Enter')
  await expect(list(page).getByRole('listitem')).toHaveCount(1)
  await page.reload()
  await expect(rowOf(page, 'Tagged')).toBeVisible()
  await expect(list(page).getByRole('listitem')).toHaveCount(1)
  await page.getByRole('button', { name: 'Remove all filters' }).click()

  await page.getByText('Filter', { exact: true }).click()
  const name = `Otto's company ${otto.id.slice(0, 6)}`
  await page.getByRole('combobox', { name: 'Find a client by name' }).fill(otto.id.slice(0, 6))
  await expect(page.getByRole('listbox', { name: 'Clients' }).getByRole('option')).toHaveText([name])
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  await expect(list(page).getByRole('listitem')).toHaveCount(1)
  await expect(rowOf(page, 'Otto’s')).toBeVisible()
  await page.getByRole('group', { name: 'Assignee' }).getByLabel('Nobody').check()
  await expect(page.getByText('No case is like this')).toBeVisible()
  await page.getByRole('group', { name: 'Assignee' }).getByLabel('Me', { exact: true }).check()
  await expect(page.getByRole('group', { name: 'Assignee' }).getByLabel('Nobody')).not.toBeChecked()
  await expect(rowOf(page, 'Otto’s')).toBeVisible()
  await page.getByRole('group', { name: 'Opened' }).getByLabel('to').fill('2020-01-31')
  await expect(page.getByText('… – Jan 31, 2020')).toBeVisible()
  await expect(page.getByText('No case is like this')).toBeVisible()
  await page.goto('#/cases?stage=nonsense')
  await expect(page.getByRole('alert')).toContainText('There is no stage nonsense')
})

test('many cases are changed at once: what is refused says why and stays selected, and the rest is taken back', async ({ page }) => {
  const [alan, carla] = await Promise.all([newStaff(), newClientMember()])
  const ofAlan = { department_id: alan.department }
  const [elsewhere] = await rows<{ id: string }>('departments', { name: `Elsewhere ${alan.id.slice(0, 6)}` })
  const [one, two, closed] = [
    await newCase(carla, { ...ofAlan, title: 'First' }),
    await newCase(carla, { ...ofAlan, title: 'Second' }),
    await newCase(carla, { ...ofAlan, title: 'Closed one', status: 'closed' }),
  ]
  await signIn(page, alan)
  await select(page, closed.case_id).check()
  await select(page, one.case_id).click({ modifiers: ['Shift'] })
  await expect(bulk(page).getByText('3 cases selected')).toBeVisible()
  await bulk(page).getByRole('button', { name: 'Status' }).click()
  const dialog = page.getByRole('dialog', { name: 'Status of 3 cases' })
  await dialog.getByRole('button', { name: 'Apply' }).click()
  await expect(dialog.getByText('Choose one.')).toBeVisible()
  await dialog.getByLabel('In progress').check()
  await dialog.getByRole('button', { name: 'Try it first' }).click()
  await expect(dialog.getByText('2 changed · 1 refused')).toBeVisible()
  expect((await rows<{ status: string }>(`cases?id=in.(${one.id},${two.id})`)).map(({ status }) => status)).toEqual(['open', 'open'])
  await dialog.getByRole('button', { name: 'Apply' }).click()

  await expect(lastChange(page)).toBeFocused()
  await expect(lastChange(page).getByText('2 changed · 1 refused')).toBeVisible()
  await expect(lastChange(page).getByText('A case that is Closed can’t become In progress.')).toBeVisible()
  await expect(rowOf(page, 'First')).toContainText('In progress')
  await expect(bulk(page).getByText('1 case selected')).toBeVisible()
  await expect(select(page, closed.case_id)).toBeChecked()
  await expectAccessible(page)

  // Somebody is faster with one of them: that stays, the other is taken back.
  await rows(`cases?id=eq.${two.id}`, { status: 'waiting' }, 'PATCH')
  await lastChange(page).getByRole('button', { name: 'Undo' }).click()
  await expect(lastChange(page).getByText('1 taken back · 1 not taken back, or not all of it')).toBeVisible()
  await expect(lastChange(page).getByText('Status: somebody has changed it since.')).toBeVisible()
  await expect(rowOf(page, 'First')).toContainText('Open')
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await expect(lastChange(page)).toBeHidden()

  // What would end one's own sight is handed over, one case at a time.
  await select(page, closed.case_id).uncheck()
  await select(page, one.case_id).check()
  await page.keyboard.press('d')
  await page.getByRole('dialog').locator(`input[value="${elsewhere!.id}"]`).check()
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(lastChange(page).getByText('You are not allowed to do this, or would not see it any more afterwards.')).toBeVisible()
})

test('all of a view is changed at once, and taken back', async ({ page }) => {
  const [alan, carla] = await Promise.all([newStaff(), newClientMember()])
  await manyCases(alan, carla)
  await signIn(page, alan)
  await expect(page.getByText('200 cases')).toBeVisible()
  await page.keyboard.press('3')
  await expect(page.getByText('160 cases')).toBeVisible()
  await page.getByLabel('Select all on this page').check()
  await expect(bulk(page).getByText('50 cases selected')).toBeVisible()
  await bulk(page).getByRole('button', { name: 'Select all 160 of this view' }).click()
  await expect(bulk(page).getByText('160 cases selected')).toBeVisible()
  await bulk(page).getByRole('button', { name: 'Assign' }).click()
  const dialog = page.getByRole('dialog', { name: 'Assign 160 cases' })
  // Others are called Alan, too.
  await dialog.locator(`input[value="${alan.id}"]`).check()
  await dialog.getByRole('button', { name: 'Apply' }).click()
  await expect(lastChange(page).getByText('160 changed')).toBeVisible()
  await expect(page.getByText('Nothing to do here')).toBeVisible()
  expect((await rows(`cases?assigned_to=eq.${alan.id}&select=id`)).length).toBe(160)
  await page.keyboard.press('z')
  await expect(lastChange(page).getByText('160 taken back')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText('160 cases')).toBeVisible()
  expect((await rows(`cases?assigned_to=eq.${alan.id}&select=id`)).length).toBe(0)
})

test('the queue is worked with the keyboard alone', async ({ page }) => {
  const [alan, carla] = await Promise.all([newStaff(), newClientMember()])
  for (const title of ['Third', 'Second', 'First']) await newCase(carla, { department_id: alan.department, title })
  await signIn(page, alan)
  await expect(list(page).getByRole('listitem')).toHaveCount(3)
  const focused = (title: string) => expect(page.getByRole('link', { name: title })).toBeFocused()
  await page.keyboard.press('j')
  await focused('First')
  await page.keyboard.press('j')
  await focused('Second')
  await page.keyboard.press('k')
  await focused('First')
  await page.keyboard.press('x')
  await page.keyboard.press('J')
  await focused('Second')
  await expect(bulk(page).getByText('2 cases selected')).toBeVisible()

  await page.keyboard.press('p')
  const dialog = page.getByRole('dialog', { name: 'Priority of 2 cases' })
  await expect(dialog.getByLabel('Urgent')).toBeFocused()
  // In a window, keys are the window's.
  await page.keyboard.press('j')
  await page.keyboard.press('Space')
  await page.keyboard.press('Enter')
  await expect(lastChange(page).getByText('2 changed')).toBeVisible()
  await expect(rowOf(page, 'First')).toContainText('Urgent')
  await expect(rowOf(page, 'Third')).toContainText('Medium')
  await expect(bulk(page)).toBeHidden()
  await page.keyboard.press('z')
  await expect(lastChange(page).getByText('2 taken back')).toBeVisible()

  // Where nothing is selected, the case with the focus is meant.
  await page.keyboard.press('j')
  await focused('Third')
  await page.keyboard.press('e')
  await expect(rowOf(page, 'Third')).toContainText('Resolved')
  await expect(rowOf(page, 'First')).toContainText('Open')

  // Opened and left again, it goes on from there.
  await page.keyboard.press('k')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Second' })).toBeVisible()
  await page.goBack()
  await expect(list(page).getByRole('listitem')).toHaveCount(3)
  await page.keyboard.press('k')
  await focused('First')

  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await expect(help.getByText('Assign the selected cases')).toBeVisible()
  await expectAccessible(page)
  await help.getByLabel('Single keys do these things').uncheck()
  await page.keyboard.press('Escape')
  await page.keyboard.press('c')
  await page.keyboard.press('?')
  await expect(help).toBeVisible()
  await help.getByLabel('Single keys do these things').check()
  await page.keyboard.press('Escape')
  await page.keyboard.press('c')
  await expect(page.getByRole('heading', { name: 'New case' })).toBeVisible()
  // In a field they write.
  await page.getByLabel('Title').fill('')
  await page.getByLabel('Title').pressSequentially('c?jx1')
  await expect(page.getByLabel('Title')).toHaveValue('c?jx1')
})

test('tags are added and removed, and one reply goes to many, with its draft kept until it is sent', async ({ page }) => {
  const [alan, carla] = await Promise.all([newStaff(), newClientMember()])
  const made = [await newCase(carla, { department_id: alan.department, title: 'First' }), await newCase(carla, { department_id: alan.department, title: 'Second' })]
  await signIn(page, alan)
  await page.getByLabel('Select all on this page').check()
  await page.keyboard.press('t')
  const tags = page.getByRole('dialog', { name: 'Tags of 2 cases' })
  await tags.getByRole('button', { name: 'Apply' }).click()
  await expect(tags.getByText('Name a tag to add or to remove.')).toBeVisible()
  await tags.getByLabel('Add tags').fill('gate, north , gate')
  await page.keyboard.press('Enter')
  await expect(lastChange(page).getByText('2 changed')).toBeVisible()
  await expect(rowOf(page, 'Second').getByText('north')).toBeVisible()

  await page.getByLabel('Select all on this page').check()
  await page.keyboard.press('r')
  const reply = page.getByRole('dialog', { name: 'Reply to 2 cases' })
  await reply.getByLabel('The same reply to each of them').fill('The lift **works** again.')
  await reply.getByLabel('Their clients see it').uncheck()
  await expect(reply.getByText('Only staff see it.')).toBeVisible()
  await expectAccessible(page)
  await reply.getByLabel('Their clients see it').check()
  await page.reload()
  await page.getByLabel('Select all on this page').check()
  await page.keyboard.press('r')
  await expect(reply.getByLabel('The same reply to each of them')).toHaveValue('The lift **works** again.')

  // The answer is lost on its way: no case is replied to twice.
  await page.route('**/rest/v1/rpc/reply_to_cases', async (route) => {
    await route.fetch()
    await route.abort()
  })
  await reply.getByRole('button', { name: 'Send to 2 cases' }).click()
  await expect(reply.getByRole('alert')).toContainText('There is no connection.')
  await page.unrouteAll()
  await reply.getByRole('button', { name: 'Send to 2 cases' }).click()
  await expect(lastChange(page).getByText('Sent to 2 cases')).toBeVisible()
  const said = await rows<{ case_id: number; visible_to_client: boolean }>(`interactions?created_by=eq.${alan.id}&select=case_id,visible_to_client&order=case_id`)
  expect(said).toEqual(made.map(({ id }) => ({ case_id: id, visible_to_client: true })))
})

test('staff open a case on behalf of a client who is found by name', async ({ page }) => {
  const [alan, carla] = await Promise.all([newStaff(), newClientMember()])
  await signIn(page, alan)
  await expect(page.getByText('Nothing to do here')).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('c')
  await page.getByLabel('Title').fill('They called about the lift')
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByText('Say whose case it is')).toBeVisible()
  await expect(page.getByRole('combobox', { name: 'Client' })).toBeFocused()
  await page.keyboard.type(carla.id.slice(0, 6))
  await expect(page.getByRole('listbox', { name: 'Clients' }).getByRole('option')).toHaveText([`Carla's company ${carla.id.slice(0, 6)}`])
  await expectAccessible(page)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('combobox', { name: 'Client' })).toHaveValue(/Carla's company/)
  await page.getByLabel('Priority').selectOption('High')
  await expect(page.getByLabel('Department')).toHaveValue(alan.department)
  await page.getByLabel('Assignee').selectOption(alan.id)
  await page.reload()
  await expect(page.getByRole('combobox', { name: 'Client' })).toHaveValue(/Carla's company/)
  await page.getByLabel('Next step due').fill('2031-02-03T10:00')
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByRole('heading', { name: 'They called about the lift' })).toBeVisible()
  const [made] = await rows(`cases?client_id=eq.${carla.client}&select=priority,assigned_to,department_id,action_required_by,created_by`)
  expect(made).toEqual({
    priority: 'high', assigned_to: alan.id, department_id: alan.department, action_required_by: '2031-02-03T09:00:00+00:00', created_by: alan.id,
  })
})

test('on a phone and in German, the queue and its windows fit the screen', async ({ page }) => {
  const [alan, carla] = await Promise.all([newStaff(), newClientMember()])
  const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen'.repeat(3)
  const row = await newCase(carla, { department_id: alan.department, title: long, action_required_by: '2020-01-01T00:00:00Z', assigned_to: alan.id })
  await rows('case_internal', { case_id: row.id, tags: [long, 'b', 'c'] })
  await rows(`clients?id=eq.${carla.client}`, { name: long }, 'PATCH')
  await page.setViewportSize({ width: 360, height: 740 })
  await signIn(page, alan)
  await page.getByLabel('Account').click()
  await page.getByLabel('Language').selectOption('de')
  await page.keyboard.press('Escape')
  const fits = async () => expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  await expect(page.getByRole('link', { name: long })).toBeVisible()
  await fits()
  await page.getByText('Filter', { exact: true }).click()
  await fits()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.getByRole('checkbox', { name: `${row.case_id} auswählen` }).check()
  await fits()
  await page.getByRole('button', { name: 'Zuweisen' }).click()
  await fits()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Antworten' }).click()
  await fits()
})

test('what others do shows by itself, and a queue that could not be asked says so', async ({ page }) => {
  const [alan, carla] = await Promise.all([newStaff(), newClientMember()])
  const row = await newCase(carla, { department_id: alan.department, title: 'First' })
  await signIn(page, alan)
  await expect(rowOf(page, 'First')).toContainText('Medium')
  await rows(`cases?id=eq.${row.id}`, { priority: 'urgent', title: '<img src=x onerror=alert(1)>' }, 'PATCH')
  await newCase(carla, { department_id: alan.department, title: 'Second' })
  await lookAgain(page)
  await expect(rowOf(page, '<img src=x onerror=alert(1)>')).toContainText('Urgent')
  await expect(rowOf(page, 'Second')).toBeVisible()
  // What is said is activity, too.
  await rows('interactions', {
    case_id: row.id, party1_name: 'Carla', party1_type: 'CLIENT', party2_name: 'Alan', party2_type: 'ARGAN', content: 'Hello?',
  })
  const [said] = await rows<{ created_at: string }>(`case_events?case_id=eq.${row.id}&type=eq.interaction.created`)
  await lookAgain(page)
  const when = rowOf(page, '<img src=x onerror=alert(1)>').locator('.when time')
  await expect.poll(async () => Date.parse((await when.getAttribute('datetime')) ?? '')).toBeGreaterThanOrEqual(Date.parse(said!.created_at))
  await page.route('**/rest/v1/rpc/list_cases', (route) => route.abort())
  await page.keyboard.press('2')
  await expect(page.getByRole('alert')).toContainText('There is no connection.')
  const again = page.waitForRequest('**/rest/v1/rpc/list_cases')
  await page.getByRole('button', { name: 'Try again' }).click()
  await again
  await page.unrouteAll()
  await expect(page.getByText('Nothing to do here')).toBeVisible({ timeout: 20_000 })
})
