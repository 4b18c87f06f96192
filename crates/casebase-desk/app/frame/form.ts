import { useState, type FormEvent } from 'react'
import { flushSync } from 'react-dom'

/** Sends a form: one sending at a time, what was refused beside it, what is missing under its field, and the focus there. */
export function useForm<Name extends string>(
  check: () => Partial<Record<Name, string | undefined>>,
  send: () => Promise<void>,
) {
  const [wrong, setWrong] = useState<Partial<Record<Name, string | undefined>>>({})
  const [refused, setRefused] = useState<unknown>()
  const [sending, setSending] = useState(false)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (sending) return
    const form = event.currentTarget
    const found = check()
    // Drawn before the focus goes there: a field behind its preview comes forward with its error.
    flushSync(() => setWrong(found))
    const first = Object.keys(found).find((name) => found[name as Name])
    if (first) {
      const field = form.elements.namedItem(first)
      if (field instanceof HTMLElement) field.focus()
      return
    }
    setSending(true)
    setRefused(undefined)
    try {
      await send()
    } catch (thrown) {
      setRefused(thrown)
    } finally {
      setSending(false)
    }
  }
  return { wrong, setWrong, refused, sending, submit }
}
