import { createContext, useContext } from 'react'
import type { QueryClient } from '@tanstack/react-query'
import type { Access } from './coming-in/session'
import type { Uploads } from './files/uploads'
import type { Live } from './live'

/** What every page works with. */
export type Desk = { access: Access; uploads: Uploads; queries: QueryClient; live: Live }

export const DeskContext = createContext<Desk | undefined>(undefined)

export function useDesk(): Desk {
  const desk = useContext(DeskContext)
  if (!desk) throw new Error('there is no desk around this component')
  return desk
}
