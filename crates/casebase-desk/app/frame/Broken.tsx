import { useWords } from '../words'

/** In place of a page that failed: a file of a version that is gone, or a fault of ours. */
export function Broken({ error }: { error: unknown }) {
  const words = useWords()
  return (
    <div className="page narrow" role="alert">
      <h1>{words.broke}</h1>
      <p className="muted">{error instanceof Error ? error.message : String(error)}</p>
      <button type="button" className="primary" onClick={() => location.reload()}>
        {words.reload}
      </button>
    </div>
  )
}
