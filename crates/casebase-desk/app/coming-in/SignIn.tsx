import { Link, Navigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useDesk } from '../desk'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { Refusal } from '../refusal'
import { useStore } from '../store'
import { useWords } from '../words'
import { authAnswer, looksLikeEmail } from './auth'
import { arrival } from './arrival'
import { PasswordField } from './PasswordField'
import { comeBack } from './wanted'

export function SignIn() {
  const words = useWords().comingIn
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const { to } = useSearch({ from: '/sign-in' })
  if (standing.is === 'in') return <Navigate to={to ?? '/cases'} replace />
  return (
    <Page title={words.signIn} lead={<p className="lead">{words.signInLead}</p>} className="narrow">
      <LinkFailed />
      <SignInForm to={to} />
      <p>
        {words.noAccount} <Link to="/sign-up" search={{ to }}>{words.signUp}</Link>
      </p>
    </Page>
  )
}

/** A link of a mail that did not work, and what to do. */
function LinkFailed() {
  const words = useWords().comingIn
  const failed = useStore(arrival)
  if (!failed) return null
  return (
    <div className="notice bad" role="alert">
      <p>
        <strong>{words.linkFailed}</strong> {words.refused[failed.code ?? ''] ?? words.linkHint}
      </p>
    </div>
  )
}

export function SignInForm({ email: known, to }: { email?: string; to?: string | undefined }) {
  const words = useWords().comingIn
  const { access } = useDesk()
  const [email, setEmail] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const [unconfirmed, setUnconfirmed] = useState(false)
  const form = useForm<'email' | 'password'>(
    () => ({
      email: looksLikeEmail(email) ? undefined : words.missing.email,
      password: password ? undefined : words.missing.password,
    }),
    async () => {
      setUnconfirmed(false)
      try {
        await authAnswer(access.supabase.auth.signInWithPassword({ email: email.trim(), password }))
        arrival.set(undefined)
      } catch (thrown) {
        setUnconfirmed(thrown instanceof Refusal && thrown.code === 'email_not_confirmed')
        throw thrown
      }
    },
  )
  return (
    <>
      <Form form={form}>
        <Field
          label={words.email}
          name="email"
          type="email"
          autoComplete="username"
          value={email}
          readOnly={known !== undefined}
          error={form.wrong.email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <PasswordField
          label={words.password}
          autoComplete="current-password"
          value={password}
          error={form.wrong.password}
          onChange={setPassword}
        />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>
            {words.signIn}
          </Send>
          {known === undefined && <Link to="/forgotten-password" search={{ to }}>{words.forgot}</Link>}
        </div>
      </Form>
      {unconfirmed && <EnterCode email={email.trim()} type="signup" to={to} />}
    </>
  )
}

/** The code of a mail, for whoever reads it on another device, and the mail once more. */
export function EnterCode({ email, type, to }: { email: string; type: 'signup' | 'recovery'; to?: string | undefined }) {
  const words = useWords().comingIn
  const { access } = useDesk()
  const [code, setCode] = useState('')
  // As mails show them: 123 456. A project's codes have six digits to ten.
  const digits = code.replaceAll(/[\s-]/g, '')
  const [sentAgain, setSentAgain] = useState(false)
  const [refused, setRefused] = useState<unknown>()
  const form = useForm<'code'>(
    () => ({ code: /^\d{6,10}$/.test(digits) ? undefined : words.missing.code }),
    async () => {
      setRefused(undefined)
      await authAnswer(access.supabase.auth.verifyOtp({ email, token: digits, type }))
    },
  )
  const again = async () => {
    setSentAgain(false)
    setRefused(undefined)
    const back = comeBack(to)
    try {
      if (type === 'signup') await authAnswer(access.supabase.auth.resend({ type, email, options: { emailRedirectTo: back } }))
      else await authAnswer(access.supabase.auth.resetPasswordForEmail(email, { redirectTo: back }))
      setSentAgain(true)
    } catch (thrown) {
      setRefused(thrown)
    }
  }
  return (
    <Form form={form} className="aside">
      <Field
        label={words.code}
        hint={words.codeHint}
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        value={code}
        error={form.wrong.code}
        onChange={(event) => setCode(event.target.value)}
      />
      <FormRefusal refused={form.refused ?? refused} />
      <div className="form-actions">
        <Send form={form} className="">
          {words.useCode}
        </Send>
        <button type="button" className="quiet" onClick={() => void again()}>
          {words.sendAgain}
        </button>
      </div>
      <p role="status">{sentAgain && words.sentAgain}</p>
    </Form>
  )
}
