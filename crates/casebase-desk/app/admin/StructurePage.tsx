import { useId, useState } from 'react'
import { STATUSES } from '../cases/queries'
import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { Failed, Loading } from '../frame/states'
import { statusWord } from '../queue/labels'
import { answer } from '../refusal'
import { isBlank } from '../rules'
import { useWords } from '../words'
import { useAdminWords } from '../words/admin'
import { Select } from './Checks'
import { folderCode, partyCode } from './reading'
import { changed, useAdmin, type Supabase } from './queries'
import { UndoNotice, useUndoable, type Undo } from './Undoable'

type Item = { key: string; name: string; active: boolean; row: Record<string, unknown> }

/** What the five kinds have in common: a table with a key, a name, and whether it is in use. */
const KINDS = {
  department: { table: 'departments', key: 'id', name: 'name', columns: ['id', 'name', 'is_default', 'active'] },
  specialty: { table: 'specialties', key: 'id', name: 'name', columns: ['id', 'name', 'active'] },
  party_type: { table: 'party_types', key: 'code', name: 'label', columns: ['code', 'label', 'internal', 'active'] },
  stage: { table: 'case_stages', key: 'stage', name: 'stage', columns: ['stage', 'status', 'position', 'active'] },
  category: { table: 'document_categories', key: 'code', name: 'label', columns: ['code', 'label', 'active'] },
} as const
type Kind = keyof typeof KINDS

/** The database writes these itself. */
const ALWAYS_ON = ['ARGAN', 'CLIENT']

const rowsOf = (supabase: Supabase, kind: Kind) => supabase.from(KINDS[kind].table as 'departments')

async function list(supabase: Supabase, kind: Kind): Promise<Item[]> {
  const { key, name, columns } = KINDS[kind]
  const asked = rowsOf(supabase, kind).select(columns.join()).order(kind === 'stage' ? 'position' : name)
  const rows = await answer<Record<string, unknown>[]>(asked)
  const items = rows.map((row) => ({ key: String(row[key]), name: String(row[name]), active: row['active'] === true, row }))
  // As people order names: the database may put every small letter behind every capital one.
  return kind === 'stage' ? items : items.sort((one, other) => one.name.localeCompare(other.name))
}

const update = (supabase: Supabase, kind: Kind, key: string, columns: Record<string, unknown>) =>
  changed(rowsOf(supabase, kind).update(columns as never).eq(KINDS[kind].key as 'id', key).select(KINDS[kind].key))

const insert = async (supabase: Supabase, kind: Kind, row: Record<string, unknown>) =>
  answer<Record<string, unknown>>(rowsOf(supabase, kind).insert(row as never).select(KINDS[kind].columns.join()).single())

const remove = (supabase: Supabase, kind: Kind, key: string) =>
  changed(rowsOf(supabase, kind).delete().eq(KINDS[kind].key as 'id', key).select(KINDS[kind].key))

type Use = { kind: string; key: string; used_by: 'cases' | 'staff' | 'webhooks' | 'interactions' | 'documents'; uses: number }

/** What cases, people and documents are put into. */
export function StructurePage() {
  const words = useAdminWords()
  const undo = useUndoable()
  const uses = useAdmin(['uses'], (supabase) => answer<Use[]>(supabase.rpc('structure_uses')))
  return (
    <Page title={words.parts.structure} className="admin-page">
      <UndoNotice undo={undo} />
      {uses.isError && <Failed error={uses.error} onRetry={() => void uses.refetch()} />}
      {(Object.keys(KINDS) as Kind[]).map((kind) => (
        <Section key={kind} kind={kind} uses={uses.data?.filter((use) => use.kind === kind)} undo={undo} />
      ))}
    </Page>
  )
}

type Open = { what: 'add' } | { what: 'edit' | 'delete'; item: Item }

