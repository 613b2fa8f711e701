// Cuts a text that is too long for one post into the posts of a thread, at the best border that fits: paragraph, line,
// sentence, word; inside a word only if nothing else is left.

import { postLength, splitGraphemes } from './graphemes'
import { findUrls } from './spans'

// A border of a better kind is taken only if the piece fills at least this part of the limit.
const LEAST_FILL = 3
const WORDS = /[^\s。！？]*[。！？]+["'”’」』）)]*|[^\s。！？]+/gu
const SENTENCE_END = /[.!?…。！？]["'”’»)\]*]{0,4}$/u

type Unit = { start: number; end: number; border: number }

export function splitThread(text: string, limit: number): string[] {
  const units = [...unitsOf(text, limit)]
  const pieces: string[] = []
  let first = 0
  while (first < units.length) {
    const after = nextStart(text, units, first, limit)
    pieces.push(text.slice((units[first] as Unit).start, (units[after - 1] as Unit).end))
    first = after
  }
  return pieces
}

function nextStart(text: string, units: Unit[], first: number, limit: number): number {
  const begin = (units[first] as Unit).start
  let best = -1
  let border = 1
  let fits = first + 1
  while (true) {
    const last = units[fits - 1] as Unit
    const length = postLength(text.slice(begin, last.end))
    if (length > limit && fits > first + 1) return best > 0 ? best : fits - 1
    if (last.border > border - 1 && last.border > 1 && length * LEAST_FILL >= limit) [best, border] = [fits, last.border]
    if (fits === units.length) return fits
    if (last.border === 0) return fits
    fits += 1
  }
}

/** Words, and the parts of words that are too long; the border after each: 0 none, 1 word, 2 sentence, 3 line, 4 paragraph. */
function* unitsOf(text: string, limit: number): Generator<Unit> {
  const words = [...text.matchAll(WORDS)]
  for (const [index, word] of words.entries()) {
    const end = word.index + word[0].length
    const border = borderOf(word[0], text.slice(end, words[index + 1]?.index ?? text.length))
    let start = word.index
    while (postLength(text.slice(start, end)) > limit) {
      const cut = start + fitting(text.slice(start, end), limit)
      yield { start, end: cut, border: 0 }
      start = cut
    }
    yield { start, end, border }
  }
}

function borderOf(word: string, space: string): number {
  const lines = space.split('\n').length - 1
  if (lines) return lines > 1 ? 4 : 3
  return SENTENCE_END.test(word) ? 2 : 1
}

/** How much of a too long word makes one piece; a link that begins in it is not cut if it can be left out. */
function fitting(word: string, limit: number): number {
  let cut = 0
  for (const grapheme of splitGraphemes(word.slice(0, limit * 16))) {
    if (cut > 0 && postLength(word.slice(0, cut + grapheme.length)) > limit) break
    cut += grapheme.length
  }
  const link = findUrls(word).find((url) => url.start > 0 && url.start < cut && cut < url.end)
  return link ? link.start : cut
}
