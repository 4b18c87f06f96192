import { expect, expectAccessible, lookAgain, newCase, newClientMember, rows, say, signIn, test } from './project'

test('a client opens a case with files, is answered, and sees it resolved', async ({ page }) => {
  const carla = await newClientMember()
  await signIn(page, carla)
  await expect(page.getByText('You have no cases yet')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'New case' }).first().click()
  await expect(page.getByRole('heading', { name: 'New case' })).toBeFocused()

  // What is wrong stands under its field, and nothing is lost by it.
  await page.getByLabel('Title').fill('   ')
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByText('Give the case a title.')).toBeVisible()
  await expect(page.getByLabel('Title')).toBeFocused()
  await expectAccessible(page)
  await page.getByLabel('Title').fill('Lost badge\u202egpj')
  await page.getByLabel('Description').fill('It was *blue*.')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Attach files' }).click()
  const files = [1, 2].map((n) => ({ name: 'badge.txt', mimeType: 'text/plain', buffer: Buffer.from(`badge no. ${n}`) }))
  await (await chooser).setFiles(files)
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByText('The title must be one line of at most 200 characters')).toBeVisible()
  await page.getByLabel('Title').fill('Lost badge')
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.locator('.preview em')).toHaveText('blue')
  await page.getByRole('button', { name: 'Create case' }).click()

  const created = page.getByText(/Your case CASE-\d+ was created./)
  await expect(created).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Lost badge' })).toBeFocused()
  const number = /CASE-\d+/.exec((await created.textContent()) ?? '')?.[0] ?? ''
  await expect(page.getByRole('button', { name: 'Download badge.txt' })).toHaveCount(2)
  await expectAccessible(page)

  // Staff answer; it shows without a reload.
  const [row] = await rows<{ id: number }>(`cases?case_id=eq.${number}`)
  await say(row!, 'A new one is at the **gate**.')
  await say(row!, 'Third badge this year.', { visible_to_client: false })
  await lookAgain(page)
  await expect(page.locator('.said strong', { hasText: 'gate' })).toBeVisible()
  await expect(page.getByText('Alan has said something new.')).toBeVisible()
  await expect(page.getByText('Third badge')).toHaveCount(0)
  await page.getByLabel('Your reply').fill('Thank you,\nI have it.')
  await page.getByLabel('Your reply').press('Control+Enter')
  await expect(page.getByRole('list').getByText('I have it.')).toBeVisible()
  await expect(page.getByLabel('Your reply')).toBeFocused()

  await rows(`cases?case_id=eq.${number}`, { status: 'resolved' }, 'PATCH')
  // By itself, within seconds.
  await expect(page.locator('.case-side').getByText('Resolved').first()).toBeVisible({ timeout: 15_000 })
  await page.getByRole('button', { name: 'Reopen' }).click()
  await expect(page.getByText('The case is open again.')).toBeVisible()

  await page.getByRole('link', { name: 'Cases', exact: true }).click()
  await page.getByRole('navigation', { name: 'Show cases by status' }).getByRole('link', { name: 'Resolved' }).click()
  await expect(page.getByText('No cases with this status')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Open', exact: true }).click()
  await expect(page.getByRole('link', { name: 'Lost badge' })).toBeVisible()
  expect(page.url()).toContain('status=open')
})

test('what is internal is in no answer and nowhere in the page', async ({ page }) => {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await say(row, 'secret-interaction', { visible_to_client: false })
  await rows('internal_notes', { case_id: row.id, content: 'secret-note' })
  await rows('case_internal', { case_id: row.id, tags: ['secret-tag'] })
  const answers: Promise<string>[] = []
  page.on('response', (response) => {
    if (response.url().includes('/rest/v1/') && response.request().method() !== 'OPTIONS') answers.push(response.text())
  })
  await signIn(page, carla)
  await page.getByRole('link', { name: row.title }).click()
  await expect(page.getByText('Nothing has been said yet.')).toBeVisible()
  await expect(page.getByText('Opened by')).toBeVisible()
  expect(answers.length).toBeGreaterThan(2)
  for (const answer of answers) expect(await answer).not.toContain('secret')
  expect(await page.content()).not.toContain('secret')
})

