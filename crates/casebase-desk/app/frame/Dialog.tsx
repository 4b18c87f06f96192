import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { useWords } from '../words'
import { Icon } from './Icon'

/** A window over the page. The browser holds the focus in it, closes it with Escape and gives the focus back. What has
 * `data-begin` gets the focus first. */
export function Dialog({ title, onClose, wide, children }: { title: string; onClose?: () => void; wide?: boolean; children: ReactNode }) {
  const words = useWords()
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  // Closed while it is still there: what is only taken away gives the focus to nobody.
  useLayoutEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    // What is to be filled in, not the button that closes it.
    const first = shown?.querySelector<HTMLElement>('[data-begin]') ?? shown?.querySelector<HTMLElement>('input:not([readonly]), textarea, select')
    first?.focus()
    return () => shown?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={wide ? 'wide' : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose?.()
      }}
      // Some browsers close it at the second Escape, whatever was said to the first.
      onClose={onClose ?? (() => dialog.current?.showModal())}
    >
      <header>
        <h2 id={id}>{title}</h2>
        {onClose && (
          <button type="button" className="quiet icon" aria-label={words.close} onClick={onClose}>
            <Icon name="cross" />
          </button>
        )}
      </header>
      {children}
    </dialog>
  )
}
