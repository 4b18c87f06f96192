import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Status } from '../cases/queries'
import { useDesk } from '../desk'
import { clientNames, useDepartments, useSpecialties, useStaff, useStages, type Department, type Specialty, type StaffMember } from '../people/queries'
import { answer } from '../refusal'

// What a project has to choose from, and what it calls it. It changes seldom, so it is asked for once in a while.

const SELDOM = 5 * 60_000

export type Colleague = StaffMember & { specialties: string[] }
export type PartyType = { code: string; label: string; internal: boolean; active: boolean }
export type Transition = { from_status: Status; to_status: Status; made_by: 'client' | 'staff' | 'admin' }
export type Stage = { stage: string; status: Status; active: boolean }
export type Member = { user_id: string; display_name: string }

export type Reference = {
  colleagues: Colleague[]
  departments: Department[]
  specialties: Specialty[]
  parties: PartyType[]
  transitions: Transition[]
  stages: Stage[]
  /** `admin`, or how far the reader sees. */
  standing: string | null
  /** The departments that the reader works in, where that decides what they see. */
  ownDepartments: string[]
}

type Rules = Pick<Reference, 'parties' | 'transitions' | 'standing'> & { have: { user_id: string; specialty_id: string }[] }

function useRules() {
  const { access } = useDesk()
  return useQuery({
    queryKey: ['people', 'rules'],
    staleTime: SELDOM,
    refetchOnWindowFocus: false,
    queryFn: async (): Promise<Rules> => {
      const { supabase } = access
      const [parties, transitions, mine, have] = await Promise.all([
        answer<PartyType[]>(supabase.from('party_types').select('code,label,internal,active').order('label')),
        answer<Transition[]>(supabase.from('status_transitions').select('from_status,to_status,made_by')),
        answer<{ standing: string | null }>(supabase.rpc('my_access')),
        answer<Rules['have']>(supabase.from('staff_specialties').select('user_id,specialty_id')),
      ])
      return { parties, transitions, standing: mine.standing, have }
    },
  })
}

/** All of it, once it is there; or the part that could not be had. */
export function useReference() {
  const { access } = useDesk()
  const [staff, departments, specialties, stages, rules] = [useStaff(), useDepartments(), useSpecialties(), useStages(), useRules()]
  const parts = [staff, departments, specialties, stages, rules]
  const failed = parts.find(({ isError, data }) => isError && !data)
  return useMemo(() => {
    const standing = access.standing.get()
    const userId = standing.is === 'out' ? '' : standing.userId
    if (!staff.data || !departments.data || !specialties.data || !stages.data || !rules.data) return { failed }
    const { have, ...rest } = rules.data
    const data: Reference = {
      colleagues: staff.data.map((one) => ({
        ...one, specialties: have.filter(({ user_id }) => user_id === one.user_id).map(({ specialty_id }) => specialty_id),
      })),
      departments: departments.data,
      specialties: specialties.data,
      stages: stages.data as Stage[],
      ownDepartments: departments.data.filter((one) => one.staff_departments.some(({ user_id }) => user_id === userId)).map(({ id }) => id),
      ...rest,
    }
    return { data, failed }
  }, [access, staff.data, departments.data, specialties.data, stages.data, rules.data, failed])
}

export type Client = { name: string; members: Member[] }

/** Whom a case is worked for. */
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
      const [names, members] = await Promise.all([
        clientNames(access, [id]),
        answer<Member[]>(supabase.from('client_members').select('user_id,display_name').eq('client_id', id).order('display_name')),
      ])
      return { name: names.get(id) ?? '', members }
    },
  })
}
