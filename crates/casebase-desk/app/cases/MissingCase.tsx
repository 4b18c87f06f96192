import { Link } from '@tanstack/react-router'
import { useDesk } from '../desk'
import { Page } from '../frame/Page'
import { Empty } from '../frame/states'
import { useDraft } from '../text/drafts'
import { useWords } from '../words'
import { keyOf } from './queries'

/** A case that is not there, or not to be seen any more; what was being written in it is. */
export function MissingCase({ number, kinds = ['reply'] }: { number: string; kinds?: readonly string[] }) {
  const words = useWords()
  return (
    <Page title={words.theCase.missing(number)} className="narrow">
      <Empty title={words.theCase.missingLead}>
        <Link to="/cases" className="button">
          {words.toCases}
        </Link>
      </Empty>
      {kinds.map((kind) => (
        <Written key={kind} number={number} kind={kind} />
      ))}
    </Page>
  )
}

function Written({ number, kind }: { number: string; kind: string }) {
  const words = useWords().theCase
  const { access } = useDesk()
  const standing = access.standing.get()
  const [written] = useDraft(`${standing.is === 'out' ? '' : standing.userId}.${keyOf(number)}.${kind}`)
  if (!written) return null
  return (
    <section className="field">
      <h2>{words.kept}</h2>
      <p className="as-written" dir="auto">{written}</p>
    </section>
  )
}
