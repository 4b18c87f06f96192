import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { TITLE_MOST } from '../cases/faults'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { isBlank, length } from '../rules'
import { Markdown } from '../text/Markdown'
import { useWords } from '../words'
import { constraintText } from '../words/refusals'
import { splitCase, type Said } from './queries'
import { useWork } from './work'

/** Opens a case of its own with a copy of something that was said. */
export function Split({ said, onClose }: { said: Said; onClose: () => void }) {
  const words = useWords()
  const { access } = useDesk()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { shown } = useWork()
  const [title, setTitle] = useState(shown.title)
  const form = useForm<'title'>(
    () => ({
      title: isBlank(title)
        ? words.newCase.missingTitle
        : length(title.trim()) > TITLE_MOST ? constraintText('cases_title_check', words) : undefined,
    }),
    async () => {
      const made = await splitCase(access, said.id, title.trim())
      onClose()
      announce(words.work.splitDone(made.case_id))
      await navigate({ to: '/cases/$number', params: { number: made.case_id } })
      await queries.invalidateQueries({ queryKey: ['cases'] })
    },
  )
  return (
    <Dialog title={words.work.splitTitle} onClose={onClose}>
      <Form form={form}>
        <p>{words.work.splitLead(shown.case_id)}</p>
        <div className="excerpt" tabIndex={0} role="group" aria-label={said.party1_name}>
          <Markdown text={said.content} />
        </div>
        <Field label={words.newCase.caseTitle} name="title" value={title} autoComplete="off" data-begin error={form.wrong.title}
          onChange={(event) => setTitle(event.target.value)} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{words.work.splitNow}</Send>
          <button type="button" className="quiet" onClick={onClose}>{words.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}
