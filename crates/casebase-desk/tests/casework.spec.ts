import { another, colleague, details, expect, expectAccessible, lookAgain, newCase, newClientMember, openAs, rows, say, signIn, test } from './project'

// Staff at work on a case.

test('a reply goes to the client, a note to nobody but staff, and each is kept while it is written', async ({ page }) => {
  const [carla, alan] = await Promise.all([newClientMember(), colleague('Alan')])
  const row = await newCase(carla)
  await openAs(page, alan, row)
  await expectAccessible(page)
  await expect(page.getByText(`Carla (${carla.company}) will see this.`)).toBeVisible()
  await page.getByLabel('Reply', { exact: true }).last().fill('We are **on our way**.')
  await page.getByRole('button', { name: 'Send to the client' }).click()
  const reply = page.locator('.said', { hasText: 'on our way' })
  await expect(reply.getByText('Client sees it')).toBeVisible()

  // Keys, where nobody is typing; each text is its own, and is there after a reload.
  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('n')
  await expect(page.getByRole('textbox', { name: 'Internal note' })).toBeFocused()
  await expect(page.locator('.composer').getByText('Only staff will see this, the client never.')).toBeVisible()
  await page.keyboard.type('Third time this month; n is a letter here.')
  await page.getByRole('radio', { name: 'Reply' }).check()
  await expect(page.getByRole('textbox', { name: 'Reply' })).toHaveValue('')
  await page.getByRole('textbox', { name: 'Reply' }).fill('half a reply')
  await page.reload()
  await expect(page.getByRole('textbox', { name: 'Reply' })).toHaveValue('half a reply')
  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('n')
  await expect(page.getByRole('textbox', { name: 'Internal note' })).toHaveValue('Third time this month; n is a letter here.')
  await page.getByRole('button', { name: 'Save the note' }).click()
  await expect(page.locator('.said.note', { hasText: 'Third time' })).toBeVisible()
  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('r')
  await expect(page.getByRole('textbox', { name: 'Reply' })).toBeFocused()
  await expect(page.getByRole('textbox', { name: 'Reply' })).toHaveValue('half a reply')
  const said = await rows<{ visible_to_client: boolean; party1_name: string }>(`interactions?case_id=eq.${row.id}`)
  expect(said.map((one) => [one.party1_name, one.visible_to_client])).toEqual([['Alan', true]])
})

test('a call between others is recorded for staff, until the switch says otherwise', async ({ page }) => {
  const [carla, alan] = await Promise.all([newClientMember(), colleague('Alan')])
  const row = await newCase(carla)
  await openAs(page, alan, row)
  await page.getByRole('radio', { name: 'Record a call, visit or letter' }).check()
  await expect(page.getByLabel('Who speaks: name')).toHaveValue('Carla')
  await page.getByLabel('Who speaks: type').selectOption('CONTRACTOR')
  await expect(page.getByLabel('Who speaks: name')).toHaveValue('')
  await page.getByRole('textbox', { name: 'Record' }).fill('Call: they come on Friday.')
  await page.getByRole('button', { name: 'Record for staff' }).click()
  await expect(page.getByLabel('Who speaks: name')).toBeFocused()
  await expect(page.getByText('Say who.')).toBeVisible()
  await page.getByLabel('Who speaks: name').fill('Lift & Co')
  await page.getByRole('switch', { name: 'Visible to the client?' }).check()
  await expect(page.locator('.composer .switch')).toContainText('Carla')
  await expect(page.locator('.composer .switch')).toContainText('will read these words, both names, and the files')
  await expectAccessible(page)
  await page.getByRole('switch', { name: 'Visible to the client?' }).uncheck()
  await page.getByRole('button', { name: 'Record for staff' }).click()
  const call = page.locator('.said.internal', { hasText: 'they come on Friday' })
  await expect(call).toContainText('Lift & Co Contractor to Alan')

  const said = await rows<{ visible_to_client: boolean; party1_name: string }>(`interactions?case_id=eq.${row.id}`)
  expect(said.map((one) => [one.party1_name, one.visible_to_client])).toEqual([['Lift & Co', false]])

  // Shown to the client after one has seen what that is.
  await call.getByRole('button', { name: 'Show what Lift & Co said to the client' }).click()
  const dialog = page.getByRole('dialog', { name: 'Show this to the client?' })
  await expect(dialog.getByText('Call: they come on Friday.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Show it to the client' }).click()
  await expect(page.locator('.said', { hasText: 'they come on Friday' }).getByText('Client sees it')).toBeVisible()
})

