import { expect, test } from 'vitest'
import { parseLinks } from './links'

test('both ends of a page are read, as paths', () => {
  const header = '<https://a.example/api/v1/x?limit=20&max_id=1>; rel="next", <https://a.example/api/v1/x?min_id=9>; rel="prev"'
  expect(parseLinks(header)).toEqual({ next: '/api/v1/x?limit=20&max_id=1', prev: '/api/v1/x?min_id=9' })
})

test('no header is no link', () => {
  expect(parseLinks(null)).toEqual({})
})
