import { useId, useRef, useState, type ReactNode } from 'react'
import { STATUSES } from '../cases/queries'
import { useDismissal } from '../frame/dismiss'
import { Icon } from '../frame/Icon'
import { ClientPicker } from '../people/ClientPicker'
import { useDepartments, useStaff, useStages } from '../people/queries'
import { TextField } from '../search/TextField'
import { localeOf, useLanguage, useWords } from '../words'
import { FACETS, ME, narrowedBy, NOBODY, PRIORITIES, type Day, type Facet, type Filter } from './filter'
import { useLabels } from './labels'

export type Narrow = (change: Partial<Filter>) => void

/** What the queue is narrowed by: everything in one panel, and beside it what is on, each to be taken off. */
export function Filters({ filter, onChange }: { filter: Filter; onChange: Narrow }) {
  const words = useWords().queue
  const menu = useRef<HTMLDetailsElement>(null)
  useDismissal(menu)
  const [open, setOpen] = useState(false)
  const on = narrowedBy(filter)
  return (
    <details className="menu filters" ref={menu} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="button">{on ? words.filterOn(on) : words.filter}</summary>
      <div className="menu-panel">
        {open && <Facets filter={filter} onChange={onChange} />}
      </div>
    </details>
  )
}

function Facets({ filter, onChange }: { filter: Filter; onChange: Narrow }) {
  const words = useWords()
  const staff = useStaff().data ?? []
  const departments = useDepartments().data ?? []
  const stages = useStages().data ?? []
  const label = useLabels(filter)
  const checks = (facet: Facet, values: readonly string[]) => (
    <Checks legend={words.queue.facet[facet]} options={values.map((value) => [value, label(facet, value)])} chosen={filter[facet]}
      onChange={(chosen) => onChange({ [facet]: chosen })} />
  )
  return (
    <>
      <Text filter={filter} onChange={onChange} />
      {checks('status', STATUSES)}
      {checks('priority', PRIORITIES)}
      <Checks legend={words.queue.facet.assignee} chosen={filter.assignee}
        options={[ME, NOBODY, ...staff.map(({ user_id }) => user_id)].map((value) => [value, label('assignee', value)])}
        onChange={(chosen) => onChange({ assignee: beside(chosen, filter.assignee) })} />
      {checks('department', departments.map(({ id }) => id))}
      {stages.length > 0 && checks('stage', stages.map(({ stage }) => stage))}
      <Clients filter={filter} onChange={onChange} />
      <Tags filter={filter} onChange={onChange} />
      <Days legend={words.queue.facet.created} from="created_from" to="created_to" filter={filter} onChange={onChange} />
      <Days legend={words.queue.facet.updated} from="updated_from" to="updated_to" filter={filter} onChange={onChange} />
      <label className="check">
        <input type="checkbox" checked={filter.overdue} onChange={(event) => onChange({ overdue: event.target.checked })} />
        {words.queue.overdueOnly}
      </label>
    </>
  )
}

/** Nobody and somebody are not asked for together: the later choice holds. */
const beside = (chosen: readonly string[], before: readonly string[]) =>
  before.includes(NOBODY) ? chosen.filter((one) => one !== NOBODY) : chosen.includes(NOBODY) ? [NOBODY] : chosen

