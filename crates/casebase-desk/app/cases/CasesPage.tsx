import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMyClients } from '../coming-in/Members'
import { useDesk } from '../desk'
import { Page } from '../frame/Page'
import { Empty, Failed, Loading } from '../frame/states'
import { Time } from '../frame/Time'
import { useLive } from '../live'
import { TextField } from '../search/TextField'
import { useStore } from '../store'
import { useWords } from '../words'
import { listCases, STATUSES, type CaseRow } from './queries'
import { PriorityMark, StatusMark } from './Status'

/** The cases of whoever looks, newest first. */
export function CasesPage() {
  const words = useWords()
  const { access } = useDesk()
  const search = useSearch({ from: '/members/cases' })
  const navigate = useNavigate()
  // What a link of the list keeps.
  const kept = search.text ? { text: search.text } : {}
  const status = STATUSES.find((one) => one === search.status)
  const clients = useMyClients()
  const often = useLive((clients.data ?? []).map(({ id }) => `casebase:client:${id}`), 10_000)
  const pages = useInfiniteQuery({
    queryKey: ['cases', 'list', status, search.text],
    queryFn: ({ pageParam }) => listCases(access, status, search.text, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: often,
  })
  const rows = pages.data?.pages.flatMap((page) =>
    page.cases.map((row, nth) => ({ row, lastActivity: page.last_activity[nth] ?? row.updated_at })),
  )
  return (
    <Page
      title={words.list.title}
      actions={
        <Link to="/cases/new" className="button primary">
          {words.menu.newCase}
        </Link>
      }
    >
      <nav className="filter" aria-label={words.list.filter}>
        <Link to="/cases" search={kept} activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}>
          {words.list.all}
        </Link>
        {STATUSES.map((one) => (
          <Link key={one} to="/cases" search={{ status: one, ...kept }} activeOptions={{ includeSearch: true }}>
            {words.status[one]}
          </Link>
        ))}
      </nav>
      <TextField label={words.search.inList} text={search.text ?? ''}
        onSearch={(text) => void navigate({ to: '/cases', search: { ...(status && { status }), ...(text && { text }) } })} />
      {pages.isPending && <Loading lines={6} />}
      {pages.isError && <Failed error={pages.error} onRetry={() => void pages.refetch()} />}
      {rows?.length === 0 && <NoCases filtered={status !== undefined} searched={search.text !== undefined} />}
      {rows && rows.length > 0 && (
        <ul className="cases">
          {rows.map(({ row, lastActivity }) => (
            <CaseLine key={row.id} row={row} lastActivity={lastActivity} />
          ))}
        </ul>
      )}
      {pages.hasNextPage && (
        <button type="button" className="more" aria-disabled={pages.isFetchingNextPage} onClick={() => void (pages.isFetchingNextPage || pages.fetchNextPage())}>
          {words.list.more}
        </button>
      )}
    </Page>
  )
}

function CaseLine({ row, lastActivity }: { row: CaseRow; lastActivity: string }) {
  const words = useWords()
  return (
    <li>
      <StatusMark status={row.status} />
      <Link to="/cases/$number" params={{ number: row.case_id }} className="case-title" dir="auto" preload="intent">
        {row.title}
      </Link>
      <span className="case-number">{row.case_id}</span>
      <span className="case-marks">
        {row.escalated_at && <span className="tag strong">{words.list.escalated}</span>}
        <PriorityMark priority={row.priority} />
      </span>
      <span className="muted when">
        <span className="unseen">{words.list.updated('')}</span>
        <Time at={lastActivity} />
      </span>
    </li>
  )
}

function NoCases({ filtered, searched }: { filtered: boolean; searched: boolean }) {
  const words = useWords()
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const clients = useMyClients()
  if (filtered || searched) {
    return (
      <Empty title={searched ? words.search.emptied : words.list.emptyFiltered}>
        <Link to="/cases" search={{}}>
          {words.list.showAll}
        </Link>
      </Empty>
    )
  }
  // Whose token still says client, and whose client has let them go.
  if (clients.data?.length === 0 && standing.is !== 'out' && standing.role === 'client') {
    return (
      <Empty title={words.comingIn.noRole}>
        <p className="muted">{words.comingIn.noRoleLead(standing.email)}</p>
      </Empty>
    )
  }
  return (
    <Empty title={words.list.empty}>
      <p className="muted">{words.list.emptyLead}</p>
      <Link to="/cases/new" className="button primary">
        {words.menu.newCase}
      </Link>
    </Empty>
  )
}
