import { describe, expect, it } from 'vitest'
import { inRequests } from './changing'
import { argumentsOf, isSame, narrowedBy, ORDERS, readFilter, readSearch, writeSearch } from './filter'
import type { CaseRow } from './queries'
import { NONE, toggled, withAll, without } from './selection'
import { countsOf, VIEWS } from './views'

const ALAN = '6f0c3a4e-0000-4000-8000-000000000001'

describe('the address of a queue', () => {
  it('is a saved view: written and read, it is the same filter', () => {
    const filter = readFilter({
      status: 'open,waiting', priority: 'urgent', assignee: `me,${ALAN}`, department: 'd1', client: 'c1,c2', stage: 'With the firm',
      tags: 'gate', created_from: '2026-11-01', updated_to: '2026-11-28', overdue: true, order: 'priority.desc',
    })
    expect(readFilter(writeSearch(filter))).toEqual(filter)
    expect(narrowedBy(filter)).toBe(10)
  })

  it.each([['a,b', 'c'], ['100%', '%2C'], ['2024'], ['ä ö', 'x=y&z']])('keeps tags whatever is in them: %s', (...tags) => {
    const filter = { ...readFilter({}), tags }
    expect(readFilter(writeSearch(filter)).tags).toEqual(tags)
  })

  it('says nothing of what narrows nothing', () => {
    expect(writeSearch(readFilter({ order: 'created_at.desc', overdue: false, status: '' }))).toEqual({})
  })

  it('leaves out what makes no sense', () => {
    const made = { status: 'done,open', priority: 7, created_from: 'yesterday', created_to: '2026-13-40', order: 'title', overdue: 'no', x: 1 }
    expect(readSearch(made)).toEqual({ status: 'open' })
  })

  it('has nobody beside nobody', () => {
    expect(readFilter({ assignee: `none,${ALAN}` }).assignee).toEqual(['none'])
    expect(argumentsOf(readFilter({ assignee: 'none' }), ALAN)).toEqual({ unassigned: true, order_by: ORDERS[0] })
  })

  it('means whoever looks by me', () => {
    expect(argumentsOf(readFilter({ assignee: 'me' }), ALAN)).toEqual({ assigned_to: [ALAN], order_by: ORDERS[0] })
  })

  it('includes the last day of a time', () => {
    const { created_from, created_before } = argumentsOf(readFilter({ created_from: '2026-11-28', created_to: '2026-11-28' }), ALAN)
    expect(created_from).toBe(new Date(2026, 10, 28).toISOString())
    expect(created_before).toBe(new Date(2026, 10, 29).toISOString())
  })

  it('is that of one view at most', () => {
    const views = Object.values(VIEWS)
    for (const view of views) expect(views.filter((other) => isSame(view, other))).toEqual([view])
    expect(isSame({ ...VIEWS.mine, after: 'x' }, VIEWS.mine)).toBe(false)
  })
})

it('the counts of the views are those of their statuses', () => {
  const row = { priority: 'low', count: 10, overdue: 1, unassigned: 4, mine: 2 } as const
  const counts = (['open', 'in_progress', 'waiting', 'resolved', 'closed'] as const).map((status) => ({ ...row, status }))
  expect(countsOf(counts)).toEqual({ ours: 20, mine: 6, unassigned: 12, overdue: 5, all: 50 })
})

describe('the selection', () => {
  const rows = [1, 2, 3, 4, 5].map((id) => ({ id }) as CaseRow)
  const keys = (selection: typeof NONE) => [...selection.chosen.keys()].sort()

  it('takes a case and gives it up again', () => {
    const one = toggled(NONE, rows, 2, false)
    expect(keys(one)).toEqual([2])
    expect(keys(toggled(one, rows, 2, false))).toEqual([])
  })

  it('goes on to another with shift, in both directions, and gives nothing up', () => {
    expect(keys(toggled(toggled(NONE, rows, 2, false), rows, 4, true))).toEqual([2, 3, 4])
    expect(keys(toggled(toggled(NONE, rows, 4, false), rows, 2, true))).toEqual([2, 3, 4])
    expect(keys(toggled(withAll(toggled(NONE, rows, 1, false), rows), rows, 3, true))).toEqual([1, 2, 3, 4, 5])
  })

  it('begins anew with shift where the last one is on no page that is shown', () => {
    const before = toggled(NONE, [{ id: 9 } as CaseRow], 9, false)
    expect(keys(toggled(before, rows, 3, true))).toEqual([3, 9])
  })

  it('keeps those of another page', () => {
    const all = withAll(withAll(NONE, rows), [{ id: 9 } as CaseRow])
    expect(keys(without(all, rows))).toEqual([9])
  })
})

describe('what is taken back', () => {
  it('is at most a thousand entries a request, and those of one case are in one', () => {
    const events = Array.from({ length: 700 }, (_, n) => [2 * n, 2 * n + 1])
    const requests = inRequests(events)
    expect(requests.map((one) => one.length)).toEqual([1000, 400])
    expect(requests.flat()).toEqual(events.flat())
    expect(inRequests([[1], ...Array.from({ length: 500 }, () => [2, 2])]).map((one) => one.length)).toEqual([999, 2])
  })
})
