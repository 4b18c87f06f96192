import type { Page } from '@playwright/test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, expectAccessible, newCase, newClientMember, rows, say, signIn, test, type Person } from './project'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

async function openCase(page: Page): Promise<{ carla: Person; row: { id: number; case_id: string } }> {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await signIn(page, carla)
  await page.goto(`#/cases/${row.case_id}`)
  await expect(page.getByRole('heading', { name: 'Files' })).toBeVisible()
  return { carla, row }
}

/** What a browser hands a page when files are dropped or pasted. */
async function hand(page: Page, event: 'drop' | 'paste', selector: string, files: { name: string; type: string; base64: string }[]) {
  await page.locator(selector).first().evaluate(
    (element, { event, files }) => {
      const data = new DataTransfer()
      for (const { name, type, base64 } of files) {
        data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }))
      }
      const options = { bubbles: true, cancelable: true }
      element.dispatchEvent(
        event === 'drop'
          ? new DragEvent('drop', { ...options, dataTransfer: data })
          : new ClipboardEvent('paste', { ...options, clipboardData: data }),
      )
    },
    { event, files },
  )
}

test('files go up at once when they are dropped or chosen, and come back under their names', async ({ page }) => {
  const { row } = await openCase(page)
  const name = 'Größe & "Maß".png'
  await hand(page, 'drop', '.case', [{ name, type: 'image/png', base64: PNG.toString('base64') }])
  await expect(page.getByRole('button', { name: `Download ${name}` })).toBeVisible()
  const [file] = await rows<{ original_name: string; interaction_id: unknown }>(`case_files?case_id=eq.${row.id}`)
  expect(file).toMatchObject({ original_name: name, interaction_id: null })
  const small = page.locator('.thumbnail img')
  await expect(small).toBeVisible()
  expect(await small.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1)
  await page.getByRole('button', { name: `Show ${name}` }).click()
  const picture = page.getByRole('dialog').getByRole('img', { name })
  await expect(picture).toBeVisible()
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1)
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(page.getByRole('button', { name: `Show ${name}` })).toBeFocused()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: `Download ${name}` }).click()
  const kept = await download
  expect(Buffer.concat(await (await kept.createReadStream()).toArray())).toEqual(PNG)
  // No file system takes quotation marks from everybody.
  expect(kept.suggestedFilename()).toBe('Größe & _Maß_.png')
})

