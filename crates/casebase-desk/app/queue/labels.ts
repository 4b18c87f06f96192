import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Priority, Status } from '../cases/queries'
import { useDesk } from '../desk'
import { clientNames, useDepartments, useStaff } from '../people/queries'
import { useWords, type Words } from '../words'
import { ME, NOBODY, type Facet, type Filter } from './filter'

/** A status as the staff call it. */
export const statusWord = (status: string, words: Words): string =>
  status === 'waiting' ? words.waitingForClient : words.status[status as Status]

/** The names of these clients. */
export function useClientNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const { access } = useDesk()
  const wanted = [...new Set(ids)].sort()
  const { data } = useQuery({
    queryKey: ['people', 'client names', wanted],
    queryFn: () => clientNames(access, wanted),
    enabled: wanted.length > 0,
    staleTime: 5 * 60_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  })
  return data ?? new Map()
}

/** How somebody on the staff is called. */
export function useStaffName(): (id: string) => string {
  const words = useWords().queue
  const staff = useStaff().data
  return (id) => {
    const found = staff?.find(({ user_id }) => user_id === id)
    if (!found) return staff ? id : '…'
    return found.active ? found.display_name : words.former(found.display_name)
  }
}

/** What a filter's values are called. */
export function useLabels(filter: Filter): (facet: Facet, value: string) => string {
  const words = useWords()
  const staffName = useStaffName()
  const departments = useDepartments(filter.department.length > 0).data
  const clients = useClientNames(filter.client)
  return (facet, value) => {
    switch (facet) {
      case 'status':
        return statusWord(value, words)
      case 'priority':
        return words.priority[value as Priority]
      case 'assignee':
        return value === ME ? words.queue.me : value === NOBODY ? words.queue.nobody : staffName(value)
      case 'department':
        return departments?.find(({ id }) => id === value)?.name ?? value
      case 'client':
        return clients.get(value) ?? value
      default:
        return value
    }
  }
}
