import type { Page } from '@playwright/test'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  colleague, expect, expectAccessible, lookAgain, newCase, newClientMember, newPerson, newStaff, rows, signIn, test, type Staff,
} from './project'

const newAdmin = () => colleague('Ada', { is_admin: true })

async function openAdmin(page: Page, person: { email: string }, path: string, heading: string) {
  await signIn(page, person)
  await page.goto(`#/admin/${path}`)
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
}

const dialog = (page: Page) => page.getByRole('dialog')
const entry = (page: Page, list: string, name: string) => page.getByRole('list', { name: list, exact: true }).getByRole('listitem').filter({ hasText: name })
const told = (page: Page) => page.locator('.notice.good')
const unique = (name: string) => `${name} ${Math.random().toString(36).slice(2, 8)}`

/** Nothing sticks out of a phone's screen. */
async function fitsAPhone(page: Page) {
  const size = page.viewportSize()
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  if (size) await page.setViewportSize(size)
}

test('who is no admin hears it from the database, and finds no way there', async ({ page }) => {
  const alan = await colleague('Alan')
  await signIn(page, alan)
  await expect(page.getByRole('link', { name: 'Admin' })).toHaveCount(0)
  for (const path of ['people', 'structure', 'webhooks', 'health']) {
    await page.goto(`#/admin/${path}`)
    await expect(page.getByRole('heading', { name: 'These pages are for admins' })).toBeVisible()
    await expect(page.getByRole('alert')).toContainText('Only admins see how the project is doing.')
  }
  await expectAccessible(page)
})

test('staff are edited, and that is taken back', async ({ page }) => {
  const [ada, dora] = [await newAdmin(), await newStaff(unique('Dora'))]
  await signIn(page, ada)
  await page.getByRole('link', { name: 'Admin' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'People' })).toBeVisible()
  const line = entry(page, 'Staff', dora.name)
  await expect(line).toContainText('cases of their departments')
  await page.getByRole('button', { name: `Edit ${dora.name}` }).click()
  await dialog(page).getByLabel('Sees', { exact: true }).selectOption('assigned')
  await dialog(page).getByLabel(`${dora.name}'s department`).uncheck()
  await dialog(page).getByLabel('Name').fill('')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await expect(dialog(page).getByText('Enter a name.')).toBeVisible()
  const renamed = unique('Dora')
  await dialog(page).getByLabel('Name').fill(renamed)
  await expectAccessible(page)
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await expect(told(page)).toContainText(`${renamed} was saved.`)
  await expect(entry(page, 'Staff', renamed)).toContainText('cases assigned to them')
  expect(await rows(`staff_departments?user_id=eq.${dora.id}`)).toEqual([])
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(entry(page, 'Staff', dora.name)).toContainText('cases of their departments')
  expect(await rows(`staff_departments?user_id=eq.${dora.id}`)).toHaveLength(1)
  await expectAccessible(page)
  await fitsAPhone(page)
})

/** A person whom an admin has two open cases and a resolved one taken from. */
async function withCases(dora: Staff) {
  const carla = await newClientMember()
  for (const status of ['open', 'in_progress', 'resolved']) await newCase(carla, { assigned_to: dora.id, status })
}

test('switching somebody off says what it does, and hands their cases over in the same step', async ({ page }) => {
  const [ada, dora, alan] = [await newAdmin(), await newStaff(unique('Dora')), await colleague(unique('Alan'))]
  await withCases(dora)
  await openAdmin(page, ada, 'people', 'People')
  await page.getByRole('button', { name: `Switch off ${dora.name}` }).click()
  await expect(dialog(page)).toContainText('2 open cases are assigned to them.')
  await dialog(page).getByLabel('Who gets these cases').selectOption(alan.name)
  await expectAccessible(page)
  await dialog(page).getByRole('button', { name: 'Switch off' }).click()
  await expect(told(page)).toContainText(`${dora.name} was switched off; 2 cases handed over.`)
  expect(await rows(`cases?assigned_to=eq.${alan.id}`)).toHaveLength(2)
  expect(await rows(`cases?assigned_to=eq.${dora.id}`)).toHaveLength(1)
  await expect(page.getByRole('button', { name: `Switch on ${dora.name}` })).toBeVisible()
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('button', { name: `Switch off ${dora.name}` })).toBeVisible()
  expect(await rows(`cases?assigned_to=eq.${alan.id}`)).toHaveLength(2)
})

