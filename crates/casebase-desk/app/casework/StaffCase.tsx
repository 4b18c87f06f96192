import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { EditCase } from '../cases/EditCase'
import { MissingCase } from '../cases/MissingCase'
import { keyOf, numberOf } from '../cases/queries'
import { PriorityMark, StatusMark } from '../cases/Status'
import { useDesk } from '../desk'
import { ChooseFiles, DropZone } from '../files/choosing'
import { FileList } from '../files/FileList'
import { UploadList } from '../files/UploadList'
import { announce } from '../frame/announce'
import { Icon } from '../frame/Icon'
import { Page } from '../frame/Page'
import { Failed, Loading } from '../frame/states'
import { Time } from '../frame/Time'
import { useLive } from '../live'
import { Refusal } from '../refusal'
import { useShortcut } from '../shortcuts'
import { Markdown } from '../text/Markdown'
import { useWords } from '../words'
import { useChange } from './change'
import { Composer, MODES } from './Composer'
import { Properties } from './Properties'
import { FileSight } from './FileSight'
import { getDuplicates, getStaffCase, type Duplicate, type StaffCase as Case } from './queries'
import { useClient, useReference, type Client, type Reference } from './reference'
import { Conversation } from './Conversation'
import { newestSeq, others } from './stream'
import { Meanwhile } from './Told'
import { useMe, useWork, WorkContext } from './work'

/** So many entries fit on few screens. */
const MANY = 6

/** So many interactions at first, and so many more each time. */
const STEP = 50

/** A case as those who work it see it. Who turns out to see it as its client gets that page. */
export function StaffCase({ number, asClient }: { number: string; asClient: ReactNode }) {
  const { access } = useDesk()
  const [most, setMost] = useState(STEP)
  const key = keyOf(number)
  const isNumber = Number.isFinite(key)
  // Who sees it as its client may not hear of what is internal.
  const [isTheirs, setIsTheirs] = useState(true)
  const topics = isNumber && isTheirs ? [`casebase:case:${key}`, `casebase:case_internal:${key}`] : []
  const often = { enabled: isNumber, refetchInterval: useLive(topics, 8_000), placeholderData: keepPreviousData }
  const read = useQuery({
    ...often,
    queryKey: ['cases', 'work', key, most],
    queryFn: () => getStaffCase(access, key, most),
    retry: (tries, error) => !(error instanceof Refusal && error.kind === 'missing') && tries < 2,
  })
  if (isTheirs && read.data && !read.data.case_events.length) setIsTheirs(false)
  const duplicates = useQuery({ ...often, queryKey: ['cases', 'duplicates', key, most], queryFn: () => getDuplicates(access, key, most) })
  const reference = useReference()
  const client = useClient(read.data?.client_id)
  if (!isNumber || (read.error instanceof Refusal && read.error.kind === 'missing')) return <MissingCase number={number} kinds={MODES} />
  if (read.data && !read.data.case_events.length) return asClient
  if (read.data && reference.data && client.data && !duplicates.isPending) {
    return (
      <Worked shown={read.data} duplicates={duplicates.data ?? []} reference={reference.data} client={client.data}
        isStale={read.isError || duplicates.isError} most={most} onEarlier={() => setMost(most + STEP)} />
    )
  }
  const failed = [read, client].find(({ isError }) => isError) ?? reference.failed
  return (
    <Page title={number}>
      {failed ? <Failed error={failed.error} onRetry={() => void failed.refetch()} /> : <Loading lines={8} />}
    </Page>
  )
}

