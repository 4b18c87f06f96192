import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { useDesk } from '../desk'
import { Page } from '../frame/Page'
import { Empty, Failed, Loading } from '../frame/states'
import { useShortcut } from '../shortcuts'
import { useWords } from '../words'
import { ChangeDialog, type Kind } from './ChangeDialog'
import { updateCases, type Outcome } from './changing'
import { BulkActions, LastChange } from './Dock'
import { Filters, FiltersOn, type Narrow } from './Filters'
import { isSame, narrowedBy, ORDERS, readFilter, writeSearch, type Filter, type Order, type Search } from './filter'
import { listAll, listQueue, MOST_AT_ONCE, type CaseRow, type QueuePage as QueueRows } from './queries'
import { ReplyDialog } from './ReplyDialog'
import { focusedCase, Rows } from './Rows'
import { NONE, toggled, withAll, without, type Selection } from './selection'
import { useChanges } from './useChanges'
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

/** The page of cases that the address asks for, in one request, and what its first page counted. */
function useQueue() {
  const { access } = useDesk()
  const queries = useQueryClient()
  const search = useSearch({ from: '/members/cases' })
  const standing = access.standing.get()
  const me = standing.is === 'out' ? '' : standing.userId
  const filter = useMemo(() => readFilter(search), [search])
  const keyOf = (asked: Search) => ['cases', 'queue', asked]
  const page = useQuery({
    queryKey: keyOf(search),
    queryFn: () => listQueue(access, filter, me, search.after),
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  })
  const first = search.after ? queries.getQueryData<QueueRows>(keyOf(writeSearch(filter))) : page.data
  return { filter, search, page, first, me }
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

/** Which page came before, for as long as the desk is open. A link to a later page leads back to the first. */
const before = new Map<string, string | undefined>()

function Pages({ search, next }: { search: Search; next: string | undefined }) {
  const words = useWords().queue
  const { after, ...first } = search
  if (!after && !next) return null
  const earlier = after && before.get(after)
  return (
    <nav className="pages" aria-label={words.pages}>
      {after && (
        <Link to="/cases" search={earlier ? { ...first, after: earlier } : first} className="button">
          {before.has(after) ? words.previous : words.first}
        </Link>
      )}
      {next && (
        <Link to="/cases" search={{ ...first, after: next }} className="button" onClick={() => before.set(next, after)}>
          {words.next}
        </Link>
      )}
    </nav>
  )
}

const NO_PAGE: QueueRows = { cases: [], next_cursor: null, total: null, total_is_exact: false }

/** Another filter is another selection; another page is not. */
function useSelection(filter: Filter) {
  const of = JSON.stringify(writeSearch(filter))
  const [held, setHeld] = useState({ of, selection: NONE })
  const selection = held.of === of ? held.selection : NONE
  const change = useCallback(
    (changed: (now: Selection) => Selection) =>
      setHeld((now) => ({ of, selection: changed(now.of === of ? now.selection : NONE) })),
    [of],
  )
  return [selection, change] as const
}

/** What a window is open for. */
type Doing = { what: Kind | 'reply'; cases: readonly CaseRow[] }

/** The cases of a page, which of them are selected, and what is done with those. */
function Choosing({ page, filter, first, me, isComing }: {
  page: QueueRows
  filter: Filter
  first: QueueRows | undefined
  me: string
  isComing: boolean
}) {
  const words = useWords()
  const { access } = useDesk()
  const [selection, setSelection] = useSelection(filter)
  const [doing, setDoing] = useState<Doing>()
  const changes = useChanges()
  const rows = page.cases
  const choose = useCallback((key: number, further: boolean) => setSelection((now) => toggled(now, rows, key, further)), [rows])
  const chooseAll = useMutation({
    mutationFn: () => listAll(access, filter, me),
    onSuccess: (all) => setSelection((now) => withAll({ ...now, chosen: new Map() }, all)),
  })

  /** The selected ones, or the one that has the focus. */
  const meant = (): readonly CaseRow[] => {
    if (selection.chosen.size) return [...selection.chosen.values()]
    const key = focusedCase()
    return rows.filter(({ id }) => id === key)
  }
  const begin = (what: Doing['what']) => {
    const cases = meant()
    if (cases.length) setDoing({ what, cases })
  }
  const finish = (what: 'changed' | 'sent', outcome: Outcome, cases: readonly CaseRow[]) => {
    changes.note(what, outcome, new Map(cases.map((row) => [row.id, row])))
    // What was refused stays selected, to go on with.
    const refused = new Set(outcome.told.filter(({ result }) => result === 'refused').map(({ id }) => id))
    setSelection((now) => without(now, cases.filter(({ id }) => !refused.has(id))))
    setDoing(undefined)
  }
  const resolve = useMutation({
    mutationFn: (cases: readonly CaseRow[]) => updateCases(access, cases, { status: 'resolved' }),
    onSuccess: (outcome, cases) => finish('changed', outcome, cases),
  })
  useShortcut('a', words.bulk.key.assign, () => begin('assign'))
  useShortcut('s', words.bulk.key.status, () => begin('status'))
  useShortcut('p', words.bulk.key.priority, () => begin('priority'))
  useShortcut('d', words.bulk.key.department, () => begin('department'))
  useShortcut('t', words.bulk.key.tags, () => begin('tags'))
  useShortcut('r', words.bulk.key.reply, () => begin('reply'))
  useShortcut('e', words.bulk.key.resolve, () => {
    const cases = meant()
    if (cases.length && !resolve.isPending) resolve.mutate(cases)
  })
  useShortcut('Escape', words.queue.chooseNone, () => setSelection(() => NONE), selection.chosen.size > 0)

  const chosenHere = rows.filter(({ id }) => selection.chosen.has(id)).length
  const isMore = (page.next_cursor !== null || rows !== first?.cases) && selection.chosen.size < Math.min(first?.total ?? MOST_AT_ONCE, MOST_AT_ONCE)
  const allLabel = words.queue.chooseAll(Math.min(first?.total ?? MOST_AT_ONCE, MOST_AT_ONCE), first?.total_is_exact ?? false)
  return (
    <div className={isComing ? 'queue-box coming' : 'queue-box'} aria-busy={isComing}>
      {rows.length > 0 && (
        <>
          <label className="check choose-page">
            <input
              type="checkbox"
              checked={chosenHere === rows.length}
              ref={(box) => {
                if (box) box.indeterminate = chosenHere > 0 && chosenHere < rows.length
              }}
              onChange={() => setSelection((now) => (chosenHere === rows.length ? without(now, rows) : withAll(now, rows)))}
            />
            {words.queue.choosePage}
          </label>
          <Rows rows={rows} activity={page.last_activity} selection={selection} onChoose={choose} />
        </>
      )}
      <p className="unseen" role="status">
        {selection.chosen.size > 0 && words.queue.chosen(selection.chosen.size)}
      </p>
      <div className="dock">
        <LastChange changes={changes} />
        {resolve.isError && <Failed error={resolve.error} />}
        {chooseAll.isError && <Failed error={chooseAll.error} />}
        {selection.chosen.size > 0 && (
          <BulkActions chosen={selection.chosen.size} all={isMore ? { label: allLabel, isPending: chooseAll.isPending } : undefined}
            onAll={() => chooseAll.mutate()} onKind={begin} onReply={() => begin('reply')} onNone={() => setSelection(() => NONE)} />
        )}
      </div>
      {doing && doing.what !== 'reply' && (
        <ChangeDialog kind={doing.what} cases={doing.cases} onClose={() => setDoing(undefined)}
          onDone={(outcome) => finish('changed', outcome, doing.cases)} />
      )}
      {doing?.what === 'reply' && (
        <ReplyDialog cases={doing.cases} onClose={() => setDoing(undefined)} onDone={(outcome) => finish('sent', outcome, doing.cases)} />
      )}
    </div>
  )
}
