import { expect, it } from 'vitest'
import { sharedText } from './shared'

const of = (values: Record<string, string>) => sharedText(new URLSearchParams(values))

it('what is shared is written once', () => {
  expect(of({ title: 'A page', text: '', url: 'https://a.example' })).toBe('A page\n\nhttps://a.example')
  expect(of({ title: 'A page', text: 'A page https://a.example', url: 'https://a.example' })).toBe('A page https://a.example')
  expect(of({ title: 'x', text: 'x' })).toBe('x')
  expect(of({})).toBe('')
})
