import { useQuery } from '@tanstack/react-query'
import type { Status } from '../cases/queries'
import { useDesk } from '../desk'
import { answer } from '../refusal'

// What a project has to choose from, and what it calls it. It changes seldom, so it is asked for once in a while.

const SELDOM = 5 * 60_000

export type Colleague = { user_id: string; display_name: string; active: boolean; specialties: string[] }
export type Named = { id: string; name: string }
export type PartyType = { code: string; label: string; internal: boolean }
export type Transition = { from_status: Status; to_status: Status; made_by: 'client' | 'staff' | 'admin' }
export type Stage = { stage: string; status: Status }
export type Member = { user_id: string; display_name: string }

export type Reference = {
  colleagues: Colleague[]
  departments: Named[]
  specialties: Named[]
  parties: PartyType[]
  transitions: Transition[]
  stages: Stage[]
  /** `admin`, or how far the reader sees. */
  standing: string | null
  /** The departments that the reader works in, where that decides what they see. */
  ownDepartments: string[]
}

export function useReference() {
  const { access } = useDesk()
  const standing = access.standing.get()
  const userId = standing.is === 'out' ? '' : standing.userId
  return useQuery({
    queryKey: ['reference', userId],
    staleTime: SELDOM,
    refetchOnWindowFocus: false,
    queryFn: async (): Promise<Reference> => {
      const { supabase } = access
      type StaffRow = Omit<Colleague, 'specialties'> & { staff_specialties: { specialty_id: string }[] }
      const [staff, departments, specialties, parties, transitions, stages, mine, own] = await Promise.all([
        answer<StaffRow[]>(
          supabase.from('staff_members').select('user_id,display_name,active,staff_specialties(specialty_id)').order('display_name'),
        ),
        answer<Named[]>(supabase.from('departments').select('id,name').order('name')),
        answer<Named[]>(supabase.from('specialties').select('id,name').order('name')),
        answer<PartyType[]>(supabase.from('party_types').select('code,label,internal').order('label')),
        answer<Transition[]>(supabase.from('status_transitions').select('from_status,to_status,made_by')),
        answer<Stage[]>(supabase.from('case_stages').select('stage,status').order('position').order('stage')),
        answer<{ standing: string | null }>(supabase.rpc('my_access')),
        answer<{ department_id: string }[]>(supabase.from('staff_departments').select('department_id').eq('user_id', userId)),
      ])
      return {
        colleagues: staff.map(({ staff_specialties, ...one }) => ({
          ...one, specialties: staff_specialties.map(({ specialty_id }) => specialty_id),
        })),
        departments, specialties, parties, transitions, stages,
        standing: mine.standing,
        ownDepartments: own.map(({ department_id }) => department_id),
      }
    },
  })
}

export type Client = { name: string; members: Member[] }

/** Whom a case is worked for. A project may have its own table of clients, which not everybody reads. */
export function useClient(id: string | undefined) {
  const { access } = useDesk()
  return useQuery({
    queryKey: ['client', id],
    enabled: id !== undefined,
    staleTime: SELDOM,
    refetchOnWindowFocus: false,
    queryFn: async (): Promise<Client> => {
      if (id === undefined) throw new Error('there is no client yet')
      const { supabase } = access
      const [row, members] = await Promise.all([
        answer<Record<string, unknown> | null>(supabase.from('clients').select('*').eq('id', id).maybeSingle()).catch(() => null),
        answer<Member[]>(supabase.from('client_members').select('user_id,display_name').eq('client_id', id).order('display_name')),
      ])
      const named = ['name', 'display_name', 'company_name', 'full_name', 'title'].map((column) => row?.[column])
      return { name: String(named.find((name) => typeof name === 'string' && name) ?? ''), members }
    },
  })
}
