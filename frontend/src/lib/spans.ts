// Finds links, mentions and tags in plain text by the rules of `weft/kernel/text/entities.py`, so that what the
// composer counts and marks is what the server stores. A change there is a change here; `tests/data/lengths.json`
// holds both to the same numbers.

export type Span = { start: number; end: number; text: string }
export type MentionSpan = Span & { user: string; host: string | null }

const MAX_URL = 2048
const MAX_TAG = 100
const MAX_HANDLE = 320

let atoms = 0
/** What was taken is not given back: JavaScript has no possessive quantifiers, a captured lookahead is the same. */
function atomic(pattern: string): string {
  const name = `a${++atoms}`
  return `(?=(?<${name}>${pattern}))\\k<${name}>`
}

const LABEL = '[\\p{L}\\p{M}\\p{N}_][\\p{L}\\p{M}\\p{N}_\\-]{0,62}'
const port = (): string => atomic('(?::[0-9]{2,5}(?![\\p{L}\\p{N}_]))?')

/** The last label is in one script: in `example.com에서` the host ends before the Korean particle. */
function host(): string {
  const tld =
    `(?:${atomic('xn--[a-z0-9\\-]{1,59}')}|${atomic('[a-z]{2,63}')}(?![0-9_\\-]|\\.[a-z0-9])` +
    `|${atomic('(?:(?![\\x00-\\x7f])[\\p{L}\\p{M}]){1,63}')})`
  const ipv4 = `(?:[0-9]{1,3}\\.){3}${atomic('[0-9]{1,3}')}(?![\\p{L}\\p{N}_\\-]|\\.[a-z0-9])`
  return `(?:${ipv4}|(?:${LABEL}\\.){1,10}${tld}|localhost(?![\\p{L}\\p{N}_.\\-]))`
}

const URL_RULE = new RegExp(
  `(?<![a-z0-9_@])https?://(?<host>${host()}|\\[[0-9a-f:.]{2,45}\\])${port()}(?![@:])` +
    '(?:[\\/?#][^\\s\\p{C}<>"\\\\`「」『』（）《》【】、。]*)?',
  'giu',
)
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d'
const MENTION_RULE = new RegExp(
  `@(?<![${WORD}\\/]@)(?<user>${atomic('[a-z0-9_]+(?:[.\\-][a-z0-9_]+)*')})(?![\\u00c0-\\u024f\\u1e00-\\u1eff])` +
    `(?:@(?<host>(?:${host()}|${atomic('[a-z0-9][a-z0-9\\-]{0,62}')})${port()}))?`,
  'giu',
)
const NAME = '[\\p{L}\\p{M}\\p{N}_]'
const TAG_RULE = new RegExp(`[#＃](?<![${WORD}\\/&][#＃])(?<name>${NAME}+(?:[·・\\u200c\\u200d]+${NAME}+)*)`, 'gu')
const ANY_LETTER = /[\p{L}\p{M}]|[\p{N}]_|_[\p{N}]/u

const TRAILING = new Set('.,;:!?\'*…’”»›')
const CLOSING: Record<string, string> = { ')': '(', ']': '[', '}': '{' }

export function findUrls(text: string): Span[] {
  if (!text.includes('://')) return []
  const found: Span[] = []
  for (const match of text.matchAll(URL_RULE)) {
    const start = match.index
    const least = start + match[0].indexOf('://') + 3 + (match.groups?.host ?? '').length
    const end = trimmedEnd(text, least, start + match[0].length)
    const url = text.slice(start, end)
    if (url.length <= MAX_URL || [...url].length <= MAX_URL) found.push({ start, end, text: url })
  }
  return found
}

/** Without punctuation that belongs to the sentence, and closing brackets that the link does not open. */
function trimmedEnd(text: string, least: number, end: number): number {
  const part = text.slice(least, end)
  const surplus: Record<string, number> = {}
  for (const closing in CLOSING) {
    surplus[closing] = part.split(closing).length - part.split(CLOSING[closing] as string).length
  }
  while (end > least) {
    const last = text[end - 1] as string
    const over = surplus[last]
    if (over !== undefined) {
      if (over <= 0) break
      surplus[last] = over - 1
    } else if (!TRAILING.has(last)) break
    end -= 1
  }
  return end
}

export function findMentions(text: string, urls: Span[] = findUrls(text)): MentionSpan[] {
  if (!text.includes('@')) return []
  const found: MentionSpan[] = []
  for (const match of text.matchAll(MENTION_RULE)) {
    const end = match.index + match[0].length
    if ([...match[0]].length > MAX_HANDLE || inside(urls, match.index, end)) continue
    found.push({ start: match.index, end, text: match[0], user: match.groups?.user ?? '', host: match.groups?.host ?? null })
  }
  return found
}

export function findTags(text: string, urls: Span[] = findUrls(text)): (Span & { name: string })[] {
  if (!/[#＃]/.test(text)) return []
  const found = []
  for (const match of text.matchAll(TAG_RULE)) {
    const end = match.index + match[0].length
    const name = match.groups?.name ?? ''
    if ([...name].length > MAX_TAG || !ANY_LETTER.test(name) || inside(urls, match.index, end)) continue
    found.push({ start: match.index, end, text: match[0], name })
  }
  return found
}

function inside(urls: Span[], start: number, end: number): boolean {
  return urls.some((url) => url.start < end && start < url.end)
}
