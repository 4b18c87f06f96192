import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDesk } from '../desk'
import { undoChanges, type Outcome } from './changing'
import type { CaseRow } from './queries'

/** What was done last, to which cases: until it is dismissed, or something else is done. */
export type Done = { what: 'changed' | 'sent' | 'undone'; outcome: Outcome; cases: ReadonlyMap<number, CaseRow> }

/** The last change to many cases, and taking it back. */
export function useChanges() {
  const { access } = useDesk()
  const queries = useQueryClient()
  const [done, setDone] = useState<Done>()
  const note = (what: Done['what'], outcome: Outcome, cases: ReadonlyMap<number, CaseRow>) => {
    setDone({ what, outcome, cases })
    void queries.invalidateQueries({ queryKey: ['cases'] })
  }
  const undoing = useMutation({
    mutationFn: ({ outcome }: Done) => undoChanges(access, outcome.events),
    onSuccess: (outcome, { cases }) => note('undone', outcome, cases),
  })
  const undo = () => {
    if (done && done.outcome.events.length && !undoing.isPending) undoing.mutate(done)
  }
  return { done, note, undo, undoing, dismiss: () => setDone(undefined) }
}
