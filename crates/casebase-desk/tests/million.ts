import { execFileSync } from 'node:child_process'
import { expect, newStaff, signIn, test } from './project'

// What the first page of each view takes beside the database's own time, among a million cases: printed, not judged, because
// machines are shared. `npm run million`, against a `casebase dev --data DIR` whose folder `casebase bench access --data DIR`
// has loaded; PostgreSQL's psql is needed.

const TIMES = 7

const VIEWS = ['Waiting for us', 'Mine', 'Unassigned', 'Overdue', 'All'] as const

const median = (times: number[]) => times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? NaN

/** The database's own time for a call of rpc/list_cases, in milliseconds: as its caller, in a session that knows the function. */
function ownTime(userId: string, body: string): number {
  const claims = JSON.stringify({ sub: userId, role: 'authenticated', app_metadata: { case_role: 'staff' } })
  const types: Record<string, string> = { status: 'text[]', assigned_to: 'uuid[]' }
  const given = Object.entries(JSON.parse(body) as Record<string, unknown>).map(([name, value]) => {
    const text = Array.isArray(value) ? `{${value.join()}}` : String(value)
    return `${name} => '${text}'${types[name] ? `::${types[name]}` : ''}`
  })
  const call = `select length(list_cases(${given.join(', ')})::text);`
  const script = [
    `select set_config('request.jwt.claims', '${claims}', false);`, 'set role authenticated;', '\\timing on', ...Array.from({ length: TIMES + 2 }, () => call),
  ]
  const told = execFileSync('psql', [process.env['DATABASE_URL'] ?? '', '-qAtX'], { input: script.join('\n'), encoding: 'utf8' })
  const times = [...told.matchAll(/^Time: ([\d.]+) ms/gm)].map(([, time]) => Number(time))
  // The first ones read what nobody has read for long.
  return median(times.slice(2))
}

test('the first page of each view, beside the database’s own time', async ({ page }) => {
  test.setTimeout(600_000)
  const alan = await newStaff('Alan', { scope: 'all' })
  await signIn(page, alan)
  const views = page.getByRole('navigation', { name: 'Views' })
  await expect(page.getByRole('list', { name: 'Cases' })).toBeVisible()
  for (const view of VIEWS) {
    const requests: number[] = []
    const painted: number[] = []
    let asked = ''
    for (let nth = 0; nth < TIMES; nth++) {
      // Another page first, so that nothing of the view is kept.
      await page.goto('#/cases/new')
      await page.reload()
      await expect(page.getByLabel('Title')).toBeVisible()
      await page.goto('#/cases?order=created_at.asc')
      await expect(page.getByRole('list', { name: 'Cases' })).toBeVisible()
      const sent = page.waitForRequest((request) => request.url().endsWith('/rpc/list_cases') && request.method() === 'POST')
      const times = page.evaluate(async (name) => {
        const link = [...document.querySelectorAll<HTMLElement>('nav.views a')].find((one) => one.textContent?.startsWith(name))
        performance.clearResourceTimings()
        const begun = performance.now()
        link?.click()
        // Until the page that was asked for is drawn.
        for (;;) {
          await new Promise((resolve) => requestAnimationFrame(resolve))
          if (document.querySelector('.queue-box[aria-busy=false]') && performance.getEntriesByType('resource').some((one) => one.name.endsWith('/rpc/list_cases'))) break
        }
        const drawn = performance.now()
        const [request] = performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/rpc/list_cases')) as PerformanceResourceTiming[]
        return { request: request ? request.responseEnd - request.startTime : NaN, drawn: drawn - begun }
      }, view)
      asked = (await sent).postData() ?? '{}'
      const { request, drawn } = await times
      requests.push(request)
      painted.push(drawn)
    }
    await expect(views.getByRole('link', { name: view })).toHaveAttribute('aria-current', 'page')
    const own = ownTime(alan.id, asked)
    const [request, drawn] = [median(requests), median(painted)]
    // The request is PostgREST's and the network's, too; the rest is the browser's.
    console.log(`${view}: database ${own.toFixed(1)} ms, request ${request.toFixed(1)} ms, drawn after ${drawn.toFixed(1)} ms: ${(drawn - own).toFixed(1)} ms beside the database`)
  }
})
