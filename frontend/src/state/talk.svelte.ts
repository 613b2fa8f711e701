// One conversation with the assistant: its turns, the answer that is arriving, and what may be done about either.

import { ApiError, get, patch, post, remove, send } from '../lib/api'
import { after, type ChatInfo, type Refusal, type Talk as Told, type Turn } from '../lib/assistant'
import { eventsOf } from '../lib/server-events'
import { assistant } from './assistant.svelte'

export const CHATS = '/api/weft/v1/assistant/chats'
/** A stopped answer is written down by the server when it sees that nobody listens. */
const WRITTEN_MS = 400

export class Talk {
  id = $state('')
  title = $state('')
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  error = $state.raw<unknown>(null)
  busy = $state(false)
  /** Why the last thing that was tried did not work. */
  problem = $state.raw<unknown>(null)
  #told = $state.raw<Told>({ turns: [], refused: null })
  #asked: AbortController | null = null

  get turns(): readonly Turn[] {
    return this.#told.turns
  }
  get refused(): Refusal | null {
    return this.#told.refused
  }

  async open(id: string): Promise<void> {
    this.state = 'loading'
    try {
      const [chat, turns] = await Promise.all([get<ChatInfo>(`${CHATS}/${id}`), get<Turn[]>(`${CHATS}/${id}/turns`)])
      this.id = id
      this.title = chat.title
      this.#told = { turns, refused: null }
      this.state = 'ready'
    } catch (error) {
      this.error = error
      this.state = 'failed'
    }
  }

  begin(): void {
    this.state = 'ready'
  }

  /** Say something; true where it was taken. */
  async say(text: string, aboutPost: string | null): Promise<boolean> {
    return this.#stream(async () => {
      if (!this.id) this.id = (await post<ChatInfo>(CHATS)).id
      if (!this.title) this.title = text
      return ['POST', `${CHATS}/${this.id}/turns`, { text, about_post_id: aboutPost }]
    })
  }

  again(turn: Turn): Promise<boolean> {
    return this.#stream(async () => ['POST', `${this.#path(turn)}/again`, undefined])
  }

  edit(turn: Turn, text: string): Promise<boolean> {
    return this.#stream(async () => ['PATCH', this.#path(turn), { text }], turn.id)
  }

  stop(): void {
    this.#asked?.abort()
  }

  async judge(turn: Turn, right: boolean): Promise<void> {
    const judged = await post<Turn>(`${this.#path(turn)}/judged`, { right })
    this.#told = { ...this.#told, turns: this.turns.map((one) => (one.id === turn.id ? { ...one, judged: judged.judged } : one)) }
  }

  async forget(turn: Turn): Promise<void> {
    await remove(this.#path(turn))
    this.#told = { ...this.#told, turns: this.turns.filter((one) => one.id !== turn.id) }
  }

  async rename(title: string): Promise<void> {
    this.title = (await patch<ChatInfo>(`${CHATS}/${this.id}`, { title })).title
  }

  #path(turn: Turn): string {
    return `${CHATS}/${this.id}/turns/${turn.id}`
  }

  async #stream(where: () => Promise<[method: string, path: string, body: unknown]>, instead = ''): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.problem = null
    const asked = (this.#asked = new AbortController())
    let begun = false
    let ended = false
    try {
      const [method, path, body] = await where()
      const response = await send(method, path, { signal: asked.signal, ...(body !== undefined && { body }) })
      if (!response.body) throw new ApiError('server', '')
      for await (const event of eventsOf(response.body)) {
        this.#told = after(this.#told, event, instead)
        begun = true
        ended ||= event.name === 'done'
      }
      if (!ended) throw new ApiError('offline', '')
    } catch (error) {
      if (asked.signal.aborted) void this.#stopped()
      else {
        this.problem = error
        if (begun) this.#mark('failed')
      }
    } finally {
      this.busy = false
      this.#asked = null
      void assistant.refresh().catch(() => {})
    }
    return begun || asked.signal.aborted
  }

  #mark(state: Turn['state']): void {
    this.#told = { ...this.#told, turns: this.turns.map((turn, index) => (index === this.turns.length - 1 && turn.role === 'assistant' ? { ...turn, state } : turn)) }
  }

  /** What is left of a stopped answer, and its sources, as the server wrote them down. */
  async #stopped(): Promise<void> {
    this.#mark('stopped')
    await new Promise((done) => setTimeout(done, WRITTEN_MS))
    if (this.busy || !this.id) return
    const turns = await get<Turn[]>(`${CHATS}/${this.id}/turns`).catch(() => null)
    if (turns && !this.busy && turns.length >= this.turns.length) this.#told = { turns, refused: null }
  }
}
