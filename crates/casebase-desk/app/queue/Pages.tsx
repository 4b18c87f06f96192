import { Link } from '@tanstack/react-router'
import { useWords } from '../words'
import type { Search } from './filter'

/** Which page came before, for as long as the desk is open. A link to a later page leads back to the first. */
const before = new Map<string, string | undefined>()

export function Pages({ search, next }: { search: Search; next: string | undefined }) {
  const words = useWords().queue
  const { after, ...first } = search
  if (!after && !next) return null
  const earlier = after && before.get(after)
  return (
    <nav className="pages" aria-label={words.pages}>
      {after && (
        <Link to="/cases" search={earlier ? { ...first, after: earlier } : first} className="button">
          {before.has(after) ? words.previous : words.first}
        </Link>
      )}
      {next && (
        <Link to="/cases" search={{ ...first, after: next }} className="button" onClick={() => before.set(next, after)}>
          {words.next}
        </Link>
      )}
    </nav>
  )
}
