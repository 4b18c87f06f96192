import { useQuery } from '@tanstack/react-query'
import { Navigate, Outlet, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useDesk } from '../desk'
import { announce } from '../frame/announce'
import { Field } from '../frame/Field'
import { Form, Send } from '../frame/Form'
import { useForm } from '../frame/form'
import { FormRefusal } from '../frame/FormRefusal'
import { Page } from '../frame/Page'
import { Failed, Loading } from '../frame/states'
import { answer, Refusal } from '../refusal'
import { isBlank } from '../rules'
import { useStore } from '../store'
import { useWords } from '../words'

type Client = { id: string; name: string | null }

/** The clients that whoever is signed in acts for. */
export function useMyClients() {
  const { access } = useDesk()
  const standing = access.standing.get()
  return useQuery({
    queryKey: ['my_clients', standing.is === 'out' ? '' : standing.userId],
    queryFn: () => answer<Client[]>(access.supabase.rpc('my_clients')),
    // Somebody may have been taken out of one since.
    refetchOnMount: 'always',
  })
}

/** Who whoever is signed in is, in the database's words. */
function useMyAccess(enabled: boolean) {
  const { access } = useDesk()
  const standing = access.standing.get()
  return useQuery({
    queryKey: ['my_access', standing.is === 'out' ? '' : standing.userId],
    queryFn: () => answer<MyAccess>(access.supabase.rpc('my_access')),
    enabled,
  })
}

type MyAccess = { standing: string | null; is_client: boolean; problem: string | null; may_register: boolean }

/** What only people who signed in see. Whoever did and is nobody here is told what to do. */
export function Members() {
  const words = useWords().comingIn
  const { access, queries } = useDesk()
  const standing = useStore(access.standing)
  const isSomebody = standing.is !== 'out' && standing.role !== undefined
  const mine = useMyAccess(standing.is === 'in' && !isSomebody)
  if (standing.is === 'out') return <ToSignIn />
  if (isSomebody || mine.data?.is_client || mine.data?.standing) return <Outlet />
  if (mine.isPending) return <Loading />
  if (mine.isError) return <Failed error={mine.error} onRetry={() => void mine.refetch()} />
  const look = async () => {
    // Another token, which says what its owner has become.
    await access.supabase.auth.refreshSession()
    const { data } = await mine.refetch()
    if (data && !data.is_client && !data.standing) announce(words.stillNoRole)
    else await queries.invalidateQueries()
  }
  return <NoRole email={standing.email} name={standing.name} found={mine.data} onLook={look} />
}

/** Back to this page afterwards: the one it was, not one that it is becoming. */
function ToSignIn() {
  const router = useRouter()
  const [to] = useState(() => router.state.location.href)
  return <Navigate to="/sign-in" search={{ to }} replace />
}

function NoRole({ email, name, found, onLook }: { email: string; name: string; found: MyAccess; onLook: () => Promise<void> }) {
  const words = useWords().comingIn
  return (
    <Page title={found.may_register ? words.mayRegister : words.noRole} className="narrow">
      {found.may_register && <Register name={name} onRegistered={onLook} />}
      <p className="lead">{found.problem ?? (found.may_register ? words.mayBeAdded(email) : words.noRoleLead(email))}</p>
      <div className="form-actions">
        <button type="button" onClick={() => void onLook()}>
          {words.lookAgain}
        </button>
      </div>
    </Page>
  )
}

/** Whoever comes by themselves, where an admin lets them. */
function Register({ name: known, onRegistered }: { name: string; onRegistered: () => Promise<void> }) {
  const words = useWords().comingIn
  const { access } = useDesk()
  const [name, setName] = useState(known)
  const form = useForm<'name'>(
    () => ({ name: isBlank(name) ? words.missing.name : undefined }),
    async () => {
      await answer(access.supabase.rpc('register', { display_name: name.trim() }))
      await onRegistered()
    },
  )
  const isClosed = form.refused instanceof Refusal && form.refused.message === 'registration is closed'
  return (
    <Form form={form}>
      <p className="lead">{words.registerLead}</p>
      <Field label={words.name} name="name" autoComplete="name" value={name} error={form.wrong.name}
        onChange={(event) => setName(event.target.value)} />
      <FormRefusal refused={isClosed ? undefined : form.refused} />
      {isClosed && <p className="notice" role="alert">{words.registrationClosed}</p>}
      <div className="form-actions">
        <Send form={form}>
          {words.register}
        </Send>
      </div>
    </Form>
  )
}
