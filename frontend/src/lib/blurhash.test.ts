import { expect, test } from 'vitest'
import { pixelsOf, SIDE } from './blurhash'

test('a blurhash becomes pixels near its average colour', () => {
  const pixels = pixelsOf('L104%ShefQhehef+fQf+fQfQfQfQ')
  expect(pixels).toHaveLength(SIDE * SIDE * 4)
  expect(pixels?.[3]).toBe(255)
})

test('the same hash is worked out once', () => {
  expect(pixelsOf('LEHV6nWB2yk8pyo0adR*.7kCMdnj')).toBe(pixelsOf('LEHV6nWB2yk8pyo0adR*.7kCMdnj'))
})

test.each(['', 'x', 'LEHV6nWB2yk8', '\u0000'.repeat(28)])('what is no blurhash gives nothing: %j', (text) => {
  expect(pixelsOf(text)).toBeNull()
})
