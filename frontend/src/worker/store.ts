// What the worker keeps: the app's files by build, answers by account, pictures.

import { ACCOUNT, APP, BYTES, DATA, filesOf, KEPT_AT, MEDIA, MOST_ANSWERS, MOST_MEDIA_BYTES, MOST_PICTURE_BYTES, SHELL, SHELL_SOURCE, surplus } from '../lib/kept'

declare const self: ServiceWorkerGlobalScope
declare const __FILES__: readonly string[]
declare const __CORE__: readonly string[]
declare const __BUILD__: string

const OWN = APP + __BUILD__
const AT_ONCE = 4
const TRIM_EVERY = 25
const LOOK = { ignoreVary: true } as const
const files = new Set(__FILES__)
/** When accounts were forgotten: what was asked for before is not kept afterwards. */
const forgotten = new Map<string, number>()
let forgottenAll = 0
let untilTrim = TRIM_EVERY

/** What the first screen needs, before this build may take over. */
export async function install(): Promise<void> {
  const cache = await caches.open(OWN)
  await cache.addAll([...__CORE__])
  await renewShell().catch(() => {})
}

/** The rest of the build, a few at a time: a version that is running misses none of its parts, even offline. */
export async function warm(): Promise<void> {
  const cache = await caches.open(OWN)
  await renewShell().catch(() => {})
  const had = new Set((await cache.keys()).map((request) => new URL(request.url).pathname))
  const missing = __FILES__.filter((file) => !had.has(file))
  for (let start = 0; start < missing.length; start += AT_ONCE) {
    await Promise.allSettled(missing.slice(start, start + AT_ONCE).map((file) => cache.add(file)))
  }
}

/** The page around the app. It is kept only where it belongs to this build: another one's would ask for files in vain. */
async function renewShell(): Promise<void> {
  const response = await fetch(SHELL_SOURCE, { credentials: 'same-origin', cache: 'no-store', headers: { accept: 'text/html' } })
  if (!response.ok || response.redirected) return
  const html = await response.clone().text()
  const needed = filesOf(html)
  if (needed.length && needed.every((file) => files.has(file))) await (await caches.open(OWN)).put(SHELL, response)
}

export const shell = async (): Promise<Response | undefined> => (await caches.open(OWN)).match(SHELL, LOOK)

/** A file of the app, of whichever build it is. */
export async function appFile(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  const kept = await caches.match(pathname, LOOK)
  if (kept) return kept
  const response = await fetch(request)
  if (response.ok && files.has(pathname)) await (await caches.open(OWN)).put(pathname, response.clone())
  return response
}

/** Remove the files of builds that no open page runs. A page that does not answer may run any of them. */
export async function dropOldBuilds(ask: (client: Client) => Promise<string | null>): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(APP) && name !== OWN)
  if (!old.length) return
  const clients = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const running = await Promise.all(clients.map(ask))
  if (running.includes(null)) return
  for (const name of old) {
    const cache = await caches.open(name)
    const uses = await Promise.all(running.map((script) => cache.match(script ?? '', LOOK)))
    if (uses.every((found) => found === undefined)) await caches.delete(name)
  }
}

// ------------------------------------------------------------------------------------------------ answers

const nameOf = (request: Request): string => DATA + (request.headers.get(ACCOUNT) || '0')

export const keptAnswer = async (request: Request): Promise<Response | undefined> =>
  (await caches.has(nameOf(request))) ? (await caches.open(nameOf(request))).match(request.url, LOOK) : undefined

export async function keepAnswer(request: Request, response: Response, asked: number): Promise<void> {
  const name = nameOf(request)
  const isForgotten = () => asked <= Math.max(forgottenAll, forgotten.get(name) ?? 0)
  const stored = await stamped(response)
  if (isForgotten()) return
  const cache = await caches.open(name)
  // Deleted first, so that the order of the keys is the order of use.
  await cache.delete(request.url, LOOK)
  await cache.put(request.url, stored)
  const keys = await cache.keys()
  await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST_ANSWERS)).map((key) => cache.delete(key, LOOK)))
  if (isForgotten()) await caches.delete(name)
}

async function stamped(response: Response): Promise<Response> {
  const body = await response.arrayBuffer()
  const headers = new Headers(response.headers)
  headers.set(KEPT_AT, String(Date.now()))
  headers.set(BYTES, String(body.byteLength))
  headers.delete('content-encoding')
  headers.delete('content-length')
  return new Response(body, { status: response.status, headers })
}

/** Nothing of an account stays, nor of any where none is named. Pictures go in any case: nobody knows whose they were. */
export async function forget(account: string | null): Promise<void> {
  const now = Date.now()
  if (account === null) forgottenAll = now
  else forgotten.set(DATA + account, now)
  const names = (await caches.keys()).filter((name) => name === MEDIA || (account === null ? name.startsWith(DATA) : name === DATA + account))
  await Promise.all(names.map((name) => caches.delete(name)))
}

// ------------------------------------------------------------------------------------------------ pictures

/** A picture's name never names another picture, so what is kept is right. */
export async function picture(request: Request, later: (work: Promise<void>) => void): Promise<Response> {
  const kept = await (await caches.open(MEDIA)).match(request.url, LOOK)
  if (kept) return kept
  const asked = Date.now()
  const response = await fetch(request)
  if (response.status === 200 && response.type === 'basic') later(keepPicture(request.url, response.clone(), asked))
  return response
}

async function keepPicture(url: string, response: Response, asked: number): Promise<void> {
  const stored = await stamped(response)
  const bytes = Number(stored.headers.get(BYTES))
  if (bytes > MOST_PICTURE_BYTES || !stored.headers.get('content-type')?.startsWith('image/')) return
  if (asked <= Math.max(forgottenAll, ...forgotten.values())) return
  const cache = await caches.open(MEDIA)
  await cache.put(url, stored)
  untilTrim -= 1
  if (untilTrim > 0) return
  untilTrim = TRIM_EVERY
  const entries = await Promise.all(
    (await cache.keys()).map(async ({ url: key }) => ({ key, bytes: Number((await cache.match(key, LOOK))?.headers.get(BYTES) ?? 0) })),
  )
  await Promise.all(surplus(entries, MOST_MEDIA_BYTES).map((key) => cache.delete(key, LOOK)))
}
