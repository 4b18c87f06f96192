import { Link } from '@tanstack/react-router'
import { memo, useDeferredValue, useEffect, useRef } from 'react'
import { useDesk } from '../desk'
import { ChooseFiles } from '../files/choosing'
import { announce } from '../frame/announce'
import { Icon } from '../frame/Icon'
import { FileList } from '../files/FileList'
import type { CaseFile } from '../files/row'
import { UploadList } from '../files/UploadList'
import { Time } from '../frame/Time'
import { Markdown } from '../text/Markdown'
import { useLanguage, useWords } from '../words'
import { sentence } from './events'
import { numberOf, type Case, type Interaction, type Timeline, type TimelineEntry } from './queries'
import { ReplyForm } from './ReplyForm'
import { entries } from './stream'

/** So much that was said fits on few screens. */
const MANY = 6

export function Talk({ shown, timeline, hasMoreSaid, onEarlier }: {
  shown: Case
  timeline: Timeline | undefined
  hasMoreSaid: boolean
  onEarlier: () => void
}) {
  const words = useWords()
  const hasMoreHappened = Boolean(timeline?.next_cursor)
  const all = entries(shown.interactions, hasMoreSaid, timeline?.entries ?? [], hasMoreHappened)
  useNews(shown.interactions)
  // A long conversation is drawn piece by piece, behind what is typed meanwhile.
  const drawn = useDeferredValue(all, [])
  return (
    <section aria-labelledby="talk" className="talk">
      <div className="section-head">
        <h2 id="talk">{words.talk.title}</h2>
        {shown.interactions.length > MANY && (
          <button type="button" className="quiet" onClick={() => document.querySelector<HTMLElement>('.reply textarea')?.focus()}>
            {words.talk.toLatest}
          </button>
        )}
      </div>
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
              caseNumber={numberOf(entry.said.case_id)}
              isHere={entry.said.case_id === shown.id}
              files={shown.case_files.filter((file) => file.interaction_id === entry.said.id)}
            />
          ) : (
            <Happened key={entry.key} entry={entry.happened} caseNumber={shown.case_id} />
          ),
        )}
      </ol>
      {/* Below what was said, never above it for a moment. */}
      {(drawn.length > 0 || all.length === 0) && <ReplyForm shown={shown} />}
    </section>
  )
}

/** Says that somebody else has said something while the page is open. */
function useNews(said: readonly Interaction[]) {
  const words = useWords()
  const { access } = useDesk()
  const newest = said[0]
  const known = useRef(newest?.id ?? 0)
  useEffect(() => {
    if (!newest || newest.id <= known.current) return
    known.current = newest.id
    const standing = access.standing.get()
    if (standing.is !== 'out' && newest.created_by !== standing.userId) announce(words.talk.news(newest.party1_name))
  }, [newest, words, access])
}

const Said = memo(
  function Said({ said, caseNumber, isHere, files }: { said: Interaction; caseNumber: string; isHere: boolean; files: CaseFile[] }) {
    const words = useWords()
    const { access, uploads } = useDesk()
    const standing = access.standing.get()
    const isOwn = standing.is !== 'out' && said.created_by === standing.userId
    return (
      <li className={`said ${isOwn ? 'own' : ''} ${said.visible_to_client ? '' : 'internal'}`}>
        <div className="said-head">
          <strong>{said.party1_name}</strong>
          <span className="muted">{words.talk.to(said.party2_name)}</span>
          {!isHere && (
            <Link to="/cases/$number" params={{ number: caseNumber }} className="case-number">
              {caseNumber}
            </Link>
          )}
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
            <Icon name="paperclip" />
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

function Happened({ entry, caseNumber }: { entry: TimelineEntry; caseNumber: string }) {
  const words = useWords()
  const language = useLanguage()
  const text = sentence(entry, words, language)
  if (!text) return null
  return (
    <li className="happened">
      {entry.data.case_id !== caseNumber && (
        <>
          <Link to="/cases/$number" params={{ number: entry.data.case_id }}>
            {entry.data.case_id}
          </Link>
          :{' '}
        </>
      )}
      <span>{text}</span> · <Time at={entry.created_at} />
    </li>
  )
}
