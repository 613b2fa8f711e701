// A list of posts that is read page by page, and grows at the top by stream without moving what is being read.

import { page } from '../lib/api'
import type { Account, Status } from '../lib/entities'
import { posts, type Cell } from './posts.svelte'

export interface Item {
  /** The id of the post, or of the repost. */
  id: string
  cell: Cell
  /** Who reposted it. */
  by: Account | null
  /** Why it is in For you. */
  reason?: NonNullable<Status['weft']>['reason'] | undefined
}

export type FeedState = 'fresh' | 'loading' | 'ready' | 'ended' | 'failed'

export class Feed {
  items = $state.raw<readonly Item[]>([])
  /** What came by stream and is not shown yet, newest first. */
  waiting = $state.raw<readonly Item[]>([])
  state = $state<FeedState>('fresh')
  error = $state.raw<unknown>(null)
  /** Heights of the items that were seen, so that "back" finds the page as it was. */
  readonly heights = new Map<string, number>()
  #older: string | null
  #known = new Set<string>()
  /** More was missed than waits: showing it begins the list anew. */
  #hasGap = false
  readonly #isHome: boolean

  constructor(
    readonly path: string,
    readonly size = 20,
  ) {
    this.#isHome = path.startsWith('/api/v1/timelines/home')
    this.#older = this.#newest
  }

  get #newest(): string {
    return `${this.path}${this.path.includes('?') ? '&' : '?'}limit=${this.size}`
  }

  /** Read the next page; a second call while one is under way does nothing. */
  async more(): Promise<void> {
    if (this.state === 'loading' || this.#older === null) return
    this.state = 'loading'
    try {
      const read = await page<Status>(this.#older)
      this.#older = read.older
      this.items = [...this.items, ...this.#take(read.items)]
      this.state = read.older === null ? 'ended' : 'ready'
    } catch (error) {
      this.error = error
      this.state = 'failed'
    }
  }

  /** Read the newest page again; what is shown stays where the new page meets it, else the list begins anew. */
  async refresh(): Promise<void> {
    const read = await page<Status>(this.#newest)
    const meets = read.items.some((status) => this.#known.has(status.id))
    if (!meets) {
      this.#known.clear()
      this.#older = read.older
      this.items = []
      this.state = read.older === null ? 'ended' : 'ready'
    }
    this.items = [...this.#take(read.items), ...this.items]
    this.waiting = []
    this.#hasGap = false
  }

  /** After the stream was away: what was missed waits, like what it brings. */
  async catchUp(): Promise<void> {
    if (this.state === 'fresh') return
    const read = await page<Status>(this.#newest)
    this.#hasGap ||= read.older !== null && !read.items.some((status) => this.#known.has(status.id))
    this.waiting = [...this.#take(read.items), ...this.waiting]
  }

  /** Forget what was read: whoever shows the list reads it anew. */
  beginAgain(): void {
    this.#known.clear()
    this.#older = this.#newest
    this.items = []
    this.waiting = []
    this.#hasGap = false
    this.state = 'fresh'
  }

  /** A post that came by stream: it waits until the reader asks for it. */
  receive(status: Status): void {
    if (this.state === 'fresh') return
    const [item] = this.#take([status])
    if (item) this.waiting = [item, ...this.waiting]
  }

  /** Show what waits. */
  reveal(): void {
    if (this.#hasGap) return this.beginAgain()
    this.items = [...this.waiting, ...this.items]
    this.waiting = []
  }

  /** One's own new post: shown at once. */
  prepend(status: Status): void {
    const [item] = this.#take([status])
    if (item) this.items = [item, ...this.items]
  }

  drop(id: string): void {
    const keeps = (item: Item) => item.id !== id && item.cell.status.id !== id
    this.items = this.items.filter(keeps)
    this.waiting = this.waiting.filter(keeps)
    this.#known.delete(id)
  }

  /** Put another item where one was: the server's answer in place of what was shown meanwhile. */
  replace(id: string, status: Status): void {
    this.#known.delete(status.id)
    const [item] = this.#take([status])
    this.items = this.items.map((one) => (one.id === id && item ? item : one))
  }

  #take(statuses: readonly Status[]): Item[] {
    return statuses.flatMap((status) => {
      // Messages have their own place; the API lists them in home as well.
      if (this.#isHome && status.visibility === 'direct') return []
      if (this.#known.has(status.id)) {
        posts.put(status)
        return []
      }
      this.#known.add(status.id)
      return [{ id: status.id, cell: posts.put(status), by: status.reblog ? status.account : null, reason: status.weft?.reason }]
    })
  }
}

const LIMIT = 12

class Feeds {
  #feeds = new Map<string, Feed>()

  /** The feed of a path of the API; the last dozen are kept, so that "back" is at once. */
  of(path: string): Feed {
    const feed = this.#feeds.get(path) ?? new Feed(path)
    this.#feeds.delete(path)
    this.#feeds.set(path, feed)
    const oldest = this.#feeds.keys().next().value
    if (this.#feeds.size > LIMIT && oldest !== undefined) this.#feeds.delete(oldest)
    return feed
  }

  /** The feeds that are kept and whose path begins so. */
  kept(prefix: string): Feed[] {
    return [...this.#feeds.values()].filter((feed) => feed.path.startsWith(prefix))
  }

  drop(id: string): void {
    posts.drop(id)
    for (const feed of this.#feeds.values()) feed.drop(id)
  }

  clear(): void {
    this.#feeds.clear()
  }
}

export const feeds = new Feeds()