function Checks({ legend, options, chosen, onChange }: {
  legend: string
  options: readonly (readonly [value: string, label: string])[]
  chosen: readonly string[]
  onChange: (chosen: string[]) => void
}) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      <div className="checks">
        {options.map(([value, label]) => (
          <label key={value} className="check">
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={(event) => onChange(event.target.checked ? [...chosen, value] : chosen.filter((one) => one !== value))}
            />
            <span dir="auto">{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function Clients({ filter, onChange }: { filter: Filter; onChange: Narrow }) {
  const words = useWords().queue
  const label = useLabels(filter)
  const [text, setText] = useState('')
  return (
    <fieldset>
      <legend>{words.facet.client}</legend>
      <ClientPicker label={words.findClient} name="client" text={text} onType={setText}
        onChoose={({ id }) => {
          setText('')
          onChange({ client: [...new Set([...filter.client, id])] })
        }} />
      <Chosen values={filter.client} label={(id) => label('client', id)} onChange={(client) => onChange({ client })} />
    </fieldset>
  )
}

function Text({ filter, onChange }: { filter: Filter; onChange: Narrow }) {
  const words = useWords()
  return (
    <fieldset>
      <legend>{words.queue.facet.text}</legend>
      <TextField label={words.search.inList} text={filter.text} onSearch={(text) => onChange({ text })} />
    </fieldset>
  )
}

function Tags({ filter, onChange }: { filter: Filter; onChange: Narrow }) {
  const words = useWords().queue
  const id = useId()
  const [text, setText] = useState('')
  return (
    <fieldset>
      <legend>{words.facet.tags}</legend>
      <form
        className="field"
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim()) onChange({ tags: [...new Set([...filter.tags, text.trim()])] })
          setText('')
        }}
      >
        <label htmlFor={id}>{words.addTag}</label>
        <input id={id} value={text} autoComplete="off" onChange={(event) => setText(event.target.value)} />
      </form>
      <Chosen values={filter.tags} label={(tag) => tag} onChange={(tags) => onChange({ tags })} />
    </fieldset>
  )
}

function Chosen({ values, label, onChange }: { values: readonly string[]; label: (value: string) => string; onChange: (values: string[]) => void }) {
  const words = useWords().queue
  return (
    <div className="chips">
      {values.map((value) => (
        <Chip key={value} takeOff={words.remove(label(value))} onTakeOff={() => onChange(values.filter((one) => one !== value))}>
          {label(value)}
        </Chip>
      ))}
    </div>
  )
}

function Chip({ takeOff, onTakeOff, children }: { takeOff: string; onTakeOff: () => void; children: ReactNode }) {
  return (
    <span className="chip">
      <span dir="auto">{children}</span>
      <button type="button" className="quiet" aria-label={takeOff} title={takeOff} onClick={onTakeOff}>
        <Icon name="cross" />
      </button>
    </span>
  )
}

function Days({ legend, from, to, filter, onChange }: { legend: string; from: Day; to: Day; filter: Filter; onChange: Narrow }) {
  const words = useWords().queue
  const day = (name: Day, label: string) => (
    <label className="day">
      {label}
      <input type="date" value={filter[name] ?? ''} onChange={(event) => onChange({ [name]: event.target.value || undefined })} />
    </label>
  )
  return (
    <fieldset className="of-days">
      <legend>{legend}</legend>
      <div className="days">
        {day(from, words.from)}
        {day(to, words.to)}
      </div>
    </fieldset>
  )
}

/** What is on, in words, and how it is taken off. */
export function FiltersOn({ filter, onChange, onClear }: { filter: Filter; onChange: Narrow; onClear: () => void }) {
  const words = useWords().queue
  const label = useLabels(filter)
  const language = useLanguage()
  if (!narrowedBy(filter)) return null
  const chip = (name: string, text: string, takeOff: Partial<Filter>) => (
    <Chip key={name} takeOff={words.without(name)} onTakeOff={() => onChange(takeOff)}>
      <span className="muted">{name}</span> {text}
    </Chip>
  )
  const date = new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium', timeZone: 'UTC' })
  const shown = (day: Day) => (filter[day] ? date.format(new Date(filter[day])) : words.anyTime)
  const days = (name: string, from: Day, to: Day) =>
    (filter[from] || filter[to]) &&
    chip(name, `${shown(from)} – ${shown(to)}`, { [from]: undefined, [to]: undefined })
  return (
    <div className="chips">
      {FACETS.filter((facet) => filter[facet].length > 0).map((facet) =>
        chip(words.facet[facet], filter[facet].map((value) => label(facet, value)).join(', '), { [facet]: [] }),
      )}
      {filter.text && chip(words.facet.text, filter.text, { text: '' })}
      {filter.overdue && chip(words.facet.overdue, '', { overdue: false })}
      {days(words.facet.created, 'created_from', 'created_to')}
      {days(words.facet.updated, 'updated_from', 'updated_to')}
      <button type="button" className="link" onClick={onClear}>
        {words.clear}
      </button>
    </div>
  )
}
