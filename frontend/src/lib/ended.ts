// A session that ended elsewhere: what the server's answer about it means, and who has something to keep before the page goes.

import type { SessionAnswer } from './entities'

/** Still this account's; another account's; nobody's, or of somebody who is not let in; or the server did not say. */
export type Standing = 'same' | 'other' | 'over' | 'unknown'

/** What `GET /api/weft/v1/session` says to a page that believes to speak for `own`. */
export function standingOf(status: number, told: unknown, own: string): Standing {
  // The page that starts anew leads on to where it is said what is missing.
  if (status === 401 || status === 403) return 'over'
  if (status !== 200) return 'unknown'
  const account = (told as Partial<SessionAnswer> | null)?.account
  if (account === undefined) return 'unknown'
  return account === null ? 'over' : account.id === own ? 'same' : 'other'
}

const ENDING = 'weft:ending'
const PATIENCE_MS = 2000

/** Keep something once the session has ended, before the page goes; the answer ends it. */
export function beforeEnd(keep: () => Promise<unknown>, place: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> = window): () => void {
  const hear = (event: Event): void => void (event as CustomEvent<Promise<unknown>[]>).detail.push(keep())
  place.addEventListener(ENDING, hear)
  return () => place.removeEventListener(ENDING, hear)
}

/** Until all have kept theirs; whoever takes long is not waited for. */
export async function keepAll(place: Pick<EventTarget, 'dispatchEvent'> = window, patience: number = PATIENCE_MS): Promise<void> {
  const works: Promise<unknown>[] = []
  place.dispatchEvent(new CustomEvent(ENDING, { detail: works }))
  await Promise.race([Promise.allSettled(works), new Promise((done) => setTimeout(done, patience))])
}
