import { expect, it } from 'vitest'
import { size } from './bytes'
import { shownAs } from './content'

it('only what runs nothing is shown, whatever else the type says', () => {
  expect(shownAs('image/png')).toBe('image/png')
  expect(shownAs('Application/PDF; x="text/html"')).toBe('application/pdf')
  for (const type of ['image/svg+xml', 'text/html', 'application/xhtml+xml', 'text/plain', 'image/png,text/html', '', 'pdf']) {
    expect(shownAs(type), type).toBeUndefined()
  }
})

it('sizes are told in units that people read', () => {
  expect([0, 1, 999, 1000, 1449, 23_400_000, 5_368_709_120].map((bytes) => size(bytes, 'en'))).toEqual([
    '0 bytes', '1 byte', '999 bytes', '1 kB', '1.4 kB', '23 MB', '5.4 GB',
  ])
  expect(size(1449, 'de')).toBe('1,4 kB')
})
