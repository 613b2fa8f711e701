// How long a text is for a reader, as the server counts it (`weft/kernel/text/length.py`): graphemes, a link 23, of a
// remote mention only its `@user`. Counting goes line by line and remembers lines, so a key costs one line.

import { findMentions, findUrls } from './spans'

export const URL_LENGTH = 23
const CODE_POINTS_PER_GRAPHEME = 16
const REMEMBERED = 400

// Every character of these blocks is one grapheme whatever its neighbours are. CR is left out: CRLF is one.
const ALL_SINGLE =
  /^[\x00-\x0c\x0e-\u02ff\u1e00-\u1eff\u2010-\u2027\u3001-\u3029\u3041-\u3096\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]*$/
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })

export type Counted = { graphemes: number; points: number }
const known = new Map<string, Counted>()

/** What a reader sees as characters. */
export function graphemes(text: string): number {
  if (ALL_SINGLE.test(text)) return text.length
  let count = 0
  for (const _ of segmenter.segment(text)) count += 1
  return count
}

/** The characters of a text, one by one. */
export function splitGraphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), (part) => part.segment)
}

/** The longest beginning of a text with at most `limit` characters. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text
  let left = limit
  for (const part of segmenter.segment(text)) if (left-- <= 0) return text.slice(0, part.index)
  return text
}

/** The text as the server stores it: LF line ends, no controls but LF and TAB. */
export function cleanText(text: string): string {
  return (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text).replace(CONTROLS, '')
}

/** Length against the limit of a post. 16 code points count at least one, as on the server. */
export function postLength(text: string): number {
  let count = 0
  let points = 0
  let lines = 0
  for (const line of text.split('\n')) {
    const one = lineLength(line)
    count += one.graphemes
    points += one.points
    lines += 1
  }
  return Math.max(count + lines - 1, Math.ceil((points + lines - 1) / CODE_POINTS_PER_GRAPHEME))
}

/** No link, mention or character but CRLF spans two lines, so each line is counted by itself and remembered. */
function lineLength(line: string): Counted {
  const found = known.get(line)
  if (found) return found
  const short = countedForm(line)
  const counted = { graphemes: graphemes(short), points: codePoints(short) }
  if (known.size >= REMEMBERED) known.clear()
  known.set(line, counted)
  return counted
}

function countedForm(line: string): string {
  if (!line.includes('://') && !line.includes('@')) return line
  const urls = findUrls(line)
  const spans = urls.map((url) => ({ start: url.start, end: url.end, as: 'x'.repeat(URL_LENGTH) }))
  for (const name of findMentions(line, urls)) {
    if (name.host !== null) spans.push({ start: name.start, end: name.end, as: `@${name.user}` })
  }
  spans.sort((a, b) => a.start - b.start)
  let out = ''
  let at = 0
  for (const span of spans) {
    out += line.slice(at, span.start) + span.as
    at = span.end
  }
  return out + line.slice(at)
}

function codePoints(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length - 1; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(at + 1)
      if (next >= 0xdc00 && next < 0xe000) {
        count -= 1
        at += 1
      }
    }
  }
  return count
}
