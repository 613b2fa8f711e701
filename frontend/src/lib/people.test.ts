import { describe, expect, it } from 'vitest'
import type { Relationship } from './entities'
import { firstWords, hasBanner, nameOf, stanceOf, wholeHandle } from './people'

const tie = (more: Partial<Relationship>) => ({ id: '2', following: false, requested: false, followed_by: false, blocking: false, ...more }) as Relationship

describe('people', () => {
  it('have a name, also where they chose none', () => {
    expect(nameOf({ display_name: ' ', username: 'ann' })).toBe('ann')
    expect(nameOf({ display_name: 'Ann', username: 'ann' })).toBe('Ann')
    const emojis = [{ shortcode: 'loom', url: '', static_url: '', visible_in_picker: true }]
    expect(nameOf({ display_name: 'Weaving :loom:', username: 'ann', emojis })).toBe('Weaving')
    expect(nameOf({ display_name: ':loom:', username: 'ann', emojis })).toBe('ann')
  })

  it('have a handle that says where they are', () => {
    expect(wholeHandle({ acct: 'ann' }, 'here.example')).toBe('@ann@here.example')
    expect(wholeHandle({ acct: 'ann@there.example' }, 'here.example')).toBe('@ann@there.example')
  })

  it('have a banner only where they chose one', () => {
    expect(hasBanner({ header: 'https://here.example/headers/original/missing.png' })).toBe(false)
    expect(hasBanner({ header: 'https://here.example/media/1.webp' })).toBe(true)
  })

  it('say what the button beside them does', () => {
    const other = { id: '2' }
    expect(stanceOf({ id: '1' }, '1', null)).toBe('own')
    expect(stanceOf(other, undefined, null)).toBe('none')
    expect(stanceOf(other, '1', null)).toBe('unknown')
    expect(stanceOf(other, '1', tie({}))).toBe('none')
    expect(stanceOf(other, '1', tie({ followed_by: true }))).toBe('back')
    expect(stanceOf(other, '1', tie({ following: true, followed_by: true }))).toBe('following')
    expect(stanceOf(other, '1', tie({ requested: true }))).toBe('requested')
    expect(stanceOf(other, '1', tie({ blocking: true, following: true }))).toBe('blocked')
  })

  it('are introduced by the words of their bio, without its marks', () => {
    expect(firstWords('<p>I knit &amp; sew<br />a lot</p><p>in <a href="x">#Hue</a> &lt;3</p>')).toBe('I knit & sew a lot in #Hue <3')
    expect(firstWords('')).toBe('')
  })
})
