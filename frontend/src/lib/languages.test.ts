import { expect, it } from 'vitest'
import { languageNames } from './languages'

it('names languages as the screen does, in its order', () => {
  expect(languageNames(['vi', 'ko', 'en'], 'en')).toEqual([
    ['en', 'English'],
    ['ko', 'Korean'],
    ['vi', 'Vietnamese'],
  ])
  expect(languageNames(['ko'], 'ko')).toEqual([['ko', '한국어']])
})

it('lets a code without a name stand for itself', () => {
  expect(languageNames(['qqx', '!!'], 'en').map(([code]) => code).sort()).toEqual(['!!', 'qqx'])
})
