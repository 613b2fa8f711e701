// What a browser calls itself, in two words for people: which browser, on which system. Only a rough guess is possible,
// and more is not needed to tell one's own machines apart.

export interface Agent {
  browser: string
  system: string
  isPhone: boolean
}

// The order matters: most browsers also call themselves by the names of others.
const BROWSERS: readonly (readonly [name: string, mark: RegExp])[] = [
  ['Edge', /Edg(?:e|A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Samsung Internet', /SamsungBrowser\//],
  ['Firefox', /Firefox\/|FxiOS\//],
  ['Chromium', /Chromium\//],
  ['Chrome', /Chrome\/|CriOS\//],
  ['Safari', /Version\/.*Safari\//],
]
const SYSTEMS: readonly (readonly [name: string, mark: RegExp])[] = [
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Android', /Android/],
  ['ChromeOS', /CrOS/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X|Macintosh/],
  ['Linux', /Linux|X11/],
]

const first = (among: typeof BROWSERS, text: string): string => among.find(([, mark]) => mark.test(text))?.[0] ?? ''

/** Empty words for what it does not tell. */
export function agentOf(text: string): Agent {
  return { browser: first(BROWSERS, text), system: first(SYSTEMS, text), isPhone: /iPhone|Android|Mobile/.test(text) }
}
