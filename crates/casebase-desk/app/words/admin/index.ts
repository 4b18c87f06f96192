import { useLanguage, type Texts } from '../index'
import { de } from './de'
import { en } from './en'

// The texts of the pages for admins, in all languages: few open these, so they are loaded with them.

export type AdminWords = Texts<typeof en>

const WORDS: Record<ReturnType<typeof useLanguage>, AdminWords> = { en, de }

export const useAdminWords = (): AdminWords => WORDS[useLanguage()]
