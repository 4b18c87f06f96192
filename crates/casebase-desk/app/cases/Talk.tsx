import { memo, useDeferredValue } from 'react'
import { useDesk } from '../desk'
import { ChooseFiles } from '../files/choosing'
import { FileList, type CaseFile } from '../files/FileList'
import { UploadList } from '../files/UploadList'
import { Time } from '../frame/Time'
import { Markdown } from '../text/Markdown'
import { useLanguage, useWords } from '../words'
import { sentence } from './events'
import type { Case, Interaction, Timeline, TimelineEntry } from './queries'
import { ReplyForm } from './ReplyForm'
import { entries } from './stream'

export function Talk({ shown, timeline, hasMoreSaid, onEarlier }: {
  shown: Case
  timeline: Timeline | undefined
  hasMoreSaid: boolean
  onEarlier: () => void
}) {
  const words = useWords()
  const hasMoreHappened = Boolean(timeline?.next_cursor)
  const all = entries(shown.interactions, hasMoreSaid, timeline?.entries ?? [], hasMoreHappened)
  // A long conversation is drawn piece by piece, behind what is typed meanwhile.
  const drawn = useDeferredValue(all, [])
  return (
    <section aria-labelledby="talk" className="talk">
      <h2 id="talk">{words.talk.title}</h2>
      {(hasMoreSaid || hasMoreHappened) && (
        <button type="button" className="more" onClick={onEarlier}>
          {words.talk.earlier}
        </button>
      )}
      {!shown.interactions.length && <p className="muted">{words.talk.empty}</p>}
      <ol className="stream">
        {drawn.map((entry) =>
          'said' in entry ? (
            <Said
              key={`i${entry.said.id}`}
              said={entry.said}
              caseNumber={shown.case_id}
              files={shown.case_files.filter((file) => file.interaction_id === entry.said.id)}
            />
          ) : (
            <Happened key={entry.key} entry={entry.happened} />
          ),
        )}
      </ol>
      <ReplyForm shown={shown} />
    </section>
  )
}

const Said = memo(
  function Said({ said, caseNumber, files }: { said: Interaction; caseNumber: string; files: CaseFile[] }) {
    const words = useWords()
    const { access, uploads } = useDesk()
    const standing = access.standing.get()
    const isOwn = standing.is !== 'out' && said.created_by === standing.userId
    return (
      <li className={`said ${isOwn ? 'own' : ''} ${said.visible_to_client ? '' : 'internal'}`}>
        <div className="said-head">
          <strong>{said.party1_name}</strong>
          <span className="muted">{words.talk.to(said.party2_name)}</span>
          {!said.visible_to_client && <span className="tag internal">{words.talk.internal}</span>}
          <span className="muted when">
            <Time at={said.created_at} />
            {said.updated_at !== said.created_at && ` · ${words.talk.edited}`}
          </span>
          <ChooseFiles
            className="quiet icon"
            label={words.talk.attachTo(said.party1_name)}
            onFiles={(chosen) => uploads.add({ caseNumber, interactionId: said.id }, chosen)}
          >
            <Paperclip />
          </ChooseFiles>
        </div>
        <Markdown text={said.content} />
        <FileList files={files} label={words.files.title} />
        <UploadList caseNumber={caseNumber} interactionId={said.id} />
      </li>
    )
  },
  // Files are filtered anew each time; what is in them is shared.
  (before, after) =>
    before.said === after.said &&
    before.caseNumber === after.caseNumber &&
    before.files.length === after.files.length &&
    before.files.every((file, at) => file === after.files[at]),
)

export const Paperclip = () => (
  <svg viewBox="0 0 16 16" className="icon" aria-hidden="true">
    <path d="M13 7.5 8 12.4a3 3 0 0 1-4.3-4.2L9 3a2 2 0 0 1 2.9 2.8L6.7 11a1 1 0 0 1-1.5-1.4l4.5-4.4" />
  </svg>
)

function Happened({ entry }: { entry: TimelineEntry }) {
  const words = useWords()
  const language = useLanguage()
  const text = sentence(entry, words, language)
  if (!text) return null
  return (
    <li className="happened">
      <span>{text}</span> · <Time at={entry.created_at} />
    </li>
  )
}
