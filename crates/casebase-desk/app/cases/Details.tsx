import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useDesk } from '../desk'
import { ChooseFiles } from '../files/choosing'
import { FileList } from '../files/FileList'
import { UploadList } from '../files/UploadList'
import { announce } from '../frame/announce'
import { FormRefusal } from '../frame/FormRefusal'
import { Time } from '../frame/Time'
import { useWords } from '../words'
import { EscalateDialog } from './EscalateDialog'
import { numberOf, reopenCase, type Case } from './queries'
import { PriorityMark, StatusMark } from './Status'

/** What is known of the case, what can be done with it, and its own files. */
export function Details({ shown, lastActivity }: { shown: Case; lastActivity: string }) {
  const words = useWords()
  return (
    <aside className="case-side">
      <section aria-labelledby="details">
        <h2 id="details" tabIndex={-1}>{words.theCase.details}</h2>
        <dl>
          <Detail term={words.theCase.status}>
            <StatusMark status={shown.status} />
          </Detail>
          <Detail term={words.theCase.priority}>
            <PriorityMark priority={shown.priority} />
          </Detail>
          {shown.escalated_at && (
            <Detail term={words.theCase.escalated}>
              <Time at={shown.escalated_at} />
              {shown.escalation_reason && <p className="as-written">{shown.escalation_reason}</p>}
            </Detail>
          )}
          {shown.action_required_by && (
            <Detail term={words.theCase.due}>
              <Time at={shown.action_required_by} />
              {shown.action_required_of === 'CLIENT' && ` · ${words.theCase.yourMove}`}
            </Detail>
          )}
          <Detail term={words.theCase.opened}>
            <Time at={shown.created_at} />
          </Detail>
          <Detail term={words.theCase.lastActivity}>
            <Time at={lastActivity} />
          </Detail>
          {shown.resolved_at && shown.resolved_at !== shown.closed_at && (
            <Detail term={words.theCase.resolved}>
              <Time at={shown.resolved_at} />
            </Detail>
          )}
          {shown.closed_at && (
            <Detail term={words.theCase.closed}>
              <Time at={shown.closed_at} />
            </Detail>
          )}
          {shown.follow_up_of !== null && (
            <Detail term={words.theCase.followUpOf}>
              <Link to="/cases/$number" params={{ number: numberOf(shown.follow_up_of) }}>
                {numberOf(shown.follow_up_of)}
              </Link>
            </Detail>
          )}
        </dl>
        <Moves shown={shown} />
      </section>
      <OwnFiles shown={shown} />
    </aside>
  )
}

function Detail({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** The button that was used goes with the state that it ended; what it changed stands here. */
const toDetails = () => document.getElementById('details')?.focus()

/** What a client can do about a status. */
function Moves({ shown }: { shown: Case }) {
  const words = useWords()
  const { access } = useDesk()
  const queries = useQueryClient()
  const [escalating, setEscalating] = useState(false)
  const reopen = useMutation({
    mutationFn: () => reopenCase(access, shown.id),
    onSuccess: async () => {
      announce(words.theCase.reopened)
      toDetails()
      await queries.invalidateQueries({ queryKey: ['cases'] })
    },
  })
  const isOver = shown.status === 'resolved' || shown.status === 'closed'
  return (
    <>
      <div className="form-actions">
        {shown.status === 'resolved' && (
          <button type="button" aria-disabled={reopen.isPending} onClick={() => reopen.isPending || reopen.mutate()}>
            {words.theCase.reopen}
          </button>
        )}
        {!isOver && !shown.escalated_at && (
          <button type="button" onClick={() => setEscalating(true)}>
            {words.theCase.escalate}
          </button>
        )}
      </div>
      <FormRefusal refused={reopen.error ?? undefined} />
      {escalating && (
        <EscalateDialog
          caseKey={shown.id}
          onClose={(isDone) => {
            setEscalating(false)
            // After the window has given the focus back to its button.
            if (isDone) setTimeout(toDetails)
          }}
        />
      )}
    </>
  )
}

/** Files of the case itself; those of interactions stand with them. */
function OwnFiles({ shown }: { shown: Case }) {
  const words = useWords()
  const { uploads } = useDesk()
  const files = shown.case_files.filter((file) => file.interaction_id === null)
  return (
    <section aria-labelledby="files">
      <div className="section-head">
        <h2 id="files">{words.files.title}</h2>
        <ChooseFiles className="quiet" onFiles={(chosen) => uploads.add({ caseNumber: shown.case_id }, chosen)}>
          {words.files.add}
        </ChooseFiles>
      </div>
      <FileList files={files} label={words.files.title} />
      <UploadList caseNumber={shown.case_id} />
      {!files.length && <p className="muted">{words.files.empty}</p>}
    </section>
  )
}
