import { lazy, Suspense } from 'react'

const Rendered = lazy(() => import('./Rendered'))

/** Markdown as people read it. Until what renders it is loaded, as it was written. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      <Suspense fallback={<p className="as-written">{text}</p>}>
        <Rendered text={text} />
      </Suspense>
    </div>
  )
}
