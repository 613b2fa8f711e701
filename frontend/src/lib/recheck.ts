// Whether a post that was sent without an answer arrived after all. The server remembers idempotency keys for an hour;
// a post that waits longer is looked for among the account's own newest posts before it is sent again.
// See docs/decisions (offline outbox).

import { cleanText } from './graphemes'
import type { MaybeSent } from './draft'
import type { Net } from './net'

const SLACK_MS = 5 * 60_000
const PAGE = 40
const PAGES = 5

export type Found = { kind: 'absent' } | { kind: 'found'; id: string } | { kind: 'unsure'; id: string | null }

type Status = {
  id: string
  created_at: string
  edited_at: string | null
  in_reply_to_id: string | null
  media_attachments: unknown[]
}
type Scheduled = { id: string; scheduled_at: string; params: { text: string } }

/** Looks for it on the server. Raises NoAnswer, like any request; `unsure` where the server does not answer well. */
export async function lookFor(net: Net, account: string, sought: MaybeSent, now: number): Promise<Found> {
  if (sought.scheduledAt !== null) {
    const waiting = await lookAmongScheduled(net, sought)
    if (waiting.kind !== 'absent') return waiting
  }
  let before = ''
  let from: number | null = null
  for (let page = 0; page < PAGES; page += 1) {
    const path = `/api/v1/accounts/${account}/statuses?exclude_reblogs=true&limit=${PAGE}${before && `&max_id=${before}`}`
    const answer = await net.request('GET', path)
    if (answer.status !== 200 || !Array.isArray(answer.body)) return { kind: 'unsure', id: null }
    from ??= beginning(answer.date, sought.at, now)
    const statuses = answer.body as Status[]
    for (const status of statuses) {
      if (from !== null && Date.parse(status.created_at) < from) return { kind: 'absent' }
      const same = await isSame(net, status, sought)
      if (same === 'yes' && from !== null) return { kind: 'found', id: status.id }
      if (same !== 'no') return { kind: 'unsure', id: status.id }
    }
    if (statuses.length < PAGE) return { kind: 'absent' }
    before = (statuses.at(-1) as Status).id
  }
  return { kind: 'unsure', id: null }
}

/** From when on it may be there, by the server's clock; null where this device's clock went back. */
function beginning(serverNow: number | null, at: number, now: number): number | null {
  const elapsed = now - at
  return serverNow === null || elapsed < 0 ? null : serverNow - elapsed - SLACK_MS
}

async function isSame(net: Net, status: Status, sought: MaybeSent): Promise<'yes' | 'no' | 'maybe'> {
  if (status.in_reply_to_id !== sought.replyTo) return 'no'
  // Its first form is not what its source says now.
  if (status.edited_at !== null) return 'maybe'
  if (status.media_attachments.length !== sought.media) return 'no'
  const answer = await net.request('GET', `/api/v1/statuses/${status.id}/source`)
  if (answer.status === 404) return 'no'
  if (answer.status !== 200) return 'maybe'
  return (answer.body as { text: string }).text.trim() === cleanText(sought.text).trim() ? 'yes' : 'no'
}

async function lookAmongScheduled(net: Net, sought: MaybeSent): Promise<Found> {
  const answer = await net.request('GET', `/api/v1/scheduled_statuses?limit=${PAGE}`)
  if (answer.status !== 200 || !Array.isArray(answer.body)) return { kind: 'unsure', id: null }
  const due = Date.parse(sought.scheduledAt as string)
  for (const one of answer.body as Scheduled[]) {
    const same = one.params.text.trim() === cleanText(sought.text).trim() && Date.parse(one.scheduled_at) === due
    if (same) return { kind: 'found', id: one.id }
  }
  return { kind: 'absent' }
}
