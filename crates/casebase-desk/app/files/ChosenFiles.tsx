import { Icon } from '../frame/Icon'
import { useLanguage, useWords } from '../words'
import { size } from './bytes'
import { leaveLine } from './leaving'

/** Files that wait for the form they belong to. */
export function ChosenFiles({ files, onRemove }: { files: readonly File[]; onRemove: (index: number) => void }) {
  const words = useWords().files
  const language = useLanguage()
  if (!files.length) return null
  return (
    <ul className="files" aria-label={words.chosen}>
      {files.map((file, index) => (
        <li key={index}>
          <span className="file-facts">
            <span className="file-name" dir="auto">{file.name}</span>
            <span className="muted">{size(file.size, language)}</span>
          </span>
          <button type="button" className="quiet icon" aria-label={words.removeOf(file.name)} onClick={(event) => {
            leaveLine(event.currentTarget)
            onRemove(index)
          }}>
            <Icon name="cross" />
          </button>
        </li>
      ))}
    </ul>
  )
}
