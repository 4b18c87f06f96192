import { useQuery } from '@tanstack/react-query'
import type { Database } from '../../../../types/database'
import type { Access } from '../coming-in/session'
import { useDesk } from '../desk'
import { answer, Refusal } from '../refusal'

// What admins see and change. The policies decide; a row that nobody changed is one that the reader may not.

type Tables = Database['public']['Tables']
export type Supabase = Access['supabase']

/** While a page is open, what others do comes to it. */
const OFTEN = 10_000

export function useAdmin<T>(name: readonly unknown[], ask: (supabase: Supabase) => Promise<T>, enabled = true) {
  const { access } = useDesk()
  return useQuery({ queryKey: ['admin', ...name], queryFn: () => ask(access.supabase), enabled, refetchInterval: OFTEN })
}

/** Rows that a change touched: none means that the row is gone, or not the caller's to change. */
export async function changed(asked: PromiseLike<{ data: unknown; error: null | { message: string }; status: number }>) {
  const rows = await answer<unknown[]>(asked)
  if (!rows.length) throw new Refusal('missing', 'there is no such row that you may change')
}

export type Health = {
  at: string
  schema_version: string | null
  hook_answered_at: string | null
  webhooks: { connections: number; pending: number; waiting: number; leased: number; undelivered: number; oldest_due_at: string | null }
  files: { pending: number; uploaded: number; deleting: number; oldest_uploaded_at: string | null }
  storage: { most_bytes: number | null; clients: { client_id: string; name: string | null; used_bytes: number }[] }
  last_hour: { cases: number; interactions: number; events: number; deliveries: number }
}

export const useHealth = () => useAdmin(['health'], (supabase) => answer<Health>(supabase.rpc('health')))

export type StaffRow = Tables['staff_members']['Row'] & {
  staff_departments: { department_id: string }[]
  staff_specialties: { specialty_id: string }[]
}

export const useStaffRows = () =>
  useAdmin(['staff'], (supabase) =>
    answer<StaffRow[]>(
      supabase.from('staff_members').select('*,staff_departments(department_id),staff_specialties(specialty_id)').order('active', { ascending: false })
        .order('display_name'),
    ),
  )

/** The rows of a table that joins staff with something, brought to what is wanted. */
async function rejoin(supabase: Supabase, table: 'staff_departments' | 'staff_specialties', column: string, user: string, had: string[], wanted: string[]) {
  const gone = had.filter((one) => !wanted.includes(one))
  const added = wanted.filter((one) => !had.includes(one))
  const all = supabase.from(table as 'staff_departments')
  if (gone.length) await answer(all.delete().eq('user_id', user).in(column as 'department_id', gone))
  if (added.length) await answer(all.insert(added.map((one) => ({ user_id: user, [column]: one })) as never))
}

export type StaffChanges = Pick<StaffRow, 'display_name' | 'is_admin' | 'scope'> & { departments: string[]; specialties: string[] }

/** Changes a member of staff: what they may see first, so that half of it never shows them more than the whole. */
export async function saveStaff(supabase: Supabase, row: StaffRow, { departments, specialties, ...columns }: StaffChanges) {
  const { user_id: user } = row
  await changed(supabase.from('staff_members').update(columns).eq('user_id', user).select('user_id'))
  await rejoin(supabase, 'staff_departments', 'department_id', user, row.staff_departments.map((one) => one.department_id), departments)
  await rejoin(supabase, 'staff_specialties', 'specialty_id', user, row.staff_specialties.map((one) => one.specialty_id), specialties)
}

export const switchStaff = (supabase: Supabase, user: string, active: boolean) =>
  changed(supabase.from('staff_members').update({ active }).eq('user_id', user).select('user_id'))

export async function countOpenCases(supabase: Supabase, user: string): Promise<number> {
  const { count, error, status } = await supabase.from('cases').select('id', { count: 'exact', head: true }).eq('assigned_to', user)
    .in('status', ['open', 'in_progress', 'waiting'])
  if (error) await answer(Promise.resolve({ data: null, error, status }))
  return count ?? 0
}

export const deactivate = (supabase: Supabase, user: string, heir: string) =>
  answer<number>(supabase.rpc('deactivate_staff_member', { user_id: user, ...(heir && { hand_over_to: heir }) }))

export type Invitation = Tables['invitations']['Row']

export const useInvitations = () =>
  useAdmin(['invitations'], (supabase) =>
    answer<Invitation[]>(supabase.from('invitations').select('*').order('id', { ascending: false }).limit(200)),
  )

export type Member = Tables['client_members']['Row']

export type NamedRow = { id: string; name: string; active: boolean; is_default?: boolean }
export const useAllDepartments = () =>
  useAdmin(['departments'], (supabase) => answer<NamedRow[]>(supabase.from('departments').select('id,name,active,is_default').order('name')))
export const useAllSpecialties = () =>
  useAdmin(['specialties'], (supabase) => answer<NamedRow[]>(supabase.from('specialties').select('id,name,active').order('name')))

type Functions = Database['public']['Functions']
type Row<Name extends keyof Functions> = Functions[Name]['Returns'] extends (infer R)[] ? { [Key in keyof R]: R[Key] | null } : never

export type Endpoint = Omit<Row<'webhook_endpoints'>, 'headers' | 'id' | 'enabled' | 'thin'> & {
  id: string; enabled: boolean; thin: boolean; headers: Record<string, string>
}
export type EndpointStatus = Omit<Row<'webhook_status'>, 'endpoint_id' | 'enabled' | 'unfinished' | 'undelivered'> & {
  endpoint_id: string; enabled: boolean; unfinished: number; undelivered: number
}
export type Delivery = {
  id: number; endpoint_id: string; message_id: string; event_type: string; case_id: number | null; state: string; attempts: number
  next_attempt_at: string | null; created_at: string; finished_at: string | null; skipped_because: string | null
}
export type Attempt = { number: number; started_at: string; duration_ms: number | null; status: number | null; response: string | null; error: string | null }
export type Activity = { begins_at: string; delivered: number; failed: number }

export const useEndpoints = () =>
  useAdmin(['endpoints'], (supabase) => answer<Endpoint[]>(supabase.rpc('webhook_endpoints')))
export const useEndpointStatus = () =>
  useAdmin(['status'], (supabase) => answer<EndpointStatus[]>(supabase.rpc('webhook_status')))

export const PAGE = 50

export const useDeliveries = (endpoint: string, state: string | undefined, before: number | undefined) =>
  useAdmin(['deliveries', endpoint, state, before], (supabase) =>
    answer<Delivery[]>(
      supabase.rpc('webhook_deliveries', { for_endpoint: endpoint, most: PAGE, ...(state && { in_state: state }), ...(before && { before }) }),
    ),
  )
