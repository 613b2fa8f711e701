import { expect, test } from 'vitest'
import { ago, until } from './time'

const now = Date.UTC(2026, 5, 15, 12)
const before = (ms: number) => new Date(now - ms)

test('times are relative for a week, then dates', () => {
  expect(ago(before(20_000), now, 'en')).toBe('')
  expect(ago(before(5 * 60_000), now, 'en')).toBe('5m')
  expect(ago(before(3 * 3_600_000), now, 'en')).toBe('3h')
  expect(ago(before(2 * 86_400_000), now, 'en')).toBe('2d')
  expect(ago(before(20 * 86_400_000), now, 'en')).toBe('May 26')
  expect(ago(before(400 * 86_400_000), now, 'en')).toBe('May 11, 2025')
})

test('what is left is said in the screen\'s language', () => {
  expect(until(new Date(now + 2 * 86_400_000), now, 'en')).toBe('in 2 days')
  expect(until(new Date(now + 3 * 3_600_000), now, 'ko')).toBe('3시간 후')
})
