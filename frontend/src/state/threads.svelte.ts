// The conversations that are open or were just left, so that "back" shows them at once.

import { get } from '../lib/api'
import type { Context, Status } from '../lib/entities'
import { rowsOf, type Row } from '../lib/thread-rows'
import { posts, type Cell } from './posts.svelte'

type CellRow = { kind: 'post'; key: string; cell: Cell; above: boolean; below: boolean } | Extract<Row, { kind: 'more' }>

/** Whether one's own filter takes it out of threads. The server sends it all the same, so that clients can say so. */
const isFilteredOut = (status: Status): boolean =>
  status.filtered?.some(({ filter }) => filter.filter_action === 'hide' && filter.context.includes('thread')) ?? false

export class Thread {
  focus = $state.raw<Cell | null>(null)
  ancestors = $state.raw<readonly Cell[]>([])
  replies = $state.raw<readonly Cell[]>([])
  state = $state<'fresh' | 'loading' | 'ready' | 'failed'>('fresh')
  error = $state.raw<unknown>(null)
  /** The reader has been brought to the post once. */
  shown = false
  #opened = $state.raw<ReadonlySet<string>>(new Set())

  readonly rows = $derived.by((): CellRow[] => {
    const live = this.replies.filter((cell) => !cell.gone && !isFilteredOut(cell.status))
    const cells = new Map(live.map((cell) => [cell.status.id, cell]))
    const replies = live.map(({ status }) => ({ id: status.id, parent: status.in_reply_to_id, hidden: status.weft?.hidden ?? false }))
    return rowsOf(this.id, replies, this.#opened).map((row) => (row.kind === 'post' ? { ...row, cell: cells.get(row.id) as Cell } : row))
  })

  constructor(readonly id: string) {
    this.focus = posts.find(id) ?? null
  }

  async load(again = false): Promise<void> {
    if (this.state === 'loading' || (this.state === 'ready' && !again)) return
    this.state = 'loading'
    try {
      const [status, context] = await Promise.all([
        get<Status>(`/api/v1/statuses/${this.id}`),
        get<Context>(`/api/v1/statuses/${this.id}/context`),
      ])
      this.focus = posts.put(status)
      this.ancestors = context.ancestors.map((one) => posts.put(one))
      this.replies = context.descendants.map((one) => posts.put(one))
      this.state = 'ready'
    } catch (error) {
      this.error = error
      this.state = 'failed'
    }
  }

  unfold(key: string): void {
    this.#opened = new Set([...this.#opened, key])
  }

  /** One's own new reply: shown at once, below what it answers. */
  add(status: Status): void {
    const known = status.in_reply_to_id === this.id || this.replies.some((cell) => cell.status.id === status.in_reply_to_id)
    if (known && !this.replies.some((cell) => cell.status.id === status.id)) this.replies = [...this.replies, posts.put(status)]
  }
}

const LIMIT = 12

class Threads {
  #threads = new Map<string, Thread>()

  of(id: string): Thread {
    const thread = this.#threads.get(id) ?? new Thread(id)
    this.#threads.delete(id)
    this.#threads.set(id, thread)
    const oldest = this.#threads.keys().next().value
    if (this.#threads.size > LIMIT && oldest !== undefined) this.#threads.delete(oldest)
    return thread
  }

  /** A new post of one's own joins the conversations that it belongs to. */
  add(status: Status): void {
    for (const thread of this.#threads.values()) thread.add(status)
  }

  clear(): void {
    this.#threads.clear()
  }
}

export const threads = new Threads()
