import { useState } from 'react'
import { Field } from '../frame/Field'
import { useWords } from '../words'

export function PasswordField({ onChange, value, ...field }: {
  label: string
  autoComplete: 'current-password' | 'new-password'
  value: string
  hint?: string
  error?: string | undefined
  onChange: (password: string) => void
}) {
  const words = useWords().comingIn
  const [shown, setShown] = useState(false)
  return (
    <Field
      {...field}
      name="password"
      type={shown ? 'text' : 'password'}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      after={
        <label className="check">
          <input type="checkbox" checked={shown} onChange={(event) => setShown(event.target.checked)} />
          {words.showPassword}
        </label>
      }
    />
  )
}
