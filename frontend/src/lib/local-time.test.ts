import { expect, it } from 'vitest'
import { durations } from './durations'
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
