import { expect, test } from 'vitest'
import { rangeOf } from './window'

const keys = Array.from({ length: 100 }, (_, index) => String(index))
const heights = new Map(keys.map((key) => [key, 100]))

test('only what touches the window is in, and the spacers hold the rest', () => {
  expect(rangeOf(keys, heights, 1000, 2000)).toEqual({ start: 10, end: 20, before: 1000, after: 8000 })
})

test('whatever the window, every item is counted once', () => {
  for (let top = -500; top < 11_000; top += 137) {
    const { start, end, before, after } = rangeOf(keys, heights, top, top + 777)
    expect(before + after + (end - start) * 100).toBe(10_000)
  }
})

test('what was not seen yet is guessed by the mean', () => {
  const some = new Map([['0', 50], ['1', 150]])
  expect(rangeOf(keys, some, 0, 400)).toEqual({ start: 0, end: 4, before: 0, after: 9600 })
})

test('an empty list is empty', () => {
  expect(rangeOf([], new Map(), 0, 100)).toEqual({ start: 0, end: 0, before: 0, after: 0 })
})
