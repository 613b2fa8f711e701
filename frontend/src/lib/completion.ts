// Completion of @names, #tags and :emojis: at the caret, in any script. Only finding, ranking and inserting: asking the
// server and showing is the composer's. While an input method composes, the composer does not ask.

import type { Account, Emoji } from './entities'

export type Token = {
  kind: 'mention' | 'tag' | 'emoji'
  /** What was typed after the sign. */
  word: string
  /** From the sign to the end of the word, the part after the caret included. */
  start: number
  end: number
}

const LONGEST = 80
const WORD = /[\p{L}\p{M}\p{N}_]/u
const BEFORE: Record<Token['kind'], RegExp> = {
  mention: /(?<![\p{L}\p{M}\p{N}_/@])@(?<word>[\p{L}\p{M}\p{N}_.\-]*(?:@[\p{L}\p{M}\p{N}.\-:]*)?)$/u,
  tag: /(?<![\p{L}\p{M}\p{N}_/&#＃])[#＃](?<word>[\p{L}\p{M}\p{N}_·・]*)$/u,
  emoji: /(?<![\p{L}\p{M}\p{N}_:/]):(?<word>[\p{L}\p{M}\p{N}_+\-]*)$/u,
}
/** With one letter after a colon people write times and faces. */
const LEAST: Record<Token['kind'], number> = { mention: 1, tag: 1, emoji: 2 }

export function tokenAt(text: string, caret: number): Token | null {
  const from = Math.max(0, caret - LONGEST)
  const before = text.slice(from, caret)
  for (const kind of ['mention', 'tag', 'emoji'] as const) {
    const found = BEFORE[kind].exec(before)
    const word = found?.groups?.word
    if (!found || word === undefined || [...word].length < LEAST[kind]) continue
    let end = caret
    while (end < text.length && WORD.test(text[end] as string)) end += 1
    // In the middle of another word the person is not completing this one.
    if (end > caret && kind === 'emoji') continue
    return { kind, word, start: from + found.index, end }
  }
  return null
}

/** The text with the chosen word in the token's place, and where the caret goes. A space follows unless one is there. */
export function insert(text: string, token: Token, chosen: string): { text: string; caret: number } {
  const rest = text.slice(token.end)
  const gap = /^\s/.test(rest) ? '' : ' '
  const caret = token.start + chosen.length + 1
  return { text: text.slice(0, token.start) + chosen + gap + rest, caret }
}

/** Without case and marks, so that `ngoc` finds Ngọc; Hangul stays whole. */
export function folded(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[đĐ]/g, 'd')
    .normalize('NFC')
    .toLowerCase()
}

/** Best first: those in the conversation, then names that begin so, then handles, then the server's order. */
export function rankAccounts(accounts: readonly Account[], word: string, near: ReadonlySet<string> = new Set()): Account[] {
  const sought = folded(word)
  const score = (account: Account): number => {
    const [handle, name] = [folded(account.acct), folded(account.display_name)]
    const begins = handle.startsWith(sought) || name.split(/\s+/).some((part) => part.startsWith(sought)) || name.startsWith(sought)
    const inside = handle.includes(sought) || name.includes(sought)
    return (near.has(account.id) ? 4 : 0) + (handle === sought ? 8 : 0) + (begins ? 2 : inside ? 1 : 0)
  }
  return ranked(accounts, score)
}

export type EmojiChoice = { code: string; text: string; url: string | null }

/** The community's own emojis and those of Unicode by name: whole words first, the shorter before the longer. */
export function rankEmojis(own: readonly Emoji[], common: readonly [text: string, names: string][], word: string, most = 8): EmojiChoice[] {
  const sought = folded(word)
  const found: { choice: EmojiChoice; score: number }[] = []
  const add = (choice: EmojiChoice, names: string[], bonus: number): void => {
    let best = 0
    for (const name of names) {
      const one = folded(name)
      best = Math.max(best, one === sought ? 6 : one.startsWith(sought) ? 4 - Math.min(one.length, 40) / 40 : one.includes(sought) ? 1 : 0)
    }
    if (best > 0) found.push({ choice, score: best + bonus })
  }
  for (const emoji of own) {
    if (!emoji.visible_in_picker) continue
    const choice = { code: emoji.shortcode, text: `:${emoji.shortcode}:`, url: emoji.static_url }
    add(choice, [emoji.shortcode, ...emoji.shortcode.split('_')], 0.5)
  }
  for (const [text, names] of common) add({ code: names.split(' ')[0] ?? '', text, url: null }, names.split(' '), 0)
  found.sort((a, b) => b.score - a.score)
  return found.slice(0, most).map((one) => one.choice)
}

/** Tags once each whatever their case; those that begin with the word first. */
export function rankTags(names: readonly string[], word: string, most = 6): string[] {
  const sought = folded(word)
  const seen = new Map<string, string>()
  for (const name of names) if (!seen.has(name.toLowerCase())) seen.set(name.toLowerCase(), name)
  const all = [...seen.values()].filter((name) => folded(name).includes(sought))
  return ranked(all, (name) => (folded(name).startsWith(sought) ? 1 : 0)).slice(0, most)
}

function ranked<T>(list: readonly T[], score: (one: T) => number): T[] {
  const scored = list.map((one, index) => ({ one, index, score: score(one) }))
  return scored.sort((a, b) => b.score - a.score || a.index - b.index).map((entry) => entry.one)
}
