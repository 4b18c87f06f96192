import { expect, expectAccessible, lookAgain, newCase, newClientMember, rows, signIn, test } from './project'

test('60,000 pasted characters are told before they are sent, and stay', async ({ page }) => {
  const carla = await newClientMember()
  await signIn(page, carla)
  await page.goto('#/cases/new')
  await page.getByLabel('Title').fill('Long')
  const long = '👩‍👩‍👧 words '.repeat(4000)
  expect([...long].length).toBe(48_000)
  await page.getByLabel('Description').fill(long)
  await expect(page.getByText('too many')).toHaveCount(0)
  await page.getByLabel('Description').fill(long + 'x'.repeat(12_000))
  await expect(page.getByText('10000 characters too many')).toBeVisible()
  let posts = 0
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().includes('/rest/v1/cases')) posts++
  })
  // Also from behind the preview.
  await page.getByRole('button', { name: 'Preview' }).click()
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByText('The description must have at most 50000 characters')).toBeVisible()
  await expect(page.getByLabel('Description')).toBeFocused()
  expect(posts).toBe(0)
  await page.getByLabel('Description').fill(long)
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByRole('heading', { name: 'Long' })).toBeVisible()
})

test('without a network the desk says so, keeps what is there and what is typed, and goes on', async ({ page, context }) => {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await signIn(page, carla)
  await page.getByRole('link', { name: row.title }).click()
  await page.getByLabel('Your reply').fill('From the train')
  await context.setOffline(true)
  await expect(page.getByText('You are offline.')).toBeVisible()
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'Your reply was not sent. There is no connection.' })).toBeVisible()
  await expect(page.getByLabel('Your reply')).toHaveValue('From the train')
  await expect(page.getByRole('heading', { name: row.title })).toBeVisible()
  await expectAccessible(page)
  await context.setOffline(false)
  await expect(page.getByText('You are offline.')).toHaveCount(0)
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('list').getByText('From the train')).toBeVisible()

  await page.route('**/rest/v1/**', (route) => route.abort())
  await page.goto('#/cases?status=waiting')
  await expect(page.getByRole('alert').filter({ hasText: 'There is no connection.' })).toBeVisible({ timeout: 15_000 })
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'There is no connection.' })).toBeVisible()
  await page.unrouteAll()
  // Asked for by hand or by itself, whichever comes first.
  await expect(page.getByText('No cases with this status')).toBeVisible({ timeout: 15_000 })
})

test('who is taken out of a client sees nothing of it any more, and is told whom to ask', async ({ page }) => {
  const carla = await newClientMember()
  await newCase(carla)
  await signIn(page, carla)
  await expect(page.getByRole('link', { name: 'The lift is stuck' })).toBeVisible()
  await page.goto('#/cases/new')
  await page.getByLabel('Title').fill('One more')
  await rows(`client_members?user_id=eq.${carla.id}`, undefined, 'DELETE')
  await page.getByRole('button', { name: 'Create case' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'The case was not created.' })).toBeVisible()
  await expect(page.getByLabel('Title')).toHaveValue('One more')
  await page.goto('#/cases')
  await lookAgain(page)
  await expect(page.getByText('not connected to any client yet')).toBeVisible()
  await expect(page.getByText('The lift is stuck')).toHaveCount(0)
})

test('a service that is too busy says when to try again', async ({ page }) => {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await signIn(page, carla)
  await page.getByRole('link', { name: row.title }).click()
  await page.getByLabel('Your reply').fill('Once more')
  await page.route('**/rest/v1/interactions?*', (route) =>
    route.fulfill({ status: 429, json: { code: 'PT429', message: 'too many interactions in an hour', details: null, hint: 'Wait a little.' } }),
  )
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'Too many interactions in an hour. Wait a little.' })).toBeVisible()
  await expect(page.getByLabel('Your reply')).toHaveValue('Once more')
})

