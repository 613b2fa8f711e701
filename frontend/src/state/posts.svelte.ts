// Every post the app knows, once each: a like pressed in a thread shows in home too. A cell is replaced as a whole, so
// thousands of posts cost no deep watching.

import type { Component } from 'svelte'
import { ApiError, post as send } from '../lib/api'
import type { Status } from '../lib/entities'
import type { Translation } from '../lib/translation'
import { t } from './language.svelte'
import { sentenceOf } from './problem'
import { toasts } from './toasts.svelte'

export class Cell {
  status = $state.raw<Status>() as Status
  /** Deleted, or no longer to be seen: a feed leaves it out. */
  gone = $state(false)
  /** The reader wants fewer like it: it is folded to a line. */
  less = $state(false)

  /** A translation that stands in the place of its words, as long as they are `of` what was translated. */
  translated = $state.raw<{ piece: Component<{ translation: Translation; original: () => void }>; translation: Translation; of: string } | null>(null)

  constructor(status: Status) {
    this.status = status
  }

  /** Change some keys; the answer puts them back as they were. */
  change(keys: Partial<Status>): () => void {
    const before = this.status
    this.status = { ...before, ...keys }
    return () => {
      const undone = Object.fromEntries(Object.keys(keys).map((key) => [key, before[key as keyof Status]]))
      this.status = { ...this.status, ...undone }
    }
  }
}

type Mark = 'favourited' | 'reblogged' | 'bookmarked' | 'muted' | 'pinned'
const COUNTS: Partial<Record<Mark, 'favourites_count' | 'reblogs_count'>> = { favourited: 'favourites_count', reblogged: 'reblogs_count' }
const CALLS: Record<Mark, [on: string, off: string]> = {
  favourited: ['favourite', 'unfavourite'],
  reblogged: ['reblog', 'unreblog'],
  bookmarked: ['bookmark', 'unbookmark'],
  muted: ['mute', 'unmute'],
  pinned: ['pin', 'unpin'],
}

class Posts {
  #cells = new Map<string, Cell>()
  #underway = new Set<string>()

  /**
   * The cell of a post, with the newest that is known of it. A repost's cell is that of the post itself. It changes
   * state, so it belongs where an answer arrives, never into what is drawn.
   */
  put(status: Status): Cell {
    const inner = status.reblog ?? status
    if (inner.quote?.quoted_status) this.put(inner.quote.quoted_status)
    let cell = this.#cells.get(inner.id)
    if (cell) cell.status = inner
    else this.#cells.set(inner.id, (cell = new Cell(inner)))
    return cell
  }

  find(id: string): Cell | undefined {
    return this.#cells.get(id)
  }

  /** Take a post off every list; the answer puts it back. */
  drop(id: string): () => void {
    const cell = this.#cells.get(id)
    if (!cell) return () => {}
    cell.gone = true
    return () => (cell.gone = false)
  }

  /** Take every post of an account off the lists, as after a block; the answer puts them back. */
  dropOf(accountId: string): () => void {
    const cells = [...this.#cells.values()].filter((cell) => !cell.gone && cell.status.account.id === accountId)
    cells.forEach((cell) => (cell.gone = true))
    return () => cells.forEach((cell) => (cell.gone = false))
  }

  /** Set a mark of one's own: shown at once, put back with a sentence where the server says no. */
  async mark(cell: Cell, mark: Mark, on: boolean): Promise<boolean> {
    const key = `${mark} ${cell.status.id}`
    if (this.#underway.has(key) || Boolean(cell.status[mark]) === on) return false
    this.#underway.add(key)
    const counted = COUNTS[mark]
    const keys: Partial<Status> = { [mark]: on }
    if (counted) keys[counted] = Math.max(0, cell.status[counted] + (on ? 1 : -1))
    const undo = cell.change(keys)
    try {
      const answer = await send<Status>(`/api/v1/statuses/${cell.status.id}/${CALLS[mark][on ? 0 : 1]}`)
      this.put(answer)
      return true
    } catch (error) {
      undo()
      const again = error instanceof ApiError && error.problem === 'offline'
      toasts.problem(sentenceOf(error), again ? { label: t('core.retry'), run: () => void this.mark(cell, mark, on) } : undefined)
      return false
    } finally {
      this.#underway.delete(key)
    }
  }

  /** Forget everything, as when somebody else signs in. */
  clear(): void {
    this.#cells.clear()
  }
}

export const posts = new Posts()
