// The drafts and the posts on their way of who is signed in, as the screens show them, and the sender. Loaded after the
// first screen: `state/sender.ts` starts it.

import { tick } from 'svelte'
import { ApiError, send } from '../lib/api'
import { tidied, type Draft, type DraftMedia } from '../lib/draft'
import { listDrafts } from '../lib/drafts'
import type { Status } from '../lib/entities'
import { postPath } from '../lib/handles'
import { lockFor } from '../lib/locks'
import { NoAnswer, type Answer, type Net } from '../lib/net'
import { shownStatus } from '../lib/optimistic'
import { Outbox } from '../lib/outbox'
import { Shelf, type Kept } from '../lib/shelf'
import { feeds, type Feed } from './feed.svelte'
import { t, texts } from './language.svelte'
import { posts } from './posts.svelte'
import { session } from './session.svelte'
import { threads } from './threads.svelte'
import { router } from './router.svelte'
import { toasts } from './toasts.svelte'

const HOME = '/api/v1/timelines/home'

export const net: Net = {
  account: () => (session.changed ? null : (session.account?.id ?? null)),
  online: () => navigator.onLine,
  async request(method, path, { json, form, key } = {}) {
    try {
      const body = form ?? json
      const response = await send(method, path, { ...(body !== undefined && { body }), ...(key !== undefined && { key }) })
      const date = Date.parse(response.headers.get('date') ?? '')
      return { status: response.status, body: (await response.json()) as unknown, retryAfter: null, date: date || null }
    } catch (error) {
      return refused(error)
    }
  },
}

function refused(error: unknown): Answer {
  // An answer that broke off halfway is none.
  if (!(error instanceof ApiError) || error.problem === 'offline') throw new NoAnswer('no answer')
  return { status: error.status, body: { error: error.message }, retryAfter: error.retryAfter || null, date: null }
}

export const shelf = new Shelf()

/** What is out, and its first post; null for one that goes out at its time. */
export interface Out {
  kept: Kept
  status: Status | null
}

class Sender {
  drafts = $state.raw<readonly Draft[]>([])
  /** What is not out and not just being sent: shown as "Waiting to send". */
  waiting = $state.raw<readonly Kept[]>([])
  /** What went out while it was shown as waiting: its row stays and says so, for nothing moves by itself under a reader. */
  out = $state.raw<readonly Out[]>([])
  /** False until it was read for the first time. */
  ready = $state(false)
  readonly outbox = new Outbox(shelf, net, lockFor(shelf), {
    onPart: (kept, index, status) => this.#isOut(kept, index, status as Status | null),
    onSent: (kept) => this.#allOut(kept),
    reason: (answer, draft) => (answer.status === 404 && (draft.replyTo || draft.quote) ? t('composer.gone') : null),
    onReturned: (draft) => void this.#returned(draft),
  })
  #started = false
  #addresses = new Map<string, string>()
  #answers = new Map<string, Status>()

  start(): void {
    if (this.#started || !session.account) return
    this.#started = true
    void texts.need('composer')
    shelf.onChange(() => void this.read())
    addEventListener('online', () => void this.outbox.wake())
    addEventListener('offline', () => void this.read())
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void this.outbox.run())
    void this.read().then(() => this.outbox.run())
  }

  async read(): Promise<void> {
    const account = session.account?.id
    if (account === undefined) return
    this.drafts = await listDrafts(shelf, account)
    const kept = await this.outbox.list(account)
    const shown = new Set(this.waiting.map((one) => one.id))
    // What was shown as waiting stays until it is out, so that the post takes its place.
    const waits = (sending: Kept['sending']) => (sending?.tries ?? 0) > 0 || sending?.state !== 'waiting' || !navigator.onLine
    this.waiting = kept.filter(({ id, sending }) => shown.has(id) || (sending?.state !== 'sending' && waits(sending)))
    this.#hide(this.waiting)
    this.ready = true
  }

  /** "Post" was pressed: it is shown, kept as soon as what was being saved of it is, and sent. */
  async post(draft: Draft, saved: Promise<void>): Promise<void> {
    const online = navigator.onLine
    if (online) this.#show(tidied(draft))
    try {
      await saved
      await this.outbox.queue(draft)
    } catch {
      // The browser keeps nothing of it: it goes back to where it was written.
      for (const part of draft.parts) feeds.drop(`sending-${part.key}`)
      const { openComposer } = await import('./composer.svelte')
      await tick()
      toasts.problem(t('composer.failed'))
      return openComposer({ draft })
    }
    if (!online) toasts.say(t('composer.waits'))
    await this.read()
    void this.outbox.run()
  }

