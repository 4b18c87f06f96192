import { size } from '../files/bytes'
import { asRefusal } from '../refusal'
import { wordsOf } from '../rules'
import { useLanguage, useWords, type Words } from './index'

/** What a person is told of anything that was thrown. */
export function useRefusalText(): (thrown: unknown) => string {
  const words = useWords()
  const language = useLanguage()
  return (thrown) => {
    const refusal = asRefusal(thrown)
    const byCode = refusal.code && (words.comingIn.refused[refusal.code] ?? words.files.refused[refusal.code])
    const byConstraint = refusal.constraint && constraintText(refusal.constraint, words)
    if (byCode || byConstraint) return byCode || byConstraint || ''
    const general = words.generally[refusal.code ?? ''] ?? words.refusals[refusal.kind]
    // The database's rules and the service speak for themselves, in English.
    const speaks = ['conflict', 'invalid', 'forbidden', 'tooLarge', 'tooMany'].includes(refusal.kind)
    const own = speaks ? [sentence(inUnits(refusal.message, language)), refusal.hint] : []
    const wait = refusal.retryAfter && refusal.kind !== 'offline' ? words.waitSeconds(refusal.retryAfter) : ''
    const texts = language === 'en' && speaks ? own : [general, ...own.map((text) => text && `(${text})`)]
    return [...texts, wait].filter(Boolean).join(' ')
  }
}

/** What a constraint asks for: in the language's words, or in the database's own. */
export const constraintText = (constraint: string, words: Words) => words.constraints[constraint] ?? wordsOf(constraint)

/** Nobody knows how much 52428800 bytes are. */
export const inUnits = (text: string, language: string) => text.replace(/\b(\d{4,}) bytes\b/g, (_, bytes) => size(Number(bytes), language))

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')
