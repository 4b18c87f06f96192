import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { EscalateDialog } from '../cases/EscalateDialog'
import { numberOf, type Priority, type Status } from '../cases/queries'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { FormRefusal } from '../frame/FormRefusal'
import { Time } from '../frame/Time'
import { choosable } from '../people/queries'
import { useWords } from '../words'
import { HandOver } from './HandOver'
import { History } from './History'
import { Merge } from './Merge'
import { CaseData, InternalData } from './Metadata'
import { NextStep } from './NextStep'
import { Choice, Fact } from './Property'
import { takeCase, type Duplicate } from './queries'
import { Tags } from './Tags'
import { partyLabel, toldChanges } from './telling'
import { Meanwhile } from './Told'
import { useMe, useWork } from './work'
import { useLanguage } from '../words'

type Window = 'hand over' | 'escalate' | 'merge' | 'history' | 'next step' | 'data' | 'internal data'

/** What is known of the case and decided about it. */
export function Properties({ duplicates }: { duplicates: readonly Duplicate[] }) {
  const words = useWords()
  const { shown, client } = useWork()
  const [open, setOpen] = useState<Window>()
  const close = () => setOpen(undefined)
  return (
    <>
      <Decisions />
      <dl className="properties">
        <StatusChoice />
        <PriorityChoice />
        <AssigneeChoice />
        <SpecialtyChoice />
        <Fact term={words.work.nextStep}>
          <NextStepFact onChange={() => setOpen('next step')} />
        </Fact>
        <DepartmentFact onHandOver={() => setOpen('hand over')} />
        <Fact term={words.work.tags}>
          <Tags />
        </Fact>
        <Fact term={words.work.client}>{client.name || words.work.none}</Fact>
        <Fact term={words.theCase.opened}>
          <Time at={shown.created_at} />
        </Fact>
        <Fact term={words.theCase.lastActivity}>
          <Time at={shown.case_events[0]?.created_at ?? shown.updated_at} />
        </Fact>
        {shown.resolved_at && (
          <Fact term={words.theCase.resolved}>
            <Time at={shown.resolved_at} />
          </Fact>
        )}
        {shown.escalated_at && (
          <Fact term={words.theCase.escalated}>
            <Time at={shown.escalated_at} />
            {shown.escalation_reason && <p className="as-written">{shown.escalation_reason}</p>}
          </Fact>
        )}
        <Relatives duplicates={duplicates} />
      </dl>
      <div className="moves">
        <button type="button" className="quiet" onClick={() => setOpen('hand over')}>{words.work.handOver}</button>
        {!shown.escalated_at && <button type="button" className="quiet" onClick={() => setOpen('escalate')}>{words.theCase.escalate}</button>}
        <button type="button" className="quiet" onClick={() => setOpen('merge')}>{words.work.merge}</button>
        <button type="button" className="quiet" onClick={() => setOpen('history')}>{words.work.history}</button>
        <button type="button" className="quiet" onClick={() => setOpen('data')}>{words.work.data}</button>
        <button type="button" className="quiet" onClick={() => setOpen('internal data')}>{words.work.internalData}</button>
      </div>
      {open === 'hand over' && <HandOver onClose={close} />}
      {open === 'escalate' && <EscalateDialog caseKey={shown.id} onClose={(isDone) => { close(); if (isDone) setTimeout(toDetails) }} />}
      {open === 'merge' && <Merge onClose={close} />}
      {open === 'history' && <History onClose={close} />}
      {open === 'next step' && <NextStep onClose={close} />}
      {open === 'data' && <CaseData onClose={close} />}
      {open === 'internal data' && <InternalData onClose={close} />}
    </>
  )
}

/** Where the focus goes when what had it is not there any more. */
const toDetails = () => document.getElementById('details')?.focus()

