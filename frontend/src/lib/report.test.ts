import { describe, expect, it } from 'vitest'
import { after, before, reasonsOf, stepsOf, wordsOf } from './report'

describe('a report', () => {
  it('of something one merely dislikes sends nothing', () => expect(stepsOf('dislike')).toEqual(['reason', 'dislike']))
  it('asks for rules only where one is broken', () => {
    expect(stepsOf('violation')).toContain('rules')
    expect(stepsOf('spam')).not.toContain('rules')
    expect(reasonsOf(0)).not.toContain('violation')
    expect(reasonsOf(3)).toContain('violation')
  })
  it('goes forth and back the same way', () => {
    for (const reason of ['spam', 'violation', 'legal', 'other'] as const) {
      const steps = stepsOf(reason)
      for (const step of steps.slice(0, -1)) expect(before(after(step, reason), reason)).toBe(step)
    }
  })
  it('ends where it ends', () => expect(after('done', 'spam')).toBe('done'))
  it('shows a post without the link to what it quotes', () =>
    expect(wordsOf('<p class="quote-inline">RE: <a href="x">x</a></p><p>So true</p>')).toBe('So true'))
})
