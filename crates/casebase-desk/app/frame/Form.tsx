import type { ButtonHTMLAttributes, FormEvent, FormHTMLAttributes, MouseEvent } from 'react'
import type { useForm } from './form'

type Sent = Pick<ReturnType<typeof useForm>, 'submit' | 'input' | 'sending'>

/** A form that is sent with the desk's own checks and words: what is changed in it is wrong no more. */
export function Form({ form, onInput, children, ...rest }: { form: Sent; onInput?: () => void } & Omit<FormHTMLAttributes<HTMLFormElement>, 'onInput' | 'onSubmit' | 'noValidate'>) {
  const input = (event: FormEvent<HTMLFormElement>) => {
    onInput?.()
    form.input(event)
  }
  return (
    <form {...rest} onSubmit={form.submit} onInput={input} noValidate>
      {children}
    </form>
  )
}

/** What sends it. It keeps the focus while it does: a disabled button gives that to nobody. */
export function Send({ form, onClick, children, ...rest }: { form: Sent } & Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type' | 'disabled' | 'form'>) {
  const click = (event: MouseEvent<HTMLButtonElement>) => (form.sending ? event.preventDefault() : onClick?.(event))
  return (
    <button className="primary" {...rest} type="submit" aria-disabled={form.sending} onClick={click}>
      {children}
    </button>
  )
}
