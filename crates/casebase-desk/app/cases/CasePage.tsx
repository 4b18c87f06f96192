import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { saysStaff } from '../coming-in/session'
import { useDesk } from '../desk'
import { DropZone } from '../files/choosing'
import { isOfCase } from '../files/target'
import { announce } from '../frame/announce'
import { Page } from '../frame/Page'
import { Failed, Loading } from '../frame/states'
import { Time } from '../frame/Time'
import { useLive } from '../live'
import { Refusal } from '../refusal'
import { useStore } from '../store'
import { Markdown } from '../text/Markdown'
import { useWords } from '../words'
import { Details } from './Details'
import { justCreated } from './created'
import { MissingCase } from './MissingCase'
import { EditCase, isBeingEdited } from './EditCase'
import { getCase, getDuplicates, getTimeline, keyOf, numberOf, type Case, type Timeline, type TimelineEntry } from './queries'
import { PriorityMark, StatusMark } from './Status'
import { joined } from './stream'
import { Talk } from './Talk'

/** So many interactions at first, and so many more each time. */
const STEP = 50

const StaffCase = lazy(async () => ({ default: (await import('../casework/StaffCase')).StaffCase }))

/** A case: what it is about, what was said, its details and files. */
export function CasePage() {
  const { number } = useParams({ from: '/members/cases/$number' })
  const { access } = useDesk()
  const isStaff = saysStaff(useStore(access.standing))
  // Another case is another page, with its own typed text.
  const asClient = <OneCase key={number} number={number} />
  if (!isStaff) return asClient
  return (
    <Suspense fallback={<Loading lines={8} />}>
      <StaffCase key={number} number={number} asClient={asClient} />
    </Suspense>
  )
}

function OneCase({ number }: { number: string }) {
  const { access } = useDesk()
  const [most, setMost] = useState(STEP)
  const often = useLive(Number.isFinite(keyOf(number)) ? [`casebase:case:${keyOf(number)}`] : [], 8_000)
  const read = useQuery({
    queryKey: ['cases', 'one', number, most],
    queryFn: () => getCase(access, number, most),
    enabled: Number.isFinite(keyOf(number)),
    refetchInterval: often,
    placeholderData: keepPreviousData,
  })
  const timeline = useQuery({
    queryKey: ['cases', 'timeline', number, most],
    // Each interaction is an entry, too.
    queryFn: () => getTimeline(access, keyOf(number), 2 * most),
    enabled: Number.isFinite(keyOf(number)),
    refetchInterval: often,
    placeholderData: keepPreviousData,
  })
  // A duplicate leads to the case that it goes on in; there stands what was said in both.
  const isDuplicate = read.data?.merged_into !== null
  const others = isDuplicate ? [] : casesIn(timeline.data).filter((other) => other !== number)
  const duplicates = useQuery({
    queryKey: ['cases', 'duplicates', number, others, most],
    queryFn: () => getDuplicates(access, others.map(keyOf), most),
    enabled: others.length > 0,
    refetchInterval: often,
    placeholderData: keepPreviousData,
  })
  const isMissing = !Number.isFinite(keyOf(number)) || (read.error instanceof Refusal && read.error.kind === 'missing')
  if (isMissing) return <MissingCase number={number} />
  // Both at once, so that nothing moves; without the history where that alone fails.
  if (read.data && !timeline.isPending && !duplicates.isLoading) {
    const talk = joined(read.data, isDuplicate ? [] : (duplicates.data ?? []), most)
    const hasMoreSaid = talk.interactions.length >= most
    return (
      <ShownCase
        shown={{ ...read.data, ...talk }}
        timeline={timeline.data}
        isStale={read.isError || timeline.isError || duplicates.isError}
        hasMoreSaid={hasMoreSaid}
        onEarlier={() => setMost(most + STEP)}
      />
    )
  }
  return (
    <Page title={number}>
      {read.isError ? <Failed error={read.error} onRetry={() => void read.refetch()} /> : <Loading lines={8} />}
    </Page>
  )
}

/** The cases whose history it is: the one, and those that were merged into it. */
const casesIn = (timeline: Timeline | undefined) => [...new Set(timeline?.entries.map(({ data }) => data.case_id))].sort()

