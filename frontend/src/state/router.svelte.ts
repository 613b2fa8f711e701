// Where the person is. Links of our own host are followed without a reload; a screen's script and texts are loaded before
// it is shown, so the old one stays until then. Each history entry keeps what its screen wants to find again on "back":
// the scroll position here, anything else through `memory`.

import { tick, type Component } from 'svelte'
import { match } from '../lib/paths'
import { PATHS, WELCOME, type Screen } from '../routes'
import { texts } from './language.svelte'
import { session } from './session.svelte'

/** What a history entry holds: which one it is, and how many of ours lie before it. */
interface Place {
  key: string
  depth: number
}

interface Entry {
  scroll: number
  kept: Map<string, unknown>
}

const LIMIT = 40

class Router {
  path = $state('')
  query = $state.raw(new URLSearchParams())
  values = $state.raw<Record<string, string>>({})
  screen = $state.raw<Screen | null>(null)
  component = $state.raw<Component<Record<string, string>> | null>(null)
  /** A screen is on its way. */
  busy = $state(false)
  /** Its script could not be loaded: offline, or the build has changed. */
  failed = $state(false)
  #entries = new Map<string, Entry>()
  #key = ''
  #turn = 0

  start(): Promise<void> {
    history.scrollRestoration = 'manual'
    addEventListener('popstate', () => void this.#show(true))
    addEventListener('click', (event) => this.#click(event))
    addEventListener('pagehide', () => this.#keepScroll())
    return this.#show(false)
  }

  /** Go to a path of ours. */
  async go(path: string, { replace = false } = {}): Promise<void> {
    if (!replace && path === location.pathname + location.search) return this.again()
    this.#keepScroll()
    const state: Place = replace ? { key: this.#key, depth: this.#depth } : { key: newKey(), depth: this.#depth + 1 }
    if (replace) history.replaceState(state, '', path)
    else history.pushState(state, '', path)
    await this.#show(false)
  }

  back(otherwise = '/'): void {
    if (this.#depth > 0) history.back()
    else void this.go(otherwise, { replace: true })
  }

  /** The same place again: to the top, as people expect of a second press. */
  async again(): Promise<void> {
    scrollTo({ top: 0, behavior: 'auto' })
    dispatchEvent(new CustomEvent('weft:again'))
  }

  /** What this history entry's screen kept under `name`, made by `make` the first time. */
  memory<T>(name: string, make: () => T): T {
    const entry = this.#entry()
    if (!entry.kept.has(name)) entry.kept.set(name, make())
    return entry.kept.get(name) as T
  }

  get entryKey(): string {
    return this.#key
  }

  /** Where the page was scrolled to when this entry was left; 0 for a new one. */
  get keptScroll(): number {
    return this.#entry().scroll
  }

  async #show(isBack: boolean): Promise<void> {
    if (isBack) this.#keepScroll()
    const turn = ++this.#turn
    const found = match(PATHS, location.pathname)
    const screen = session.ended && turn === 1 ? ENDED : !found ? NOT_FOUND : found.screen.own && !session.account ? WELCOME : found.screen
    this.busy = true
    this.failed = false
    try {
      const [loaded] = await Promise.all([screen.load(), texts.need(...screen.texts)])
      if (turn === 1) await prepared(loaded as Prepared, found?.values ?? {})
      if (turn !== this.#turn) return
      this.#key = this.#readKey()
      const query = new URLSearchParams(location.search)
      this.component = loaded.default as Component<Record<string, string>>
      this.path = location.pathname
      this.query = query
      this.values = found?.values ?? {}
      this.screen = screen
    } catch {
      if (turn === this.#turn) this.failed = true
      return
    } finally {
      if (turn === this.#turn) this.busy = false
    }
    await tick()
    scrollTo(0, this.#entry().scroll)
    if (turn > 1) this.#moveFocus()
  }

  /** A screen reader reads on from the new screen's heading, unless the screen took the focus itself. */
  #moveFocus(): void {
    const main = document.getElementById('main')
    if (!main || main.contains(document.activeElement) || document.querySelector('dialog[open]')) return
    const heading = main.querySelector<HTMLElement>('h1') ?? main
    heading.tabIndex = -1
    heading.focus({ preventScroll: true })
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element | null)?.closest('a')
    if (!link || link.target === '_blank' && !isOwnContent(link) || link.hasAttribute('download')) return
    const url = new URL(link.href, location.href)
    if (url.origin !== location.origin || !match(PATHS, url.pathname)) return
    if (url.hash && url.pathname === location.pathname) return
    event.preventDefault()
    void this.go(url.pathname + url.search)
  }

  get #depth(): number {
    return (history.state as Place | null)?.depth ?? 0
  }

  #keepScroll(): void {
    if (this.#key) this.#entry().scroll = scrollY
  }

  #readKey(): string {
    const state = history.state as Place | null
    if (state?.key) return state.key
    const place: Place = { key: newKey(), depth: 0 }
    history.replaceState(place, '')
    return place.key
  }

  #entry(): Entry {
    let entry = this.#entries.get(this.#key)
    if (!entry) {
      entry = { scroll: 0, kept: new Map() }
      this.#entries.set(this.#key, entry)
      const oldest = this.#entries.keys().next().value
      if (this.#entries.size > LIMIT && oldest !== undefined) this.#entries.delete(oldest)
    }
    return entry
  }
}

interface Prepared {
  /** Loads what the screen shows first. The page that the server drew stays until then, so that nothing flashes. */
  prepare?: (values: Record<string, string>) => Promise<unknown>
}

const PATIENCE_MS = 2000

const prepared = (loaded: Prepared, values: Record<string, string>): Promise<unknown> =>
  Promise.race([loaded.prepare?.(values).catch(() => {}) ?? Promise.resolve(), new Promise((done) => setTimeout(done, PATIENCE_MS))])

const newKey = () => Math.random().toString(36).slice(2, 10)

const isOwnContent = (link: HTMLAnchorElement) => link.closest('.content') !== null

const ENDED: Screen = { name: 'ended', load: () => import('../screens/account/Ended.svelte'), texts: ['core', 'account'] }
const NOT_FOUND: Screen = { name: 'absent', load: () => import('../screens/Absent.svelte'), texts: ['core'] }

export const router = new Router()
