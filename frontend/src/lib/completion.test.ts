import { describe, expect, it } from 'vitest'
import { folded, insert, rankAccounts, rankEmojis, rankTags, tokenAt } from './completion'
import type { Account, Emoji } from './entities'

const at = (text: string): string | null => {
  const caret = text.indexOf('|')
  const token = tokenAt(text.replace('|', ''), caret)
  return token && `${token.kind} ${token.word}`
}
const account = (id: string, acct: string, display_name: string): Account => ({ id, acct, display_name }) as Account

describe('the token at the caret', () => {
  it.each([
    ['@an|', 'mention an'],
    ['hi @ann|', 'mention ann'],
    ['(@ann|', 'mention ann'],
    ['@ann@remote.ex|', 'mention ann@remote.ex'],
    ['안녕 @민지|', 'mention 민지'],
    ['chào @Ngọc|', 'mention Ngọc'],
    ['@an|na', 'mention an'],
    ['#việ|', 'tag việ'],
    ['오늘 #날씨|', 'tag 날씨'],
    ['＃全|', 'tag 全'],
    [':smi|', 'emoji smi'],
    ['좋아 :하트|', 'emoji 하트'],
    ['@|', null],
    ['ann@exa|', null],
    ['https://a.example/@an|', null],
    ['at 10:30|', null],
    [':s|', null],
    ['a :smile: b|', null],
    ['&#3|', null],
    ['plain|', null],
  ])('of %s is %s', (text, expected) => expect(at(text)).toBe(expected))
})

describe('inserting', () => {
  it('replaces the whole word and leaves one space', () => {
    const token = tokenAt('hi @anna you', 6)!
    expect(insert('hi @anna you', token, '@annabel')).toEqual({ text: 'hi @annabel you', caret: 12 })
    expect(insert('#vi', tokenAt('#vi', 3)!, '#việtnam')).toEqual({ text: '#việtnam ', caret: 9 })
  })
})

describe('ranking', () => {
  it('finds names without their marks', () => {
    expect(folded('Nguyễn Đức')).toBe('nguyen duc')
    expect(folded('민지')).toBe('민지')
    expect(rankAccounts([account('1', 'x', 'Y'), account('2', 'y', 'Lê Ngọc')], 'ngo').map((one) => one.id)).toEqual(['2', '1'])
  })
  it('puts those in the conversation first', () => {
    const list = [account('1', 'anna', 'Anna'), account('2', 'anton', 'Anton')]
    expect(rankAccounts(list, 'an', new Set(['2'])).map((one) => one.id)).toEqual(['2', '1'])
  })
  it('puts whole words and the own emojis first', () => {
    const own = [{ shortcode: 'heart_weft', static_url: '/x', visible_in_picker: true } as Emoji]
    const found = rankEmojis(own, [['❤️', 'heart red'], ['💔', 'broken_heart']], 'heart')
    expect(found.map((one) => one.text)).toEqual([':heart_weft:', '❤️', '💔'])
  })
  it('shows a tag once whatever its case', () => {
    expect(rankTags(['Weft', 'weft', 'craftweft'], 'we')).toEqual(['Weft', 'craftweft'])
  })
})
