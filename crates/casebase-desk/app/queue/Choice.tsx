import { useId, useState } from 'react'
import { useWords } from '../words'

export type Option<T> = { value: string; label: string; gives: T }

/** From here on the options can be narrowed by typing. */
const MANY = 8

/** One of some options: arrow keys choose, Enter sends the form. */
export function Choice<T>({ legend, options, chosen, error, onChoose }: {
  legend: string
  options: readonly Option<T>[]
  chosen: string | undefined
  error: string | undefined
  onChoose: (option: Option<T>) => void
}) {
  const words = useWords()
  const id = useId()
  const [letters, setLetters] = useState('')
  const shown = options.filter(({ label }) => label.toLocaleLowerCase().includes(letters.trim().toLocaleLowerCase()))
  const type = (typed: string) => {
    setLetters(typed)
    const first = options.find(({ label }) => label.toLocaleLowerCase().includes(typed.trim().toLocaleLowerCase()))
    if (first) onChoose(first)
  }
  return (
    <fieldset className="choice" aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="unseen">{legend}</legend>
      {options.length > MANY && (
        <input type="search" aria-label={words.bulk.narrow} placeholder={words.bulk.narrow} value={letters} data-begin="" autoComplete="off"
          onChange={(event) => type(event.target.value)} />
      )}
      <div className="options">
        {shown.map((option, nth) => (
          <label key={option.value} className="check">
            <input type="radio" name="choice" value={option.value} checked={option.value === chosen}
              data-begin={nth === 0 && options.length <= MANY ? '' : undefined} onChange={() => onChoose(option)} />
            <span dir="auto">{option.label}</span>
          </label>
        ))}
      </div>
      {error && (
        <p id={`${id}-error`} className="wrong" role="alert">
          {error}
        </p>
      )}
    </fieldset>
  )
}
