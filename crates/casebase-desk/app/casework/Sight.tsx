import { useWords } from '../words'
import { Icon } from '../frame/Icon'
import { useWork } from './work'

/** Who will see what is written here, or open a file, in words, colour and sign. */
export function Sight({ isVisible, what = 'new' }: { isVisible: boolean; what?: 'new' | 'said' | 'file' }) {
  const words = useWords().work
  const seers = useSeers()
  const staffAlone = { new: words.seenByStaff, said: words.seenNoLonger, file: words.fileOpenedByStaff }[what]
  return (
    <p className={`sight ${isVisible ? 'open' : 'closed'}`}>
      <Icon name={isVisible ? 'eye' : 'lock'} />
      <span>{isVisible ? (what === 'file' ? words.fileOpenedBy(seers) : words.seenBy(seers)) : staffAlone}</span>
    </p>
  )
}

/** Those on the client's side. */
export function useSeers(): string {
  const words = useWords().work
  const { client } = useWork()
  const names = client.members.map(({ display_name }) => display_name)
  return words.seers(client.name, names.slice(0, 3).join(', '), Math.max(0, names.length - 3))
}

/** Whether the client sees what is recorded: a switch that says what either way means. */
export function SightSwitch({ isVisible, onChange }: { isVisible: boolean; onChange: (isVisible: boolean) => void }) {
  const words = useWords().work
  const seers = useSeers()
  return (
    <label className={`sight switch ${isVisible ? 'open' : 'closed'}`}>
      <input type="checkbox" role="switch" checked={isVisible} onChange={(event) => onChange(event.target.checked)} />
      <span>
        <strong>{words.clientSees}</strong> {isVisible ? words.seesWhat(seers) : words.seesNot}
      </span>
    </label>
  )
}
