import type { Page } from '@playwright/test'
import { expect, expectAccessible, lookAgain, newClientMember, newStaff, rows, signIn, test, type Person } from './project'

/** Opens a client's documents. */
async function openDocuments(page: Page, client: { client: string }, folder = 'policies') {
  await page.goto(`#/documents?client=${client.client}&folder=${folder}`)
  await expect(page.getByRole('navigation', { name: 'Folders' })).toBeVisible()
}

const text = (name: string, body: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(body) })

/** Chooses files with a button. */
async function choose(page: Page, button: string, ...files: ReturnType<typeof text>[]) {
  const chosen = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: button }).click()
  await (await chosen).setFiles(files)
}

const versionsOf = (carla: Person) =>
  rows<{ document_id: number; replaced_at: string | null; category: string }>(`client_documents?client_id=eq.${carla.client}&order=id`)

async function download(page: Page, name: string): Promise<string> {
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: `Download ${name}` }).click()
  return Buffer.concat(await (await (await download).createReadStream()).toArray()).toString()
}

test('staff put a document into a client’s folder, replace it and delete it, and the client reads what is there', async ({ page, browser }) => {
  const carla = await newClientMember()
  const alan = await newStaff('Alan', { scope: 'all' })
  const context = await browser.newContext()
  const hers = await context.newPage()
  await signIn(hers, carla)
  await hers.getByRole('link', { name: 'Documents' }).click()
  await expect(hers.getByText('There is nothing in this folder yet.')).toBeVisible()
  await expect(hers.getByRole('button', { name: 'Add documents' })).toHaveCount(0)

  await signIn(page, alan)
  await page.getByRole('link', { name: 'Documents' }).click()
  await page.getByRole('combobox', { name: 'Client' }).fill(carla.company)
  await page.getByRole('option', { name: carla.company }).click()
  await page.getByRole('navigation', { name: 'Folders' }).getByRole('link', { name: 'Handbooks' }).click()
  await expect(page.getByRole('heading', { name: 'Handbooks' })).toBeVisible()
  await choose(page, 'Add documents', text('Handbook.txt', 'the first'), text('Annex.txt', 'an annex'))
  const list = page.getByRole('list', { name: 'Handbooks' })
  await expect(list.getByText('Handbook.txt')).toBeVisible()
  await expect(list.getByText('Annex.txt')).toBeVisible()
  expect((await versionsOf(carla)).map(({ category }) => category)).toEqual(['handbooks', 'handbooks'])
  await expectAccessible(page)

  await openDocuments(hers, carla, 'handbooks')
  expect(await download(hers, 'Handbook.txt')).toBe('the first')
  await expect(hers.getByRole('button', { name: /^(Replace|Delete)/ })).toHaveCount(0)
  await expectAccessible(hers)

  await choose(page, 'Replace Handbook.txt by a new version', text('Handbook 2.txt', 'the second'))
  await expect(list.getByText('Handbook 2.txt')).toBeVisible()
  await expect(list.getByText('Handbook.txt')).toHaveCount(0)
  await page.getByRole('button', { name: 'Earlier versions of Handbook 2.txt' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('Handbook.txt')).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Close' }).click()
  await lookAgain(hers)
  expect(await download(hers, 'Handbook 2.txt')).toBe('the second')
  await expect(hers.getByText('Handbook.txt')).toHaveCount(0)

  await page.getByRole('button', { name: 'Delete Handbook 2.txt' }).click()
  await expect(dialog.getByText('Its earlier versions go with it')).toBeVisible()
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect(list.getByText('Handbook 2.txt')).toHaveCount(0)
  await expect(list.getByText('Annex.txt')).toBeVisible()
  expect((await versionsOf(carla)).length).toBe(1)
  await lookAgain(hers)
  await expect(hers.getByText('Handbook 2.txt')).toHaveCount(0)
  await expect(hers.getByText('Annex.txt')).toBeVisible()
  await context.close()
})

test('what may not be written, or is not taken, is told beside it', async ({ page }) => {
  const carla = await newClientMember()
  const asta = await newStaff('Asta', { scope: 'assigned' })
  await signIn(page, asta)
  await openDocuments(page, carla)
  await choose(page, 'Add documents', text('policy.txt', 'mine'))
  await expect(page.getByRole('alert').filter({ hasText: 'policy.txt' })).toContainText('Not uploaded.')
  expect(await versionsOf(carla)).toEqual([])
})

test('a folder that an admin adds is there', async ({ page }) => {
  const code = `contracts-${Date.now().toString(36)}`
  await rows('document_categories', { code, label: 'Verträge & mehr' })
  const carla = await newClientMember()
  await signIn(page, carla)
  await openDocuments(page, carla, code)
  await expect(page.getByRole('heading', { name: 'Verträge & mehr' })).toBeVisible()
  await expect(page.getByText('There is nothing in this folder yet. What is put here for you, you read here.')).toBeVisible()
  await rows(`document_categories?code=eq.${code}`, undefined, 'DELETE')
})