function Section({ kind, uses, undo }: { kind: Kind; uses: Use[] | undefined; undo: Undo }) {
  const words = useAdminWords()
  const id = useId()
  const items = useAdmin(['structure', kind], (supabase) => list(supabase, kind))
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  const usesOf = (item: Item) => uses?.filter(({ key }) => key === item.key)
  return (
    <section aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>{words.structure.kinds[kind]}</h2>
        <button type="button" onClick={() => setOpen({ what: 'add' })}>{words.structure.adds[kind]}</button>
      </div>
      <p className="hint">{words.structure.leads[kind]}</p>
      {items.isPending && <Loading lines={2} />}
      {items.isError && <Failed error={items.error} onRetry={() => void items.refetch()} />}
      {items.data?.length === 0 && <p className="muted">{words.structure.none}</p>}
      <ul className="entries" aria-labelledby={id}>
        {items.data?.map((item) => (
          <Line key={item.key} kind={kind} item={item} uses={usesOf(item)} undo={undo} onOpen={(what) => setOpen({ what, item })} />
        ))}
      </ul>
      {(open?.what === 'add' || open?.what === 'edit') && (
        <Edit kind={kind} item={open.what === 'edit' ? open.item : undefined} last={items.data?.length ?? 0} undo={undo} onClose={close} />
      )}
      {open?.what === 'delete' && <Delete kind={kind} item={open.item} uses={usesOf(open.item) ?? []} undo={undo} onClose={close} />}
    </section>
  )
}

function useUsedBy() {
  const { uses: worded } = useAdminWords().structure
  return (uses: Use[]) => uses.map(({ used_by, uses: n }) => worded[used_by](n)).join(', ')
}

function Line({ kind, item, uses, undo, onOpen }: {
  kind: Kind
  item: Item
  uses: Use[] | undefined
  undo: Undo
  onOpen: (what: 'edit' | 'delete') => void
}) {
  const all = useWords()
  const words = useAdminWords()
  const usedBy = useUsedBy()
  const { access } = useDesk()
  const { key, name, active, row } = item
  const isDefault = row['is_default'] === true
  const isFixed = isDefault || (kind === 'party_type' && ALWAYS_ON.includes(key))
  const turn = (to: boolean) => update(access.supabase, kind, key, { active: to })
  const become = (of: string) => update(access.supabase, kind, of, { is_default: true })
  const makeDefault = async () => {
    const before = (await list(access.supabase, kind)).find((one) => one.row['is_default'] === true)
    await undo.attempt(() => become(key), { text: words.structure.madeDefault(name), undo: before && (() => become(before.key)) })
  }
  return (
    <li className={active ? undefined : 'is-off'}>
      <div className="entry-what">
        <p className="entry-name">
          <strong dir="auto">{name}</strong>
          {kind === 'party_type' || kind === 'category' ? <code className="muted">{key}</code> : null}
          {kind === 'stage' && <span className="tag">{statusWord(String(row['status']), all)}</span>}
          {isDefault && <span className="tag noted">{words.structure.isDefault}</span>}
          {!active && <span className="tag">{words.off}</span>}
        </p>
        {uses && <p className="muted">{uses.length ? words.structure.usedBy(usedBy(uses)) : words.structure.unused}</p>}
      </div>
      <div className="entry-does">
        {kind === 'department' && active && !isDefault && (
          <button type="button" className="quiet" aria-label={words.structure.makeDefaultOf(name)} onClick={() => void makeDefault()}>{words.structure.makeDefault}</button>
        )}
        <button type="button" className="quiet" aria-label={words.editOf(name)} onClick={() => onOpen('edit')}>{words.edit}</button>
        {!isFixed && (
          <button type="button" className="quiet" aria-label={active ? words.switchOffOf(name) : words.switchOnOf(name)}
            onClick={() => void undo.attempt(() => turn(!active), { text: active ? words.switchedOff(name) : words.switchedOn(name), undo: () => turn(active) })}>
            {active ? words.switchOff : words.switchOn}
          </button>
        )}
        {!isFixed && (
          <button type="button" className="quiet" aria-label={words.deleteOf(name)} onClick={() => onOpen('delete')}>{words.delete}</button>
        )}
      </div>
    </li>
  )
}

