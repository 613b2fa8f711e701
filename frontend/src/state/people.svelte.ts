// People and what is between them and whoever is signed in: one tie for each, asked for many at a time. What one does
// shows at once, and is put back with a sentence where the server says no.

import { get, post } from '../lib/api'
import type { Account, Relationship } from '../lib/entities'
import { nameOf } from '../lib/people'
import { t } from './language.svelte'
import { posts } from './posts.svelte'
import { sentenceOf } from './problem'
import { session } from './session.svelte'
import { toasts } from './toasts.svelte'

const AT_ONCE = 40

export class Tie {
  value = $state.raw<Relationship | null>(null)
  /** Something is on its way to the server. */
  busy = $state(false)

  constructor(readonly id: string) {}
}

/** Made outside of whatever asks: a reaction is not told of changes to a state that it made itself. */
function tieOf(id: string): Tie {
  let tie: Tie | undefined
  $effect.root(() => void (tie = new Tie(id)))()
  return tie as unknown as Tie
}

export type Change = Partial<Relationship>

class People {
  #ties = new Map<string, Tie>()
  #accounts = new Map<string, Account>()
  #wanted = new Set<string>()
  #asking: Promise<void> = Promise.resolve()

  /** The tie to an account; it is asked for where nobody did yet. Visitors have none. */
  tie(id: string): Tie {
    let tie = this.#ties.get(id)
    if (!tie) {
      this.#ties.set(id, (tie = tieOf(id)))
      if (session.account && session.account.id !== id) this.#want(id)
    }
    return tie
  }

  /** The tie to an account once it is known, or it is known that nothing is to be known. */
  async settled(id: string): Promise<Relationship | null> {
    const tie = this.tie(id)
    if (tie.value === null) await this.#asking
    return tie.value
  }

  /** Remember an account, so that its profile is there at once. */
  put(account: Account): Account {
    this.#accounts.set(account.acct.toLowerCase(), account)
    return account
  }

  /** The account with this handle as it was seen last. */
  known(acct: string): Account | undefined {
    return this.#accounts.get(acct.toLowerCase()) ?? (session.account?.acct.toLowerCase() === acct.toLowerCase() ? session.account : undefined)
  }

  knownById(id: string): Account | undefined {
    return [...this.#accounts.values()].find((account) => account.id === id)
  }

  async find(acct: string, signal?: AbortSignal): Promise<Account> {
    return this.put(await get<Account>('/api/v1/accounts/lookup', { acct }, signal))
  }

  async load(id: string): Promise<Account> {
    return this.knownById(id) ?? this.put(await get<Account>(`/api/v1/accounts/${id}`))
  }

  /** Do something to an account: shown as `change` at once, then as the server answers. */
  async act(account: Account, name: string, change: Change, body: object = {}): Promise<boolean> {
    const tie = this.tie(account.id)
    if (tie.busy) return false
    const before = tie.value
    if (before) tie.value = { ...before, ...change }
    tie.busy = true
    try {
      tie.value = await post<Relationship>(`/api/v1/accounts/${account.id}/${name}`, body)
      return true
    } catch (error) {
      tie.value = before
      toasts.problem(sentenceOf(error))
      return false
    } finally {
      tie.busy = false
    }
  }

  /** Follow, or change how one follows. */
  follow(account: Account, how: { reblogs?: boolean; notify?: boolean } = {}): Promise<boolean> {
    const open = !account.locked || this.tie(account.id).value?.following === true
    const shown: Change = { following: open, requested: !open }
    if (how.notify !== undefined) shown.notifying = how.notify
    if (how.reblogs !== undefined) shown.showing_reblogs = how.reblogs
    return this.act(account, 'follow', shown, how)
  }

  async unfollow(account: Account): Promise<void> {
    const wasRequest = this.tie(account.id).value?.requested === true
    const done = await this.act(account, 'unfollow', { following: false, requested: false, notifying: false })
    if (!done || wasRequest) return
    toasts.say(t('core.unfollowed', { name: nameOf(account) }), { label: t('core.undo'), run: () => void this.follow(account) })
  }

  async block(account: Account): Promise<void> {
    const restore = posts.dropOf(account.id)
    const done = await this.act(account, 'block', { blocking: true, following: false, requested: false, followed_by: false, notifying: false })
    if (!done) return void restore()
    const undo = () => {
      restore()
      void this.unblock(account)
    }
    toasts.say(t('core.blocked', { name: nameOf(account) }), { label: t('core.undo'), run: undo })
  }

  unblock(account: Account): Promise<boolean> {
    return this.act(account, 'unblock', { blocking: false })
  }

  /** `seconds`: for how long; 0 for good. */
  async mute(account: Account, { seconds = 0, notifications = true } = {}): Promise<void> {
    const restore = posts.dropOf(account.id)
    const done = await this.act(account, 'mute', { muting: true, muting_notifications: notifications }, { duration: seconds, notifications })
    if (!done) return void restore()
    const undo = () => {
      restore()
      void this.unmute(account)
    }
    toasts.say(t('core.muted', { name: nameOf(account) }), { label: t('core.undo'), run: undo })
  }

  unmute(account: Account): Promise<boolean> {
    return this.act(account, 'unmute', { muting: false, muting_notifications: false })
  }

  /** Forget everything, as when somebody else signs in. */
  clear(): void {
    this.#ties.clear()
    this.#accounts.clear()
  }

  #want(id: string): void {
    if (this.#wanted.size === 0) this.#asking = Promise.resolve().then(() => this.#ask())
    this.#wanted.add(id)
  }

  async #ask(): Promise<void> {
    const ids = [...this.#wanted]
    this.#wanted.clear()
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const some = ids.slice(at, at + AT_ONCE)
      try {
        const found = await get<Relationship[]>('/api/v1/accounts/relationships', { id: some })
        for (const one of found) {
          const tie = this.tie(one.id)
          if (!tie.busy) tie.value = one
        }
      } catch {
        some.forEach((id) => this.#ties.delete(id)) // asked again by whoever shows them next
      }
    }
  }
}

export const people = new People()