/** A change that was refused, or that waits because somebody was faster. */
function Decisions() {
  const words = useWords()
  const language = useLanguage()
  const { changing, reference } = useWork()
  const { held } = changing
  if (!held) return <FormRefusal refused={changing.refused} />
  const wanted = Object.fromEntries(Object.entries(held.changes).map(([column, to]) => [column, { from: null, to }]))
  const told = toldChanges(wanted, reference, words, language)
  return (
    <div className="notice" role="alert">
      <Meanwhile since={held.since} lead={words.work.changedFirst} />
      <p>
        {words.work.notSaved} {told.map(({ field, to }) => `${field}: ${to}`).join(', ')}
      </p>
      <div className="form-actions">
        <button type="button" className="primary" onClick={() => { void changing.insist(); toDetails() }}>{words.work.saveAnyway}</button>
        <button type="button" onClick={() => { changing.giveUp(); toDetails() }}>{words.work.leaveIt}</button>
      </div>
    </div>
  )
}

const STAGE = 'stage:'

/** The statuses that may follow, and the project's own words for them, as the project's tables have it. */
function StatusChoice() {
  const words = useWords()
  const { shown, reference, changing } = useWork()
  const { isAdmin } = useMe()
  const status = (changing.saving.status as Status | undefined) ?? shown.status
  const stage = changing.saving.stage !== undefined ? changing.saving.stage : changing.saving.status ? null : shown.stage
  const word = (one: Status) => (one === 'waiting' ? words.waitingForClient : words.status[one])
  const next = reference.transitions.filter(({ from_status, made_by }) => from_status === shown.status && (made_by !== 'admin' || isAdmin))
  const reachable = (Object.keys(words.status) as Status[]).filter(
    (one) => one === status || one === shown.status || next.some(({ to_status }) => to_status === one),
  )
  const choose = (value: string) => {
    if (value.startsWith(STAGE)) return changing.save({ stage: value.slice(STAGE.length) })
    return changing.save(value === shown.status ? { stage: null } : { status: value })
  }
  return (
    <Choice term={words.theCase.status} value={stage ? STAGE + stage : status} busy={'status' in changing.saving} onChoose={(value) => void choose(value)}>
      {reachable.flatMap((one) => [
        <option key={one} value={one}>{word(one)}</option>,
        ...choosable(reference.stages, ({ stage }) => stage === shown.stage)
          .filter((other) => other.status === one)
          .map((other) => <option key={STAGE + other.stage} value={STAGE + other.stage}>{`${word(one)}: ${other.stage}`}</option>),
      ])}
    </Choice>
  )
}

function PriorityChoice() {
  const words = useWords()
  const { shown, changing } = useWork()
  return (
    <Choice term={words.theCase.priority} value={changing.saving.priority ?? shown.priority} busy={'priority' in changing.saving}
      onChoose={(priority) => void changing.save({ priority })}>
      {(Object.keys(words.priority) as Priority[]).map((one) => (
        <option key={one} value={one}>{words.priority[one]}</option>
      ))}
    </Choice>
  )
}