function Edit({ kind, item, last, undo, onClose }: { kind: Kind; item: Item | undefined; last: number; undo: Undo; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords()
  const { access } = useDesk()
  const id = useId()
  const { key, name: nameColumn } = KINDS[kind]
  const hasCode = kind === 'party_type' || kind === 'category'
  const [name, setName] = useState(item?.name ?? '')
  // Made from the name, until somebody writes their own.
  const [ownCode, setOwnCode] = useState<string>()
  const code = ownCode ?? (kind === 'category' ? folderCode(name) : kind === 'party_type' ? partyCode(name) : '')
  const [internal, setInternal] = useState(item?.row['internal'] === true)
  const [status, setStatus] = useState<string>('in_progress')
  const change = (of: string, columns: Record<string, unknown>) => update(access.supabase, kind, of, columns)
  const form = useForm<'name' | 'label' | 'stage' | 'code'>(
    () => ({
      [nameColumn]: isBlank(name) ? words.missingName : undefined,
      ...(hasCode && { code: isBlank(code) ? words.structure.missingCode : undefined }),
    }),
    async () => {
      const wanted = name.trim()
      const columns = { [nameColumn]: wanted, ...(kind === 'party_type' && { internal }) }
      if (item) {
        await change(item.key, columns)
        onClose()
        const before = { [nameColumn]: item.name, ...(kind === 'party_type' && { internal: item.row['internal'] }) }
        return undo.tell({ text: words.saved(wanted), undo: () => change(kind === 'stage' ? wanted : item.key, before) })
      }
      const made = await insert(access.supabase, kind, {
        ...columns, ...(hasCode && { code: code.trim() }), ...(kind === 'stage' && { status, position: last + 1 }),
      })
      onClose()
      return undo.tell({ text: words.added(wanted), undo: () => remove(access.supabase, kind, String(made[key])) })
    },
  )
  return (
    <Dialog title={item ? words.editOf(item.name) : words.structure.adds[kind] ?? ''} onClose={onClose}>
      <Form form={form}>
        <Field label={words.name} name={nameColumn} dir="auto" autoComplete="off" value={name} error={form.wrong[nameColumn]}
          onChange={(event) => setName(event.target.value)} />
        {hasCode && !item && (
          <Field label={words.structure.code} name="code" autoComplete="off" hint={words.structure.codeHints[kind]} value={code} error={form.wrong.code}
            onChange={(event) => setOwnCode(event.target.value)} />
        )}
        {kind === 'party_type' && (
          <label className="check">
            <input type="checkbox" checked={internal} onChange={(event) => setInternal(event.target.checked)} />
            {words.structure.internal}
          </label>
        )}
        {kind === 'stage' && !item && (
          <Select id={id} label={words.structure.status} value={status} onChange={setStatus}
            options={STATUSES.map((one) => ({ value: one, label: statusWord(one, all) }))} />
        )}
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{item ? all.save : words.add}</Send>
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}

/** What is in use is not deleted: the window says by what, and offers to switch it off. */
function Delete({ kind, item, uses, undo, onClose }: { kind: Kind; item: Item; uses: Use[]; undo: Undo; onClose: () => void }) {
  const all = useWords()
  const words = useAdminWords()
  const usedBy = useUsedBy()
  const { access } = useDesk()
  const { key, name, active, row } = item
  const turn = (to: boolean) => update(access.supabase, kind, key, { active: to })
  const isUsed = uses.length > 0
  const form = useForm(
    () => ({}),
    async () => {
      if (isUsed) await turn(false)
      else await remove(access.supabase, kind, key)
      onClose()
      await undo.tell(
        isUsed
          ? { text: words.switchedOff(name), undo: () => turn(true) }
          : { text: words.deleted(name), undo: () => insert(access.supabase, kind, row) },
      )
    },
  )
  return (
    <Dialog title={words.deleteOf(name)} onClose={onClose}>
      <Form form={form}>
        <p>{isUsed ? words.structure.inUse(usedBy(uses)) : words.structure.deleteLead}</p>
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          {(!isUsed || active) && <Send form={form}>{isUsed ? words.switchOff : words.delete}</Send>}
          <button type="button" className="quiet" data-begin onClick={onClose}>{isUsed ? words.structure.keep : all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}
