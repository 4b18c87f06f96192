import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { useMyClients } from '../coming-in/Members'
import { saysStaff } from '../coming-in/session'
import { useDesk } from '../desk'
import { Page } from '../frame/Page'
import { Empty, Failed, Loading } from '../frame/states'
import { ClientPicker } from '../people/ClientPicker'
import { clientNames } from '../people/queries'
import { useStore } from '../store'
import { useWords } from '../words'
import { Folders } from './Folders'

/** Documents of one's own client, or of any for staff. */
export function DocumentsPage() {
  const { access } = useDesk()
  return saysStaff(useStore(access.standing)) ? <OfAnyClient /> : <OfOwnClients />
}

function OfOwnClients() {
  const words = useWords()
  const clients = useMyClients()
  const id = useId()
  const search = useSearch({ from: '/members/documents' })
  const navigate = useNavigate({ from: '/documents' })
  const own = clients.data ?? []
  const client = own.find((one) => one.id === search.client) ?? own[0]
  return (
    <Page title={words.documents.title}>
      {clients.isPending && <Loading />}
      {clients.isError && <Failed error={clients.error} onRetry={() => void clients.refetch()} />}
      {clients.data?.length === 0 && <Empty title={words.newCase.noClient} />}
      {client && own.length > 1 && (
        <div className="field">
          <label htmlFor={id}>{words.staffCase.client}</label>
          <select id={id} value={client.id} onChange={(event) => void navigate({ search: { ...search, client: event.target.value } })}>
            {own.map(({ id, name }) => (
              <option key={id} value={id}>
                {name ?? id}
              </option>
            ))}
          </select>
        </div>
      )}
      {client && <Folders key={client.id} client={client.id} mayWrite={false} />}
    </Page>
  )
}

function OfAnyClient() {
  const words = useWords()
  const { access } = useDesk()
  const { client, ...search } = useSearch({ from: '/members/documents' })
  const navigate = useNavigate({ from: '/documents' })
  const name = useQuery({
    queryKey: ['people', 'client', client],
    queryFn: async () => (await clientNames(access, [client ?? ''])).get(client ?? '') ?? null,
    enabled: client !== undefined,
  })
  // Until something is typed, the client that is shown stands in the field.
  const [letters, setLetters] = useState<string>()
  return (
    <Page title={words.documents.title}>
      <ClientPicker label={words.staffCase.client} name="client" text={letters ?? name.data ?? ''} chosen={client}
        onType={setLetters}
        onChoose={(chosen) => {
          setLetters(undefined)
          void navigate({ search: { ...search, client: chosen.id } })
        }} />
      {client ? <Folders key={client} client={client} mayWrite /> : <Empty title={words.documents.chooseClient} />}
    </Page>
  )
}
