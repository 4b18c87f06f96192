import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { FormRefusal } from '../frame/FormRefusal'
import { useWords } from '../words'
import { useAdminWords } from '../words/admin'

type Done = { text: string; hint?: string | undefined; undo?: (() => Promise<unknown>) | undefined }

/** What was done last on a page, until something else is, and taking it back. */
export function useUndoable() {
  const queries = useQueryClient()
  const [done, setDone] = useState<Done>()
  const [refused, setRefused] = useState<unknown>()
  const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['admin'] }), queries.invalidateQueries({ queryKey: ['people'] }),
    queries.invalidateQueries({ queryKey: ['documents', 'folders'] })])
  const tell = async (now: Done) => {
    setRefused(undefined)
    setDone(now)
    await refresh()
  }
  /** Does it, and tells what was done or why not. */
  const attempt = async (act: () => Promise<unknown>, now: Done) => {
    try {
      await act()
      await tell(now)
    } catch (thrown) {
      setDone(undefined)
      setRefused(thrown)
      await refresh()
    }
  }
  return { done, refused, tell, attempt, refresh, dismiss: () => setDone(undefined) }
}

export type Undo = ReturnType<typeof useUndoable>

/** Where that stands. There always, so that it is read out. */
export function UndoNotice({ undo }: { undo: Undo }) {
  const [words, { dismiss }] = [useAdminWords(), useWords().bulk]
  const { done } = undo
  const takeBack = async () => {
    const { undo: back } = done ?? {}
    if (!back) return
    undo.dismiss()
    await undo.attempt(back, { text: words.undone })
  }
  return (
    <div className="told">
      <div role="status">
        {done && (
          <div className="notice good">
            <p>{done.text} {done.hint}</p>
            {done.undo && <button type="button" onClick={() => void takeBack()}>{words.undo}</button>}
            <button type="button" className="quiet icon" aria-label={dismiss} title={dismiss} onClick={undo.dismiss}>×</button>
          </div>
        )}
      </div>
      <FormRefusal refused={undo.refused} />
    </div>
  )
}
