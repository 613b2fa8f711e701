// Signing out leaves nothing behind: what was kept in this browser for one account, or for all, goes.

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
  for (const name of Object.keys(localStorage)) if (name.startsWith('weft.') && !STAYS.includes(name)) localStorage.removeItem(name)
  sessionStorage.clear()
  const shelf = new Shelf()
  const clears = everything ? [shelf.clear()] : accounts.map((account) => shelf.clear(account))
  // Answers of the API are kept for whoever was in use; the app's own files lie in other caches and may stay.
  await Promise.allSettled([...clears, dropCaches(), ...(everything ? [endPush()] : [])])
}

async function dropCaches(): Promise<void> {
  if (!('caches' in globalThis)) return
  const names = await caches.keys()
  await Promise.all(names.filter((name) => !/app|build|shell/.test(name)).map((name) => caches.delete(name)))
}

async function endPush(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  const registration = await navigator.serviceWorker.getRegistration()
  const subscription = await registration?.pushManager?.getSubscription()
  await subscription?.unsubscribe()
}
