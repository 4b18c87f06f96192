import { expect, newCase, newClientMember, say, signIn, test } from './project'

const SCRIPTS = [
  '<script>window.hit=1</script>',
  '<img src=x onerror="window.hit=1">',
  '<svg onload="window.hit=1"><a href="javascript:window.hit=1">x</a></svg>',
  '[link](javascript:window.hit=1)',
  '[link](data:text/html,<script>window.hit=1</script>)',
  '![picture](https://evil.example/track.png)',
  '<a href="https://evil.example" onclick="window.hit=1">x</a>',
  '[x]: javascript:window.hit=1\n\n[x]',
  '<iframe src="https://evil.example"></iframe>',
  '<style>body{display:none}</style>',
  '<form action="https://evil.example"><input name=a></form>',
  '[mail](vbscript:window.hit=1)',
  '<https://evil.example/" onmouseover="window.hit=1>',
]

test('titles, names and Markdown of an attacker are text: nothing runs and nothing is loaded', async ({ page }) => {
  const carla = await newClientMember('Carla <img src=x onerror=window.hit=1>')
  const row = await newCase(carla, { title: SCRIPTS.slice(0, 3).join(' '), description: SCRIPTS.join('\n\n') })
  for (const script of SCRIPTS) await say(row, script, { party1_name: '<b onmouseover=window.hit=1>Alan</b>' })
  await signIn(page, carla)
  await expect(page.getByRole('link', { name: '<script>' })).toBeVisible()
  await page.goto(`#/cases/${row.case_id}`)
  await expect(page.locator('.said')).toHaveCount(SCRIPTS.length + 1)
  await expect(page.locator('.said .markdown a').first()).toBeVisible()
  for (const element of ['script:not([src])', 'iframe', 'img', 'style', '.markdown svg', '.markdown form', '.markdown input', '.markdown [onclick], .markdown [onerror]']) {
    await expect(page.locator(`#desk ${element}`), element).toHaveCount(0)
  }
  for (const link of await page.locator('.markdown a').all()) {
    expect(await link.getAttribute('href')).toMatch(/^https:\/\/evil\.example/)
    expect(await link.getAttribute('rel')).toContain('noopener nofollow ugc')
    await link.hover()
  }
  expect(await page.evaluate(() => (window as unknown as { hit?: number }).hit)).toBeUndefined()
})

test('a script that got into the page would not run, and a picture of another site would not load', async ({ page, watched }) => {
  await page.goto('')
  const { hit, refused } = await page.evaluate(async () => {
    const attempts = [
      () => (document.body.innerHTML += '<img src=x onerror="window.hit=1">'),
      () => document.body.insertAdjacentHTML('beforeend', '<script>window.hit=1</script>'),
      () => {
        const script = document.createElement('script')
        script.append('window.hit=1')
        document.body.append(script)
      },
      () => document.body.setAttribute('onclick', 'window.hit=1'),
      () => {
        const image = document.createElement('img')
        image.src = 'https://127.0.0.1:9/none.png'
        document.body.append(image)
      },
    ]
    let refused = 0
    document.addEventListener('securitypolicyviolation', () => refused++)
    for (const attempt of attempts) {
      try {
        attempt()
      } catch {
        // Refused at once.
      }
    }
    document.body.click()
    for (let waits = 0; waits < 100 && refused < 5; waits++) await new Promise((resolve) => setTimeout(resolve, 100))
    return { hit: (window as unknown as { hit?: number }).hit, refused }
  })
  expect(hit).toBeUndefined()
  expect(refused).toBeGreaterThanOrEqual(5)
  // The policy said so on the console: that is what was wanted here.
  watched.length = 0
})

test('an SVG is a file to keep, never a picture in the page', async ({ page }) => {
  const carla = await newClientMember()
  const row = await newCase(carla)
  await signIn(page, carla)
  await page.goto(`#/cases/${row.case_id}`)
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.hit=1"><script>window.hit=1</script></svg>'
  const name = '<b onclick=hit=1>.svg'
  await page.locator('.case-side input[type=file]').setInputFiles([{ name, mimeType: 'image/svg+xml', buffer: Buffer.from(svg) }])
  const line = page.locator('.case-side .files li', { hasText: name })
  await expect(line).toBeVisible()
  await expect(line.getByText(/Refused|Not uploaded|byte/).first()).toBeVisible()
  await expect(page.getByRole('button', { name: `Show ${name}` })).toHaveCount(0)
  await expect(page.locator('#desk img, #desk object, #desk embed')).toHaveCount(0)
  expect(await page.evaluate(() => (window as unknown as { hit?: number }).hit)).toBeUndefined()
})
