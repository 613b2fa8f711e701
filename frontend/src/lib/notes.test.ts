import { describe, expect, test } from 'vitest'
import type { Account, Note } from './entities'
import { asLine, judge, NOTE_LIMIT, running, timeLeft, withNote } from './notes'

const note = (id: string, account: string, created: string, mine = false): Note => ({
  id,
  account: { id: account } as Account,
  text: 'x',
  created_at: `2026-01-01T${created}:00.000Z`,
  expires_at: `2026-01-02T${created}:00.000Z`,
  mine,
})

describe('what may be a note', () => {
  test('counts what a reader counts, in any script', () => {
    for (const one of ['a', 'ộ', '한', '👩‍👩‍👧‍👦', '🇻🇳', '❤️']) {
      const text = Array(30).fill(one).join('·')
      expect(judge(text).left, one).toBe(1)
      expect(judge(`${text}··`).good, one).toBe(false)
    }
  })

  test('is one line', () => {
    expect(asLine(' on\r\n\te  line ')).toBe('on e line')
    expect(judge('a\n'.repeat(NOTE_LIMIT / 2)).left).toBe(1)
  })

  test('has something to see', () => {
    for (const text of ['', '  ', '\n', '\u200b', '\u2060\u200d', '\u3164']) expect(judge(text).good, JSON.stringify(text)).toBe(false)
    expect(judge('.').good).toBe(true)
  })
})

test('the time left is hours, then minutes', () => {
  const at = { expires_at: '2026-01-02T00:00:00Z' }
  expect(timeLeft(at, Date.parse('2026-01-01T00:00:00Z'), 'en')).toBe('in 24 hours')
  expect(timeLeft(at, Date.parse('2026-01-01T23:20:00Z'), 'en')).toBe('in 40 minutes')
  expect(timeLeft(at, Date.parse('2026-01-01T23:59:59Z'), 'ko')).toBe('1분 후')
})

describe('the tray', () => {
  test('shows one’s own first, then the newest, and none that is over', () => {
    const notes = [note('1', 'a', '10:00'), note('2', 'me', '09:00', true), note('3', 'b', '11:00'), note('4', 'c', '08:00')]
    expect(running(notes, Date.parse('2026-01-02T08:30:00Z')).map((one) => one.id)).toEqual(['2', '3', '1'])
  })

  test('has one note of an account', () => {
    const notes = withNote([note('1', 'a', '10:00'), note('2', 'b', '09:00')], note('3', 'a', '11:00'))
    expect(notes.map((one) => one.id)).toEqual(['3', '2'])
  })
})
