import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useDesk } from '../desk'
import { useShortcut } from '../shortcuts'
import { useWords } from '../words'
import { isSame, type Search } from './filter'
import { countCases } from './queries'
import { countsOf, VIEWS, type View } from './views'

const ORDERED = Object.keys(VIEWS) as View[]

/** The views that everybody needs, with how many cases are in each. */
export function ViewLinks({ search }: { search: Search }) {
  const words = useWords().queue
  const { access } = useDesk()
  const { data } = useQuery({ queryKey: ['cases', 'counts'], queryFn: () => countCases(access), staleTime: 10_000, refetchInterval: 30_000 })
  const counts = data && countsOf(data)
  const { after: _, ...first } = search
  return (
    <nav className="filter views" aria-label={words.views}>
      {ORDERED.map((view, at) => (
        <ToView key={view} view={view} nth={at + 1} count={counts?.[view]} isShown={isSame(VIEWS[view], first)} />
      ))}
    </nav>
  )
}

function ToView({ view, nth, count, isShown }: { view: View; nth: number; count: number | undefined; isShown: boolean }) {
  const words = useWords().queue
  const navigate = useNavigate()
  const search: Search = VIEWS[view]
  useShortcut(String(nth), words.showView(words.view[view]), () => void navigate({ to: '/cases', search }))
  return (
    // A queue that is narrowed further is another one.
    <Link to="/cases" search={search} activeOptions={{ exact: true, explicitUndefined: true }} aria-current={isShown ? 'page' : undefined}
      title={String(nth)}>
      {words.view[view]} <span className="count">{count}</span>
    </Link>
  )
}
