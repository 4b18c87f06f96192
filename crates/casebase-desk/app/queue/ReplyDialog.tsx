import { useEffect, useRef, useState } from 'react'
import { CONTENT_MOST, replyFaults } from '../cases/faults'
import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { useOnce } from '../once'
import { useDraft } from '../text/drafts'
import { Editor } from '../text/Editor'
import { useWords } from '../words'
import { findReplies, replyToCases, type Outcome } from './changing'
import type { CaseRow } from './queries'

/** The same reply in many cases. What was typed is kept until it is sent. */
export function ReplyDialog({ cases, onDone, onClose }: {
  cases: readonly CaseRow[]
  onDone: (outcome: Outcome) => void
  onClose: () => void
}) {
  const words = useWords()
  const { access } = useDesk()
  const standing = access.standing.get()
  const userId = standing.is === 'out' ? '' : standing.userId
  const [content = '', setContent] = useDraft(`${userId}.many.reply`)
  const [visible, setVisible] = useState(true)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.focus(), [])
  const send = useOnce(
    (text: string) => replyToCases(access, cases, text, visible),
    (text, since) => findReplies(access, cases, text, userId, since),
    () => access.now(),
  )
  const form = useForm<'content'>(
    () => replyFaults(content, 0, words),
    async () => {
      const outcome = await send(content)
      setContent(undefined)
      onDone(outcome)
    },
  )
  return (
    <Dialog title={words.bulk.title.reply(cases.length)} wide onClose={onClose}>
      <Form form={form}>
        <Editor label={words.bulk.content} name="content" value={content} most={CONTENT_MOST} rows={6} error={form.wrong.content}
          onChange={setContent} fieldRef={field} />
        <label className={visible ? 'seen-by visible' : 'seen-by internal'}>
          <input type="checkbox" checked={visible} onChange={(event) => setVisible(event.target.checked)} />
          <span>
            <strong>{words.bulk.toClients}</strong>
            <span className="hint"> {visible ? words.bulk.toClientsLead : words.bulk.internalLead}</span>
          </span>
        </label>
        <FormRefusal refused={form.refused} title={words.talk.failed} kept={words.bulk.kept} />
        <div className="form-actions">
          <Send form={form}>
            {form.sending ? words.talk.sending : words.bulk.send(cases.length)}
          </Send>
          <button type="button" className="quiet" onClick={onClose}>
            {words.cancel}
          </button>
        </div>
      </Form>
    </Dialog>
  )
}
