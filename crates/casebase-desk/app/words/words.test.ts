import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { constraints } from '../../../../types/constraints'
import { STATUSES } from '../cases/queries'
import { de } from './de'
import { en } from './en'
import { sentenceOf } from './refusals'

/** What the pages send. */
const SENT: Record<string, readonly string[]> = {
  cases: [
    'client_id', 'title', 'description', 'escalation_reason', 'department_id', 'required_specialty_id', 'status', 'stage', 'priority', 'assigned_to',
    'action_required_by', 'action_required_of', 'metadata',
  ],
  interactions: ['case_id', 'content', 'party1_name', 'party1_type', 'party2_name', 'party2_type'],
  internal_notes: ['case_id', 'content'],
  case_internal: ['case_id', 'tags', 'metadata'],
  departments: ['name'],
  specialties: ['name'],
  party_types: ['code', 'label'],
  case_stages: ['stage', 'status'],
  document_categories: ['code', 'label'],
  clients: ['name'],
  client_members: ['display_name'],
  staff_members: ['display_name', 'scope'],
  invitations: ['email', 'client_id', 'display_name', 'scope'],
  'casebase.webhook_endpoints': ['url', 'description', 'event_types', 'priorities', 'headers', 'rate_limit', 'signature'],
  case_files: ['case_id', 'interaction_id', 'file_name', 'original_name', 'content_type', 'file_size'],
}

const met = constraints.filter(
  ({ table, columns, rule }) =>
    rule !== 'required' &&
    columns.some((column) => SENT[table]?.includes(column)) &&
    // A file's state is the service's, and merging has a function of its own, as has a record that is there already; when a
    // case was resolved or closed is the database's.
    !['state', 'merged_into', 'resolved_at', 'closed_at'].some((column) => columns.includes(column)) &&
    rule !== 'unique',
)

it('every constraint that somebody can meet has its words in German', () => {
  const missing = met.map(({ constraint }) => constraint).filter((name) => !de.constraints[name])
  expect(missing).toEqual([])
})

it.each([['en', en], ['de', de]] as const)('no words of %s are for a constraint that is gone', (_, words) => {
  const known = constraints.map(({ constraint }) => constraint)
  expect(Object.keys(words.constraints).filter((name) => !known.includes(name))).toEqual([])
})

/** What the rules of cases and their files say when they refuse, as their sources have it. */
const refusals = ['cases/rules', 'cases/rpc', 'cases/merging', 'files/rules', 'people/staff', 'people/leaving', 'people/retiring', 'people/departments',
  'people/invitations', 'webhooks/rpc', 'webhooks/endpoints', 'health'].flatMap((file) => {
  const source = readFileSync(new URL(`../../../../supabase/schemas/${file}.sql`, import.meta.url), 'utf8')
  return [...source.matchAll(/raise exception '((?:[^']|'')+)'/g)].map(([, text]) => ({ file, text: (text ?? '').replaceAll("''", "'") }))
})

/** What only programs meet: another word than the pages have, or a file that is not sent through the service. */
const NOT_MET = [
  '% of % never changes', 'version % was changed meanwhile: it is version % now', "you can't set % when you open a case",
  'a reply opens another case',
  // The chart asks for what it takes, nobody fetches events in a page, and no step of time is typed.
  '% is no step of time', 'since is out of range', 'This webhook endpoint has a URL: its events are sent there.',
  'most is %, and a batch has 1 to 1000 events', '% is no cursor',
]

// What files refuse is told by the service, with a code that has its words.
it('every sentence with which the database refuses what a page asks for has its words in German, and no other has', () => {
  const met = refusals.filter(({ file, text }) => !file.startsWith('files/') && !NOT_MET.includes(text)).map(({ text }) => text)
  expect(met.filter((text) => !de.sentences[text])).toEqual([])
  const known = refusals.map(({ text }) => text)
  const ours = [...Object.keys(de.sentences), ...Object.keys(en.sentences)]
  expect(ours.filter((text) => !known.includes(text))).toEqual([])
})

/** What no page leads to, and why: it asks before, offers nothing of the kind, or is told of the case's other version first. */
const NOT_REACHED: Record<string, string> = {
  'say why, in reason': 'the window asks for the reason',
  'say to which department or to whom': 'the window asks for one of them',
  'a case can\'t be merged into itself': 'it is not among those that are found',
  'a client edits a case only while it is open': 'the row is another by then: that is told first',
}

it('every sentence with which the rules of a case refuse is met by somebody in a browser', () => {
  const stories = readdirSync(new URL('../../tests/', import.meta.url))
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => readFileSync(new URL(`../../tests/${name}`, import.meta.url), 'utf8'))
    .join('\n')
    .replaceAll('’', "'")
    .replaceAll("\\'", "'")
  const told = (text: string) => (en.sentences[text] ?? text.charAt(0).toUpperCase() + text.slice(1)).replaceAll('’', "'")
  // What stands for a name or a number is another each time.
  const isMet = (text: string) => stories.split('\n').some((line) => told(text).split('%').every((part) => line.includes(part.trim())))
  const unmet = refusals.filter(({ file, text }) => file.startsWith('cases/') && !NOT_MET.includes(text) && !isMet(text)).map(({ text }) => text)
  expect(unmet.sort()).toEqual(Object.keys(NOT_REACHED).sort())
})

it('a sentence of the database names what it is about in the words of the pages', () => {
  expect(sentenceOf("a case that is in_progress can't become waiting", de)).toBe('Aus „In Arbeit“ kann nicht „Wartet“ werden.')
  expect(sentenceOf("you can't change priority, assigned_to of this case", en)).toBe('You can’t change this of the case: Priority, Assignee.')
  expect(sentenceOf('the case is not resolved', en)).toBeUndefined()
  // More than a status is said of one that is closed.
  expect(sentenceOf('the case is closed', de)).toContain('Eine Antwort legt einen neuen an')
  expect(sentenceOf('nothing can be sent to this URL: it does not begin with https://', de)).toContain('An diese URL kann nichts gesendet werden.')
  expect(sentenceOf('something else', de)).toBeUndefined()
})

it('no text is there in one language only by accident', () => {
  const paths = (texts: object, at = ''): string[] =>
    Object.entries(texts).flatMap(([key, text]) => (typeof text === 'object' ? paths(text as object, `${at}${key}.`) : [at + key]))
  const without = (all: string[]) => all.filter((path) => !/^(constraints|sentences)\./.test(path)).sort()
  expect(without(paths(de))).toEqual(without(paths(en)))
})

it('every status and priority that a case can have has its word and its place', () => {
  const values = (name: string) => constraints.find(({ constraint }) => constraint === name)?.values
  expect(STATUSES).toEqual(values('cases_status_check'))
  expect(Object.keys(en.status)).toEqual(values('cases_status_check'))
  expect(Object.keys(en.priority)).toEqual(values('cases_priority_check'))
})
