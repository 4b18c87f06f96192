import { useEffect, useEffectEvent } from 'react'

const WRITTEN_IN = 'input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable]'

/** While the component is there and `on`, the key does this: not in a field, with another key held, or behind a window. */
export function useShortcut(key: string, _does: string, run: () => void, on = true) {
  const latest = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== key || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target instanceof Element && event.target.closest(WRITTEN_IN)) return
    if (document.querySelector('dialog[open]')) return
    event.preventDefault()
    run()
  })
  useEffect(() => {
    if (!on) return
    document.addEventListener('keydown', latest)
    return () => document.removeEventListener('keydown', latest)
  }, [on])
}
