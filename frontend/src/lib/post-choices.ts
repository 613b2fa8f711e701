// Which choices the menu of a post offers, in order; `line` parts the groups.

import type { Status } from './entities'

export type PostChoice =
  | 'save' | 'unsave' | 'link' | 'share' | 'embed'
  | 'less' | 'hide' | 'unhide' | 'mute_thread' | 'unmute_thread' | 'mute' | 'block' | 'report'
  | 'summary' | 'ask' | 'article' | 'related' | 'translate' | 'original'
  | 'reactions' | 'history'
  | 'edit' | 'redraft' | 'delete' | 'pin' | 'unpin' | 'policy'

export interface Around {
  /** Who is signed in; undefined for a visitor. */
  ownId: string | undefined
  /** Who began the thread that is open, where one is. */
  beganBy?: string | undefined
  /** The system has a sheet to share with. */
  canShare: boolean
  /** What the assistant offers this person. */
  assisted?: readonly string[]
  /** Something translates its language into that of the screen. */
  canTranslate?: boolean
  /** A translation is shown in the place of its words. */
  isTranslated?: boolean
}

export function choicesOf(status: Status, around: Around): (PostChoice | 'line')[] {
  const { ownId, beganBy, canShare } = around
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
    return join([mine, [save, ...out], assistedBy(status, around), [thread], about, ['redraft', 'delete']])
  }
  const answersOwn = status.in_reply_to_id !== null && (status.in_reply_to_account_id === ownId || beganBy === ownId)
  const fold: PostChoice[] = answersOwn ? [status.weft?.hidden ? 'unhide' : 'hide'] : []
  return join([[save, ...out], assistedBy(status, around), ['less', ...fold, thread], ['mute', 'block', 'report'], about])
}

/** The summary and what is related are always quotes; a translation needs a model that can, and a post for everybody. */
function assistedBy(status: Status, { assisted = [], canTranslate = false, isTranslated = false }: Around): PostChoice[] {
  const choices: PostChoice[] = []
  const isOpen = status.visibility === 'public' || status.visibility === 'unlisted'
  if (assisted.includes('sum_up')) choices.push('summary', 'ask')
  if (assisted.includes('sum_up') && status.card) choices.push('article')
  if (assisted.includes('find')) choices.push('related')
  if (isTranslated) choices.push('original')
  else if (canTranslate && isOpen && status.content) choices.push('translate')
  return choices
}

const join = (groups: readonly PostChoice[][]): (PostChoice | 'line')[] => groups.filter((group) => group.length).flatMap((group, index) => (index ? ['line' as const, ...group] : group))
