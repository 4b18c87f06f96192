import { useWords, type Words } from '../words'
import { useRefusalText } from '../words/refusals'
import type { Outcome } from './changing'
import type { CaseRow } from './queries'

const RESULTS = ['done', 'partly', 'unchanged', 'refused', 'not_visible'] as const

/** How many became what. */
export function summaryOf({ told }: Outcome, words: Words, doneWord: (n: number) => string): string {
  const counted = RESULTS.map((result) => [result, told.filter((one) => one.result === result).length] as const)
  return counted
    .filter(([, n]) => n > 0)
    .map(([result, n]) => (result === 'done' ? doneWord(n) : words.bulk.result[result](n)))
    .join(' · ')
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
            <p className="wrong">{refusal ? [text(refusal), details].filter(Boolean).join(' ') : words.bulk.gone}</p>
          </li>
        )
      })}
    </ul>
  )
}
