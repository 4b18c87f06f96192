import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Refusal } from '../refusal'
import { isBlank } from '../rules'
import type { Access } from '../coming-in/session'
import { hasDraft, useDraft } from '../text/drafts'
import { asEdited, asStored } from '../text/editing'
import { Editor } from '../text/Editor'
import { Markdown } from '../text/Markdown'
import { useWords } from '../words'
import { caseFaults, DESCRIPTION_MOST } from './faults'
import { getCase, updateCase, type Case } from './queries'

/** What is kept of an edit of this case. */
const draftOf = (access: Access, id: number) => {
  const standing = access.standing.get()
  return `${standing.is === 'out' ? '' : standing.userId}.${id}.edit`
}

/** Whether an edit was begun and not ended: over a reload, or when the page was left. */
export const isBeingEdited = (access: Access, id: number) => hasDraft(`${draftOf(access, id)}.version`)

/** Title and description, changed from the version that was read when editing began. */
export function EditCase({ shown, mayEdit = true, onDone }: { shown: Case; mayEdit?: boolean; onDone: () => void }) {
  const words = useWords()
  const { access } = useDesk()
  const queries = useQueryClient()
  const draft = draftOf(access, shown.id)
  const [version, setVersion] = useDraft(`${draft}.version`)
  const [base, setBase] = useState<Case>(shown)
  // What was begun from an earlier version is not saved over a later one unseen.
  const [theirs, setTheirs] = useState(() => (version && version !== String(shown.version) ? shown : undefined))
  const [title = base.title, setTitle] = useDraft(`${draft}.title`)
  const [description = asEdited(base.description), setDescription] = useDraft(`${draft}.description`)
  const begin = () => setVersion(String(base.version))
  const isBehind = (shown.title !== base.title || shown.description !== base.description) && !theirs

  const done = async () => {
    setTitle(undefined)
    setDescription(undefined)
    setVersion(undefined)
    onDone()
    await queries.invalidateQueries({ queryKey: ['cases'] })
  }
  const save = async (from: Case) => {
    const stored = isBlank(description) ? '' : asStored(description, from.description)
    const changes = {
      ...(title.trim() !== from.title && { title: title.trim() }),
      ...(stored !== from.description && { description: stored }),
    }
    if (Object.keys(changes).length) await updateCase(access, from, changes)
    announce(words.theCase.saved)
    await done()
  }
  const form = useForm<'title' | 'description'>(
    () => caseFaults(title, description, words),
    async () => {
      try {
        await save(theirs ?? base)
      } catch (thrown) {
        if (!(thrown instanceof Refusal && thrown.kind === 'changed')) throw thrown
        // Nobody's version is written over unseen: the present one is shown first.
        const present = await getCase(access, shown.case_id, 1)
        // Something else of the case was changed.
        if (present.title === base.title && present.description === base.description) return save(present)
        // Saved before, and only the answer to that was lost.
        if (present.title === title.trim() && asEdited(present.description) === description) return done()
        setBase(present)
        setTheirs(present)
        setVersion(String(present.version))
      }
    },
  )
  return (
    <Form form={form} onInput={begin} aria-label={words.theCase.editing}>
      {!mayEdit && (
        <p className="notice" role="status">
          {words.theCase.notEditable}
        </p>
      )}
      {mayEdit && isBehind && (
        <p className="notice" role="status">
          {words.theCase.changedMeanwhile}
        </p>
      )}
      {theirs && <Theirs theirs={theirs} />}
      <Field label={words.newCase.caseTitle} name="title" value={title} autoComplete="off" autoFocus error={form.wrong.title}
        onChange={(event) => setTitle(event.target.value)} />
      <Editor label={words.newCase.description} name="description" value={description} most={DESCRIPTION_MOST} rows={10}
        error={form.wrong.description} onChange={setDescription} />
      <FormRefusal refused={form.refused} kept={words.newCase.kept} />
      <div className="form-actions">
        {mayEdit && (
          <Send form={form}>
            {theirs ? words.theCase.keepMine : words.save}
          </Send>
        )}
        {mayEdit && theirs && (
          <button type="button" onClick={() => void done()}>
            {words.theCase.takeTheirs}
          </button>
        )}
        <button type="button" className="quiet" onClick={() => void done()}>
          {words.cancel}
        </button>
      </div>
    </Form>
  )
}

/** The version that somebody else saved. */
function Theirs({ theirs }: { theirs: Case }) {
  const words = useWords()
  return (
    <div className="notice" role="alert">
      <p>
        <strong>{words.theCase.changed}</strong>. {words.theCase.changedLead}
      </p>
      <p>
        <strong>{theirs.title}</strong>
      </p>
      <Markdown text={theirs.description} />
    </div>
  )
}
