import { expect, it } from 'vitest'
import { asEdited, asStored } from './editing'

/** A thousand texts of everything that line ends, Markdown and Unicode can do, the same ones each time. */
function* samples() {
  const pieces = ['\r\n', '\n', '\r', '\n\n', '  \n', '\t', ' ', '**', '_', '`', '```\r\n', '# ', '- ', '1. ', '\\', '&amp;', '<b>',
    '[x](y)', '| a | b |', 'ä', '\u00a0', '\u200b', '👩‍👩‍👧', '\u202e', 'e\u0301', '中文', '', 'word', '\ufeff', '\u2028']
  let seed = 1
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % n
  }
  for (let sample = 0; sample < 1000; sample++) {
    yield Array.from({ length: random(40) }, () => pieces[random(pieces.length)]).join('')
  }
}

it('opening and saving without a change changes not one byte of a thousand texts', () => {
  let withCarriageReturns = 0
  for (const stored of samples()) {
    const edited = asEdited(stored)
    expect(edited).not.toContain('\r')
    expect(asStored(edited, stored)).toBe(stored)
    if (stored.includes('\r')) withCarriageReturns++
  }
  expect(withCarriageReturns).toBeGreaterThan(500)
})

it('a change keeps the kind of line end that the text has', () => {
  expect(asStored('a\nb\nc', 'a\r\nb')).toBe('a\r\nb\r\nc')
  expect(asStored('a\nb\nc', 'a\nb')).toBe('a\nb\nc')
  expect(asStored('a\nb\nc', 'a\r\nb\nd')).toBe('a\nb\nc')
  expect(asStored('a\nb', '')).toBe('a\nb')
})
