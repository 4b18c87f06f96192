import { useId, useState } from 'react'
import { STATUSES } from '../cases/queries'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Failed } from '../frame/states'
import { PRIORITIES } from '../queue/filter'
import { statusWord } from '../queue/labels'
import { answer, asRefusal } from '../refusal'
import { useWords } from '../words'
import { useAdminWords } from '../words/admin'
import { useRefusalText } from '../words/refusals'
import { Checks, Select } from './Checks'
import { headersIn, linesIn, localTime, unknownEventType } from './reading'
import { useAdmin, useAllDepartments, type Endpoint } from './queries'
import type { Undo } from './Undoable'

/** What is shown once. */
export type Made = { secret: string | null; publicKey: string | null }

const settingsOf = (endpoint: Endpoint | undefined) => ({
  url: endpoint?.url ?? '', description: endpoint?.description ?? '', eventTypes: (endpoint?.event_types ?? []).join('\n'),
  thin: endpoint?.thin ?? false, signature: endpoint?.signature ?? 'v1', departments: endpoint?.department_ids ?? [],
  priorities: endpoint?.priorities ?? [], statuses: endpoint?.statuses ?? [],
  headers: Object.entries(endpoint?.headers ?? {}).map(([name, value]) => `${name}: ${value}`).join('\n'),
  rateLimit: endpoint?.rate_limit ? String(endpoint.rate_limit) : '',
})
type Settings = ReturnType<typeof settingsOf>

/** As the rpc functions take them. Of a change, what is null stays: 0 ends a limit. */
const argumentsOf = (now: Settings) => ({
  description: now.description.trim(), event_types: linesIn(now.eventTypes), department_ids: now.departments,
  priorities: now.priorities, statuses: now.statuses, headers: headersIn(now.headers).headers,
  ...(now.url.trim() && { url: now.url.trim() }),
})

