import { expect, test } from 'vitest'
import { fill, short } from './text'

test('values are filled in and unknown places stay visible', () => {
  expect(fill('Hello {name} {other}', 'en', { name: 'Ann' })).toBe('Hello Ann {other}')
})

test('the plural follows the language', () => {
  const posts = { one: '{count} post', other: '{count} posts' }
  expect(fill(posts, 'en', { count: 1 })).toBe('1 post')
  expect(fill(posts, 'en', { count: 1200 })).toBe('1,200 posts')
  expect(fill({ other: '{count} bài' }, 'vi', { count: 1 })).toBe('1 bài')
})

test('large counts are short', () => {
  expect(short(999, 'en')).toBe('999')
  expect(short(1204, 'en')).toBe('1.2K')
  expect(short(12000, 'ko')).toBe('1.2만')
})
