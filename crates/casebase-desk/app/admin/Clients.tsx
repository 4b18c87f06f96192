import { useNavigate, useSearch, Link } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { useDesk } from '../desk'
import { size } from '../files/bytes'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Failed, Loading } from '../frame/states'
import { clientNames, findClients } from '../people/queries'
import { answer } from '../refusal'
import { isBlank } from '../rules'
import { useLanguage, useWords } from '../words'
import { useAdminWords } from '../words/admin'
import { Select } from './Checks'
import { Invite } from './Invite'
import { changed, useAdmin, type Member } from './queries'
import type { Undo } from './Undoable'

const SHOWN = 50

/** Clients, found by their names; of one of them, who acts for it. */
export function Clients({ undo }: { undo: Undo }) {
  const { client } = useSearch({ from: '/members/admin/people' })
  return client ? <OneClient key={client} id={client} undo={undo} /> : <AllClients undo={undo} />
}

function AllClients({ undo }: { undo: Undo }) {
  const words = useAdminWords()
  const { access } = useDesk()
  const { letters = '' } = useSearch({ from: '/members/admin/people' })
  const navigate = useNavigate({ from: '/admin/people' })
  const [adding, setAdding] = useState(false)
  const found = useAdmin(['clients', letters], () => findClients(access, letters, SHOWN))
  return (
    <section aria-label={words.people.parts.clients}>
      <div className="section-head">
        <Field label={words.people.find} type="search" value={letters} autoComplete="off"
          onChange={(event) => void navigate({ search: { part: 'clients', letters: event.target.value || undefined }, replace: true })} />
        <button type="button" onClick={() => setAdding(true)}>{words.people.newClient}</button>
      </div>
      {found.isPending && <Loading />}
      {found.isError && <Failed error={found.error} onRetry={() => void found.refetch()} />}
      {found.data?.length === 0 && <p className="muted">{words.people.noClients}</p>}
      <ul className="entries" aria-label={words.people.parts.clients}>
        {found.data?.map(({ id, name }) => (
          <li key={id}>
            <Link to="/admin/people" search={{ part: 'clients', client: id }} dir="auto">{name}</Link>
          </li>
        ))}
      </ul>
      {found.data?.length === SHOWN && <p className="muted">{words.people.manyClients(SHOWN)}</p>}
      {adding && <EditClient undo={undo} onClose={() => setAdding(false)} />}
    </section>
  )
}

function EditClient({ client, undo, onClose }: { client?: { id: string; name: string }; undo: Undo; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords()
  const { access } = useDesk()
  const id = useId()
  const [name, setName] = useState(client?.name ?? '')
  const [kind, setKind] = useState('organisation')
  const rename = (to: string) => changed(access.supabase.from('clients').update({ name: to }).eq('id', client?.id ?? '').select('id'))
  const form = useForm<'name'>(
    () => ({ name: isBlank(name) ? words.missingName : undefined }),
    async () => {
      const wanted = name.trim()
      if (client) {
        await rename(wanted)
        onClose()
        return undo.tell({ text: words.saved(wanted), undo: () => rename(client.name) })
      }
      const made = await answer<{ id: string }>(access.supabase.from('clients').insert({ name: wanted, kind }).select('id').single())
      onClose()
      return undo.tell({ text: words.added(wanted), undo: () => changed(access.supabase.from('clients').delete().eq('id', made.id).select('id')) })
    },
  )
  return (
    <Dialog title={client ? words.editOf(client.name) : words.people.newClient} onClose={onClose}>
      <Form form={form}>
        <Field label={words.name} name="name" dir="auto" autoComplete="off" value={name} error={form.wrong.name} onChange={(event) => setName(event.target.value)} />
        {!client && (
          <Select id={id} label={words.people.kind} value={kind} onChange={setKind}
            options={Object.entries(words.people.kinds).map(([value, label]) => ({ value, label }))} />
        )}
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{client ? all.save : words.add}</Send>
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}

type Usage = { used_bytes: number; most_bytes: number | null }

function OneClient({ id, undo }: { id: string; undo: Undo }) {
  const words = useAdminWords()
  const language = useLanguage()
  const { access } = useDesk()
  const [open, setOpen] = useState<'edit' | 'invite' | Member>()
  const name = useAdmin(['client', id], async () => (await clientNames(access, [id])).get(id) ?? null)
  const members = useAdmin(['members', id], (supabase) =>
    answer<Member[]>(supabase.from('client_members').select('*').eq('client_id', id).order('display_name')))
  const usage = useAdmin(['usage', id], (supabase) => answer<Usage>(supabase.rpc('client_usage', { client_id: id })))
  if (name.isPending) return <Loading />
  const client = { id, name: name.data ?? id }
  const close = () => setOpen(undefined)
  return (
    <section aria-labelledby="client">
      <p><Link to="/admin/people" search={{ part: 'clients' }}>{words.people.backToClients}</Link></p>
      <div className="section-head">
        <h2 id="client" dir="auto">{client.name}</h2>
        <div className="actions">
          <button type="button" aria-label={words.editOf(client.name)} onClick={() => setOpen('edit')}>{words.edit}</button>
          <button type="button" onClick={() => setOpen('invite')}>{words.people.inviteMember}</button>
        </div>
      </div>
      {usage.data && (
        <p className="muted">
          {words.people.storage}: {usage.data.most_bytes === null
            ? size(usage.data.used_bytes, language)
            : words.people.ofQuota(size(usage.data.used_bytes, language), size(usage.data.most_bytes, language))}
        </p>
      )}
      {members.isPending && <Loading />}
      {members.isError && <Failed error={members.error} onRetry={() => void members.refetch()} />}
      {members.data?.length === 0 && <p className="muted">{words.people.noMembers}</p>}
      <ul className="entries" aria-label={words.people.members}>
        {members.data?.map((member) => (
          <li key={member.user_id}>
            <div className="entry-what"><strong dir="auto">{member.display_name}</strong></div>
            <div className="entry-does">
              <button type="button" className="quiet" aria-label={words.people.removeOf(member.display_name)} onClick={() => setOpen(member)}>{words.people.remove}</button>
            </div>
          </li>
        ))}
      </ul>
      {open === 'edit' && <EditClient client={client} undo={undo} onClose={close} />}
      {open === 'invite' && <Invite client={client} undo={undo} onClose={close} />}
      {typeof open === 'object' && <TakeOut member={open} client={client.name} undo={undo} onClose={close} />}
    </section>
  )
}

function TakeOut({ member, client, undo, onClose }: { member: Member; client: string; undo: Undo; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords()
  const { access } = useDesk()
  const form = useForm(
    () => ({}),
    async () => {
      const { client_id, user_id, display_name } = member
      await changed(access.supabase.from('client_members').delete().eq('client_id', client_id).eq('user_id', user_id).select('user_id'))
      onClose()
      await undo.tell({
        text: words.people.removed(display_name),
        undo: async () => answer(access.supabase.from('client_members').insert({ client_id, user_id, display_name })),
      })
    },
  )
  return (
    <Dialog title={words.people.removeOf(member.display_name)} onClose={onClose}>
      <Form form={form}>
        <p>{words.people.removeLead(member.display_name, client)}</p>
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{words.people.remove}</Send>
          <button type="button" className="quiet" data-begin onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}
