import type { Status } from '../cases/queries'
import { readFilter, writeSearch, type Search } from './filter'
import type { Count } from './queries'

// The views that everybody needs, each one key away.

const view = (search: Record<string, unknown>): Search => writeSearch(readFilter(search))

const OURS: readonly Status[] = ['open', 'in_progress']
const UNDONE: readonly Status[] = [...OURS, 'waiting']

export const VIEWS = {
  /** The next move is ours, what is due first; without a deadline, the oldest. */
  ours: view({ status: OURS.join(), order: 'due_at.asc' }),
  mine: view({ status: UNDONE.join(), assignee: 'me', order: 'due_at.asc' }),
  unassigned: view({ status: UNDONE.join(), assignee: 'none', order: 'priority.desc' }),
  overdue: view({ overdue: true, order: 'due_at.asc' }),
  all: {},
} as const satisfies Record<string, Search>

export type View = keyof typeof VIEWS

/** How many cases there are in each view, of the counts by status and priority. */
export function countsOf(counts: readonly Count[]): Record<View, number> {
  const sum = (statuses: readonly Status[] | undefined, of: 'count' | 'mine' | 'unassigned' | 'overdue') =>
    counts.filter(({ status }) => !statuses || statuses.includes(status)).reduce((total, row) => total + row[of], 0)
  return {
    ours: sum(OURS, 'count'),
    mine: sum(UNDONE, 'mine'),
    unassigned: sum(UNDONE, 'unassigned'),
    overdue: sum(undefined, 'overdue'),
    all: sum(undefined, 'count'),
  }
}
