import { Time } from '../frame/Time'
import { useLanguage, useWords } from '../words'
import type { Happened } from './queries'
import { others } from './stream'
import { isOfColumns, toldChanges, toldSubject, type Told } from './telling'
import { useMe, useWork } from './work'

/** An entry of the history in a line: who, what, from, to. */
export function ToldLine({ entry }: { entry: Happened }) {
  const words = useWords()
  const language = useLanguage()
  const { reference } = useWork()
  return (
    <>
      <strong>{entry.actor_name}</strong>{' '}
      {isOfColumns(entry)
        ? toldChanges(entry.data.changes ?? {}, reference, words, language, entry.type).map((told, at) => (
            <span key={told.field}>
              {at > 0 && ' · '}
              <ToldChange told={told} />
            </span>
          ))
        : toldSubject(entry, words)}
    </>
  )
}

export function ToldChange({ told: { field, from, to } }: { told: Told }) {
  const words = useWords().work
  if (to === undefined) return <>{words.columnChanged(field)}</>
  return (
    <>
      {field}: <span className="was">{from}</span>
      <span aria-hidden="true"> → </span>
      <span className="unseen">{words.becomes}</span>
      <span className="becomes">{to}</span>
    </>
  )
}

/** What others did to the case since an entry; nothing where they did nothing. */
export function Meanwhile({ since, lead }: { since: number; lead?: string }) {
  const words = useWords().work
  const { shown } = useWork()
  const { userId } = useMe()
  const entries = others(shown, since, userId)
  return (
    <div role="status">
      {entries.length > 0 && (
        <div className="notice meanwhile">
          <p>{lead ?? words.meanwhile}</p>
          <ul>
            {entries.slice(-6).map((entry) => (
              <li key={entry.seq}>
                <ToldLine entry={entry} /> · <span className="muted"><Time at={entry.created_at} /></span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
