import { describe, expect, it } from 'vitest'
import { admitted, FILE_LIMITS, filesIn, isCaptions, limitsOf, moved, problemOfFile } from './attachments'

const file = (name: string, type: string, size = 10): File => ({ name, type, size }) as File

describe('a file', () => {
  it('that is too large, empty or of another kind is refused in words before it is sent', () => {
    expect(problemOfFile(file('a.png', 'image/png'), FILE_LIMITS)).toBeNull()
    expect(problemOfFile(file('a.pdf', 'application/pdf'), FILE_LIMITS)).toMatchObject({ kind: 'type', name: 'a.pdf' })
    expect(problemOfFile(file('a.png', 'image/png', 99e6), FILE_LIMITS)).toMatchObject({ kind: 'large', limit: FILE_LIMITS.imageBytes })
    expect(problemOfFile(file('a.png', 'image/png', 0), FILE_LIMITS)).toMatchObject({ kind: 'empty' })
  })
  it('chosen before the limits are known is refused only for what needs none', () => {
    expect(problemOfFile(file('a.pdf', 'application/pdf', 99e6), null)).toBeNull()
    expect(problemOfFile(file('a.png', 'image/png', 0), null)).toMatchObject({ kind: 'empty' })
    expect(admitted([file('a.png', 'image/png'), file('b.png', 'image/png')], 3, 4, null).problems).toMatchObject([{ kind: 'many' }])
  })
  it('without a type is left to the server', () => expect(problemOfFile(file('a.heic', ''), FILE_LIMITS)).toBeNull())
  it('beyond the fourth is refused, the first ones stay', () => {
    const list = [1, 2, 3].map((n) => file(`${n}.png`, 'image/png'))
    const { files, problems } = admitted(list, 2, 4, FILE_LIMITS)
    expect(files).toHaveLength(2)
    expect(problems).toMatchObject([{ kind: 'many', name: '3.png', limit: 4 }])
  })
})

it('limits are those of the server', () => {
  const instance = { configuration: { media_attachments: { image_size_limit: 5, supported_mime_types: ['image/png'] } } }
  expect(limitsOf(instance)).toMatchObject({ imageBytes: 5, types: ['image/png'], filmBytes: FILE_LIMITS.filmBytes })
  expect(limitsOf({})).toEqual(FILE_LIMITS)
})

it('pasted text that carries a picture of itself stays text', () => {
  const picture = file('a.png', 'image/png')
  const data = (types: string[]): DataTransfer => ({ files: [picture], types }) as unknown as DataTransfer
  expect(filesIn(data(['Files']))).toEqual([picture])
  expect(filesIn(data(['text/plain', 'text/html', 'Files']))).toEqual([])
  expect(filesIn(null)).toEqual([])
})

it('order can be changed and nothing gets lost', () => {
  expect(moved([1, 2, 3], 0, 2)).toEqual([2, 3, 1])
  expect(moved([1, 2, 3], 2, 0)).toEqual([3, 1, 2])
  expect(moved([1, 2, 3], 0, -1)).toEqual([1, 2, 3])
  expect(moved([1, 2], 7, 0)).toEqual([1, 2])
})

it('captions are WebVTT', () => {
  expect(isCaptions('WEBVTT\n\n00:00.000 --> 00:01.000\nhi')).toBe(true)
  expect(isCaptions('1\n00:00:00,000 --> 00:00:01,000\nhi')).toBe(false)
})
