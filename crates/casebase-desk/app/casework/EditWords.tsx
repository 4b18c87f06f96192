import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { CONTENT_MOST, replyFaults } from '../cases/faults'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { asRefusal } from '../refusal'
import { isBlank } from '../rules'
import { useDraft } from '../text/drafts'
import { asEdited, asStored } from '../text/editing'
import { Editor } from '../text/Editor'
import { Markdown } from '../text/Markdown'
import { useWords } from '../words'
import { PartyFields } from './Parties'
import { changeWords, getNoted, getSaid, type Noted, type Parties, type Said } from './queries'
import { SightSwitch } from './Sight'
import { useMe } from './work'

const isSaid = (words: Said | Noted): words is Said => 'party1_name' in words

/** One's own words, changed from the version that was read. Somebody else's change is seen before it is written over. */
export function EditWords({ first, onDone }: { first: Said | Noted; onDone: () => void }) {
  const all = useWords()
  const words = all.work
  const { access } = useDesk()
  const queries = useQueryClient()
  const { userId } = useMe()
  const [base, setBase] = useState(first)
  const table = isSaid(first) ? 'interactions' : 'internal_notes'
  const draft = `${userId}.${table}.${first.id}`
  const [version, setVersion] = useDraft(`${draft}.version`)
  // What was begun from an earlier version is not saved over a later one unseen.
  const [theirs, setTheirs] = useState(() => (version && version !== String(first.version) ? first : undefined))
  const [content = asEdited(first.content), setContent] = useDraft(draft)
  const [parties, setParties] = useState<Parties | undefined>(isSaid(first) ? first : undefined)
  const [isVisible, setVisible] = useState(isSaid(first) && first.visible_to_client)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.focus(), [])
  const done = async () => {
    setContent(undefined)
    setVersion(undefined)
    onDone()
    await queries.invalidateQueries({ queryKey: ['cases'] })
  }
  const changes = () => {
    const stored = asStored(content, base.content)
    const given = isSaid(base) ? { ...named(parties ?? base), visible_to_client: isVisible } : {}
    return Object.fromEntries(Object.entries({ content: stored, ...given }).filter(([name, value]) => base[name as keyof typeof base] !== value))
  }
  const form = useForm<'party1_name' | 'party2_name' | 'content'>(
    () => ({
      party1_name: parties && isBlank(parties.party1_name) ? words.missingName : undefined,
      party2_name: parties && isBlank(parties.party2_name) ? words.missingName : undefined,
      ...(isBlank(content) ? { content: words.missingText } : replyFaults(content, 0, all)),
    }),
    async () => {
      try {
        if (Object.keys(changes()).length) {
          await changeWords(access, base, changes())
          announce(words.saved)
        }
        await done()
      } catch (thrown) {
        if (asRefusal(thrown).kind !== 'changed') throw thrown
        const present = isSaid(base) ? await getSaid(access, base.id) : await getNoted(access, base.id)
        setBase(present)
        setTheirs(present)
        setVersion(String(present.version))
      }
    },
  )
  return (
    <Form form={form} aria-label={words.editWords}>
      {theirs && (
        <div className="notice" role="alert">
          <p><strong>{words.wordsChanged}</strong></p>
          <Markdown text={theirs.content} />
        </div>
      )}
      {parties && <PartyFields value={parties} wrong={form.wrong} onChange={setParties} />}
      <Editor label={words.editWords} name="content" value={content} most={CONTENT_MOST} rows={5} error={form.wrong.content} fieldRef={field}
        onChange={(text) => {
          setContent(text)
          setVersion(String(base.version))
        }} />
      {parties && <SightSwitch isVisible={isVisible} onChange={setVisible} />}
      <FormRefusal refused={form.refused} kept={words.textKept} />
      <div className="form-actions">
        <Send form={form}>{theirs ? all.theCase.keepMine : all.save}</Send>
        {theirs && <button type="button" onClick={() => void done()}>{all.theCase.takeTheirs}</button>}
        <button type="button" className="quiet" onClick={() => void done()}>{all.cancel}</button>
      </div>
    </Form>
  )
}

const named = ({ party1_name, party1_type, party2_name, party2_type }: Parties): Parties => ({
  party1_name: party1_name.trim(), party1_type, party2_name: party2_name.trim(), party2_type,
})
