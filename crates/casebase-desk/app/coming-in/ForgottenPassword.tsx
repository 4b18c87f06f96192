import { Link, Navigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useDesk } from '../desk'
import { Field } from '../frame/Field'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { useStore } from '../store'
import { useWords } from '../words'
import { authAnswer } from './auth'
import { EnterCode, here } from './SignIn'

export function ForgottenPassword() {
  const words = useWords().comingIn
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const [email, setEmail] = useState('')
  const [sentTo, setSentTo] = useState<string>()
  const form = useForm<'email'>(
    () => ({ email: email.trim() ? undefined : words.missing.email }),
    async () => {
      await authAnswer(access.supabase.auth.resetPasswordForEmail(email.trim(), { redirectTo: here() }))
      setSentTo(email.trim())
    },
  )
  // With the code of the mail.
  if (standing.is === 'in') return <Navigate to="/choose-password" replace />
  const back = (
    <p>
      <Link to="/sign-in">{words.backToSignIn}</Link>
    </p>
  )
  if (sentTo) {
    return (
      <Page key="sent" title={words.checkMail} className="narrow" lead={<p className="lead">{words.resetSent(sentTo)}</p>}>
        <EnterCode email={sentTo} type="recovery" />
        {back}
      </Page>
    )
  }
  return (
    <Page title={words.recover} className="narrow" lead={<p className="lead">{words.recoverLead}</p>}>
      <form onSubmit={form.submit} noValidate>
        <Field label={words.email} name="email" type="email" autoComplete="username" value={email} error={form.wrong.email}
          onChange={(event) => setEmail(event.target.value)} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <button type="submit" className="primary" disabled={form.sending}>
            {words.sendLink}
          </button>
        </div>
      </form>
      {back}
    </Page>
  )
}
