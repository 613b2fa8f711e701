// Posts on their way. "Post" puts the draft here, with one idempotency key a part, before anything is sent; so it
// survives a crash, waits while there is no network, and goes out once. See docs/decisions (offline outbox).

import { newKey, requestOf, tidied, type Draft, type MaybeSent } from './draft'
import { NoAnswer, reasonOf, type Answer, type Net } from './net'
import { lookFor } from './recheck'
import type { Lock } from './locks'
import type { Kept, Sending, Shelf } from './shelf'
import { uploadPart } from './uploads'

/** The server forgets a key after sixty minutes; from here on it is asked before a part is sent again. */
export const KEY_IS_SURE_MS = 55 * 60_000
const TRY_AGAIN_MS = [2_000, 5_000, 15_000, 30_000, 60_000]
const MOST_TRIES = 8
/** Answers that say nothing about the post itself: later it may pass. */
const PASSING = new Set([408, 409, 425, 429])

export type OutboxEvents = {
  /** A part is out; `status` is the server's answer. */
  onPart?(kept: Kept, index: number, status: unknown): void
  /** All parts are out. */
  onSent?(kept: Kept): void
  /** A refusal in words; the server's own where there is nothing better. */
  reason?(answer: Answer, draft: Draft): string | null
  /** It is a draft again, and `reason` says why. */
  onReturned?(draft: Draft): void
}

type Step = 'next' | 'wait' | 'over'

