import { useEffect, useRef } from 'react'
import { FormRefusal } from '../frame/FormRefusal'
import { Icon } from '../frame/Icon'
import { Key, useShortcut } from '../shortcuts'
import { useWords, type Words } from '../words'
import { KINDS, type Kind } from './ChangeDialog'
import { NotDone, summaryOf } from './OutcomeList'
import type { Done, useChanges } from './useChanges'

const doneWord = (what: Done['what'], words: Words) =>
  what === 'changed' ? words.bulk.result.done : what === 'sent' ? words.bulk.sentTo : words.bulk.undone

/** What became of the last change, why some of it did not happen, and taking it back. */
export function LastChange({ changes }: { changes: ReturnType<typeof useChanges> }) {
  const words = useWords()
  const { done, undoing } = changes
  const box = useRef<HTMLDivElement>(null)
  const canUndo = (done?.outcome.events.length ?? 0) > 0
  useShortcut('z', words.bulk.key.undo, changes.undo, canUndo)
  // What opened the window may be gone with what was selected.
  useEffect(() => {
    if (done) box.current?.focus({ preventScroll: true })
  }, [done])
  if (!done) return null
  return (
    <div className="last-change" ref={box} tabIndex={-1} role="group" aria-label={words.bulk.lastChange}>
      <div className="dock-line">
        <p role="status">
          <strong>{summaryOf(done.outcome, words, doneWord(done.what, words))}</strong>
        </p>
        {canUndo && (
          <button type="button" aria-disabled={undoing.isPending} onClick={changes.undo}>
            {undoing.isPending ? words.bulk.undoing : words.bulk.undo} <Key name="z" />
          </button>
        )}
        <button type="button" className="quiet icon" aria-label={words.bulk.dismiss} title={words.bulk.dismiss} onClick={changes.dismiss}>
          <Icon name="cross" />
        </button>
      </div>
      <FormRefusal refused={undoing.error ?? undefined} />
      <NotDone outcome={done.outcome} cases={done.cases} />
    </div>
  )
}

/** What can be done with the selected cases. */
export function BulkActions({ chosen, all, isChoosingAll, onAll, onBegin, onNone }: {
  chosen: number
  /** Choosing all of the view, in words, where that is more than what is chosen. */
  all: string | undefined
  isChoosingAll: boolean
  onAll: () => void
  onBegin: (what: Kind | 'reply') => void
  onNone: () => void
}) {
  const words = useWords()
  return (
    <div className="bulk" role="group" aria-label={words.bulk.actions}>
      <div className="dock-line">
        <p>
          <strong>{words.queue.chosen(chosen)}</strong>
        </p>
        {all && (
          <button type="button" className="link" aria-disabled={isChoosingAll} onClick={() => isChoosingAll || onAll()}>
            {isChoosingAll ? words.queue.choosingAll : all}
          </button>
        )}
        <button type="button" className="quiet icon" aria-label={words.queue.chooseNone} title={words.queue.chooseNone} onClick={onNone}>
          <Icon name="cross" />
        </button>
      </div>
      <div className="dock-line">
        {([...KINDS, 'reply'] as const).map((what) => (
          <button key={what} type="button" onClick={() => onBegin(what)}>
            {words.bulk[what]}
          </button>
        ))}
      </div>
    </div>
  )
}