/** Who works it. Those who have what the case needs stand first; the database decides who may. */
function AssigneeChoice() {
  const words = useWords().work
  const { access } = useDesk()
  const queries = useQueryClient()
  const { shown, reference, changing } = useWork()
  const { userId } = useMe()
  const needed = shown.required_specialty_id
  const assigned = changing.saving.assigned_to !== undefined ? changing.saving.assigned_to : shown.assigned_to
  const specialty = reference.specialties.find(({ id }) => id === needed)?.name ?? ''
  const able = reference.colleagues.filter((one) => one.active && (!needed || one.specialties.includes(needed)))
  const unable = needed ? reference.colleagues.filter((one) => one.active && !one.specialties.includes(needed)) : []
  const away = reference.colleagues.find((one) => one.user_id === assigned && !one.active)
  const name = (one: { user_id: string; display_name: string }) => (one.user_id === userId ? words.you(one.display_name) : one.display_name)
  const options = (some: typeof able) => some.map((one) => <option key={one.user_id} value={one.user_id}>{name(one)}</option>)
  const take = useMutation({
    mutationFn: () => takeCase(access, shown.id),
    onMutate: () => changing.refuse(undefined),
    onError: changing.refuse,
    onSuccess: () => {
      announce(words.taken)
      document.querySelector<HTMLElement>('[data-key=assignee]')?.focus()
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['cases'] }),
  })
  return (
    <>
      <Choice term={words.assignee} value={assigned ?? ''} keyed="assignee" busy={'assigned_to' in changing.saving}
        hint={needed ? words.needs(specialty, able.length) : undefined}
        onChoose={(value) => void changing.save({ assigned_to: value || null })}>
        <option value="">{words.nobody}</option>
        {away && <option value={away.user_id}>{words.away(away.display_name)}</option>}
        {needed ? <optgroup label={words.haveIt(specialty)}>{options(able)}</optgroup> : options(able)}
        {unable.length > 0 && <optgroup label={words.lackIt(specialty)}>{options(unable)}</optgroup>}
      </Choice>
      {(!shown.assigned_to || away) && (
        <div>
          <dt className="unseen">{words.take}</dt>
          <dd className="beside">
            <button type="button" aria-disabled={take.isPending} onClick={() => take.isPending || take.mutate()}>{words.take}</button>
          </dd>
        </div>
      )}
    </>
  )
}

function SpecialtyChoice() {
  const words = useWords().work
  const { shown, reference, changing } = useWork()
  if (!reference.specialties.length) return null
  const needed = changing.saving.required_specialty_id !== undefined ? changing.saving.required_specialty_id : shown.required_specialty_id
  return (
    <Choice term={words.specialty} value={needed ?? ''} busy={'required_specialty_id' in changing.saving}
      onChoose={(value) => void changing.save({ required_specialty_id: value || null })}>
      <option value="">{words.noSpecialty}</option>
      {choosable(reference.specialties, ({ id }) => id === shown.required_specialty_id).map(({ id, name }) => (
        <option key={id} value={id}>{name}</option>
      ))}
    </Choice>
  )
}

function NextStepFact({ onChange }: { onChange: () => void }) {
  const words = useWords()
  const { shown, reference } = useWork()
  const isLate = shown.due_at !== null && Date.parse(shown.due_at) < Date.now()
  const whose = shown.action_required_of && partyLabel(shown.action_required_of, reference, words)
  return (
    <button type="button" className="fact" onClick={onChange}>
      <span className="unseen">{words.work.changeNextStep}</span>
      <span>{whose ?? (shown.action_required_by ? '' : words.work.none)}</span>
      {shown.action_required_by && <Time at={shown.action_required_by} />}
      {isLate && <span className="tag strong">{words.work.overdue}</span>}
    </button>
  )
}

function DepartmentFact({ onHandOver }: { onHandOver: () => void }) {
  const words = useWords().work
  const { shown, reference } = useWork()
  return (
    <Fact term={words.department}>
      <button type="button" className="fact" onClick={onHandOver}>
        <span className="unseen">{words.changeDepartment}</span>
        {reference.departments.find(({ id }) => id === shown.department_id)?.name ?? words.gone}
      </button>
    </Fact>
  )
}

/** The cases that this one came from, leads to, or has taken in. */
function Relatives({ duplicates }: { duplicates: readonly Duplicate[] }) {
  const words = useWords()
  const { shown } = useWork()
  const link = (number: string) => (
    <Link key={number} to="/cases/$number" params={{ number }}>{number}</Link>
  )
  return (
    <>
      {shown.follow_up_of !== null && <Fact term={words.theCase.followUpOf}>{link(numberOf(shown.follow_up_of))}</Fact>}
      {shown.split_from !== null && <Fact term={words.work.splitFrom}>{link(numberOf(shown.split_from))}</Fact>}
      {duplicates.length > 0 && (
        <Fact term={words.work.duplicates}>
          <span className="links">{duplicates.map(({ case_id }) => link(case_id))}</span>
        </Fact>
      )}
    </>
  )
}
