import type { AuthError } from '@supabase/supabase-js'
import { asRefusal, kindOf, Refusal } from '../refusal'
import { useWords } from '../words'

/** The data of an answer of Auth, or its refusal, thrown. */
export async function authAnswer<T>(asked: Promise<{ data: T; error: null } | { data: unknown; error: AuthError }>): Promise<T> {
  const { data, error } = await asked
  if (!error) return data as T
  // supabase-js says 0 where nothing answered, and 400 for most of what Auth refuses.
  const status = error.status ?? 0
  const kind = error.name === 'AuthRetryableFetchError' && status === 0 ? 'offline' : kindOf(status)
  throw new Refusal(kind, error.message, { code: error.code })
}

/** Which field Auth's refusal is about, by its code. */
const ABOUT: Record<string, 'email' | 'password'> = {
  email_address_invalid: 'email',
  validation_failed: 'email',
  user_already_exists: 'email',
  email_exists: 'email',
  weak_password: 'password',
  same_password: 'password',
}

/** What Auth refused about one field, to stand under it. */
export function useAuthFaults() {
  const words = useWords().comingIn
  return (thrown: unknown): { email?: string; password?: string } => {
    const { code } = asRefusal(thrown)
    const [field, text] = code ? [ABOUT[code], words.refused[code]] : []
    return field && text ? { [field]: text } : {}
  }
}

/** Whether it could be an address at all; Auth knows better. */
export const looksLikeEmail = (text: string) => /^[^@\s]+@[^@\s]+$/.test(text.trim())
