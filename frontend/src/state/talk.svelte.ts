// One conversation with the assistant: its turns, the answer that is arriving, and what may be done about either.

import { ApiError, get, patch, post, remove, send } from '../lib/api'
import { after, questionOf, stoppedAs, type ChatInfo, type Refusal, type Talk as Told, type Turn } from '../lib/assistant'
import { eventsOf } from '../lib/server-events'
import { assistant } from './assistant.svelte'

/** Characters of a title. */
export const MOST_TITLE = 80
export const CHATS = '/api/weft/v1/assistant/chats'
/** A stopped answer is written down by the server when it sees that nobody listens. */
const WRITTEN_MS = 400
/** So often one looks for an answer that was left in the middle. */
const LOOKS = 3

export class Talk {
  id = $state('')
  title = $state('')
  state = $state<'loading' | 'ready' | 'failed'>('loading')
  error = $state.raw<unknown>(null)
  busy = $state(false)
  /** Whether the last question has an answer is not known yet. */
  settling = $state(false)
  /** Why the last thing that was tried did not work. */
  problem = $state.raw<unknown>(null)
  /** What a turn was to say otherwise, until the server has taken it. */
  unsaid = $state.raw<{ turn: string; text: string } | null>(null)
  #told = $state.raw<Told>({ turns: [], refused: null })
  /** What was just asked and the place of its answer, until the server has both. */
  #soon = $state.raw<readonly Turn[] | null>(null)
  #asked: AbortController | null = null

  get turns(): readonly Turn[] {
    return this.#soon ?? this.#told.turns
  }
  get refused(): Refusal | null {
    return this.#told.refused
  }
  /** Whether the server has something of it. */
  get kept(): boolean {
    return this.#told.turns.length > 0
  }

