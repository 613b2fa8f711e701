// Direct posts shown as messages: without the mentions that address them, in groups by day and by person.

import type { Account, Status } from './entities'

const MENTION = /<span class="h-card"[^>]*><a [^>]*>@<span>[^<]*<\/span><\/a><\/span>/.source
const LEADING = new RegExp(`^(<p>)\\s*(?:${MENTION}\\s*(?:<br\\s*/?>)?\\s*)+`)
const NOTED = /^<p>&gt; ((?:(?!<br|<\/p>).)*)<br\s*\/?>/
const INVISIBLE = /<span class="invisible">[^<]*<\/span>/g
const EMPTY = /^(?:<p>(?:\s|<br\s*\/?>)*<\/p>)*$/
const NAMED: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&#x27;': "'", '&#34;': '"', '&nbsp;': ' ' }

export interface Message {
  /** HTML that the server made; empty where the message is only a picture. */
  html: string
  /** The note that it answers. */
  noted: string
}

/** A post's content without the note that it answers and the names that it is addressed to. */
export function asMessage(content: string): Message {
  const found = NOTED.exec(content)
  const noted = found ? plain(found[1] ?? '') : ''
  const rest = found ? `<p>${content.slice(found[0].length)}` : content
  const html = rest.replace(LEADING, '$1')
  return { html: EMPTY.test(html) ? '' : html, noted }
}

/** The words of HTML that the server made. */
export function plain(html: string): string {
  return html
    .replace(INVISIBLE, '')
    .replace(/<\/p>\s*<p>|<br\s*\/?>/g, ' ')
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:amp|lt|gt|quot|nbsp|#39|#x27|#34);/g, (entity) => NAMED[entity] ?? entity)
    .replace(/\u2060/g, '')
    .trim()
}

/** The text as it is posted: it must name everybody who is to read it. */
export function addressed(text: string, people: readonly Pick<Account, 'acct'>[]): string {
  const named = people.filter(({ acct }) => !new RegExp(`(^|[^\\w@/])@${escape(acct)}(?![\\w.@-]*\\w)`, 'i').test(text))
  return [...named.map(({ acct }) => `@${acct}`), text].join(' ').trim()
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Ids grow with time; as text the longer one is the newer. */
export const isNewer = (id: string, than: string): boolean => (id.length === than.length ? id > than : id.length > than.length)

export interface Run<T> {
  /** Who wrote these, one after the other. */
  author: string
  items: T[]
}

export interface Day<T> {
  key: string
  at: Date
  runs: Run<T>[]
}

const PAUSE_MS = 10 * 60_000

/** Oldest first: by the reader's days, then by whoever wrote several within a few minutes. */
export function byDay<T>(items: readonly T[], read: (item: T) => Pick<Status, 'created_at'> & { account: Pick<Account, 'id'> }): Day<T>[] {
  const days: Day<T>[] = []
  let last = 0
  for (const item of items) {
    const { created_at, account } = read(item)
    const at = new Date(created_at)
    const key = `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`
    let day = days.at(-1)
    if (day?.key !== key) days.push((day = { key, at, runs: [] }))
    const run = day.runs.at(-1)
    if (run?.author === account.id && at.getTime() - last < PAUSE_MS) run.items.push(item)
    else day.runs.push({ author: account.id, items: [item] })
    last = at.getTime()
  }
  return days
}

/** How far a day lies behind the reader's own: 0 today, 1 yesterday. */
export function daysAgo(at: Date, now: number): number {
  const today = new Date(now)
  const from = Date.UTC(at.getFullYear(), at.getMonth(), at.getDate())
  return Math.round((Date.UTC(today.getFullYear(), today.getMonth(), today.getDate()) - from) / 86_400_000)
}
