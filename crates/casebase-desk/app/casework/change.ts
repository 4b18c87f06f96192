import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { asRefusal } from '../refusal'
import { useWords } from '../words'
import { changeCase, getStaffCase, type CaseChanges, type StaffCase } from './queries'
import { newestSeq, others } from './stream'

/** A change that waits for a decision, because somebody changed the case before it was saved. */
export type Held = { changes: CaseChanges; since: number }

const COMPARED = [
  'title', 'description', 'status', 'stage', 'priority', 'assigned_to', 'department_id', 'required_specialty_id', 'action_required_by',
  'action_required_of', 'escalated_at', 'merged_into', 'metadata',
] as const

/** So far back it is looked for who changed it. */
const LOOKED_BACK = 20

const isAsRead = (read: StaffCase, now: StaffCase) =>
  COMPARED.every((column) => JSON.stringify(read[column]) === JSON.stringify(now[column]))

/** Changes the columns of a case, one change after the other, from the version that is shown. What somebody else changed
 * before that is shown first, and nothing is saved until its person has decided. */
export function useChange(shown: StaffCase) {
  const { access } = useDesk()
  const queries = useQueryClient()
  const words = useWords().work
  const [saving, setSaving] = useState<CaseChanges>({})
  const [held, setHeld] = useState<Held>()
  const [refused, setRefused] = useState<unknown>()
  const line = useRef<Promise<unknown>>(Promise.resolve())
  const own = useRef(0)
  const standing = access.standing.get()
  const userId = standing.is === 'out' ? '' : standing.userId
  const version = () => Math.max(shown.version, own.current)

  const save = (changes: CaseChanges) => {
    const read = shown
    const since = newestSeq(shown)
    const from = version()
    setSaving((before) => ({ ...before, ...changes }))
    setRefused(undefined)
    setHeld(undefined)
    const attempt = async () => {
      try {
        await write(changes, Math.max(from, own.current), read)
        announce(words.saved)
      } catch (thrown) {
        if (asRefusal(thrown).kind === 'changed') setHeld({ changes, since })
        else setRefused(thrown)
      } finally {
        await queries.invalidateQueries({ queryKey: ['cases'] })
        // Later ones are still on their way.
        setSaving((before) => Object.fromEntries(Object.entries(before).filter(([column, value]) => changes[column as keyof CaseChanges] !== value)))
      }
    }
    line.current = line.current.then(attempt)
    return line.current
  }

  const write = async (changes: CaseChanges, from: number, read: StaffCase) => {
    try {
      own.current = await changeCase(access, shown.id, from, changes)
    } catch (thrown) {
      if (asRefusal(thrown).kind !== 'changed') throw thrown
      const now = await getStaffCase(access, shown.id, LOOKED_BACK)
      // Counted on, but nothing that anybody reads is another, or by nobody else.
      if (!isAsRead(read, now) && others(now, newestSeq(read), userId).length) throw thrown
      own.current = await changeCase(access, shown.id, now.version, changes)
    }
  }

  return {
    saving,
    held,
    refused,
    save,
    /** Saves what was held over what is shown since; what comes after that is shown first again. */
    insist: () => (held ? save(held.changes) : undefined),
    giveUp: () => setHeld(undefined),
    refuse: setRefused,
  }
}

export type Changing = ReturnType<typeof useChange>
