import { expect, test } from 'vitest'
import type { Emoji } from './entities'
import { splitEmojis } from './emojis'

const blob = { shortcode: 'blob', url: '/b.png', static_url: '/b.png', visible_in_picker: true } satisfies Emoji

test('only emojis that the answer names are drawn', () => {
  expect(splitEmojis('a :blob: b :other:', [blob])).toEqual(['a ', blob, ' b :other:'])
})

test('text without any stays one piece, also when empty', () => {
  expect(splitEmojis('10:30', [blob])).toEqual(['10:30'])
  expect(splitEmojis('', [blob])).toEqual([''])
})
