import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import type { CaseRow } from '../cases/queries'
import { PriorityMark, StatusMark } from '../cases/Status'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Failed } from '../frame/states'
import { Time } from '../frame/Time'
import { Markdown } from '../text/Markdown'
import { useWords } from '../words'
import { findOthers, mergeCases } from './queries'
import { newestSeq } from './stream'
import { Meanwhile } from './Told'
import { useWork } from './work'

/** Finds the case that this one is the same as, shows both side by side, and says what merging does. */
export function Merge({ onClose }: { onClose: () => void }) {
  const words = useWords().work
  const { access } = useDesk()
  const { shown } = useWork()
  const [since] = useState(() => newestSeq(shown))
  const [typed, setTyped] = useState('')
  const [wanted, setWanted] = useState('')
  const [other, setOther] = useState<CaseRow>()
  const found = useQuery({
    queryKey: ['cases', 'others', shown.id, wanted],
    queryFn: () => findOthers(access, shown, wanted),
    enabled: wanted !== '',
  })
  const search = (event: FormEvent) => {
    event.preventDefault()
    setWanted(typed.trim())
  }
  return (
    <Dialog title={words.mergeTitle} onClose={onClose} wide>
      {other ? (
        <SideBySide other={other} onBack={() => setOther(undefined)} onClose={onClose} />
      ) : (
        <>
          <form onSubmit={search} role="search">
            <Field label={words.mergeSearch} hint={words.mergeSearchHint} value={typed} autoComplete="off" data-begin
              onChange={(event) => setTyped(event.target.value)} after={<div className="form-actions"><button type="submit">{words.search}</button></div>} />
          </form>
          {found.isError && <Failed error={found.error} onRetry={() => void found.refetch()} />}
          <p role="status" className="muted">{found.data && wanted ? words.mergeFound(found.data.length) : ''}</p>
          <ul className="candidates">
            {found.data?.map((one) => (
              <li key={one.id}>
                <button type="button" className="fact" onClick={() => setOther(one)}>
                  <span className="case-number">{one.case_id}</span>
                  <span dir="auto">{one.title}</span>
                  <StatusMark status={one.status} />
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <Meanwhile since={since} />
    </Dialog>
  )
}

function SideBySide({ other, onBack, onClose }: { other: CaseRow; onBack: () => void; onClose: () => void }) {
  const words = useWords()
  const { access } = useDesk()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { shown } = useWork()
  const [otherGoes, setOtherGoes] = useState(false)
  const [duplicate, survivor] = otherGoes ? [other, shown] : [shown, other]
  const form = useForm<never>(
    () => ({}),
    async () => {
      await mergeCases(access, duplicate.id, survivor.id)
      onClose()
      announce(words.work.merged(duplicate.case_id, survivor.case_id))
      await navigate({ to: '/cases/$number', params: { number: survivor.case_id } })
      await queries.invalidateQueries({ queryKey: ['cases'] })
    },
  )
  // What was chosen from is gone.
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.focus(), [])
  return (
    <Form form={form}>
      <div className="side-by-side" ref={box} tabIndex={-1}>
        <Side row={duplicate} title={words.work.goes} />
        <Side row={survivor} title={words.work.stays} />
      </div>
      <button type="button" onClick={() => setOtherGoes(!otherGoes)}>{words.work.swap}</button>
      <ul className="will">
        {words.work.mergeWill(duplicate.case_id, survivor.case_id).split('\n').map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <FormRefusal refused={form.refused} />
      <div className="form-actions">
        <Send form={form}>{words.work.mergeNow(duplicate.case_id, survivor.case_id)}</Send>
        <button type="button" className="quiet" onClick={onBack}>{words.work.another}</button>
      </div>
    </Form>
  )
}

function Side({ row, title }: { row: CaseRow; title: string }) {
  const words = useWords()
  return (
    <section aria-label={`${title}: ${row.case_id}`}>
      <p className="muted">{title}</p>
      <h3 dir="auto">
        <span className="case-number">{row.case_id}</span> {row.title}
      </h3>
      <p className="case-lead-line">
        <StatusMark status={row.status} /> <PriorityMark priority={row.priority} />{' '}
        <span className="muted">{words.theCase.opened} <Time at={row.created_at} /></span>
      </p>
      <div className="excerpt" tabIndex={0} role="group" aria-label={words.theCase.description}>
        {row.description.trim() ? <Markdown text={row.description} /> : <p className="muted">{words.theCase.noDescription}</p>}
      </div>
    </section>
  )
}
