import { describe, expect, it } from 'vitest'
import { beforeEnd, keepAll, standingOf } from './ended'

describe('a session that something says has ended', () => {
  it('is over where the server knows nobody, or lets them in no more', () => {
    expect(standingOf(200, { account: null }, '1')).toBe('over')
    expect(standingOf(401, null, '1')).toBe('over')
    expect(standingOf(403, { error: 'disabled' }, '1')).toBe('over')
  })
  it('goes on where it is the same account, as after signing in again elsewhere', () => {
    expect(standingOf(200, { account: { id: '1' } }, '1')).toBe('same')
    expect(standingOf(200, { account: { id: '2' } }, '1')).toBe('other')
  })
  it('is left alone where the server did not say', () => {
    expect(standingOf(503, { error: 'away' }, '1')).toBe('unknown')
    expect(standingOf(200, null, '1')).toBe('unknown')
    expect(standingOf(200, {}, '1')).toBe('unknown')
  })
})

describe('before the page goes', () => {
  it('everybody keeps theirs, and one that fails holds up nobody', async () => {
    const place = new EventTarget()
    const kept: string[] = []
    beforeEnd(() => Promise.reject(new Error('full')), place)
    beforeEnd(async () => {
      await Promise.resolve()
      kept.push('a')
    }, place)
    const stop = beforeEnd(async () => kept.push('b'), place)
    stop()
    await keepAll(place)
    expect(kept).toEqual(['a'])
  })
  it('whoever never ends is not waited for', async () => {
    const place = new EventTarget()
    beforeEnd(() => new Promise(() => {}), place)
    await expect(keepAll(place, 5)).resolves.toBeUndefined()
  })
})
