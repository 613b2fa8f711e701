// What the menu of a post does. Own actions show at once; a refusal puts them back and says why.

import { post, put, remove } from '../lib/api'
import type { Status } from '../lib/entities'
import { postPath } from '../lib/handles'
import type { PostChoice } from '../lib/post-choices'
import { related, sumUp, translate } from './assisted'
import { copy, saves, shares } from './acts'
import { openComposer } from './composer.svelte'
import { deletions } from './deletions'
import { dialogs } from './dialogs.svelte'
import { t } from './language.svelte'
import { people } from './people.svelte'
import { posts, type Cell } from './posts.svelte'
import { sentenceOf } from './problem'
import { openReport } from './report'
import { toasts } from './toasts.svelte'

const undo = (run: () => void) => ({ label: t('core.undo'), run })

export const addressOf = (status: Status): string => new URL(postPath(status), location.href).href

/** Do what was chosen. Choices that lead somewhere are links and do not come here. */
export function act(choice: PostChoice, cell: Cell): void {
  const { status } = cell
  switch (choice) {
    case 'save':
    case 'unsave':
      return void saves.toggle(cell)
    case 'link':
      return void copy(addressOf(status))
    case 'share':
      return void shares.open(cell)
    case 'embed':
      return void dialogs.show(() => import('../screens/post/EmbedSheet.svelte'), ['postmenu'], { status })
    case 'summary':
    case 'article':
      return void sumUp(cell, choice)
    case 'related':
      return void related(cell)
    case 'translate':
      return void translate(cell)
    case 'original':
      cell.translated = null
      return
    case 'less':
      return void wantLess(cell)
    case 'hide':
    case 'unhide':
      return void hide(cell, choice === 'hide')
    case 'mute_thread':
    case 'unmute_thread':
      return void muteThread(cell, choice === 'mute_thread')
    case 'mute':
      return void people.mute(status.account)
    case 'block':
      return void people.block(status.account)
    case 'report':
      return void openReport({ account: status.account, post: status })
    case 'edit':
      return void openComposer({ edit: status })
    case 'redraft':
      return askToRedraft(cell)
    case 'delete':
      return deletions.begin(status.id)
    case 'pin':
    case 'unpin':
      return void pin(cell, choice === 'pin')
    case 'policy':
      return void dialogs.show(() => import('../screens/post/PolicySheet.svelte'), ['postmenu'], { cell })
  }
}

/** Fewer posts like this one in For you: it folds to a line that takes it back. */
export async function wantLess(cell: Cell): Promise<void> {
  cell.less = true
  await tryOr(() => post(`/api/weft/v1/posts/${cell.status.id}/not_interested`), () => (cell.less = false))
}

export async function wantAgain(cell: Cell): Promise<void> {
  cell.less = false
  await tryOr(() => remove(`/api/weft/v1/posts/${cell.status.id}/not_interested`), () => (cell.less = true))
}

async function hide(cell: Cell, on: boolean): Promise<void> {
  const back = cell.change({ weft: { ...cell.status.weft, hidden: on } })
  const path = `/api/weft/v1/posts/${cell.status.id}/hidden`
  const done = await tryOr(async () => void posts.put(await (on ? post<Status>(path) : remove<Status>(path))), back)
  if (done) toasts.say(t(on ? 'postmenu.hidden' : 'postmenu.shown'), undo(() => void hide(cell, !on)))
}

async function muteThread(cell: Cell, on: boolean): Promise<void> {
  if (await posts.mark(cell, 'muted', on)) toasts.say(t(on ? 'postmenu.thread_muted' : 'postmenu.thread_unmuted'), undo(() => void muteThread(cell, !on)))
}

async function pin(cell: Cell, on: boolean): Promise<void> {
  if (await posts.mark(cell, 'pinned', on)) toasts.say(t(on ? 'postmenu.pinned' : 'postmenu.unpinned'), undo(() => void pin(cell, !on)))
}

function askToRedraft(cell: Cell): void {
  const { replies_count: replies, reblogs_count: reposts, favourites_count: likes } = cell.status
  if (replies + reposts + likes === 0) return void redraft(cell)
  void dialogs.show(() => import('../screens/post/RedraftSheet.svelte'), ['postmenu'], { go: () => void redraft(cell) })
}

async function redraft(cell: Cell): Promise<void> {
  const back = posts.drop(cell.status.id)
  await tryOr(async () => openComposer({ redraft: await remove<Status>(`/api/v1/statuses/${cell.status.id}`) }), back)
}

export async function setPolicies(cell: Cell, replies: string, quotes: string): Promise<boolean> {
  const path = `/api/v1/statuses/${cell.status.id}/interaction_policy`
  return tryOr(async () => void posts.put(await put<Status>(path, { quote_approval_policy: quotes, weft: { reply_policy: replies } })), () => {})
}

async function tryOr(run: () => Promise<unknown>, back: () => unknown): Promise<boolean> {
  try {
    await run()
    return true
  } catch (error) {
    back()
    toasts.problem(sentenceOf(error))
    return false
  }
}
