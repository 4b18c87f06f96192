import type { Words } from '../words'
import type { Status, TimelineEntry } from './queries'

/** What stands as itself in the conversation or among the files. */
const SHOWN_ITSELF = ['case.created', 'interaction.created', 'case_file.available']

/** An entry of the history as a sentence; nothing for what the page shows anyway. */
export function sentence(entry: TimelineEntry, words: Words, language: string): string | undefined {
  if (SHOWN_ITSELF.includes(entry.type)) return undefined
  const tell = words.events[entry.type]
  const changes = entry.data.changes ?? {}
  const changed = Object.entries(changes).map(([field, { to }]) => {
    const priority = field === 'priority' && typeof to === 'string' ? words.priority[to as keyof Words['priority']] : undefined
    return priority ? words.priorityTo(priority) : (words.fields[field] ?? field)
  })
  const what = new Intl.ListFormat(language).format(changed)
  const to = changes['status']?.to
  const status = typeof to === 'string' ? (words.status[to as Status] ?? to) : ''
  return tell ? tell(entry.actor_name, what, status) : words.event(entry.actor_name, entry.type)
}
