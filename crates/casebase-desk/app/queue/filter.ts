import type { Database } from '../../../../types/database'
import { STATUSES } from '../cases/queries'

// What a queue is narrowed by and how it is ordered: as its address says it, and as the database is asked. An address is a
// saved view, so what it says is what is asked, for whoever opens it.

export const ORDERS = [
  'created_at.desc', 'created_at.asc', 'updated_at.desc', 'updated_at.asc', 'priority.desc', 'priority.asc', 'due_at.asc',
] as const
export type Order = (typeof ORDERS)[number]

export const PRIORITIES = ['urgent', 'high', 'medium', 'low'] as const

/** Whoever looks. */
export const ME = 'me'
/** Nobody: never beside somebody. */
export const NOBODY = 'none'

export const FACETS = ['status', 'stage', 'priority', 'assignee', 'department', 'client', 'tags'] as const
export type Facet = (typeof FACETS)[number]

/** Days, as `2026-11-28`, both of them included. */
export const DAYS = ['created_from', 'created_to', 'updated_from', 'updated_to'] as const
export type Day = (typeof DAYS)[number]

export type Filter = { [F in Facet]: readonly string[] } & { [D in Day]: string | undefined } & {
  overdue: boolean
  /** Words that the cases have, as somebody typed them. */
  text: string
  order: Order
}

/** A filter in an address: what narrows nothing isn't there. `after` is where a later page begins. */
export type Search = { [Name in Facet | Day | 'text' | 'order' | 'after']?: string } & { overdue?: true }

const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))

/** Several values in one parameter. A comma or percent sign of their own is encoded. */
const listed = (values: readonly string[]) => values.map((value) => value.replace(/[%,]/g, encodeURIComponent)).join()

function unlisted(text: string): string[] {
  const values = text.split(',').filter(Boolean).map((value) => value.replaceAll('%2C', ',').replaceAll('%25', '%'))
  return [...new Set(values)]
}

const textOf = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** Whatever an address says; what makes no sense is left out. Words that only the database knows are its to refuse. */
export function readFilter(search: Record<string, unknown>): Filter {
  const list = (facet: Facet) => unlisted(textOf(search[facet]))
  const day = (name: Day) => [textOf(search[name])].find(isDay)
  const assignee = list('assignee')
  return {
    status: list('status').filter((word) => STATUSES.some((one) => one === word)),
    stage: list('stage'),
    priority: list('priority').filter((word) => PRIORITIES.some((one) => one === word)),
    assignee: assignee.includes(NOBODY) ? [NOBODY] : assignee,
    department: list('department'),
    client: list('client'),
    tags: list('tags'),
    created_from: day('created_from'),
    created_to: day('created_to'),
    updated_from: day('updated_from'),
    updated_to: day('updated_to'),
    overdue: search['overdue'] === true,
    text: textOf(search['text']).trim(),
    order: ORDERS.find((one) => one === search['order']) ?? ORDERS[0],
  }
}

export function writeSearch(filter: Filter): Search {
  const search: Search = {}
  for (const facet of FACETS) {
    if (filter[facet].length) search[facet] = listed(filter[facet])
  }
  for (const day of DAYS) {
    const value = filter[day]
    if (value) search[day] = value
  }
  if (filter.overdue) search.overdue = true
  if (filter.text) search.text = filter.text
  if (filter.order !== ORDERS[0]) search.order = filter.order
  return search
}

/** What a route keeps of an address. */
export function readSearch(search: Record<string, unknown>): Search {
  const after = textOf(search['after'])
  return { ...writeSearch(readFilter(search)), ...(after && { after }) }
}

export const isSame = (one: Search, other: Search) => JSON.stringify(readSearch(one)) === JSON.stringify(readSearch(other))

/** How many things narrow it. */
export const narrowedBy = (filter: Filter): number =>
  [...FACETS.map((facet) => filter[facet].length > 0), ...DAYS.map((day) => filter[day]), filter.overdue, filter.text].filter(Boolean).length

type Arguments = Database['public']['Functions']['list_cases']['Args']

/** The filter as `rpc/list_cases` takes it. Days are those of whoever looks. */
export function argumentsOf(filter: Filter, me: string): Arguments {
  const words = (values: readonly string[]) => (values.length ? [...values] : undefined)
  const isNobody = filter.assignee.includes(NOBODY)
  const asked = {
    status: words(filter.status),
    stage: words(filter.stage),
    priority: words(filter.priority),
    assigned_to: isNobody ? undefined : words(filter.assignee.map((one) => (one === ME ? me : one))),
    unassigned: isNobody || undefined,
    department_id: words(filter.department),
    client_id: words(filter.client),
    tags: words(filter.tags),
    overdue: filter.overdue || undefined,
    search: filter.text || undefined,
    created_from: startOf(filter.created_from, 0),
    created_before: startOf(filter.created_to, 1),
    updated_from: startOf(filter.updated_from, 0),
    updated_before: startOf(filter.updated_to, 1),
    order_by: filter.order,
  }
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as Arguments
}

/** When a day begins here, so many days later. */
function startOf(day: string | undefined, later: number): string | undefined {
  if (!day) return undefined
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + later).toISOString()
}