  /** A cancelled post waits again. */
  async restore(kept: Kept): Promise<void> {
    await shelf.change(kept.id, (now) => (now ? undefined : kept))
    void this.outbox.run()
  }

  /** In home and in its thread at once, until the server's answer takes its place. */
  #show(draft: Draft): void {
    const account = session.account
    if (!account || draft.scheduledAt !== null) return
    const known = { addressOf: (media: DraftMedia) => this.#addressOf(media), quoted: posts.find(draft.quote?.id ?? '')?.status ?? null }
    const shown = draft.parts.map((_, index) => shownStatus(draft, index, account, new Date(), known))
    for (const status of shown) threads.add(status)
    const first = shown[0]
    if (first && draft.visibility !== 'direct') for (const feed of homes()) feed.prepend(first)
  }

  #hide(kept: readonly Kept[]): void {
    for (const part of kept.flatMap((one) => one.draft.parts)) {
      const id = `sending-${part.key}`
      if (posts.find(id)) feeds.drop(id)
    }
  }

  #isOut(kept: Kept, index: number, status: Status | null): void {
    if (!status || kept.draft.scheduledAt !== null) return
    this.#answers.set(`${kept.id} ${index}`, status)
    const part = kept.draft.parts[index]
    const shown = `sending-${part?.key}`
    const atTop = index === 0 && status.visibility !== 'direct'
    for (const feed of homes()) {
      if (!this.#isWaiting(kept)) put(feed, shown, status, atTop)
      else if (atTop) feed.receive(status)
    }
    posts.drop(shown)
    threads.add(status)
    if (status.in_reply_to_id !== null) countReply(status.in_reply_to_id)
    for (const media of part?.media ?? []) this.#forget(media.key)
  }

  #allOut(kept: Kept): void {
    const status = this.#answers.get(`${kept.id} 0`)
    kept.draft.parts.forEach((_, index) => this.#answers.delete(`${kept.id} ${index}`))
    if (this.#isWaiting(kept)) {
      this.waiting = this.waiting.filter((one) => one.id !== kept.id)
      this.out = [...this.out, { kept, status: kept.draft.scheduledAt === null ? (status ?? null) : null }]
    }
    if (kept.draft.scheduledAt !== null) {
      toasts.say(t('composer.scheduled', { at: atTime(kept.draft.scheduledAt) }), { label: t('composer.show'), run: () => void router.go('/scheduled') })
    } else if (status) toasts.say(t('composer.posted'), { label: t('composer.show'), run: () => void router.go(postPath(status)) })
    else toasts.say(t('composer.posted'))
  }

  async #returned(draft: Draft): Promise<void> {
    for (const part of draft.parts) feeds.drop(`sending-${part.key}`)
    await this.read()
    const { openComposer } = await import('./composer.svelte')
    toasts.problem(draft.reason ?? t('composer.failed'), { label: t('composer.edit_again'), run: () => void openComposer({ draft }) })
    dispatchEvent(new CustomEvent('weft:returned', { detail: draft }))
  }

  #isWaiting(kept: Kept): boolean {
    return this.waiting.some((one) => one.id === kept.id)
  }

  #addressOf(media: DraftMedia): string {
    if (!media.blob) return media.preview ?? ''
    const known = this.#addresses.get(media.key) ?? URL.createObjectURL(media.blob)
    this.#addresses.set(media.key, known)
    return known
  }

  #forget(key: string): void {
    const address = this.#addresses.get(key)
    this.#addresses.delete(key)
    // The picture may still be on the screen for a frame.
    if (address) setTimeout(() => URL.revokeObjectURL(address), 10_000)
  }
}

/** Whether home shows a post that went out; until then it is among the new ones. */
export const isShown = ({ status }: Out) => status !== null && homes().some((feed) => feed.items.some((item) => item.id === status.id))

export const atTime = (scheduledAt: string) => new Intl.DateTimeFormat(texts.language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(scheduledAt))

const homes = () => feeds.kept(HOME)

/** The server's answer in the place of what was shown meanwhile, else at the top. The stream may have brought it first. */
function put(feed: Feed, shown: string, status: Status, atTop: boolean): void {
  const isShown = feed.items.some((item) => item.id === shown)
  if (!isShown && (!atTop || feed.items.some((item) => item.id === status.id))) return
  feed.drop(status.id)
  const place = isShown ? shown : `sent-${status.id}`
  if (!isShown) feed.prepend({ ...status, id: place })
  feed.replace(place, status)
}

function countReply(id: string): void {
  const cell = posts.find(id)
  cell?.change({ replies_count: cell.status.replies_count + 1 })
}

export const sender = new Sender()
