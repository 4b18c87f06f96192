import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { memo, useRef } from 'react'
import { PriorityMark, StatusMark } from '../cases/Status'
import { useDesk } from '../desk'
import { Time } from '../frame/Time'
import { useShortcut } from '../shortcuts'
import { useWords } from '../words'
import { useClientNames, useStaffName } from './labels'
import { tagsOf, type CaseRow } from './queries'
import type { Selection } from './selection'

/** The case that had the focus last: `j` and `k` go on from there, also after it was opened and left again. */
let last: number | undefined

/** The case that has the focus now. */
export function focusedCase(): number | undefined {
  const row = document.activeElement?.closest('[data-case]')
  return row instanceof HTMLElement ? Number(row.dataset['case']) : undefined
}

const NO_TAGS: readonly string[] = []

/** The cases of a page, gone through with `j` and `k` and chosen with `x`, or with the mouse. */
export function Rows({ rows, activity, selection, onChoose }: {
  rows: readonly CaseRow[]
  /** When something last happened to each. */
  activity: readonly string[]
  selection: Selection
  onChoose: (key: number, further: boolean) => void
}) {
  const words = useWords().queue
  const list = useRef<HTMLUListElement>(null)
  const clients = useClientNames(rows.map(({ client_id }) => client_id))
  const staffName = useStaffName()
  const tags = useTags(rows)
  const go = (step: number, choosing: boolean) => {
    const at = rows.findIndex(({ id }) => id === last)
    const to = rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)]
    if (!to) return
    if (choosing && last !== undefined && !selection.chosen.has(last) && at >= 0) onChoose(last, false)
    list.current?.querySelector<HTMLElement>(`[data-case="${to.id}"] .case-title`)?.focus()
    if (choosing) onChoose(to.id, true)
  }
  useShortcut('j', words.down, () => go(1, false))
  useShortcut('k', words.up, () => go(-1, false))
  useShortcut('x', words.chooseThis, () => {
    const key = focusedCase() ?? rows.find(({ id }) => id === last)?.id
    if (key !== undefined) onChoose(key, false)
  })
  useShortcut('J', words.downTo, () => go(1, true))
  useShortcut('K', words.upTo, () => go(-1, true))
  return (
    <ul
      className="cases queue"
      ref={list}
      aria-label={words.cases}
      onFocus={() => {
        last = focusedCase() ?? last
      }}
    >
      {rows.map((row, nth) => (
        <Row key={row.id} row={row} lastActivity={activity[nth] ?? row.updated_at} isChosen={selection.chosen.has(row.id)} onChoose={onChoose} tags={tags?.get(row.id) ?? NO_TAGS}
          client={clients.get(row.client_id)} assignee={row.assigned_to === null ? undefined : staffName(row.assigned_to)} />
      ))}
    </ul>
  )
}

function useTags(rows: readonly CaseRow[]) {
  const { access } = useDesk()
  const keys = rows.map(({ id }) => id)
  const { data } = useQuery({
    queryKey: ['cases', 'tags', keys],
    queryFn: () => tagsOf(access, keys),
    enabled: keys.length > 0,
    staleTime: 30_000,
  })
  return data
}

const Row = memo(function Row({ row, lastActivity, isChosen, tags, client, assignee, onChoose }: {
  row: CaseRow
  lastActivity: string
  isChosen: boolean
  tags: readonly string[]
  client: string | undefined
  assignee: string | undefined
  onChoose: (key: number, further: boolean) => void
}) {
  const words = useWords()
  const isLate = row.due_at !== null && new Date(row.due_at) < new Date()
  return (
    <li data-case={row.id} className={isChosen ? 'chosen' : undefined}>
      <label className="pick">
        <input
          type="checkbox"
          aria-label={words.queue.choose(row.case_id)}
          checked={isChosen}
          // A click, also where a key made it.
          onChange={(event) => onChoose(row.id, event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey)}
        />
      </label>
      <span className="case-number">{row.case_id}</span>
      <StatusMark status={row.status} />
      <span className="case-marks">
        <PriorityMark priority={row.priority} />
      </span>
      <span className="case-what">
        <Link to="/cases/$number" params={{ number: row.case_id }} className="case-title" dir="auto" preload="intent">
          {row.title}
        </Link>
        {row.escalated_at && <span className="tag strong">{words.list.escalated}</span>}
        {row.stage && <span className="tag" dir="auto">{row.stage}</span>}
        {tags.map((tag) => (
          <span key={tag} className="tag" dir="auto">
            {tag}
          </span>
        ))}
      </span>
      <span className="case-client muted" dir="auto" title={client}>
        {client}
      </span>
      <span className={`case-due ${isLate ? 'late' : 'muted'}`}>
        {row.due_at && (
          <>
            {isLate && <span className="unseen">{words.queue.late}. </span>}
            {words.queue.due('')}
            <Time at={row.due_at} />
          </>
        )}
      </span>
      <span className="case-assignee muted" dir="auto" title={assignee}>
        <span className="unseen">{assignee === undefined ? words.queue.nobodyHas : words.queue.assignedTo('')}</span>
        {assignee ?? <span aria-hidden="true">–</span>}
      </span>
      <span className="muted when">
        <span className="unseen">{words.list.updated('')}</span>
        <Time at={lastActivity} />
      </span>
    </li>
  )
})
