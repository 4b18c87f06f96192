import { expect, it } from 'vitest'
import { readConfig } from './config'

const given = { supabaseUrl: 'https://abc.supabase.co/', anonKey: 'sb_publishable_x', serviceUrl: '..' }

it('the service is found relative to the page, below whatever path', () => {
  expect(readConfig(given, 'https://example.com/desk/')).toEqual({
    supabaseUrl: 'https://abc.supabase.co',
    anonKey: 'sb_publishable_x',
    serviceUrl: 'https://example.com',
  })
  expect(readConfig(given, 'https://example.com/a/desk/#/cases').serviceUrl).toBe('https://example.com/a')
  const elsewhere = { ...given, serviceUrl: 'https://casebase.example.com/x/' }
  expect(readConfig(elsewhere, 'https://example.com/').serviceUrl).toBe('https://casebase.example.com/x')
})

it('what is missing is named', () => {
  for (const name of Object.keys(given)) {
    for (const wrong of [undefined, '', 7]) {
      expect(() => readConfig({ ...given, [name]: wrong }, 'https://example.com/')).toThrow(`config.json has no ${name}`)
    }
  }
  expect(() => readConfig(null, 'https://example.com/')).toThrow('config.json has no')
})
