// Deleting a post: it is gone from the screen at once, and for six seconds it can be brought back. Only then the server
// is told, or when the page is left.

import { send } from '../lib/api'
import { t } from './language.svelte'
import { posts } from './posts.svelte'
import { sentenceOf } from './problem'
import { toasts } from './toasts.svelte'

const WAIT_MS = 6000

class Deletions {
  #waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; restore: () => void }>()

  begin(id: string): void {
    if (this.#waiting.has(id)) return
    if (this.#waiting.size === 0) addEventListener('pagehide', this.#leave)
    this.#waiting.set(id, { timer: setTimeout(() => void this.#send(id), WAIT_MS), restore: posts.drop(id) })
    toasts.say(t('postmenu.deleted'), { label: t('core.undo'), run: () => this.#undo(id) })
  }

  #undo(id: string): void {
    const waiting = this.#take(id)
    waiting?.restore()
  }

  #take(id: string) {
    const waiting = this.#waiting.get(id)
    if (!waiting) return undefined
    clearTimeout(waiting.timer)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) removeEventListener('pagehide', this.#leave)
    return waiting
  }

  async #send(id: string, { keepalive = false } = {}): Promise<void> {
    const waiting = this.#take(id)
    if (!waiting) return
    try {
      await send('DELETE', `/api/v1/statuses/${id}`, { keepalive })
    } catch (error) {
      waiting.restore()
      toasts.problem(sentenceOf(error), { label: t('core.retry'), run: () => this.begin(id) })
    }
  }

  readonly #leave = (): void => {
    for (const id of [...this.#waiting.keys()]) void this.#send(id, { keepalive: true })
  }
}

export const deletions = new Deletions()
