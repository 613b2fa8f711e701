// One report on its way: what was chosen so far, and sending it.

import { get, post } from '../lib/api'
import type { Status } from '../lib/entities'
import { after, before, MAX_POSTS, type Reason, type Step } from '../lib/report'
import type { Reported } from './report'
import { people } from './people.svelte'
import { sentenceOf } from './problem'

const SHOWN = 20

export class Reporting {
  step = $state<Step>('reason')
  reason = $state<Reason | null>(null)
  rules = $state.raw<ReadonlySet<string>>(new Set())
  chosen = $state.raw<ReadonlySet<string>>(new Set())
  /** The account's newest posts, the reported one first; null while they are on their way. */
  posts = $state.raw<readonly Status[] | null>(null)
  comment = $state('')
  mute = $state(false)
  block = $state(false)
  busy = $state(false)
  problem = $state('')

  constructor(readonly about: Reported) {
    if (about.post) this.chosen = new Set([about.post.id])
  }

  choose(reason: Reason): void {
    this.reason = reason
    this.next()
  }

  next(): void {
    this.step = after(this.step, this.reason)
    if (this.step === 'posts' && this.posts === null) void this.#load()
  }

  back(): void {
    this.step = before(this.step, this.reason)
  }

  toggleRule(id: string): void {
    this.rules = toggled(this.rules, id)
  }

  togglePost(id: string): void {
    if (this.chosen.has(id) || this.chosen.size < MAX_POSTS) this.chosen = toggled(this.chosen, id)
  }

  async send(): Promise<void> {
    const { account } = this.about
    this.busy = true
    this.problem = ''
    try {
      await post('/api/v1/reports', {
        account_id: account.id,
        status_ids: [...this.chosen],
        comment: this.comment.trim(),
        category: this.reason,
        rule_ids: this.reason === 'violation' ? [...this.rules] : [],
      })
      this.step = 'done'
      if (this.block) void people.block(account)
      else if (this.mute) void people.mute(account)
    } catch (error) {
      this.problem = sentenceOf(error)
    } finally {
      this.busy = false
    }
  }

  async #load(): Promise<void> {
    const own = this.about.post ? [this.about.post] : []
    try {
      const found = await get<Status[]>(`/api/v1/accounts/${this.about.account.id}/statuses`, { exclude_reblogs: true, limit: SHOWN })
      this.posts = [...own, ...found.filter((status) => status.id !== own[0]?.id)]
    } catch {
      this.posts = own
    }
  }
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(id)) next.add(id)
  return next
}
