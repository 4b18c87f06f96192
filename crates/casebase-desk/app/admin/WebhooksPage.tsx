import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useDesk } from '../desk'
import { Page } from '../frame/Page'
import { Empty, Failed, Loading } from '../frame/states'
import { Time } from '../frame/Time'
import { answer } from '../refusal'
import { useAdminWords } from '../words/admin'
import { Chart } from './Chart'
import { Deliveries } from './Deliveries'
import { DeleteEndpoint, EndpointForm, Recover, Rotate, ShownSecret, SwitchEndpointOff, type Made } from './endpoint'
import { useEndpoints, useEndpointStatus, type Endpoint, type EndpointStatus } from './queries'
import { UndoNotice, useUndoable, type Undo } from './Undoable'

/** Who is told what happens, and how that goes: all of them, or one. */
export function WebhooksPage() {
  const words = useAdminWords()
  const { endpoint: id } = useSearch({ from: '/members/admin/webhooks' })
  const undo = useUndoable()
  const endpoints = useEndpoints()
  const status = useEndpointStatus()
  const [adding, setAdding] = useState(false)
  // Held by this page alone, and gone with it: it stands in no address and in no storage.
  const [made, setMade] = useState<Made>()
  const failed = [endpoints, status].find(({ isError }) => isError)
  const shown = endpoints.data?.find((one) => one.id === id)
  const statusOf = (one: Endpoint) => status.data?.find(({ endpoint_id }) => endpoint_id === one.id)
  return (
    <Page title={words.parts.webhooks} className="admin-page" lead={<p className="lead">{words.webhooks.lead}</p>}
      actions={!id && <button type="button" className="primary" onClick={() => setAdding(true)}>{words.webhooks.addEndpoint}</button>}>
      <UndoNotice undo={undo} />
      {failed && <Failed error={failed.error} onRetry={() => void Promise.all([endpoints.refetch(), status.refetch()])} />}
      {endpoints.isPending && <Loading />}
      {id && <p><Link to="/admin/webhooks">{words.webhooks.back}</Link></p>}
      {endpoints.data && !id && <EndpointList endpoints={endpoints.data} statusOf={statusOf} />}
      {shown && <OneEndpoint key={shown.id} endpoint={shown} status={statusOf(shown)} undo={undo} onSecret={setMade} />}
      {endpoints.data?.length === 0 && !id && <Empty title={words.webhooks.none}><p className="muted">{words.webhooks.noneHint}</p></Empty>}
      {!id && Boolean(endpoints.data?.length) && <Chart />}
      {adding && <EndpointForm undo={undo} onMade={setMade} onClose={() => setAdding(false)} />}
      {made && <ShownSecret made={made} onClose={() => setMade(undefined)} />}
    </Page>
  )
}

const targetOf = ({ url }: { url: string | null }, words: ReturnType<typeof useAdminWords>) => url ?? words.webhooks.fetched

function EndpointList({ endpoints, statusOf }: { endpoints: Endpoint[]; statusOf: (one: Endpoint) => EndpointStatus | undefined }) {
  const words = useAdminWords()
  return (
    <ul className="entries" aria-label={words.parts.webhooks}>
      {endpoints.map((one) => {
        const status = statusOf(one)
        return (
          <li key={one.id}>
            <div className="entry-what">
              <p className="entry-name">
                <Link to="/admin/webhooks" search={{ endpoint: one.id }}><span dir="auto">{targetOf(one, words)}</span></Link>
                {status && <Wellness status={status} />}
              </p>
              {one.description && <p dir="auto">{one.description}</p>}
              {status && <Glance status={status} />}
            </div>
          </li>
        )
      })}
    </ul>
  )
}

function Wellness({ status }: { status: EndpointStatus }) {
  const words = useAdminWords().webhooks
  if (!status.enabled) return <span className="tag strong">{words.disabled}</span>
  if (status.failing_since) return <span className="tag strong">{words.failing}</span>
  return <span className="tag">{status.delivered_at ? words.well : words.unused}</span>
}