test('a desk that cannot be opened says why', async ({ page }) => {
  await page.route('**/config.json', (route) => route.fulfill({ json: { supabaseUrl: 'http://127.0.0.1:9' } }))
  await page.goto('')
  await expect(page.getByRole('heading', { name: 'The desk could not be opened.' })).toBeVisible()
  await expect(page.getByText('config.json has no serviceUrl')).toBeVisible()
  await expectAccessible(page)
})

test('a form that could not be had comes by itself once it can be', async ({ page }) => {
  const carla = await newClientMember()
  await signIn(page, carla)
  await page.route('**/rest/v1/rpc/my_clients', (route) => route.abort())
  await page.goto('#/cases/new')
  await expect(page.getByRole('alert').filter({ hasText: 'There is no connection.' })).toBeVisible({ timeout: 15_000 })
  await page.unrouteAll()
  await expect(page.getByLabel('Title')).toBeVisible({ timeout: 15_000 })
})

test('at no width does anything of the list lie over anything else', async ({ page }) => {
  const carla = await newClientMember()
  await newCase(carla, { priority: 'urgent', escalated_at: new Date().toISOString(), title: 'Long words '.repeat(15).trim() })
  await signIn(page, carla)
  await page.getByLabel('Account').click()
  await page.getByLabel('Language').selectOption('de')
  await page.keyboard.press('Escape')
  for (const width of [360, 550, 761, 900, 1400]) {
    await page.setViewportSize({ width, height: 700 })
    const overlaps = await page.locator('.cases li').first().evaluate((line) => {
      const boxes = [...line.children].map((child) => [child.className, child.getBoundingClientRect()] as const)
      const inside = [...line.querySelectorAll('.case-marks > *')].map((child) => [child.className, child.getBoundingClientRect()] as const)
      const all = [...boxes.filter(([name]) => !name.includes('case-marks')), ...inside]
      return all.flatMap(([a, one], nth) =>
        all.slice(nth + 1).filter(([, two]) =>
          one.left < two.right - 1 && two.left < one.right - 1 && one.top < two.bottom - 1 && two.top < one.bottom - 1,
        ).map(([b]) => `${a} over ${b}`))
    })
    expect(overlaps, String(width)).toEqual([])
  }
})

test('on a machine whose clock is hours off, a reply whose answer was lost is still made once', async ({ page }) => {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await page.addInitScript(() => {
    const Right = Date
    const now = () => Right.now() + 3 * 3_600_000
    globalThis.Date = class extends Right {
      constructor(...given: [] | [string]) {
        super(...((given.length ? given : [now()]) as [string]))
      }
      static override now = now
    } as DateConstructor
  })
  await signIn(page, carla)
  await page.goto(`#/cases/${row.case_id}`)
  let lost = 0
  await page.route('**/rest/v1/interactions?select*', async (route) => {
    if (route.request().method() !== 'POST' || lost++) return route.continue()
    await route.fetch()
    await route.abort()
  })
  await page.getByLabel('Your reply').fill('Once')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'Your reply was not sent.' })).toBeVisible()
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByText('Your reply was sent.')).toBeVisible()
  expect((await rows(`interactions?content=eq.Once&created_by=eq.${carla.id}`)).length).toBe(1)
})

test('the same words said a moment ago in another case are no answer to this one', async ({ page }) => {
  const carla = await newClientMember()
  const [one, other] = [await newCase(carla), await newCase(carla, { title: 'The door' })]
  await signIn(page, carla)
  await page.goto(`#/cases/${one.case_id}`)
  await page.getByLabel('Your reply').fill('Thank you')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('list').getByText('Thank you')).toBeVisible()
  await page.goto(`#/cases/${other.case_id}`)
  let lost = 0
  await page.route('**/rest/v1/interactions?select*', (route) =>
    route.request().method() === 'POST' && !lost++ ? route.abort() : route.continue(),
  )
  await page.getByLabel('Your reply').fill('Thank you')
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'Your reply was not sent.' })).toBeVisible()
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.locator('.stream .said', { hasText: 'Thank you' })).toBeVisible()
  expect((await rows(`interactions?case_id=eq.${other.id}`)).length).toBe(1)
})
