import { createContext, useContext } from 'react'
import { useDesk } from '../desk'
import type { Changing } from './change'
import type { StaffCase } from './queries'
import type { Client, Reference } from './reference'

/** What every part of the page of one case works with. */
export type Work = {
  shown: StaffCase
  reference: Reference
  client: Client
  changing: Changing
}

export const WorkContext = createContext<Work | undefined>(undefined)

export function useWork(): Work {
  const work = useContext(WorkContext)
  if (!work) throw new Error('there is no case around this component')
  return work
}

/** Whoever reads. */
export function useMe() {
  const { access } = useDesk()
  const { reference } = useWork()
  const standing = access.standing.get()
  const userId = standing.is === 'out' ? '' : standing.userId
  const name = reference.colleagues.find(({ user_id }) => user_id === userId)?.display_name ?? ''
  return { userId, name, isAdmin: reference.standing === 'admin' }
}
