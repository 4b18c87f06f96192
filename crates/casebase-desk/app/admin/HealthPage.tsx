import type { ReactNode } from 'react'
import { size } from '../files/bytes'
import { Page } from '../frame/Page'
import { Failed } from '../frame/states'
import { Time } from '../frame/Time'
import { useLanguage } from '../words'
import { useAdminWords } from '../words/admin'
import { useHealth, type Health } from './queries'

/** How late a delivery may be, and a file's verification, before the page says that something is wrong: in milliseconds. */
const LATE = 60_000
const LATE_FILE = 15 * 60_000

/** How the project is doing, in one answer of the database's. */
export function HealthPage() {
  const words = useAdminWords()
  const health = useHealth()
  return (
    <Page title={words.parts.health} className="admin-page"
      lead={health.data && <p className="lead">{words.health.asOf} <Time at={health.data.at} exactly /></p>}>
      {health.isError && <Failed error={health.error} onRetry={() => void health.refetch()} />}
      {health.data && (
        <div className="cards">
          <Hook health={health.data} />
          <Worker health={health.data} />
          <Queue health={health.data} />
          <Files health={health.data} />
          <Rates health={health.data} />
          <Schema health={health.data} />
          <Storage health={health.data} />
        </div>
      )}
    </Page>
  )
}

function Card({ title, wrong, children }: { title: string; wrong?: boolean; children: ReactNode }) {
  return (
    <section className={wrong ? 'card is-wrong' : 'card'}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

function Facts({ facts }: { facts: readonly (readonly [number, string])[] }) {
  const { number } = useAdminWords().health
  return (
    <ul className="facts">
      {facts.map(([n, what]) => (
        <li key={what}><strong>{number(n)}</strong> {what}</li>
      ))}
    </ul>
  )
}

function Hook({ health }: { health: Health }) {
  const words = useAdminWords().health
  const at = health.hook_answered_at
  return (
    <Card title={words.hook} wrong={!at}>
      <p>{at ? <>{words.hookWell} <Time at={at} /></> : words.hookNever}</p>
    </Card>
  )
}

function Worker({ health }: { health: Health }) {
  const words = useAdminWords().health
  const { connections, oldest_due_at: due } = health.webhooks
  const isLate = due !== null && Date.parse(health.at) - Date.parse(due) > LATE
  return (
    <Card title={words.worker} wrong={isLate || connections === 0}>
      <p>{connections ? words.connections(connections) : words.noWorker}</p>
      <p>{due && isLate ? <>{words.late} <Time at={due} /></> : words.onTime}</p>
    </Card>
  )
}

function Queue({ health: { webhooks } }: { health: Health }) {
  const words = useAdminWords().health
  return (
    <Card title={words.queue}>
      <Facts facts={[[webhooks.pending, words.due], [webhooks.waiting, words.behind], [webhooks.leased, words.sending], [webhooks.undelivered, words.dead]]} />
    </Card>
  )
}

function Files({ health }: { health: Health }) {
  const words = useAdminWords().health
  const { files } = health
  const oldest = files.oldest_uploaded_at
  return (
    <Card title={words.files} wrong={oldest !== null && Date.parse(health.at) - Date.parse(oldest) > LATE_FILE}>
      <Facts facts={[[files.uploaded, words.verified], [files.pending, words.reserved], [files.deleting, words.deleting]]} />
      {oldest && <p>{words.oldest} <Time at={oldest} /></p>}
    </Card>
  )
}

function Rates({ health: { last_hour: rates } }: { health: Health }) {
  const words = useAdminWords().health
  return (
    <Card title={words.rates}>
      <Facts facts={(['cases', 'interactions', 'events', 'deliveries'] as const).map((one) => [rates[one], words.rate[one] ?? one] as const)} />
    </Card>
  )
}

function Schema({ health }: { health: Health }) {
  const words = useAdminWords().health
  return (
    <Card title={words.schema} wrong={!health.schema_version}>
      <p>{health.schema_version ? <code>{health.schema_version}</code> : words.noSchema}</p>
    </Card>
  )
}

function Storage({ health: { storage } }: { health: Health }) {
  const words = useAdminWords().health
  const language = useLanguage()
  const most = storage.most_bytes
  return (
    <Card title={words.storage} wrong={most !== null && storage.clients.some((one) => one.used_bytes > 0.9 * most)}>
      <p className="muted">{most === null ? words.noQuota : words.quota(size(most, language))} {storage.clients.length > 0 && words.storageLead}</p>
      {!storage.clients.length && <p>{words.noStorage}</p>}
      <ul className="quotas">
        {storage.clients.map((one) => (
          <li key={one.client_id}>
            <a href={`#/admin/people?part=clients&client=${one.client_id}`} dir="auto">{one.name ?? one.client_id}</a>
            <span>{size(one.used_bytes, language)}</span>
            {most !== null && most > 0 && <progress value={Math.min(one.used_bytes, most)} max={most} aria-label={one.name ?? one.client_id} />}
          </li>
        ))}
      </ul>
    </Card>
  )
}