test('somebody else’s case and one that is none are the same page', async ({ page }) => {
  const [carla, otto] = await Promise.all([newClientMember(), newClientMember('Otto')])
  const theirs = await newCase(otto)
  await signIn(page, carla)
  for (const number of [theirs.case_id, 'CASE-99999999', 'CASE-0', 'nonsense']) {
    await page.goto(`#/cases/${number}`)
    await expect(page.getByRole('heading', { name: `There is no case ${number} that you can see` })).toBeVisible()
  }
  await expectAccessible(page)
  await page.goto('#/nowhere')
  await expect(page.getByRole('heading', { name: 'There is no such page.' })).toBeVisible()
})

test('a case that goes while it is open is said to be gone, and what was typed stays', async ({ page }) => {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await signIn(page, carla)
  await page.getByRole('link', { name: row.title }).click()
  await page.getByLabel('Your reply').fill('half a sentence')
  await rows(`client_members?user_id=eq.${carla.id}`, undefined, 'DELETE')
  await page.getByRole('button', { name: 'Send' }).click()
  await lookAgain(page)
  await expect(page.getByRole('heading', { name: 'There is no case' })).toBeVisible()
  const name = await rows('client_members', { client_id: carla.client, user_id: carla.id, display_name: 'Carla' })
  expect(name.length).toBe(1)
  await page.reload()
  await expect(page.getByLabel('Your reply')).toHaveValue('half a sentence')
})

test('two people who edit one case see each other’s version before anything is written over', async ({ page, browser, baseURL }) => {
  const carla = await newClientMember()
  const row = await newCase(carla, { description: 'One.\r\nTwo.' })
  await signIn(page, carla)
  await page.getByRole('link', { name: row.title }).click()
  await page.getByRole('button', { name: 'Edit' }).click()
  await expect(page.getByLabel('Title')).toBeFocused()

  // Opened and saved, it is what it was.
  let patches = 0
  page.on('request', (request) => {
    if (request.method() === 'PATCH') patches++
  })
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('The case was saved.')).toBeVisible()
  expect(patches).toBe(0)

  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Title').fill('Mine')
  const other = await (await browser.newContext({ baseURL: baseURL! })).newPage()
  await signIn(other, carla)
  await other.getByRole('link', { name: row.title }).click()
  await other.getByRole('button', { name: 'Edit' }).click()
  await other.getByLabel('Title').fill('Theirs')
  await other.getByLabel('Description').fill('One.\nTwo.\nThree.')
  await other.getByRole('button', { name: 'Save' }).click()
  await expect(other.getByRole('heading', { name: 'Theirs' })).toBeVisible()
  const [saved] = await rows<{ description: string }>(`cases?id=eq.${row.id}`)
  expect(saved?.description).toBe('One.\r\nTwo.\r\nThree.')

  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('alert').getByText('Somebody changed this case while you were editing')).toBeVisible()
  await expect(page.getByRole('alert').getByText('Theirs')).toBeVisible()
  await expect(page.getByLabel('Title')).toHaveValue('Mine')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Save mine over it' }).click()
  await expect(page.getByRole('heading', { name: 'Mine' })).toBeVisible()
  await other.close()
})

test('an answer that was lost on its way makes no second case and no second reply', async ({ page }) => {
  const carla = await newClientMember()
  await signIn(page, carla)
  await page.goto('#/cases/new')
  await page.getByLabel('Title').fill('Once')
  await page.route('**/rest/v1/cases?select*', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    await route.fetch()
    await route.abort()
  })
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByRole('alert')).toContainText('There is no connection.')
  await expect(page.getByLabel('Title')).toHaveValue('Once')
  await page.unrouteAll()
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByRole('heading', { name: 'Once' })).toBeVisible()
  expect((await rows(`cases?client_id=eq.${carla.client}`)).length).toBe(1)

  await page.route('**/rest/v1/interactions?select*', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    await route.fetch()
    await route.abort()
  })
  await page.getByLabel('Your reply').fill('Said once')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('alert')).toContainText('There is no connection.')
  await page.unrouteAll()
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByText('Your reply was sent.')).toBeVisible()
  expect((await rows('interactions?content=eq.Said%20once&created_by=eq.' + carla.id)).length).toBe(1)
})

