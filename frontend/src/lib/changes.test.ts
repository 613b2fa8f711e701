import { describe, expect, it } from 'vitest'
import { changesOf } from './changes'

const shown = (before: string, after: string) =>
  changesOf(before, after)
    .map(({ kind, text }) => (kind === 'same' ? text : kind === 'added' ? `+(${text})` : `-(${text})`))
    .join('')
const side = (before: string, after: string, kind: 'added' | 'removed') =>
  changesOf(before, after)
    .filter((change) => change.kind !== kind)
    .map((change) => change.text)
    .join('')

describe('what changed in a text', () => {
  it('is nothing where nothing did', () => expect(changesOf('the same', 'the same')).toEqual([{ kind: 'same', text: 'the same' }]))
  it('is told word by word', () => expect(shown('I like tea a lot', 'I like coffee a lot')).toBe('I like -(tea)+(coffee) a lot'))
  it('is told in Korean and Vietnamese too', () => {
    expect(shown('오늘은 날씨가 좋아요', '오늘은 날씨가 나빠요')).toBe('오늘은 날씨가 -(좋아요)+(나빠요)')
    expect(shown('Hà Nội mùa thu', 'Hà Nội mùa đông')).toBe('Hà Nội mùa -(thu)+(đông)')
  })
  it('is all of it where there was nothing', () => expect(changesOf('', 'new words')).toEqual([{ kind: 'added', text: 'new words' }]))
  it('gives back both texts whole', () => {
    for (const [before, after] of [['a b c d', 'b x d e'], ['one\n\ntwo', 'one two'], ['x'.repeat(3000), 'y z '.repeat(900)], ['👍🏽 ok', 'ok 👎']] as const) {
      expect(side(before, after, 'added')).toBe(before)
      expect(side(before, after, 'removed')).toBe(after)
    }
  })
})
