import { describe, expect, it } from 'vitest'
import { postLength } from './graphemes'
import { splitThread } from './split'

describe('a long text', () => {
  it('stays whole where it fits', () => expect(splitThread(' hello there ', 20)).toEqual(['hello there']))
  it('of nothing is nothing', () => expect(splitThread(' \n ', 20)).toEqual([]))
  it('is cut at a paragraph before a word', () => {
    expect(splitThread('one two three\n\nfour five six', 18)).toEqual(['one two three', 'four five six'])
  })
  it('is cut at a sentence before a word', () => {
    expect(splitThread('One two three. Four five six seven.', 20)).toEqual(['One two three.', 'Four five six seven.'])
  })
  it('is cut inside a word only if it must', () => {
    expect(splitThread('가'.repeat(25), 10)).toEqual(['가'.repeat(10), '가'.repeat(10), '가'.repeat(5)])
  })
  it('never makes a part that is too long, and loses no word', () => {
    const text = 'Hôm nay trời đẹp quá! https://example.com/a/long/path 👩‍👩‍👧 가나다라마바사。\n'.repeat(20)
    for (const limit of [30, 60, 500]) {
      const parts = splitThread(text, limit)
      expect(parts.every((part) => postLength(part) <= limit && part.trim() === part)).toBe(true)
      expect(parts.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
    }
  })
  it('of many pages is cut in a moment', () => {
    const from = performance.now()
    splitThread('one two three four five. '.repeat(800), 500)
    expect(performance.now() - from).toBeLessThan(2000)
  })
})
