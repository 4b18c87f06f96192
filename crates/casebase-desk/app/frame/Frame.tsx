import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { saysStaff } from '../coming-in/session'
import { SignInAgain } from '../coming-in/SignInAgain'
import { useDesk } from '../desk'
import { SearchDialog } from '../search/SearchDialog'
import { listKeys, Shortcuts, useShortcut } from '../shortcuts'
import { useStore } from '../store'
import { chooseLanguage, LANGUAGES, useLanguage, useWords, type Language } from '../words'
import { Announcements } from './announce'
import { useDismissal } from './dismiss'
import { Icon } from './Icon'
import { chooseTheme, theme, THEMES, type Theme } from './theme'

/** What surrounds every page. */
export function Frame() {
  const words = useWords()
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const isStaff = saysStaff(standing)
  const navigate = useNavigate()
  useShortcut('c', words.menu.newCase, () => void navigate({ to: '/cases/new' }), isStaff)
  const isIn = standing.is !== 'out'
  const [searching, setSearching] = useState(false)
  useShortcut('/', words.search.open, () => setSearching(true), isIn)
  return (
    <>
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        {words.skip}
      </a>
      <header className="top">
        <div className={isStaff ? 'top-inner for-staff' : 'top-inner'}>
          <Link to="/cases" className="brand" activeOptions={{ exact: true }}>
            <span className="mark" aria-hidden="true" />
            {words.desk}
          </Link>
          {isIn && (
            <nav aria-label={words.desk}>
              <Link to="/cases" activeOptions={{ exact: true, includeSearch: false }}>
                {words.menu.cases}
              </Link>
              <Link to="/documents" activeOptions={{ exact: true, includeSearch: false }}>
                {words.menu.documents}
              </Link>
              {standing.role === 'admin' && (
                <Link to="/admin" activeOptions={{ includeSearch: false }}>
                  {words.menu.admin}
                </Link>
              )}
            </nav>
          )}
          {isIn && (
            <button type="button" className="quiet icon to-search" aria-label={words.search.open} title={words.search.open} aria-keyshortcuts="/"
              onClick={() => setSearching(true)}>
              <Icon name="search" />
            </button>
          )}
          <AccountMenu />
        </div>
      </header>
      <OfflineBar />
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Announcements />
      {/* There at once: what is typed before a field has the focus would be taken for shortcuts. */}
      {isIn && searching && <SearchDialog onClose={() => setSearching(false)} />}
      {isIn && <Shortcuts />}
      {standing.is === 'expired' && <SignInAgain email={standing.email} />}
    </>
  )
}

/** Settings, and leaving. A disclosure: it opens without script, closes with Escape and when something else is used. */
function AccountMenu() {
  const words = useWords()
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const language = useLanguage()
  const chosenTheme = useStore(theme)
  const menu = useRef<HTMLDetailsElement>(null)
  const path = useRouterState({ select: (state) => state.location.pathname })
  useEffect(() => {
    if (menu.current) menu.current.open = false
  }, [path])
  useDismissal(menu)
  const email = standing.is === 'out' ? undefined : standing.email
  return (
    <details className="menu" ref={menu}>
      <summary aria-label={words.menu.account}>
        <span className="avatar" aria-hidden="true">
          {email?.charAt(0).toUpperCase() ?? '⋯'}
        </span>
      </summary>
      <div className="menu-panel">
        {email && <p className="muted">{email}</p>}
        <label>
          {words.menu.language}
          <select value={language} onChange={(event) => void chooseLanguage(event.target.value as Language)}>
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {words.menu.theme}
          <select value={chosenTheme} onChange={(event) => chooseTheme(event.target.value as Theme)}>
            {THEMES.map((name) => (
              <option key={name} value={name}>
                {words.menu[name]}
              </option>
            ))}
          </select>
        </label>
        {email && (
          <button type="button" onClick={listKeys}>
            {words.menu.keys}
          </button>
        )}
        {email && (
          <button type="button" onClick={() => void access.signOut()}>
            {words.menu.signOut}
          </button>
        )}
      </div>
    </details>
  )
}

const subscribeToNetwork = (listener: () => void) => {
  addEventListener('online', listener)
  addEventListener('offline', listener)
  return () => {
    removeEventListener('online', listener)
    removeEventListener('offline', listener)
  }
}

function OfflineBar() {
  const words = useWords()
  const online = useSyncExternalStore(subscribeToNetwork, () => navigator.onLine)
  return (
    <div role="status">{!online && <p className="offline">{words.offline}</p>}</div>
  )
}
