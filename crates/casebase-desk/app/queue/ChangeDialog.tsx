import { useRef, useState } from 'react'
import { STATUSES } from '../cases/queries'
import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { choosable, useDepartments, useStaff, useStages } from '../people/queries'
import { useWords } from '../words'
import { updateCases, type Changes, type Outcome } from './changing'
import { Choice, type Option } from './Choice'
import { NOBODY, PRIORITIES } from './filter'
import { statusWord } from './labels'
import { NotDone, summaryOf } from './OutcomeList'
import type { CaseRow } from './queries'

/** What many cases can be given. */
export const KINDS = ['assign', 'status', 'priority', 'department', 'tags'] as const
export type Kind = (typeof KINDS)[number]

/** Asks what the cases shall be given, and gives it to them. It can be tried first: then the database says what would happen,
 * and nothing does. */
export function ChangeDialog({ kind, cases, onDone, onClose }: {
  kind: Kind
  cases: readonly CaseRow[]
  onDone: (outcome: Outcome) => void
  onClose: () => void
}) {
  const words = useWords()
  const { access } = useDesk()
  const [changes, setChanges] = useState<Changes>()
  const [tried, setTried] = useState<Outcome>()
  const onlyTries = useRef(false)
  const choose = (chosen: Changes | undefined) => {
    setChanges(chosen)
    setTried(undefined)
  }
  const form = useForm<'choice'>(
    () => ({ choice: changes ? undefined : kind === 'tags' ? words.bulk.noTags : words.bulk.choose }),
    async () => {
      const outcome = await updateCases(access, cases, changes ?? {}, onlyTries.current)
      if (onlyTries.current) setTried(outcome)
      else onDone(outcome)
    },
  )
  return (
    <Dialog title={words.bulk.title[kind](cases.length)} onClose={onClose}>
      <Form form={form}>
        {kind === 'tags' ? <TagChanges error={form.wrong.choice} onChange={choose} /> : <OneOf kind={kind} error={form.wrong.choice} onChange={choose} />}
        <div role="status">
          {tried && (
            <div className="notice">
              <p>
                {words.bulk.wouldBe} <strong>{summaryOf(tried, words, words.bulk.result.done)}</strong>
              </p>
              <NotDone outcome={tried} cases={new Map(cases.map((row) => [row.id, row]))} />
            </div>
          )}
        </div>
        <FormRefusal refused={form.refused} title={words.bulk.failed} />
        <div className="form-actions">
          <Send form={form} onClick={() => (onlyTries.current = false)}>
            {form.sending && !onlyTries.current ? words.bulk.applying : words.bulk.apply}
          </Send>
          <Send form={form} className="" onClick={() => (onlyTries.current = true)}>
            {form.sending && onlyTries.current ? words.bulk.trying : words.bulk.tryFirst}
          </Send>
          <button type="button" className="quiet" onClick={onClose}>
            {words.cancel}
          </button>
        </div>
      </Form>
    </Dialog>
  )
}

function OneOf({ kind, error, onChange }: { kind: Exclude<Kind, 'tags'>; error: string | undefined; onChange: (changes: Changes) => void }) {
  const words = useWords()
  const [chosen, setChosen] = useState<string>()
  return (
    <Choice legend={words.bulk[kind]} options={useOptions(kind)} chosen={chosen} error={error}
      onChoose={({ value, gives }) => {
        setChosen(value)
        onChange(gives)
      }} />
  )
}

function useOptions(kind: Exclude<Kind, 'tags'>): Option<Changes>[] {
  const words = useWords()
  const staff = useStaff().data ?? []
  const departments = choosable(useDepartments().data ?? [])
  const stages = choosable(useStages().data ?? [])
  switch (kind) {
    case 'assign':
      return [
        ...staff.filter(({ active }) => active).map(({ user_id, display_name }) => ({ value: user_id, label: display_name, gives: { assigned_to: user_id } })),
        { value: NOBODY, label: words.queue.nobody, gives: { assigned_to: null } },
      ]
    case 'status':
      return STATUSES.flatMap((status) => [
        { value: status, label: statusWord(status, words), gives: { status } },
        // The project's own words, each after the status that it brings.
        ...stages
          .filter((one) => one.status === status)
          .map(({ stage }) => ({ value: `stage ${stage}`, label: words.bulk.stage(stage, statusWord(status, words)), gives: { stage } })),
      ])
    case 'priority':
      return PRIORITIES.map((priority) => ({ value: priority, label: words.priority[priority], gives: { priority } }))
    case 'department':
      return departments.map(({ id, name }) => ({ value: id, label: name, gives: { department_id: id } }))
  }
}

const tagsIn = (text: string) => [...new Set(text.split(',').map((tag) => tag.trim()).filter(Boolean))]

function TagChanges({ error, onChange }: { error: string | undefined; onChange: (changes: Changes | undefined) => void }) {
  const words = useWords().bulk
  const [add, setAdd] = useState('')
  const [remove, setRemove] = useState('')
  const change = (adding: string, removing: string) => {
    setAdd(adding)
    setRemove(removing)
    const changes: Changes = {
      ...(tagsIn(adding).length && { add_tags: tagsIn(adding) }),
      ...(tagsIn(removing).length && { remove_tags: tagsIn(removing) }),
    }
    onChange(Object.keys(changes).length ? changes : undefined)
  }
  return (
    <>
      <Field label={words.addTags} hint={words.tagsHint} name="choice" autoComplete="off" data-begin="" value={add} error={error}
        onChange={(event) => change(event.target.value, remove)} />
      <Field label={words.removeTags} hint={words.tagsHint} name="choice" autoComplete="off" value={remove}
        onChange={(event) => change(add, event.target.value)} />
    </>
  )
}
