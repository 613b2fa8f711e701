// Words for messages that several parts of these screens say.

import type { Account, Status } from '../../lib/entities'
import { isolated } from '../../lib/people'
import { t } from '../../state/language.svelte'

export const nameOf = (account: Pick<Account, 'display_name' | 'username'>): string => account.display_name || account.username

/** Names beside each other, each in its own direction. */
export const namesOf = (accounts: readonly Account[]): string => accounts.map((one) => isolated(nameOf(one))).join(', ')

/** What a message without words is. */
export function kindOf(status: Pick<Status, 'media_attachments' | 'poll'>): string {
  const first = status.media_attachments[0]
  if (!first) return status.poll ? t('messages.poll') : ''
  if (first.type === 'audio') return t('messages.sound')
  if (first.type === 'video' || first.type === 'gifv') return t('messages.film')
  return t('messages.picture', { count: status.media_attachments.length })
}
