import { useId, type InputHTMLAttributes, type ReactNode } from 'react'

/** A field with its label, a hint, and what is wrong with it. */
export function Field({ label, hint, error, after, ...input }: {
  label: string
  hint?: string | undefined
  error?: string | undefined
  after?: ReactNode
} & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId()
  // Where it says the same again, once.
  const hinted = hint !== error && hint
  const described = [hinted && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-invalid={error ? true : undefined} aria-describedby={described || undefined} {...input} />
      {hinted && (
        <p id={`${id}-hint`} className="hint">
          {hinted}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="wrong">
          {error}
        </p>
      )}
      {after}
    </div>
  )
}
