import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useId, useRef, useState, type ReactNode } from 'react'
import { useMyClients } from '../coming-in/Members'
import { saysStaff } from '../coming-in/session'
import { useDesk } from '../desk'
import { ChosenFiles } from '../files/ChosenFiles'
import { ChooseFiles, DropZone } from '../files/choosing'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { Empty, Failed, Loading } from '../frame/states'
import { useOnce } from '../once'
import { isBlank } from '../rules'
import { useStore } from '../store'
import { useChosenFiles, useDraft } from '../text/drafts'
import { Editor } from '../text/Editor'
import { useWords } from '../words'
import { caseFaults, DESCRIPTION_MOST } from './faults'
import { justCreated } from './created'
import { createCase, findCase, type NewCase } from './queries'
import { StaffNewCase } from './StaffNewCase'

export function NewCasePage() {
  const { access } = useDesk()
  return saysStaff(useStore(access.standing)) ? <StaffNewCase /> : <ClientNewCase />
}

function ClientNewCase() {
  const words = useWords()
  const clients = useMyClients()
  const clientField = useId()
  const [chosen, setChosen] = useState<string>()
  const client = chosen ?? clients.data?.[0]?.id ?? ''
  return (
    <Page title={words.newCase.title} className="form-page">
      {clients.isPending && <Loading />}
      {clients.isError && <Failed error={clients.error} onRetry={() => void clients.refetch()} />}
      {clients.data?.length === 0 && <Empty title={words.newCase.noClient} />}
      {clients.data && clients.data.length > 0 && (
        <NewCaseForm columns={{ client_id: client }}>
          {() => clients.data.length > 1 && (
            <div className="field">
              <label htmlFor={clientField}>{words.newCase.client}</label>
              <select id={clientField} value={client} onChange={(event) => setChosen(event.target.value)}>
                {clients.data.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name ?? id}
                  </option>
                ))}
              </select>
            </div>
          )}
        </NewCaseForm>
      )}
    </Page>
  )
}

/** A new case with its text and files. Whose it is, and what staff say of it besides, is asked by what is within. */
export function NewCaseForm({ columns, fault, after, onCreated, children }: {
  columns: Omit<NewCase, 'title' | 'description'>
  /** What is wrong with the client. */
  fault?: string | undefined
  after?: ReactNode
  onCreated?: () => void
  children: (wrong: string | undefined) => ReactNode
}) {
  const words = useWords()
  const { access, uploads } = useDesk()
  const standing = access.standing.get()
  const userId = standing.is === 'out' ? '' : standing.userId
  const navigate = useNavigate()
  const [title = '', setTitle] = useDraft(`${userId}.new.title`)
  const [description = '', setDescription] = useDraft(`${userId}.new.description`)
  const [files, addFiles, setFiles] = useChosenFiles(`${userId}.new`)
  const [isFromBefore, setFromBefore] = useState(!isBlank(title) || !isBlank(description) || files.length > 0)
  const descriptionField = useRef<HTMLTextAreaElement>(null)
  const forget = () => {
    setTitle(undefined)
    setDescription(undefined)
    setFiles([])
    setFromBefore(false)
  }
  const queries = useQueryClient()
  const create = useOnce(
    (row: NewCase) => createCase(access, row),
    (row, since) => findCase(access, row, userId, since),
    () => access.now(),
  )
  const form = useForm<'client' | 'title' | 'description'>(() => ({ client: fault, ...caseFaults(title, description, words) }), async () => {
    const row = { ...columns, title: title.trim(), description: isBlank(description) ? '' : description }
    const { case_id } = await create(row)
    onCreated?.()
    uploads.add({ caseNumber: case_id }, files)
    forget()
    void queries.invalidateQueries({ queryKey: ['cases'] })
    justCreated.set(case_id)
    // Back leads to where the form was come from, not to an empty one.
    await navigate({ to: '/cases/$number', params: { number: case_id }, replace: true })
  })
  return (
    <DropZone wholePage onFiles={addFiles}>
      <Form form={form}>
        {isFromBefore && (
          <div className="notice">
            <p>{words.newCase.fromBefore}</p>
            <button
              type="button"
              onClick={(event) => {
                const title = event.currentTarget.closest('form')?.elements.namedItem('title')
                forget()
                if (title instanceof HTMLElement) title.focus()
              }}
            >
              {words.newCase.discard}
            </button>
          </div>
        )}
        {children(form.wrong.client)}
        <Field label={words.newCase.caseTitle} hint={words.newCase.titleHint} name="title" value={title} autoComplete="off"
          error={form.wrong.title}
          onChange={(event) => setTitle(event.target.value)}
          onKeyDown={(event) => {
            // A title alone is soon sent by accident.
            if (event.key !== 'Enter' || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return
            event.preventDefault()
            descriptionField.current?.focus()
          }} />
        <Editor label={words.newCase.description} hint={words.newCase.descriptionHint} name="description" value={description}
          most={DESCRIPTION_MOST} rows={10} onChange={setDescription} onFiles={addFiles}
          error={form.wrong.description} fieldRef={descriptionField} />
        {after}
        <div className="field">
          <div className="attach">
            <ChooseFiles onFiles={addFiles}>{words.talk.attach}</ChooseFiles>
            <span className="hint">{words.text.markdown}</span>
          </div>
          <ChosenFiles files={files} onRemove={(index) => setFiles(files.filter((_, at) => at !== index))} />
        </div>
        <FormRefusal refused={form.refused} title={words.newCase.failed} kept={words.newCase.kept} />
        <div className="form-actions">
          <Send form={form}>
            {form.sending ? words.newCase.creating : words.newCase.create}
          </Send>
          <Link to="/cases" className="button quiet">
            {words.cancel}
          </Link>
        </div>
      </Form>
    </DropZone>
  )
}