function Worked({ shown, duplicates, reference, client, isStale, most, onEarlier }: {
  shown: Case
  duplicates: readonly Duplicate[]
  reference: Reference
  client: Client
  isStale: boolean
  most: number
  onEarlier: () => void
}) {
  const words = useWords()
  const { uploads } = useDesk()
  const changing = useChange(shown)
  const [editing, setEditing] = useState<number>()
  const [showsFiles, setShowsFiles] = useState(false)
  const addFiles = (files: File[]) => uploads.add({ caseNumber: shown.case_id, visibleToClient: showsFiles }, files)
  return (
    <WorkContext value={{ shown, reference, client, changing }}>
      <DropZone wholePage onFiles={addFiles}>
        <Page
          title={shown.title}
          className="case work"
          lead={
            <div className="case-lead">
              <span className="case-number">{shown.case_id}</span>
              <StatusMark status={shown.status} />
              <PriorityMark priority={shown.priority} />
              <span className="muted" dir="auto">{client.name}</span>
              <a className="to-details" href="#details" onClick={(event) => {
                event.preventDefault()
                document.getElementById('details')?.focus()
              }}>{words.theCase.details}</a>
            </div>
          }
          actions={editing === undefined && <button type="button" onClick={() => setEditing(newestSeq(shown))}>{words.theCase.edit}</button>}
        >
          <Keys />
          <News />
          {shown.merged_into !== null && (
            <div className="notice">
              <p>{words.theCase.goesOn(numberOf(shown.merged_into))}</p>
              <Link to="/cases/$number" params={{ number: numberOf(shown.merged_into) }} className="button">{words.theCase.toSurvivor}</Link>
            </div>
          )}
          {isStale && <p className="notice" role="status">{words.stale}</p>}
          <div className="case-columns">
            <div className="case-main">
              {editing !== undefined ? (
                <div>
                  <Meanwhile since={editing} />
                  <EditCase shown={shown} onDone={() => {
                    setEditing(undefined)
                    // The form was where the focus is; what it changed is here.
                    setTimeout(() => document.querySelector('h1')?.focus())
                  }} />
                </div>
              ) : (
                <Description />
              )}
              <section aria-labelledby="talk" className="talk">
                <div className="section-head">
                  <h2 id="talk">{words.talk.title}</h2>
                  {shown.case_events.length > MANY && (
                    <button type="button" className="quiet" onClick={() => document.querySelector<HTMLElement>('.composer textarea')?.focus()}>
                      {words.talk.toLatest}
                    </button>
                  )}
                </div>
                <Conversation duplicates={duplicates} most={most} onEarlier={onEarlier} />
                <Composer />
              </section>
            </div>
            <aside className="case-side">
              <section aria-labelledby="details">
                <div className="section-head">
                  <h2 id="details" tabIndex={-1}>{words.theCase.details}</h2>
                  <ChooseFiles className="quiet icon" label={words.work.attachToCase} onFiles={addFiles}>
                    <Icon name="paperclip" />
                  </ChooseFiles>
                </div>
                <Properties duplicates={duplicates} />
                <OwnFiles showsFiles={showsFiles} onShow={setShowsFiles} />
              </section>
            </aside>
          </div>
        </Page>
      </DropZone>
    </WorkContext>
  )
}

/** What a key does on this page. */
function Keys() {
  const words = useWords().work
  const { shown, changing, reference } = useWork()
  useShortcut('a', words.keyAssign, () => {
    const choice = document.querySelector<HTMLSelectElement>('[data-key=assignee]')
    choice?.focus()
    try {
      choice?.showPicker()
    } catch {
      // Where a browser opens no list by itself, the focus is there.
    }
  })
  const mayResolve = reference.transitions.some((one) => one.from_status === shown.status && one.to_status === 'resolved')
  useShortcut('e', words.keyResolve, () => {
    if (mayResolve) void changing.save({ status: 'resolved' })
    else announce(words.noResolve)
  })
  return null
}

/** Says that somebody else has said or noted something while the page is open. */
function News() {
  const words = useWords()
  const { shown } = useWork()
  const { userId } = useMe()
  const known = useRef(newestSeq(shown))
  useEffect(() => {
    const added = others(shown, known.current, userId)
    known.current = Math.max(known.current, newestSeq(shown))
    const said = added.findLast(({ type }) => type === 'interaction.created')
    const changed = added.at(-1)
    if (said) announce(words.talk.news(said.actor_name))
    else if (changed) announce(words.work.changedBy(changed.actor_name))
  }, [shown, userId, words])
  return null
}

/** What the case is about, in the words of whoever opened it. */
function Description() {
  const words = useWords()
  const { shown, client, reference } = useWork()
  const opener =
    client.members.find(({ user_id }) => user_id === shown.created_by)?.display_name ??
    reference.colleagues.find(({ user_id }) => user_id === shown.created_by)?.display_name
  return (
    <section aria-label={words.theCase.description} className="said">
      <div className="said-head">
        <strong dir="auto">{opener ? words.theCase.openedBy(opener) : words.theCase.opened}</strong>
        <span className="muted when"><Time at={shown.created_at} /></span>
      </div>
      {shown.description.trim() ? <Markdown text={shown.description} /> : <p className="muted">{words.theCase.noDescription}</p>}
    </section>
  )
}

/** Files of the case itself; those of interactions stand with them. */
function OwnFiles({ showsFiles, onShow }: { showsFiles: boolean; onShow: (shows: boolean) => void }) {
  const words = useWords()
  const { shown } = useWork()
  const files = shown.case_files.filter((file) => file.interaction_id === null)
  return (
    <div className="own-files">
      <h3>{words.files.title}</h3>
      <FileList files={files} label={words.files.title} actions={(file) => <FileSight file={file} />} />
      <UploadList caseNumber={shown.case_id} />
      <label className="check">
        <input type="checkbox" role="switch" checked={showsFiles} onChange={(event) => onShow(event.target.checked)} />
        {words.work.showFiles}
      </label>
      <p className={`hint ${showsFiles ? 'shows' : ''}`}>{showsFiles ? words.work.filesSeen : words.work.filesUnseen}</p>
    </div>
  )
}
