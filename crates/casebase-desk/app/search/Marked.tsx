import type { Parts } from './queries'

/** Text, with the words that were looked for marked. */
export const Marked = ({ parts }: { parts: Parts }) => (
  <>{parts.map((part, nth) => (nth % 2 ? <mark key={nth}>{part}</mark> : part))}</>
)
