// The notes of the people one follows, and one's own: read once, kept true by stream, on focus and once a minute while
// somebody looks at them.

import { get, post, put, remove } from '../lib/api'
import type { Note, Status } from '../lib/entities'
import { running, withNote } from '../lib/notes'
import { clock } from './clock.svelte'
import { live } from './live.svelte'

export type NoteAudience = 'followers' | 'mutuals'
export type OwnNote = Note & { audience?: NoteAudience | null }

const PATH = '/api/weft/v1/notes'
const AGAIN_MS = 60_000

class Notes {
  #all = $state.raw<readonly OwnNote[]>([])
  state = $state<'fresh' | 'loading' | 'ready' | 'failed'>('fresh')
  readonly shown = $derived(running(this.#all, clock.now) as OwnNote[])
  readonly mine = $derived(this.shown.find((note) => note.mine) ?? null)
  readonly others = $derived(this.shown.filter((note) => !note.mine))
  #watching = 0
  #stop = () => {}

  of(accountId: string): OwnNote | undefined {
    return this.shown.find((note) => note.account.id === accountId)
  }

  async load(): Promise<void> {
    if (this.state === 'fresh' || this.state === 'failed') this.state = 'loading'
    try {
      this.#all = await get<OwnNote[]>(PATH)
      this.state = 'ready'
    } catch {
      if (this.state === 'loading') this.state = 'failed'
    }
  }

  /** Keep them true while a screen shows them; the answer ends it. */
  watch(): () => void {
    if (this.#watching++ === 0) this.#begin()
    return () => {
      if (--this.#watching === 0) this.#stop()
    }
  }

  async share(text: string, audience: NoteAudience): Promise<void> {
    this.#put(await put<OwnNote>(PATH, { text, audience }))
  }

  async clear(): Promise<void> {
    const before = this.#all
    this.#all = before.filter((note) => !note.mine)
    try {
      await remove(PATH)
    } catch (error) {
      this.#all = before
      throw error
    }
  }

  reply(note: Note, text: string, key: string): Promise<Status> {
    return post<Status>(`${PATH}/${note.id}/reply`, { text }, { key })
  }

  forget(): void {
    this.#all = []
    this.state = 'fresh'
  }

  #begin(): void {
    void this.load()
    const again = () => document.visibilityState === 'visible' && void this.load()
    const timer = setInterval(again, AGAIN_MS)
    document.addEventListener('visibilitychange', again)
    const unheard = live.hear('weft.note', (note) => this.#put(note as OwnNote))
    this.#stop = () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', again)
      unheard()
    }
  }

  #put(note: OwnNote): void {
    this.#all = withNote(this.#all, note)
  }
}

export const notes = new Notes()
