import { useRef } from 'react'
import { asRefusal } from './refusal'

/** The project's clock is known to less. */
const CLOCKS_DIFFER_BY = 60_000

/** Makes something once, also where the answer to an earlier attempt was lost on its way: then it is looked for before
 * it is made again. */
export function useOnce<Input, Made>(
  make: (input: Input) => Promise<Made>,
  find: (input: Input, since: Date) => Promise<Made | undefined>,
  /** The time of the project's clock, in milliseconds. */
  now: () => number,
): (input: Input) => Promise<Made> {
  const unanswered = useRef<Date>(undefined)
  return async (input) => {
    const begun = new Date(now() - CLOCKS_DIFFER_BY)
    try {
      const found = unanswered.current && (await find(input, unanswered.current))
      const made = found ?? (await make(input))
      unanswered.current = undefined
      return made
    } catch (thrown) {
      if (asRefusal(thrown).kind === 'offline') unanswered.current ??= begun
      throw thrown
    }
  }
}
