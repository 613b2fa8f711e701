// Where drafts and posts on their way are kept: IndexedDB, so that a reload, a crash or no network loses nothing.
// A draft and the post it becomes are one record, so the step from one to the other cannot be half done.

import type { Draft } from './draft'

export type SendState = 'waiting' | 'sending' | 'stopped' | 'asking'

export type Sending = {
  queuedAt: number
  state: SendState
  /** One idempotency key a part. It never changes while the record is on its way. */
  keys: string[]
  /** When a part was first sent without an answer, by this device's clock. */
  attempted: (number | null)[]
  /** The server's ids of the parts that are out. */
  results: (string | null)[]
  tries: number
  notBefore: number
  reason: string | null
  /** A post on the server that is, or may be, this one: the person is asked. */
  found: string | null
}

export type Kept = { id: string; account: string; updatedAt: number; draft: Draft; sending: Sending | null }

/** Gets what is kept and says what shall be kept: undefined leaves it as it is, null removes it. */
export type Change = (kept: Kept | undefined) => Kept | null | undefined

const NAME = 'weft-composing'
const STORE = 'kept'
const LOCKS = 'locks'

export class Shelf {
  #open: Promise<IDBDatabase> | null = null
  readonly #listeners = new Set<() => void>()
  readonly #channel: BroadcastChannel | null

  constructor(readonly name: string = NAME) {
    this.#channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : null
    this.#channel?.addEventListener('message', () => this.#heard())
  }

  /** Called when something changed, here or in another tab. Answers how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async all(account: string): Promise<Kept[]> {
    const db = await this.#db()
    const index = db.transaction(STORE).objectStore(STORE).index('account')
    return answerOf<Kept[]>(index.getAll(account))
  }

  async get(id: string): Promise<Kept | undefined> {
    const db = await this.#db()
    return answerOf<Kept | undefined>(db.transaction(STORE).objectStore(STORE).get(id))
  }

  /** Reads and writes one record in one transaction; answers what is kept after it. */
  async change(id: string, change: Change): Promise<Kept | undefined> {
    const db = await this.#db()
    const tx = db.transaction(STORE, 'readwrite')
    const store = tx.objectStore(STORE)
    const before = await answerOf<Kept | undefined>(store.get(id))
    const after = change(before)
    if (after === null) store.delete(id)
    else if (after !== undefined) store.put(after)
    await doneOf(tx)
    if (after !== undefined) this.#tell()
    return after === undefined ? before : (after ?? undefined)
  }

  /** Removes everything of one account, or of all: signing out leaves nothing behind. */
  async clear(account?: string): Promise<void> {
    const db = await this.#db()
    const tx = db.transaction(STORE, 'readwrite')
    const store = tx.objectStore(STORE)
    if (account === undefined) store.clear()
    else for (const key of await answerOf(store.index('account').getAllKeys(account))) store.delete(key)
    await doneOf(tx)
    this.#tell()
  }

  /** Removes what is of anybody but these. */
  async keepOnly(accounts: readonly string[]): Promise<void> {
    const db = await this.#db()
    const tx = db.transaction(STORE, 'readwrite')
    const store = tx.objectStore(STORE)
    const others = (await answerOf<Kept[]>(store.getAll())).filter((one) => !accounts.includes(one.account))
    for (const { id } of others) store.delete(id)
    await doneOf(tx)
    if (others.length) this.#tell()
  }

  /** Takes or renews a lease for `holder` until `until`; false while somebody else has it. */
  async lease(name: string, holder: string, now: number, until: number): Promise<boolean> {
    const db = await this.#db()
    const tx = db.transaction(LOCKS, 'readwrite')
    const store = tx.objectStore(LOCKS)
    const held = await answerOf<{ holder: string; until: number } | undefined>(store.get(name))
    // A lease that ends far ahead was taken by a clock that was wrong.
    const free = !held || held.holder === holder || held.until <= now || held.until > now + 600_000
    if (free) store.put({ holder, until }, name)
    await doneOf(tx)
    return free
  }

  async #db(): Promise<IDBDatabase> {
    this.#open ??= open(this.name).catch((error: unknown) => {
      this.#open = null
      throw error
    })
    const db = await this.#open
    db.onclose = () => (this.#open = null)
    db.onversionchange = () => {
      db.close()
      this.#open = null
    }
    return db
  }

  #tell(): void {
    this.#channel?.postMessage('changed')
    this.#heard()
  }

  #heard(): void {
    for (const listener of this.#listeners) listener()
  }
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE, { keyPath: 'id' }).createIndex('account', 'account')
    request.result.createObjectStore(LOCKS)
  }
  return answerOf(request)
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function doneOf(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve()
    tx.onabort = () => reject(tx.error)
    tx.onerror = () => reject(tx.error)
  })
}
