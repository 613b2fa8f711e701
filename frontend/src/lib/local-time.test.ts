import { expect, it } from 'vitest'
import { durations, waitOf } from './durations'
import { fromLocal, soonest, toLocal } from './local-time'

it('a time goes to a field and back in the own time zone', () => {
  const at = new Date(2026, 10, 21, 9, 5)
  expect(toLocal(at)).toBe('2026-11-21T09:05')
  expect(fromLocal(toLocal(at))?.getTime()).toBe(at.getTime())
  expect(fromLocal('')).toBeNull()
  expect(fromLocal('soon')).toBeNull()
  expect(soonest(0)).toBeGreaterThan(300_000)
})

it('the length of a poll is said in words, and a running one keeps its own', () => {
  expect(durations('en', 86_400).map((one) => one.label)).toContain('1 day')
  expect(durations('ko', 86_400).map((one) => one.label)).toContain('7일')
  expect(durations('en', 5_000).map((one) => one.seconds)).toContain(5_000)
})

it('a wait is said in a unit that is neither too fine nor too coarse, and never too short', () => {
  expect([7, 119, 121, 7199, 7201, 172_799, 172_801].map((seconds) => waitOf(seconds, 'en'))).toEqual(['7 seconds', '119 seconds', '3 minutes', '120 minutes', '3 hours', '48 hours', '3 days'])
  expect(waitOf(5_184_000, 'ko')).toBe('60일')
})
