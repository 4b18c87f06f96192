import { Link, Navigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useDesk } from '../desk'
import { Field } from '../frame/Field'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { Refusal } from '../refusal'
import { useStore } from '../store'
import { useWords } from '../words'
import { authAnswer } from './auth'
import { arrival } from './arrival'
import { PasswordField } from './PasswordField'

export function SignIn() {
  const words = useWords().comingIn
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const { to } = useSearch({ from: '/sign-in' })
  if (standing.is === 'in') return <Navigate to={to ?? '/cases'} replace />
  return (
    <Page title={words.signIn} lead={<p className="lead">{words.signInLead}</p>} className="narrow">
      <LinkFailed />
      <SignInForm />
      <p>
        {words.noAccount} <Link to="/sign-up">{words.signUp}</Link>
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

export function SignInForm({ email: known }: { email?: string }) {
  const words = useWords().comingIn
  const { access } = useDesk()
  const [email, setEmail] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const [unconfirmed, setUnconfirmed] = useState(false)
  const form = useForm<'email' | 'password'>(
    () => ({
      email: email.trim() ? undefined : words.missing.email,
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
      <form onSubmit={form.submit} noValidate>
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
          autoFocus={known !== undefined}
          onChange={setPassword}
        />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <button type="submit" className="primary" disabled={form.sending}>
            {words.signIn}
          </button>
          {known === undefined && <Link to="/forgotten-password">{words.forgot}</Link>}
        </div>
      </form>
      {unconfirmed && <EnterCode email={email.trim()} type="signup" />}
    </>
  )
}

/** The code of a mail, for whoever reads it on another device, and the mail once more. */
export function EnterCode({ email, type }: { email: string; type: 'signup' | 'recovery' }) {
  const words = useWords().comingIn
  const { access } = useDesk()
  const [code, setCode] = useState('')
  const [sentAgain, setSentAgain] = useState(false)
  const [refused, setRefused] = useState<unknown>()
  const form = useForm<'code'>(
    () => ({ code: /^\d{6}$/.test(code.trim()) ? undefined : words.missing.code }),
    async () => {
      setRefused(undefined)
      await authAnswer(access.supabase.auth.verifyOtp({ email, token: code.trim(), type }))
    },
  )
  const again = async () => {
    const options = { emailRedirectTo: here() }
    try {
      if (type === 'signup') await authAnswer(access.supabase.auth.resend({ type, email, options }))
      else await authAnswer(access.supabase.auth.resetPasswordForEmail(email, { redirectTo: here() }))
      setSentAgain(true)
    } catch (thrown) {
      setRefused(thrown)
    }
  }
  return (
    <form onSubmit={form.submit} noValidate className="aside">
      <Field
        label={words.code}
        hint={words.codeHint}
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={6}
        value={code}
        error={form.wrong.code}
        onChange={(event) => setCode(event.target.value)}
      />
      <FormRefusal refused={form.refused ?? refused} />
      <div className="form-actions">
        <button type="submit" disabled={form.sending}>
          {words.useCode}
        </button>
        <button type="button" className="quiet" onClick={() => void again()}>
          {words.sendAgain}
        </button>
      </div>
      <p role="status">{sentAgain && words.sentAgain}</p>
    </form>
  )
}

/** Where links in mails come back to: the desk's page, without anything behind it. */
export const here = () => location.origin + location.pathname