test('details, interactions and the reply have a paperclip each, and what is uploaded is seen by whom it says', async ({ page }) => {
  const [carla, alan] = await Promise.all([newClientMember(), colleague('Alan')])
  const row = await newCase(carla)
  await say(row, 'Between us.', { visible_to_client: false, created_by: alan.id })
  await say(row, 'A photo, please.')
  await openAs(page, alan, row)
  const attach = async (name: string, press: () => Promise<void>) => {
    const chooser = page.waitForEvent('filechooser')
    await press()
    await (await chooser).setFiles([{ name, mimeType: 'text/plain', buffer: Buffer.from(name) }])
  }
  await attach('own.txt', () => page.getByRole('button', { name: 'Add files to the case' }).click())
  await expect(details(page).getByRole('button', { name: 'Download own.txt' })).toBeVisible()
  await page.getByRole('switch', { name: 'Client sees new files' }).check()
  await attach('shown.txt', () => page.getByRole('button', { name: 'Add files to the case' }).click())
  await expect(details(page).getByRole('button', { name: 'Download shown.txt' })).toBeVisible()
  const paperclips = page.getByRole('button', { name: 'Add files to what Alan said' })
  await attach('inner.txt', () => paperclips.first().click())
  await expect(page.getByRole('button', { name: 'Download inner.txt' })).toBeVisible()
  await attach('outer.txt', () => paperclips.last().click())
  await expect(page.getByRole('button', { name: 'Download outer.txt' })).toBeVisible()
  await attach('reply.txt', () => page.getByRole('button', { name: 'Attach files' }).click())
  await page.getByRole('button', { name: 'Send to the client' }).click()
  await expect(page.getByRole('button', { name: 'Download reply.txt' })).toBeVisible()
  const files = await rows<{ original_name: string; interaction_id: number | null; visible_to_client: boolean }>(`case_files?case_id=eq.${row.id}`)
  const told = files.map((file) => [file.original_name, file.interaction_id !== null, file.visible_to_client])
  expect(Object.fromEntries(told.map(([name, ...rest]) => [name, rest]))).toEqual({
    'own.txt': [false, false], 'shown.txt': [false, true], 'inner.txt': [true, false], 'outer.txt': [true, true], 'reply.txt': [true, true],
  })
  // What was found in a file stands beside it.
  await page.locator('.case-side input[type=file]').setInputFiles([
    { name: 'page.txt', mimeType: 'text/plain', buffer: Buffer.from('<!doctype html><html><script>hit=1</script></html>') },
  ])
  await expect(details(page).locator('li', { hasText: 'page.txt' }).getByText('is a web page')).toBeVisible()
  // What has a file that its client can open is not hidden any more: the database says why.
  await page.getByRole('button', { name: 'Hide what Alan said from the client' }).last().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Hide it' }).click()
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('Hide or delete them first.')
})

