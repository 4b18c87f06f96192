import type { AuthError } from '@supabase/supabase-js'
import { kindOf, Refusal } from '../refusal'

/** The data of an answer of Auth, or its refusal, thrown. */
export async function authAnswer<T>(asked: Promise<{ data: T; error: null } | { data: unknown; error: AuthError }>): Promise<T> {
  const { data, error } = await asked
  if (!error) return data as T
  // supabase-js says 0 where nothing answered, and 400 for most of what Auth refuses.
  const status = error.status ?? 0
  const kind = error.name === 'AuthRetryableFetchError' && status === 0 ? 'offline' : kindOf(status)
  throw new Refusal(kind, error.message, { code: error.code })
}
