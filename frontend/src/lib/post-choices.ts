// Which choices the menu of a post offers, in order; `line` parts the groups.

import type { Status } from './entities'

export type PostChoice =
  | 'save' | 'unsave' | 'link' | 'share' | 'embed'
  | 'less' | 'hide' | 'unhide' | 'mute_thread' | 'unmute_thread' | 'mute' | 'block' | 'report'
  | 'reactions' | 'history'
  | 'edit' | 'redraft' | 'delete' | 'pin' | 'unpin' | 'policy'

export interface Around {
  /** Who is signed in; undefined for a visitor. */
  ownId: string | undefined
  /** Who began the thread that is open, where one is. */
  beganBy?: string | undefined
  /** The system has a sheet to share with. */
  canShare: boolean
}

export function choicesOf(status: Status, { ownId, beganBy, canShare }: Around): (PostChoice | 'line')[] {
  const isOwn = status.account.id === ownId
  const isOpen = status.visibility === 'public' || status.visibility === 'unlisted'
  const out = isOpen ? (['link', ...(canShare ? ['share' as const] : []), 'embed'] as PostChoice[]) : (['link'] as PostChoice[])
  const about: PostChoice[] = ['reactions', ...(status.edited_at ? ['history' as const] : [])]
  if (ownId === undefined) return join([out, about])
  const save: PostChoice = status.bookmarked ? 'unsave' : 'save'
  const thread: PostChoice = status.muted ? 'unmute_thread' : 'mute_thread'
  if (isOwn) {
    const pin: PostChoice[] = status.visibility === 'direct' ? [] : [status.pinned ? 'unpin' : 'pin']
    const mine: PostChoice[] = ['edit', ...pin, ...(isOpen ? ['policy' as const] : [])]
    return join([mine, [save, ...out], [thread], about, ['redraft', 'delete']])
  }
  const answersOwn = status.in_reply_to_id !== null && (status.in_reply_to_account_id === ownId || beganBy === ownId)
  const fold: PostChoice[] = answersOwn ? [status.weft?.hidden ? 'unhide' : 'hide'] : []
  return join([[save, ...out], ['less', ...fold, thread], ['mute', 'block', 'report'], about])
}

const join = (groups: readonly PostChoice[][]): (PostChoice | 'line')[] => groups.flatMap((group, index) => (index ? ['line' as const, ...group] : group))
