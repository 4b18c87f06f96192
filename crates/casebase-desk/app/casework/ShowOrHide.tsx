import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDesk } from '../desk'
import type { CaseFile } from '../files/row'
import { announce } from '../frame/announce'
import { Dialog } from '../frame/Dialog'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { asRefusal } from '../refusal'
import { Markdown } from '../text/Markdown'
import { useWords } from '../words'
import { changeWords, getSaid, type Said } from './queries'
import { Sight } from './Sight'

/** Shows something that was said to the client, or hides it from them, after one has seen what that is. */
export function ShowOrHide({ said: first, files, onClose }: { said: Said; files: readonly CaseFile[]; onClose: () => void }) {
  const all = useWords()
  const words = all.work
  const { access } = useDesk()
  const queries = useQueryClient()
  const [said, setSaid] = useState(first)
  const [changed, setChanged] = useState(false)
  const shows = !said.visible_to_client
  const form = useForm<never>(
    () => ({}),
    async () => {
      try {
        await changeWords(access, said, { visible_to_client: shows })
        onClose()
        announce(shows ? words.nowShown : words.nowHidden)
      } catch (thrown) {
        if (asRefusal(thrown).kind !== 'changed') throw thrown
        // What is shown to a client was read before, as it is.
        setSaid(await getSaid(access, said.id))
        setChanged(true)
      } finally {
        await queries.invalidateQueries({ queryKey: ['cases'] })
      }
    },
  )
  const hidden = files.filter(({ visible_to_client }) => !visible_to_client).length
  return (
    <Dialog title={shows ? words.showTitle : words.hideTitle} onClose={onClose}>
      <Form form={form}>
        {changed && <p className="notice" role="alert">{words.wordsChanged}</p>}
        <div className="excerpt" tabIndex={0} role="group" aria-label={said.party1_name}>
          <p><strong dir="auto">{said.party1_name}</strong> <span className="muted">{all.talk.to(said.party2_name)}</span></p>
          <Markdown text={said.content} />
        </div>
        <Sight isVisible={shows} what="said" />
        {shows && hidden > 0 && <p className="hint">{words.filesStay(hidden)}</p>}
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>{shows ? words.showNow : words.hideNow}</Send>
          <button type="button" className="quiet" onClick={onClose}>{all.cancel}</button>
        </div>
      </Form>
    </Dialog>
  )
}
