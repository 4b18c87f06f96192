import { Dialog } from '../frame/Dialog'
import { useWords } from '../words'
import { useRefusalText } from '../words/refusals'
import type { CaseFile } from './row'
import { useFileUrl } from './url'

/** A picture or a PDF over the page. */
export function Preview({ file, onClose, onDownload }: { file: CaseFile; onClose: () => void; onDownload: () => void }) {
  const words = useWords().files
  const refusalText = useRefusalText()
  const { url, type, error } = useFileUrl(file, true)
  return (
    <Dialog title={file.original_name} onClose={onClose} wide>
      <div className="preview-box">
        {error && (
          <p className="wrong" role="alert">
            {refusalText(error)}
          </p>
        )}
        {!url && !error && <p role="status">{words.loading}</p>}
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
