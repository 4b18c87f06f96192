import { useDesk } from '../desk'
import { useStore } from '../store'
import { Icon } from '../frame/Icon'
import { useLanguage, useWords } from '../words'
import { useRefusalText } from '../words/refusals'
import { size } from './bytes'
import { leaveLine } from './leaving'
import { isOfCase } from './target'
import { isRefusedForGood, type Upload } from './uploads'

/** What is on its way to a case, or to one of its interactions: how far it is, and how to stop or repeat it. */
export function UploadList({ caseNumber, interactionId }: { caseNumber: string; interactionId?: number | undefined }) {
  const { uploads } = useDesk()
  const all = useStore(uploads.list)
  return <UploadLines uploads={all.filter((one) => isOfCase(one) && one.caseNumber === caseNumber && one.interactionId === interactionId)} />
}

/** The same of what goes to one place. */
export function UploadLines({ uploads }: { uploads: readonly Upload[] }) {
  if (!uploads.length) return null
  return (
    <ul className="files uploads">
      {uploads.map((upload) => (
        <UploadLine key={upload.id} upload={upload} />
      ))}
    </ul>
  )
}

function UploadLine({ upload }: { upload: Upload }) {
  const words = useWords().files
  const language = useLanguage()
  const refusalText = useRefusalText()
  const { uploads } = useDesk()
  const { id, file, state } = upload
  return (
    <li className={state.is === 'failed' ? 'bad' : undefined}>
      <span className="file-facts">
        <span className="file-name" dir="auto">{file.name}</span>
        <span className="muted">{size(file.size, language)}</span>
        <UploadProgress upload={upload} />
      </span>
      {state.is === 'failed' && (
        <span className="wrong" role="alert">
          <span className="unseen">{file.name}: </span>
          {words.failed} {refusalText(state.refusal)}
        </span>
      )}
      {state.is === 'failed' && !isRefusedForGood(upload) && (
        <button type="button" aria-label={words.retryOf(file.name)} title={words.retryOf(file.name)} className="quiet icon" onClick={(event) => {
          // This button goes, the one beside it stays.
          event.currentTarget.parentElement?.querySelector<HTMLElement>('button:last-of-type')?.focus()
          uploads.retry(id)
        }}>
          <Icon name="again" />
        </button>
      )}
      <button type="button" className="quiet icon" aria-label={words.cancelOf(file.name)} title={words.cancelOf(file.name)} onClick={(event) => {
        leaveLine(event.currentTarget)
        uploads.cancel(id)
      }}>
        <Icon name="cross" />
      </button>
    </li>
  )
}

function UploadProgress({ upload: { file, state } }: { upload: Upload }) {
  const words = useWords().files
  if (state.is === 'waiting') return <span className="muted">{words.waiting}</span>
  if (state.is === 'checking') return <span className="muted">{words.checking}</span>
  if (state.is !== 'sending') return null
  const percent = file.size ? Math.floor((state.sent / file.size) * 100) : 0
  return (
    <>
      <progress max={100} value={percent} aria-label={file.name} />
      <span className="muted percent">{words.sending(percent)}</span>
    </>
  )
}
