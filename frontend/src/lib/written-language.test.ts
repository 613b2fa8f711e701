import { expect, it } from 'vitest'
import { languageOf } from './written-language'

it.each([
  ['안녕하세요 여러분', 'en', 'ko'],
  ['Hello everyone, good morning', 'ko', 'en'],
  ['Chào buổi sáng cả nhà', 'en', 'vi'],
  ['Chao ca nha', 'vi', 'vi'],
  ['今日はいい天気ですね', 'en', 'ja'],
  ['今天天氣很好', 'en', 'zh'],
  ['Добрий день усім', 'uk', 'uk'],
  ['Добрий день усім', 'en', 'ru'],
  ['Guten Morgen zusammen', 'de', 'de'],
  ['👍👍', 'vi', 'vi'],
  ['https://한국.example @민지', 'vi', 'vi'],
  ['BTS 새 노래 나왔어요', 'en', 'ko'],
  ['ok', 'ko', 'ko'],
  ['', 'vi', 'vi'],
])('%s by somebody who prefers %s is %s', (text, preferred, language) => {
  expect(languageOf(text, preferred)).toBe(language)
})
