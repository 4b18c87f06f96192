import { useRef, useState, type FormEvent } from 'react'
import { flushSync } from 'react-dom'

/** Sends a form: one sending at a time, what was refused beside it, what is missing under its field, and the focus there.
 * What a refusal says of one field (`of`) stands under that field, too. */
export function useForm<Name extends string>(
  check: () => Partial<Record<Name, string | undefined>>,
  send: () => Promise<void>,
  of: (thrown: unknown) => Partial<Record<Name, string | undefined>> = () => ({}),
) {
  const [wrong, setWrong] = useState<Partial<Record<Name, string | undefined>>>({})
  const [refused, setRefused] = useState<unknown>()
  const [sending, setSending] = useState(false)
  const isUnderWay = useRef(false)
  /** Says what is wrong with which field and goes to the first; whether there is any. */
  const point = (form: HTMLFormElement, found: Partial<Record<Name, string | undefined>>) => {
    // Drawn before the focus goes there: a field behind its preview comes forward with its error.
    flushSync(() => setWrong(found))
    const first = Object.keys(found).find((name) => found[name as Name])
    const field = first && form.elements.namedItem(first)
    if (field instanceof HTMLElement) field.focus()
    return first !== undefined
  }
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (isUnderWay.current) return
    const form = event.currentTarget
    setRefused(undefined)
    if (point(form, check())) return
    isUnderWay.current = true
    setSending(true)
    try {
      await send()
    } catch (thrown) {
      if (!point(form, of(thrown))) setRefused(thrown)
    } finally {
      isUnderWay.current = false
      setSending(false)
    }
  }
  /** What is being changed is not wrong any more, as far as anybody knows. */
  const input = (event: FormEvent<HTMLFormElement>) => {
    const name = (event.target as HTMLInputElement).name as Name
    if (wrong[name]) setWrong({ ...wrong, [name]: undefined })
  }
  return { wrong, refused, sending, submit, input }
}
