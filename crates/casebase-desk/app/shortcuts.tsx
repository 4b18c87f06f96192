import { useEffect, useEffectEvent } from 'react'
import { Dialog } from './frame/Dialog'
import { Store, useStore } from './store'
import { useWords } from './words'

// Single keys that do what a button of the page does. The page that is open says which there are; `?` lists them.

type Shortcut = { key: string; does: string; run: () => void }

const registered = new Store<readonly Shortcut[]>([])

const OFF = 'casebase.keys.off'

/** Whoever speaks to their machine, or hits keys by accident, switches them off: in this browser. */
const areOn = new Store(localStorage.getItem(OFF) === null)

function switchKeys(on: boolean) {
  if (on) localStorage.removeItem(OFF)
  else localStorage.setItem(OFF, '1')
  areOn.set(on)
}

const areListed = new Store(false)

/** Shows which keys there are. */
export const listKeys = () => areListed.set(true)

/** While the component is there and `on`, the key does this. `key` is what `KeyboardEvent.key` says: `j`, `J` with shift, `?`.
 * Where two ask for one key, the later one has it. */
export function useShortcut(key: string, does: string, run: () => void, on = true) {
  const latest = useEffectEvent(run)
  useEffect(() => {
    if (!on) return
    const shortcut = { key, does, run: () => latest() }
    registered.set([...registered.get(), shortcut])
    return () => registered.set(registered.get().filter((one) => one !== shortcut))
  }, [key, does, on])
}

const WRITTEN_IN = 'input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable]'

/** What a key means now: nothing in a field, with another key held, or behind a window. */
function meant(event: KeyboardEvent): Shortcut | undefined {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.target instanceof Element && event.target.closest(WRITTEN_IN)) return
  if (document.querySelector('dialog[open]')) return
  // The menu's own, to close it.
  if (event.key === 'Escape' && document.querySelector('details.menu[open]')) return
  return registered.get().findLast(({ key }) => key === event.key)
}

/** Listens for the keys, and shows which there are. */
export function Shortcuts() {
  const words = useWords().keys
  const on = useStore(areOn)
  const listed = useStore(areListed)
  useShortcut('?', words.help, listKeys)
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const shortcut = meant(event)
      if (!shortcut || (!areOn.get() && shortcut.key !== '?')) return
      event.preventDefault()
      shortcut.run()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
  if (!listed) return null
  return (
    <Dialog title={words.title} onClose={() => areListed.set(false)}>
      <KeyList />
      <label className="check">
        <input type="checkbox" checked={on} onChange={(event) => switchKeys(event.target.checked)} />
        {words.on}
      </label>
      <p className="hint">{words.lead}</p>
    </Dialog>
  )
}

function KeyList() {
  const all = useStore(registered)
  // The later of two has the key.
  const each = [...new Map(all.map((one) => [one.key, one])).values()]
  return (
    <dl className="keys">
      {each.map(({ key, does }) => (
        <div key={key}>
          <dt>
            <Key name={key} />
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A key as it is printed on a keyboard. */
export function Key({ name }: { name: string }) {
  const words = useWords().keys
  const isShifted = /^[A-Z]$/.test(name)
  return (
    <>
      {isShifted && <kbd>{words.shift}</kbd>}
      <kbd>{name === 'Escape' ? words.escape : name.toUpperCase()}</kbd>
    </>
  )
}
