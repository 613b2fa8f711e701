// Small truths about accounts.

import { splitEmojis } from './emojis'
import type { Account, Relationship } from './entities'

/** The name in words alone, for titles and labels: without the codes of its emojis. */
export const nameOf = (account: Pick<Account, 'display_name' | 'username'> & { emojis?: Account['emojis'] }): string =>
  splitEmojis(account.display_name, account.emojis ?? [])
    .filter((part) => typeof part === 'string')
    .join('')
    .trim() || account.username

/** A name for the middle of a sentence: whatever its direction, it turns nothing else. */
export const isolated = (name: string): string => `\u2068${name}\u2069`

/** The handle that says everywhere who is meant. */
export const wholeHandle = (account: Pick<Account, 'acct'>, domain: string): string => (account.acct.includes('@') ? `@${account.acct}` : `@${account.acct}@${domain}`)

/** Whether somebody chose a banner. */
export const hasBanner = (account: Pick<Account, 'header'>): boolean => account.header !== '' && !account.header.endsWith('/headers/original/missing.png')

/** What the follow button says and does. */
export type Stance = 'unknown' | 'own' | 'blocked' | 'requested' | 'following' | 'back' | 'none'

export function stanceOf(account: Pick<Account, 'id'>, ownId: string | undefined, tie: Relationship | null): Stance {
  if (account.id === ownId) return 'own'
  if (ownId === undefined) return 'none'
  if (tie === null) return 'unknown'
  if (tie.blocking) return 'blocked'
  if (tie.following) return 'following'
  if (tie.requested) return 'requested'
  return tie.followed_by ? 'back' : 'none'
}

/** The first words of a bio, for a line in a list: its HTML without marks. */
export function firstWords(html: string): string {
  const text = html.replace(/<br ?\/?>|<\/p>/g, ' ').replace(/<[^>]*>/g, '')
  return unescape(text).replace(/\s+/g, ' ').trim()
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#34': '"', nbsp: ' ' }

const unescape = (text: string): string => text.replace(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole)
