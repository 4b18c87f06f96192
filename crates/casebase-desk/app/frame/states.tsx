import type { ReactNode } from 'react'
import { useRefusalText } from '../words/refusals'
import { useWords } from '../words'

/** Space for what is coming, of about its size. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const words = useWords()
  return (
    <div className="loading" role="status">
      <span className="unseen">{words.loading}</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="bar" />
      ))}
    </div>
  )
}

/** Why something is not there, and a way on. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const words = useWords()
  const text = useRefusalText()
  return (
    <div className="notice bad" role="alert">
      <p>{text(error)}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          {words.retry}
        </button>
      )}
    </div>
  )
}

/** Nothing is there, and that is right. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  )
}