export class Outbox {
  #running: Promise<void> | null = null
  #again = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly shelf: Shelf,
    private readonly net: Net,
    private readonly lock: Lock,
    private readonly events: OutboxEvents = {},
    private readonly now: () => number = Date.now,
  ) {}

  /** What waits, the oldest first. */
  async list(account: string): Promise<Kept[]> {
    const kept = await this.shelf.all(account)
    return kept.filter((one) => one.sending !== null).sort((a, b) => queuedAt(a) - queuedAt(b))
  }

  /** Takes a draft on its way. Nothing is sent before it is kept. */
  async queue(draft: Draft): Promise<Kept> {
    const ready = { ...tidied(draft), reason: null }
    const now = this.now()
    const record: Kept = { id: ready.id, account: ready.account, updatedAt: now, draft: ready, sending: newSending(ready, now) }
    // Pressed twice, or in two tabs: the first press counts.
    const kept = await this.shelf.change(ready.id, (before) => (before?.sending ? undefined : record))
    return kept ?? record
  }

  /** Makes a waiting post a draft again; undefined if it is being sent or gone. */
  async takeBack(id: string, reason: string | null = null): Promise<Draft | undefined> {
    let taken: Draft | undefined
    await this.shelf.change(id, (kept) => {
      taken = undefined
      if (!kept?.sending || (kept.sending.state === 'sending' && reason === null)) return undefined
      taken = draftOf(kept, reason, this.now())
      return { ...kept, draft: taken, sending: null, updatedAt: this.now() }
    })
    return taken
  }

  /** Drops what is not out yet; false if it is being sent. */
  async cancel(id: string): Promise<boolean> {
    let done = false
    await this.shelf.change(id, (kept) => {
      done = kept?.sending != null && kept.sending.state !== 'sending'
      return done ? null : undefined
    })
    return done
  }

  /** The person says what the found post means: it is this one, or this one shall go out all the same. */
  async answer(id: string, isThisOne: boolean): Promise<void> {
    await this.shelf.change(id, (kept) => {
      if (kept?.sending?.state !== 'asking') return undefined
      const sending = { ...kept.sending, state: 'waiting' as const, found: null, reason: null, notBefore: 0 }
      const index = sending.results.indexOf(null)
      if (isThisOne && kept.sending.found !== null) sending.results = replaced(sending.results, index, kept.sending.found)
      else {
        // A new key: under the old one the server would only name the old post.
        sending.attempted = replaced(sending.attempted, index, null)
        sending.keys = replaced(sending.keys, index, newKey())
      }
      return { ...kept, draft: { ...kept.draft, maybeSent: null }, sending }
    })
    await this.run()
  }

  /** "Try again" pressed, or the network is back: waiting times are over. */
  async wake(): Promise<void> {
    const account = this.net.account()
    if (account === null) return
    for (const kept of await this.list(account)) {
      if (kept.sending?.state === 'waiting' || kept.sending?.state === 'stopped') {
        await this.#update(kept.id, { state: 'waiting', notBefore: 0, reason: null })
      }
    }
    await this.run()
  }

  /** Sends what waits, in order, in one tab at a time. Called again while it runs, it looks once more at its end. */
  run(): Promise<void> {
    this.#again = true
    this.#running ??= this.#runAll().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  async #runAll(): Promise<void> {
    clearTimeout(this.#timer)
    const account = this.net.account()
    if (account === null) return
    while (this.#again) {
      this.#again = false
      await this.lock(`weft-outbox-${account}`, () => this.#sendAll(account))
    }
  }

  async #sendAll(account: string): Promise<void> {
    const waiting = await this.list(account)
    for (const kept of waiting) {
      // The lock is ours, so whoever was sending this is gone.
      if (kept.sending?.state === 'sending') await this.#update(kept.id, { state: 'waiting' })
    }
    for (const { id } of waiting) {
      if (this.net.account() !== account || !this.net.online()) return
      const kept = await this.shelf.get(id)
      if (!kept?.sending || kept.sending.state === 'stopped' || kept.sending.state === 'asking') continue
      if (kept.sending.notBefore > this.now()) return this.#later(kept.sending.notBefore)
      if ((await this.#send(kept)) === 'wait') return
    }
  }

  /** Sends the parts that are not out. */
  async #send(first: Kept): Promise<Step> {
    let kept = await this.#update(first.id, { state: 'sending', reason: null })
    try {
      while (kept?.sending) {
        const index = kept.sending.results.indexOf(null)
        if (index < 0) return await this.#finish(kept)
        const step = await this.#sendPart(kept, index)
        if (step !== 'next') return step
        kept = await this.shelf.get(first.id)
      }
      return 'over'
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      return await this.#postpone(first.id, null)
    }
  }

  async #sendPart(kept: Kept, index: number): Promise<Step> {
    const uploaded = await uploadPart(this.shelf, this.net, kept, index, this.now())
    if (uploaded.refused) return await this.#refused(kept.id, uploaded.refused)
    const ready = uploaded.kept
    if (!ready.sending) return 'over'
    const checked = await this.#check(ready, index)
    if (checked !== 'send') return checked
    const sending = await this.#noteAttempt(ready.id, index)
    if (!sending) return 'over'
    const body = requestOf(ready.draft, index, parentOf(ready, index))
    const answer = await this.net.request('POST', '/api/v1/statuses', { json: body, key: sending.keys[index] })
    if (answer.status >= 200 && answer.status < 300) return await this.#partIsOut(ready.id, index, answer.body)
    return await this.#refused(ready.id, answer)
  }

  /** Before a part is sent whose earlier form may lie on the server, and whose key is no longer sure. */
  async #check(kept: Kept, index: number): Promise<Step | 'send'> {
    const sending = kept.sending as Sending
    const at = sending.attempted[index] ?? null
    const age = at === null ? 0 : this.now() - at
    const own = at !== null && (age < 0 || age > KEY_IS_SURE_MS) ? soughtOf(kept, index, at) : null
    const sought = own ?? (index === 0 ? kept.draft.maybeSent : null)
    if (sought === null) return 'send'
    const found = await lookFor(this.net, kept.account, sought, this.now())
    if (found.kind === 'absent') {
      await this.#forgetAttempt(kept.id, index)
      return 'send'
    }
    if (found.kind === 'found' && own !== null) return await this.#partIsOut(kept.id, index, null, found.id)
    await this.#update(kept.id, { state: 'asking', found: found.id })
    return 'over'
  }

  async #noteAttempt(id: string, index: number): Promise<Sending | null> {
    const kept = await this.shelf.change(id, (now) => {
      if (now?.sending?.state !== 'sending') return undefined
      const attempted = replaced(now.sending.attempted, index, now.sending.attempted[index] ?? this.now())
      return { ...now, sending: { ...now.sending, attempted } }
    })
    return kept?.sending?.state === 'sending' ? kept.sending : null
  }

  async #forgetAttempt(id: string, index: number): Promise<void> {
    await this.shelf.change(id, (kept) =>
      kept?.sending
        ? {
            ...kept,
            draft: { ...kept.draft, maybeSent: null },
            sending: { ...kept.sending, attempted: replaced(kept.sending.attempted, index, null) },
          }
        : undefined,
    )
  }

  async #partIsOut(id: string, index: number, status: unknown, foundId?: string): Promise<Step> {
    const statusId = foundId ?? String((status as { id: unknown }).id)
    const kept = await this.shelf.change(id, (before) =>
      before?.sending
        ? { ...before, sending: { ...before.sending, results: replaced(before.sending.results, index, statusId), tries: 0 } }
        : undefined,
    )
    if (kept) this.events.onPart?.(kept, index, status)
    return 'next'
  }

  async #finish(kept: Kept): Promise<Step> {
    await this.shelf.change(kept.id, () => null)
    this.events.onSent?.(kept)
    return 'over'
  }

  async #refused(id: string, answer: Answer): Promise<Step> {
    if (answer.status >= 500 || PASSING.has(answer.status)) return await this.#postpone(id, answer)
    const kept = await this.shelf.get(id)
    if (answer.status === 401) {
      // It goes out once somebody is signed in again: nothing of it has to be pressed then.
      await this.#update(id, { state: 'waiting', tries: (kept?.sending?.tries ?? 0) + 1 })
      return 'wait'
    }
    const words = kept && this.events.reason?.(answer, kept.draft)
    const draft = await this.takeBack(id, words ?? reasonOf(answer))
    if (draft) {
      // It was answered: nothing of this part lies on the server.
      const clear = { ...draft, maybeSent: null }
      await this.shelf.change(id, (kept) => (kept && !kept.sending ? { ...kept, draft: clear } : undefined))
      this.events.onReturned?.(clear)
    }
    return 'over'
  }

  async #postpone(id: string, answer: Answer | null): Promise<Step> {
    const kept = await this.shelf.get(id)
    const tries = kept?.sending?.tries ?? 0
    const wait = answer?.retryAfter ? answer.retryAfter * 1000 : (TRY_AGAIN_MS[Math.min(tries, TRY_AGAIN_MS.length - 1)] as number)
    const notBefore = this.now() + wait
    const reason = answer === null ? null : reasonOf(answer)
    if (answer !== null && answer.status >= 500 && tries >= MOST_TRIES) {
      // The others shall not wait behind one that the server cannot take.
      await this.#update(id, { state: 'stopped', tries: 0, reason })
      return 'over'
    }
    await this.#update(id, { state: 'waiting', tries: tries + 1, notBefore, reason })
    this.#later(notBefore)
    return 'wait'
  }

  #later(at: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.run(), Math.max(0, at - this.now()) + 50)
  }

  #update(id: string, values: Partial<Sending>): Promise<Kept | undefined> {
    return this.shelf.change(id, (kept) => (kept?.sending ? { ...kept, sending: { ...kept.sending, ...values } } : undefined))
  }
}

