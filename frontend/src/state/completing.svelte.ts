// Completion while writing: finds the word at the caret, asks for what it may become a moment later, and keeps only the
// answer to the last question.

import { get } from '../lib/api'
import { rankAccounts, rankEmojis, rankTags, tokenAt, type Token } from '../lib/completion'
import type { Account, Emoji, SearchResults } from '../lib/entities'

export interface Choice {
  key: string
  label: string
  /** What is put in the text. */
  text: string
  account?: Account
  url?: string
  sign?: string
}

const ASK_AFTER_MS = 120
const MOST = 6

let own: Promise<readonly Emoji[]> | null = null
const common = () => import('../lib/emoji-list').then((list) => list.named())

/** The community's emojis, asked once. */
export function ownEmojis(): Promise<readonly Emoji[]> {
  own ??= get<Emoji[]>('/api/v1/custom_emojis').catch(() => {
    own = null
    return []
  })
  return own
}

export class Completing {
  choices = $state.raw<readonly Choice[]>([])
  at = $state(0)
  token: Token | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #asked: AbortController | null = null
  #answered = ''

  look(text: string, caret: number, near: string | undefined): void {
    const token = tokenAt(text, caret)
    if (!token) return this.close()
    const question = `${token.kind} ${token.word}`
    this.token = token
    if (question === this.#answered && this.choices.length) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask(token, question, near), ASK_AFTER_MS)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#asked?.abort()
    this.#answered = ''
    this.token = null
    if (this.choices.length) this.choices = []
  }

  async #ask(token: Token, question: string, near: string | undefined): Promise<void> {
    this.#asked?.abort()
    const asked = new AbortController()
    this.#asked = asked
    const found = await find(token, asked.signal, near).catch(() => [])
    if (asked.signal.aborted || this.token?.start !== token.start) return
    this.#answered = question
    this.at = 0
    this.choices = found
  }
}

function find(token: Token, signal: AbortSignal, near: string | undefined): Promise<Choice[]> {
  if (token.kind === 'mention') return findPeople(token.word, signal, near)
  return token.kind === 'tag' ? findTags(token.word, signal) : findEmojis(token.word)
}

async function findPeople(word: string, signal: AbortSignal, near: string | undefined): Promise<Choice[]> {
  const found = await get<Account[]>('/api/v1/accounts/search', { q: word, limit: 10, resolve: false }, signal)
  const close = new Set(found.filter((account) => account.acct === near).map((account) => account.id))
  return rankAccounts(found, word, close)
    .slice(0, MOST)
    .map((account) => ({ key: account.id, label: account.display_name || account.username, text: `@${account.acct}`, account }))
}

async function findTags(word: string, signal: AbortSignal): Promise<Choice[]> {
  const found = await get<SearchResults>('/api/v2/search', { q: word, type: 'hashtags', limit: 10 }, signal)
  const names = rankTags(found.hashtags.map((tag) => tag.name), word, MOST)
  return names.map((name) => ({ key: name, label: `#${name}`, text: `#${name}` }))
}

async function findEmojis(word: string): Promise<Choice[]> {
  const [mine, all] = await Promise.all([ownEmojis(), common()])
  return rankEmojis(mine, all, word, MOST).map((choice) => ({
    key: choice.text,
    label: `:${choice.code}:`,
    text: choice.text,
    ...(choice.url === null ? { sign: choice.text } : { url: choice.url }),
  }))
}
