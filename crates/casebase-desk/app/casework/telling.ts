import { numberOf } from '../cases/queries'
import { localeOf, type Words } from '../words'
import type { Change, Happened } from './queries'
import type { Reference } from './reference'

// What an entry of the history says: who, what, from, to, in the reader's words.

/** A column that changed. What only is known to have changed has neither `from` nor `to`. */
export type Told = { field: string; from?: string; to?: string }

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** What a column's value is called. */
export function valueText(column: string, value: unknown, reference: Reference, words: Words, language: string): string {
  if (value === null || value === undefined) return words.work.none
  const named = (all: readonly { id: string; name: string }[]) => all.find(({ id }) => id === value)?.name
  switch (column) {
    case 'status':
      return value === 'waiting' ? words.waitingForClient : (words.status[value as keyof Words['status']] ?? text(value))
    case 'priority':
      return words.priority[value as keyof Words['priority']] ?? text(value)
    case 'department_id':
      return named(reference.departments) ?? words.work.gone
    case 'required_specialty_id':
      return named(reference.specialties) ?? words.work.gone
    case 'assigned_to':
      return reference.colleagues.find(({ user_id }) => user_id === value)?.display_name ?? words.work.gone
    case 'action_required_of':
    case 'party1_type':
    case 'party2_type':
      return partyLabel(text(value), reference, words)
    case 'action_required_by':
    case 'escalated_at':
      return new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text(value)))
    case 'merged_into':
      return numberOf(Number(value))
    case 'visible_to_client':
      return value === true ? words.work.yes : words.work.no
    case 'tags':
      return (value as string[]).join(', ') || words.work.none
    default:
      return text(value)
  }
}

/** What a party is called: a project's own word, or of those that are there from the start the language's. */
export function partyLabel(code: string, reference: Reference, words: Words): string {
  const type = reference.parties.find((one) => one.code === code)
  const known = words.work.parties[code]
  // A label that somebody gave goes before a word of ours.
  return type && type.label.toUpperCase() !== code ? type.label : (known ?? type?.label ?? code)
}

/** Whether an entry is told by the columns that changed: those of the case, or of what staff keep beside it. */
export const isOfColumns = ({ type, data }: Happened) => data.changes !== undefined && /^case(_internal)?\./.test(type)

/** What changed, with the words for it, in the order of their names. */
export function toldChanges(changes: Record<string, Change>, reference: Reference, words: Words, language: string, type = 'case.updated'): Told[] {
  return Object.entries(changes).map(([column, change]) => {
    const isInternalData = type === 'case_internal.updated' && column === 'metadata'
    const field = isInternalData ? words.work.internalData : (words.work.columns[column] ?? column)
    if (!('to' in change) && !('from' in change)) return { field }
    const value = (one: unknown) => valueText(column, one, reference, words, language)
    return { field, from: value(change.from), to: value(change.to) }
  })
}

/** What an entry is about, where it is no change of columns. */
export function toldSubject({ type, data }: Happened, words: Words): string {
  const moved = data.visible_to_client ? 'case_file.shown' : 'case_file.hidden'
  const subject = words.work.happened[type === 'case_file.moved' ? moved : type] ?? type
  const of = [data.original_name, data.reason].filter(Boolean).join(': ')
  return of ? `${subject}: ${of}` : subject
}

/** What stands as itself among what was said. */
export const SHOWN_ITSELF = ['case.created', 'interaction.created', 'internal_note.created', 'case_file.available']