test('New Case is done with the keyboard alone', async ({ page }) => {
  const carla = await newClientMember()
  await signIn(page, carla)
  const press = async (key: string, until: () => Promise<boolean>) => {
    for (let n = 0; n < 30; n++) {
      await page.keyboard.press(key)
      if (await until()) return
    }
    throw new Error(`${key} never got there`)
  }
  const focused = (text: string) => async () =>
    page.evaluate((wanted) => {
      const element = document.activeElement as HTMLElement | null
      const labels = (element as HTMLInputElement | null)?.labels?.[0]?.textContent ?? element?.textContent ?? ''
      return labels.trim() === wanted
    }, text)
  await press('Tab', focused('New case'))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'New case' })).toBeFocused()
  await press('Tab', focused('Title'))
  await page.keyboard.type('By hand')
  await press('Tab', focused('Description'))
  await page.keyboard.type('Only keys.')
  await press('Tab', focused('Create case'))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'By hand' })).toBeFocused()
})

test('on a phone nothing is wider than the screen', async ({ page }) => {
  const carla = await newClientMember()
  const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen'.repeat(3)
  const row = await newCase(carla, { title: long, description: `${long}\n\n| a | b |\n|---|---|\n| ${long} | ${long} |\n\n    ${long}` })
  await say(row, `${long} https://example.com/${long}`, { party1_name: long })
  await page.setViewportSize({ width: 360, height: 740 })
  await signIn(page, carla)
  for (const path of ['#/cases', '#/cases/new', `#/cases/${row.case_id}`]) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.getByRole('status').filter({ hasText: 'Loading' })).toHaveCount(0)
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360)
    await expectAccessible(page)
  }
})

test('it speaks German, and says a refusal of the database in it', async ({ page }) => {
  const carla = await newClientMember()
  await signIn(page, carla)
  await page.getByLabel('Account').click()
  await page.getByLabel('Language').selectOption('de')
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
  await page.reload()
  await page.getByRole('link', { name: 'Neuer Fall' }).first().click()
  await page.getByLabel('Titel').fill('a\u202eb')
  await page.getByRole('button', { name: 'Fall anlegen' }).click()
  await expect(page.getByText('Der Titel ist eine Zeile mit höchstens 200 Zeichen')).toBeVisible()
  await expectAccessible(page)
})

