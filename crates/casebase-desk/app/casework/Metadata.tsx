import { useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Dialog } from '../frame/Dialog'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { asRefusal } from '../refusal'
import { useDraft } from '../text/drafts'
import { useWords, type Words } from '../words'
import { asText, readObject, type JsonFault } from './json'
import { changeCase, changeInternalData, getStaffCase, type Internal } from './queries'
import { useMe, useWork } from './work'

type Read = { version: number | undefined; value: unknown }

/** Data of the project's own about the case, which its client sees, too. */
export function CaseData({ onClose }: { onClose: () => void }) {
  const words = useWords().work
  const { access } = useDesk()
  const { shown } = useWork()
  return (
    <Data name="data" title={words.data} lead={words.dataLead} isShown first={{ version: shown.version, value: shown.metadata }} onClose={onClose}
      read={async () => {
        const { version, metadata } = await getStaffCase(access, shown.id, 1)
        return { version, value: metadata }
      }}
      write={(metadata, version) => changeCase(access, shown.id, version ?? 0, { metadata })} />
  )
}

/** The same, for staff alone. */
export function InternalData({ onClose }: { onClose: () => void }) {
  const words = useWords().work
  const { access } = useDesk()
  const { shown } = useWork()
  const asRead = (kept: Internal | null): Read => ({ version: kept?.version, value: kept?.metadata ?? {} })
  return (
    <Data name="internal-data" title={words.internalData} lead={words.internalDataLead} isShown={false} first={asRead(shown.case_internal)} onClose={onClose}
      read={async () => asRead((await getStaffCase(access, shown.id, 1)).case_internal)}
      write={(metadata, version) => changeInternalData(access, shown.id, version, metadata)} />
  )
}

const faultText = (fault: JsonFault, words: Words['work']) =>
  fault.is === 'syntax' ? words.jsonSyntax(fault.told)
  : fault.is === 'noObject' ? words.jsonNoObject
  : fault.is === 'number' ? words.jsonNumber(fault.number)
  : words.jsonLong(fault.most)

function Data({ name, title, lead, isShown, first, read, write, onClose }: {
  name: string
  title: string
  lead: string
  /** Whether clients see it. */
  isShown: boolean
  first: Read
  read: () => Promise<Read>
  write: (object: Internal['metadata'], version: number | undefined) => Promise<unknown>
  onClose: () => void
}) {
  const all = useWords()
  const words = all.work
  const queries = useQueryClient()
  const { shown } = useWork()
  const { userId } = useMe()
  const id = useId()
  const [base, setBase] = useState(first)
  const draft = `${userId}.${shown.id}.${name}`
  const [begun, setBegun] = useDraft(`${draft}.from`)
  // What was begun from another state is not saved over this one unseen.
  const [theirs, setTheirs] = useState(() => (begun && begun !== asText(first.value) ? asText(first.value) : undefined))
  const [text = asText(first.value), setText] = useDraft(draft)
  const forget = () => {
    setText(undefined)
    setBegun(undefined)
    onClose()
  }
  const save = async (object: Internal['metadata']) => {
    try {
      return await write(object, base.version)
    } catch (thrown) {
      if (asRefusal(thrown).kind !== 'changed') throw thrown
    }
    const now = await read()
    setBase(now)
    // What is counted on the whole row may have left this as it was.
    if (asText(now.value) === asText(base.value)) return write(object, now.version)
    setTheirs(asText(now.value))
    setBegun(asText(now.value))
    return undefined
  }
  const form = useForm<'data'>(
    () => {
      const given = readObject(text)
      return { data: 'fault' in given ? faultText(given.fault, words) : undefined }
    },
    async () => {
      const given = readObject(text)
      if (!('object' in given)) return
      if (text !== asText(base.value)) {
        if ((await save(given.object as Internal['metadata'])) === undefined) return
        announce(words.saved)
      }
      forget()
      await queries.invalidateQueries({ queryKey: ['cases'] })
    },
  )
  return (
    <Dialog title={title} onClose={onClose}>
      <Form form={form}>
        <div className="field">
          <label htmlFor={id}>{words.json}</label>
          <textarea id={id} name="data" className="code" rows={12} spellCheck={false} value={text} data-begin
            aria-invalid={form.wrong.data ? true : undefined} aria-describedby={`${id}-hint${form.wrong.data ? ` ${id}-error` : ''}`}
            onChange={(event) => {
              setText(event.target.value)
              setBegun(asText(base.value))
            }} />
          <p id={`${id}-hint`} className={`sight ${isShown ? 'open' : 'closed'}`}>{lead}</p>
          {form.wrong.data && <p id={`${id}-error`} className="wrong">{form.wrong.data}</p>}
        </div>
        {theirs !== undefined && (
          <div className="notice" role="alert">
            <p>{words.dataChanged}</p>
            <pre tabIndex={0}>{theirs}</pre>
          </div>
        )}
        <FormRefusal refused={form.refused} kept={words.textKept} />
        <div className="form-actions">
          <Send form={form}>{theirs === undefined ? all.save : all.theCase.keepMine}</Send>
          {theirs !== undefined && <button type="button" onClick={forget}>{all.theCase.takeTheirs}</button>}
          <button type="button" className="quiet" onClick={forget}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}
