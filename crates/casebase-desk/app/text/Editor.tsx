import '@github/markdown-toolbar-element'
import { useId, useState, type ClipboardEvent, type DetailedHTMLProps, type HTMLAttributes, type Ref } from 'react'
import { Icon } from '../frame/Icon'
import { useWords } from '../words'
import { Markdown } from './Markdown'

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
  const [wanted, setPreviewed] = useState(false)
  const previewed = wanted && !error
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
          <md-bold role="button" aria-label={words.bold} title={words.bold}><Icon name="bold" /></md-bold>
          <md-italic role="button" aria-label={words.italic} title={words.italic}><Icon name="italic" /></md-italic>
          <md-header role="button" aria-label={words.heading} title={words.heading}><Icon name="heading" /></md-header>
          <md-quote role="button" aria-label={words.quote} title={words.quote}><Icon name="quote" /></md-quote>
          <md-code role="button" aria-label={words.code} title={words.code}><Icon name="code" /></md-code>
          <md-link role="button" aria-label={words.link} title={words.link}><Icon name="link" /></md-link>
          <md-unordered-list role="button" aria-label={words.bullets} title={words.bullets}><Icon name="bullets" /></md-unordered-list>
          <md-ordered-list role="button" aria-label={words.numbers} title={words.numbers}><Icon name="numbers" /></md-ordered-list>
        </markdown-toolbar>
        <textarea
          id={id}
          ref={fieldRef}
          name={name}
          dir="auto"
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
