import { useRef, useState, type FormEvent } from 'react'
import { flushSync } from 'react-dom'
import { asRefusal } from '../refusal'
import { useWords } from '../words'
import { constraintText } from '../words/refusals'

/** The field that a constraint of the database is about, `interactions_party1_name_check` about `party1_name`. */
function fieldOf(form: HTMLFormElement, constraint: string | undefined): string | undefined {
  const names = Array.from(form.elements, (element) => element.getAttribute('name') ?? '')
  return names.find((name) => name && constraint?.endsWith(`_${name}_check`))
}

/** Sends a form: one sending at a time, what was refused beside it, what is missing under its field, and the focus there.
 * What the database, or `of` a refusal somebody else, says of one field stands under that field, too. */
export function useForm<Name extends string>(
  check: () => Partial<Record<Name, string | undefined>>,
  send: () => Promise<void>,
  of: (thrown: unknown) => Partial<Record<Name, string | undefined>> = () => ({}),
) {
  const [wrong, setWrong] = useState<Partial<Record<Name, string | undefined>>>({})
  const [refused, setRefused] = useState<unknown>()
  const [sending, setSending] = useState(false)
  const isUnderWay = useRef(false)
  const words = useWords()
  /** Says what is wrong with which field and goes to the first; whether there is any. */
  const point = (form: HTMLFormElement, found: Partial<Record<Name, string | undefined>>) => {
    // Drawn before the focus goes there: a field behind its preview comes forward with its error.
    flushSync(() => setWrong(found))
    const first = Object.keys(found).find((name) => found[name as Name])
    const named = first && form.elements.namedItem(first)
    // Of several by one name, like the options of a choice, the first.
    const field = named instanceof RadioNodeList ? named[0] : named
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
      const { constraint } = asRefusal(thrown)
      const field = fieldOf(form, constraint)
      const found = field && constraint ? ({ [field]: constraintText(constraint, words) } as typeof wrong) : of(thrown)
      if (!point(form, found)) setRefused(thrown)
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
