import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, type NavigateOptions } from '@tanstack/react-router'
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { StatusMark } from '../cases/Status'
import { saysStaff } from '../coming-in/session'
import { useDesk } from '../desk'
import { Dialog } from '../frame/Dialog'
import { useStore } from '../store'
import { useWords } from '../words'
import { useRefusalText } from '../words/refusals'
import { Marked } from './Marked'
import { MOST, search, type Found, type Hit } from './queries'

/** Until it rests for so long, what is typed is not looked for. */
const REST = 150

type Offer = { key: string; shown: ReactNode; leads: NavigateOptions }
type Group = { name: string; offers: Offer[] }

/** One field for everything: cases by their number and by what is written in them, and for staff clients and people. */
export function SearchDialog({ onClose }: { onClose: () => void }) {
  const words = useWords().search
  const refusal = useRefusalText()
  const navigate = useNavigate()
  const { access } = useDesk()
  const isStaff = saysStaff(useStore(access.standing))
  const id = useId()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const found = useFound(text, isStaff)
  const groups = useGroups(text.trim() ? found.data : undefined, text.trim(), isStaff)
  const offers = groups.flatMap((group) => group.offers)
  const choose = (offer: Offer | undefined) => {
    if (!offer) return
    onClose()
    void navigate(offer.leads)
  }
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setAt((at + (event.key === 'ArrowDown' ? 1 : -1) + offers.length) % Math.max(1, offers.length))
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault()
      choose(offers[at])
    }
  }
  // The offers are those of what was typed before, until the answer to this is there.
  const isCurrent = !found.isPlaceholderData && !found.isPending
  return (
    <Dialog title={words.title} wide onClose={onClose}>
      <div className="field search-field">
        <label htmlFor={id}>{isStaff ? words.field : words.fieldOfClient}</label>
        <input
          id={id}
          // A search field takes the Escape that closes the window.
          type="text"
          enterKeyHint="search"
          role="combobox"
          autoComplete="off"
          maxLength={MOST}
          aria-expanded={offers.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={offers[at] ? `${id}-${at}` : undefined}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={press}
        />
      </div>
      <Offers id={id} groups={groups} at={at} onChoose={choose} />
      <p className="hint" role="status">
        {text.trim() && isCurrent ? (offers.length ? words.found(offers.length) : words.nothing) : ''}
      </p>
      {found.isError && <p className="wrong">{refusal(found.error)}</p>}
    </Dialog>
  )
}

function Offers({ id, groups, at, onChoose }: { id: string; groups: Group[]; at: number; onChoose: (offer: Offer) => void }) {
  const words = useWords().search
  const chosen = useRef<HTMLDivElement>(null)
  useEffect(() => {
    chosen.current?.scrollIntoView({ block: 'nearest' })
  }, [at])
  let nth = -1
  return (
    <div id={`${id}-list`} role="listbox" aria-label={words.title} className="search-offers">
      {groups.map(({ name, offers }) => (
        <div key={name} role="group" aria-label={name}>
          <p className="search-group" aria-hidden="true">
            {name}
          </p>
          {offers.map((offer) => {
            nth += 1
            const isAt = nth === at
            return (
              <div key={offer.key} id={`${id}-${nth}`} role="option" aria-selected={isAt} ref={isAt ? chosen : undefined}
                className={isAt ? 'search-offer at' : 'search-offer'} onClick={() => onChoose(offer)}>
                {offer.shown}
              </div>
            )
          })}
        </div>
      ))}
    </div>
  )
}

function useGroups(found: Found | undefined, text: string, isStaff: boolean): Group[] {
  const words = useWords().search
  if (!found) return []
  const cases: Offer[] = found.cases.map((hit) => ({
    key: `case ${hit.found_case.id}`,
    shown: <CaseHit hit={hit} />,
    leads: { to: '/cases/$number', params: { number: hit.found_case.case_id } },
  }))
  if (cases.length) cases.push({ key: 'all', shown: found.areAll ? words.asList : words.all, leads: { to: '/cases', search: { text } } })
  const clients = found.clients.map(({ id, name }) => ({
    key: `client ${id}`, shown: <span dir="auto">{name}</span>, leads: { to: '/cases', search: { client: id } } satisfies NavigateOptions,
  }))
  const people = found.people.map(({ id, name, client }) => ({
    key: `person ${id} ${client?.id}`,
    shown: (
      <>
        <span dir="auto">{name}</span> <span className="muted">{client ? words.memberOf(client.name) : words.onTheStaff}</span>
      </>
    ),
    leads: { to: '/cases', search: client ? { client: client.id } : { assignee: id } } satisfies NavigateOptions,
  }))
  const groups = [{ name: words.cases, offers: cases }]
  if (isStaff) groups.push({ name: words.clients, offers: clients }, { name: words.people, offers: people })
  return groups.filter(({ offers }) => offers.length)
}

function CaseHit({ hit }: { hit: Hit }) {
  const words = useWords().search
  return (
    <>
      <span className="search-case">
        <span className="case-number">{hit.found_case.case_id}</span>
        <span className="search-title" dir="auto">
          <Marked parts={hit.title} />
        </span>
        <StatusMark status={hit.found_case.status} />
      </span>
      {hit.excerpt && (
        <span className="search-excerpt">
          {words.source[hit.source]} <span dir="auto"><Marked parts={hit.excerpt} /></span>
        </span>
      )}
    </>
  )
}

function useFound(text: string, isStaff: boolean) {
  const { access } = useDesk()
  const [rested, setRested] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setRested(text.trim()), REST)
    return () => clearTimeout(timer)
  }, [text])
  return useQuery({
    queryKey: ['search', rested, isStaff],
    queryFn: () => search(access, rested, isStaff),
    enabled: rested !== '',
    staleTime: 10_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  })
}
