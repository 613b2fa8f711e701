// What this browser can do at the moment: whether the server is reached, whether a newer version of the app waits, whether
// the app can be installed. It is in the first script, because other parts may be what is missing.

import { filesOf, SHELL_SOURCE, type ToPage, type ToWorker } from '../lib/kept'
import { router } from './router.svelte'
import { session } from './session.svelte'
import { unread } from './unread.svelte'

interface InstallPrompt extends Event {
  prompt(): Promise<{ outcome: string }>
}

const WORKER_AFTER_MS = 2500
const ASK_AGAIN_MS = 15_000
const TAKE_OVER_MS = 4000
const TRIED = 'weft.tried'

class Device {
  /** The server is not reached. */
  away = $state(!navigator.onLine)
  /** When what is shown was kept, in milliseconds; null where it is not from the worker. */
  keptAt = $state<number | null>(null)
  /** A newer version is there. */
  hasUpdate = $state(false)
  installing = $state.raw<InstallPrompt | null>(null)
  #waiting: ServiceWorker | null = null
  #timer: ReturnType<typeof setInterval> | undefined

  start(): void {
    addEventListener('offline', () => this.#leave())
    addEventListener('online', () => void this.#ask())
    addEventListener('vite:preloadError', () => void this.#missing())
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault()
      this.installing = event as InstallPrompt
    })
    addEventListener('appinstalled', () => (this.installing = null))
    if (this.away) this.#leave()
    sessionStorage.removeItem(TRIED)
    $effect.root(() => {
      $effect(() => badge(unread.notifications + unread.messages))
    })
    if (isSecureContext && 'serviceWorker' in navigator) this.#listen()
    // Without a network neither part can come; the next start tries again.
    setTimeout(() => void this.#begin().catch(() => {}), WORKER_AFTER_MS)
  }

  async install(): Promise<void> {
    await this.installing?.prompt()
    this.installing = null
  }

  /** Take the newer version. What is being written is kept by the composer as it is written. */
  reload(): void {
    if (!this.#waiting) return location.reload()
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
    setTimeout(() => location.reload(), TAKE_OVER_MS)
    this.#waiting.postMessage({ kind: 'activate' } satisfies ToWorker)
  }

  async #begin(): Promise<void> {
    const { begin } = await import('../lib/offline')
    const accounts = session.accounts.map((account) => account.id)
    await begin(accounts, session.account !== null, (worker) => {
      this.#waiting = worker
      this.hasUpdate = true
    })
  }

  #listen(): void {
    const { serviceWorker } = navigator
    // The first worker takes over a page that had none; any later one comes with another version.
    let had = serviceWorker.controller !== null
    serviceWorker.addEventListener('controllerchange', () => {
      if (had) this.hasUpdate = true
      had = true
    })
    serviceWorker.addEventListener('message', (event) => this.#hear(event.data as ToPage, event.ports[0]))
  }

  #hear(told: ToPage, port: MessagePort | undefined): void {
    if (told.kind === 'which') port?.postMessage(ownScript())
    else if (told.kind === 'kept') {
      this.keptAt = Math.max(this.keptAt ?? 0, told.at)
      this.#leave()
    } else if (told.kind === 'reached') this.#arrive()
    else void this.#open(told.path, told.account)
  }

  /** A notification was pressed; it may be another account's. */
  async #open(path: string, account: string): Promise<void> {
    if (account && account !== session.account?.id && session.accounts.some(({ id }) => id === account)) {
      const { post } = await import('../lib/api')
      await post('/api/weft/v1/session/switch', { account_id: account })
      location.assign(path)
    } else await router.go(path)
  }

  #leave(): void {
    this.away = true
    this.#timer ??= setInterval(() => document.visibilityState === 'visible' && void this.#ask(), ASK_AGAIN_MS)
  }

  #arrive(): void {
    this.away = false
    this.keptAt = null
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #ask(): Promise<void> {
    const answer = await fetch('/health', { cache: 'no-store' }).catch(() => null)
    if (answer?.ok) this.#arrive()
  }

  /** A part of the app could not be loaded: there is no network, or the server has another version by now. */
  async #missing(): Promise<void> {
    const page = await fetch(SHELL_SOURCE, { cache: 'no-store', headers: { accept: 'text/html' } })
      .then((answer) => (answer.ok ? answer.text() : ''))
      .catch(() => '')
    const files = filesOf(page)
    if (!files.length) this.#leave()
    else if (!files.includes(ownScript())) this.hasUpdate = true
  }
}

const ownScript = (): string => document.querySelector('script[type=module][src^="/app/"]')?.getAttribute('src') ?? ''

function badge(count: number): void {
  const own: Partial<Navigator> = navigator
  if (count > 0) own.setAppBadge?.(count).catch(() => {})
  else own.clearAppBadge?.().catch(() => {})
}

export const device = new Device()

/** The app did not start: its page may be older than the server's files. One fresh try, without the worker's page. */
export function tryOnceMore(): void {
  if (sessionStorage.getItem(TRIED) || !navigator.onLine) return
  sessionStorage.setItem(TRIED, 'yes')
  location.reload()
}
