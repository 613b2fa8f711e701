// What this browser keeps for reading without a network, seen from a page: starting the worker that keeps it, and
// leaving nothing behind.

import { DATA, MEDIA, type ToWorker } from './kept'

const ANSWER_MS = 1500
const LOOK_AGAIN_MS = 30 * 60_000
const SESSION = 'weft.session'

/** Whether there is a service worker here: with https, or on the own machine. */
export const hasWorker = (): boolean => isSecureContext && 'serviceWorker' in navigator

/** Forget whose session is over, and start the worker. `waits` is called with a new version that is ready to take over. */
export async function begin(accounts: readonly string[], isSignedIn: boolean, waits: (worker: ServiceWorker) => void): Promise<void> {
  if (hasWorker()) await startWorker(waits).catch(() => {})
  await forgetOthers(accounts, isSignedIn)
  const { saveData } = (navigator as { connection?: { saveData?: boolean } }).connection ?? {}
  if (hasWorker() && !saveData) (await navigator.serviceWorker.ready).active?.postMessage({ kind: 'warm' } satisfies ToWorker)
}

async function startWorker(waits: (worker: ServiceWorker) => void): Promise<void> {
  const registration = await navigator.serviceWorker.register('/sw.js', { updateViaCache: 'none' })
  const tell = (worker: ServiceWorker) => navigator.serviceWorker.controller && waits(worker)
  if (registration.waiting) tell(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const coming = registration.installing
    coming?.addEventListener('statechange', () => coming.state === 'installed' && tell(coming))
  })
  lookNowAndThen(registration)
  await navigator.serviceWorker.ready
}

function lookNowAndThen(registration: ServiceWorkerRegistration): void {
  let looked = Date.now()
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || Date.now() - looked < LOOK_AGAIN_MS) return
    looked = Date.now()
    registration.update().catch(() => {})
  })
}

/**
 * Sessions also end elsewhere: what was kept of accounts that are signed in here no more goes. What they were writing waits
 * for them, until somebody is signed in here and they are not.
 */
export async function forgetOthers(accounts: readonly string[], isSignedIn: boolean): Promise<void> {
  const here = new Set(['0', ...accounts])
  for (const name of 'caches' in globalThis ? await caches.keys() : []) {
    if (name.startsWith(DATA) && !here.has(name.slice(DATA.length))) await clearAnswers(name.slice(DATA.length))
  }
  if (!isSignedIn || !('indexedDB' in globalThis)) return
  const { Shelf } = await import('./shelf')
  await new Shelf().keepOnly(accounts)
}

/** Signing out: nothing of the account stays in this browser, or of any account where none is named. */
export async function clearOffline(account: string | null = null): Promise<void> {
  await Promise.allSettled([clearAnswers(account), clearShelf(account), account === null ? unsubscribe() : Promise.resolve()])
  if (account === null) localStorage.removeItem(SESSION)
}

async function clearAnswers(account: string | null): Promise<void> {
  await forgetInWorker(account).catch(() => {})
  if ('caches' in globalThis) {
    const names = (await caches.keys()).filter((name) => name === MEDIA || (account === null ? name.startsWith(DATA) : name === DATA + account))
    await Promise.all(names.map((name) => caches.delete(name)))
  }
  await (navigator as Partial<Navigator>).clearAppBadge?.().catch(() => {})
}

/** The worker first: it may be about to keep an answer. */
async function forgetInWorker(account: string | null): Promise<void> {
  const worker = hasWorker() ? (await navigator.serviceWorker.getRegistration())?.active : null
  if (!worker) return
  const { port1, port2 } = new MessageChannel()
  const done = new Promise<void>((resolve) => (port1.onmessage = () => resolve()))
  worker.postMessage({ kind: 'forget', account } satisfies ToWorker, [port2])
  await Promise.race([done, new Promise<void>((resolve) => setTimeout(resolve, ANSWER_MS))])
}

async function clearShelf(account: string | null): Promise<void> {
  const { Shelf } = await import('./shelf')
  await new Shelf().clear(account ?? undefined)
}

export async function unsubscribe(): Promise<void> {
  if (!hasWorker()) return
  const registration = await navigator.serviceWorker.getRegistration()
  await (await registration?.pushManager?.getSubscription())?.unsubscribe()
}
