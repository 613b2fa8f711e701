// What happened to one's account: pages of groups by tab, what is new behind a pill, and how far it was read.

import { get, post, send } from '../lib/api'
import { belongs, happenings, typesOf, type Groups, type Happening, type Tab } from '../lib/activity'
import { parseLinks } from '../lib/links'
import { isNewer } from '../lib/messages'
import { live } from './live.svelte'
import { posts } from './posts.svelte'
import { session } from './session.svelte'
import { unread } from './unread.svelte'

const PATH = '/api/v2/notifications'
const SIZE = 20
/** A tab that shows few of what the server sends asks for so many pages at once. */
const TRIES = 4

export class Happenings {
  items = $state.raw<readonly Happening[]>([])
  state = $state<'fresh' | 'loading' | 'ready' | 'ended' | 'failed'>('fresh')
  error = $state.raw<unknown>(null)
  /** It was read once, or a first try failed: what stands above it is shown from then on. */
  tried = $state(false)
  /** How many came by stream and are not shown yet. */
  waiting = $state(0)
  #older: string | null

  constructor(readonly tab: Tab) {
    this.#older = this.#first()
  }

  async more(): Promise<void> {
    if (this.state === 'loading') return
    this.state = 'loading'
    try {
      for (let tries = 0, found = 0; this.#older !== null && found < SIZE / 2 && tries < TRIES; tries += 1) found += this.#append(await this.#read(this.#older))
      this.state = this.#older === null ? 'ended' : 'ready'
    } catch (error) {
      this.error = error
      this.state = 'failed'
    } finally {
      this.tried = true
    }
  }

  /** Read the newest page again and put it above what is known; a group that grew moves up. */
  async refresh(): Promise<void> {
    if (this.state === 'fresh' || this.state === 'loading') return
    const read = await this.#read(this.#first(), true)
    const keys = new Set(read.map((one) => one.key))
    const meets = this.items.some((one) => keys.has(one.key))
    this.items = [...read, ...(meets ? this.items.filter((one) => !keys.has(one.key)) : [])]
    this.waiting = 0
  }

  drop(key: string): void {
    this.items = this.items.filter((one) => one.key !== key)
  }

  #first(): string {
    const types = typesOf(this.tab).map((type) => `&types[]=${type}`)
    return `${PATH}?limit=${SIZE}${types.join('')}`
  }

  async #read(path: string, newest = false): Promise<Happening[]> {
    const response = await send('GET', path)
    if (!newest) this.#older = parseLinks(response.headers.get('link'))['next'] ?? null
    const answer = (await response.json()) as Groups
    answer.statuses.forEach((status) => posts.put(status))
    return happenings(answer, session.account?.id ?? '').filter((one) => belongs(one.kind, this.tab))
  }

  #append(read: readonly Happening[]): number {
    const known = new Set(this.items.map((one) => one.key))
    const fresh = read.filter((one) => !known.has(one.key))
    this.items = [...this.items, ...fresh]
    return fresh.length
  }
}

class Activity {
  #tabs = new Map<Tab, Happenings>()
  /** Up to here it had been read when the screen was opened: what is newer carries the dot. */
  readTo = $state('')
  /** How many people a policy keeps aside; null until it is known. */
  aside = $state<number | null>(null)
  #listens = false

  of(tab: Tab): Happenings {
    this.#listen()
    let found = this.#tabs.get(tab)
    if (!found) this.#tabs.set(tab, (found = new Happenings(tab)))
    return found
  }

  async begin(): Promise<void> {
    const markers = await get<{ notifications?: { last_read_id: string } }>('/api/v1/markers', { timeline: ['notifications'] })
    this.readTo = markers.notifications?.last_read_id ?? '0'
  }

  async lookAside(): Promise<void> {
    try {
      this.aside = (await get<{ summary: { pending_requests_count: number } }>('/api/v2/notifications/policy')).summary.pending_requests_count
    } catch {
      this.aside ??= 0
    }
  }

  /** All that is shown counts as read on every device; the dots stay until the screen is left. */
  async read(): Promise<void> {
    const newest = this.of('all').items[0]?.id
    unread.notifications = 0
    if (newest && isNewer(newest, this.#saved)) {
      this.#saved = newest
      await post('/api/v1/markers', { notifications: { last_read_id: newest } })
    }
  }
  #saved = '0'

  drop(key: string): void {
    for (const tab of this.#tabs.values()) tab.drop(key)
  }

  #listen(): void {
    if (this.#listens) return
    this.#listens = true
    live.hear('notification', () => this.#tabs.forEach((tab) => (tab.waiting += 1)))
  }
}

export const activity = new Activity()
