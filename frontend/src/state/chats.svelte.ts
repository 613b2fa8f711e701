// Single conversations, opened: their messages oldest first, what is on its way, and what was typed and not sent.

import { get, page, post as call, remove } from '../lib/api'
import { beforeEnd } from '../lib/ended'
import type { Account, Conversation, Status } from '../lib/entities'
import { addressed, isNewer } from '../lib/messages'
import { conversations } from './conversations.svelte'
import { feeds } from './feed.svelte'
import { posts, type Cell } from './posts.svelte'
import { session } from './session.svelte'

export interface Sending {
  key: string
  text: string
  mediaIds: readonly string[]
  at: string
  /** Why it was not sent; null while it is under way. */
  error: unknown
}

const OWN = '/api/weft/v1/conversations'
const SIZE = 30

export class Chat {
  /** The conversation's id; empty until a first message makes one. */
  id = $state('')
  people = $state.raw<readonly Account[]>([])
  cells = $state.raw<readonly Cell[]>([])
  sending = $state.raw<readonly Sending[]>([])
  state = $state<'fresh' | 'loading' | 'ready' | 'ended' | 'failed'>('fresh')
  error = $state.raw<unknown>(null)
  /** What is typed and not sent. */
  text = $state('')
  readonly shown = $derived(this.cells.filter((cell) => !cell.gone))
  #older: string | null = null

  async load(): Promise<void> {
    if (this.state === 'loading') return
    this.state = 'loading'
    try {
      const [conversation, read] = await Promise.all([get<Conversation>(`${OWN}/${this.id}`), page<Status>(`${OWN}/${this.id}/posts?limit=${SIZE}`)])
      this.people = conversation.accounts
      this.#older = read.older
      this.#add(read.items)
      this.state = read.older === null ? 'ended' : 'ready'
    } catch (error) {
      this.error = error
      this.state = 'failed'
    }
  }

  async more(): Promise<void> {
    if (this.state !== 'ready' || this.#older === null) return
    this.state = 'loading'
    try {
      const read = await page<Status>(this.#older)
      this.#older = read.older
      this.#add(read.items)
      this.state = read.older === null ? 'ended' : 'ready'
    } catch {
      this.state = 'ready'
    }
  }

  /** What came while nobody listened. */
  async refresh(): Promise<void> {
    if (this.state !== 'ready' && this.state !== 'ended') return
    this.#add((await page<Status>(`${OWN}/${this.id}/posts?limit=${SIZE}`)).items)
  }

  receive(status: Status): void {
    if (this.state !== 'fresh') this.#add([status])
  }

  /** Show a message as on its way and send it; where that fails it stays, to be tried again under the same key. */
  async send(text: string, mediaIds: readonly string[] = []): Promise<void> {
    const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`
    await this.again({ key, text, mediaIds, at: new Date().toISOString(), error: null })
  }

  async again(one: Sending): Promise<void> {
    this.#keep({ ...one, error: null })
    try {
      const body = {
        status: addressed(one.text, this.people.filter((person) => person.id !== session.account?.id)),
        visibility: 'direct',
        media_ids: one.mediaIds,
        in_reply_to_id: this.shown.at(-1)?.status.id ?? null,
      }
      const status = await call<Status>('/api/v1/statuses', body, { key: one.key })
      this.discard(one)
      this.#add([status])
      if (!this.id) chats.adopt(this, status.id)
    } catch (error) {
      this.#keep({ ...one, error })
    }
  }

  discard(one: Sending): void {
    this.sending = this.sending.filter((each) => each.key !== one.key)
  }

  /** Delete one's own message for everybody: gone at once, back where the server says no. */
  async remove(cell: Cell): Promise<void> {
    cell.gone = true
    try {
      await remove(`/api/v1/statuses/${cell.status.id}`)
      feeds.drop(cell.status.id)
    } catch (error) {
      cell.gone = false
      throw error
    }
  }

  #keep(one: Sending): void {
    this.sending = [...this.sending.filter((each) => each.key !== one.key), one]
  }

  #add(statuses: readonly Status[]): void {
    const known = new Set(this.cells.map((cell) => cell.status.id))
    const fresh = statuses.map((status) => posts.put(status)).filter((cell) => !known.has(cell.status.id))
    if (!fresh.length) return
    this.cells = [...this.cells, ...fresh].sort((a, b) => (isNewer(a.status.id, b.status.id) ? 1 : -1))
    const last = this.shown.at(-1)?.status
    const conversation = conversations.find(this.id)
    if (last && conversation && isNewer(last.id, conversation.last_status?.id ?? '')) conversations.put({ ...conversation, last_status: last })
  }
}

const KEPT = 8

class Chats {
  #chats = new Map<string, Chat>()

  constructor() {
    beforeEnd(() => import('./unsent').then(({ keepUnsent }) => keepUnsent([...this.#chats.values()])))
  }

  /** The chat of a conversation; the last few are kept, with what was typed. */
  of(id: string): Chat {
    const chat = this.#chats.get(id) ?? new Chat()
    chat.id = id
    this.#store(id, chat)
    return chat
  }

  /** A chat that begins with its first message. */
  begin(people: readonly Account[]): Chat {
    const key = `with ${people.map((one) => one.id).join(' ')}`
    const known = this.#chats.get(key)
    if (known) return known
    const chat = new Chat()
    chat.people = people
    chat.state = 'ended'
    this.#store(key, chat)
    return chat
  }

  /** Where one writes to these people: in the conversation one has with them, or in a new one. */
  async pathTo(people: readonly Account[]): Promise<string> {
    const [first] = people
    const [known] = first && people.length === 1 ? await get<Conversation[]>(`${OWN}/with/${first.id}`) : []
    if (known) return `/messages/${known.id}`
    this.begin(people)
    return `/messages/new?with=${people.map((one) => one.id).join(',')}`
  }

  /** The first message made a conversation. */
  adopt(chat: Chat, id: string): void {
    chat.id = id
    for (const [key, one] of this.#chats) if (one === chat) this.#chats.delete(key)
    this.#store(id, chat)
  }

  #store(key: string, chat: Chat): void {
    this.#chats.delete(key)
    this.#chats.set(key, chat)
    const oldest = this.#chats.keys().next().value
    if (this.#chats.size > KEPT && oldest !== undefined) this.#chats.delete(oldest)
  }
}

export const chats = new Chats()
