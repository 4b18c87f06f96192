import { Link } from '@tanstack/react-router'
import { memo, useDeferredValue, useRef, useState } from 'react'
import { useDesk } from '../desk'
import { ChooseFiles } from '../files/choosing'
import { FileList } from '../files/FileList'
import type { CaseFile } from '../files/row'
import { UploadList } from '../files/UploadList'
import { Icon } from '../frame/Icon'
import { Time } from '../frame/Time'
import { Markdown } from '../text/Markdown'
import { useWords } from '../words'
import { EditWords } from './EditWords'
import type { Duplicate, Happened, Noted, Said } from './queries'
import { FileSight } from './FileSight'
import { ShowOrHide } from './ShowOrHide'
import { Split } from './Split'
import { stream } from './stream'
import { partyLabel } from './telling'
import { ToldLine } from './Told'
import { useMe, useWork } from './work'

/** What was said, noted, and what happened, oldest first. */
export function Conversation({ duplicates, most, onEarlier }: { duplicates: readonly Duplicate[]; most: number; onEarlier: () => void }) {
  const words = useWords()
  const { shown } = useWork()
  const { entries, hasMore } = stream(shown, duplicates, most)
  // A long conversation is drawn piece by piece, behind what is typed meanwhile.
  const drawn = useDeferredValue(entries, [])
  const filesOf = (said: Said, of?: Duplicate) => (of ?? shown).case_files.filter((file) => file.interaction_id === said.id)
  return (
    <>
      {hasMore && (
        <button type="button" className="more" onClick={onEarlier}>{words.talk.earlier}</button>
      )}
      {!shown.interactions.length && <p className="muted">{words.talk.empty}</p>}
      <ol className="stream">
        {drawn.map((entry) =>
          'said' in entry ? <SaidHere key={entry.key} said={entry.said} files={filesOf(entry.said, entry.of)} of={entry.of} />
          : 'noted' in entry ? <NotedHere key={entry.key} noted={entry.noted} />
          : <HappenedHere key={entry.key} entry={entry.happened} />,
        )}
      </ol>
    </>
  )
}

const isEdited = (one: Said | Noted) => one.updated_at !== one.created_at

type SaidProps = { said: Said; files: CaseFile[]; of: Duplicate | undefined }

const SaidHere = memo(
  function SaidHere({ said, files, of }: SaidProps) {
    const words = useWords()
    const { uploads } = useDesk()
    const { shown, reference } = useWork()
    const { userId, isAdmin } = useMe()
    const [doing, setDoing] = useState<'edit' | 'split' | 'sight'>()
    const pencil = useRef<HTMLButtonElement>(null)
    const stop = () => setDoing(undefined)
    const edited = () => {
      stop()
      pencil.current?.focus()
    }
    const caseNumber = (of ?? shown).case_id
    const isOwn = said.created_by === userId
    const party = (code: string, name: string) => {
      const label = partyLabel(code, reference, words)
      return label === name ? null : <span className="party">{label}</span>
    }
    const who = said.party1_name
    return (
      <li className={`said ${isOwn ? 'own' : ''} ${said.visible_to_client ? '' : 'internal'}`}>
        <div className="said-head">
          <strong dir="auto">{who}</strong> {party(said.party1_type, who)}{' '}
          <span className="muted">{words.talk.to(said.party2_name)}</span> {party(said.party2_type, said.party2_name)}
          <span className={`tag ${said.visible_to_client ? '' : 'internal'}`}>
            <Icon name={said.visible_to_client ? 'eye' : 'lock'} />
            {said.visible_to_client ? words.work.clientSeesIt : words.talk.internal}
          </span>
          {of && <Link to="/cases/$number" params={{ number: of.case_id }}>{of.case_id}</Link>}
          <span className="muted when">
            <Time at={said.created_at} />
            {isEdited(said) && ` · ${words.talk.edited}`}
          </span>
          <span className="said-actions">
            {(isOwn || isAdmin) && (
              <button type="button" ref={pencil} className="quiet icon" aria-label={words.work.editOf(who)} title={words.work.editOf(who)} onClick={() => setDoing('edit')}>
                <Icon name="pencil" />
              </button>
            )}
            <button type="button" className="quiet icon" aria-label={said.visible_to_client ? words.work.hideOf(who) : words.work.showOf(who)}
              title={said.visible_to_client ? words.work.hideOf(who) : words.work.showOf(who)} onClick={() => setDoing('sight')}>
              <Icon name={said.visible_to_client ? 'lock' : 'eye'} />
            </button>
            <button type="button" className="quiet icon" aria-label={words.work.splitOf(who)} title={words.work.splitOf(who)} onClick={() => setDoing('split')}>
              <Icon name="branch" />
            </button>
            <ChooseFiles className="quiet icon" label={words.talk.attachTo(who)}
              onFiles={(chosen) => uploads.add({ caseNumber, interactionId: said.id, visibleToClient: said.visible_to_client }, chosen)}>
              <Icon name="paperclip" />
            </ChooseFiles>
          </span>
        </div>
        {doing === 'edit' ? <EditWords first={said} onDone={edited} /> : <Markdown text={said.content} />}
        <FileList files={files} label={words.files.title} actions={(file) => <FileSight file={file} />} />
        <UploadList caseNumber={caseNumber} interactionId={said.id} />
        {doing === 'split' && <Split said={said} onClose={stop} />}
        {doing === 'sight' && <ShowOrHide said={said} files={files} onClose={stop} />}
      </li>
    )
  },
  // Files are filtered anew each time; what is in them is shared.
  (before, after) =>
    before.said === after.said &&
    before.of?.id === after.of?.id &&
    before.files.length === after.files.length &&
    before.files.every((file, at) => file === after.files[at]),
)

const NotedHere = memo(function NotedHere({ noted }: { noted: Noted }) {
  const words = useWords()
  const { reference, shown } = useWork()
  const { userId, isAdmin } = useMe()
  const [editing, setEditing] = useState(false)
  const pencil = useRef<HTMLButtonElement>(null)
  const edited = () => {
    setEditing(false)
    pencil.current?.focus()
  }
  const author =
    reference.colleagues.find(({ user_id }) => user_id === noted.created_by)?.display_name ??
    shown.case_events.find(({ actor_id }) => actor_id === noted.created_by)?.actor_name ??
    words.work.gone
  return (
    <li className="said note">
      <div className="said-head">
        <span className="tag internal">
          <Icon name="lock" />
          {words.work.note}
        </span>
        <strong dir="auto">{author}</strong>
        <span className="muted when">
          <Time at={noted.created_at} />
          {isEdited(noted) && ` · ${words.talk.edited}`}
        </span>
        {(noted.created_by === userId || isAdmin) && (
          <button type="button" ref={pencil} className="quiet icon" aria-label={words.work.editNoteOf(author)} title={words.work.editNoteOf(author)} onClick={() => setEditing(true)}>
            <Icon name="pencil" />
          </button>
        )}
      </div>
      {editing ? <EditWords first={noted} onDone={edited} /> : <Markdown text={noted.content} />}
    </li>
  )
})

const HappenedHere = memo(function HappenedHere({ entry }: { entry: Happened }) {
  return (
    <li className="happened">
      <ToldLine entry={entry} /> · <Time at={entry.created_at} />
    </li>
  )
})