const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
trailer<</Root 1 0 R>>
%%EOF
`

test('a PDF is shown in the page, from a blob: that is nothing else whatever it says', async ({ page }) => {
  const { row } = await openCase(page)
  await hand(page, 'drop', '.case', [{ name: 'plan.pdf', type: 'application/pdf', base64: btoa(PDF) }])
  await page.getByRole('button', { name: 'Show plan.pdf' }).click()
  const frame = page.getByRole('dialog', { name: 'plan.pdf' }).locator('iframe')
  await expect(frame).toHaveAttribute('src', /^blob:/)
  await page.getByRole('button', { name: 'Close' }).click()

  // Bytes that are a page, under the name of a PDF: they are never read as one.
  await page.reload()
  await page.route('**/v1/files/*', (route) =>
    route.fulfill({ contentType: 'text/html', headers: { 'access-control-allow-origin': '*' }, body: '<script>parent.hit = 1</script>' }),
  )
  await page.getByRole('button', { name: 'Show plan.pdf' }).click()
  await expect(frame).toHaveAttribute('src', /^blob:/)
  expect(await page.evaluate(() => (window as unknown as { hit?: number }).hit)).toBeUndefined()
  expect((await rows(`case_files?case_id=eq.${row.id}`)).length).toBe(1)
})

test('a drop lands once: on the reply with the reply, beside it with the case, and pasted beside it, too', async ({ page }) => {
  const { row } = await openCase(page)
  const dragged = { bubbles: true, cancelable: true }
  await page.locator('.reply').evaluate((element, dragged) => {
    const data = new DataTransfer()
    data.items.add(new File(['x'], 'reply.txt', { type: 'text/plain' }))
    for (const event of ['dragenter', 'dragover', 'drop']) element.dispatchEvent(new DragEvent(event, { ...dragged, dataTransfer: data }))
  }, dragged)
  await expect(page.getByRole('list', { name: 'Chosen files' }).getByText('reply.txt')).toBeVisible()
  await expect(page.locator('.drop.over')).toHaveCount(0)
  await hand(page, 'paste', 'body', [{ name: 'pasted.txt', type: 'text/plain', base64: btoa('pasted') }])
  await expect(page.getByRole('button', { name: 'Download pasted.txt' })).toBeVisible()
  const files = await rows<{ original_name: string }>(`case_files?case_id=eq.${row.id}`)
  expect(files.map(({ original_name }) => original_name)).toEqual(['pasted.txt'])
})

test('a reply takes pasted files along, and an interaction gets one of its own', async ({ page }) => {
  const { row } = await openCase(page)
  await say(row, 'A photo, please.')
  await page.reload()
  await hand(page, 'paste', 'textarea', [{ name: 'image.png', type: 'image/png', base64: PNG.toString('base64') }])
  await expect(page.getByRole('list', { name: 'Chosen files' }).getByText('image.png')).toBeVisible()
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.locator('.said.own').getByRole('button', { name: 'Download image.png' })).toBeVisible()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Add files to what Alan said' }).click()
  await (await chooser).setFiles([{ name: 'second.txt', mimeType: 'text/plain', buffer: Buffer.from('two') }])
  await expect(page.locator('.said', { hasText: 'A photo' }).getByRole('button', { name: 'Download second.txt' })).toBeVisible()
  const files = await rows<{ interaction_id: number | null }>(`case_files?case_id=eq.${row.id}`)
  expect(files.every(({ interaction_id }) => interaction_id !== null)).toBe(true)
})

test('a connection that is lost during an upload loses nothing: it is sent again', async ({ page }) => {
  const { row } = await openCase(page)
  let tries = 0
  await page.route('**/v1/cases/*/files?*', (route) => (tries++ ? route.continue() : route.abort('connectionreset')))
  await hand(page, 'drop', '.case', [{ name: 'report.txt', type: 'text/plain', base64: btoa('report') }])
  await expect(page.getByRole('alert').filter({ hasText: 'report.txt: Not uploaded. There is no connection.' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Try report.txt again' }).click()
  await expect(page.getByRole('button', { name: 'Download report.txt' })).toBeVisible()
  expect((await rows(`case_files?case_id=eq.${row.id}`)).length).toBe(1)

  // By itself, once the network is back.
  tries = 0
  await hand(page, 'drop', '.case', [{ name: 'again.txt', type: 'text/plain', base64: btoa('again') }])
  await expect(page.getByRole('alert').filter({ hasText: 'again.txt: Not uploaded.' })).toBeVisible()
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await expect(page.getByRole('button', { name: 'Download again.txt' })).toBeVisible()
})

test('a file whose answer was lost is there once, however often it is sent', async ({ page }) => {
  const { row } = await openCase(page)
  // Sent twice under its key: by somebody who hears the answer, and by the page, which does not.
  let lost = 0
  await page.route('**/v1/cases/*/files?*', async (route) => {
    if (lost++) return route.continue()
    const { authorization, 'idempotency-key': key, 'content-type': type } = route.request().headers()
    const first = await fetch(route.request().url(), {
      method: 'POST',
      headers: { authorization: authorization ?? '', 'idempotency-key': key ?? '', 'content-type': type ?? '' },
      body: 'once',
    })
    expect(first.status).toBe(201)
    await route.abort('connectionreset')
  })
  await hand(page, 'drop', '.case', [{ name: 'once.txt', type: 'text/plain', base64: btoa('once') }])
  await page.getByRole('button', { name: 'Try once.txt again' }).click()
  await expect(page.locator('.uploads li')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Download once.txt' })).toHaveCount(1)
  expect((await rows(`case_files?case_id=eq.${row.id}`)).length).toBe(1)
})

test('an upload under way shows how far it is, is cancelled, and leaves nothing behind', async ({ page }) => {
  const { row } = await openCase(page)
  let arrived = () => {}
  const waiting = new Promise<void>((resolve) => (arrived = resolve))
  await page.route('**/v1/cases/*/files?*', async () => arrived())
  await hand(page, 'drop', '.case', [{ name: 'large.txt', type: 'text/plain', base64: btoa('x'.repeat(100_000)) }])
  await waiting
  const line = page.locator('.uploads li', { hasText: 'large.txt' })
  await expect(line.getByText(/%|checked/)).toBeVisible()
  await page.getByRole('button', { name: 'Cancel large.txt' }).click()
  await expect(line).toHaveCount(0)
  await page.reload()
  await expect(page.getByText('Drop files anywhere')).toBeVisible()
  expect((await rows(`case_files?case_id=eq.${row.id}`)).length).toBe(0)
})

/** A file on disk that is large enough to go to Storage in pieces. */
async function largeFile(name: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'desk-')), name)
  await writeFile(path, 'The minutes of a long meeting.\n'.repeat(700_000))
  return path
}

test('a large file goes to Storage in pieces, and after a lost connection and a reload goes on where it stopped', async ({ page, context }) => {
  const { row } = await openCase(page)
  const path = await largeFile('minutes.txt')
  const input = page.locator('.case-side input[type=file]')
  const offsets: number[] = []
  let most = 2
  await page.route('**/upload/resumable/**', (route) => {
    if (route.request().method() !== 'PATCH') return route.continue()
    offsets.push(Number(route.request().headers()['upload-offset']))
    return offsets.length <= most ? route.continue() : route.abort()
  })
  let through = 0
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().includes('/files?name=')) through++
  })
  await input.setInputFiles(path)
  const line = page.locator('.uploads li', { hasText: 'minutes.txt' })
  // Storage has two pieces, and the connection is gone.
  await expect(line.getByRole('alert')).toContainText('There is no connection.', { timeout: 30_000 })
  const piece = 6 * 1024 * 1024
  expect(offsets.slice(0, 3)).toEqual([0, piece, 2 * piece])
  await expectAccessible(page)

  // The page is left: what is half there says what to do.
  page.on('dialog', (dialog) => void dialog.accept())
  await page.reload()
  await expect(page.getByText('Half uploaded: add the same file again to go on')).toBeVisible()
  most = Infinity
  offsets.length = 0
  await input.setInputFiles(path)
  await expect(page.getByRole('button', { name: 'Download minutes.txt' })).toBeVisible({ timeout: 60_000 })
  expect(offsets[0]).toBe(2 * piece)
  const files = await rows<{ state: string; file_size: number }>(`case_files?case_id=eq.${row.id}`)
  expect(files.map(({ state, file_size }) => [state, file_size])).toEqual([['available', 21_700_000]])
  expect(through).toBe(0)
  expect(await page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('casebase.upload.')))).toEqual([])

  // Given up in the middle, nothing is left; another of the same name is another file.
  await page.unroute('**/upload/resumable/**')
  await page.route('**/upload/resumable/**', (route) => (route.request().method() === 'PATCH' ? undefined : route.continue()))
  await input.setInputFiles(path)
  await expect(line.getByRole('progressbar')).toBeVisible()
  await expect.poll(async () => (await rows(`case_files?case_id=eq.${row.id}`)).length).toBe(2)
  await line.getByRole('button', { name: 'Cancel minutes.txt' }).click()
  await expect.poll(async () => (await rows(`case_files?case_id=eq.${row.id}`)).length).toBe(1)
  await context.close()
})

test('what is half uploaded can be given up by a button, and a large file that is refused says why', async ({ page }) => {
  const { row } = await openCase(page)
  const input = page.locator('.case-side input[type=file]')
  await page.route('**/upload/resumable/**', (route) => route.abort())
  await input.setInputFiles(await largeFile('half.txt'))
  const line = page.locator('.uploads li', { hasText: 'half.txt' })
  await expect(line.getByRole('alert')).toContainText('There is no connection.', { timeout: 30_000 })
  await line.getByRole('button', { name: 'Cancel half.txt' }).click()
  await expect.poll(async () => (await rows(`case_files?case_id=eq.${row.id}`)).length).toBe(0)
  await input.setInputFiles(await largeFile('half.txt'))
  await expect(line.getByRole('alert')).toContainText('There is no connection.', { timeout: 30_000 })
  page.on('dialog', (dialog) => void dialog.accept())
  await page.reload()
  await page.getByRole('button', { name: 'Give up half.txt' }).click()
  await expect(page.getByText('half.txt')).toHaveCount(0)
  expect(await rows(`case_files?case_id=eq.${row.id}`)).toEqual([])

  await page.unrouteAll()
  await input.setInputFiles(await largeFile('minutes.pdf'))
  await expect(page.locator('.uploads li', { hasText: 'minutes.pdf' }).getByRole('alert')).toContainText('Not uploaded.', { timeout: 60_000 })
  await expect(page.getByRole('button', { name: 'Try minutes.pdf again' })).toHaveCount(0)
  expect(await rows(`case_files?case_id=eq.${row.id}`)).toEqual([])
})

test('what the service refuses, it says, and the file can go', async ({ page }) => {
  await openCase(page)
  await hand(page, 'drop', '.case', [
    { name: 'photo.png', type: 'image/png', base64: btoa('no picture at all') },
    { name: 'empty.txt', type: 'text/plain', base64: '' },
  ])
  for (const name of ['photo.png', 'empty.txt']) {
    await expect(page.getByRole('alert').filter({ hasText: `${name}: Not uploaded.` })).toBeVisible()
    // Sent again it would be refused again.
    await expect(page.getByRole('button', { name: `Try ${name} again` })).toHaveCount(0)
    await page.getByRole('button', { name: `Cancel ${name}` }).click()
  }
  await page.route('**/v1/cases/*/files?*', (route) =>
    route.fulfill({ status: 429, headers: { 'retry-after': '7', 'access-control-expose-headers': 'retry-after' }, json: { error: { code: 'too_many', message: 'too many uploads' } } }),
  )
  await hand(page, 'drop', '.case', [{ name: 'more.txt', type: 'text/plain', base64: btoa('more') }])
  await expect(page.getByRole('alert').filter({ hasText: 'Try again in 7 seconds.' })).toBeVisible()
})

test('a file that can’t be read any more is said to be that, and no fault of the network', async ({ page }) => {
  await openCase(page)
  const folder = await mkdtemp(join(tmpdir(), 'desk-'))
  const path = join(folder, 'gone.txt')
  await writeFile(path, 'soon gone')
  // Chosen, and deleted before its turn comes again.
  await page.route('**/v1/cases/*/files?*', (route) => route.abort('connectionreset'))
  await page.locator('.case-side input[type=file]').setInputFiles(path)
  const again = page.getByRole('button', { name: 'Try gone.txt again' })
  await expect(again).toBeVisible()
  await rm(folder, { recursive: true })
  await again.click()
  await expect(page.getByRole('alert').filter({ hasText: 'gone.txt: Not uploaded. The file can’t be read any more' })).toBeVisible()
  await expect(again).toHaveCount(0)
})

test('thirty files at once all arrive, and that they have is said', async ({ page }) => {
  const { row } = await openCase(page)
  const names = Array.from({ length: 30 }, (_, nth) => `photo ${nth + 1}.txt`)
  await page.locator('.case-side input[type=file]').setInputFiles(
    names.map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) })),
  )
  await expect(page.getByRole('status').filter({ hasText: /files? (was|were) added/ })).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('button', { name: 'Download photo' })).toHaveCount(30)
  await expect(page.locator('.case-side .files li')).toHaveCount(30)
  expect((await rows(`case_files?case_id=eq.${row.id}`)).length).toBe(30)
})

test('a refused file is refused in German, too', async ({ page }) => {
  await openCase(page)
  await page.getByLabel('Account').click()
  await page.getByLabel('Language').selectOption('de')
  await hand(page, 'drop', '.case', [
    { name: 'empty.txt', type: 'text/plain', base64: '' },
    { name: 'photo.png', type: 'image/png', base64: btoa('no picture at all') },
  ])
  await expect(page.getByRole('alert').filter({ hasText: 'Die Datei ist leer.' })).toBeVisible()
  await expect(page.getByRole('alert').filter({ hasText: 'Eine Datei dieser Art wird hier nicht angenommen.' })).toBeVisible()
})

test('whoever takes files away by the keyboard keeps their place', async ({ page }) => {
  await openCase(page)
  await page.route('**/v1/cases/*/files?*', (route) => route.abort('connectionreset'))
  await hand(page, 'drop', '.case', ['a.txt', 'b.txt'].map((name) => ({ name, type: 'text/plain', base64: btoa(name) })))
  await expect(page.getByRole('alert').filter({ hasText: 'Not uploaded.' })).toHaveCount(2)
  await page.getByRole('button', { name: 'Try a.txt again' }).press('Enter')
  await expect(page.getByRole('button', { name: 'Cancel a.txt' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Cancel b.txt' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Add files' })).toBeFocused()
  await hand(page, 'paste', 'textarea', [{ name: 'c.txt', type: 'text/plain', base64: btoa('c') }])
  await page.getByRole('button', { name: 'Remove c.txt' }).press('Enter')
  await expect(page.getByRole('button', { name: 'Attach files' })).toBeFocused()
})