/** How one is doing, in a line. */
function Glance({ status }: { status: EndpointStatus }) {
  const all = useAdminWords()
  const words = all.webhooks
  return (
    <p className="muted glance">
      <span>{words.delivered}: {status.delivered_at ? <Time at={status.delivered_at} /> : all.never}</span>
      {status.failing_since && <span className="wrong">{words.failingSince}: <Time at={status.failing_since} /></span>}
      <span>{words.waiting}: {words.upTo10k(status.unfinished)}</span>
      <span>{words.dead}: {words.upTo10k(status.undelivered)}</span>
    </p>
  )
}

type Open = 'edit' | 'rotate' | 'off' | 'recover' | 'delete'

function OneEndpoint({ endpoint, status, undo, onSecret }: {
  endpoint: Endpoint
  status: EndpointStatus | undefined
  undo: Undo
  onSecret: (made: Made) => void
}) {
  const all = useAdminWords()
  const words = all.webhooks
  const { access } = useDesk()
  const navigate = useNavigate({ from: '/admin/webhooks' })
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  const { id } = endpoint
  const rpc = access.supabase
  const enable = (enabled: boolean) => answer(rpc.rpc('update_webhook_endpoint', { endpoint_id: id, enabled }))
  const retry = async () => {
    let due = 0
    await undo.attempt(async () => (due = await answer<number>(rpc.rpc('retry_webhook_deliveries', { endpoint_id: id }))), { text: '' })
    await undo.tell({ text: words.retried(due) })
  }
  return (
    <>
      <section aria-labelledby="endpoint" className="endpoint">
        <div className="section-head">
          <h2 id="endpoint" dir="auto">{targetOf(endpoint, all)}</h2>
          {status && <Wellness status={status} />}
        </div>
        {endpoint.description && <p dir="auto" className="as-written">{endpoint.description}</p>}
        {status && <Glance status={status} />}
        {status?.disabled_reason && <p className="notice bad">{words.whyOff}: {status.disabled_reason}</p>}
        <p className="muted">{words.eventTypes}: {endpoint.event_types?.length ? endpoint.event_types.join(', ') : words.everything}</p>
        {endpoint.public_keys?.map((key) => (
          <p key={key} className="muted">{words.publicKey}: <code className="as-written">{key}</code></p>
        ))}
        <div className="form-actions">
          <button type="button" onClick={() => setOpen('edit')}>{all.edit}</button>
          {endpoint.enabled ? (
            <>
              <button type="button"
                onClick={() => void undo.attempt(() => answer(rpc.rpc('send_test_webhook', { endpoint_id: id })), { text: words.testSent })}>
                {words.test}
              </button>
              <button type="button" onClick={() => void retry()}>{words.retry}</button>
              <button type="button" onClick={() => setOpen('recover')}>{words.recover}</button>
              <button type="button" onClick={() => setOpen('rotate')}>{words.rotate}</button>
              <button type="button" onClick={() => setOpen('off')}>{all.switchOff}</button>
            </>
          ) : (
            <button type="button" onClick={() => void undo.attempt(() => enable(true), { text: all.switchedOn(targetOf(endpoint, all)), undo: () => enable(false) })}>
              {all.switchOn}
            </button>
          )}
          <button type="button" className="quiet" onClick={() => setOpen('delete')}>{all.delete}</button>
        </div>
      </section>
      <Chart endpoint={id} />
      <Deliveries endpoint={id} undo={undo} />
      {open === 'edit' && <EndpointForm endpoint={endpoint} undo={undo} onMade={onSecret} onClose={close} />}
      {open === 'rotate' && <Rotate endpoint={endpoint} onMade={onSecret} onClose={close} />}
      {open === 'off' && <SwitchEndpointOff name={targetOf(endpoint, all)} enable={enable} undo={undo} onClose={close} />}
      {open === 'recover' && <Recover endpoint={endpoint} undo={undo} onClose={close} />}
      {open === 'delete' && (
        <DeleteEndpoint endpoint={endpoint} name={targetOf(endpoint, all)} undo={undo} onClose={close}
          onDeleted={() => void navigate({ to: '/admin/webhooks', search: {} })} />
      )}
    </>
  )
}
