// Which items of a long list are on the page. The items lie in the page's own flow between two spacers, so that the
// browser keeps what is being read in its place; what was never seen is guessed by the mean of what was.

export interface Range {
  start: number
  end: number
  /** Height of what is left out before and after, in px. */
  before: number
  after: number
}

const GUESS = 180

/**
 * The items that touch `top`..`bottom` (px from the list's start). `pinned` items at the start are always in it while
 * nothing is measured yet.
 */
export function rangeOf(keys: readonly string[], heights: ReadonlyMap<string, number>, top: number, bottom: number): Range {
  const guess = mean(heights)
  let start = -1
  let end = keys.length
  let before = 0
  let after = 0
  let y = 0
  for (let index = 0; index < keys.length; index += 1) {
    const height = heights.get(keys[index] as string) ?? guess
    if (y + height <= top) before += height
    else if (y >= bottom) {
      if (end === keys.length) end = index
      after += height
    } else if (start < 0) start = index
    y += height
  }
  if (start < 0) start = y <= top ? keys.length : 0
  return { start: Math.min(start, end), end, before, after }
}

function mean(heights: ReadonlyMap<string, number>): number {
  if (heights.size === 0) return GUESS
  let sum = 0
  for (const height of heights.values()) sum += height
  return sum / heights.size
}
