import { Link, useSearch } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { Empty, Failed, Loading } from '../frame/states'
import { Time } from '../frame/Time'
import { clientNames } from '../people/queries'
import { isBlank } from '../rules'
import { useWords } from '../words'
import { useAdminWords } from '../words/admin'
import { Checks, Select } from './Checks'
import { Clients } from './Clients'
import { Invite } from './Invite'
import {
  changed, countOpenCases, deactivate, saveStaff, switchStaff, useAdmin, useAllDepartments, useAllSpecialties, useInvitations, useStaffRows,
  type Invitation, type StaffRow,
} from './queries'
import { UndoNotice, useUndoable, type Undo } from './Undoable'
import { answer } from '../refusal'

const PARTS = ['staff', 'clients', 'invitations'] as const

/** Who works here, for whom, and who is to come. */
export function PeoplePage() {
  const words = useAdminWords()
  const { part = 'staff' } = useSearch({ from: '/members/admin/people' })
  const undo = useUndoable()
  return (
    <Page title={words.parts.people} className="admin-page">
      <nav className="filter" aria-label={words.people.partsLabel}>
        {PARTS.map((one) => (
          <Link key={one} to="/admin/people" search={{ part: one }} aria-current={one === part ? 'page' : undefined} activeProps={{}}>
            {words.people.parts[one]}
          </Link>
        ))}
      </nav>
      <UndoNotice undo={undo} />
      {part === 'staff' && <StaffList undo={undo} />}
      {part === 'clients' && <Clients undo={undo} />}
      {part === 'invitations' && <Invitations undo={undo} />}
    </Page>
  )
}

function StaffList({ undo }: { undo: Undo }) {
  const words = useAdminWords()
  const { access } = useDesk()
  const staff = useStaffRows()
  const [departments, specialties] = [useAllDepartments().data ?? [], useAllSpecialties().data ?? []]
  const [open, setOpen] = useState<{ what: 'edit' | 'off'; row: StaffRow } | { what: 'invite' }>()
  const names = (all: { id: string; name: string }[], ids: string[]) => all.filter(({ id }) => ids.includes(id)).map(({ name }) => name).join(', ')
  const standing = access.standing.get()
  const me = standing.is === 'out' ? '' : standing.userId
  const close = () => setOpen(undefined)
  if (staff.isPending) return <Loading />
  if (staff.isError) return <Failed error={staff.error} onRetry={() => void staff.refetch()} />
  const switchOn = ({ user_id, display_name }: StaffRow) =>
    undo.attempt(() => switchStaff(access.supabase, user_id, true), {
      text: words.switchedOn(display_name), undo: () => switchStaff(access.supabase, user_id, false),
    })
  return (
    <section aria-label={words.people.parts.staff}>
      <div className="section-head">
        <p className="muted">{words.people.staffHint}</p>
        <button type="button" onClick={() => setOpen({ what: 'invite' })}>{words.people.inviteStaff}</button>
      </div>
      <ul className="entries" aria-label={words.people.parts.staff}>
        {staff.data.map((row) => (
          <li key={row.user_id} className={row.active ? undefined : 'is-off'}>
            <div className="entry-what">
              <p className="entry-name">
                <strong dir="auto">{row.display_name}</strong>
                {row.user_id === me && <span className="tag">{words.people.you}</span>}
                {row.is_admin && <span className="tag noted">{words.people.admin}</span>}
                {!row.active && <span className="tag">{words.off}</span>}
              </p>
              <p className="muted" dir="auto">
                {words.people.scope}: {words.people.scopes[row.is_admin ? 'all' : row.scope]}
                {row.staff_departments.length > 0 && <> · {names(departments, row.staff_departments.map((one) => one.department_id))}</>}
                {seesNoDepartment(row) && <> · {words.people.noDepartment}</>}
              </p>
              <p className="muted" dir="auto">
                {row.staff_specialties.length > 0 && <>{words.people.specialties}: {names(specialties, row.staff_specialties.map((one) => one.specialty_id))}</>}
              </p>
            </div>
            <div className="entry-does">
              <button type="button" className="quiet" aria-label={words.editOf(row.display_name)} onClick={() => setOpen({ what: 'edit', row })}>{words.edit}</button>
              {row.active ? (
                <button type="button" className="quiet" aria-label={words.switchOffOf(row.display_name)} onClick={() => setOpen({ what: 'off', row })}>{words.switchOff}</button>
              ) : (
                <button type="button" className="quiet" aria-label={words.switchOnOf(row.display_name)} onClick={() => void switchOn(row)}>{words.switchOn}</button>
              )}
            </div>
          </li>
        ))}
      </ul>
      {open?.what === 'edit' && <EditStaff row={open.row} isSelf={open.row.user_id === me} undo={undo} onClose={close} />}
      {open?.what === 'off' && <SwitchOff row={open.row} isSelf={open.row.user_id === me} others={staff.data.filter((one) => one.active && one !== open.row)} undo={undo} onClose={close} />}
      {open?.what === 'invite' && <Invite undo={undo} onClose={close} />}
    </section>
  )
}

