import { useCallback, useState } from 'react'
import { Store, useStore } from '../store'

// What is typed and not sent yet, kept over a reload: in this tab's storage, so that two tabs don't write over each
// other, and gone with the tab.

const PREFIX = 'casebase.draft.'

/** Forgets every draft of this tab, as when its person leaves. */
export function forgetDrafts() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
  }
  chosen.set({})
}

/** Files that wait for the form of a name. No storage keeps files, so they last as long as the page is not left. */
const chosen = new Store<Readonly<Record<string, readonly File[]>>>({})

export const filesWait = () => Object.values(chosen.get()).some((files) => files.length)

const NONE: readonly File[] = []

/** The files that were chosen for the form of this name, also when its page is gone to and come back to. */
export function useChosenFiles(name: string) {
  const files = useStore(chosen)[name] ?? NONE
  const set = useCallback((next: readonly File[]) => chosen.set({ ...chosen.get(), [name]: next }), [name])
  const add = useCallback((added: readonly File[]) => set([...(chosen.get()[name] ?? NONE), ...added]), [name, set])
  return [files, add, set] as const
}

/** Whether there is a text of this name. */
export const hasDraft = (name: string) => sessionStorage.getItem(PREFIX + name) !== null

/** A text that survives a reload under this name, until it is forgotten. `undefined`: nothing was typed. */
export function useDraft(name: string) {
  const key = PREFIX + name
  const [text, setText] = useState<string | undefined>(() => sessionStorage.getItem(key) ?? undefined)
  const set = useCallback(
    (next: string | undefined) => {
      setText(next)
      try {
        if (next) sessionStorage.setItem(key, next)
        else sessionStorage.removeItem(key)
      } catch {
        // Full: the text is still on the page.
      }
    },
    [key],
  )
  return [text, set] as const
}
