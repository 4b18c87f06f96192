import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Failed, Loading } from '../frame/states'
import { Time } from '../frame/Time'
import { answer } from '../refusal'
import { isBlank } from '../rules'
import { useAdminWords } from '../words/admin'
import { bytesIn } from './reading'
import { PAGE, useAdmin, useDeliveries, type Attempt, type Delivery } from './queries'
import type { Undo } from './Undoable'

const STATES = ['pending', 'waiting', 'leased', 'delivered', 'failed', 'skipped'] as const

/** What was and is to be sent to an endpoint, a page at a time. */
export function Deliveries({ endpoint, undo }: { endpoint: string; undo: Undo }) {
  const words = useAdminWords().webhooks
  const { state, before, delivery: open, ...search } = useSearch({ from: '/members/admin/webhooks' })
  const navigate = useNavigate({ from: '/admin/webhooks' })
  const deliveries = useDeliveries(endpoint, state, before)
  const last = deliveries.data?.at(-1)
  const here = { ...search, state, before }
  return (
    <section aria-labelledby="deliveries">
      <div className="section-head"><h2 id="deliveries">{words.deliveries}</h2></div>
      <nav className="filter" aria-label={words.states}>
        {[undefined, ...STATES].map((one) => (
          <Link key={one ?? ''} to="/admin/webhooks" search={{ ...search, state: one }} replace aria-current={one === state ? 'true' : undefined} activeProps={{}}>
            {one ? words.state[one] : words.all}
          </Link>
        ))}
      </nav>
      {deliveries.isPending && <Loading />}
      {deliveries.isError && <Failed error={deliveries.error} onRetry={() => void deliveries.refetch()} />}
      {deliveries.data?.length === 0 && <p className="muted">{words.noDeliveries}</p>}
      <ul className="entries" aria-label={words.deliveries}>
        {deliveries.data?.map((one) => (
          <li key={one.id}>
            <div className="entry-what">
              <p className="entry-name">
                <Link to="/admin/webhooks" search={{ ...here, delivery: one.id }} replace>{one.event_type}</Link>
                <span className={one.state === 'failed' ? 'tag strong' : 'tag'}>{words.state[one.state]}</span>
              </p>
              <p className="muted glance">
                <Time at={one.created_at} /><span>{words.attempts(one.attempts)}</span>
                {one.state === 'pending' && one.attempts > 0 && one.next_attempt_at && <span>{words.nextAttempt}: <Time at={one.next_attempt_at} /></span>}
              </p>
            </div>
          </li>
        ))}
      </ul>
      <div className="form-actions">
        {before !== undefined && <Link className="button" to="/admin/webhooks" search={{ ...search, state }}>{words.newest}</Link>}
        {last && deliveries.data?.length === PAGE && <Link className="button" to="/admin/webhooks" search={{ ...search, state, before: last.id }}>{words.older}</Link>}
      </div>
      {open !== undefined && (
        <OneDelivery id={open} endpoint={endpoint} known={deliveries.data?.find(({ id }) => id === open)} undo={undo}
          onClose={() => void navigate({ search: ({ delivery: _, ...now }) => now, replace: true })} />
      )}
    </section>
  )
}

/** A delivery: its attempts, and its body byte for byte. */
function OneDelivery({ id, endpoint, known, undo, onClose }: { id: number; endpoint: string; known: Delivery | undefined; undo: Undo; onClose: () => void }) {
  const words = useAdminWords().webhooks
  // Also one of another page, by a link.
  const found = useAdmin(['delivery', id], async (supabase) => {
    const [one] = await answer<Delivery[]>(supabase.rpc('webhook_deliveries', { for_endpoint: endpoint, before: id + 1, most: 1 }))
    return one?.id === id ? one : null
  }, !known)
  const attempts = useAdmin(['attempts', id], (supabase) => answer<Attempt[]>(supabase.rpc('webhook_attempts', { delivery_id: id })))
  const body = useAdmin(['body', id], (supabase) => answer<string>(supabase.rpc('webhook_delivery_body', { delivery_id: id })))
  const delivery = known ?? found.data ?? undefined
  // Who has gone elsewhere before the answer came is not brought back.
  const isOpen = useRef(false)
  useEffect(() => {
    isOpen.current = true
    return () => {
      isOpen.current = false
    }
  }, [])
  return (
    <Dialog title={words.deliveryTitle(id)} onClose={onClose} wide>
      {delivery && <Facts delivery={delivery} />}
      {attempts.isPending && <Loading lines={2} />}
      {attempts.isError && <Failed error={attempts.error} onRetry={() => void attempts.refetch()} />}
      {attempts.data?.length === 0 && <p className="muted">{words.noAttempts}</p>}
      <ol className="entries">
        {attempts.data?.map((one) => <OneAttempt key={one.number} attempt={one} />)}
      </ol>
      <section aria-labelledby="body">
        <h3 id="body">{words.body}</h3>
        {body.isError && <Failed error={body.error} onRetry={() => void body.refetch()} />}
        {body.data !== undefined && (
          <>
            <p className="hint">{words.bytes(bytesIn(body.data))}</p>
            <pre className="exact" tabIndex={0} aria-labelledby="body">{body.data}</pre>
          </>
        )}
      </section>
      {delivery && <Actions delivery={delivery} undo={undo} onDone={() => isOpen.current && onClose()} />}
    </Dialog>
  )
}