/** Adds an endpoint, or changes one. */
export function EndpointForm({ endpoint, undo, onMade, onClose }: { endpoint?: Endpoint; undo: Undo; onMade: (made: Made) => void; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords()
  const refusalText = useRefusalText()
  const { access } = useDesk()
  const [ids, departments] = [[useId(), useId(), useId()], useAllDepartments().data ?? []]
  const before = settingsOf(endpoint)
  const [now, setNow] = useState(before)
  const set = (changes: Partial<Settings>) => setNow({ ...now, ...changes })
  const change = (to: Settings) =>
    answer(access.supabase.rpc('update_webhook_endpoint', { endpoint_id: endpoint?.id ?? '', ...argumentsOf(to), rate_limit: Number(to.rateLimit) || 0 }))
  const form = useForm<'url' | 'headers' | 'event_types'>(
    () => {
      const { wrong } = headersIn(now.headers)
      return { headers: wrong === undefined ? undefined : words.webhooks.headersWrong(wrong) }
    },
    async () => {
      if (endpoint) {
        await change(now)
        onClose()
        return undo.tell({ text: words.saved(now.url || words.webhooks.fetched), undo: () => change(before) })
      }
      const [made] = await answer<{ id: string; secret: string | null; public_key: string | null; created: boolean }[]>(
        access.supabase.rpc('create_webhook_endpoint', {
          ...argumentsOf(now), url: (now.url.trim() || null) as string, thin: now.thin, signature: now.signature,
          ...(now.rateLimit && { rate_limit: Number(now.rateLimit) }),
        }),
      )
      onClose()
      if (made?.created) onMade({ secret: made.secret, publicKey: made.public_key })
      return undo.tell({ text: made?.created ? words.added(now.url || words.webhooks.fetched) : words.webhooks.existed })
    },
    (thrown) => {
      const refusal = asRefusal(thrown)
      const unknown = unknownEventType(refusal)
      return {
        url: refusal.message.startsWith('nothing can be sent to this URL: ') ? refusalText(refusal) : undefined,
        event_types: unknown && words.webhooks.noEventType(unknown.type, unknown.types),
      }
    },
  )
  return (
    <Dialog title={endpoint ? words.editOf(endpoint.url ?? words.webhooks.fetched) : words.webhooks.addEndpoint} onClose={onClose}>
      <Form form={form}>
        {(!endpoint || endpoint.url !== null) && (
          <Field label={words.webhooks.url} name="url" inputMode="url" autoComplete="off" hint={endpoint ? undefined : words.webhooks.urlHint} value={now.url}
            error={form.wrong.url} onChange={(event) => set({ url: event.target.value })} />
        )}
        <Field label={words.webhooks.description} name="description" dir="auto" autoComplete="off" value={now.description}
          onChange={(event) => set({ description: event.target.value })} />
        <Lines id={ids[0] ?? ''} name="event_types" label={words.webhooks.eventTypes} hint={words.webhooks.eventTypesHint} value={now.eventTypes}
          error={form.wrong.event_types} onChange={(eventTypes) => set({ eventTypes })} />
        {!endpoint && (
          <>
            <label className="check">
              <input type="checkbox" checked={now.thin} onChange={(event) => set({ thin: event.target.checked })} />
              {words.webhooks.thin}
            </label>
            <Select id={ids[1] ?? ''} label={words.webhooks.signature} value={now.signature} onChange={(signature) => set({ signature })}
              options={Object.entries(words.webhooks.signatures).map(([value, label]) => ({ value, label }))} />
          </>
        )}
        <Checks legend={words.webhooks.departments} options={departments.map(({ id, name }) => ({ value: id, label: name }))} chosen={now.departments}
          onChange={(chosen) => set({ departments: chosen })} />
        <Checks legend={words.webhooks.priorities} options={PRIORITIES.map((one) => ({ value: one, label: all.priority[one] }))} chosen={now.priorities}
          onChange={(priorities) => set({ priorities })} />
        <Checks legend={words.webhooks.statuses} options={STATUSES.map((one) => ({ value: one, label: statusWord(one, all) }))} chosen={now.statuses}
          onChange={(statuses) => set({ statuses })} />
        <Lines id={ids[2] ?? ''} name="headers" label={words.webhooks.headers} hint={words.webhooks.headersHint} value={now.headers} error={form.wrong.headers}
          onChange={(headers) => set({ headers })} />
        <Field label={words.webhooks.rateLimit} name="rate_limit" type="number" min={1} max={1000} hint={words.webhooks.rateLimitHint} value={now.rateLimit}
          onChange={(event) => set({ rateLimit: event.target.value })} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{endpoint ? all.save : words.add}</Send>
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}

function Lines({ id, name, label, hint, value, error, onChange }: {
  id: string
  name?: string
  label: string
  hint: string
  value: string
  error?: string | undefined
  onChange: (value: string) => void
}) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea id={id} name={name} className="code" rows={2} spellCheck={false} value={value} aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-hint ${id}-error` : `${id}-hint`} onChange={(event) => onChange(event.target.value)} />
      <p id={`${id}-hint`} className="hint">{hint}</p>
      {error && <p id={`${id}-error`} className="wrong">{error}</p>}
    </div>
  )
}

/** A secret, this once. It is closed on purpose alone. */
export function ShownSecret({ made, onClose }: { made: Made; onClose: () => void }) {
  const words = useAdminWords()
  const copy = async (text: string) => {
    await navigator.clipboard.writeText(text)
    announce(words.copied)
  }
  const shown = [[words.webhooks.secret, made.secret], [words.webhooks.publicKey, made.publicKey]] as const
  return (
    <Dialog title={words.webhooks.secretTitle}>
      <p>{words.webhooks.secretLead}</p>
      {shown.map(([label, text]) => text && (
        <Field key={label} label={label} readOnly value={text} autoComplete="off" onFocus={(event) => event.target.select()}
          after={<button type="button" onClick={() => void copy(text)}>{words.copy}</button>} />
      ))}
      <div className="form-actions">
        <button type="button" className="primary" onClick={onClose}>{words.webhooks.secretKept}</button>
      </div>
    </Dialog>
  )
}

export function Rotate({ endpoint, onMade, onClose }: { endpoint: Endpoint; onMade: (made: Made) => void; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords().webhooks
  const { access, queries } = useDesk()
  const id = useId()
  const [validFor, setValidFor] = useState('24 hours')
  const form = useForm(
    () => ({}),
    async () => {
      const secret = await answer<string>(access.supabase.rpc('rotate_webhook_secret', { endpoint_id: endpoint.id, previous_valid_for: validFor }))
      onClose()
      onMade({ secret, publicKey: null })
      await queries.invalidateQueries({ queryKey: ['admin', 'endpoints'] })
    },
  )
  return (
    <Dialog title={words.rotateTitle} onClose={onClose}>
      <Form form={form}>
        <p>{words.rotateLead}</p>
        <Select id={id} label={words.validFor} value={validFor} onChange={setValidFor}
          options={Object.entries(words.validFors).map(([value, label]) => ({ value, label }))} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{words.rotate}</Send>
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}

export function SwitchEndpointOff({ name, enable, undo, onClose }: { name: string; enable: (on: boolean) => Promise<unknown>; undo: Undo; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords()
  const form = useForm(
    () => ({}),
    async () => {
      await enable(false)
      onClose()
      await undo.tell({ text: words.switchedOff(name), undo: () => enable(true) })
    },
  )
  return (
    <Dialog title={words.switchOffOf(name)} onClose={onClose}>
      <Form form={form}>
        <p>{words.webhooks.offLead}</p>
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{words.switchOff}</Send>
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}

export function DeleteEndpoint({ endpoint, name, undo, onClose, onDeleted }: {
  endpoint: Endpoint
  name: string
  undo: Undo
  onClose: () => void
  onDeleted: () => void
}) {
  const all = useWords()
  const words = useAdminWords()
  const { access } = useDesk()
  const form = useForm(
    () => ({}),
    async () => {
      await answer(access.supabase.rpc('delete_webhook_endpoint', { endpoint_id: endpoint.id }))
      onClose()
      onDeleted()
      await undo.tell({ text: words.deleted(name) })
    },
  )
  return (
    <Dialog title={words.deleteOf(name)} onClose={onClose}>
      <Form form={form}>
        <p>{words.webhooks.deleteLead}</p>
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{words.delete}</Send>
          <button type="button" className="quiet" data-begin onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}

/** Sends again what was never taken since a time: counted first, then in parts until nothing is left. What is cut off in
 * between has sent its first parts; the rest is found again. */
export function Recover({ endpoint, undo, onClose }: { endpoint: Endpoint; undo: Undo; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords().webhooks
  const { access } = useDesk()
  const [since, setSince] = useState(() => localTime(new Date(access.now() - 24 * 3_600_000)))
  const from = new Date(since)
  const wanted = Number.isNaN(from.getTime()) ? undefined : { endpoint_id: endpoint.id, since: from.toISOString() }
  const count = useAdmin(['replay', wanted], (supabase) => answer<number>(supabase.rpc('count_webhook_replay', wanted ?? { endpoint_id: endpoint.id })),
    wanted !== undefined)
  const form = useForm(
    () => ({}),
    async () => {
      if (!wanted || !count.data) return
      let [sent, part] = [0, 0]
      do {
        part = await answer<number>(access.supabase.rpc('replay_webhook_deliveries', wanted))
        sent += part
      } while (part > 0)
      onClose()
      await undo.tell({ text: words.sentAgain(sent) })
    },
  )
  return (
    <Dialog title={words.recoverTitle} onClose={onClose}>
      <Form form={form}>
        <p>{words.recoverLead}</p>
        <Field label={words.since} type="datetime-local" required value={since} onChange={(event) => setSince(event.target.value)} />
        <p role="status">{count.data === undefined ? words.counting : words.wouldSend(count.data)}</p>
        {count.isError && <Failed error={count.error} onRetry={() => void count.refetch()} />}
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          {Boolean(count.data) && <Send form={form}>{words.sendAgain(count.data ?? 0)}</Send>}
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}
