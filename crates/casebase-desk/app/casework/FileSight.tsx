import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDesk } from '../desk'
import { size } from '../files/bytes'
import { isComing, type CaseFile } from '../files/row'
import { changeFileSight } from '../files/service'
import { announce } from '../frame/announce'
import { Dialog } from '../frame/Dialog'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Icon } from '../frame/Icon'
import { useLanguage, useWords } from '../words'
import { Sight } from './Sight'

/** Shows a file to the client, or hides it from them, after one has seen what that means. */
export function FileSight({ file }: { file: CaseFile }) {
  const words = useWords().work
  const [open, setOpen] = useState(false)
  const label = file.visible_to_client ? words.hideFileOf(file.original_name) : words.showFileOf(file.original_name)
  return (
    <>
      <button type="button" className="quiet icon" aria-label={label} title={label} onClick={() => setOpen(true)}>
        <Icon name={file.visible_to_client ? 'lock' : 'eye'} />
      </button>
      {open && <SightDialog file={file} onClose={() => setOpen(false)} />}
    </>
  )
}

function SightDialog({ file, onClose }: { file: CaseFile; onClose: () => void }) {
  const all = useWords()
  const words = all.work
  const language = useLanguage()
  const { access } = useDesk()
  const queries = useQueryClient()
  // What is decided here, also when the row changes below it.
  const [shows] = useState(!file.visible_to_client)
  const isHalfWay = isComing(file)
  const change = async (isVisible: boolean) => {
    try {
      await changeFileSight(access, file.id, isVisible)
      onClose()
      announce(isVisible ? words.fileShown : words.fileHidden)
    } finally {
      await queries.invalidateQueries({ queryKey: ['cases'] })
    }
  }
  const form = useForm<never>(() => ({}), () => change(shows))
  const back = useForm<never>(() => ({}), () => change(false))
  return (
    <Dialog title={shows ? words.showFileTitle : words.hideFileTitle} onClose={onClose}>
      <Form form={form}>
        <p>
          <strong dir="auto">{file.original_name}</strong> <span className="muted">{size(file.file_size, language)}</span>{' '}
          {file.notes.map((note) => (
            <span key={note} className="tag noted">{all.files.notes[note] ?? note}</span>
          ))}
        </p>
        {isHalfWay && <p className="notice">{words.fileHalfWay}</p>}
        <Sight isVisible={shows} what="file" />
        <p className="hint">{shows ? words.showFileLead : words.hideFileLead}</p>
        <FormRefusal refused={form.refused ?? back.refused} />
        <div className="form-actions">
          <Send form={form}>{form.sending ? words.fileMoving : shows ? words.showNow : words.hideNow}</Send>
          {!isHalfWay && <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>}
        </div>
      </Form>
      {isHalfWay && (
        <Form form={back} className="form-actions">
          <Send form={back} className="">{words.fileStays}</Send>
        </Form>
      )}
    </Dialog>
  )
}