const queuedAt = (kept: Kept): number => kept.sending?.queuedAt ?? 0

const replaced = <T>(list: T[], at: number, value: T): T[] => list.map((one, index) => (index === at ? value : one))

function newSending(draft: Draft, now: number): Sending {
  return {
    queuedAt: now,
    state: 'waiting',
    keys: draft.parts.map(() => newKey()),
    attempted: draft.parts.map(() => null),
    results: draft.parts.map(() => null),
    tries: 0,
    notBefore: 0,
    reason: null,
    found: null,
  }
}

/** A part answers the one before it; the first one what the draft answers. */
const parentOf = (kept: Kept, index: number): string | null =>
  index > 0 ? (kept.sending?.results[index - 1] ?? null) : (kept.draft.replyTo?.id ?? null)

function soughtOf(kept: Kept, index: number, at: number): MaybeSent {
  const part = kept.draft.parts[index]
  return {
    at,
    text: part?.text ?? '',
    replyTo: parentOf(kept, index),
    media: part?.media.length ?? 0,
    scheduledAt: kept.draft.scheduledAt,
  }
}

/** The draft of what is not out: the rest of a thread answers its last part that is. */
function draftOf(kept: Kept, reason: string | null, now: number): Draft {
  const { draft, sending } = kept
  const out = sending?.results.filter((id) => id !== null).length ?? 0
  const at = sending?.attempted[out] ?? null
  const maybeSent = at === null ? draft.maybeSent : soughtOf(kept, out, at)
  const rest = { ...draft, reason, maybeSent, updatedAt: now }
  if (out === 0 || !sending) return rest
  const last = draft.parts[out - 1]
  const own = { handle: '', name: '', avatar: '', visibility: draft.visibility }
  return {
    ...rest,
    parts: draft.parts.slice(out),
    quote: null,
    replyTo: { ...own, id: sending.results[out - 1] as string, excerpt: last?.text.slice(0, 200) ?? '' },
  }
}
