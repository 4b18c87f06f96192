import { Link, Navigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useDesk } from '../desk'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { useStore } from '../store'
import { useWords } from '../words'
import { useDraft } from '../text/drafts'
import { authAnswer, looksLikeEmail, useAuthFaults } from './auth'
import { PasswordField } from './PasswordField'
import { EnterCode } from './SignIn'
import { comeBack } from './wanted'

export function SignUp() {
  const words = useWords().comingIn
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  // A reload still waits for the mail.
  const [sentTo, setSentTo] = useDraft('sign-up.sent-to')
  const authFaults = useAuthFaults()
  const { to } = useSearch({ from: '/sign-up' })
  const form = useForm<'name' | 'email' | 'password'>(
    () => ({
      name: name.trim() ? undefined : words.missing.name,
      email: looksLikeEmail(email) ? undefined : words.missing.email,
      password: password.length >= 6 ? undefined : words.passwordHint,
    }),
    async () => {
      const options = { emailRedirectTo: comeBack(to), data: { name: name.trim() } }
      const credentials = { email: email.trim(), password, options }
      const { session } = await authAnswer(access.supabase.auth.signUp(credentials))
      if (!session) setSentTo(credentials.email)
    },
    authFaults,
  )
  if (standing.is === 'in') return <Navigate to={to ?? '/cases'} replace />
  if (sentTo) {
    return (
      <Page key="sent" title={words.checkMail} className="narrow" lead={<p className="lead">{words.confirmSent(sentTo)}</p>}>
        <EnterCode email={sentTo} type="signup" to={to} />
        <p className="muted">
          {words.noMail} <Link to="/sign-in" search={{ to }}>{words.signIn}</Link>
        </p>
        <button type="button" className="link" onClick={() => setSentTo(undefined)}>
          {words.otherAddress}
        </button>
      </Page>
    )
  }
  return (
    <Page title={words.signUp} className="narrow">
      <Form form={form}>
        <Field label={words.name} name="name" autoComplete="name" value={name} error={form.wrong.name}
          onChange={(event) => setName(event.target.value)} />
        <Field label={words.email} name="email" type="email" autoComplete="username" value={email} error={form.wrong.email}
          onChange={(event) => setEmail(event.target.value)} />
        <PasswordField label={words.password} hint={words.passwordHint} autoComplete="new-password" value={password}
          error={form.wrong.password} onChange={setPassword} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>
            {words.signUp}
          </Send>
        </div>
      </Form>
      <p>
        {words.haveAccount} <Link to="/sign-in" search={{ to }}>{words.signIn}</Link>
      </p>
    </Page>
  )
}
