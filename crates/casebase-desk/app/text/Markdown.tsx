import { lazy, Suspense } from 'react'

// Asked for with the page that will need it, not after its text has come.
const rendered = import('./Rendered')
rendered.catch(() => {})
const Rendered = lazy(() => rendered)

/** Markdown as people read it. Until what renders it is loaded, as it was written. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown" dir="auto">
      <Suspense fallback={<p className="as-written">{text}</p>}>
        <Rendered text={text} />
      </Suspense>
    </div>
  )
}