test('what the database refuses of it stands in the window, and nothing was done', async ({ page }) => {
  const [ada, dora, ivan] = [await newAdmin(), await newStaff(unique('Dora')), await colleague(unique('Ivan'))]
  await withCases(dora)
  await openAdmin(page, ada, 'people', 'People')
  await page.getByRole('button', { name: `Switch off ${dora.name}` }).click()
  await dialog(page).getByLabel('Who gets these cases').selectOption(ivan.name)
  await rows(`staff_members?user_id=eq.${ivan.id}`, { active: false }, 'PATCH')
  await dialog(page).getByRole('button', { name: 'Switch off' }).click()
  await expect(dialog(page).getByRole('alert')).toContainText('A case can be assigned to active staff only.')
  expect(await rows(`staff_members?user_id=eq.${dora.id}&active=is.true`)).toHaveLength(1)
  expect(await rows(`cases?assigned_to=eq.${dora.id}`)).toHaveLength(3)
})

test('an admin who goes is told that nobody but another brings them back, and is shown out', async ({ page }) => {
  const [ada, bea] = [await newAdmin(), await colleague(unique('Bea'), { is_admin: true })]
  await openAdmin(page, ada, 'people', 'People')
  const self = page.getByRole('listitem').filter({ has: page.getByText('you', { exact: true }) })
  await self.getByRole('button', { name: 'Edit Ada' }).click()
  await expect(dialog(page)).not.toContainText('This is you')
  await dialog(page).getByLabel('Is an admin').uncheck()
  await expect(dialog(page)).toContainText('This is you: these pages close at once, and only another admin can make you one again.')
  await expectAccessible(page)
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  // Of others nothing of the kind is said.
  await page.getByRole('button', { name: `Switch off ${bea.name}` }).click()
  await expect(dialog(page)).toContainText('loses every right of the staff at once')
  await expect(dialog(page)).not.toContainText('This is you')
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  await self.getByRole('button', { name: 'Switch off Ada' }).click()
  await expect(dialog(page)).toContainText('This is you: these pages close at once, and only another admin can switch you on again.')
  await dialog(page).getByRole('button', { name: 'Switch off' }).click()
  await expect(page.getByRole('heading', { name: 'These pages are for admins' })).toBeVisible()
  expect(await rows(`staff_members?user_id=eq.${ada.id}&active=is.false`)).toHaveLength(1)
})

test('who sees the cases of departments and is in none is shown to see none, and what they know is no department', async ({ page }) => {
  const [ada, dora] = [await newAdmin(), await newStaff(unique('Dora'))]
  const [specialty] = await rows<{ id: string; name: string }>('specialties', { name: unique('Hoists') })
  await rows('staff_specialties', { user_id: dora.id, specialty_id: specialty!.id })
  await openAdmin(page, ada, 'people', 'People')
  const line = entry(page, 'Staff', dora.name)
  await expect(line).toContainText(`Specialties: ${specialty!.name}`)
  await expect(line).not.toContainText('none yet')
  await rows(`staff_departments?user_id=eq.${dora.id}`, undefined, 'DELETE')
  await lookAgain(page)
  await expect(line).toContainText('cases of their departments · none yet, so only what is assigned to them')
  await page.getByRole('button', { name: `Edit ${dora.name}` }).click()
  await expect(dialog(page)).toContainText('Without a department they see only what is assigned to them.')
  await dialog(page).getByLabel(`${dora.name}'s department`).check()
  await expect(dialog(page)).not.toContainText('Without a department')
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  await rows(`specialties?id=eq.${specialty!.id}`, undefined, 'DELETE')
})

