import './styles.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { follow } from './coming-in/arrival'
import { takeLink } from './coming-in/link'
import { Access } from './coming-in/session'
import { takeWanted } from './coming-in/wanted'
import { loadConfig } from './config'
import { DeskContext, type Desk } from './desk'
import { useNoStrayDrops } from './files/choosing'
import { forgetBegun } from './files/begun'
import { giveUp, isRefusedForGood, sendTo, Uploads } from './files/uploads'
import { announce } from './frame/announce'
import { showTheme } from './frame/theme'
import { Live } from './live'
import { Refusal } from './refusal'
import { router } from './router'
import { filesWait, forgetDrafts } from './text/drafts'
import { loadWords, presentWords, useWords } from './words'

const isAway = (error: unknown) => error instanceof Refusal && ['offline', 'unavailable'].includes(error.kind)

async function open() {
  showTheme()
  const link = takeLink()
  const [config] = await Promise.all([loadConfig(), loadWords()])
  const access = new Access(config)
  if (link) location.hash = await follow(access, link)
  await access.start()
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        refetchOnWindowFocus: 'always',
        // What could not be had is asked for again until it can be.
        refetchInterval: ({ state }) => (isAway(state.error) ? 5_000 : false),
        // Without a network a request fails at once and says so; it does not wait unseen.
        networkMode: 'always',
        // What was refused is refused again; what got no answer may get one.
        retry: (tries, error) => isAway(error) && tries < 2,
      },
      mutations: { networkMode: 'always' },
    },
  })
  let arrived = 0
  const uploads = new Uploads(access, sendTo(access), () => {
    arrived++
    void queries.invalidateQueries({ queryKey: ['cases'] })
    void queries.invalidateQueries({ queryKey: ['documents'] })
  }, (upload) => void giveUp(access, upload).catch(() => {}))
  uploads.list.subscribe(() => {
    // Said once, when the last of them is there or can't be.
    if (!arrived || uploads.list.get().some(({ state }) => state.is !== 'failed' && state.is !== 'done')) return
    announce(presentWords().files.added(arrived))
    arrived = 0
  })
  addEventListener('online', () => uploads.retryAll(['offline']))
  addEventListener('beforeunload', (event) => {
    if (filesWait() || uploads.list.get().some((upload) => !isRefusedForGood(upload))) event.preventDefault()
  })
  access.standing.subscribe(() => {
    const standing = access.standing.get()
    if (standing.is === 'in') {
      takeWanted()
      uploads.retryAll(['expired'])
      void queries.invalidateQueries()
    }
    // Of a session that ended by itself, all stays until its person is back.
    if (standing.is !== 'out') return
    // In this tab or another one: nothing of the person stays.
    uploads.clear()
    queries.clear()
    forgetDrafts()
    forgetBegun()
  })
  const live = new Live(access.supabase, () => void queries.invalidateQueries({ queryKey: ['cases'] }))
  return { access, uploads, queries, live }
}

function App({ desk }: { desk: Desk }) {
  useNoStrayDrops()
  return (
    <DeskContext value={desk}>
      <QueryClientProvider client={desk.queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </DeskContext>
  )
}

function Unopened({ error }: { error: unknown }) {
  const words = useWords()
  return (
    <main className="page narrow">
      <h1>{words.unopened}</h1>
      <p>{String(error)}</p>
      <button type="button" className="primary" onClick={() => location.reload()}>
        {words.reload}
      </button>
    </main>
  )
}

const root = createRoot(document.getElementById('desk') ?? document.body)
open().then(
  (desk) => root.render(<App desk={desk} />),
  (error: unknown) => root.render(<Unopened error={error} />),
)
