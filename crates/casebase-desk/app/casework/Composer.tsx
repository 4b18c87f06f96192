import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useId, useRef, useState, type RefObject } from 'react'
import { CONTENT_MOST, replyFaults } from '../cases/faults'
import { numberOf } from '../cases/queries'
import { useDesk } from '../desk'
import { ChosenFiles } from '../files/ChosenFiles'
import { ChooseFiles, DropZone } from '../files/choosing'
import { announce } from '../frame/announce'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Icon } from '../frame/Icon'
import { useOnce } from '../once'
import { isBlank } from '../rules'
import { useShortcut } from '../shortcuts'
import { useChosenFiles, useDraft } from '../text/drafts'
import { Editor } from '../text/Editor'
import { useWords } from '../words'
import { PartyFields, useUsualParties } from './Parties'
import { addNote, addSaid, findMade, getStaffCase, type NewSaid, type Parties } from './queries'
import { Sight, SightSwitch } from './Sight'
import { newestSeq, others } from './stream'
import { Meanwhile } from './Told'
import { useMe, useWork } from './work'

export const MODES = ['reply', 'note', 'record'] as const
export type Mode = (typeof MODES)[number]

/** Where something is added to the case: a reply to its client, a note for staff, or a record of what was said elsewhere. */
export function Composer() {
  const words = useWords().work
  const { shown } = useWork()
  const { userId } = useMe()
  const [drafted, setDrafted] = useDraft(`${userId}.${shown.id}.mode`)
  const mode = MODES.find((one) => one === drafted) ?? 'reply'
  const field = useRef<HTMLTextAreaElement>(null)
  const wanted = useRef(false)
  const name = useId()
  const write = (next: Mode) => {
    wanted.current = true
    setDrafted(next)
    if (next === mode) field.current?.focus()
  }
  useEffect(() => {
    if (wanted.current) field.current?.focus()
    wanted.current = false
  }, [mode])
  useShortcut('r', words.keyReply, () => write('reply'))
  useShortcut('n', words.keyNote, () => write('note'))
  return (
    <section className={`composer ${mode}`} aria-label={words.compose}>
      <div className="modes" role="radiogroup" aria-label={words.compose}>
        {MODES.map((one) => (
          <label key={one} className={one === mode ? 'chosen' : undefined}>
            <input type="radio" name={name} checked={one === mode} onChange={() => setDrafted(one)} />
            {words.modes[one]}
          </label>
        ))}
      </div>
      <Writing key={mode} mode={mode} fieldRef={field} />
    </section>
  )
}

