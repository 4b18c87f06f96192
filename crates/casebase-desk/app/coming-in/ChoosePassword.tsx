import { Navigate, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { useStore } from '../store'
import { useWords } from '../words'
import { authAnswer, useAuthFaults } from './auth'
import { PasswordField } from './PasswordField'

/** Where the links of an invitation and of a forgotten password lead. */
export function ChoosePassword() {
  const words = useWords().comingIn
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const navigate = useNavigate()
  const { to } = useSearch({ from: '/choose-password' })
  const [password, setPassword] = useState('')
  const authFaults = useAuthFaults()
  const form = useForm<'password'>(
    () => ({ password: password.length >= 6 ? undefined : words.passwordHint }),
    async () => {
      await authAnswer(access.supabase.auth.updateUser({ password }))
      announce(words.passwordSaved)
      await navigate({ to: to ?? '/cases', replace: true })
    },
    authFaults,
  )
  if (standing.is === 'out') return <Navigate to="/sign-in" search={{ to }} replace />
  return (
    <Page title={words.choosePassword} className="narrow" lead={<p className="lead">{words.choosePasswordLead(standing.email)}</p>}>
      <Form form={form}>
        {/* For password managers, which pass over what is of type hidden. */}
        <input hidden name="username" autoComplete="username" value={standing.email} readOnly />
        <PasswordField label={words.newPassword} hint={words.passwordHint} autoComplete="new-password" value={password}
          error={form.wrong.password} onChange={setPassword} />
        <FormRefusal refused={form.refused} />
        <div className="form-actions">
          <Send form={form}>
            {words.choosePassword}
          </Send>
        </div>
      </Form>
    </Page>
  )
}
