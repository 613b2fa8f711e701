// How this browser shows the app: changed at once, without a reload, and kept for the next one.

import { cookieOf, oneOf, readWishes, SIZES, THEMES, WISHES, type Size, type Theme, type Wishes } from '../lib/look'
import { LANGUAGES, type Language } from '../text/areas'
import { texts } from './language.svelte'
import { session } from './session.svelte'

const KEPT = 'weft.look'

class Look {
  theme = $state<Theme>('system')
  size = $state<Size>('100')
  wishes = $state.raw<Wishes>(WISHES)

  /** Read what is kept, and tell those who act by it. Called once at the start, after the session. */
  start(): void {
    const root = document.documentElement.dataset
    this.theme = oneOf(THEMES, root['theme']) ?? 'system'
    this.size = oneOf(SIZES, root['text']) ?? '100'
    this.#tell(readWishes(localStorage.getItem(KEPT)))
  }

  useTheme(theme: Theme): void {
    this.theme = theme
    keep('weft_theme', theme)
    mark('theme', theme === 'system' ? '' : theme)
  }

  useSize(size: Size): void {
    this.size = size
    keep('weft_text', size)
    mark('text', size === '100' ? '' : size)
  }

  async useLanguage(language: Language): Promise<void> {
    if (!LANGUAGES.includes(language)) return
    await texts.use(language)
    keep('weft_lang', language)
  }

  wish(change: Partial<Wishes>): void {
    const wishes = { ...this.wishes, ...change }
    localStorage.setItem(KEPT, JSON.stringify(wishes))
    this.#tell(wishes)
  }

  #tell(wishes: Wishes): void {
    this.wishes = wishes
    mark('motion', wishes.still ? 'off' : '')
    mark('gifs', wishes.gifs ? '' : 'off')
    session.prefer({ expand_media: wishes.media, expand_warnings: wishes.warnings })
  }
}

function mark(name: string, value: string): void {
  const root = document.documentElement
  if (value) root.dataset[name] = value
  else delete root.dataset[name]
}

function keep(name: string, value: string): void {
  document.cookie = cookieOf(name, value, location.protocol === 'https:')
}

export const look = new Look()
