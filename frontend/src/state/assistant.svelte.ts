// What the assistant can do here for whoever is signed in: asked for when it is first wanted, and again after an answer,
// which costs something of the budget.

import { get, post } from '../lib/api'
import type { Standing } from '../lib/assistant'
import { translates, type Directions } from '../lib/translation'
import { session } from './session.svelte'

const BASE = '/api/weft/v1/assistant'
const DIRECTIONS = '/api/v1/instance/translation_languages'
const PATIENCE_MS = 400

class Assistant {
  standing = $state.raw<Standing | null>(null)
  /** What was typed in the list of chats, for the new chat that opens. */
  pending: string | null = null
  #asking: Promise<void> | null = null
  #directions: Directions = {}

  /** Whether a thing is offered to this person by this community's model, as far as that is known. */
  offers(what: string): boolean {
    return this.standing?.offers.includes(what) ?? false
  }

  /** Whether a post may be had in another language: some directions may have passed the check, and others not. */
  translates(from: string | null, to: string): boolean {
    return (this.standing?.offers.length ?? 0) > 0 && translates(this.#directions, from, to)
  }

  /** Raises ApiError. */
  async refresh(): Promise<void> {
    this.standing = await get<Standing>(BASE)
  }

  /** Known once; whoever cannot wait goes on without. */
  async soon(): Promise<void> {
    if (this.standing || !session.account || !session.offers('assistant')) return
    this.#asking ??= Promise.all([this.refresh(), get<Directions>(DIRECTIONS)])
      .then(([, directions]) => void (this.#directions = directions))
      .catch(() => {})
      .finally(() => (this.#asking = null))
    await Promise.race([this.#asking, new Promise((done) => setTimeout(done, PATIENCE_MS))])
  }

  async optOut(out: boolean): Promise<void> {
    await post(`${BASE}/opt_out`, { out })
    await this.refresh()
  }
}

export const assistant = new Assistant()
