// The service worker: the app starts without a network, shows what was there last, and is pushed to. A new version waits
// until its reader asks for it, and the running one keeps all of its parts meanwhile.

import { isKeptAnswer, isPicture, isScreen, KEPT_AT, type ToPage, type ToWorker } from '../lib/kept'
import { open, renew, show } from './pushes'
import { appFile, dropOldBuilds, forget, install, keepAnswer, keptAnswer, picture, shell, warm } from './store'

declare const self: ServiceWorkerGlobalScope

const NAVIGATION_MS = 4000
const ANSWER_MS = 2000
/** The server was away at the last try: pages are told once it is back. */
let away = false

self.addEventListener('install', (event) => event.waitUntil(install()))

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      await self.registration.navigationPreload?.enable()
      await self.clients.claim()
      await dropOldBuilds(scriptOf)
    })(),
  )
})

self.addEventListener('message', (event) => {
  const told = event.data as ToWorker
  const answer = event.ports[0]
  if (told.kind === 'activate') void self.skipWaiting()
  else if (told.kind === 'warm') event.waitUntil(warm().then(() => dropOldBuilds(scriptOf)))
  else if (told.kind === 'forget') event.waitUntil(forget(told.account).then(() => answer?.postMessage(true)))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode === 'navigate') {
    if (isScreen(url.pathname)) event.respondWith(navigate(event))
  } else if (url.pathname.startsWith('/app/')) event.respondWith(appFile(request))
  else if (isKeptAnswer(url)) event.respondWith(answer(event))
  else if (isPicture(url.pathname) && request.destination === 'image') event.respondWith(picture(request, (work) => event.waitUntil(work)))
})

self.addEventListener('push', (event) => event.waitUntil(show(event.data)))
self.addEventListener('notificationclick', (event) => event.waitUntil(open(event.notification)))
self.addEventListener('pushsubscriptionchange', (event) => {
  const { oldSubscription } = event as Event & { oldSubscription?: PushSubscription }
  ;(event as ExtendableEvent).waitUntil(renew(oldSubscription?.options))
})

/** The network's page where it comes soon; else the kept one. */
async function navigate(event: FetchEvent): Promise<Response> {
  const asked = (event.preloadResponse as Promise<Response | undefined>).then((early) => early ?? fetch(event.request))
  const kept = await shell()
  if (!kept) return asked
  const fresh = asked.then((response) => (isAway(response) ? kept : response)).catch(() => kept)
  return Promise.race([fresh, after(NAVIGATION_MS).then(() => kept)])
}

/** The network's answer, kept for later; without a network the kept one, and the page is told from when it is. */
async function answer(event: FetchEvent): Promise<Response> {
  const asked = Date.now()
  try {
    const response = await fetch(event.request)
    if (!isAway(response)) {
      if (response.ok) event.waitUntil(keepAnswer(event.request, response.clone(), asked))
      if (away) await tellAll({ kind: 'reached' })
      away = false
      return response
    }
    return (await fallBack(event)) ?? response
  } catch (error) {
    const kept = event.request.signal.aborted ? undefined : await fallBack(event)
    if (kept) return kept
    throw error
  }
}

async function fallBack(event: FetchEvent): Promise<Response | undefined> {
  const kept = await keptAnswer(event.request)
  away = true
  const page = kept && (await self.clients.get(event.clientId))
  page?.postMessage({ kind: 'kept', at: Number(kept?.headers.get(KEPT_AT)) } satisfies ToPage)
  return kept
}

/** A proxy answers in place of a server that is away. */
const isAway = (response: Response): boolean => response.status >= 502 && response.status <= 504

async function tellAll(told: ToPage): Promise<void> {
  for (const page of await self.clients.matchAll({ type: 'window' })) page.postMessage(told)
}

/** The main script that a page runs, which tells its build; null where it does not say. */
function scriptOf(client: Client): Promise<string | null> {
  const channel = new MessageChannel()
  const told = new Promise<string>((resolve) => {
    channel.port1.onmessage = (event) => resolve(String(event.data))
  })
  client.postMessage({ kind: 'which' } satisfies ToPage, [channel.port2])
  return Promise.race([told, after(ANSWER_MS).then(() => null)])
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
