import { Navigate, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { useStore } from '../store'
import { useWords } from '../words'
import { authAnswer } from './auth'
import { PasswordField } from './PasswordField'

/** Where the links of an invitation and of a forgotten password lead. */
export function ChoosePassword() {
  const words = useWords().comingIn
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const navigate = useNavigate()
  const [password, setPassword] = useState('')
  const form = useForm<'password'>(
    () => ({ password: password.length >= 6 ? undefined : words.passwordHint }),
    async () => {
      await authAnswer(access.supabase.auth.updateUser({ password }))
      announce(words.passwordSaved)
      await navigate({ to: '/cases', replace: true })
    },
  )
  if (standing.is === 'out') return <Navigate to="/sign-in" replace />
  return (
    <Page title={words.choosePassword} className="narrow" lead={<p className="lead">{words.choosePasswordLead(standing.email)}</p>}>
      <form onSubmit={form.submit} noValidate>
        <input type="hidden" name="username" autoComplete="username" value={standing.email} readOnly />
        <PasswordField label={words.newPassword} hint={words.passwordHint} autoComplete="new-password" value={password}
          error={form.wrong.password} onChange={setPassword} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <button type="submit" className="primary" disabled={form.sending}>
            {words.choosePassword}
          </button>
        </div>
      </form>
    </Page>
  )
}
