import { useEffect, useState } from 'react'
import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { useWords } from '../words'
import { useRefusalText } from '../words/refusals'
import { load, shownAs } from './content'
import type { CaseFile } from './FileList'

/** A picture or a PDF over the page, from a `blob:` that goes with it. */
export function Preview({ file, onClose, onDownload }: { file: CaseFile; onClose: () => void; onDownload: () => void }) {
  const words = useWords().files
  const refusalText = useRefusalText()
  const { access } = useDesk()
  const [url, setUrl] = useState<string>()
  const [refused, setRefused] = useState<unknown>()
  const type = shownAs(file.content_type)
  useEffect(() => {
    if (!type) return
    const stop = new AbortController()
    let made: string | undefined
    load(access, file.id, type, stop.signal).then(
      (blob) => {
        if (!stop.signal.aborted) setUrl((made = URL.createObjectURL(blob)))
      },
      (thrown) => {
        if (!stop.signal.aborted) setRefused(thrown)
      },
    )
    return () => {
      stop.abort()
      if (made) URL.revokeObjectURL(made)
    }
  }, [access, file.id, type])
  return (
    <Dialog title={file.original_name} onClose={onClose} wide>
      <div className="preview-box">
        {refused !== undefined && (
          <p className="wrong" role="alert">
            {refusalText(refused)}
          </p>
        )}
        {!url && refused === undefined && <p role="status">{words.loading}</p>}
        {url && type === 'application/pdf' && <iframe title={file.original_name} src={url} />}
        {url && type !== 'application/pdf' && <img src={url} alt={file.original_name} />}
      </div>
      <div className="form-actions">
        <button type="button" onClick={onDownload}>
          {words.download}
        </button>
      </div>
    </Dialog>
  )
}
