import { expect, it } from 'vitest'
import { dropped } from './choosing'

const item = (name: string | null, isDirectory?: boolean) => ({
  getAsFile: () => (name === null ? null : new File(['x'], name)),
  webkitGetAsEntry: () => (isDirectory === undefined ? null : { isDirectory }),
})
const drop = (...items: ReturnType<typeof item>[]) => {
  const { files, folders } = dropped({ items } as unknown as DataTransfer)
  return [files.map(({ name }) => name), folders]
}

it('folders are told from the files that they are dropped with', () => {
  expect(drop(item('a.txt', false), item('holiday', true), item('b.txt', false))).toEqual([['a.txt', 'b.txt'], ['holiday']])
})

it('what is no file, like dragged text, is none', () => {
  expect(drop(item(null), item('pasted.png'))).toEqual([['pasted.png'], []])
})