test('from page to page the heading of the desk stays where it is', async ({ page }) => {
  const ada = await newAdmin()
  await page.setViewportSize({ width: 1600, height: 800 })
  await signIn(page, ada)
  const places: unknown[] = []
  for (const path of ['cases', 'documents', 'admin/people', 'cases/new']) {
    await page.goto(`#/${path}`)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    places.push(await page.getByRole('link', { name: 'Admin', exact: true }).boundingBox())
  }
  expect(new Set(places.map((place) => JSON.stringify(place))).size).toBe(1)
})

test('an address is invited, withdrawn, and invited again', async ({ page }) => {
  const ada = await newAdmin()
  const { email } = await newPerson('New')
  await openAdmin(page, ada, 'people?part=invitations', 'People')
  await page.getByRole('button', { name: 'Invite staff' }).click()
  await dialog(page).getByLabel('Email address').fill('nobody')
  await dialog(page).getByRole('button', { name: 'Invite', exact: true }).click()
  await expect(dialog(page).getByText('Enter an email address, like name@example.org.')).toBeVisible()
  await dialog(page).getByLabel('Email address').fill(email.toUpperCase())
  await dialog(page).getByLabel('Sees', { exact: true }).selectOption('all')
  await dialog(page).getByRole('button', { name: 'Invite', exact: true }).click()
  await expect(entry(page, 'Invitations', email)).toContainText('not yet accepted')
  await expectAccessible(page)
  await page.getByRole('button', { name: `Withdraw the invitation of ${email}` }).click()
  await expect(entry(page, 'Invitations', email)).toHaveCount(0)
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(entry(page, 'Invitations', email)).toBeVisible()
  expect(await rows(`invitations?email=eq.${email}&scope=eq.all`)).toHaveLength(1)
  await rows(`invitations?email=eq.${email}`, undefined, 'DELETE')
})

test('registration is opened and closed for everybody', async ({ page }) => {
  const ada = await newAdmin()
  // What is for all of the project is not changed under the other stories.
  const asked: unknown[] = []
  await page.route('**/rest/v1/case_settings*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.fulfill({ json: { registration_open: asked.length % 2 === 1 } })
    asked.push(route.request().postDataJSON())
    return route.fulfill({ json: [{ only_row: true }] })
  })
  await openAdmin(page, ada, 'people?part=invitations', 'People')
  await page.getByRole('switch', { name: 'People may register by themselves' }).click()
  await expect(told(page)).toContainText('People can register by themselves now.')
  await expect(page.getByRole('switch')).toBeChecked()
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('switch')).not.toBeChecked()
  expect(asked).toEqual([{ registration_open: true }, { registration_open: false }])
})

test('a client is found, renamed, and loses a member', async ({ page }) => {
  const [ada, carla] = [await newAdmin(), await newClientMember(unique('Carla'))]
  await openAdmin(page, ada, 'people?part=clients', 'People')
  await page.getByLabel('Part of the name').fill(carla.company)
  await page.getByRole('link', { name: carla.company }).click()
  await expect(page.getByRole('heading', { name: carla.company })).toBeVisible()
  await page.getByRole('button', { name: `Edit ${carla.company}` }).click()
  const renamed = unique('Acme <b>')
  await dialog(page).getByLabel('Name').fill(renamed)
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { name: renamed })).toBeVisible()
  await page.getByRole('button', { name: `Take out ${carla.name}` }).click()
  await expect(dialog(page)).toContainText(`${carla.name} sees no case of ${renamed} any more`)
  await dialog(page).getByRole('button', { name: 'Take out' }).click()
  await expect(page.getByText('Nobody acts for this client yet.')).toBeVisible()
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(entry(page, 'Members', carla.name)).toBeVisible()
  await expectAccessible(page)
  await fitsAPhone(page)
  await page.getByRole('link', { name: 'All clients' }).click()
  await page.getByRole('button', { name: 'New client' }).click()
  const added = unique('Newcomers')
  await dialog(page).getByLabel('Name').fill(added)
  await dialog(page).getByRole('button', { name: 'Add' }).click()
  await expect(told(page)).toContainText(`${added} was added.`)
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(told(page)).toContainText('Taken back.')
  expect(await rows(`clients?name=eq.${added}`)).toEqual([])
})