test('a client escalates with a reason, once, and a reply to a closed case opens another', async ({ page }) => {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await signIn(page, carla)
  await page.getByRole('link', { name: row.title }).click()
  await page.getByRole('button', { name: 'Escalate' }).click()
  const dialog = page.getByRole('dialog', { name: 'Escalate this case' })
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Escalate' }).click()
  await expect(dialog.getByText('Say why')).toBeVisible()
  await expect(dialog.getByLabel('Why is it urgent?')).toBeFocused()
  await dialog.getByLabel('Why is it urgent?').fill('People are in it.')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Escalate' })).toBeFocused()

  // Somebody else was faster; what was typed is still there.
  await page.getByRole('button', { name: 'Escalate' }).click()
  await expect(dialog.getByLabel('Why is it urgent?')).toHaveValue('People are in it.')
  await page.route('**/rest/v1/rpc/escalate_case', (route) =>
    route.fulfill({ status: 409, json: { code: 'PT409', message: 'the case is escalated already', details: null, hint: null } }),
  )
  await dialog.getByRole('button', { name: 'Escalate' }).click()
  await expect(dialog.getByRole('alert')).toContainText('The case is escalated already.')
  await page.unrouteAll()
  await dialog.getByRole('button', { name: 'Escalate' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.locator('.case-side').getByText('People are in it.')).toBeVisible()
  await expect(page.getByText('Carla escalated the case')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Escalate' })).toHaveCount(0)

  await rows(`cases?id=eq.${row.id}`, { status: 'closed' }, 'PATCH')
  await lookAgain(page)
  await expect(page.getByText('This case is closed: your reply opens a new case')).toBeVisible()
  await page.getByLabel('Your reply').fill('It is stuck again.')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByText(/Your reply is in CASE-\d+/)).toBeVisible()
  await expect(page.locator('.case-side').getByRole('link', { name: row.case_id })).toBeVisible()
  await expect(page.getByRole('list').getByText('It is stuck again.')).toBeVisible()
})

test('a duplicate leads to the case that it goes on in, and says so there', async ({ page }) => {
  const carla = await newClientMember()
  const [survivor, duplicate] = [await newCase(carla), await newCase(carla, { title: 'Lift again' })]
  await rows(`cases?id=eq.${duplicate.id}`, { status: 'closed', merged_into: survivor.id }, 'PATCH')
  await signIn(page, carla)
  await expect(page.getByRole('link', { name: survivor.title })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Lift again' })).toHaveCount(0)
  await page.goto(`#/cases/${duplicate.case_id}`)
  await expect(page.getByText(`This case goes on in ${survivor.case_id}.`).first()).toBeVisible()
  await expectAccessible(page)
  await page.getByLabel('Your reply').fill('Still stuck.')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('heading', { name: survivor.title })).toBeVisible()
  await expect(page.getByRole('list').getByText('Still stuck.')).toBeVisible()
  await expect(page.locator('.happened').getByRole('link', { name: duplicate.case_id }).first()).toBeVisible()
})

test('what was begun is kept when its page is left, and can be thrown away; back never leads to an empty form', async ({ page }) => {
  const carla = await newClientMember()
  await signIn(page, carla)
  await page.getByRole('link', { name: 'New case' }).first().click()
  await page.getByLabel('Title').fill('Half a case')
  // A title alone is not sent by accident.
  await page.getByLabel('Title').press('Enter')
  await expect(page.getByLabel('Description')).toBeFocused()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Attach files' }).click()
  await (await chooser).setFiles([{ name: 'photo.txt', mimeType: 'text/plain', buffer: Buffer.from('photo') }])
  await page.goBack()
  await expect(page.getByText('You have no cases yet')).toBeVisible()
  await page.getByRole('link', { name: 'New case' }).first().click()
  await expect(page.getByText('This is what you began before.')).toBeVisible()
  await expect(page.getByLabel('Title')).toHaveValue('Half a case')
  await expect(page.getByRole('list', { name: 'Chosen files' }).getByText('photo.txt')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Begin anew' }).click()
  await expect(page.getByLabel('Title')).toHaveValue('')
  await expect(page.getByRole('list', { name: 'Chosen files' })).toHaveCount(0)
  await page.getByLabel('Title').fill('A whole case')
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByText(/Your case CASE-\d+ was created./)).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Cases' })).toBeVisible()
  await page.getByRole('link', { name: 'A whole case' }).click()
  await expect(page.getByRole('heading', { name: 'A whole case' })).toBeVisible()
  await expect(page.getByText('was created.')).toHaveCount(0)
})

test('an edit goes on after a reload, and what somebody saved meanwhile is shown before it is written over', async ({ page }) => {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await signIn(page, carla)
  await page.goto(`#/cases/${row.case_id}`)
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Description').fill('Since Monday')
  await page.reload()
  await expect(page.getByLabel('Description')).toHaveValue('Since Monday')
  await expect(page.getByRole('alert').filter({ hasText: 'Somebody changed this case' })).toHaveCount(0)
  await rows(`cases?id=eq.${row.id}`, { title: 'Theirs' }, 'PATCH')
  await page.reload()
  await expect(page.getByRole('alert').filter({ hasText: 'Somebody changed this case' }).getByText('Theirs')).toBeVisible()
  await page.getByRole('button', { name: 'Save mine over it' }).click()
  await expect(page.getByText('Since Monday')).toBeVisible()
  // What somebody else changed and this one did not, stays.
  await expect(page.getByRole('heading', { name: 'Theirs' })).toBeFocused()
  await page.reload()
  await expect(page.getByRole('button', { name: 'Edit' })).toBeVisible()
})

test('the focus stays with whoever works by the keyboard', async ({ page }) => {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await signIn(page, carla)
  await page.goto(`#/cases/${row.case_id}`)
  await page.getByRole('button', { name: 'Escalate' }).click()
  await expect(page.getByLabel('Why is it urgent?')).toBeFocused()
  await page.getByLabel('Why is it urgent?').fill('It hurts.')
  await page.getByRole('dialog').getByRole('button', { name: 'Escalate' }).click()
  await expect(page.getByRole('heading', { name: 'Case details' })).toBeFocused()
  await rows(`cases?id=eq.${row.id}`, { status: 'resolved' }, 'PATCH')
  await lookAgain(page)
  await page.getByRole('button', { name: 'Reopen' }).click()
  await expect(page.getByRole('button', { name: 'Reopen' })).toHaveCount(0)
  await expect(page.getByRole('heading', { name: 'Case details' })).toBeFocused()

  // What is missing is said until it is there, and the button that was pressed is not taken away meanwhile.
  await page.getByRole('button', { name: 'Send' }).press('Enter')
  await expect(page.getByText('Write something, or attach a file.')).toBeVisible()
  await page.getByLabel('Your reply').fill('Once')
  await expect(page.getByText('Write something, or attach a file.')).toHaveCount(0)
  let answer = () => {}
  const held = new Promise<void>((resolve) => (answer = resolve))
  await page.route('**/rest/v1/interactions?select*', async (route) => {
    await held
    await route.abort()
  })
  await page.getByRole('button', { name: 'Send' }).press('Enter')
  await expect(page.getByRole('button', { name: 'Sending …' })).toBeFocused()
  await page.keyboard.press('Enter')
  answer()
  await expect(page.getByRole('alert').filter({ hasText: 'Your reply was not sent.' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send' })).toBeFocused()
})

test('last activity is what people call so: also what was said', async ({ page }) => {
  const carla = await newClientMember()
  const long = new Date(Date.now() - 40 * 86_400_000).toISOString()
  const row = await newCase(carla, { created_at: long, updated_at: long })
  await say(row, 'We are on our way.')
  await signIn(page, carla)
  await expect(page.locator('.cases li').getByText('now', { exact: true })).toBeVisible()
  await page.getByRole('link', { name: row.title }).click()
  const details = page.locator('.case-side dl')
  await expect(details.locator('div', { hasText: 'Opened' })).toContainText('last month')
  await expect(details.locator('div', { hasText: 'Last activity' })).toContainText('now')
})

test('what was said in a duplicate is read where the case goes on', async ({ page }) => {
  const carla = await newClientMember()
  const [survivor, duplicate] = [await newCase(carla), await newCase(carla, { title: 'Lift again' })]
  await say(duplicate, 'Which floor?')
  await say(survivor, 'We know of it.')
  await rows(`cases?id=eq.${duplicate.id}`, { status: 'closed', merged_into: survivor.id }, 'PATCH')
  await signIn(page, carla)
  await page.goto(`#/cases/${survivor.case_id}`)
  const said = page.locator('.stream .said', { hasText: 'Which floor?' })
  await expect(said.getByRole('link', { name: duplicate.case_id })).toBeVisible()
  await expect(page.locator('.stream .said', { hasText: 'We know of it.' }).getByRole('link', { name: /CASE/ })).toHaveCount(0)
  // A file added to it belongs to what it was added to.
  const chooser = page.waitForEvent('filechooser')
  await said.getByRole('button', { name: 'Add files to what Alan said' }).click()
  await (await chooser).setFiles([{ name: 'floor.txt', mimeType: 'text/plain', buffer: Buffer.from('3') }])
  await expect(said.getByRole('button', { name: 'Download floor.txt' })).toBeVisible()
  expect((await rows(`case_files?case_id=eq.${duplicate.id}`)).length).toBe(1)
})
