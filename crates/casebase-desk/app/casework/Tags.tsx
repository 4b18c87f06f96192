import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useDesk } from '../desk'
import { Form } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Icon } from '../frame/Icon'
import { useWords } from '../words'
import { changeTags } from './queries'
import { useWork } from './work'

/** Staff's own marks. Each is added and removed by itself, so nobody's are lost. */
export function Tags() {
  const words = useWords().work
  const { access } = useDesk()
  const queries = useQueryClient()
  const { shown, changing } = useWork()
  const [tag, setTag] = useState('')
  const field = useRef<HTMLInputElement>(null)
  const tags = shown.case_internal?.tags ?? []
  const change = async (changes: Parameters<typeof changeTags>[2]) => {
    await changeTags(access, shown.id, changes)
    await queries.invalidateQueries({ queryKey: ['cases'] })
  }
  const form = useForm<'tag'>(
    () => ({}),
    async () => {
      if (tag.trim()) await change({ add_tags: [tag.trim()] })
      setTag('')
    },
  )
  return (
    <Form form={form} className="tags" aria-label={words.tags}>
      {tags.map((one) => (
        <span key={one} className="tag removable">
          <span dir="auto">{one}</span>
          <button type="button" aria-label={words.removeTag(one)} title={words.removeTag(one)}
            onClick={() => {
              // The button goes with its tag.
              field.current?.focus()
              void change({ remove_tags: [one] }).catch(changing.refuse)
            }}>
            <Icon name="cross" />
          </button>
        </span>
      ))}
      <input ref={field} name="tag" className="in-place" autoComplete="off" aria-label={words.addTag} placeholder={words.addTag} value={tag}
        onChange={(event) => setTag(event.target.value)} />
      <FormRefusal refused={form.refused} />
    </Form>
  )
}
