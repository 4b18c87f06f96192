import { Store, useStore } from '../store'
import { en } from './en'

// Every text of the desk, one file per language. A language that lacks a text doesn't compile.

/** The same shape with any texts. */
export type Texts<T> = { [Key in keyof T]: T[Key] extends string ? string : T[Key] extends (...args: infer A) => string ? (...args: A) => string : Texts<T[Key]> }

export type Words = Texts<typeof en>

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof LANGUAGES

const CHOSEN = 'casebase.language'

const spoken = new Store<{ language: Language; words: Words }>({ language: 'en', words: en })

const isLanguage = (text: string): text is Language => text in LANGUAGES

/** What was chosen in this browser before, or the first of its languages that there is. */
function wanted(): Language {
  const codes = [localStorage.getItem(CHOSEN), ...navigator.languages].map((code) => code?.slice(0, 2) ?? '')
  return codes.find(isLanguage) ?? 'en'
}

async function speak(language: Language) {
  const words: Words = language === 'de' ? (await import('./de')).de : en
  document.documentElement.lang = language
  spoken.set({ language, words })
}

/** The language as the browser's owner has it, for dates: 2/12 is in December only for some who speak English. */
export function localeOf(language: string): string {
  const own = globalThis.navigator?.languages ?? []
  return own.find((code) => code === language || code.startsWith(`${language}-`)) ?? language
}

/** Loads the language before anything is shown. */
export const loadWords = () => speak(wanted())

export async function chooseLanguage(language: Language) {
  localStorage.setItem(CHOSEN, language)
  await speak(language)
}

/** The words as they are now, for what is no component. */
export const presentWords = (): Words => spoken.get().words

export const useWords = (): Words => useStore(spoken).words
export const useLanguage = (): Language => useStore(spoken).language