function Facts({ delivery }: { delivery: Delivery }) {
  const words = useAdminWords().webhooks
  return (
    <>
      <p className="entry-name"><strong>{delivery.event_type}</strong> <span className="tag">{words.state[delivery.state]}</span></p>
      <p className="muted">{words.messageId}: <code className="as-written">{delivery.message_id}</code></p>
      {delivery.next_attempt_at && <p className="muted">{words.nextAttempt}: <Time at={delivery.next_attempt_at} exactly /></p>}
      {delivery.skipped_because && <p dir="auto">{words.skippedBecause}: {delivery.skipped_because}</p>}
    </>
  )
}

function OneAttempt({ attempt }: { attempt: Attempt }) {
  const words = useAdminWords().webhooks
  const isTaken = attempt.status !== null && attempt.status >= 200 && attempt.status < 300
  return (
    <li>
      <div className="entry-what">
        <p className="entry-name">
          <strong>{words.attemptNo(attempt.number)}</strong>
          <span className={isTaken ? 'tag' : 'tag strong'}>{attempt.status ?? words.noAnswer}</span>
        </p>
        <p className="muted glance">
          <Time at={attempt.started_at} exactly />
          {attempt.duration_ms !== null && <span>{words.took(attempt.duration_ms)}</span>}
        </p>
        {attempt.error && <p className="wrong">{attempt.error}</p>}
        {attempt.response && (
          <>
            <p className="hint">{words.answer}</p>
            <pre className="exact" tabIndex={0} aria-label={words.answer}>{attempt.response}</pre>
          </>
        )}
      </div>
    </li>
  )
}

function Actions({ delivery, undo, onDone }: { delivery: Delivery; undo: Undo; onDone: () => void }) {
  const words = useAdminWords().webhooks
  const { access } = useDesk()
  const [reason, setReason] = useState('')
  const isFinished = delivery.finished_at !== null
  const replay = useForm(
    () => ({}),
    async () => {
      await answer(access.supabase.rpc('replay_webhook_delivery', { delivery_id: delivery.id }))
      onDone()
      await undo.tell({ text: words.replayed })
    },
  )
  const skip = useForm<'reason'>(
    () => ({ reason: isBlank(reason) ? words.skipMissing : undefined }),
    async () => {
      await answer(access.supabase.rpc('skip_webhook_delivery', { delivery_id: delivery.id, reason: reason.trim() }))
      onDone()
      await undo.tell({ text: words.skipped })
    },
  )
  // It belongs to no case, whose order another sending would keep.
  if (isFinished && delivery.case_id === null) return <p className="hint">{words.testAgain}</p>
  if (isFinished) {
    return (
      <Form form={replay}>
        <FormRefusal refused={replay.refused} />
        <div className="form-actions"><Send form={replay}>{words.replay}</Send></div>
      </Form>
    )
  }
  return (
    <Form form={skip}>
      <Field label={words.skipReason} name="reason" dir="auto" autoComplete="off" value={reason} error={skip.wrong.reason} onChange={(event) => setReason(event.target.value)} />
      <FormRefusal refused={skip.refused} />
      <div className="form-actions"><Send form={skip} className="">{words.skip}</Send></div>
    </Form>
  )
}
