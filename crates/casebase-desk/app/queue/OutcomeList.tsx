import { useWords, type Words } from '../words'
import { useRefusalText } from '../words/refusals'
import type { Outcome } from './changing'
import type { CaseRow } from './queries'

const RESULTS = ['done', 'partly', 'unchanged', 'refused', 'not_visible'] as const

/** How many became what; `done` says it of those where all was done. */
export function summaryOf({ told }: Outcome, words: Words, done: (n: number) => string): string {
  const counted = RESULTS.map((result) => [result, told.filter((one) => one.result === result).length] as const)
  return counted
    .filter(([, n]) => n > 0)
    .map(([result, n]) => (result === 'done' ? done(n) : words.bulk.result[result](n)))
    .join(' · ')
}

/** What `rpc/undo_changes` left as it is: `status: changed since; tags: the history has no old value`. */
function stays(details: string, words: Words): string {
  const { facet } = words.queue
  const columns: Record<string, string> = {
    assigned_to: facet.assignee, department_id: facet.department, status: facet.status, stage: facet.stage, priority: facet.priority,
  }
  const told = details.split('; ').map((one) => {
    const [column = '', why = ''] = one.split(': ')
    const reason = why === 'changed since' ? words.bulk.changedSince : words.bulk.noOldValue
    return `${columns[column] ?? column}: ${reason}`
  })
  return told.join(' ')
}

/** Each case that is not as it was to be, and why. */
export function NotDone({ outcome, cases }: { outcome: Outcome; cases: ReadonlyMap<number, CaseRow> }) {
  const words = useWords()
  const text = useRefusalText()
  const notDone = outcome.told.filter(({ result, refusal }) => refusal !== undefined || result === 'not_visible')
  if (!notDone.length) return null
  return (
    <ul className="not-done" aria-label={words.bulk.whyNot} tabIndex={0}>
      {notDone.map(({ id, refusal, details }) => {
        const row = cases.get(id)
        return (
          <li key={id}>
            <span className="case-number">{row?.case_id}</span> <span dir="auto">{row?.title}</span>
            <p className="wrong">{details ? stays(details, words) : refusal ? text(refusal) : words.bulk.gone}</p>
          </li>
        )
      })}
    </ul>
  )
}
