import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useDesk } from '../desk'
import { Page } from '../frame/Page'
import { Empty, Failed, Loading } from '../frame/states'
import { useLive, useNotices } from '../live'
import { useDepartments } from '../people/queries'
import { useWords } from '../words'
import { Choosing } from './Choosing'
import { Filters, FiltersOn, type Narrow } from './Filters'
import { isSame, narrowedBy, ORDERS, readFilter, writeSearch, type Filter, type Order, type Search } from './filter'
import { Pages } from './Pages'
import { listQueue, type QueuePage as QueueRows } from './queries'
import { ViewLinks } from './ViewLinks'
import { VIEWS } from './views'

/** The cases that whoever is on the staff sees: narrowed, ordered, and changed many at once. */
export function QueuePage() {
  const { filter, search, first, page, me } = useQueue()
  const words = useWords()
  const navigate = useNavigate()
  const narrow: Narrow = (change) =>
    void navigate({ to: '/cases', search: writeSearch({ ...filter, ...change }), replace: true, resetScroll: false })
  return (
    <Page
      title={words.list.title}
      className="wide"
      actions={
        <Link to="/cases/new" className="button primary">
          {words.menu.newCase}
        </Link>
      }
    >
      <ViewLinks search={search} />
      <div className="queue-tools">
        <Filters filter={filter} onChange={narrow} />
        <FiltersOn filter={filter} onChange={narrow} onClear={() => narrow({ ...readFilter({}), order: filter.order })} />
        <Sorting order={filter.order} onChange={(order) => narrow({ order })} />
        <p className="muted total" role="status">
          {first && words.queue.total(first.total ?? 0, first.total_is_exact)}
        </p>
      </div>
      {page.isPending && <Loading lines={12} />}
      {page.isError && <Failed error={page.error} onRetry={() => void page.refetch()} />}
      {page.data?.cases.length === 0 && <NoCases filter={filter} search={search} />}
      <Choosing page={page.data ?? NO_PAGE} filter={filter} first={first} me={me} isComing={page.isPlaceholderData} />
      <Pages search={search} next={page.data?.next_cursor ?? undefined} />
    </Page>
  )
}

const NO_PAGE: QueueRows = { cases: [], last_activity: [], next_cursor: null, total: null, total_is_exact: false }

/** The page of cases that the address asks for, in one request, and what its first page counted. */
function useQueue() {
  const { access } = useDesk()
  const queries = useQueryClient()
  const search = useSearch({ from: '/members/cases' })
  const standing = access.standing.get()
  const me = standing.is === 'out' ? '' : standing.userId
  const filter = useMemo(() => readFilter(search), [search])
  const keyOf = (asked: Search) => ['cases', 'queue', asked]
  const often = useLive(useTopics(me), 10_000)
  const page = useQuery({
    queryKey: keyOf(search),
    queryFn: () => listQueue(access, filter, me, search.after),
    refetchInterval: often,
    placeholderData: keepPreviousData,
  })
  const first = search.after ? queries.getQueryData<QueueRows>(keyOf(writeSearch(filter))) : page.data
  return { filter, search, page, first, me }
}

/** So many topics a page may well be on. */
const MANY = 50

/** What tells of every case that is in sight: those of the departments, and the reader's own. */
function useTopics(me: string): string[] {
  const { isOn, standing } = useNotices()
  const departments = useDepartments(isOn)
  if (!isOn || !departments.data) return []
  const seen = departments.data.filter(
    (one) => standing !== 'assigned' && (standing !== 'departments' || one.staff_departments.some(({ user_id }) => user_id === me)),
  )
  return seen.length > MANY ? [] : [`casebase:staff:${me}`, ...seen.map(({ id }) => `casebase:department:${id}`)]
}

function Sorting({ order, onChange }: { order: Order; onChange: (order: Order) => void }) {
  const words = useWords().queue
  return (
    <label className="sorting">
      <span className="unseen">{words.sort}</span>
      <select value={order} title={words.sort} onChange={(event) => onChange(event.target.value as Order)}>
        {ORDERS.map((one) => (
          <option key={one} value={one}>
            {words.order[one]}
          </option>
        ))}
      </select>
    </label>
  )
}

function NoCases({ filter, search }: { filter: Filter; search: Search }) {
  const words = useWords()
  if (search.after) return <Empty title={words.queue.emptyPage} />
  const isView = Object.values(VIEWS).some((view) => isSame(view, search))
  if (isView || !narrowedBy(filter)) {
    return (
      <Empty title={words.queue.empty}>
        <p className="muted">{words.queue.emptyLead}</p>
      </Empty>
    )
  }
  return (
    <Empty title={words.queue.emptyFiltered}>
      <Link to="/cases" search={{}}>
        {words.queue.clear}
      </Link>
    </Empty>
  )
}
