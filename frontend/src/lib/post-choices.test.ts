import { describe, expect, it } from 'vitest'
import type { Status } from './entities'
import { choicesOf, type Around } from './post-choices'

const post = (values: object = {}) => ({ id: '1', account: { id: 'ann' }, visibility: 'public', in_reply_to_id: null, in_reply_to_account_id: null, edited_at: null, ...values }) as unknown as Status
const bob: Around = { ownId: 'bob', canShare: false }

describe('the menu of a post', () => {
  it('lets a visitor take it along and see who liked it', () =>
    expect(choicesOf(post(), { ownId: undefined, canShare: true })).toEqual(['link', 'share', 'embed', 'line', 'reactions']))

  it('offers the own post to be changed, and nothing against its author', () => {
    const choices = choicesOf(post(), { ownId: 'ann', canShare: false })
    expect(choices).toEqual(expect.arrayContaining(['edit', 'pin', 'policy', 'redraft', 'delete']))
    for (const none of ['report', 'block', 'mute', 'less', 'hide'] as const) expect(choices).not.toContain(none)
  })

  it('says what undoes what was done', () =>
    expect(choicesOf(post({ bookmarked: true, muted: true }), bob)).toEqual(expect.arrayContaining(['unsave', 'unmute_thread'])))

  it('hides a reply for whom it answers and for who began the thread, and for nobody else', () => {
    const reply = post({ in_reply_to_id: '0', in_reply_to_account_id: 'bob' })
    expect(choicesOf(reply, bob)).toContain('hide')
    expect(choicesOf({ ...reply, weft: { hidden: true } }, bob)).toContain('unhide')
    expect(choicesOf(reply, { ownId: 'carl', canShare: false })).not.toContain('hide')
    expect(choicesOf(reply, { ownId: 'carl', beganBy: 'carl', canShare: false })).toContain('hide')
    expect(choicesOf(post(), { ownId: 'bob', beganBy: 'bob', canShare: false })).not.toContain('hide')
  })

  it('takes no private post along but by its link, and does not pin messages', () => {
    expect(choicesOf(post({ visibility: 'private' }), bob)).not.toContain('embed')
    expect(choicesOf(post({ visibility: 'direct' }), { ownId: 'ann', canShare: true })).not.toEqual(expect.arrayContaining(['pin']))
  })

  it('offers of the assistant what is offered, and a translation only of what everybody may read', () => {
    const assisted = ['find', 'sum_up']
    expect(choicesOf(post(), { ...bob, assisted })).toEqual(expect.arrayContaining(['summary', 'ask', 'related']))
    expect(choicesOf(post(), { ...bob, assisted })).not.toContain('article')
    expect(choicesOf(post({ card: {} }), { ...bob, assisted })).toContain('article')
    expect(choicesOf(post({ content: 'hi' }), { ...bob, assisted, canTranslate: true })).toContain('translate')
    expect(choicesOf(post({ content: 'hi', visibility: 'private' }), { ...bob, assisted, canTranslate: true })).not.toContain('translate')
    expect(choicesOf(post({ content: 'hi' }), { ...bob, assisted, isTranslated: true })).toContain('original')
  })

  it('shows the history of what was edited', () => expect(choicesOf(post({ edited_at: '2026-01-01' }), bob)).toContain('history'))

  it('begins and ends with no line', () => {
    for (const ownId of [undefined, 'ann', 'bob']) {
      const choices = choicesOf(post(), { ownId, canShare: true })
      expect(choices[0]).not.toBe('line')
      expect(choices.at(-1)).not.toBe('line')
    }
  })
})
