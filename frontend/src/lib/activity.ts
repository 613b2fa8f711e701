// What happened, in groups as the server made them, and the words' shape for each kind.

import type { Account, Status } from './entities'

export interface Group {
  group_key: string
  notifications_count: number
  type: string
  most_recent_notification_id: string
  page_min_id?: string
  page_max_id?: string
  latest_page_notification_at?: string
  sample_account_ids: string[]
  status_id?: string
}

export interface Groups {
  accounts: Account[]
  statuses: Status[]
  notification_groups: Group[]
}

/** One row of the screen. */
export interface Happening {
  key: string
  kind: Kind
  count: number
  /** The newest notification in it. */
  id: string
  at: string
  people: Account[]
  status: Status | null
}

export const TABS = ['all', 'replies', 'mentions', 'follows'] as const
export type Tab = (typeof TABS)[number]

const SERVER_TYPES: Record<Tab, readonly string[]> = { all: [], replies: ['mention'], mentions: ['mention', 'quote'], follows: ['follow', 'follow_request'] }
export const typesOf = (tab: Tab): readonly string[] => SERVER_TYPES[tab]

/** Kinds as the screen tells them apart: the server says `mention` for a reply, a mention and a message. */
export type Kind =
  | ('favourite' | 'reblog' | 'follow' | 'follow_request' | 'mention' | 'reply' | 'direct' | 'quote' | 'status' | 'update')
  | ('quoted_update' | 'poll' | 'own_poll' | 'sign_up' | 'report' | 'other')

const KNOWN: Record<string, Kind> = {
  favourite: 'favourite',
  reblog: 'reblog',
  follow: 'follow',
  follow_request: 'follow_request',
  quote: 'quote',
  status: 'status',
  update: 'update',
  quoted_update: 'quoted_update',
  'admin.sign_up': 'sign_up',
  'admin.report': 'report',
}

export function kindOf(type: string, status: Pick<Status, 'in_reply_to_account_id' | 'visibility' | 'account'> | null, ownId: string): Kind {
  if (type === 'mention') {
    if (status?.visibility === 'direct') return 'direct'
    return status?.in_reply_to_account_id === ownId ? 'reply' : 'mention'
  }
  if (type === 'poll') return status?.account.id === ownId ? 'own_poll' : 'poll'
  return KNOWN[type] ?? 'other'
}

export const belongs = (kind: Kind, tab: Tab): boolean => (tab === 'replies' ? kind === 'reply' : tab === 'mentions' ? kind !== 'reply' && kind !== 'direct' : true)

/** The rows of an answer: each group with its people and its post. */
export function happenings(answer: Groups, ownId: string): Happening[] {
  const accounts = new Map(answer.accounts.map((account) => [account.id, account]))
  const statuses = new Map(answer.statuses.map((status) => [status.id, status]))
  return answer.notification_groups.map((group) => {
    const status = (group.status_id && statuses.get(group.status_id)) || null
    return {
      key: group.group_key,
      kind: kindOf(group.type, status, ownId),
      count: group.notifications_count,
      id: group.most_recent_notification_id,
      at: group.latest_page_notification_at ?? status?.created_at ?? '',
      people: group.sample_account_ids.flatMap((id) => accounts.get(id) ?? []),
      status,
    }
  })
}

const ICONS: Record<Kind, string> = {
  favourite: 'heart',
  reblog: 'repeat-2',
  follow: 'user-plus',
  follow_request: 'user-plus',
  mention: 'at-sign',
  reply: 'message-circle',
  direct: 'mail',
  quote: 'quote',
  status: 'bell',
  update: 'pencil-line',
  quoted_update: 'pencil-line',
  poll: 'chart-bar',
  own_poll: 'chart-bar',
  sign_up: 'user-check',
  report: 'flag',
  other: 'bell',
}
export const iconOf = (kind: Kind): string => ICONS[kind]

/** Of these kinds somebody's post is shown whole; of the others one's own as an excerpt. */
export const isTheirs = (kind: Kind): boolean => ['mention', 'reply', 'direct', 'quote', 'status'].includes(kind)

/** A text with `{name}` in pieces: words, and the places for names. */
export const places = (text: string): { place: string; words: string }[] =>
  text.split(/(\{\w+\})/).flatMap((part) => (part === '' ? [] : /^\{\w+\}$/.test(part) ? [{ place: part.slice(1, -1), words: '' }] : [{ place: '', words: part }]))
