import { Link, useSearch } from '@tanstack/react-router'
import { useDesk } from '../desk'
import { Failed, Loading } from '../frame/states'
import { Time } from '../frame/Time'
import { answer } from '../refusal'
import { useAdminWords } from '../words/admin'
import { useAdmin, type Activity } from './queries'

const HOUR = 3_600_000

/** How many bars, and how much time is one: in milliseconds, and as the database's interval. */
const SPANS = { day: [24, HOUR, '1 hour'], week: [28, 6 * HOUR, '6 hours'], month: [30, 24 * HOUR, '1 day'] } as const
export type Span = keyof typeof SPANS
export const isSpan = (text: unknown): text is Span => typeof text === 'string' && text in SPANS

const [WIDTH, HEIGHT] = [600, 120]

/** Requests over time, those that were taken below those that failed: one question of the database. */
export function Chart({ endpoint }: { endpoint?: string }) {
  const words = useAdminWords().webhooks
  const { access } = useDesk()
  const search = useSearch({ from: '/members/admin/webhooks' })
  const span = search.span ?? 'day'
  const activity = useAdmin(['activity', endpoint, span], (supabase) => {
    const [most, length, step] = SPANS[span]
    // Bars begin at full hours, and the last one is that of now.
    const since = Math.floor(access.now() / length) * length - (most - 1) * length
    return answer<Activity[]>(
      supabase.rpc('webhook_activity', { since: new Date(since).toISOString(), step, ...(endpoint && { for_endpoint: endpoint }) }),
    )
  })
  const bars = activity.data ?? []
  const sum = (of: 'delivered' | 'failed') => bars.reduce((n, one) => n + one[of], 0)
  return (
    <section aria-labelledby="chart">
      <div className="section-head">
        <h2 id="chart">{words.chart}</h2>
        <nav className="spans" aria-label={words.chart}>
          {(Object.keys(SPANS) as Span[]).map((one) => (
            <Link key={one} to="/admin/webhooks" search={{ ...search, span: one }} replace aria-current={one === span ? 'true' : undefined} activeProps={{}}>
              {words.chartOf[one]}
            </Link>
          ))}
        </nav>
      </div>
      {activity.isPending && <Loading lines={3} />}
      {activity.isError && <Failed error={activity.error} onRetry={() => void activity.refetch()} />}
      {activity.data && (
        <>
          <Bars bars={bars} label={words.chartSummary(sum('delivered'), sum('failed'))} />
          <p className="axis muted" aria-hidden="true">
            {bars[0] && <Time at={bars[0].begins_at} exactly />}
            <span>{words.highest(Math.max(0, ...bars.map((one) => one.delivered + one.failed)))}</span>
            <span>{words.now}</span>
          </p>
          <p className="legend">
            <span className="is-taken">{sum('delivered')} {words.taken}</span> <span className="is-failed">{sum('failed')} {words.failed}</span>
          </p>
          <details className="as-table">
            <summary>{words.asTable}</summary>
            <table className="history">
              <thead><tr><th scope="col">{words.time}</th><th scope="col">{words.taken}</th><th scope="col">{words.failed}</th></tr></thead>
              <tbody>
                {bars.filter((one) => one.delivered + one.failed > 0).map((one) => (
                  <tr key={one.begins_at}><td><Time at={one.begins_at} exactly /></td><td>{one.delivered}</td><td>{one.failed}</td></tr>
                ))}
              </tbody>
            </table>
          </details>
        </>
      )}
    </section>
  )
}

function Bars({ bars, label }: { bars: Activity[]; label: string }) {
  const highest = Math.max(1, ...bars.map((one) => one.delivered + one.failed))
  const wide = WIDTH / Math.max(1, bars.length)
  const high = (n: number) => (n / highest) * (HEIGHT - 2)
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="chart" role="img" aria-label={label} preserveAspectRatio="none">
      {bars.map((one, nth) => (
        <g key={one.begins_at}>
          <rect className="is-taken" x={nth * wide + 1} width={Math.max(1, wide - 2)} y={HEIGHT - high(one.delivered)} height={high(one.delivered)} />
          <rect className="is-failed" x={nth * wide + 1} width={Math.max(1, wide - 2)} y={HEIGHT - high(one.delivered + one.failed)} height={high(one.failed)} />
        </g>
      ))}
    </svg>
  )
}
