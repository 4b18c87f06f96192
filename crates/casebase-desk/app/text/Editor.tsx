import '@github/markdown-toolbar-element'
import { useId, useState, type ClipboardEvent, type DetailedHTMLProps, type HTMLAttributes, type Ref } from 'react'
import { useWords } from '../words'
import { Markdown } from './Markdown'

const Icon = ({ path }: { path: string }) => (
  <svg viewBox="0 0 16 16" className="icon" aria-hidden="true">
    <path d={path} />
  </svg>
)

type Custom = DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement>

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'markdown-toolbar': Custom & { for: string }
      'md-bold': Custom
      'md-italic': Custom
      'md-header': Custom
      'md-quote': Custom
      'md-code': Custom
      'md-link': Custom
      'md-unordered-list': Custom
      'md-ordered-list': Custom
    }
  }
}

/** From here on what is left is told. */
const NEAR_THE_END = 500

/** A Markdown text: written in a plain text field with a toolbar, read in a preview. */
export function Editor({ label, hint, name, value, error, most, rows = 6, onChange, onFiles, fieldRef }: {
  label: string
  hint?: string | undefined
  name: string
  value: string
  error?: string | undefined
  /** The most characters that the database takes. */
  most: number
  rows?: number
  onChange: (text: string) => void
  onFiles?: (files: File[]) => void
  fieldRef?: Ref<HTMLTextAreaElement>
}) {
  const words = useWords().text
  const id = useId()
  const [previewed, setPreviewed] = useState(false)
  // PostgreSQL counts code points, JavaScript units of UTF-16.
  const left = most - (value.length > most - NEAR_THE_END ? [...value].length : value.length)
  const tellsLeft = left < NEAR_THE_END
  const described = [hint && `${id}-hint`, error && `${id}-error`, tellsLeft && `${id}-left`].filter(Boolean).join(' ')
  const paste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files]
    if (!onFiles || !files.length) return
    event.preventDefault()
    onFiles(files)
  }
  return (
    <div className="field editor">
      <div className="editor-head">
        <label htmlFor={id}>{label}</label>
        <div className="tabs">
          <button type="button" aria-pressed={!previewed} onClick={() => setPreviewed(false)}>
            {words.write}
          </button>
          <button type="button" aria-pressed={previewed} onClick={() => setPreviewed(true)}>
            {words.preview}
          </button>
        </div>
      </div>
      <div className="editor-box" hidden={previewed}>
        <markdown-toolbar for={id} aria-label={words.toolbar}>
          <md-bold aria-label={words.bold} title={words.bold}><Icon path="M5 3h4a2.5 2.5 0 0 1 0 5H5zM5 8h4.5a2.5 2.5 0 0 1 0 5H5z" /></md-bold>
          <md-italic aria-label={words.italic} title={words.italic}><Icon path="M7 3h5M4 13h5M9.5 3l-3 10" /></md-italic>
          <md-header aria-label={words.heading} title={words.heading}><Icon path="M4 3v10M12 3v10M4 8h8" /></md-header>
          <md-quote aria-label={words.quote} title={words.quote}><Icon path="M3 3v10M6.5 5h6.5M6.5 8h6.5M6.5 11h4" /></md-quote>
          <md-code aria-label={words.code} title={words.code}><Icon path="m5.5 4.5-3.5 3.5 3.5 3.5M10.5 4.5 14 8l-3.5 3.5" /></md-code>
          <md-link aria-label={words.link} title={words.link}><Icon path="M6.5 9.5a2.7 2.7 0 0 0 3.8 0l2.4-2.4a2.7 2.7 0 0 0-3.8-3.8l-.9.9M9.5 6.5a2.7 2.7 0 0 0-3.8 0L3.3 8.9a2.7 2.7 0 0 0 3.8 3.8l.9-.9" /></md-link>
          <md-unordered-list aria-label={words.bullets} title={words.bullets}><Icon path="M6.5 4H14M6.5 8H14M6.5 12H14M3 4h.01M3 8h.01M3 12h.01" /></md-unordered-list>
          <md-ordered-list aria-label={words.numbers} title={words.numbers}><Icon path="M7 4h7M7 8h7M7 12h7M2.5 3l1-.5v4M2.5 9.8c.3-1 1.8-.8 1.6.2-.1.6-1.6 1.3-1.6 2h1.8" /></md-ordered-list>
        </markdown-toolbar>
        <textarea
          id={id}
          ref={fieldRef}
          name={name}
          rows={rows}
          value={value}
          aria-invalid={error ? true : undefined}
          aria-describedby={described || undefined}
          onChange={(event) => onChange(event.target.value)}
          onPaste={paste}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
            event.preventDefault()
            event.currentTarget.form?.requestSubmit()
          }}
        />
      </div>
      {previewed && <div className="preview">{value.trim() ? <Markdown text={value} /> : <p className="muted">{words.nothing}</p>}</div>}
      {hint && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      <p id={`${id}-left`} className={left < 0 ? 'wrong' : 'hint'} role="status">
        {tellsLeft && words.left(left)}
      </p>
      {error && (
        <p id={`${id}-error`} className="wrong">
          {error}
        </p>
      )}
    </div>
  )
}