/** The text of one kind, its own draft and its own files. */
function Writing({ mode, fieldRef }: { mode: Mode; fieldRef: RefObject<HTMLTextAreaElement | null> }) {
  const all = useWords()
  const words = all.work
  const { uploads } = useDesk()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { shown } = useWork()
  const { userId } = useMe()
  const draft = `${userId}.${shown.id}.${mode}`
  const [content = '', setContent] = useDraft(draft)
  const record = useRecordDraft(draft)
  const [files, addFiles, setFiles] = useChosenFiles(draft)
  const isVisible = mode === 'reply' || (mode === 'record' && record.isVisible)
  const send = useSending(mode)
  const news = useNews()

  const form = useForm<'party1_name' | 'party2_name' | 'content'>(
    () => ({
      ...(mode === 'record' && {
        party1_name: isBlank(record.parties.party1_name) ? words.missingName : undefined,
        party2_name: isBlank(record.parties.party2_name) ? words.missingName : undefined,
      }),
      ...(mode === 'note' && isBlank(content) ? { content: words.missingText } : replyFaults(content, files.length, all)),
    }),
    async () => {
      if (await news.areUnseen()) return
      const text = isBlank(content) ? all.talk.onlyFiles(files.length) : content
      const made = await send({
        case_id: shown.id, content: text, visible_to_client: isVisible, ...(mode === 'record' && trimmed(record.parties)),
      })
      const caseNumber = numberOf(made.case_id)
      setContent(undefined)
      record.forget()
      if (mode !== 'note') uploads.add({ caseNumber, interactionId: made.id, visibleToClient: isVisible }, files)
      setFiles([])
      announce(mode === 'note' ? words.noteSaved : isVisible ? words.sentToClient : words.recorded)
      fieldRef.current?.focus()
      if (made.case_id !== shown.id) await navigate({ to: '/cases/$number', params: { number: caseNumber } })
      await queries.invalidateQueries({ queryKey: ['cases'] })
    },
  )
  const editor = (
    <Editor label={words.modes[mode]} name="content" value={content} most={CONTENT_MOST} rows={4} hint={words.modeHints[mode]} error={form.wrong.content}
      onChange={(text) => {
        if (!content) news.begin()
        setContent(text)
      }}
      fieldRef={fieldRef} {...(mode !== 'note' && { onFiles: addFiles })} />
  )
  const fields = (
    <Form form={form} aria-label={words.modes[mode]}>
      {mode === 'record' && <PartyFields value={record.parties} wrong={form.wrong} onChange={record.setParties} />}
      {editor}
      {mode === 'record' ? <SightSwitch isVisible={isVisible} onChange={record.setVisible} /> : <Sight isVisible={isVisible} />}
      <ChosenFiles files={files} onRemove={(index) => setFiles(files.filter((_, at) => at !== index))} />
      {(content || files.length > 0) && <Meanwhile since={news.since} lead={news.held ? words.newsFirst : words.meanwhile} />}
      <FormRefusal refused={form.refused} title={words.notSent} kept={all.newCase.kept} />
      <div className="form-actions">
        <Send form={form}>
          {form.sending ? all.talk.sending : mode === 'note' ? words.saveNote : isVisible ? words.sendToClient : words.recordInternally}
        </Send>
        {mode !== 'note' && (
          <ChooseFiles className="quiet" onFiles={addFiles}>
            <Icon name="paperclip" /> {all.talk.attach}
          </ChooseFiles>
        )}
      </div>
    </Form>
  )
  return mode === 'note' ? fields : <DropZone onFiles={addFiles} className="reply">{fields}</DropZone>
}

const trimmed = (parties: Parties): Parties => ({ ...parties, party1_name: parties.party1_name.trim(), party2_name: parties.party2_name.trim() })

/** Makes it once, also where an answer was lost. */
function useSending(mode: Mode) {
  const { access } = useDesk()
  const { userId } = useMe()
  const table = mode === 'note' ? 'internal_notes' : 'interactions'
  return useOnce(
    (row: NewSaid) => (mode === 'note' ? addNote(access, { case_id: row.case_id, content: row.content }) : addSaid(access, row)),
    (row, since) => findMade(access, table, row, userId, since),
    () => access.now(),
  )
}

/** Who spoke, and whether the client sees it, kept with the text's draft. */
function useRecordDraft(draft: string) {
  const usual = useUsualParties()
  const [kept, setKept] = useDraft(`${draft}.parties`)
  const [visible, setVisible] = useDraft(`${draft}.visible`)
  return {
    parties: kept ? (JSON.parse(kept) as Parties) : usual,
    setParties: (parties: Parties) => setKept(JSON.stringify(parties)),
    isVisible: visible === 'yes',
    setVisible: (isVisible: boolean) => setVisible(isVisible ? 'yes' : undefined),
    forget: () => {
      setKept(undefined)
      setVisible(undefined)
    },
  }
}

/** What others did since this was begun. What is not on the page yet is shown before anything is sent: once. */
function useNews() {
  const { access } = useDesk()
  const queries = useQueryClient()
  const { shown } = useWork()
  const { userId } = useMe()
  const [since, setSince] = useState(() => newestSeq(shown))
  const [held, setHeld] = useState(false)
  const begin = () => {
    setSince(newestSeq(shown))
    setHeld(false)
  }
  const areUnseen = async () => {
    const now = await getStaffCase(access, shown.id, 5)
    const unseen = others(now, newestSeq(shown), userId).length > 0
    setHeld(unseen)
    if (unseen) await queries.invalidateQueries({ queryKey: ['cases'] })
    return unseen
  }
  return { since, held, begin, areUnseen }
}
