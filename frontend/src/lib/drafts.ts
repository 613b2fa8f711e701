// Drafts of one account: saved a moment after each change and at once when the page goes away. A draft never sends
// itself; only `outbox.queue`, called by the button, does.

import { isEmpty, type Draft } from './draft'
import { beforeEnd } from './ended'
import type { Kept, Shelf } from './shelf'

export const SAVE_AFTER_MS = 400

/** The newest first. */
export async function listDrafts(shelf: Shelf, account: string): Promise<Draft[]> {
  const kept = await shelf.all(account)
  return kept
    .filter((one) => one.sending === null)
    .sort((a, b) => b.updatedAt - a.updatedAt)
    .map((one) => one.draft)
}

/** Keeps a draft. One that was queued in the meantime, here or in another tab, is left alone. */
export async function saveDraft(shelf: Shelf, draft: Draft, now: number): Promise<void> {
  const record: Kept = {
    id: draft.id,
    account: draft.account,
    updatedAt: now,
    draft: { ...draft, updatedAt: now },
    sending: null,
  }
  await shelf.change(draft.id, (kept) => (kept?.sending ? undefined : record))
}

export async function deleteDraft(shelf: Shelf, id: string): Promise<void> {
  await shelf.change(id, (kept) => (kept?.sending ? undefined : null))
}

type Page = Pick<Document, 'addEventListener' | 'removeEventListener'> & { visibilityState?: string }
type Surroundings = { page: Page; window: Pick<Window, 'addEventListener' | 'removeEventListener'> }

/** Saves what it is told of: late while typing, at once when the page is hidden or left, or the session has ended. */
export class Autosave {
  #waiting: (() => Draft) | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Promise<void> = Promise.resolve()
  readonly #stop: () => void

  constructor(
    private readonly shelf: Shelf,
    private readonly options: { given?: string; onError?: (error: unknown) => void; around?: Surroundings | null } = {},
  ) {
    const around = options.around === undefined ? surroundings() : options.around
    const leave = (): void => void this.flush()
    const hide = (): void => void (around?.page.visibilityState === 'hidden' && leave())
    around?.page.addEventListener('visibilitychange', hide)
    around?.window.addEventListener('pagehide', leave)
    const stopKeeping = around && beforeEnd(() => this.flush(), around.window)
    this.#stop = () => {
      stopKeeping?.()
      around?.page.removeEventListener('visibilitychange', hide)
      around?.window.removeEventListener('pagehide', leave)
    }
  }

  /** `take` is asked when it is time to save, so a key costs no copy of the draft. */
  touch(take: () => Draft): void {
    this.#waiting = take
    this.#timer ??= setTimeout(() => void this.flush(), SAVE_AFTER_MS)
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const take = this.#waiting
    this.#waiting = null
    if (take) this.#running = this.#running.then(() => this.#save(take()))
    await this.#running
  }

  /** Forgets what was not saved yet: the draft was queued or thrown away. */
  async drop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting = null
    await this.#running
  }

  async close(): Promise<void> {
    this.#stop()
    await this.flush()
  }

  async #save(draft: Draft): Promise<void> {
    try {
      if (isEmpty(draft, this.options.given)) await deleteDraft(this.shelf, draft.id)
      else await saveDraft(this.shelf, draft, Date.now())
    } catch (error) {
      this.options.onError?.(error)
    }
  }
}

const surroundings = (): Surroundings | null =>
  typeof document === 'undefined' ? null : { page: document, window }
