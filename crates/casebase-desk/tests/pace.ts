import { newCase, newClientMember, rows, say, signIn, test } from './project'

// How fast the desk is on a slow machine: printed, not judged, because machines are shared. `npm run pace`

/** Chromium's own throttling, four times slower than this machine. */
const SLOWER = 4

test('the pace of a list of 100 cases and of a case with 200 interactions', async ({ page }) => {
  const carla = await newClientMember()
  const many = Array.from({ length: 100 }, (_, n) => ({ client_id: carla.client, created_by: carla.id, title: `Case number ${n}`, description: 'Some words. '.repeat(40) }))
  await rows('cases', many)
  const row = await newCase(carla, { title: 'A long talk' })
  for (let n = 0; n < 200; n++) await say(row, `Reply **${n}**: ${'some words and a [link](https://example.com). '.repeat(6)}\n\n- one\n- two`)
  await signIn(page, carla)
  const browser = await page.context().newCDPSession(page)
  await browser.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
  for (const [name, path, ready] of [
    ['list', '#/cases', '.cases li:nth-child(50)'],
    ['case', `#/cases/${row.case_id}`, '.stream .said:nth-child(50)'],
  ] as const) {
    await page.goto('about:blank')
    const sent: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/rest/v1/') && request.method() !== 'OPTIONS') sent.push(request.url())
    })
    await page.goto(path)
    await page.locator(ready).waitFor()
    await page.waitForTimeout(1500)
    const measured = await page.evaluate(async () => {
      const seen = (type: string) =>
        new Promise<PerformanceEntryList>((resolve) => {
          new PerformanceObserver((list) => resolve(list.getEntries())).observe({ type, buffered: true })
          setTimeout(() => resolve([]), 500)
        })
      const paints = await seen('largest-contentful-paint')
      const tasks = await seen('longtask')
      const shifts = (await seen('layout-shift')) as (PerformanceEntry & { value: number })[]
      const shifted = shifts.reduce((total, { value }) => total + value, 0)
      const blocking = tasks.reduce((total, { duration }) => total + Math.max(0, duration - 50), 0)
      return { lcp: Math.round(paints.at(-1)?.startTime ?? NaN), blocking: Math.round(blocking), longest: Math.round(Math.max(0, ...tasks.map(({ duration }) => duration))), shifted: shifted.toFixed(3) }
    })
    console.log(`${name}: largest contentful paint ${measured.lcp} ms, total blocking time ${measured.blocking} ms, longest task ${measured.longest} ms, layout shift ${measured.shifted}, ${sent.length} requests of PostgREST`)
    page.removeAllListeners('request')
  }
})
