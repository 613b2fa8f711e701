// A session that ended elsewhere. The server is asked once; then what is being written is kept, and the app starts anew, so
// that nothing of the account stays on the page. What it starts with says what happened: `screens/account/Ended.svelte`.

import { keepAll, standingOf } from '../lib/ended'
import { ENDED, session } from './session.svelte'

/** Whether it is over; then the page is going. */
export async function isOver(): Promise<boolean> {
  // Not as the account that this page believes to be: nothing is to be refused, only told.
  const answer = await fetch('/api/weft/v1/session', { headers: { accept: 'application/json' }, cache: 'no-store' })
  const standing = standingOf(answer.status, await answer.json().catch(() => null), session.account?.id ?? '')
  if (standing === 'other') session.changed = true
  if (standing !== 'over') return false
  await keepAll()
  sessionStorage.setItem(ENDED, 'yes')
  location.reload()
  return true
}
