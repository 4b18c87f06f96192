import { useCallback, useState } from 'react'

// What is typed and not sent yet, kept over a reload: in this tab's storage, so that two tabs don't write over each
// other, and gone with the tab.

const PREFIX = 'casebase.draft.'

/** Forgets every draft of this tab, as when its person leaves. */
export function forgetDrafts() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
  }
}

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
