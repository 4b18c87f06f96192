import { useQuery } from '@tanstack/react-query'
import type { Access } from '../coming-in/session'
import { useDesk } from '../desk'
import { answer, asRefusal } from '../refusal'

// Who works here, where, and for whom: asked for once, because it seldom changes.

export type StaffMember = { user_id: string; display_name: string; active: boolean }
export type Department = { id: string; name: string; is_default: boolean; staff_departments: { user_id: string }[] }
export type Stage = { stage: string; status: string }
export type Named = { id: string; name: string }

const SELDOM = 5 * 60_000

function useSeldom<T>(name: string, ask: (access: Access) => Promise<T>, enabled = true) {
  const { access } = useDesk()
  return useQuery({ queryKey: ['people', name], queryFn: () => ask(access), enabled, staleTime: SELDOM, refetchOnWindowFocus: true })
}

/** Everybody on the staff, those who left included: cases may still be theirs. */
export const useStaff = () =>
  useSeldom('staff', (access) =>
    answer<StaffMember[]>(access.supabase.from('staff_members').select('user_id,display_name,active').order('display_name')),
  )

/** Where cases are worked, and by whom; not asked for where nothing shows it. */
export const useDepartments = (wanted = true) =>
  useSeldom(
    'departments',
    (access) =>
      answer<Department[]>(
        access.supabase.from('departments').select('id,name,is_default,staff_departments(user_id)').order('name'),
      ),
    wanted,
  )

export const useSpecialties = () =>
  useSeldom('specialties', (access) => answer<Named[]>(access.supabase.from('specialties').select('id,name').order('name')))

/** The project's own words for where a case is, in the order that they are shown in. */
export const useStages = () =>
  useSeldom('stages', (access) =>
    answer<Stage[]>(access.supabase.from('case_stages').select('stage,status').order('position').order('stage')),
  )

/** What a project's own table of clients may call the name; ours says `name`. The order is the database's. */
const NAME_COLUMNS = ['name', 'display_name', 'company_name', 'full_name', 'title'] as const

/** PostgreSQL's word for a column that is none. */
const NO_SUCH_COLUMN = '42703'

const nameColumns = new WeakMap<Access, string>()

/** Asks for clients by the column that has their name, which a project's own table may call otherwise. */
async function named<T>(access: Access, ask: (column: 'name') => PromiseLike<T>): Promise<T> {
  try {
    return await ask((nameColumns.get(access) ?? 'name') as 'name')
  } catch (thrown) {
    if (asRefusal(thrown).code !== NO_SUCH_COLUMN) throw thrown
    const [any] = await answer<object[]>(access.supabase.from('clients').select('*').limit(1))
    const column = NAME_COLUMNS.find((one) => any && one in any)
    if (!column) throw thrown
    nameColumns.set(access, column)
    return ask(column as 'name')
  }
}

/** Clients whose name has these letters, the first few by the alphabet. */
export const findClients = (access: Access, letters: string, most: number) =>
  named(access, (column) =>
    answer<Named[]>(
      access.supabase
        .from('clients')
        .select(`id,name:${column}`)
        .ilike(column, `%${letters.replace(/[\\%_]/g, '\\$&')}%`)
        .order(column)
        .limit(most),
    ),
  )

/** The names of clients, by their ids. */
export async function clientNames(access: Access, ids: readonly string[]): Promise<Map<string, string>> {
  if (!ids.length) return new Map()
  const clients = await named(access, (column) =>
    answer<Named[]>(access.supabase.from('clients').select(`id,name:${column}`).in('id', [...ids])),
  )
  return new Map(clients.map(({ id, name }) => [id, name]))
}
