import { useMutation } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { useDesk } from '../desk'
import { Failed } from '../frame/states'
import { useShortcut } from '../shortcuts'
import { useWords, type Words } from '../words'
import { ChangeDialog, type Kind } from './ChangeDialog'
import { updateCases, type Outcome } from './changing'
import { BulkActions, LastChange } from './Dock'
import type { Filter } from './filter'
import { MOST_AT_ONCE, type CaseRow, type QueuePage } from './queries'
import { ReplyDialog } from './ReplyDialog'
import { focusedCase, Rows } from './Rows'
import { NONE, toggled, withAll, without, type Selection } from './selection'
import { useChanges } from './useChanges'
import { useSelection } from './useSelection'

/** What a window is open for. */
type Doing = { what: Kind | 'reply'; cases: readonly CaseRow[] }

/** The cases of a page, which of the queue's are selected, and what is done with those. */
export function Choosing({ page, filter, first, me, isComing }: {
  page: QueuePage
  filter: Filter
  first: QueuePage | undefined
  me: string
  isComing: boolean
}) {
  const words = useWords()
  const { selection, change, chooseAll, all } = useSelection(filter, me)
  const [doing, setDoing] = useState<Doing>()
  const changes = useChanges()
  const rows = page.cases
  const choose = useCallback((key: number, further: boolean) => change((now) => toggled(now, rows, key, further)), [change, rows])
  /** The selected ones, or the one that has the focus. */
  const meant = (): readonly CaseRow[] => {
    if (selection.chosen.size) return [...selection.chosen.values()]
    const key = focusedCase()
    return rows.filter(({ id }) => id === key)
  }
  const begin = (what: Doing['what']) => {
    const cases = meant()
    if (cases.length) setDoing({ what, cases })
  }
  const finish = (what: 'changed' | 'sent', outcome: Outcome, cases: readonly CaseRow[]) => {
    changes.note(what, outcome, new Map(cases.map((row) => [row.id, row])))
    // What was refused stays selected, to go on with.
    const refused = new Set(outcome.told.filter(({ result }) => result === 'refused').map(({ id }) => id))
    change((now) => without(now, cases.filter(({ id }) => !refused.has(id))))
    setDoing(undefined)
  }
  const resolve = useResolve(finish)
  useKeys(begin, () => resolve.begin(meant()))
  useShortcut('Escape', words.queue.chooseNone, () => change(() => NONE), selection.chosen.size > 0)
  return (
    <div className={isComing ? 'queue-box coming' : 'queue-box'} aria-busy={isComing}>
      {rows.length > 0 && (
        <>
          <ChoosePage rows={rows} selection={selection} onChange={change} />
          <Rows rows={rows} activity={page.last_activity} selection={selection} onChoose={choose} />
        </>
      )}
      <p className="unseen" role="status">
        {selection.chosen.size > 0 && words.queue.chosen(selection.chosen.size)}
      </p>
      <div className="dock">
        <LastChange changes={changes} />
        {resolve.error && <Failed error={resolve.error} />}
        {chooseAll.error && <Failed error={chooseAll.error} />}
        {selection.chosen.size > 0 && (
          <BulkActions chosen={selection.chosen.size} all={allOf(page, first, selection.chosen.size, words)} isChoosingAll={chooseAll.isPending}
            onAll={all} onBegin={begin} onNone={() => change(() => NONE)} />
        )}
      </div>
      {doing && <Window doing={doing} onClose={() => setDoing(undefined)} onDone={finish} />}
    </div>
  )
}

/** Choosing all of the queue, where that is more than what is chosen: in words. */
function allOf(page: QueuePage, first: QueuePage | undefined, chosen: number, words: Words): string | undefined {
  const isOnePage = page.next_cursor === null && page.cases === first?.cases
  const all = Math.min(first?.total ?? MOST_AT_ONCE, MOST_AT_ONCE)
  return isOnePage || chosen >= all ? undefined : words.queue.chooseAll(all, first?.total_is_exact ?? false)
}

function ChoosePage({ rows, selection, onChange }: {
  rows: readonly CaseRow[]
  selection: Selection
  onChange: (changed: (now: Selection) => Selection) => void
}) {
  const words = useWords().queue
  const chosen = rows.filter(({ id }) => selection.chosen.has(id)).length
  const isAll = chosen === rows.length
  return (
    <label className="check choose-page">
      <input
        type="checkbox"
        checked={isAll}
        ref={(box) => {
          if (box) box.indeterminate = chosen > 0 && !isAll
        }}
        onChange={() => onChange((now) => (isAll ? without(now, rows) : withAll(now, rows)))}
      />
      {words.choosePage}
    </label>
  )
}

type Finish = (what: 'changed' | 'sent', outcome: Outcome, cases: readonly CaseRow[]) => void

/** Resolves cases without asking: what is done often, and can be taken back. */
function useResolve(onDone: Finish) {
  const { access } = useDesk()
  const resolve = useMutation({
    mutationFn: (cases: readonly CaseRow[]) => updateCases(access, cases, { status: 'resolved' }),
    onSuccess: (outcome, cases) => onDone('changed', outcome, cases),
  })
  const begin = (cases: readonly CaseRow[]) => {
    if (cases.length && !resolve.isPending) resolve.mutate(cases)
  }
  return { begin, error: resolve.error }
}

function useKeys(begin: (what: Doing['what']) => void, resolve: () => void) {
  const words = useWords().bulk.key
  useShortcut('a', words.assign, () => begin('assign'))
  useShortcut('s', words.status, () => begin('status'))
  useShortcut('p', words.priority, () => begin('priority'))
  useShortcut('d', words.department, () => begin('department'))
  useShortcut('t', words.tags, () => begin('tags'))
  useShortcut('r', words.reply, () => begin('reply'))
  useShortcut('e', words.resolve, resolve)
}

function Window({ doing: { what, cases }, onClose, onDone }: { doing: Doing; onClose: () => void; onDone: Finish }) {
  return what === 'reply' ? (
    <ReplyDialog cases={cases} onClose={onClose} onDone={(outcome) => onDone('sent', outcome, cases)} />
  ) : (
    <ChangeDialog kind={what} cases={cases} onClose={onClose} onDone={(outcome) => onDone('changed', outcome, cases)} />
  )
}
