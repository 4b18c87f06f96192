import { useId, useState } from 'react'
import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { answer } from '../refusal'
import { useWords } from '../words'
import { useAdminWords } from '../words/admin'
import { Checks, Select } from './Checks'
import { useAllDepartments, type Invitation } from './queries'
import type { Undo } from './Undoable'

/** Invites an address: to the staff, or to a client. */
export function Invite({ client, undo, onClose }: { client?: { id: string; name: string }; undo: Undo; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords()
  const { access } = useDesk()
  const id = useId()
  const departments = (useAllDepartments().data ?? []).filter(({ active }) => active)
  const [now, setNow] = useState({ email: '', name: '', isAdmin: false, scope: 'assigned', departments: [] as string[] })
  const form = useForm<'email' | 'display_name'>(
    () => ({ email: /^[^@\s]+@[^@\s]+$/.test(now.email.trim()) ? undefined : words.people.missingEmail }),
    async () => {
      const email = now.email.trim()
      const made = await answer<Invitation>(
        access.supabase.rpc('invite', {
          email,
          ...(now.name.trim() && { display_name: now.name.trim() }),
          ...(client ? { client_id: client.id } : { is_admin: now.isAdmin, scope: now.scope, department_ids: now.departments }),
        }),
      )
      onClose()
      await undo.tell({ text: words.people.invited(email), undo: async () => answer(access.supabase.from('invitations').delete().eq('id', made.id)) })
    },
  )
  return (
    <Dialog title={words.people.inviteTitle(client?.name ?? '')} onClose={onClose}>
      <Form form={form}>
        <p className="muted">{words.people.inviteLead}</p>
        <Field label={words.people.email} name="email" type="email" autoComplete="off" value={now.email} error={form.wrong.email}
          onChange={(event) => setNow({ ...now, email: event.target.value })} />
        <Field label={words.name} name="display_name" dir="auto" autoComplete="off" value={now.name} hint={words.people.nameHint} error={form.wrong.display_name}
          onChange={(event) => setNow({ ...now, name: event.target.value })} />
        {!client && (
          <>
            <label className="check">
              <input type="checkbox" checked={now.isAdmin} onChange={(event) => setNow({ ...now, isAdmin: event.target.checked })} />
              {words.people.isAdmin}
            </label>
            <Select id={id} label={words.people.scope} value={now.scope} onChange={(scope) => setNow({ ...now, scope })}
              options={Object.entries(words.people.scopes).map(([value, label]) => ({ value, label }))} />
            <Checks legend={words.people.departments} options={departments.map((one) => ({ value: one.id, label: one.name }))} chosen={now.departments}
              onChange={(chosen) => setNow({ ...now, departments: chosen })} />
            {now.scope === 'departments' && !now.isAdmin && now.departments.length === 0 && <p className="hint" role="status">{words.people.withoutDepartment}</p>}
          </>
        )}
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{words.people.invite}</Send>
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}
