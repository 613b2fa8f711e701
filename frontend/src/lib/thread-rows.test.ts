import { expect, test } from 'vitest'
import { rowsOf, type Reply } from './thread-rows'

const reply = (id: string, parent: string | null = null, hidden = false): Reply => ({ id, parent, hidden })
const words = (replies: Reply[], opened: string[] = []) =>
  rowsOf('root', replies, new Set(opened)).map((row) => (row.kind === 'post' ? row.id : `${row.hidden ? 'hidden' : 'more'} ${row.count}`))

test('replies stay in the order of the conversation', () => {
  expect(words([reply('a', 'root'), reply('b', 'a'), reply('c', 'root')])).toEqual(['a', 'b', 'c'])
})

test('the strand joins a reply to the first answer below it', () => {
  const rows = rowsOf('root', [reply('a', 'root'), reply('b', 'a')], new Set())
  expect(rows).toEqual([
    { kind: 'post', key: 'a', id: 'a', above: false, below: true },
    { kind: 'post', key: 'b', id: 'b', above: true, below: false },
  ])
})

test('a long chain is cut and unfolds', () => {
  const chain = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id, index, all) => reply(id, index ? (all[index - 1] as string) : 'root'))
  expect(words(chain)).toEqual(['a', 'b', 'c', 'd', 'e', 'more 2'])
  expect(words(chain, ['chain e'])).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'].slice(0, 6).concat('more 1'))
  expect(words(chain, ['chain e', 'chain f'])).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
})

test('many answers to one reply are cut after three', () => {
  const many = [reply('a', 'root'), ...['b', 'c', 'd', 'e'].map((id) => reply(id, 'a'))]
  expect(words(many)).toEqual(['a', 'b', 'c', 'd', 'more 1'])
})

test('what the author hid is folded with its answers', () => {
  const replies = [reply('a', 'root', true), reply('b', 'a'), reply('c', 'root')]
  expect(words(replies)).toEqual(['hidden 2', 'c'])
  expect(words(replies, ['hidden a'])).toEqual(['a', 'b', 'c'])
})
