// Signing out leaves nothing behind: what was kept in this browser for one account, or for all, goes.

import { clearOffline, forgetOthers, unsubscribe } from './offline'
import { Shelf } from './shelf'

/** What belongs to the browser and to nobody: how the app looks. */
const STAYS = ['weft.look']

/** How many drafts and posts on their way the browser holds for an account; without one, for all. */
export async function countKept(accounts: readonly string[]): Promise<number> {
  if (!('indexedDB' in globalThis)) return 0
  const shelf = new Shelf()
  const kept = await Promise.all(accounts.map((account) => shelf.all(account).catch(() => [])))
  return kept.reduce((sum, one) => sum + one.length, 0)
}

/** Forget these accounts; `everything` when nobody stays signed in here. */
export async function forget(accounts: readonly string[], everything: boolean): Promise<void> {
  forgetStored()
  await Promise.all(everything ? [clearOffline()] : accounts.map((account) => clearOffline(account)))
}

/** A session ended elsewhere, and `left` are still signed in here: what signing out would take goes, but for the drafts. */
export async function forgetEnded(left: readonly string[]): Promise<void> {
  forgetStored()
  await Promise.all([forgetOthers(left, false), left.length === 0 && unsubscribe()])
}

function forgetStored(): void {
  for (const name of Object.keys(localStorage)) if (name.startsWith('weft.') && !STAYS.includes(name)) localStorage.removeItem(name)
  sessionStorage.clear()
}
