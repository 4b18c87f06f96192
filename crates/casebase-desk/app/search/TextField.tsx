import { useId, useState } from 'react'
import { useWords } from '../words'
import { MOST } from './queries'

/** Words that a list is narrowed to, once they are sent. */
export function TextField({ label, text, onSearch }: { label: string; text: string; onSearch: (text: string) => void }) {
  const words = useWords().search
  const id = useId()
  const [typed, setTyped] = useState({ of: text, text })
  // Somebody else may have changed the address meanwhile.
  const shown = typed.of === text ? typed.text : text
  return (
    <form
      role="search"
      className="field text-search"
      onSubmit={(event) => {
        event.preventDefault()
        onSearch(shown.trim())
      }}
    >
      <label htmlFor={id}>{label}</label>
      <span>
        <input id={id} type="search" value={shown} maxLength={MOST} autoComplete="off" onChange={(event) => setTyped({ of: text, text: event.target.value })} />
        <button type="submit">{words.open}</button>
      </span>
    </form>
  )
}
