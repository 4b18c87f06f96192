import { Link, Outlet } from '@tanstack/react-router'
import { Page } from '../frame/Page'
import { Failed, Loading } from '../frame/states'
import { asRefusal } from '../refusal'
import { useAdminWords } from '../words/admin'
import { useHealth } from './queries'

const PARTS = ['people', 'structure', 'webhooks', 'health'] as const

/** The pages for admins. Who is none is told so by the database, which is asked first. */
export function AdminPage() {
  const words = useAdminWords()
  const health = useHealth()
  const isRefused = health.isError && ['forbidden', 'byPolicy'].includes(asRefusal(health.error).kind)
  if (isRefused) {
    return (
      <Page title={words.refusedTitle} className="narrow">
        <p className="lead">{words.refusedLead}</p>
        <Failed error={health.error} onRetry={() => void health.refetch()} />
      </Page>
    )
  }
  if (health.isPending) return <Loading />
  return (
    <div className="admin">
      <nav className="filter" aria-label={words.title}>
        {PARTS.map((part) => (
          <Link key={part} to={`/admin/${part}`} activeOptions={{ includeSearch: false }}>
            {words.parts[part]}
          </Link>
        ))}
      </nav>
      <Outlet />
    </div>
  )
}
