// What one does with a post, from its buttons and by keyboard. Visitors are led to the sign-in.

import { postPath } from '../lib/handles'
import { openComposer } from './composer.svelte'
import { t } from './language.svelte'
import { posts, type Cell } from './posts.svelte'
import { session } from './session.svelte'
import { toasts } from './toasts.svelte'

/** Whether somebody is signed in; a visitor is sent to sign in and back. */
export function isMember(): boolean {
  if (session.account) return true
  location.assign(`/auth/sign_in?return_to=${encodeURIComponent(location.pathname + location.search)}`)
  return false
}

export const likes = {
  toggle(cell: Cell): void {
    if (isMember()) void posts.mark(cell, 'favourited', !cell.status.favourited)
  },
}

export const reposts = {
  isOwn: (cell: Cell): boolean => cell.status.account.id === session.account?.id,
  toggle(cell: Cell): void {
    if (isMember()) void posts.mark(cell, 'reblogged', !cell.status.reblogged)
  },
  quote(cell: Cell): void {
    if (isMember()) void openComposer({ quote: cell.status })
  },
}

export const replies = {
  open(cell: Cell): void {
    if (isMember()) void openComposer({ replyTo: cell.status })
  },
}

export const saves = {
  async toggle(cell: Cell): Promise<void> {
    if (!isMember()) return
    const on = !cell.status.bookmarked
    if (await posts.mark(cell, 'bookmarked', on)) toasts.say(t(on ? 'core.saved' : 'core.unsaved'))
  },
}

export const shares = {
  /** The system's own sheet where there is one, else the address is copied. */
  async open(cell: Cell): Promise<void> {
    const url = new URL(postPath(cell.status), location.href).href
    if ('share' in navigator && matchMedia('(pointer: coarse)').matches) {
      await navigator.share({ url }).catch(() => {})
      return
    }
    await copy(url)
  },
}

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toasts.say(t('core.copied'))
  } catch {
    toasts.problem(text)
  }
}
