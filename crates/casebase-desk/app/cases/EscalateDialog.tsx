import { useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Dialog } from '../frame/Dialog'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { useDraft } from '../text/drafts'
import { useWords } from '../words'
import { reasonFaults } from './faults'
import { escalateCase } from './queries'

export function EscalateDialog({ caseKey, onClose }: { caseKey: number; onClose: (isDone: boolean) => void }) {
  const words = useWords()
  const { access } = useDesk()
  const queries = useQueryClient()
  const id = useId()
  const standing = access.standing.get()
  const [reason = '', setReason] = useDraft(`${standing.is === 'out' ? '' : standing.userId}.${caseKey}.escalate`)
  const form = useForm<'reason'>(
    () => reasonFaults(reason, words),
    async () => {
      await escalateCase(access, caseKey, reason.trim())
      setReason(undefined)
      announce(words.theCase.escalatedNow)
      onClose(true)
      await queries.invalidateQueries({ queryKey: ['cases'] })
    },
  )
  return (
    <Dialog title={words.theCase.escalateTitle} onClose={() => onClose(false)}>
      <Form form={form}>
        <p>{words.theCase.escalateLead}</p>
        <div className="field">
          <label htmlFor={id}>{words.theCase.reason}</label>
          <textarea
            id={id}
            name="reason"
            rows={3}
            dir="auto"
            value={reason}
            aria-invalid={form.wrong.reason ? true : undefined}
            aria-describedby={form.wrong.reason && `${id}-error`}
            onChange={(event) => setReason(event.target.value)}
          />
          {form.wrong.reason && (
            <p id={`${id}-error`} className="wrong">
              {form.wrong.reason}
            </p>
          )}
        </div>
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>
            {words.theCase.escalate}
          </Send>
          <button type="button" className="quiet" onClick={() => onClose(false)}>
            {words.cancel}
          </button>
        </div>
      </Form>
    </Dialog>
  )
}
