import { saysStaff } from '../coming-in/session'
import { useDesk } from '../desk'
import { useWords } from '../words'
import type { Priority, Status } from './queries'

/** A status by shape, word and colour. */
export function StatusMark({ status }: { status: Status }) {
  const words = useWords()
  const { access } = useDesk()
  const word = status === 'waiting' && saysStaff(access.standing.get()) ? words.waitingForClient : words.status[status]
  return (
    <span className={`status ${status}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {SHAPES[status]}
      </svg>
      {word}
    </span>
  )
}

const SHAPES: Record<Status, React.ReactNode> = {
  open: <circle cx="8" cy="8" r="6" className="line" />,
  in_progress: (
    <>
      <circle cx="8" cy="8" r="6" className="line" />
      <path d="M8 4.5a3.5 3.5 0 0 1 0 7z" className="fill" />
    </>
  ),
  waiting: (
    <>
      <circle cx="8" cy="8" r="6" className="line" strokeDasharray="2.5 2.2" />
      <path d="M6.5 5.5v5M9.5 5.5v5" className="line" />
    </>
  ),
  resolved: (
    <>
      <circle cx="8" cy="8" r="7" className="fill" />
      <path d="m5 8.2 2.1 2.1L11 6.2" className="cut" />
    </>
  ),
  closed: (
    <>
      <circle cx="8" cy="8" r="7" className="fill" />
      <path d="M5 8h6" className="cut" />
    </>
  ),
}

/** A priority that stands out; low and medium don't. */
export function PriorityMark({ priority }: { priority: Priority }) {
  const words = useWords()
  return (
    <span className={`priority ${priority}`}>
      <span className="bars" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span className="unseen">{words.priorityOf(words.priority[priority])}</span>
      <span aria-hidden="true">{words.priority[priority]}</span>
    </span>
  )
}