function ShownCase({ shown, timeline, isStale, hasMoreSaid, onEarlier }: {
  shown: Case
  timeline: Timeline | undefined
  isStale: boolean
  hasMoreSaid: boolean
  onEarlier: () => void
}) {
  const words = useWords()
  const { access, uploads } = useDesk()
  const standing = access.standing.get()
  const [editing, setEditing] = useState(() => isBeingEdited(access, shown.id))
  const isStaff = standing.is !== 'out' && standing.role !== undefined && standing.role !== 'client'
  const mayEdit = isStaff || shown.status === 'open'
  return (
    <DropZone wholePage onFiles={(files) => uploads.add({ caseNumber: shown.case_id }, files)}>
      <Page
        title={shown.title}
        className="case"
        lead={
          <div className="case-lead">
            <span className="case-number">{shown.case_id}</span>
            <StatusMark status={shown.status} />
            <PriorityMark priority={shown.priority} />
          </div>
        }
        actions={
          mayEdit && !editing ? (
            <button type="button" onClick={() => setEditing(true)}>
              {words.theCase.edit}
            </button>
          ) : undefined
        }
      >
        <Created shown={shown} />
        {shown.merged_into !== null && (
          <div className="notice">
            <p>{words.theCase.goesOn(numberOf(shown.merged_into))}</p>
            <Link to="/cases/$number" params={{ number: numberOf(shown.merged_into) }} className="button">
              {words.theCase.toSurvivor}
            </Link>
          </div>
        )}
        {isStale && (
          <p className="notice" role="status">
            {words.stale}
          </p>
        )}
        <div className="case-columns">
          <div className="case-main">
            {editing ? (
              <EditCase
                shown={shown}
                mayEdit={mayEdit}
                onDone={() => {
                  setEditing(false)
                  // The form was where the focus is; what it changed is here.
                  setTimeout(() => document.querySelector('h1')?.focus())
                }}
              />
            ) : (
              <Description shown={shown} timeline={timeline?.entries ?? []} />
            )}
            <Talk shown={shown} timeline={timeline} hasMoreSaid={hasMoreSaid} onEarlier={onEarlier} />
          </div>
          <Details shown={shown} lastActivity={timeline?.entries[0]?.created_at ?? shown.updated_at} />
        </div>
      </Page>
    </DropZone>
  )
}

/** What the case is about, in the words of whoever opened it. */
function Description({ shown, timeline }: { shown: Case; timeline: readonly TimelineEntry[] }) {
  const words = useWords()
  // Duplicates that were merged into it have theirs.
  const opened = timeline.find(({ type, data }) => type === 'case.created' && data.case_id === shown.case_id)
  return (
    <section aria-label={words.theCase.description} className="said">
      <div className="said-head">
        <strong>{opened ? words.theCase.openedBy(opened.actor_name) : words.theCase.opened}</strong>
        <span className="muted when">
          <Time at={shown.created_at} />
        </span>
      </div>
      {shown.description.trim() ? <Markdown text={shown.description} /> : <p className="muted">{words.theCase.noDescription}</p>}
    </section>
  )
}

/** After a case was made: its number, and its link to pass on. */
function Created({ shown }: { shown: Case }) {
  const words = useWords()
  const { uploads } = useDesk()
  // Said once: not when the page is come back to.
  useEffect(() => () => justCreated.set(undefined), [])
  const underWay = useStore(uploads.list).filter((one) => isOfCase(one) && one.caseNumber === shown.case_id).length
  if (useStore(justCreated) !== shown.case_id) return null
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(location.href)
      announce(words.newCase.linkCopied)
    } catch {
      // Not allowed, or not over plain HTTP: the address bar has it.
      announce(location.href)
    }
  }
  return (
    <div className="notice good" role="status">
      <p>
        <strong>{words.newCase.created(shown.case_id)}</strong> {underWay > 0 && words.newCase.createdFiles(underWay)}
      </p>
      <button type="button" onClick={() => void copy()}>
        {words.newCase.copyLink}
      </button>
    </div>
  )
}
