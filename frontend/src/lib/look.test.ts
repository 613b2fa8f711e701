import { describe, expect, it } from 'vitest'
import { cookieOf, readWishes, WISHES } from './look'

describe('what a browser wishes', () => {
  it('is the default where nothing is kept or nothing can be read', () => {
    for (const text of [null, '', '{', '7', 'null', '[]']) expect(readWishes(text)).toEqual(WISHES)
  })
  it('keeps what is known and leaves out what is not', () => {
    const kept = readWishes('{"still":true,"gifs":"no","media":"hide_all","replies":"cats","more":1}')
    expect(kept).toEqual({ ...WISHES, still: true, media: 'hide_all' })
  })
  it('is a cookie that other sites do not get', () => {
    expect(cookieOf('weft_theme', 'dark', false)).toBe('weft_theme=dark; path=/; max-age=31536000; samesite=lax')
    expect(cookieOf('a', 'b;c', true)).toContain('a=b%3Bc;')
    expect(cookieOf('a', 'b', true)).toMatch(/; secure$/)
  })
})
