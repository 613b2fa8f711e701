import { expect, test } from 'vitest'
import { match } from './paths'

const patterns = [
  { path: '/', screen: 'home' },
  { path: '/@handle', screen: 'profile' },
  { path: '/@handle/replies', screen: 'replies' },
  { path: '/@handle/:id', screen: 'thread' },
  { path: '/tags/:tag', screen: 'tag' },
]

test('words come before places, in the order given', () => {
  expect(match(patterns, '/')).toEqual({ screen: 'home', values: {} })
  expect(match(patterns, '/@ann')).toEqual({ screen: 'profile', values: { handle: 'ann' } })
  expect(match(patterns, '/@ann/replies')?.screen).toBe('replies')
  expect(match(patterns, '/@ann/12')).toEqual({ screen: 'thread', values: { handle: 'ann', id: '12' } })
})

test('any script may be in a path, and a broken escape is taken as it is', () => {
  expect(match(patterns, '/tags/%ED%95%9C')?.values).toEqual({ tag: '한' })
  expect(match(patterns, '/tags/%E0%A4')?.values).toEqual({ tag: '%E0%A4' })
})

test('what no pattern fits is nothing', () => {
  expect(match(patterns, '/@')).toBeNull()
  expect(match(patterns, '/else')).toBeNull()
})
