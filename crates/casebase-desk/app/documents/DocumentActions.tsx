import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDesk } from '../desk'
import { ChooseFiles } from '../files/choosing'
import { FileList } from '../files/FileList'
import { announce } from '../frame/announce'
import { Dialog } from '../frame/Dialog'
import { FormRefusal } from '../frame/FormRefusal'
import { Icon } from '../frame/Icon'
import { Failed, Loading } from '../frame/states'
import { useWords } from '../words'
import { asFile, deleteDocument, listVersions, type Document } from './queries'

/** What whoever writes documents does with one: put another version in its place, look at earlier ones, delete it. */
export function DocumentActions({ document }: { document: Document }) {
  const words = useWords().documents
  const { uploads } = useDesk()
  const [open, setOpen] = useState<'versions' | 'deletion'>()
  const { client_id: clientId, category, document_id: documentId, original_name: name } = document
  return (
    <>
      {document.id !== documentId && (
        <button type="button" className="quiet icon" aria-label={words.versionsOf(name)} title={words.versionsOf(name)} onClick={() => setOpen('versions')}>
          <Icon name="clock" />
        </button>
      )}
      <ChooseFiles single className="quiet icon" label={words.replaceOf(name)} onFiles={(files) => uploads.add({ clientId, category, documentId }, files)}>
        <Icon name="upload" />
      </ChooseFiles>
      <button type="button" className="quiet icon" aria-label={words.deleteOf(name)} title={words.deleteOf(name)} onClick={() => setOpen('deletion')}>
        <Icon name="trash" />
      </button>
      {open === 'versions' && <Versions document={document} onClose={() => setOpen(undefined)} />}
      {open === 'deletion' && <Deletion document={document} onClose={() => setOpen(undefined)} />}
    </>
  )
}

function Versions({ document, onClose }: { document: Document; onClose: () => void }) {
  const words = useWords().documents
  const { access } = useDesk()
  const versions = useQuery({
    queryKey: ['documents', 'versions', document.document_id],
    queryFn: () => listVersions(access, document.document_id),
  })
  const earlier = versions.data?.filter(({ replaced_at }) => replaced_at !== null)
  return (
    <Dialog title={words.versionsOf(document.original_name)} onClose={onClose} wide>
      <p className="muted">{words.versionsLead}</p>
      {versions.isPending && <Loading />}
      {versions.isError && <Failed error={versions.error} onRetry={() => void versions.refetch()} />}
      {earlier && <FileList files={earlier.map(asFile)} label={words.versions} />}
      {earlier?.length === 0 && <p className="muted">{words.noVersions}</p>}
    </Dialog>
  )
}

function Deletion({ document, onClose }: { document: Document; onClose: () => void }) {
  const all = useWords()
  const words = all.documents
  const { access } = useDesk()
  const queries = useQueryClient()
  const { original_name: name } = document
  const deletion = useMutation({
    mutationFn: () => deleteDocument(access, document),
    onSuccess: () => {
      announce(words.deleted(name))
      onClose()
    },
    // Half-way, too, something has changed.
    onSettled: () => queries.invalidateQueries({ queryKey: ['documents'] }),
  })
  return (
    <Dialog title={words.deleteOf(name)} onClose={onClose}>
      <p>{words.deletionLead}</p>
      <FormRefusal refused={deletion.error ?? undefined} />
      <div className="form-actions">
        <button type="button" data-begin onClick={onClose}>
          {all.cancel}
        </button>
        <button type="button" className="primary" aria-disabled={deletion.isPending} onClick={() => deletion.isPending || deletion.mutate()}>
          {words.delete}
        </button>
      </div>
    </Dialog>
  )
}
