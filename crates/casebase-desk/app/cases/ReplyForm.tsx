import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
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
import { useChosenFiles, useDraft } from '../text/drafts'
import { Editor } from '../text/Editor'
import { useWords } from '../words'
import { CONTENT_MOST, replyFaults } from './faults'
import { findReply, numberOf, reply, type Case } from './queries'

/** A reply with its files, which follow it as soon as it is there. */
export function ReplyForm({ shown }: { shown: Case }) {
  const words = useWords()
  const { access, uploads } = useDesk()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const standing = access.standing.get()
  const userId = standing.is === 'out' ? '' : standing.userId
  const [content = '', setContent] = useDraft(`${userId}.${shown.id}.reply`)
  const [files, addFiles, setFiles] = useChosenFiles(`${userId}.${shown.id}.reply`)
  const field = useRef<HTMLTextAreaElement>(null)
  const send = useOnce(
    (text: string) => reply(access, shown.id, text),
    (text, since) => findReply(access, shown, text, userId, since),
    () => access.now(),
  )
  const form = useForm<'content'>(
    () => replyFaults(content, files.length, words),
    async () => {
      const said = await send(isBlank(content) ? words.talk.onlyFiles(files.length) : content)
      const caseNumber = numberOf(said.case_id)
      setContent(undefined)
      uploads.add({ caseNumber, interactionId: said.id }, files)
      setFiles([])
      if (said.case_id === shown.id) {
        announce(words.talk.sent)
        field.current?.focus()
      } else {
        announce(words.talk.followed(caseNumber))
        await navigate({ to: '/cases/$number', params: { number: caseNumber } })
      }
      // What is new shows by itself; the next reply need not wait for it.
      void queries.invalidateQueries({ queryKey: ['cases'] })
    },
  )
  const consequence =
    shown.merged_into !== null ? words.theCase.goesOn(numberOf(shown.merged_into))
    : shown.status === 'closed' ? words.talk.replyFollows
    : shown.status === 'resolved' ? words.talk.replyReopens
    : shown.status === 'waiting' ? words.talk.replyAwaited
    : undefined
  return (
    <DropZone onFiles={addFiles} className="reply">
      <Form form={form} aria-label={words.talk.reply}>
        <Editor label={words.talk.yourReply} name="content" value={content} most={CONTENT_MOST} rows={4} hint={consequence}
          error={form.wrong.content}
          onChange={setContent} onFiles={addFiles} fieldRef={field} />
        <ChosenFiles files={files} onRemove={(index) => setFiles(files.filter((_, at) => at !== index))} />
        <FormRefusal refused={form.refused} title={words.talk.failed} kept={words.newCase.kept} />
        <div className="form-actions">
          <Send form={form}>
            {form.sending ? words.talk.sending : words.talk.send}
          </Send>
          <ChooseFiles className="quiet" onFiles={addFiles}>
            <Icon name="paperclip" /> {words.talk.attach}
          </ChooseFiles>
        </div>
      </Form>
    </DropZone>
  )
}
