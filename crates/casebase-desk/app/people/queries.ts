import { useQuery } from '@tanstack/react-query'
import type { Access } from '../coming-in/session'
import { useDesk } from '../desk'
import { answer } from '../refusal'

// Who works here, where, and for whom: asked for once, because it seldom changes.

export type StaffMember = { user_id: string; display_name: string; active: boolean }
export type Department = { id: string; name: string; active: boolean; is_default: boolean; staff_departments: { user_id: string }[] }
export type Stage = { stage: string; status: string; active: boolean }
export type Named = { id: string; name: string }
export type Specialty = Named & { active: boolean }

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
        access.supabase.from('departments').select('id,name,active,is_default,staff_departments(user_id)').order('name'),
      ),
    wanted,
  )

export const useSpecialties = () =>
  useSeldom('specialties', (access) => answer<Specialty[]>(access.supabase.from('specialties').select('id,name,active').order('name')))

/** The project's own words for where a case is, in the order that they are shown in. */
export const useStages = () =>
  useSeldom('stages', (access) =>
    answer<Stage[]>(access.supabase.from('case_stages').select('stage,status,active').order('position').order('stage')),
  )

/** What can be chosen: what is in use, and what was chosen before. */
export const choosable = <T extends { active: boolean }>(all: readonly T[], isChosen: (one: T) => boolean = () => false): T[] =>
  all.filter((one) => one.active || isChosen(one))

// A project may have its own table of clients, which staff need not read: the database finds and names them.

/** Clients whose name has these letters, for whom whoever looks may open cases: the first few. */
export const findClients = (access: Access, letters: string, most: number) =>
  answer<Named[]>(access.supabase.rpc('find_clients', { letters, page_size: most }))

/** The names of clients, by their ids. */
export async function clientNames(access: Access, ids: readonly string[]): Promise<Map<string, string>> {
  if (!ids.length) return new Map()
  const clients = await answer<Named[]>(access.supabase.rpc('client_names', { ids: [...ids] }))
  return new Map(clients.map(({ id, name }) => [id, name]))
}
