// The list of conversations: read page by page, and moved to the top by stream.

import { page, post, remove } from '../lib/api'
import type { Conversation } from '../lib/entities'
import { isNewer } from '../lib/messages'
import { live } from './live.svelte'
import { unread } from './unread.svelte'

const PATH = '/api/v1/conversations'
const FIRST = `${PATH}?limit=20`

class Conversations {
  items = $state.raw<readonly Conversation[]>([])
  state = $state<'fresh' | 'loading' | 'ready' | 'ended' | 'failed'>('fresh')
  error = $state.raw<unknown>(null)
  #older: string | null = FIRST
  #listens = false

  find(id: string): Conversation | undefined {
    return this.items.find((one) => one.id === id)
  }

  async more(): Promise<void> {
    if (this.state === 'loading' || this.#older === null) return
    this.#listen()
    this.state = 'loading'
    try {
      const read = await page<Conversation>(this.#older)
      this.#older = read.older
      this.#set([...this.items, ...read.items.filter((one) => !this.find(one.id))])
      this.state = read.older === null ? 'ended' : 'ready'
    } catch (error) {
      this.error = error
      this.state = 'failed'
    }
  }

  /** Read the newest page again, as after a time away. */
  async refresh(): Promise<void> {
    if (this.state === 'fresh' || this.state === 'loading') return
    const read = await page<Conversation>(FIRST)
    const meets = read.items.some((one) => this.find(one.id))
    if (!meets || read.older === null) {
      this.#older = read.older
      this.state = read.older === null ? 'ended' : 'ready'
      this.#set(read.items)
    } else this.#set([...read.items, ...this.items.filter((one) => !read.items.some((fresh) => fresh.id === one.id))])
  }

  /** A conversation as it is now, at its place by its last message. */
  put(conversation: Conversation): void {
    const rest = this.items.filter((one) => one.id !== conversation.id)
    const last = conversation.last_status?.id ?? ''
    const at = rest.findIndex((one) => !isNewer(one.last_status?.id ?? '', last))
    this.#set(at < 0 ? [...rest, conversation] : [...rest.slice(0, at), conversation, ...rest.slice(at)])
  }

  /** Mark as read or unread: shown at once, put back where the server says no. */
  async mark(id: string, isUnread: boolean): Promise<void> {
    const known = this.find(id)
    if (known && known.unread !== isUnread) this.put({ ...known, unread: isUnread })
    try {
      await post(`${PATH}/${id}/${isUnread ? 'unread' : 'read'}`)
    } catch (error) {
      if (known) this.put(known)
      throw error
    }
  }

  /** Take it off one's own list: gone at once, put back where the server says no. */
  async drop(id: string): Promise<void> {
    const before = this.items
    this.#set(before.filter((one) => one.id !== id))
    try {
      await remove(`${PATH}/${id}`)
    } catch (error) {
      this.#set(before)
      throw error
    }
  }

  #listen(): void {
    if (this.#listens) return
    this.#listens = true
    live.hear('conversation', (conversation) => this.put(conversation))
  }

  #set(items: readonly Conversation[]): void {
    this.items = items
    unread.messages = items.filter((one) => one.unread).length
  }
}

export const conversations = new Conversations()
