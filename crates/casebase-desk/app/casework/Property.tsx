import { useId, type ReactNode } from 'react'

/** A line of the case's details that is changed by choosing. */
export function Choice({ term, value, onChoose, hint, busy, keyed, children }: {
  term: string
  value: string
  onChoose: (value: string) => void
  hint?: ReactNode
  busy?: boolean
  /** The name that a key's shortcut finds it by. */
  keyed?: string
  children: ReactNode
}) {
  const id = useId()
  return (
    <div>
      <dt>
        <label htmlFor={id}>{term}</label>
      </dt>
      <dd>
        <select id={id} className="in-place" value={value} data-key={keyed} aria-busy={busy} aria-describedby={hint ? `${id}-hint` : undefined}
          onChange={(event) => onChoose(event.target.value)}>
          {children}
        </select>
        {hint && (
          <p id={`${id}-hint`} className="hint">
            {hint}
          </p>
        )}
      </dd>
    </div>
  )
}

/** A line that only says something. */
export function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  )
}
