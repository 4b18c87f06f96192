import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useDesk } from '../desk'
import { Time } from '../frame/Time'
import { Icon } from '../frame/Icon'
import { useStore } from '../store'
import { isUnderWay } from './uploads'
import { useLanguage, useWords } from '../words'
import { useRefusalText } from '../words/refusals'
import { size } from './bytes'
import { keep, load, shownAs } from './content'
import { leaveLine } from './leaving'
import { Preview } from './Preview'
import { isComing, type CaseFile } from './row'
import { deleteFile } from './service'
import { hasThumbnail, Thumbnail } from './Thumbnail'

export function FileList({ files, label, actions }: {
  files: readonly CaseFile[]
  label: string
  /** What else whoever looks can do with one that is there. */
  actions?: (file: CaseFile) => ReactNode
}) {
  const { uploads } = useDesk()
  const underWay = useStore(uploads.list)
  const arrived = files.filter((file) => !isUnderWay(file, underWay))
  if (!arrived.length) return null
  return (
    <ul className="files" aria-label={label}>
      {arrived.map((file) => (
        <FileLine key={file.id} file={file} actions={actions?.(file)} />
      ))}
    </ul>
  )
}

function FileLine({ file, actions }: { file: CaseFile; actions: ReactNode }) {
  const all = useWords()
  const words = all.files
  const language = useLanguage()
  const refusalText = useRefusalText()
  const { access } = useDesk()
  const [shown, setShown] = useState(false)
  const [loading, setLoading] = useState(false)
  const [refused, setRefused] = useState<unknown>()
  const name = file.original_name
  const download = async () => {
    if (loading) return
    setLoading(true)
    setRefused(undefined)
    try {
      keep(await load(access, file.id, file.content_type), name)
    } catch (thrown) {
      setRefused(thrown)
    } finally {
      setLoading(false)
    }
  }
  const isThere = file.state === 'available'
  return (
    <li>
      <span className="file-facts">
        {isThere && shownAs(file.content_type) ? (
          <button type="button" className="link file-name" aria-label={words.previewOf(name)} onClick={() => setShown(true)}>
            {hasThumbnail(file) && <Thumbnail file={file} />}
            {name}
          </button>
        ) : (
          <span className="file-name" dir="auto">{name}</span>
        )}
        {file.notes.map((note) => (
          <span key={note} className="tag noted">
            {words.notes[note] ?? note}
          </span>
        ))}
        {!file.visible_to_client && <span className="tag internal">{isComing(file) ? words.coming : all.talk.internal}</span>}
        <span className="muted">
          {size(file.file_size, language)} · <Time at={file.uploaded_at} />
        </span>
      </span>
      {isThere && actions}
      {isThere ? (
        <button type="button" className="quiet icon" aria-label={words.downloadOf(name)} title={words.downloadOf(name)} aria-disabled={loading} onClick={() => void download()}>
          <Icon name="download" />
        </button>
      ) : (
        <Unfinished file={file} />
      )}
      {refused !== undefined && (
        <span className="wrong" role="alert">
          {refusalText(refused)}
        </span>
      )}
      {shown && <Preview file={file} onClose={() => setShown(false)} onDownload={() => void download()} />}
    </li>
  )
}

/** A file that is not there for others: on its way, half uploaded by whoever looks, or refused. */
function Unfinished({ file }: { file: CaseFile }) {
  const words = useWords().files
  const refusalText = useRefusalText()
  const { access } = useDesk()
  const queries = useQueryClient()
  const [refused, setRefused] = useState<unknown>()
  const discard = async (button: HTMLElement) => {
    try {
      await deleteFile(access, file.id)
      leaveLine(button)
    } catch (thrown) {
      setRefused(thrown)
    }
    await queries.invalidateQueries({ queryKey: ['cases'] })
  }
  // Its uploader alone sees it.
  const isHalf = file.state === 'pending'
  return (
    <>
      <span className="tag">{file.rejection ? words.rejected(file.rejection) : isHalf ? words.half : words.unchecked}</span>
      {isHalf && (
        <button type="button" className="quiet icon" aria-label={words.discardOf(file.original_name)} title={words.discardOf(file.original_name)}
          onClick={(event) => void discard(event.currentTarget)}>
          <Icon name="cross" />
        </button>
      )}
      {refused !== undefined && <span className="wrong" role="alert">{refusalText(refused)}</span>}
    </>
  )
}
