import { useInfiniteQuery } from '@tanstack/react-query'
import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { Failed, Loading } from '../frame/states'
import { Time } from '../frame/Time'
import { useLanguage, useWords } from '../words'
import { getHistory, HISTORY_PAGE, type Happened } from './queries'
import { isOfColumns, toldChanges, toldSubject, type Told } from './telling'
import { useWork } from './work'

/** All that happened to the case, the newest first: when, who, what, from, to. */
export function History({ onClose }: { onClose: () => void }) {
  const words = useWords()
  const { access } = useDesk()
  const { shown } = useWork()
  const pages = useInfiniteQuery({
    queryKey: ['cases', 'history', shown.id],
    queryFn: ({ pageParam }) => getHistory(access, shown.id, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.length === HISTORY_PAGE ? page.at(-1)?.seq : undefined),
  })
  const entries = pages.data?.pages.flat()
  return (
    <Dialog title={words.work.historyOf(shown.case_id)} onClose={onClose} wide>
      {pages.isPending && <Loading lines={6} />}
      {pages.isError && <Failed error={pages.error} onRetry={() => void pages.refetch()} />}
      {entries && (
        <div className="scroll" tabIndex={0} role="group" aria-label={words.work.history}>
          <table className="history">
            <thead>
              <tr>
                <th scope="col">{words.work.when}</th>
                <th scope="col">{words.work.who}</th>
                <th scope="col">{words.work.what}</th>
                <th scope="col">{words.work.from}</th>
                <th scope="col">{words.work.to}</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <Lines key={entry.seq} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pages.hasNextPage && (
        <button type="button" aria-disabled={pages.isFetchingNextPage} onClick={() => void (pages.isFetchingNextPage || pages.fetchNextPage())}>{words.list.more}</button>
      )}
    </Dialog>
  )
}

/** A line for each column that an entry changed, or one for the entry. */
function Lines({ entry }: { entry: Happened }) {
  const words = useWords()
  const language = useLanguage()
  const { reference } = useWork()
  const changed = toldChanges(entry.data.changes ?? {}, reference, words, language, entry.type)
  const subject = toldSubject(entry, words)
  const lines: Told[] = changed.length ? changed : [{ field: subject }]
  return lines.map(({ field, from, to }, at) => (
    <tr key={field}>
      {at === 0 && (
        <>
          <td rowSpan={lines.length}>
            <Time at={entry.created_at} exactly />
          </td>
          <td rowSpan={lines.length}>{entry.actor_name}</td>
        </>
      )}
      <td>
        {!changed.length || isOfColumns(entry) ? field : `${subject}: ${field}`}
        {changed.length > 0 && to === undefined && <span className="muted"> ({words.work.changed})</span>}
      </td>
      <td>{from}</td>
      <td>{to}</td>
    </tr>
  ))
}
