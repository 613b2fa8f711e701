import { describe, expect, it } from 'vitest'
import { findMentions, findTags, findUrls } from './spans'
import cases from '../../../tests/data/lengths.json'
import { cleanText, graphemes, postLength, splitGraphemes, truncate } from './graphemes'

type Case = { text: string; graphemes: number; length: number; urls: string[]; mentions: string[]; tags: string[] }
const table: Case[] = cases

describe('the table shared with the server', () => {
  it.each(table)('counts $text alike', (row) => {
    expect({
      text: row.text,
      graphemes: graphemes(row.text),
      length: postLength(row.text),
      urls: findUrls(row.text).map((url) => url.text),
      mentions: findMentions(row.text).map((name) => name.text),
      tags: findTags(row.text).map((tag) => tag.text),
    }).toEqual(row)
  })
})

describe('graphemes', () => {
  it('are split as they are counted', () => {
    for (const { text } of table) expect(splitGraphemes(text)).toHaveLength(graphemes(text))
  })
  it('are never cut in two', () => {
    expect(truncate('a👨‍👩‍👧‍👦b', 2)).toBe('a👨‍👩‍👧‍👦')
    expect(truncate('hello', 9)).toBe('hello')
  })
  it('ignore what the server takes out', () => {
    expect(cleanText('a\r\nb\u0007c\td')).toBe('a\nbc\td')
  })
  it('of a long text are counted in a moment', () => {
    const text = 'Chào 👍🏽 https://a.example/x @bob@b.example\n'.repeat(500)
    const from = performance.now()
    postLength(text)
    postLength(`${text}x`)
    expect(performance.now() - from).toBeLessThan(500)
  })
})
