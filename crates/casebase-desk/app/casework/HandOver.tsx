import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Dialog } from '../frame/Dialog'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { choosable } from '../people/queries'
import { asRefusal } from '../refusal'
import { useDraft } from '../text/drafts'
import { useWords } from '../words'
import { getStaffCase, handOver } from './queries'
import { newestSeq } from './stream'
import { Meanwhile } from './Told'
import { useMe, useWork } from './work'

/** Gives the case to another department or colleague, and says what that means for whoever does. */
export function HandOver({ onClose }: { onClose: () => void }) {
  const words = useWords()
  const { access } = useDesk()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { shown, reference } = useWork()
  const { userId } = useMe()
  const ids = [useId(), useId(), useId()]
  const [since] = useState(() => newestSeq(shown))
  const [department, setDepartment] = useState(shown.department_id)
  const [staff, setStaff] = useState('')
  const [note = '', setNote] = useDraft(`${userId}.${shown.id}.hand-over`)
  const moves = department !== shown.department_id
  const form = useForm<'staff'>(
    () => ({ staff: moves || staff ? undefined : words.work.handOverNobody }),
    async () => {
      await handOver(access, shown.id, { ...(moves && { department }), staff, note: note.trim() })
      setNote(undefined)
      onClose()
      announce(words.work.handedOver)
      try {
        await getStaffCase(access, shown.id, 1)
      } catch (thrown) {
        if (asRefusal(thrown).kind !== 'missing') throw thrown
        announce(words.work.handedOverAway(shown.case_id))
        await navigate({ to: '/cases' })
      }
      await queries.invalidateQueries({ queryKey: ['cases'] })
    },
  )
  return (
    <Dialog title={words.work.handOverTitle(shown.case_id)} onClose={onClose}>
      <Form form={form}>
        <div className="field">
          <label htmlFor={ids[0]}>{words.work.department}</label>
          <select id={ids[0]} data-begin value={department} onChange={(event) => setDepartment(event.target.value)}>
            {choosable(reference.departments, ({ id }) => id === shown.department_id).map(({ id, name }) => (
              <option key={id} value={id}>{name}</option>
            ))}
          </select>
        </div>
        <div className="field">
          <label htmlFor={ids[1]}>{words.work.assignee}</label>
          <select id={ids[1]} name="staff" value={staff} aria-invalid={form.wrong.staff ? true : undefined}
            aria-describedby={form.wrong.staff && `${ids[1]}-error`} onChange={(event) => setStaff(event.target.value)}>
            <option value="">{moves ? words.work.nobodyYet : words.work.asItIs}</option>
            {reference.colleagues.filter(({ active }) => active).map((one) => (
              <option key={one.user_id} value={one.user_id}>{one.display_name}</option>
            ))}
          </select>
          {form.wrong.staff && <p id={`${ids[1]}-error`} className="wrong">{form.wrong.staff}</p>}
        </div>
        <div className="field">
          <label htmlFor={ids[2]}>{words.work.handOverNote}</label>
          <textarea id={ids[2]} rows={3} dir="auto" value={note} aria-describedby={`${ids[2]}-hint`} onChange={(event) => setNote(event.target.value)} />
          <p id={`${ids[2]}-hint`} className="hint">{words.work.noteHint}</p>
        </div>
        <OwnSight department={department} staff={staff} />
        <Meanwhile since={since} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{words.work.handOverNow}</Send>
          <button type="button" className="quiet" onClick={onClose}>{words.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}

/** What becomes of the reader's own sight: told before, decided by the database. */
function OwnSight({ department, staff }: { department: string; staff: string }) {
  const words = useWords().work
  const { shown, reference } = useWork()
  const { userId } = useMe()
  const stays = staff || (department === shown.department_id ? shown.assigned_to : null)
  const sees = reference.standing !== 'departments' || reference.ownDepartments.includes(department) || stays === userId
  const name = reference.departments.find(({ id }) => id === department)?.name ?? ''
  return <p className={`sight ${sees ? '' : 'closed'}`} role="status">{sees ? words.keepsSight : words.losesSight(name)}</p>
}
