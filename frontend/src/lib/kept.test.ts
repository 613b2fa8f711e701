import { describe, expect, it } from 'vitest'
import { filesOf, isKeptAnswer, isPicture, isScreen, surplus } from './kept'

const url = (path: string) => new URL(path, 'https://weft.example')

describe('what is kept for reading offline', () => {
  it.each([
    '/api/v1/timelines/home?limit=20',
    '/api/v1/timelines/public?local=true&limit=20',
    '/api/weft/v1/timelines/for_you?limit=20',
    '/api/v2/notifications?limit=40',
    '/api/v1/conversations',
    '/api/weft/v1/notes',
    '/api/v1/statuses/123/context',
    '/api/v1/accounts/lookup?acct=ann',
    '/api/v1/accounts/1/statuses?exclude_replies=true',
  ])('%s', (path) => expect(isKeptAnswer(url(path))).toBe(true))

  it.each(['/api/weft/v1/session', '/api/v1/timelines/home?max_id=5', '/api/v1/push/subscription', '/api/v2/search?q=x', '/api/v1/accounts/1/notes', '/oauth/token', '/api/weft/v1/sessions'])(
    'and not %s',
    (path) => expect(isKeptAnswer(url(path))).toBe(false),
  )
})

it.each(['/', '/@ann', '/@ann/123', '/settings/notifications', '/for-you', '/tags/thread'])('%s is a screen', (path) => expect(isScreen(path)).toBe(true))
it.each(['/api/v1/x', '/oauth/authorize', '/media/a.webp', '/@ann.atom', '/@ann/1/embed', '/sign_in', '/settingsx', '/app/x.js'])('%s is none', (path) =>
  expect(isScreen(path)).toBe(false),
)

it('pictures lie in their folders', () => {
  expect(isPicture('/media/00ff.webp')).toBe(true)
  expect(isPicture('/app/main.js')).toBe(false)
})

it('finds the files that a page needs', () => {
  expect(filesOf('<script type="module" src="/app/main-1.js"></script><link rel="stylesheet" href="/app/main-2.css"><use href="/app/icons-3.svg#house"/><a href="/about">')).toEqual([
    '/app/main-1.js',
    '/app/main-2.css',
    '/app/icons-3.svg',
  ])
})

it('drops the oldest until the rest fits', () => {
  const entries = [5, 3, 4].map((bytes, index) => ({ key: String(index), bytes }))
  expect(surplus(entries, 12)).toEqual([])
  expect(surplus(entries, 7)).toEqual(['0'])
  expect(surplus(entries, 2)).toEqual(['0', '1', '2'])
})
