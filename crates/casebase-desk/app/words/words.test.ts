import { expect, it } from 'vitest'
import { constraints } from '../../../../types/constraints'
import { STATUSES } from '../cases/queries'
import { de } from './de'
import { en } from './en'

/** What a client's pages send. */
const SENT: Record<string, readonly string[]> = {
  cases: ['client_id', 'title', 'description', 'escalation_reason'],
  interactions: ['case_id', 'content'],
  case_files: ['case_id', 'interaction_id', 'file_name', 'original_name', 'content_type', 'file_size'],
}

/** What a list of the staff's sends besides: of one case, or of many. */
const SENT_BY_STAFF: Record<string, readonly string[]> = {
  cases: ['department_id', 'required_specialty_id', 'status', 'stage', 'priority', 'assigned_to', 'action_required_by'],
  case_internal: ['tags'],
}

const met = constraints.filter(
  ({ table, columns, rule }) =>
    rule !== 'required' &&
    columns.some((column) => SENT[table]?.includes(column) || SENT_BY_STAFF[table]?.includes(column)) &&
    // A file's state is the service's; when a case was resolved or closed, the database's.
    !columns.includes('state') &&
    !columns.includes('resolved_at') &&
    !columns.includes('closed_at') &&
    !columns.includes('merged_into'),
)

it('every constraint that a client or a list of the staff can meet has its words in German', () => {
  const missing = met.map(({ constraint }) => constraint).filter((name) => !de.constraints[name])
  expect(missing).toEqual([])
})

it.each([['en', en], ['de', de]] as const)('no words of %s are for a constraint that is gone', (_, words) => {
  const known = constraints.map(({ constraint }) => constraint)
  expect(Object.keys(words.constraints).filter((name) => !known.includes(name))).toEqual([])
})

it('no text is there in one language only by accident', () => {
  const paths = (texts: object, at = ''): string[] =>
    Object.entries(texts).flatMap(([key, text]) => (typeof text === 'object' ? paths(text as object, `${at}${key}.`) : [at + key]))
  const without = (all: string[]) => all.filter((path) => !path.startsWith('constraints.')).sort()
  expect(without(paths(de))).toEqual(without(paths(en)))
})

it('every status and priority that a case can have has its word and its place', () => {
  const values = (name: string) => constraints.find(({ constraint }) => constraint === name)?.values
  expect(STATUSES).toEqual(values('cases_status_check'))
  expect(Object.keys(en.status)).toEqual(values('cases_status_check'))
  expect(Object.keys(en.priority)).toEqual(values('cases_priority_check'))
})
