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
    const told = sentenceOf(refusal.message, words)
    if (told) return [told, language === 'en' ? forPeople(refusal.hint) : ''].filter(Boolean).join(' ')
    const general = words.generally[refusal.code ?? ''] ?? words.refusals[refusal.kind]
    // The database's rules and the service speak for themselves, in English.
    const speaks = ['conflict', 'invalid', 'forbidden', 'tooLarge', 'tooMany'].includes(refusal.kind)
    const own = speaks ? [sentence(inUnits(refusal.message, language)), forPeople(refusal.hint)] : []
    const wait = refusal.retryAfter && refusal.kind !== 'offline' ? words.waitSeconds(refusal.retryAfter) : ''
    const texts = language === 'en' && speaks ? own : [general, ...own.map((text) => text && `(${text})`)]
    return [...texts, wait].filter(Boolean).join(' ')
  }
}

/** A sentence of the database's own rules in the language's words, with what it names in it. `%` stands for that, as in the
 * database's sources: for names, and behind a colon for any words. */
export function sentenceOf(message: string, words: Words): string | undefined {
  const itself = words.sentences[message]
  if (itself) return itself
  for (const [template, sentence] of Object.entries(words.sentences)) {
    const parts = template.split('%').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    const pattern = template.endsWith(': %') ? parts.join('(.+)') : parts.join('(\\S+(?:, \\S+)*)')
    const named = new RegExp(`^${pattern}$`).exec(message)?.slice(1)
    if (named) return named.reduce((text, name) => text.replace('%', () => name.split(', ').map((one) => nameOf(one, words)).join(', ')), sentence)
  }
  return undefined
}

/** A status or a column, as it is called on the pages. */
const nameOf = (name: string, words: Words) =>
  name === 'waiting' ? words.waitingForClient : words.status[name as keyof Words['status']] ?? words.work.columns[name] ?? name

/** What a constraint asks for: in the language's words, or in the database's own. */
export const constraintText = (constraint: string, words: Words) => words.constraints[constraint] ?? wordsOf(constraint)

/** A hint, unless it is for whoever writes a program: it names functions or columns. */
export const forPeople = (hint: string | undefined) => (hint && !/\brpc\/|\w_\w/.test(hint) ? hint : undefined)

/** Nobody knows how much 52428800 bytes are. */
export const inUnits = (text: string, language: string) => text.replace(/\b(\d{4,}) bytes\b/g, (_, bytes) => size(Number(bytes), language))

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')
