import { useMutation } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { useDesk } from '../desk'
import { writeSearch, type Filter } from './filter'
import { listAll } from './queries'
import { NONE, withAll, type Selection } from './selection'

/** The selected cases of a queue. Each filter has its own selection, on whichever page it was made. */
export function useSelection(filter: Filter, me: string) {
  const { access } = useDesk()
  const of = JSON.stringify(writeSearch(filter))
  const [held, setHeld] = useState<Readonly<Record<string, Selection>>>({})
  const change = useCallback(
    (changed: (now: Selection) => Selection) => setHeld((now) => ({ ...now, [of]: changed(now[of] ?? NONE) })),
    [of],
  )
  const chooseAll = useMutation({
    mutationFn: async (asked: { filter: Filter; of: string }) => ({ of: asked.of, cases: await listAll(access, asked.filter, me) }),
    // Another filter may be shown by now.
    onSuccess: (all) => setHeld((now) => ({ ...now, [all.of]: withAll(NONE, all.cases) })),
  })
  return { selection: held[of] ?? NONE, change, chooseAll, all: () => chooseAll.mutate({ filter, of }) }
}
