import type { Page } from '@playwright/test'
import { colleague, expect, expectAccessible, newCase, newClientMember, rows, say, signIn, test } from './project'

// One field for everything, behind a button and the key "/".

const search = (page: Page) => page.getByRole('dialog')
const field = (page: Page) => search(page).getByRole('combobox')
const offers = (page: Page) => search(page).getByRole('option')
const offer = (page: Page, text: string) => offers(page).filter({ hasText: text })
const at = (page: Page) => search(page).getByRole('option', { selected: true })

test('staff find cases, clients and people by the keyboard alone', async ({ page }) => {
  const [alan, carla] = await Promise.all([colleague('Alan'), newClientMember('Carla')])
  // A word of this run's own, all letters.
  const word = `Quartz${carla.id.slice(0, 8).replace(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)))}`
  const [gate, lift] = [await newCase(carla, { title: `Århus gate ${word}` }), await newCase(carla, { title: 'The lift' })]
  await rows('internal_notes', { case_id: lift.id, content: `Mind the ${word}, they said.` })
  await signIn(page, alan)
  await expect(page.getByRole('list', { name: 'Cases' })).toBeVisible()

  await page.keyboard.press('/')
  await expect(field(page)).toBeFocused()
  const place = await field(page).boundingBox()
  await page.keyboard.type(word.toUpperCase())
  await expect(offers(page)).toHaveCount(3)
  // What is found comes below; where one types stays.
  expect((await field(page).boundingBox())?.y).toBe(place?.y)
  await expect(offer(page, gate.case_id).locator('mark')).toHaveText([word])
  await expect(offer(page, lift.case_id)).toContainText(`Note: Mind the ${word}, they said.`)
  await expectAccessible(page)
  await expect(at(page)).toContainText(gate.case_id)
  await page.keyboard.press('ArrowDown')
  await expect(at(page)).toContainText(lift.case_id)
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await expect(at(page)).toContainText('as a list')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/text=/)
  await expect(page.getByText('2 cases')).toBeVisible()
  await page.getByRole('button', { name: 'Remove the filter Words' }).click()
  await expect(page).not.toHaveURL(/text=/)

  // By its number, as people say it.
  await page.keyboard.press('/')
  await page.keyboard.type(`case ${gate.id}`)
  await expect(at(page)).toContainText(gate.case_id)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: gate.title })).toBeVisible()

  await page.keyboard.press('/')
  await page.keyboard.type(carla.company)
  await expect(offer(page, carla.company).first()).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`client=${carla.client}`))

  await page.keyboard.press('/')
  await page.keyboard.type('100%_nobody')
  await expect(page.getByText('Nothing was found. Try fewer words')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(field(page)).toBeHidden()
})

test('what is typed right behind the key stands in the field, and is no shortcut', async ({ page }) => {
  const [alan, carla] = await Promise.all([colleague('Alan'), newClientMember('Carla')])
  const { id } = await newCase(carla, { title: 'The gate' })
  await signIn(page, alan)
  await expect(page.getByRole('list', { name: 'Cases' })).toBeVisible()
  await page.reload()
  await page.getByRole('link', { name: 'The gate' }).first().focus()
  // Of which a, s, d and e do something to the case that has the focus.
  await page.keyboard.type('/seaside')
  await expect(field(page)).toHaveValue('seaside')
  await page.keyboard.press('Escape')
  await expect(search(page)).toHaveCount(0)
  expect(await rows(`cases?id=eq.${id}&status=eq.open`)).toHaveLength(1)
})

test('a client finds their own cases and no more, also on a phone, and a hostile text stays text', async ({ page }) => {
  const [carla, otto] = await Promise.all([newClientMember('Carla'), newClientMember('Otto')])
  const hostile = '<img src=x onerror="window.hit=1"> <mark>granite</mark>'
  const row = await newCase(carla, { title: `Granite ${hostile}`, description: `${hostile} and more` })
  await say(row, 'Between us: granodiorite', { visible_to_client: false })
  await newCase(otto, { title: 'Granite of another' })
  await page.setViewportSize({ width: 360, height: 700 })
  await signIn(page, carla)
  await page.getByRole('button', { name: 'Search' }).first().click()
  await field(page).fill('granite')
  await expect(offers(page)).toHaveCount(2)
  await expect(offer(page, row.case_id)).toContainText(hostile)
  await expect(offer(page, row.case_id).locator('mark').first()).toHaveText('Granite')
  await expect(page.locator('[role=option] img')).toHaveCount(0)
  expect(await page.evaluate(() => (window as unknown as { hit?: number }).hit)).toBeUndefined()
  await expectAccessible(page)
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  await field(page).fill('granodiorite')
  await expect(page.getByText('Nothing was found.')).toBeVisible()
  await field(page).fill('granite')
  await offer(page, row.case_id).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(hostile)

  // Their list, by words.
  await newCase(carla, { title: 'Basalt' })
  await page.goto('#/cases')
  await page.getByLabel('Words in these cases').fill('basalt')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/text=basalt/)
  await expect(page.getByRole('link', { name: 'Basalt' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Granite' })).toBeHidden()
  await page.getByLabel('Words in these cases').fill('granodiorite')
  await page.keyboard.press('Enter')
  await expect(page.getByText('No case has these words')).toBeVisible()
  await expectAccessible(page)
})

test('the search speaks German', async ({ browser, baseURL }) => {
  const carla = await newClientMember('Carla')
  const page = await (await browser.newContext({ baseURL: baseURL!, locale: 'de-DE' })).newPage()
  await page.goto('')
  await page.getByLabel('E-Mail-Adresse').fill(carla.email)
  await page.getByLabel('Passwort', { exact: true }).fill('correct horse battery')
  await page.getByRole('button', { name: 'Anmelden' }).click()
  await page.getByRole('button', { name: 'Suchen' }).first().click()
  await field(page).fill('Straße')
  await expect(page.getByText('Nichts gefunden.')).toBeVisible()
})
