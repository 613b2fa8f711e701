import { expect, test } from 'vitest'
import { boxOf, focusOf } from './media-box'

const shaped = (width: number, height: number) => ({ meta: { original: { width, height } } })

test('a picture keeps its shape, but is never taller than 4:5 nor flatter than 3:1', () => {
  expect(boxOf(shaped(1500, 1000))).toBe(1.5)
  expect(boxOf(shaped(500, 5000))).toBe(0.8)
  expect(boxOf(shaped(5000, 100))).toBe(3)
  expect(boxOf({ meta: null })).toBe(1.5)
})

test('the focus point is where the picture is cut around', () => {
  expect(focusOf({ meta: { focus: { x: -1, y: 1 } } })).toBe('0% 0%')
  expect(focusOf({ meta: null })).toBe('50% 50%')
})
