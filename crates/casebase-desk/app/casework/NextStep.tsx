import { useId, useState } from 'react'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { choosable } from '../people/queries'
import { useWords } from '../words'
import { partyLabel } from './telling'
import { Meanwhile } from './Told'
import { asLocal, inDays } from './times'
import { newestSeq } from './stream'
import { useWork } from './work'

/** Whose move it is, and until when. */
export function NextStep({ onClose }: { onClose: () => void }) {
  const words = useWords()
  const { shown, reference, changing } = useWork()
  const id = useId()
  const [since] = useState(() => newestSeq(shown))
  const [whose, setWhose] = useState(shown.action_required_of ?? '')
  const before = shown.action_required_by ? asLocal(new Date(shown.action_required_by)) : ''
  const [until, setUntil] = useState(before)
  const form = useForm<'until'>(
    () => ({ until: until && Number.isNaN(Date.parse(until)) ? words.work.noTime : undefined }),
    async () => {
      onClose()
      const changes = {
        ...(whose !== (shown.action_required_of ?? '') && { action_required_of: whose || null }),
        // To the minute it is shown: unchanged, it keeps its seconds.
        ...(until !== before && { action_required_by: until ? new Date(until).toISOString() : null }),
      }
      if (Object.keys(changes).length) await changing.save(changes)
    },
  )
  return (
    <Dialog title={words.work.nextStep} onClose={onClose}>
      <Form form={form}>
        <p className="muted">{words.work.nextStepLead}</p>
        <div className="field">
          <label htmlFor={id}>{words.work.whoseMove}</label>
          <select id={id} data-begin value={whose} onChange={(event) => setWhose(event.target.value)}>
            <option value="">{words.work.nobodys}</option>
            {choosable(reference.parties, ({ code }) => code === shown.action_required_of).map(({ code }) => (
              <option key={code} value={code}>{partyLabel(code, reference, words)}</option>
            ))}
          </select>
        </div>
        <Field label={words.work.deadline} type="datetime-local" name="until" value={until} error={form.wrong.until}
          onChange={(event) => setUntil(event.target.value)}
          after={
            <div className="form-actions">
              {[1, 3, 7].map((days) => (
                <button key={days} type="button" className="quiet" onClick={() => setUntil(asLocal(inDays(days, new Date())))}>
                  {words.work.inDays(days)}
                </button>
              ))}
              <button type="button" className="quiet" onClick={() => setUntil('')}>{words.work.noDeadline}</button>
            </div>
          } />
        <Meanwhile since={since} />
        <div className="form-actions">
          <Send form={form}>{words.save}</Send>
          <button type="button" className="quiet" onClick={onClose}>{words.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}
