import { useId } from 'react'
import { choosable } from '../people/queries'
import { useWords } from '../words'
import type { Parties } from './queries'
import { partyLabel } from './telling'
import { useMe, useWork } from './work'

/** The name that one of a party most often has here; nothing where only its writer knows. */
function useUsualName() {
  const { reference, client, shown } = useWork()
  const { name } = useMe()
  const opener = client.members.find(({ user_id }) => user_id === shown.created_by)?.display_name
  return (code: string) => {
    if (code === 'CLIENT') return opener ?? client.name
    return reference.parties.find((one) => one.code === code)?.internal ? name : ''
  }
}

/** A call most often comes from the client. */
export function useUsualParties(): Parties {
  const { reference } = useWork()
  const usual = useUsualName()
  const ours = reference.parties.find(({ internal }) => internal)?.code ?? 'ARGAN'
  return { party1_type: 'CLIENT', party1_name: usual('CLIENT'), party2_type: ours, party2_name: usual(ours) }
}

export type PartyFaults = Partial<Record<'party1_name' | 'party2_name', string | undefined>>

/** Who spoke to whom, and what each of them is. */
export function PartyFields({ value, wrong, onChange }: { value: Parties; wrong: PartyFaults; onChange: (value: Parties) => void }) {
  const words = useWords().work
  const swap = () =>
    onChange({
      party1_name: value.party2_name, party1_type: value.party2_type, party2_name: value.party1_name, party2_type: value.party1_type,
    })
  return (
    <div className="parties">
      <Side legend={words.whoSpeaks} nth={1} value={value} wrong={wrong.party1_name} onChange={onChange} />
      <button type="button" className="quiet" onClick={swap}>{words.swap}</button>
      <Side legend={words.toWhom} nth={2} value={value} wrong={wrong.party2_name} onChange={onChange} />
    </div>
  )
}

function Side({ legend, nth, value, wrong, onChange }: {
  legend: string
  nth: 1 | 2
  value: Parties
  wrong: string | undefined
  onChange: (value: Parties) => void
}) {
  const words = useWords()
  const { reference, client } = useWork()
  const usual = useUsualName()
  const id = useId()
  const [type, name] = nth === 1 ? [value.party1_type, value.party1_name] : [value.party2_type, value.party2_name]
  const set = (changed: { type?: string; name?: string }) => {
    const next = { type, name, ...changed }
    onChange({ ...value, [`party${nth}_type`]: next.type, [`party${nth}_name`]: next.name })
  }
  const isInternal = reference.parties.find(({ code }) => code === type)?.internal
  const known = type === 'CLIENT' ? [...client.members.map((one) => one.display_name), client.name]
    : isInternal ? reference.colleagues.filter(({ active }) => active).map((one) => one.display_name) : []
  return (
    <fieldset>
      <legend>{legend}</legend>
      <label className="unseen" htmlFor={`${id}-type`}>{words.work.partyType(legend)}</label>
      <select id={`${id}-type`} value={type}
        // A name that nobody chose goes with its type.
        onChange={({ target }) => set({ type: target.value, ...((!name || name === usual(type)) && { name: usual(target.value) }) })}>
        {choosable(reference.parties, ({ code }) => code === type).map(({ code }) => (
          <option key={code} value={code}>{partyLabel(code, reference, words)}</option>
        ))}
      </select>
      <label className="unseen" htmlFor={`${id}-name`}>{words.work.partyName(legend)}</label>
      <input id={`${id}-name`} name={`party${nth}_name`} value={name} list={`${id}-known`} autoComplete="off" placeholder={words.work.name} dir="auto"
        aria-invalid={wrong ? true : undefined} aria-describedby={wrong && `${id}-error`} onChange={({ target }) => set({ name: target.value })} />
      <datalist id={`${id}-known`}>
        {[...new Set(known)].filter(Boolean).map((one) => <option key={one} value={one} />)}
      </datalist>
      {wrong && <p id={`${id}-error`} className="wrong">{wrong}</p>}
    </fieldset>
  )
}
