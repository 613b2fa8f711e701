// A list that is read page by page, of anything that has an id: people, requests, lists of tags.

import { page } from '../lib/api'

export class Pages<T extends { id: string }> {
  items = $state.raw<readonly T[]>([])
  state = $state<'fresh' | 'loading' | 'ready' | 'ended' | 'failed'>('fresh')
  error = $state.raw<unknown>(null)
  #older: string | null

  constructor(readonly path: string) {
    this.#older = path
  }

  /** Read the next page; a second call while one is under way does nothing. */
  async more(): Promise<void> {
    if (this.state === 'loading' || this.#older === null) return
    this.state = 'loading'
    try {
      const read = await page<T>(this.#older)
      this.#older = read.older
      const known = new Set(this.items.map((item) => item.id))
      this.items = [...this.items, ...read.items.filter((item) => !known.has(item.id))]
      this.state = read.older === null ? 'ended' : 'ready'
    } catch (error) {
      this.error = error
      this.state = 'failed'
    }
  }

  /** Take one off; the answer puts it back where it was. */
  drop(id: string): () => void {
    const before = this.items
    this.items = before.filter((item) => item.id !== id)
    return () => (this.items = before)
  }
}
