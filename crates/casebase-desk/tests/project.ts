// The project that the desk is tried against, and the people in it: rows made with the owner's key, sign-ins in the browser.

import AxeBuilder from '@axe-core/playwright'
import { test as base, expect, type Page } from '@playwright/test'
import { randomUUID } from 'node:crypto'

const setting = (name: string): string => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: the variables of a casebase dev --ready-file are needed`)
  return value
}

export const PASSWORD = 'correct horse battery'

/** A request as the owner; what comes back must be no error. */
export async function asOwner<T = unknown>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> {
  const key = setting('SUPABASE_SERVICE_ROLE_KEY')
  const answer = await fetch(setting('SUPABASE_URL') + path, {
    method,
    headers: { apikey: key, authorization: `Bearer ${key}`, 'content-type': 'application/json', prefer: 'return=representation' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return (text ? JSON.parse(text) : undefined) as T
}

export const rows = <T = Record<string, unknown>>(path: string, body?: unknown, method?: string) =>
  asOwner<T[]>(`/rest/v1/${path}`, body, method)

export type Person = { id: string; email: string; name: string; client: string; company: string }

/** Somebody with an account and no role. */
export async function newPerson(name: string): Promise<{ id: string; email: string }> {
  const email = `${name.toLowerCase().replace(/[^a-z].*/s, '')}-${randomUUID().slice(0, 8)}@example.org`
  const { id } = await asOwner<{ id: string }>('/auth/v1/admin/users', { email, password: PASSWORD, email_confirm: true })
  return { id, email }
}

/** A member of a client of their own. */
export async function newClientMember(name = 'Carla'): Promise<Person> {
  const { id, email } = await newPerson(name)
  const company = `${name}'s company ${id.slice(0, 6)}`
  const [client] = await rows<{ id: string }>('clients', { name: company })
  if (!client) throw new Error('the client has no row')
  await rows('client_members', { client_id: client.id, user_id: id, display_name: name })
  return { id, email, name, client: client.id, company }
}

export type Staff = { id: string; email: string; name: string; department: string }

/** A member of staff, who sees the cases of a department of their own. */
export async function newStaff(name = 'Alan', changes: Record<string, unknown> = {}): Promise<Staff> {
  const { id, email } = await newPerson(name)
  const [department] = await rows<{ id: string }>('departments', { name: `${name}'s department ${id.slice(0, 6)}` })
  if (!department) throw new Error('the department has no row')
  await rows('staff_members', { user_id: id, display_name: name, scope: 'departments', ...changes })
  await rows('staff_departments', { user_id: id, department_id: department.id })
  return { id, email, name, department: department.id }
}

type CaseRow = { id: number; case_id: string; title: string; updated_at: string }

/** A case of a client, as if the client had opened it. */
export async function newCase(person: Person, changes: Record<string, unknown> = {}): Promise<CaseRow> {
  const [row] = await rows<CaseRow>('cases', { client_id: person.client, title: 'The lift is stuck', created_by: person.id, ...changes })
  if (!row) throw new Error('the case has no row')
  return row
}

/** Something that was said in a case, to be seen by its client unless told otherwise. */
export const say = (row: { id: number }, content: string, changes: Record<string, unknown> = {}) =>
  rows('interactions', {
    case_id: row.id, party1_name: 'Alan', party1_type: 'ARGAN', party2_name: 'Carla', party2_type: 'CLIENT', content,
    visible_to_client: true, ...changes,
  })

const PRIORITIES = ['low', 'medium', 'high', 'urgent']

/** 200 cases, of which every fourth waits, every fifth is resolved, and every tenth is overdue. */
export async function manyCases(staff: Staff, carla: Person, n = 200) {
  const day = 86_400_000
  const made = await rows<{ id: number; case_id: string; title: string }>(
    'cases',
    Array.from({ length: n }, (_, at) => ({
      client_id: carla.client,
      created_by: carla.id,
      department_id: staff.department,
      title: `Lift ${String(at).padStart(3, '0')}`,
      status: at % 5 === 4 ? 'resolved' : at % 4 === 3 ? 'waiting' : 'open',
      priority: PRIORITIES[at % 4],
      action_required_by: at % 10 === 0 ? new Date(Date.now() - day).toISOString() : null,
      action_required_of: null,
      created_at: new Date(Date.now() - (n - at) * 60_000).toISOString(),
    })),
  )
  return made
}

/** The newest mail to an address. */
export async function mailTo(email: string): Promise<{ link: string; code: string }> {
  const json = async (path: string) => (await fetch(new URL(path, setting('MAILPIT_URL')))).json()
  const { messages } = (await json(`/api/v1/search?query=${encodeURIComponent(`to:"${email}"`)}`)) as { messages: { ID: string }[] }
  if (!messages[0]) throw new Error(`there is no mail to ${email}`)
  const { Text: text } = (await json(`/api/v1/message/${messages[0].ID}`)) as { Text: string }
  return { link: /^http\S+$/m.exec(text)?.[0] ?? '', code: /code: (\d{6})/.exec(text)?.[1] ?? '' }
}

export async function signIn(page: Page, { email }: { email: string }, password = PASSWORD) {
  await page.goto('')
  await page.getByLabel('Email address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeHidden()
}

/** One of the staff, who sees every case unless told otherwise. */
export const colleague = (name: string, changes: Record<string, unknown> = {}) => newStaff(name, { scope: 'all', ...changes })

export const details = (page: Page) => page.getByRole('complementary')

/** The page of a case, as staff have it. */
export async function openAs(page: Page, person: { email: string }, row: { case_id: string; title: string }) {
  await signIn(page, person)
  await page.goto(`#/cases/${row.case_id}`)
  await expect(page.getByRole('heading', { level: 1, name: row.title })).toBeVisible()
  await expect(page.getByRole('radio', { name: 'Reply' })).toBeChecked()
}

/** Another person, in a browser of their own. */
export async function another(page: Page, baseURL: string | undefined): Promise<Page> {
  const context = await page.context().browser()!.newContext({ baseURL: baseURL!, locale: 'en-GB', timezoneId: 'Europe/Berlin' })
  return context.newPage()
}

/** The tab is looked at again, which is when a page asks at once what is new. */
export const lookAgain = (page: Page) => page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))

/** axe finds nothing, in light and in dark. */
export async function expectAccessible(page: Page) {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const told = violations.map(({ id, nodes }) => `${colorScheme}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
    expect(told).toEqual([])
  }
  await page.emulateMedia({ colorScheme: null })
}

/** A page that must ask nobody but the project and the service, break no rule of its policy and throw nothing. */
export const test = base.extend<{ watched: string[] }>({
  watched: [
    async ({ page, baseURL }, use) => {
      const wrong: string[] = []
      const known = [baseURL ?? '', setting('SUPABASE_URL'), setting('CASEBASE_URL')].map((url) => new URL(url).origin)
      page.on('pageerror', (error) => wrong.push(`thrown: ${error.message}`))
      page.on('console', (message) => {
        if (/Content Security Policy|Warning: /.test(message.text())) wrong.push(message.text())
      })
      page.on('request', (request) => {
        const url = new URL(request.url())
        if (/^https?:$/.test(url.protocol) && !known.includes(url.origin)) wrong.push(`asked: ${url.origin}`)
        if (/eyJ|access_token|refresh_token=/.test(url.search)) wrong.push(`a token in the address: ${url.pathname}`)
      })
      await use(wrong)
      expect(wrong).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }
