import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react'
import { announce } from '../frame/announce'
import { useWords } from '../words'

/** A button that opens the system's window for files. */
export function ChooseFiles({ onFiles, single, label, children, className }: {
  onFiles: (files: File[]) => void
  /** One and no more. */
  single?: boolean
  label?: string
  children: ReactNode
  className?: string
}) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <button type="button" data-choose className={className} aria-label={label} title={label} onClick={() => input.current?.click()}>
        {children}
      </button>
      <input
        ref={input}
        type="file"
        multiple={!single}
        hidden
        onChange={(event) => {
          const files = [...(event.target.files ?? [])]
          // The same file can be chosen again.
          event.target.value = ''
          if (files.length) onFiles(files)
        }}
      />
    </>
  )
}

/** Takes files that are dropped on it, and shows that it would; of the whole page, those that are pasted anywhere, too. What
 * a zone within it takes is not its own. */
export function DropZone({ onFiles, wholePage, children, className }: {
  onFiles: (files: File[]) => void
  wholePage?: boolean
  children: ReactNode
  className?: string
}) {
  const words = useWords().files
  usePastedFiles(wholePage ? onFiles : undefined)
  const [over, setOver] = useState(0)
  const hasFiles = (event: React.DragEvent) => event.dataTransfer.types.includes('Files')
  return (
    <div
      className={`drop ${over > 0 ? 'over' : ''} ${className ?? ''}`}
      data-drop={words.drop}
      onDragEnter={(event) => hasFiles(event) && setOver((depth) => depth + 1)}
      onDragLeave={(event) => hasFiles(event) && setOver((depth) => Math.max(0, depth - 1))}
      onDragOver={(event) => {
        if (hasFiles(event)) event.preventDefault()
      }}
      onDrop={(event) => {
        setOver(0)
        if (!hasFiles(event) || event.isDefaultPrevented()) return
        event.preventDefault()
        const { files, folders } = dropped(event.dataTransfer)
        if (folders.length) announce(words.noFolders(folders.join(', ')))
        if (files.length) onFiles(files)
      }}
    >
      {children}
    </div>
  )
}

/** Files apart from folders, which come as files that can't be read. */
export function dropped({ items }: DataTransfer): { files: File[]; folders: string[] } {
  const files: File[] = []
  const folders: string[] = []
  for (const item of items) {
    const file = item.getAsFile()
    if (!file) continue
    if (item.webkitGetAsEntry()?.isDirectory) folders.push(file.name)
    else files.push(file)
  }
  return { files, folders }
}

function usePastedFiles(onFiles: ((files: File[]) => void) | undefined) {
  const take = useEffectEvent((event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])]
    if (!onFiles || !files.length || event.defaultPrevented) return
    event.preventDefault()
    onFiles(files)
  })
  useEffect(() => {
    document.addEventListener('paste', take)
    return () => document.removeEventListener('paste', take)
  }, [])
}

/** A file that misses its place would replace the page, and what was typed on it. */
export function useNoStrayDrops() {
  useEffect(() => {
    const stop = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files')) event.preventDefault()
    }
    addEventListener('dragover', stop)
    addEventListener('drop', stop)
    return () => {
      removeEventListener('dragover', stop)
      removeEventListener('drop', stop)
    }
  }, [])
}
