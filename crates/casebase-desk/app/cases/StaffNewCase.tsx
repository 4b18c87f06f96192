import { useId, type ReactNode } from 'react'
import { useDesk } from '../desk'
import { Page } from '../frame/Page'
import { ClientPicker } from '../people/ClientPicker'
import { choosable, useDepartments, useSpecialties, useStaff } from '../people/queries'
import { PRIORITIES } from '../queue/filter'
import { useDraft } from '../text/drafts'
import { useWords } from '../words'
import { NewCaseForm } from './NewCasePage'

/** A case that staff open on behalf of a client. */
export function StaffNewCase() {
  const words = useWords()
  const { access } = useDesk()
  const standing = access.standing.get()
  const userId = standing.is === 'out' ? '' : standing.userId
  const draft = (name: string) => `${userId}.new.${name}`
  const [client, setClient] = useDraft(draft('client'))
  const [letters = '', setLetters] = useDraft(draft('client.name'))
  const [priority = 'medium', setPriority] = useDraft(draft('priority'))
  const [department, setDepartment] = useDraft(draft('department'))
  const [assignee = '', setAssignee] = useDraft(draft('assignee'))
  const [specialty = '', setSpecialty] = useDraft(draft('specialty'))
  const [due = '', setDue] = useDraft(draft('due'))
  const forget = () => {
    for (const set of [setClient, setLetters, setPriority, setDepartment, setAssignee, setSpecialty, setDue]) set(undefined)
  }
  const departments = choosable(useDepartments().data ?? [])
  const staff = useStaff().data ?? []
  const specialties = choosable(useSpecialties().data ?? [])
  const initial = departmentOf(departments, userId)
  const columns = {
    client_id: client ?? '',
    priority,
    ...((department ?? initial) && { department_id: department ?? initial ?? '' }),
    ...(assignee && { assigned_to: assignee }),
    ...(specialty && { required_specialty_id: specialty }),
    ...(due && { action_required_by: new Date(due).toISOString() }),
  }
  return (
    <Page title={words.newCase.title} className="form-page">
      <NewCaseForm
        columns={columns}
        fault={client ? undefined : words.staffCase.missingClient}
        onCreated={forget}
        after={
          <div className="field-row">
            <Select label={words.theCase.priority} value={priority} onChange={setPriority}
              options={PRIORITIES.map((one) => [one, words.priority[one]])} />
            <Select label={words.staffCase.department} value={department ?? initial ?? ''} onChange={setDepartment}
              options={departments.map(({ id, name }) => [id, name])} />
            <Select label={words.staffCase.assignee} value={assignee} onChange={setAssignee}
              options={[['', words.queue.nobody], ...staff.filter(({ active }) => active).map(({ user_id, display_name }) => [user_id, display_name] as const)]} />
            {specialties.length > 0 && (
              <Select label={words.staffCase.specialty} value={specialty} onChange={setSpecialty}
                options={[['', words.staffCase.none], ...specialties.map(({ id, name }) => [id, name] as const)]} />
            )}
            <Labelled label={words.staffCase.due}>
              {(id) => <input id={id} type="datetime-local" value={due} onChange={(event) => setDue(event.target.value)} />}
            </Labelled>
          </div>
        }
      >
        {(wrong) => (
          <ClientPicker label={words.staffCase.client} hint={words.staffCase.clientHint} name="client" text={letters} chosen={client} error={client ? undefined : wrong}
            onType={(text) => {
              setLetters(text)
              setClient(undefined)
            }}
            onChoose={(chosen) => {
              setLetters(chosen.name)
              setClient(chosen.id)
            }} />
        )}
      </NewCaseForm>
    </Page>
  )
}

/** Where this person's new case begins: the default department, unless they work in others alone. */
function departmentOf(departments: ReturnType<typeof useDepartments>['data'] & object, userId: string) {
  const theirs = departments.filter(({ staff_departments }) => staff_departments.some(({ user_id }) => user_id === userId))
  const among = theirs.length ? theirs : departments
  return (among.find(({ is_default }) => is_default) ?? among[0])?.id
}

function Select({ label, value, options, onChange }: {
  label: string
  value: string
  options: readonly (readonly [value: string, label: string])[]
  onChange: (value: string) => void
}) {
  return (
    <Labelled label={label}>
      {(id) => (
        <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map(([one, text]) => (
            <option key={one} value={one}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  )
}

function Labelled({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  )
}
