// Why something did not work, whoever said so: PostgREST, Auth, the service, or the network.

import { violation } from './rules'

export type RefusalKind =
  | 'offline'
  | 'unavailable'
  | 'expired'
  | 'forbidden'
  | 'byPolicy'
  | 'missing'
  | 'changed'
  | 'conflict'
  | 'tooMany'
  | 'tooLarge'
  | 'invalid'
  | 'failed'

type Details = {
  /** The database's constraint that was violated: what texts are found by. */
  constraint?: string | undefined
  /** The field that it is about. */
  field?: string | undefined
  /** A code that programs know: the service's or Auth's. */
  code?: string | undefined
  hint?: string | undefined
  /** Seconds after which trying again makes sense. */
  retryAfter?: number | undefined
}

/** An error that says what a person can do about it. `message` is the other side's own sentence. */
export class Refusal extends Error {
  readonly constraint: string | undefined
  readonly field: string | undefined
  readonly code: string | undefined
  readonly hint: string | undefined
  readonly retryAfter: number | undefined

  constructor(
    readonly kind: RefusalKind,
    message: string,
    details: Details = {},
  ) {
    super(message)
    this.name = 'Refusal'
    this.constraint = details.constraint
    this.field = details.field
    this.code = details.code
    this.hint = details.hint
    this.retryAfter = details.retryAfter
  }
}

/** What HTTP's statuses come to. 0: no answer at all. */
export function kindOf(status: number): RefusalKind {
  if (status === 0) return 'offline'
  if (status === 401) return 'expired'
  if (status === 403) return 'forbidden'
  if (status === 404 || status === 410) return 'missing'
  if (status === 409) return 'conflict'
  if (status === 412) return 'changed'
  if (status === 413) return 'tooLarge'
  if (status === 429) return 'tooMany'
  if (status === 502 || status === 503 || status === 504) return 'unavailable'
  if (status >= 400 && status < 500) return 'invalid'
  return 'failed'
}

type PostgrestError = { message: string; code?: string | null; details?: string | null; hint?: string | null }

/** How the database says that a row is not the one any more that a change was made from. */
const VERSION = /^version \d+ was changed meanwhile/

/** What a policy or a missing grant refuses, of which PostgreSQL speaks to programs. */
const BY_POLICY = /row-level security policy|^permission denied/

function kindOfPostgrest({ code, message }: PostgrestError, status: number, isViolation: boolean): RefusalKind {
  if (code === 'PT409' && VERSION.test(message)) return 'changed'
  if (code === '42501' && BY_POLICY.test(message)) return 'byPolicy'
  // 409 is for a row that is there twice or still in use; what was entered is wrong otherwise.
  return isViolation && code !== '23505' ? 'invalid' : kindOf(status)
}

/** A refusal as PostgREST's JSON tells it. */
export function postgrestRefusal(error: PostgrestError, status: number): Refusal {
  const violated = violation(error)
  // Of too much in an hour, the details say when there is room again.
  const room = status === 429 ? Date.parse(error.details ?? '') : NaN
  const retryAfter = Number.isNaN(room) ? undefined : Math.max(1, Math.ceil((room - Date.now()) / 1000))
  return new Refusal(kindOfPostgrest(error, status, violated !== null), violated?.sentence ?? error.message, {
    constraint: violated?.constraint,
    field: violated?.field ?? undefined,
    code: error.code ?? undefined,
    // Which says the same as a point in time.
    hint: retryAfter === undefined ? (error.hint ?? undefined) : undefined,
    retryAfter,
  })
}

/** The data of an answer of supabase-js, or its refusal, thrown. */
export async function answer<T>(
  asked: PromiseLike<{ data: unknown; error: PostgrestError | null; status: number }>,
): Promise<T> {
  const given = await asked
  if (given.error) throw postgrestRefusal(given.error, given.status)
  return given.data as T
}

/** A refusal as the service's JSON tells it: `{"error": {"code", "message", "hint"?, "field"?, "constraint"?}}`. */
export function serviceRefusal(status: number, body: string, retryAfter?: string | null): Refusal {
  let told: Record<string, unknown> = {}
  try {
    told = (JSON.parse(body) as { error?: Record<string, unknown> }).error ?? {}
  } catch {
    // A proxy's page, or nothing.
  }
  const text = (name: string) => (typeof told[name] === 'string' ? (told[name] as string) : undefined)
  const seconds = Number(retryAfter)
  return new Refusal(kindOf(status), text('message') ?? `HTTP ${status}`, {
    code: text('code'),
    constraint: text('constraint'),
    field: text('field'),
    hint: text('hint'),
    retryAfter: retryAfter && Number.isFinite(seconds) ? seconds : undefined,
  })
}

/** Anything that was thrown, as a refusal. */
export function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof TypeError) return new Refusal('offline', thrown.message)
  return new Refusal('failed', thrown instanceof Error ? thrown.message : String(thrown))
}
