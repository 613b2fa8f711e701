import { describe, expect, it } from 'vitest'
import { hoursOf, namesOf } from './staff'

describe('what the staff reads', () => {
  it('names languages, and both of a direction', () => {
    expect(namesOf('ko', 'en')).toBe('Korean')
    expect(namesOf('en-vi', 'en')).toBe('English → Vietnamese')
  })

  it('says how long in hours, and in days where these are many', () => {
    expect(hoursOf(0.5, 'en')).toBe('0.5 hours')
    expect(hoursOf(30.4, 'en')).toBe('30 hours')
    expect(hoursOf(72, 'en')).toBe('3 days')
  })
})
