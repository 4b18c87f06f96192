import {
  createHashHistory, createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, redirect,
} from '@tanstack/react-router'
import { CasesPage } from './cases/CasesPage'
import { Members } from './coming-in/Members'
import { saysStaff } from './coming-in/session'
import { isPage } from './coming-in/wanted'
import { SignIn } from './coming-in/SignIn'
import { useDesk } from './desk'
import { Broken } from './frame/Broken'
import { Frame } from './frame/Frame'
import { Page } from './frame/Page'
import { readSearch } from './queue/filter'
import { useStore } from './store'
import { useWords } from './words'

// Pages stand behind the #, so that one file on any host serves them all, and no server's log has a case's number.

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, errorComponent: Broken })

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/cases', replace: true })
  },
})

/** Where somebody was going who has to come in first. Only a page of the desk. */
const wanted = ({ to }: Record<string, unknown>): { to?: string | undefined } => (isPage(to) ? { to } : {})

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignIn,
  validateSearch: wanted,
})

const signUp = createRoute({
  getParentRoute: () => root,
  path: '/sign-up',
  validateSearch: wanted,
  component: lazyRouteComponent(() => import('./coming-in/SignUp'), 'SignUp'),
})

const forgottenPassword = createRoute({
  getParentRoute: () => root,
  path: '/forgotten-password',
  validateSearch: wanted,
  component: lazyRouteComponent(() => import('./coming-in/ForgottenPassword'), 'ForgottenPassword'),
})

const choosePassword = createRoute({
  getParentRoute: () => root,
  path: '/choose-password',
  validateSearch: wanted,
  component: lazyRouteComponent(() => import('./coming-in/ChoosePassword'), 'ChoosePassword'),
})

const members = createRoute({ getParentRoute: () => root, id: 'members', component: Members })

const Queue = lazyRouteComponent(() => import('./queue/QueuePage'), 'QueuePage')

/** Staff work through a queue; whoever is none sees their own cases. */
function Cases() {
  const { access } = useDesk()
  return saysStaff(useStore(access.standing)) ? <Queue /> : <CasesPage />
}

const cases = createRoute({
  getParentRoute: () => members,
  path: '/cases',
  component: Cases,
  validateSearch: readSearch,
})

const newCase = createRoute({
  getParentRoute: () => members,
  path: '/cases/new',
  component: lazyRouteComponent(() => import('./cases/NewCasePage'), 'NewCasePage'),
})

const oneCase = createRoute({
  getParentRoute: () => members,
  path: '/cases/$number',
  component: lazyRouteComponent(() => import('./cases/CasePage'), 'CasePage'),
})

const text = (value: unknown) => (typeof value === 'string' && value ? value : undefined)

const documents = createRoute({
  getParentRoute: () => members,
  path: '/documents',
  validateSearch: ({ client, folder }: Record<string, unknown>): { client?: string | undefined; folder?: string | undefined } => ({
    client: text(client),
    folder: text(folder),
  }),
  component: lazyRouteComponent(() => import('./documents/DocumentsPage'), 'DocumentsPage'),
})

const admin = createRoute({
  getParentRoute: () => members,
  path: '/admin',
  component: lazyRouteComponent(() => import('./admin/AdminPage'), 'AdminPage'),
})

const adminHome = createRoute({
  getParentRoute: () => admin,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/admin/people', replace: true })
  },
})

type PeopleSearch = { part?: 'clients' | 'invitations' | 'staff' | undefined; client?: string | undefined; letters?: string | undefined }

const adminPeople = createRoute({
  getParentRoute: () => admin,
  path: '/people',
  validateSearch: ({ part, client, letters }: Record<string, unknown>): PeopleSearch => ({
    part: part === 'clients' || part === 'invitations' ? part : undefined,
    client: text(client),
    // What looks like a number is one in an address.
    letters: letters === undefined ? undefined : text(String(letters)),
  }),
  component: lazyRouteComponent(() => import('./admin/PeoplePage'), 'PeoplePage'),
})

const adminStructure = createRoute({
  getParentRoute: () => admin,
  path: '/structure',
  component: lazyRouteComponent(() => import('./admin/StructurePage'), 'StructurePage'),
})

type WebhooksSearch = {
  endpoint?: string | undefined
  span?: 'day' | 'month' | 'week' | undefined
  state?: string | undefined
  before?: number | undefined
  delivery?: number | undefined
}
const whole = (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : undefined)

const adminWebhooks = createRoute({
  getParentRoute: () => admin,
  path: '/webhooks',
  validateSearch: ({ endpoint, span, state, before, delivery }: Record<string, unknown>): WebhooksSearch => ({
    endpoint: text(endpoint),
    span: span === 'week' || span === 'month' ? span : undefined,
    state: text(state),
    before: whole(before),
    delivery: whole(delivery),
  }),
  component: lazyRouteComponent(() => import('./admin/WebhooksPage'), 'WebhooksPage'),
})

const adminHealth = createRoute({
  getParentRoute: () => admin,
  path: '/health',
  component: lazyRouteComponent(() => import('./admin/HealthPage'), 'HealthPage'),
})

const adminPages = admin.addChildren([adminHome, adminPeople, adminStructure, adminWebhooks, adminHealth])

export const router = createRouter({
  routeTree: root.addChildren([home, signIn, signUp, forgottenPassword, choosePassword, members.addChildren([cases, newCase, oneCase, documents, adminPages])]),
  history: createHashHistory(),
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

function NotFound() {
  const words = useWords()
  return (
    <Page title={words.notFound} className="narrow">
      <Link to="/cases" className="button">
        {words.toCases}
      </Link>
    </Page>
  )
}
