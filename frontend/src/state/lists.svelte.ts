// The lists of who is signed in: read once, changed here, so that every screen shows the same.

import { get, post, put, remove } from '../lib/api'
import type { Account, List } from '../lib/entities'
import { feeds } from './feed.svelte'
import { t } from './language.svelte'
import { sentenceOf } from './problem'
import { toasts } from './toasts.svelte'

const PATH = '/api/v1/lists'
const EVERYBODY = 0

export type ListChange = Partial<Pick<List, 'title' | 'replies_policy' | 'exclusive'>>

class Lists {
  items = $state.raw<readonly List[] | null>(null)
  error = $state.raw<unknown>(null)

  async read(): Promise<void> {
    try {
      this.#set(await get<List[]>(PATH))
      this.error = null
    } catch (error) {
      this.error = error
    }
  }

  find(id: string): List | undefined {
    return this.items?.find((one) => one.id === id)
  }

  async create(change: ListChange): Promise<List> {
    const made = await post<List>(PATH, change)
    this.#set([...(this.items ?? []), made])
    return made
  }

  async edit(list: List, change: ListChange): Promise<void> {
    const changed = await put<List>(`${PATH}/${list.id}`, change)
    this.#set((this.items ?? []).map((one) => (one.id === list.id ? changed : one)))
    feeds.of(feedOf(list.id)).beginAgain()
  }

  /** Gone at once; "undo" makes it anew with the same people. */
  async drop(list: List): Promise<boolean> {
    const before = this.items
    let members: Account[] = []
    try {
      members = await this.members(list)
      this.#set((before ?? []).filter((one) => one.id !== list.id))
      await remove(`${PATH}/${list.id}`)
    } catch (error) {
      this.items = before
      toasts.problem(sentenceOf(error))
      return false
    }
    toasts.say(t('lists.deleted', { title: list.title }), { label: t('core.undo'), run: () => void this.#bringBack(list, members) })
    return true
  }

  members(list: List): Promise<Account[]> {
    return get<Account[]>(`${PATH}/${list.id}/accounts`, { limit: EVERYBODY })
  }

  add(list: List, account: Account): Promise<unknown> {
    return post(`${PATH}/${list.id}/accounts`, { account_ids: [account.id] })
  }

  take(list: List, account: Account): Promise<unknown> {
    return remove(`${PATH}/${list.id}/accounts`, { account_ids: [account.id] })
  }

  async #bringBack(list: List, members: readonly Account[]): Promise<void> {
    try {
      const made = await this.create({ title: list.title, replies_policy: list.replies_policy, exclusive: list.exclusive })
      if (members.length) await post(`${PATH}/${made.id}/accounts`, { account_ids: members.map((one) => one.id) })
    } catch (error) {
      toasts.problem(sentenceOf(error))
    }
  }

  #set(items: readonly List[]): void {
    this.items = [...items].sort((one, other) => one.title.localeCompare(other.title))
  }
}

export const feedOf = (id: string): string => `/api/v1/timelines/list/${id}`

export const lists = new Lists()
