import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useId, useState, type KeyboardEvent } from 'react'
import { useDesk } from '../desk'
import { useWords } from '../words'
import { useRefusalText } from '../words/refusals'
import { findClients, type Named } from './queries'

/** So many are offered. */
const OFFERED = 8

/** Until it rests for so long, what is typed is not looked for. */
const REST = 150

/** A client, found by a part of the name. */
export function ClientPicker({ label, hint, name, text, chosen, error, onType, onChoose }: {
  label: string
  hint?: string
  name: string
  text: string
  chosen?: string | undefined
  error?: string | undefined
  onType: (text: string) => void
  onChoose: (client: Named) => void
}) {
  const words = useWords()
  const refusal = useRefusalText()
  const id = useId()
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  const found = useFoundClients(text, open)
  const offered = found.data ?? []
  const choose = (client: Named | undefined) => {
    if (!client) return
    onChoose(client)
    setOpen(false)
  }
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      if (open) setAt((at + step + offered.length) % Math.max(1, offered.length))
      else setOpen(true)
    } else if (event.key === 'Enter' && open) {
      // Enter chooses; it sends no form that still lacks its client.
      event.preventDefault()
      choose(offered[at])
    } else if (event.key === 'Escape' && open) {
      event.stopPropagation()
      setOpen(false)
    }
  }
  return (
    <div className="field picker">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        role="combobox"
        autoComplete="off"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && offered[at] ? `${id}-${at}` : undefined}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        placeholder={hint}
        value={text}
        onChange={(event) => {
          onType(event.target.value)
          setAt(0)
          setOpen(true)
        }}
        onClick={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
      />
      <ul id={`${id}-list`} role="listbox" aria-label={words.queue.clients} className="offers" hidden={!open || !offered.length}>
        {offered.map((client, nth) => (
          <li
            key={client.id}
            id={`${id}-${nth}`}
            role="option"
            aria-selected={client.id === chosen}
            className={nth === at ? 'at' : undefined}
            dir="auto"
            // Before the field loses its focus, which closes the list.
            onPointerDown={(event) => {
              event.preventDefault()
              choose(client)
            }}
          >
            {client.name}
          </li>
        ))}
      </ul>
      <p className="hint" role="status">
        {open && found.data?.length === 0 && words.queue.noClient}
      </p>
      {found.isError && <p className="wrong">{refusal(found.error)}</p>}
      {error && (
        <p id={`${id}-error`} className="wrong">
          {error}
        </p>
      )}
    </div>
  )
}

function useFoundClients(text: string, enabled: boolean) {
  const { access } = useDesk()
  const [rested, setRested] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), REST)
    return () => clearTimeout(timer)
  }, [text])
  return useQuery({
    queryKey: ['people', 'clients like', rested.trim()],
    queryFn: () => findClients(access, rested.trim(), OFFERED),
    enabled,
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  })
}
