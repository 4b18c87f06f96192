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
import { EnterCode } from './SignIn'
import { comeBack } from './wanted'

export function ForgottenPassword() {
  const words = useWords().comingIn
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const [email, setEmail] = useState('')
  const [sentTo, setSentTo] = useDraft('recovery.sent-to')
  const authFaults = useAuthFaults()
  const { to } = useSearch({ from: '/forgotten-password' })
  const form = useForm<'email'>(
    () => ({ email: looksLikeEmail(email) ? undefined : words.missing.email }),
    async () => {
      await authAnswer(access.supabase.auth.resetPasswordForEmail(email.trim(), { redirectTo: comeBack(to) }))
      setSentTo(email.trim())
    },
    authFaults,
  )
  // With the code of the mail.
  if (standing.is === 'in') return <Navigate to="/choose-password" search={{ to }} replace />
  const back = (
    <p>
      <Link to="/sign-in" search={{ to }}>{words.backToSignIn}</Link>
    </p>
  )
  if (sentTo) {
    return (
      <Page key="sent" title={words.checkMail} className="narrow" lead={<p className="lead">{words.resetSent(sentTo)}</p>}>
        <EnterCode email={sentTo} type="recovery" to={to} />
        <button type="button" className="link" onClick={() => setSentTo(undefined)}>
          {words.otherAddress}
        </button>
        {back}
      </Page>
    )
  }
  return (
    <Page title={words.recover} className="narrow" lead={<p className="lead">{words.recoverLead}</p>}>
      <Form form={form}>
        <Field label={words.email} name="email" type="email" autoComplete="username" value={email} error={form.wrong.email}
          onChange={(event) => setEmail(event.target.value)} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>
            {words.sendLink}
          </Send>
        </div>
      </Form>
      {back}
    </Page>
  )
}