test('a department that is used is not deleted but switched off, and nobody chooses it then', async ({ page }) => {
  const [ada, dora, carla] = [await newAdmin(), await newStaff(unique('Dora')), await newClientMember()]
  await newCase(carla, { department_id: dora.department })
  const [{ name } = { name: '' }] = await rows<{ name: string }>(`departments?id=eq.${dora.department}`)
  await openAdmin(page, ada, 'structure', 'Structure')
  const line = entry(page, 'Departments', name)
  await expect(line).toContainText('Used by: 1 case, 1 member of staff')
  await page.getByRole('button', { name: `Delete ${name}` }).click()
  await expect(dialog(page)).toContainText('It is used by 1 case, 1 member of staff, so it can’t be deleted.')
  await expectAccessible(page)
  await dialog(page).getByRole('button', { name: 'Switch off' }).click()
  await expect(line).toContainText('Off')
  await page.goto('#/cases/new')
  await expect(page.getByLabel('Department').locator('option').first()).toBeAttached()
  await expect(page.getByLabel('Department').locator('option', { hasText: name })).toHaveCount(0)
  await page.goBack()
  await page.getByRole('button', { name: `Switch on ${name}` }).click()
  await expect(told(page)).toContainText(`${name} was switched on.`)
})

test('what is not used is added, renamed, deleted, and comes back', async ({ page }) => {
  const ada = await newAdmin()
  await openAdmin(page, ada, 'structure', 'Structure')
  const [first, second] = [unique('Lifts'), unique('Elevators')]
  await page.getByRole('button', { name: 'Add a specialty' }).click()
  await dialog(page).getByLabel('Name').fill(first)
  await dialog(page).getByRole('button', { name: 'Add' }).click()
  await expect(entry(page, 'Specialties', first)).toContainText('Not used')
  await page.getByRole('button', { name: 'Add a specialty' }).click()
  await dialog(page).getByLabel('Name').fill(first)
  await dialog(page).getByRole('button', { name: 'Add' }).click()
  await expect(dialog(page).getByRole('alert')).toContainText(/specialty/i)
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: `Edit ${first}` }).click()
  await dialog(page).getByLabel('Name').fill(second)
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await expect(entry(page, 'Specialties', second)).toBeVisible()
  await page.getByRole('button', { name: `Delete ${second}` }).click()
  await dialog(page).getByRole('button', { name: 'Delete' }).click()
  await expect(entry(page, 'Specialties', second)).toHaveCount(0)
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(entry(page, 'Specialties', second)).toBeVisible()
  await expectAccessible(page)
  await fitsAPhone(page)
  await rows(`specialties?name=eq.${second}`, undefined, 'DELETE')
})

test('party types, stages and categories are added with what they need; two party types are fixed', async ({ page }) => {
  const ada = await newAdmin()
  await openAdmin(page, ada, 'structure', 'Structure')
  const code = `C${Math.random().toString(36).slice(2, 8)}`
  await page.getByRole('button', { name: 'Add a category' }).click()
  await dialog(page).getByLabel('Name').fill('Contracts <i>')
  await expect(dialog(page).getByLabel('Code')).toHaveValue('contracts-i')
  await dialog(page).getByLabel('Code').fill(code)
  await dialog(page).getByRole('button', { name: 'Add' }).click()
  await expect(dialog(page).getByLabel('Code')).toHaveAttribute('aria-invalid', 'true')
  await dialog(page).getByLabel('Code').fill(code.toLowerCase())
  await dialog(page).getByRole('button', { name: 'Add' }).click()
  await expect(entry(page, 'Document categories', code.toLowerCase())).toContainText('Contracts <i>')
  // As far down as it was done, what was done stands in sight.
  await page.getByRole('heading', { name: 'Document categories' }).scrollIntoViewIfNeeded()
  await expect(told(page).getByRole('button', { name: 'Undo' })).toBeInViewport()
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(entry(page, 'Document categories', code.toLowerCase())).toHaveCount(0)
  await told(page).getByRole('button', { name: 'Dismiss' }).click()
  await expect(told(page)).toHaveCount(0)
  const stage = unique('With legal')
  await page.getByRole('button', { name: 'Add a stage' }).click()
  await dialog(page).getByLabel('Name').fill(stage)
  await dialog(page).getByLabel('Status').selectOption({ label: 'Waiting' })
  await dialog(page).getByRole('button', { name: 'Add' }).click()
  await expect(entry(page, 'Stages', stage).getByText('Waiting', { exact: true })).toBeVisible()
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(entry(page, 'Stages', stage)).toHaveCount(0)
  await expect(entry(page, 'Party types', 'CLIENT').getByRole('button')).toHaveCount(1)
})

