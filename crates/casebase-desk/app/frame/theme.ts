import { Store } from '../store'

// Light or dark: the system's, unless another was chosen in this browser.

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const CHOSEN = 'casebase.theme'

export const theme = new Store<Theme>(THEMES.find((name) => name === localStorage.getItem(CHOSEN)) ?? 'system')

export function chooseTheme(chosen: Theme) {
  localStorage.setItem(CHOSEN, chosen)
  theme.set(chosen)
  showTheme()
}

export function showTheme() {
  document.documentElement.dataset['theme'] = theme.get()
}