const options = (all: { id: string; name: string }[]) => all.map(({ id, name }) => ({ value: id, label: name }))

const seesNoDepartment = (row: StaffRow) => !row.is_admin && row.scope === 'departments' && row.staff_departments.length === 0

function EditStaff({ row, isSelf, undo, onClose }: { row: StaffRow; isSelf: boolean; undo: Undo; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords()
  const { access } = useDesk()
  const id = useId()
  const before = {
    display_name: row.display_name, is_admin: row.is_admin, scope: row.scope,
    departments: row.staff_departments.map((one) => one.department_id), specialties: row.staff_specialties.map((one) => one.specialty_id),
  }
  const [now, setNow] = useState(before)
  const [departments, specialties] = [useAllDepartments().data ?? [], useAllSpecialties().data ?? []]
  const form = useForm<'display_name'>(
    () => ({ display_name: isBlank(now.display_name) ? words.missingName : undefined }),
    async () => {
      const next = { ...now, display_name: now.display_name.trim() }
      await saveStaff(access.supabase, row, next)
      onClose()
      const after: StaffRow = {
        ...row, staff_departments: next.departments.map((department_id) => ({ department_id })),
        staff_specialties: next.specialties.map((specialty_id) => ({ specialty_id })),
      }
      const isBarred = isSelf && row.is_admin && !next.is_admin
      await undo.tell({ text: words.saved(next.display_name), undo: isBarred ? undefined : () => saveStaff(access.supabase, after, before) })
    },
  )
  return (
    <Dialog title={words.editOf(row.display_name)} onClose={onClose}>
      <Form form={form}>
        <Field label={words.name} name="display_name" dir="auto" value={now.display_name} error={form.wrong.display_name}
          onChange={(event) => setNow({ ...now, display_name: event.target.value })} />
        <label className="check">
          <input type="checkbox" checked={now.is_admin} onChange={(event) => setNow({ ...now, is_admin: event.target.checked })} />
          {words.people.isAdmin}
        </label>
        {isSelf && row.is_admin && !now.is_admin && <p className="notice" role="status">{words.people.lessSelf}</p>}
        <Select id={id} label={words.people.scope} value={now.scope} onChange={(scope) => setNow({ ...now, scope })}
          options={Object.entries(words.people.scopes).map(([value, label]) => ({ value, label }))} />
        <Checks legend={words.people.departments} options={options(departments)} chosen={now.departments} onChange={(chosen) => setNow({ ...now, departments: chosen })} />
        {now.scope === 'departments' && !now.is_admin && now.departments.length === 0 && <p className="hint" role="status">{words.people.withoutDepartment}</p>}
        <Checks legend={words.people.specialties} options={options(specialties)} chosen={now.specialties} onChange={(chosen) => setNow({ ...now, specialties: chosen })} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{all.save}</Send>
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}

/** What it will do is told first; the cases go to somebody else in the same step. */
function SwitchOff({ row, isSelf, others, undo, onClose }: { row: StaffRow; isSelf: boolean; others: StaffRow[]; undo: Undo; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords()
  const { access } = useDesk()
  const id = useId()
  const [heir, setHeir] = useState('')
  const cases = useAdmin(['open cases', row.user_id], (supabase) => countOpenCases(supabase, row.user_id))
  const form = useForm(
    () => ({}),
    async () => {
      const handed = await deactivate(access.supabase, row.user_id, heir)
      onClose()
      await undo.tell({
        text: words.people.offDone(row.display_name, handed), hint: handed ? words.people.offAgain : undefined,
        undo: isSelf ? undefined : () => switchStaff(access.supabase, row.user_id, true),
      })
    },
  )
  return (
    <Dialog title={words.people.offTitle(row.display_name)} onClose={onClose}>
      <Form form={form}>
        <p>{words.people.offLead(row.display_name)}</p>
        {isSelf && <p className="notice">{words.people.offSelf}</p>}
        {cases.isPending && <Loading lines={1} />}
        {cases.isError && <Failed error={cases.error} onRetry={() => void cases.refetch()} />}
        {cases.data !== undefined && <p>{cases.data ? words.people.openCases(cases.data) : words.people.noOpenCases}</p>}
        {Boolean(cases.data) && (
          <Select id={id} label={words.people.heir} value={heir} onChange={setHeir}
            options={[{ value: '', label: words.people.nobody }, ...others.map((one) => ({ value: one.user_id, label: one.display_name }))]} />
        )}
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{words.switchOff}</Send>
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}

const stateOf = ({ accepted_at, expires_at }: Invitation, now: number) =>
  accepted_at ? 'accepted' : Date.parse(expires_at) <= now ? 'expired' : 'open'

function Invitations({ undo }: { undo: Undo }) {
  const words = useAdminWords()
  const { access } = useDesk()
  const invitations = useInvitations()
  const [inviting, setInviting] = useState(false)
  const clients = [...new Set((invitations.data ?? []).flatMap(({ client_id }) => client_id ?? []))]
  const names = useAdmin(['client names', clients.join()], () => clientNames(access, clients), clients.length > 0)
  const withdraw = (row: Invitation) =>
    undo.attempt(() => changed(access.supabase.from('invitations').delete().eq('id', row.id).select('id')), {
      text: words.people.cancelled(row.email),
      undo: async () => {
        const { email, client_id, display_name, is_admin, scope, department_ids, expires_at } = row
        await answer(access.supabase.from('invitations').insert({ email, client_id, display_name, is_admin, scope, department_ids, expires_at }))
      },
    })
  const becomes = (row: Invitation) =>
    row.client_id ? words.people.memberOf(names.data?.get(row.client_id) ?? '…') : row.is_admin ? words.people.becomesAdmin : words.people.becomesStaff
  return (
    <section aria-label={words.people.parts.invitations}>
      <Registration undo={undo} />
      <div className="section-head">
        <h2>{words.people.parts.invitations}</h2>
        <button type="button" onClick={() => setInviting(true)}>{words.people.inviteStaff}</button>
      </div>
      {invitations.isPending && <Loading />}
      {invitations.isError && <Failed error={invitations.error} onRetry={() => void invitations.refetch()} />}
      {invitations.data?.length === 0 && <Empty title={words.people.noInvitations} />}
      <ul className="entries" aria-label={words.people.parts.invitations}>
        {invitations.data?.map((row) => {
          const state = stateOf(row, access.now())
          return (
            <li key={row.id}>
              <div className="entry-what">
                <p className="entry-name"><strong>{row.email}</strong> <span className="tag">{words.people.state[state]}</span></p>
                <p className="muted" dir="auto">
                  {becomes(row)} · {words.people.invitedAt} <Time at={row.created_at} />
                  {state === 'open' && <> · {words.people.expires} <Time at={row.expires_at} /></>}
                </p>
              </div>
              {state !== 'accepted' && (
                <div className="entry-does">
                  <button type="button" className="quiet" aria-label={words.people.cancelInvitationOf(row.email)} onClick={() => void withdraw(row)}>
                    {words.people.cancelInvitation}
                  </button>
                </div>
              )}
            </li>
          )
        })}
      </ul>
      {inviting && <Invite undo={undo} onClose={() => setInviting(false)} />}
    </section>
  )
}

function Registration({ undo }: { undo: Undo }) {
  const words = useAdminWords()
  const { access } = useDesk()
  const id = useId()
  const settings = useAdmin(['settings'], (supabase) => answer<{ registration_open: boolean }>(supabase.from('case_settings').select('registration_open').single()))
  const open = (to: boolean) => changed(access.supabase.from('case_settings').update({ registration_open: to }).eq('only_row', true).select('only_row'))
  if (!settings.data) return settings.isError ? <Failed error={settings.error} onRetry={() => void settings.refetch()} /> : null
  const now = settings.data.registration_open
  return (
    <div className="field">
      <label className="check">
        <input type="checkbox" role="switch" checked={now} aria-describedby={id}
          onChange={() => void undo.attempt(() => open(!now), { text: now ? words.people.registrationOff : words.people.registrationOn, undo: () => open(now) })} />
        {words.people.registration}
      </label>
      <p id={id} className="hint">{words.people.registrationHint}</p>
    </div>
  )
}
