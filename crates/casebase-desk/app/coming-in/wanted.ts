// Where somebody was going who has to come in first. Pages keep it in their address; over a mail, whose link opens another
// tab, this browser keeps it.

const WANTED = 'casebase.wanted'

/** Whether this is the path of a page of the desk, and of nothing else. */
export const isPage = (path: unknown): path is string => typeof path === 'string' && /^\/(?![/\\])/.test(path)

/** Where the link of a mail comes back to, which is about to be sent: the desk's page, without anything behind it. The
 * page that was wanted waits here. */
export function comeBack(to: string | undefined): string {
  if (to) localStorage.setItem(WANTED, to)
  else localStorage.removeItem(WANTED)
  return location.origin + location.pathname
}

/** Once they are in. */
export function takeWanted(): string | undefined {
  const path = localStorage.getItem(WANTED)
  localStorage.removeItem(WANTED)
  return isPage(path) ? path : undefined
}
