// One tab at a time does the sending. The browser's own locks where it has them; otherwise a lease in IndexedDB that
// its holder renews, so that a closed tab does not hold it for ever.

import { newKey } from './draft'
import type { Shelf } from './shelf'

const LEASE_MS = 20_000
const RENEW_MS = 5_000
const LOOK_MS = 1_000

export type Lock = <T>(name: string, work: () => Promise<T>) => Promise<T>

/** The browser's locks exist only with https or on the own machine. */
export function lockFor(shelf: Shelf, locks: LockManager | undefined = globalThis.navigator?.locks): Lock {
  if (!locks) return leaseLock(shelf)
  return async (name, work) => await locks.request(name, work)
}

export function leaseLock(shelf: Shelf, now: () => number = Date.now, lookMs: number = LOOK_MS): Lock {
  const holder = newKey()
  let queue: Promise<unknown> = Promise.resolve()
  const take = (name: string): Promise<boolean> => shelf.lease(name, holder, now(), now() + LEASE_MS)
  async function held<T>(name: string, work: () => Promise<T>): Promise<T> {
    while (!(await take(name))) await new Promise((resolve) => setTimeout(resolve, lookMs))
    const renewing = setInterval(() => void take(name), RENEW_MS)
    try {
      return await work()
    } finally {
      clearInterval(renewing)
      await shelf.lease(name, holder, now(), now())
    }
  }
  // The lease is the tab's: within the tab, work waits in line.
  return <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const next = queue.then(() => held(name, work))
    queue = next.catch(() => undefined)
    return next
  }
}
