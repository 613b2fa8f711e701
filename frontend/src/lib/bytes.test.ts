import { expect, it } from 'vitest'
import { bytes } from './bytes'

it('says a size in the unit that reads best', () => {
  expect(bytes(0, 'en')).toBe('0 byte')
  expect(bytes(1500, 'en')).toBe('1.5 kB')
  expect(bytes(12_400_000, 'en')).toBe('12.4 MB')
  expect(bytes(9_900_000_000, 'en')).toBe('9.9 GB')
})