  async open(id: string): Promise<void> {
    this.state = 'loading'
    try {
      const [chat, turns] = await Promise.all([get<ChatInfo>(`${CHATS}/${id}`), get<Turn[]>(`${CHATS}/${id}/turns`)])
      this.id = id
      this.title = chat.title
      this.#told = { turns, refused: null }
      this.state = 'ready'
      void this.#settle()
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
      return ['POST', `${CHATS}/${this.id}/turns`, { text, about_post_id: aboutPost }]
    }, text)
  }

  /** Answer a question once more, or at last: an answer that was cut off may be nowhere but here. */
  again(turn: Turn): Promise<boolean> {
    const question = questionOf(this.turns, turn) ?? turn
    return this.#stream(async () => ['POST', `${this.#path(question)}/again`, undefined], '', question.id === turn.id ? '' : turn.id)
  }

  edit(turn: Turn, text: string): Promise<boolean> {
    this.unsaid = { turn: turn.id, text }
    return this.#stream(async () => ['PATCH', this.#path(turn), { text }], text, turn.id)
  }

  stop(): void {
    this.#asked?.abort()
  }

  async judge(turn: Turn, right: boolean): Promise<void> {
    const judged = await post<Turn>(`${this.#path(turn)}/judged`, { right })
    this.#told = { ...this.#told, turns: this.#told.turns.map((one) => (one.id === turn.id ? { ...one, judged: judged.judged } : one)) }
  }

  /** Pass an answer and its question on to the staff. */
  async report(turn: Turn, comment: string): Promise<void> {
    await post(`${this.#path(turn)}/report`, { comment })
  }

  /** Forget a turn; with a question goes its answer. */
  async forget(turn: Turn): Promise<void> {
    const at = this.turns.findIndex((one) => one.id === turn.id)
    const next = this.turns[at + 1]
    const gone = turn.role === 'person' && next?.role === 'assistant' ? [turn, next] : [turn]
    await Promise.all(gone.map((one) => forgotten(remove(this.#path(one)))))
    this.#told = { ...this.#told, turns: this.#told.turns.filter((one) => !gone.some(({ id }) => id === one.id)) }
  }

  async rename(title: string): Promise<void> {
    this.title = (await patch<ChatInfo>(`${CHATS}/${this.id}`, { title })).title
  }

  #path(turn: Turn): string {
    return `${CHATS}/${this.id}/turns/${turn.id}`
  }

  /** Ask, and take the answer as it arrives. `from` is the turn in whose place it stands, with all after it. */
  async #stream(where: () => Promise<[method: string, path: string, body: unknown]>, said: string, from = ''): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.problem = null
    const asked = (this.#asked = new AbortController())
    let begun = false
    let ended = false
    const before = this.#told.turns
    this.#soon = soonOf(before, said, from)
    try {
      const [method, path, body] = await where()
      const response = await send(method, path, { signal: asked.signal, ...(body !== undefined && { body }) })
      if (!response.body) throw new ApiError('server', '')
      for await (const event of eventsOf(response.body)) {
        this.unsaid = null
        // An answer that is made once more begins by naming its question, which stays.
        this.#told = after(this.#told, event, said ? from : '')
        this.#soon = null
        begun = true
        ended ||= event.name === 'done'
      }
      if (!ended) throw new ApiError('offline', '')
    } catch (error) {
      if (asked.signal.aborted) await this.#stopped(begun)
      else {
        this.problem = error
        if (begun) this.#mark('failed')
      }
    } finally {
      this.busy = false
      this.#soon = null
      this.#asked = null
      if (begun && !this.title) this.title = titleOf(said)
      void assistant.refresh().catch(() => {})
    }
    return begun || this.#told.turns.length > before.length
  }

  /** Who leaves in the middle of an answer and is back at once is faster than the server, which writes down what there was. */
  async #settle(): Promise<void> {
    this.settling = true
    for (let look = 0; look < LOOKS && !this.busy && this.turns.at(-1)?.role === 'person'; look += 1) {
      await new Promise((done) => setTimeout(done, WRITTEN_MS))
      const turns = await get<Turn[]>(`${CHATS}/${this.id}/turns`).catch(() => null)
      if (turns && !this.busy) this.#told = { turns, refused: null }
    }
    this.settling = false
  }

  #mark(state: Turn['state']): void {
    const { turns } = this.#told
    this.#told = { ...this.#told, turns: turns.map((turn, index) => (index === turns.length - 1 && turn.role === 'assistant' ? { ...turn, state } : turn)) }
  }

  /** What is left of a stopped answer, and its sources, as the server wrote them down. */
  async #stopped(begun: boolean): Promise<void> {
    if (begun) this.#mark('stopped')
    await new Promise((done) => setTimeout(done, WRITTEN_MS))
    const turns = this.id && (await get<Turn[]>(`${CHATS}/${this.id}/turns`).catch(() => null))
    if (turns) this.#told = { turns: stoppedAs(turns, this.#told.turns, begun), refused: null }
  }
}

/** What is gone already, for another tab was faster, is forgotten as well. */
export async function forgotten(removing: Promise<unknown>): Promise<void> {
  await removing.catch((error: unknown) => {
    if (!(error instanceof ApiError && error.problem === 'absent')) throw error
  })
}

/** The first words of a chat are its title, in one line, as long as the server keeps it. */
const titleOf = (said: string): string => said.trim().replace(/\s+/g, ' ').slice(0, MOST_TITLE)

/** The turns as they will be once the server has taken what is asked. */
function soonOf(turns: readonly Turn[], said: string, from: string): Turn[] {
  const at = turns.findIndex((turn) => turn.id === from)
  const empty: Turn = { id: 'answer', role: 'assistant', text: '', created_at: '', state: 'done', sources: [], label: null, judged: null, about_post_id: null }
  return [...(at < 0 ? turns : turns.slice(0, at)), ...(said ? [{ ...empty, id: 'question', role: 'person' as const, text: said }] : []), empty]
}
