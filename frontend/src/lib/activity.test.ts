import { describe, expect, test } from 'vitest'
import { belongs, happenings, kindOf, places, type Groups } from './activity'
import type { Account, Status } from './entities'

const status = (values: Partial<Status>): Status => ({ id: 's', visibility: 'public', in_reply_to_account_id: null, account: { id: 'ann' }, ...values }) as Status

describe('kinds', () => {
  test('a mention is a reply, a message or a mention', () => {
    expect(kindOf('mention', status({ in_reply_to_account_id: 'me' }), 'me')).toBe('reply')
    expect(kindOf('mention', status({ in_reply_to_account_id: 'bob' }), 'me')).toBe('mention')
    expect(kindOf('mention', status({ in_reply_to_account_id: 'me', visibility: 'direct' }), 'me')).toBe('direct')
  })

  test('a poll is one’s own or somebody’s', () => {
    expect(kindOf('poll', status({ account: { id: 'me' } as Account }), 'me')).toBe('own_poll')
    expect(kindOf('poll', status({}), 'me')).toBe('poll')
  })

  test('what nobody knows yet is shown as something', () => {
    expect(kindOf('severed_relationships', null, 'me')).toBe('other')
  })

  test('tabs show their own', () => {
    expect(belongs('reply', 'replies') && !belongs('mention', 'replies') && !belongs('direct', 'replies')).toBe(true)
    expect(belongs('mention', 'mentions') && belongs('quote', 'mentions') && !belongs('reply', 'mentions')).toBe(true)
    expect(belongs('poll', 'all')).toBe(true)
  })
})

test('groups are given their people and their post', () => {
  const answer = {
    accounts: [{ id: 'ann' }, { id: 'bob' }],
    statuses: [status({ id: '7' })],
    notification_groups: [
      { group_key: 'k', notifications_count: 5, type: 'favourite', most_recent_notification_id: '9', latest_page_notification_at: 'then', sample_account_ids: ['bob', 'gone', 'ann'], status_id: '7' },
      { group_key: 'l', notifications_count: 1, type: 'follow', most_recent_notification_id: '8', sample_account_ids: ['ann'] },
    ],
  } as unknown as Groups
  const [liked, followed] = happenings(answer, 'me')
  expect(liked).toMatchObject({ key: 'k', kind: 'favourite', count: 5, at: 'then', people: [{ id: 'bob' }, { id: 'ann' }], status: { id: '7' } })
  expect(followed).toMatchObject({ kind: 'follow', status: null })
})

test('a sentence has places for names', () => {
  expect(places('{name} and 3 others')).toEqual([{ place: 'name', words: '' }, { place: '', words: ' and 3 others' }])
  expect(places('{name}님과 {second}님이').map((one) => one.place || one.words)).toEqual(['name', '님과 ', 'second', '님이'])
})