test('a file is shown to the client, and hidden from them, after one has read what that means', async ({ page, baseURL }) => {
  const [carla, alan] = await Promise.all([newClientMember(), colleague('Alan')])
  const row = await newCase(carla)
  await say(row, 'Between us.', { visible_to_client: false, created_by: alan.id })
  await openAs(page, alan, row)
  await page.locator('.case-side input[type=file]').setInputFiles([{ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') }])
  const line = details(page).locator('li', { hasText: 'plan.txt' })
  await expect(line.getByText('Internal')).toBeVisible()
  const client = await another(page, baseURL)
  await signIn(client, carla)
  await client.goto(`#/cases/${row.case_id}`)
  await expect(client.getByRole('heading', { name: 'Files' })).toBeVisible()
  await expect(client.getByText('plan.txt')).toHaveCount(0)

  await line.getByRole('button', { name: 'Show plan.txt to the client' }).click()
  const dialog = page.getByRole('dialog', { name: 'Show this file to the client?' })
  await expect(dialog).toContainText('plan.txt')
  await expect(dialog).toContainText(`Carla (${carla.company}) will be able to open it.`)
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Show it to the client' }).click()
  await expect(dialog).toBeHidden()
  await expect(line.getByText('Internal')).toHaveCount(0)
  await lookAgain(client)
  await expect(client.getByRole('button', { name: 'Download plan.txt' })).toBeVisible()
  const [shown] = await rows(`case_files?case_id=eq.${row.id}`)
  expect([shown?.['visible_to_client'], shown?.['bucket_id'], shown?.['other_state']]).toEqual([true, 'client-bucket', null])
  await expect(page.locator('.happened', { hasText: 'Alan showed a file to the client: plan.txt' })).toBeVisible()

  await line.getByRole('button', { name: 'Hide plan.txt from the client' }).click()
  await expect(page.getByRole('dialog')).toContainText('Only staff will be able to open it')
  await page.getByRole('dialog').getByRole('button', { name: 'Hide it' }).click()
  await expect(line.getByText('Internal')).toBeVisible()
  await lookAgain(client)
  await expect(client.getByText('plan.txt')).toHaveCount(0)
  await client.context().close()

  // What was found in a file is said before it is shown.
  await page.locator('.case-side input[type=file]').setInputFiles([
    { name: 'page.txt', mimeType: 'text/plain', buffer: Buffer.from('<!doctype html><html><script>hit=1</script></html>') },
  ])
  await page.getByRole('button', { name: 'Show page.txt to the client' }).click()
  await expect(page.getByRole('dialog').getByText('is a web page')).toBeVisible()
  await page.keyboard.press('Escape')

  // One of what the client doesn't see is not shown before that.
  await page.locator('.said', { hasText: 'Between us.' }).locator('input[type=file]').setInputFiles([{ name: 'inner.txt', mimeType: 'text/plain', buffer: Buffer.from('inner') }])
  await page.getByRole('button', { name: 'Show inner.txt to the client' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Show it to the client' }).click()
  await expect(page.getByRole('dialog').getByRole('alert')).toContainText('Make the interaction visible first')
})

test('a file that stopped on its way to the client is told, goes on, or stays internal', async ({ page }) => {
  const [carla, alan] = await Promise.all([newClientMember(), colleague('Alan')])
  const row = await newCase(carla)
  await openAs(page, alan, row)
  const side = page.locator('.case-side input[type=file]')
  for (const name of ['on.txt', 'back.txt']) await side.setInputFiles([{ name, mimeType: 'text/plain', buffer: Buffer.from(name) }])
  await expect(details(page).getByRole('button', { name: 'Download back.txt' })).toBeVisible()
  await expect(details(page).getByRole('button', { name: 'Download on.txt' })).toBeVisible()
  // The first step alone, as when the service died after it.
  await page.evaluate(async (url) => {
    const { access_token } = JSON.parse(localStorage.getItem('casebase.session') ?? '{}')
    const { supabaseUrl, anonKey } = await (await fetch('config.json')).json()
    const headers = { apikey: anonKey, authorization: `Bearer ${access_token}`, 'content-type': 'application/json' }
    for (const { id } of await (await fetch(new URL(`/rest/v1/${url}`, supabaseUrl), { headers })).json()) {
      await fetch(new URL('/rest/v1/rpc/change_file_visibility', supabaseUrl), { method: 'POST', headers, body: JSON.stringify({ file_id: id, visible_to_client: true }) })
    }
  }, `case_files?case_id=eq.${row.id}&select=id`)
  await lookAgain(page)
  const line = (name: string) => details(page).locator('li', { hasText: name })
  await expect(line('on.txt').getByText('On its way to the client')).toBeVisible()
  for (const [name, press] of [['on.txt', 'Show it to the client'], ['back.txt', 'Leave it internal']] as const) {
    await page.getByRole('button', { name: `Show ${name} to the client` }).click()
    await expect(page.getByRole('dialog')).toContainText('stopped half-way')
    await page.getByRole('dialog').getByRole('button', { name: press }).click()
    await expect(page.getByRole('dialog')).toBeHidden()
  }
  await expect(line('on.txt').getByText('On its way')).toHaveCount(0)
  await expect(line('back.txt').getByText('Internal')).toBeVisible()
  const files = await rows<{ original_name: string; visible_to_client: boolean; other_state: string | null }>(`case_files?case_id=eq.${row.id}`)
  expect(Object.fromEntries(files.map((file) => [file.original_name, [file.visible_to_client, file.other_state]]))).toEqual({
    'on.txt': [true, null], 'back.txt': [false, null],
  })
})

test('status, priority, specialty, assignee, next step and tags are decided in place, and the history has them all', async ({ page }) => {
  const [carla, alan, bea] = await Promise.all([newClientMember(), colleague('Alan'), colleague('Bea')])
  const specialty = await newSpecialty(bea)
  const row = await newCase(carla)
  await openAs(page, alan, row)
  const side = details(page)
  await side.getByRole('button', { name: 'Take it' }).click()
  await expect(side.getByLabel('Assignee')).toHaveValue(alan.id)
  await expect(side.getByLabel('Assignee')).toBeFocused()
  await expect(side.getByLabel('Status')).toHaveValue('in_progress')
  await side.getByLabel('Priority').selectOption('Urgent')
  await expect.poll(async () => (await rows(`cases?id=eq.${row.id}`))[0]?.['priority']).toBe('urgent')
  await page.getByRole('heading', { level: 1 }).click()

  // The specialty rule, told before, and the database's own word.
  await side.getByLabel('Assignee').selectOption('')
  await side.getByLabel('Needs').selectOption(specialty.name)
  await expect(side.getByText(`The case needs ${specialty.name}: 1 colleague has it.`)).toBeVisible()
  await side.getByLabel('Assignee').selectOption(alan.id)
  await expect(side.getByRole('alert')).toContainText('The case needs a specialty that its assignee does not have.')
  await expect(side.getByLabel('Assignee')).toHaveValue('')
  await expectAccessible(page)
  await side.getByLabel('Assignee').selectOption(bea.id)
  await expect.poll(async () => (await rows(`cases?id=eq.${row.id}`))[0]?.['assigned_to']).toBe(bea.id)

  await side.getByRole('button', { name: 'Change the next step' }).click()
  const step = page.getByRole('dialog', { name: 'Next step' })
  await step.getByLabel('Whose move is it?').selectOption('CONTRACTOR')
  await step.getByLabel('Deadline').fill('2020-02-03T09:30')
  await step.getByRole('button', { name: 'Save' }).click()
  await expect(side.getByText('Overdue')).toBeVisible()

  await side.getByLabel('Add a tag').fill('gate')
  await side.getByLabel('Add a tag').press('Enter')
  await expect(side.getByText('gate', { exact: true })).toBeVisible()
  await side.getByLabel('Add a tag').fill('a\u202eb')
  await side.getByLabel('Add a tag').press('Enter')
  await expect(side.getByText('There must be at most 50 tags')).toBeVisible()
  await expect(page.locator('.happened', { hasText: /Tags: none → becomes\s*gate/ })).toBeVisible()
  await side.getByRole('button', { name: 'Remove the tag gate' }).click()
  await expect(side.getByText('gate', { exact: true })).toHaveCount(0)
  await expect(side.getByLabel('Add a tag')).toBeFocused()

  // `e` resolves; from closed there is no way for them.
  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('e')
  await expect(side.getByLabel('Status')).toHaveValue('resolved')
  await expect.poll(async () => (await rows(`cases?id=eq.${row.id}`))[0]?.['status']).toBe('resolved')
  await page.keyboard.press('a')
  await expect(side.getByLabel('Assignee')).toBeFocused()
  await page.keyboard.press('Escape')

  await side.getByRole('button', { name: 'History' }).click()
  const history = page.getByRole('dialog', { name: `History of ${row.case_id}` })
  for (const line of ['Alan Status Open In progress', 'Alan Priority Medium Urgent', `Alan Specialty none ${specialty.name}`, 'Alan Assignee none Bea', 'Next move none Contractor', 'Alan Status In progress Resolved']) {
    await expect(history.getByRole('row').filter({ hasText: new RegExp(line.split(' ').join('\\s*')) }).first(), line).toBeVisible()
  }
  await expectAccessible(page)
})

/** A specialty that these people have. */
async function newSpecialty(...people: { id: string }[]) {
  const name = `Lifts ${people[0]?.id.slice(0, 6)}`
  const [specialty] = await rows<{ id: string; name: string }>('specialties', { name })
  for (const { id } of people) await rows('staff_specialties', { user_id: id, specialty_id: specialty!.id })
  return specialty!
}

test('what a colleague changed or said meanwhile is shown before anything of one’s own is saved', async ({ page, baseURL }) => {
  const [carla, alan, bea] = await Promise.all([newClientMember(), colleague('Alan'), colleague('Bea')])
  const row = await newCase(carla)
  await openAs(page, alan, row)
  const other = await another(page, baseURL)
  await openAs(other, bea, row)

  // Both choose; nothing of the first is lost unseen.
  await details(page).getByLabel('Priority').selectOption('High')
  await expect.poll(async () => (await rows(`cases?id=eq.${row.id}`))[0]?.['priority']).toBe('high')
  await details(other).getByLabel('Priority').selectOption('Low')
  const held = details(other).getByRole('alert')
  await expect(held).toContainText('Somebody was faster')
  await expect(held).toContainText('Alan Priority: Medium')
  await expect(held).toContainText('Your change is not saved yet. Priority: Low')
  expect((await rows(`cases?id=eq.${row.id}`))[0]?.['priority']).toBe('high')
  await held.getByRole('button', { name: 'Save it anyway' }).click()
  await expect(other.getByRole('heading', { name: 'Case details' })).toBeFocused()
  await expect.poll(async () => (await rows(`cases?id=eq.${row.id}`))[0]?.['priority']).toBe('low')

  // A reply that was written while another came is not sent before that was seen.
  await page.getByRole('textbox', { name: 'Reply' }).fill('We will look at it.')
  await other.getByRole('textbox', { name: 'Reply' }).fill('It is mended.')
  await other.getByRole('button', { name: 'Send to the client' }).click()
  await expect(other.locator('.said', { hasText: 'It is mended.' })).toBeVisible()
  await page.getByRole('button', { name: 'Send to the client' }).click()
  await expect(page.locator('.meanwhile', { hasText: 'Bea added an interaction' })).toBeVisible()
  await expect(page.locator('.said', { hasText: 'It is mended.' })).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Reply' })).toHaveValue('We will look at it.')
  await page.getByRole('button', { name: 'Send to the client' }).click()
  await expect(page.locator('.said', { hasText: 'We will look at it.' })).toBeVisible()
  expect((await rows(`interactions?case_id=eq.${row.id}`)).length).toBe(2)

  // An edit of the same words, by their author and an admin at once.
  const own = page.locator('.said', { hasText: 'We will look at it.' })
  await own.getByRole('button', { name: 'Edit what Alan said' }).click()
  const [said] = await rows<{ id: number }>(`interactions?case_id=eq.${row.id}&content=like.We*`)
  await rows(`interactions?id=eq.${said!.id}`, { content: 'We look at it today.' }, 'PATCH')
  const editing = page.getByRole('form', { name: 'Edit' })
  await editing.getByRole('textbox', { name: 'Edit' }).fill('We will look at it tomorrow.')
  // Also by who comes back to what they had begun.
  await page.reload()
  await own.or(page.locator('.said', { hasText: 'We look at it today.' })).getByRole('button', { name: 'Edit what Alan said' }).click()
  await expect(editing.getByRole('alert')).toContainText('We look at it today.')
  await expect(editing.getByRole('textbox', { name: 'Edit' })).toHaveValue('We will look at it tomorrow.')
  await editing.getByRole('button', { name: 'Save mine over it' }).click()
  await expect(page.locator('.said', { hasText: 'tomorrow' })).toContainText('edited')
  // The case's own words, while something else of it changes: that is no reason to ask.
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByLabel('Title').fill('The lift is stuck again')
  await details(other).getByLabel('Priority').selectOption('Urgent')
  await expect.poll(async () => (await rows(`cases?id=eq.${row.id}`))[0]?.['priority']).toBe('urgent')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'The lift is stuck again' })).toBeVisible()
  // A colleague's words have no pencil.
  await expect(page.getByRole('button', { name: 'Edit what Bea said' })).toHaveCount(0)
  await other.context().close()
})

test('a case that is handed over out of one’s own sight says so before and after', async ({ page }) => {
  const [carla, dora, north, south] = await Promise.all([newClientMember(), colleague('Dora', { scope: 'departments' }), newDepartment('North'), newDepartment('South')])
  await rows('staff_departments', { user_id: dora.id, department_id: north.id })
  const row = await newCase(carla, { department_id: north.id })
  await openAs(page, dora, row)
  await details(page).getByRole('button', { name: 'Hand over', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: `Hand ${row.case_id} over` })
  await expect(dialog.getByText('You will still see this case.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Hand over' }).click()
  await expect(dialog.getByText('Choose another department, or somebody.')).toBeVisible()
  await dialog.getByLabel('Department').selectOption(south.name)
  await expect(dialog.getByText(`You will no longer see this case: you don’t work in ${south.name}.`)).toBeVisible()
  await dialog.getByLabel('What should they know?').fill('Ask for the log.')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Hand over' }).click()
  await expect(page.getByText(`${row.case_id} was handed over. You no longer see it.`)).toBeVisible()
  expect((await rows(`internal_notes?case_id=eq.${row.id}`))[0]?.['content']).toBe('Ask for the log.')
  expect((await rows(`cases?id=eq.${row.id}`))[0]?.['department_id']).toBe(south.id)
})

async function newDepartment(name: string) {
  const [department] = await rows<{ id: string; name: string }>('departments', { name: `${name} ${crypto.randomUUID().slice(0, 6)}` })
  return department!
}

test('who works only what is assigned to them is told what they may not do, and sees no other case', async ({ page }) => {
  const [carla, asta, bea] = await Promise.all([newClientMember(), colleague('Asta', { scope: 'assigned' }), colleague('Bea')])
  const [row, unseen] = [await newCase(carla, { assigned_to: asta.id }), await newCase(carla)]
  await openAs(page, asta, row)
  await details(page).getByLabel('Priority').selectOption('High')
  await expect(details(page).getByRole('alert')).toContainText('You can’t change this of the case: Priority.')
  await details(page).getByLabel('Assignee').selectOption(bea.id)
  await expect(details(page).getByRole('alert')).toContainText('You can’t change this of the case: Assignee.')
  await expect(details(page).getByLabel('Assignee')).toHaveValue(asta.id)
  await details(page).getByRole('button', { name: 'Hand over', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Assignee').selectOption(bea.id)
  await dialog.getByRole('button', { name: 'Hand over' }).click()
  await expect(dialog.getByRole('alert')).toContainText('You can\'t hand over cases.')
  await page.keyboard.press('Escape')
  await details(page).getByLabel('Status').selectOption('waiting')
  await expect.poll(async () => (await rows(`cases?id=eq.${row.id}`))[0]?.['status']).toBe('waiting')
  await page.goto(`#/cases/${unseen.case_id}`)
  await expect(page.getByRole('heading', { name: 'There is no case' })).toBeVisible()

  // Dismissed in the middle of it: what was typed stays.
  await page.goto(`#/cases/${row.case_id}`)
  await page.getByRole('textbox', { name: 'Reply' }).fill('half a sentence')
  await rows(`staff_members?user_id=eq.${asta.id}`, { active: false }, 'PATCH')
  await page.getByRole('button', { name: 'Send to the client' }).click()
  await lookAgain(page)
  await expect(page.getByRole('heading', { name: 'There is no case' })).toBeVisible()
  await expect(page.getByText('half a sentence')).toBeVisible()
  await rows(`staff_members?user_id=eq.${asta.id}`, { active: true }, 'PATCH')
  await page.reload()
  await expect(page.getByRole('textbox', { name: 'Reply' })).toHaveValue('half a sentence')
})

test('a status offers only what may follow, closed opens only for an admin, and a stale choice is refused', async ({ page, baseURL }) => {
  const [carla, alan, ada] = await Promise.all([newClientMember(), colleague('Alan'), colleague('Ada', { is_admin: true })])
  const row = await newCase(carla)
  await openAs(page, alan, row)
  const status = details(page).getByLabel('Status')
  await expect(status.getByRole('option')).toHaveText(['Open', 'In progress', 'Waiting', 'Resolved', 'Closed'])
  // Closed by somebody before the page has heard of it: the database has the last word.
  let answered = 0
  await page.route('**/rest/v1/cases?id=eq.*', async (route) => {
    if (route.request().method() !== 'PATCH' || answered++) return route.continue()
    await route.fulfill({ status: 409, json: { code: 'PT409', message: "a case that is closed can't become waiting", details: null, hint: 'Only an admin opens it again.' } })
  })
  await status.selectOption('Waiting')
  await expect(details(page).getByRole('alert')).toContainText('A case that is Closed can’t become Waiting. Only an admin opens it again.')
  await status.selectOption('Closed')
  await expect.poll(async () => (await rows(`cases?id=eq.${row.id}`))[0]?.['status']).toBe('closed')
  await expect(status.getByRole('option')).toHaveText(['Closed'])
  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('e')
  await expect(page.getByText('From this status the case can’t be resolved.')).toBeVisible()
  const other = await another(page, baseURL)
  await openAs(other, ada, row)
  await details(other).getByLabel('Status').selectOption('Open')
  await expect.poll(async () => (await rows(`cases?id=eq.${row.id}`))[0]?.['status']).toBe('open')
  await other.context().close()
})

test('a duplicate is found by number or title, compared side by side, merged, and its words stand in both', async ({ page }) => {
  const [carla, otto, alan] = await Promise.all([newClientMember(), newClientMember('Otto'), colleague('Alan')])
  const survivor = await newCase(carla, { title: '100 % of_the lifts' })
  const duplicate = await newCase(carla, { title: 'Lift again', description: 'Stuck *again*.' })
  const foreign = await newCase(otto, { title: '100 % of_the lifts' })
  await say(duplicate, 'Said in the duplicate.')
  await openAs(page, alan, duplicate)
  const open = async (wanted: string) => {
    await details(page).getByRole('button', { name: 'Merge a duplicate' }).click()
    await page.getByRole('dialog').getByLabel('Which case is it the same as?').fill(wanted)
    await page.keyboard.press('Enter')
  }
  const dialog = page.getByRole('dialog', { name: 'Merge with another case' })
  // Of another client: found by its number, and refused in words.
  await open(foreign.case_id)
  await dialog.getByRole('button', { name: foreign.case_id }).click()
  await dialog.getByRole('button', { name: `Merge ${duplicate.case_id} into ${foreign.case_id}` }).click()
  await expect(dialog.getByRole('alert')).toContainText('The two cases have different clients.')
  await page.keyboard.press('Escape')
  await open('% of_')
  await expect(dialog.getByRole('button', { name: survivor.case_id })).toBeVisible()
  await expect(dialog.getByRole('button', { name: foreign.case_id })).toHaveCount(0)
  await dialog.getByRole('button', { name: survivor.case_id }).click()
  await expect(dialog.getByRole('region', { name: `Duplicate, will be closed: ${duplicate.case_id}` }).getByText('Stuck')).toBeVisible()
  await expect(dialog.getByRole('region', { name: `Goes on: ${survivor.case_id}` })).toBeVisible()
  await dialog.getByRole('button', { name: 'Swap' }).click()
  await expect(dialog.getByRole('region', { name: `Goes on: ${duplicate.case_id}` })).toBeVisible()
  await dialog.getByRole('button', { name: 'Swap' }).click()
  await expect(dialog.getByText(`Replies to ${duplicate.case_id} arrive in ${survivor.case_id}.`)).toBeVisible()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: `Merge ${duplicate.case_id} into ${survivor.case_id}` }).click()
  await expect(page.getByRole('heading', { level: 1, name: survivor.title })).toBeVisible()
  await expect(page.locator('.said', { hasText: 'Said in the duplicate.' }).getByRole('link', { name: duplicate.case_id })).toBeVisible()
  await details(page).getByRole('link', { name: duplicate.case_id }).click()

  // The dead one says where it goes on, refuses to be merged again, and what is said there arrives in the other.
  await expect(page.getByText(`This case goes on in ${survivor.case_id}.`)).toBeVisible()
  await open(survivor.case_id)
  await dialog.getByRole('button', { name: survivor.case_id }).click()
  await dialog.getByRole('button', { name: /^Merge CASE/ }).click()
  await expect(dialog.getByRole('alert')).toContainText('The case has been merged already.')
  await page.keyboard.press('Escape')
  await page.getByRole('textbox', { name: 'Reply' }).fill('Said to the dead one.')
  await page.getByRole('button', { name: 'Send to the client' }).click()
  await expect(page.getByRole('heading', { level: 1, name: survivor.title })).toBeVisible()
  await expect(page.locator('.said', { hasText: 'Said to the dead one.' })).toBeVisible()
})

test('something that was said becomes a case of its own, and a case is escalated with a reason', async ({ page }) => {
  const [carla, alan] = await Promise.all([newClientMember(), colleague('Alan')])
  const row = await newCase(carla)
  await say(row, 'And the door squeaks.')
  await openAs(page, alan, row)
  await details(page).getByRole('button', { name: 'Escalate' }).click()
  await page.getByLabel('Why is it urgent?').fill('People are in it.')
  await page.getByRole('dialog').getByRole('button', { name: 'Escalate' }).click()
  await expect(details(page).getByText('People are in it.')).toBeVisible()
  await expect(details(page).getByLabel('Priority')).toHaveValue('high')
  await page.getByRole('button', { name: 'Split what Alan said into a new case' }).click()
  const dialog = page.getByRole('dialog', { name: 'Split into a new case' })
  await dialog.getByLabel('Title').fill('Squeaking door')
  await dialog.getByRole('button', { name: 'Open the new case' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Squeaking door' })).toBeVisible()
  await expect(page.locator('.said', { hasText: 'And the door squeaks.' })).toBeVisible()
  // A copy was not edited.
  await expect(page.locator('.said', { hasText: 'And the door squeaks.' })).not.toContainText('edited')
  await expect(details(page).getByRole('link', { name: row.case_id })).toBeVisible()
})

test('data is a JSON object: what is wrong with it is said, and another’s change is seen first', async ({ page }) => {
  const [carla, alan] = await Promise.all([newClientMember(), colleague('Alan')])
  const row = await newCase(carla, { metadata: { floor: 3 } })
  await openAs(page, alan, row)
  await details(page).getByRole('button', { name: 'Data', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Data' })
  const field = dialog.getByLabel('A JSON object')
  await expect(field).toHaveValue('{\n  "floor": 3\n}')
  for (const [wrong, told] of [
    ['{"a": }', 'This is no JSON'], ['[1]', 'It has to be an object'], ['{"n": 12345678901234567891}', '12345678901234567891 has more digits'],
    [`{"a": "${'x'.repeat(17_000)}"}`, 'at most 16384 bytes'],
  ] as const) {
    await field.fill(wrong)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog.getByText(told)).toBeVisible()
    await expect(field).toBeFocused()
  }
  await expectAccessible(page)
  // The database's own word.
  await field.fill(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByRole('alert')).toContainText('nested at most 32 deep')
  await rows(`cases?id=eq.${row.id}`, { metadata: { floor: 4 } }, 'PATCH')
  await field.fill('{"floor": 5}')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByRole('alert')).toContainText('"floor": 4')
  await dialog.getByRole('button', { name: 'Save mine over it' }).click()
  await expect(dialog).toBeHidden()
  expect((await rows(`cases?id=eq.${row.id}`))[0]?.['metadata']).toEqual({ floor: 5 })

  await details(page).getByRole('button', { name: 'Internal data' }).click()
  await page.getByLabel('A JSON object').fill('{"budget": 100}')
  await rows('case_internal', { case_id: row.id, metadata: { budget: 50 } })
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('dialog').getByRole('alert').first()).toContainText('"budget": 50')
  // Left and come back to: begun from what is not there any more.
  await page.reload()
  await details(page).getByRole('button', { name: 'Internal data' }).click()
  await expect(page.getByLabel('A JSON object')).toHaveValue('{"budget": 100}')
  await rows(`case_internal?case_id=eq.${row.id}`, { metadata: { budget: 60 } }, 'PATCH')
  await page.reload()
  await details(page).getByRole('button', { name: 'Internal data' }).click()
  await expect(page.getByRole('dialog').getByRole('alert').first()).toContainText('"budget": 60')
  await page.getByRole('button', { name: 'Take theirs' }).click()
  expect((await rows(`case_internal?case_id=eq.${row.id}`))[0]?.['metadata']).toEqual({ budget: 60 })
})

test('a long history and a long talk are read page by page', async ({ page }) => {
  const [carla, alan] = await Promise.all([newClientMember(), colleague('Alan')])
  const row = await newCase(carla)
  await rows('internal_notes', Array.from({ length: 60 }, (_, n) => ({ case_id: row.id, content: `note ${n}`, created_by: alan.id })))
  await openAs(page, alan, row)
  await expect(page.locator('.said.note')).toHaveCount(50)
  await page.getByRole('button', { name: 'Show earlier interactions' }).click()
  await expect(page.locator('.said.note')).toHaveCount(60)
  await details(page).getByRole('button', { name: 'History' }).click()
  const history = page.getByRole('dialog', { name: `History of ${row.case_id}` })
  await expect(history.getByRole('row')).toHaveCount(51)
  await history.getByRole('button', { name: 'Show more' }).click()
  await expect(history.getByRole('row')).toHaveCount(62)
  await expect(history.getByRole('row').last()).toContainText('opened the case')
  await expect(history.getByRole('button', { name: 'Show more' })).toHaveCount(0)
})

test('on a phone, with long words, nothing is wider than the screen; by keyboard alone a note is written', async ({ page }) => {
  const [carla, alan] = await Promise.all([newClientMember(), colleague('Alan')])
  const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen'.repeat(3)
  const row = await newCase(carla, { title: long, description: long })
  await say(row, long, { party1_name: long, party2_name: long })
  await rows('internal_notes', { case_id: row.id, content: long, created_by: alan.id })
  await rows('case_internal', { case_id: row.id, tags: [long] })
  await rows(`cases?id=eq.${row.id}`, { title: `${long}!` }, 'PATCH')
  await page.setViewportSize({ width: 360, height: 740 })
  await openAs(page, alan, { ...row, title: `${long}!` })
  for (const mode of ['Reply', 'Internal note', 'Record a call, visit or letter']) {
    await page.getByRole('radio', { name: mode }).check()
    expect(await page.evaluate(() => document.documentElement.scrollWidth), mode).toBeLessThanOrEqual(360)
  }
  await expectAccessible(page)
  for (const name of ['History', 'Merge a duplicate', 'Hand over', 'Data']) {
    await details(page).getByRole('button', { name, exact: true }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(360)
    await page.keyboard.press('Escape')
    await expect(details(page).getByRole('button', { name, exact: true })).toBeFocused()
  }
})

test('what an attacker put into names, tags, data and files is text to staff, too', async ({ page }) => {
  const script = '<img src=x onerror="window.hit=1">'
  const [carla, alan] = await Promise.all([newClientMember(`Carla ${script}`), colleague('Alan')])
  const row = await newCase(carla, { title: script, description: `${script}\n\n[x](javascript:window.hit=1)`, metadata: { [script]: script } })
  await say(row, script, { party1_name: script, party2_name: script })
  await rows('internal_notes', { case_id: row.id, content: script, created_by: alan.id })
  await rows('case_internal', { case_id: row.id, tags: [script] })
  await rows(`cases?id=eq.${row.id}`, { title: `${script}!`, escalated_at: new Date().toISOString(), escalation_reason: script }, 'PATCH')
  await openAs(page, alan, { ...row, title: `${script}!` })
  await expect(page.locator('.said')).toHaveCount(3)
  for (const name of ['History', 'Data', 'Merge a duplicate']) {
    await details(page).getByRole('button', { name, exact: true }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await page.keyboard.press('Escape')
  }
  await page.getByRole('button', { name: `Split what ${script} said into a new case` }).click()
  await expect(page.getByRole('dialog').getByText(script).first()).toBeVisible()
  await expect(page.locator('#desk img, #desk [onerror], #desk a[href^="javascript"]')).toHaveCount(0)
  expect(await page.evaluate(() => (window as unknown as { hit?: number }).hit)).toBeUndefined()
})

test('who sees a case as its client gets the client’s page of it, whatever else they are', async ({ page }) => {
  const sam = await newClientMember('Sam')
  await rows('staff_members', { user_id: sam.id, display_name: 'Sam', scope: 'assigned' })
  const row = await newCase(sam)
  await rows('internal_notes', { case_id: row.id, content: 'secret-note' })
  await signIn(page, sam)
  await page.goto(`#/cases/${row.case_id}`)
  await expect(page.getByLabel('Your reply')).toBeVisible()
  await expect(page.getByText('secret-note')).toHaveCount(0)
})
