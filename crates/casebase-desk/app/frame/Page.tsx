import { useEffect, useRef, type ReactNode } from 'react'
import { useWords } from '../words'

/** A page with its heading, which gets the focus when the page is gone to, and its title in the browser's tab. */
export function Page({ title, lead, actions, children, className }: {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
  className?: string
}) {
  const words = useWords()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${words.desk}`
  }, [title, words])
  useEffect(() => {
    if (arrivedBefore) heading.current?.focus({ preventScroll: true })
    arrivedBefore = true
  }, [])
  return (
    <div className={`page ${className ?? ''}`}>
      <div className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1} dir="auto">
            {title}
          </h1>
          {lead}
        </div>
        {actions && <div className="actions">{actions}</div>}
      </div>
      {children}
    </div>
  )
}

/** The first page leaves the focus at the document's start, as any page of the web does. */
let arrivedBefore = false