/** A receiver of webhooks, which answers as it is told and keeps what it got. */
async function receiver() {
  const got: { body: string; id: string }[] = []
  const answers = { status: 200, body: '<img src=x onerror="window.hit=1">' }
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      got.push({ body: Buffer.concat(parts).toString(), id: String(request.headers['webhook-id']) })
      response.writeHead(answers.status).end(answers.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/hook/of-a-receiver-with-a-name-that-is-longer-than-a-phone-is-wide`, got, answers, stop: () => new Promise((resolve) => server.close(resolve)) }
}

async function addEndpoint(page: Page, url: string, changes: (window: ReturnType<typeof dialog>) => Promise<void> = async () => {}) {
  await page.getByRole('button', { name: 'Add an endpoint' }).click()
  await dialog(page).getByLabel('URL').fill(url)
  await changes(dialog(page))
  await dialog(page).getByRole('button', { name: 'Add' }).click()
}

test('an endpoint is added with its secret shown once, tried, and what was sent is seen byte for byte', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const [ada, hook] = [await newAdmin(), await receiver()]
  await openAdmin(page, ada, 'webhooks', 'Webhooks')
  await addEndpoint(page, hook.url, async (window) => {
    await window.getByLabel('What it is for').fill('<script>window.hit=1</script>')
    await window.getByLabel('Events', { exact: true }).fill('nothing.such')
  })
  await expect(dialog(page).getByText('There is no event type nothing.such. There are case.assigned, case.created, ')).toBeVisible()
  await expect(dialog(page).getByLabel('Events', { exact: true })).toBeFocused()
  // Where a case waits for its client, an admin is not the one who is waited for.
  await expect(dialog(page).getByLabel('Waiting', { exact: true })).toBeVisible()
  await dialog(page).getByLabel('Events', { exact: true }).fill('webhook.endpoint_disabled')
  await dialog(page).getByLabel('Headers').fill('no header')
  await dialog(page).getByRole('button', { name: 'Add' }).click()
  await expect(dialog(page).getByText('“no header” is no header.')).toBeVisible()
  await dialog(page).getByLabel('Headers').fill('x-team: ours')
  await expectAccessible(page)
  await dialog(page).getByRole('button', { name: 'Add' }).click()

  await expect(page.getByRole('heading', { name: 'Keep this secret now' })).toBeVisible()
  const secret = await dialog(page).getByLabel('Secret').inputValue()
  expect(secret).toMatch(/^whsec_/)
  await dialog(page).getByRole('button', { name: 'Copy' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(dialog(page)).toBeVisible()
  await dialog(page).getByRole('button', { name: 'I have kept it' }).click()
  const kept = () => page.evaluate(() => document.documentElement.outerHTML + location.href + JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
  expect(await kept()).not.toContain(secret)

  await page.getByRole('link', { name: hook.url }).click()
  await page.getByRole('button', { name: 'Send a test event' }).click()
  await expect(told(page)).toContainText('A test event is on its way.')
  await expect(async () => {
    await lookAgain(page)
    await expect(entry(page, 'Deliveries', 'webhook.test')).toContainText('Taken', { timeout: 1000 })
  }).toPass()
  await page.getByRole('link', { name: 'webhook.test' }).click()
  await expect(dialog(page)).toContainText('Attempt 1')
  await expect(dialog(page)).toContainText('200')
  await expect(dialog(page)).toContainText(hook.answers.body)
  expect(await dialog(page).locator('pre').last().textContent()).toBe(hook.got[0]?.body)
  await expect(dialog(page)).toContainText(hook.got[0]?.id ?? 'no id')
  await expect(dialog(page)).toContainText('A test event is not sent again. Send another one.')
  await expect(dialog(page).getByRole('button', { name: 'Send again' })).toHaveCount(0)
  expect(page.url()).toContain('delivery=')
  await expectAccessible(page)
  await fitsAPhone(page)
  await dialog(page).getByRole('button', { name: 'Close' }).click()
  await lookAgain(page)
  await expect(page.getByRole('img', { name: /1 request taken, 0 failed/ })).toBeVisible({ timeout: 30_000 })
  expect(await page.evaluate(() => (window as unknown as { hit?: number }).hit)).toBeUndefined()
  await expectAccessible(page)
  await fitsAPhone(page)

  await page.getByRole('button', { name: 'New secret' }).click()
  await dialog(page).getByLabel('The one before goes on for').selectOption('no time: it ends now')
  await dialog(page).getByRole('button', { name: 'New secret' }).click()
  await expect(dialog(page).getByLabel('Secret')).not.toHaveValue(secret)
  await page.getByRole('button', { name: 'I have kept it' }).click()

  await page.getByRole('button', { name: 'Switch off' }).click()
  await dialog(page).getByRole('button', { name: 'Switch off' }).click()
  await expect(page.getByText('Switched off', { exact: true })).toBeVisible()
  await told(page).getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('button', { name: 'Send a test event' })).toBeVisible()
  await page.getByRole('button', { name: 'Delete' }).click()
  await dialog(page).getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('link', { name: hook.url })).toHaveCount(0)
  await hook.stop()
})

test('what a receiver never took is counted, and sent again in its order; what it refuses is skipped', async ({ page }) => {
  const [ada, hook, carla] = [await newAdmin(), await receiver(), await newClientMember()]
  hook.answers.status = 500
  await openAdmin(page, ada, 'webhooks', 'Webhooks')
  const [made] = await rows<{ id: string }>('rpc/create_webhook_endpoint', {
    url: hook.url, event_types: ['case.*'], client_ids: [carla.client], retry_waits: ['0'],
  })
  const row = await newCase(carla)
  await page.goto(`#/admin/webhooks?endpoint=${made?.id}&state=failed`)
  await expect(async () => {
    await lookAgain(page)
    await expect(entry(page, 'Deliveries', 'case.created')).toContainText('Given up', { timeout: 1000 })
  }).toPass()
  await rows(`cases?id=eq.${row.id}`, { title: 'Another title' }, 'PATCH')
  await expect(async () => {
    await lookAgain(page)
    await expect(entry(page, 'Deliveries', 'case.updated')).toContainText('Given up', { timeout: 1000 })
  }).toPass()
  await lookAgain(page)
  await expect(page.getByText('Not taken: 2')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText('Failing', { exact: true })).toBeVisible({ timeout: 30_000 })
  await page.getByRole('button', { name: 'Send again …' }).click()
  await expect(dialog(page)).toContainText('2 deliveries would be sent.')
  await dialog(page).getByLabel('Since').fill('2099-01-01T00:00')
  await expect(dialog(page)).toContainText('There is nothing to send since then.')
  await expect(dialog(page).getByRole('button', { name: /^Send \d/ })).toHaveCount(0)
  await dialog(page).getByLabel('Since').fill('2020-01-01T00:00')
  hook.answers.status = 204
  const before = hook.got.length
  await expectAccessible(page)
  await dialog(page).getByRole('button', { name: 'Send 2 deliveries again' }).click()
  await expect(told(page)).toContainText('2 deliveries are on the way again.')
  await expect.poll(() => hook.got.slice(before).map(({ id }) => id), { timeout: 30_000 }).toEqual([...new Set(hook.got.slice(0, before).map(({ id }) => id))])

  // Of what is done already, one is sent once more; what waits is skipped, with a reason.
  await page.getByRole('navigation', { name: 'Deliveries by state' }).getByRole('link', { name: 'Taken' }).click()
  await expect(async () => {
    await lookAgain(page)
    await expect(page.getByRole('list', { name: 'Deliveries' }).getByRole('listitem')).toHaveCount(2, { timeout: 1000 })
  }).toPass()
  await page.getByRole('link', { name: 'case.updated' }).click()
  await dialog(page).getByRole('button', { name: 'Send again' }).click()
  await expect(told(page)).toContainText('It is on its way again.')
  await expect.poll(() => hook.got.length, { timeout: 30_000 }).toBe(before + 3)
  await rows('rpc/update_webhook_endpoint', { endpoint_id: made?.id, enabled: false })
  await rows('rpc/update_webhook_endpoint', { endpoint_id: made?.id, enabled: true, retry_waits: ['7 days'] })
  hook.answers.status = 500
  await rows(`cases?id=eq.${row.id}`, { title: 'A third title' }, 'PATCH')
  await page.getByRole('navigation', { name: 'Deliveries by state' }).getByRole('link', { name: 'To be sent' }).click()
  await expect(async () => {
    await lookAgain(page)
    await expect(entry(page, 'Deliveries', 'case.updated')).toContainText(/1 attempt\s*Next attempt: (in 7 days|next week)/, { timeout: 1000 })
  }).toPass()
  await page.getByRole('link', { name: 'case.updated' }).click()
  await dialog(page).getByRole('button', { name: 'Skip' }).click()
  await expect(dialog(page).getByText('Say why.')).toBeVisible()
  await dialog(page).getByLabel('Why it is skipped').fill('Too old <b>')
  // Who goes on before the answer is there stays where they went.
  let answered = () => {}
  const asked = new Promise<void>((resolve) => void page.route('**/rpc/skip_webhook_delivery', async (route) => {
    const answer = await route.fetch()
    resolve()
    await new Promise<void>((go) => (answered = go))
    await route.fulfill({ response: answer })
  }))
  await dialog(page).getByRole('button', { name: 'Skip' }).click()
  await asked
  await page.goto(`#/admin/webhooks?endpoint=${made?.id}&state=skipped`)
  await expect(entry(page, 'Deliveries', 'case.updated')).toContainText('Skipped')
  answered()
  await expect(told(page)).toContainText('It was skipped')
  expect(page.url()).toContain('state=skipped')
  await page.getByRole('link', { name: 'case.updated' }).click()
  await expect(dialog(page)).toContainText('Skipped because: Too old <b>')
  await rows('rpc/delete_webhook_endpoint', { endpoint_id: made?.id })
  await hook.stop()
})

