import { describe, expect, it } from 'vitest'
import { translates } from './translation'

describe('what can be translated', () => {
  const directions = { ko: ['en', 'vi'], en: ['vi'] }

  it('follows the directions, and none but these', () => {
    expect(translates(directions, 'ko', 'en')).toBe(true)
    expect(translates(directions, 'en-GB', 'vi')).toBe(true)
    expect(translates(directions, 'en', 'ko')).toBe(false)
    expect(translates(directions, 'vi', 'en')).toBe(false)
    expect(translates({}, 'ko', 'en')).toBe(false)
  })

  it('is tried where nobody knows what a post is written in', () => {
    expect(translates(directions, null, 'en')).toBe(true)
    expect(translates(directions, null, 'ko')).toBe(false)
  })

  it('leaves alone what is in that language already', () => expect(translates({ en: ['en'] }, 'en', 'en')).toBe(false))
})
