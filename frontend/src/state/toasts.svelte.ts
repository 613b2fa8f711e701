// Short words at the bottom: what was done and how to undo it, or why something failed.

import { session } from './session.svelte'

export interface Toast {
  id: number
  text: string
  action?: { label: string; run: () => void }
  kind: 'plain' | 'problem'
}

const STAY_MS = 6000

class Toasts {
  shown = $state.raw<readonly Toast[]>([])
  /** The dialog that shows them; none where the page does. */
  place = $state.raw<object>()
  #next = 1
  #timers = new Map<number, ReturnType<typeof setTimeout>>()

  say(text: string, action?: Toast['action']): number {
    return this.#add({ id: this.#next++, text, kind: 'plain', ...(action && { action }) })
  }

  problem(text: string, action?: Toast['action']): number {
    return this.#add({ id: this.#next++, text, kind: 'problem', ...(action && { action }) })
  }

  close(id: number): void {
    this.hold(id)
    this.#timers.delete(id)
    this.shown = this.shown.filter((toast) => toast.id !== id)
  }

  /** While a pointer or the focus rests on a toast, it stays. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id))
  }

  release(id: number): void {
    this.hold(id)
    this.#timers.set(id, setTimeout(() => this.close(id), STAY_MS))
  }

  #add(toast: Toast): number {
    // One notice will say that the session ended; each thing that failed for it says nothing.
    if (session.leaving) return 0
    // Words that ask for nothing are over when the next ones come.
    for (const old of this.shown) if (old.kind === 'plain' && !old.action) this.close(old.id)
    this.shown = [...this.shown.slice(-2), toast]
    this.release(toast.id)
    return toast.id
  }
}

export const toasts = new Toasts()