test('health says how the project is doing, in both languages and on a phone', async ({ page }) => {
  const [ada, carla] = [await newAdmin(), await newClientMember('<b>Carla</b>')]
  await rows('client_documents', { client_id: carla.client, category: 'policies', original_name: 'a.txt', content_type: 'text/plain', file_size: 5_000_000 })
  await openAdmin(page, ada, 'health', 'Health')
  const card = (name: string) => page.locator('.card').filter({ has: page.getByRole('heading', { name }) })
  await expect(card('Access token hook')).toContainText('Answered last')
  await expect(card('Worker')).toContainText(/\d+ connections? to the database/)
  await expect(card('Storage of clients')).toContainText(carla.company)
  // In the order in which whoever reads it has day and month.
  await expect(page.getByText(/^As of \d{1,2} \p{L}+ \d{4}, \d\d:\d\d$/u)).toBeVisible()
  await expect(card('Schema')).toContainText(/\d+\.\d+\.\d+|\d{14}/)
  await expect(card('In the last hour')).toContainText('new cases')
  await expectAccessible(page)
  await fitsAPhone(page)
  await page.locator('.menu summary').click()
  await page.getByLabel('Language').selectOption('de')
  await expect(page.getByRole('heading', { level: 1, name: 'Zustand' })).toBeVisible()
  await fitsAPhone(page)
  for (const [path, heading] of [['people', 'Personen'], ['structure', 'Struktur'], ['webhooks', 'Webhooks']] as const) {
    await page.goto(`#/admin/${path}`)
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
    await expectAccessible(page)
    await fitsAPhone(page)
  }
})
