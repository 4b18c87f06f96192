import { useQuery } from '@tanstack/react-query'
import { Navigate, Outlet, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useDesk } from '../desk'
import { Page } from '../frame/Page'
import { Failed, Loading } from '../frame/states'
import { answer } from '../refusal'
import { useStore } from '../store'
import { useWords } from '../words'

type Client = { id: string; name: string | null }

/** The clients that whoever is signed in acts for. */
export function useMyClients(enabled = true) {
  const { access } = useDesk()
  const standing = access.standing.get()
  return useQuery({
    queryKey: ['my_clients', standing.is === 'out' ? '' : standing.userId],
    queryFn: () => answer<Client[]>(access.supabase.rpc('my_clients')),
    staleTime: 60_000,
    enabled,
  })
}

/** What only people who signed in see. Whoever did and is nobody here is told what to do. */
export function Members() {
  const { access } = useDesk()
  const standing = useStore(access.standing)
  const isSomebody = standing.is !== 'out' && standing.role !== undefined
  const clients = useMyClients(standing.is === 'in' && !isSomebody)
  if (standing.is === 'out') return <ToSignIn />
  if (isSomebody || clients.data?.length) return <Outlet />
  if (clients.isPending) return <Loading />
  if (clients.isError) return <Failed error={clients.error} onRetry={() => void clients.refetch()} />
  return <NoRole email={standing.email} />
}

/** Back to this page afterwards: the one it was, not one that it is becoming. */
function ToSignIn() {
  const router = useRouter()
  const [to] = useState(() => router.state.location.href)
  return <Navigate to="/sign-in" search={{ to }} replace />
}

function NoRole({ email }: { email: string }) {
  const words = useWords().comingIn
  const { access, queries } = useDesk()
  const look = async () => {
    // Another token, which says what its owner has become.
    await access.supabase.auth.refreshSession()
    await queries.invalidateQueries()
  }
  return (
    <Page title={words.noRole} className="narrow">
      <p className="lead">{words.noRoleLead(email)}</p>
      <button type="button" onClick={() => void look()}>
        {words.lookAgain}
      </button>
    </Page>
  )
}
