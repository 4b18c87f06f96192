import { isBlank, length, most } from '../rules'
import type { Words } from '../words'
import { constraintText } from '../words/refusals'

// What is wrong with a text before the database is asked, in its own limits and words.

export const TITLE_MOST = most('cases_title_check')
export const DESCRIPTION_MOST = most('cases_description_check')
export const CONTENT_MOST = most('interactions_content_check')

export const caseFaults = (title: string, description: string, words: Words) => ({
  title: isBlank(title)
    ? words.newCase.missingTitle
    : length(title.trim()) > TITLE_MOST
      ? constraintText('cases_title_check', words)
      : undefined,
  description: length(description) > DESCRIPTION_MOST ? constraintText('cases_description_check', words) : undefined,
})

/** Files alone are a reply, too. */
export const replyFaults = (content: string, files: number, words: Words) => ({
  content:
    isBlank(content) && !files
      ? words.talk.missing
      : length(content) > CONTENT_MOST
        ? constraintText('interactions_content_check', words)
        : undefined,
})

const REASON_MOST = 2_000

export const reasonFaults = (reason: string, words: Words) => ({
  reason: isBlank(reason) || length(reason) > REASON_MOST ? words.theCase.missingReason : undefined,
})
