// The language of the screen and its texts. Areas are loaded once per language; a change of language loads the areas in
// use and then shows them, without a reload.

import { fill, short, type Text, type Values } from '../lib/text'
import { LANGUAGES, type Area, type Key, type Language } from '../text/areas'

type Catalogue = Record<string, Text>
const files = import.meta.glob<Catalogue>('../text/*/*.json', { import: 'default' })

class Texts {
  language = $state<Language>('en')
  #entries = $state.raw<Catalogue>({})
  #areas = new Set<Area>()

  /** Make an area's texts ready; at once when they are. */
  async need(...areas: readonly Area[]): Promise<void> {
    const wanted = areas.filter((area) => !this.#areas.has(area))
    if (wanted.length) this.#add(await this.#read(this.language, wanted), wanted)
  }

  async use(language: Language): Promise<void> {
    const entries = await this.#read(language, [...this.#areas])
    this.#entries = entries
    this.language = language
    document.documentElement.lang = language
  }

  get(key: Key, values?: Values): string {
    const text = this.#entries[key]
    return text === undefined ? key : fill(text, this.language, values)
  }

  async #read(language: Language, areas: readonly Area[]): Promise<Catalogue> {
    const read = areas.map((area) => {
      const load = files[`../text/${language}/${area}.json`]
      if (!load) throw new Error(`no texts ${language}/${area}`)
      return load()
    })
    return Object.assign({}, ...(await Promise.all(read))) as Catalogue
  }

  #add(entries: Catalogue, areas: readonly Area[]): void {
    areas.forEach((area) => this.#areas.add(area))
    this.#entries = { ...this.#entries, ...entries }
  }
}

export const texts = new Texts()

/** The text of a key in the screen's language; reactive. */
export const t = (key: Key, values?: Values): string => texts.get(key, values)

/** A count beside an icon. */
export const count = (value: number): string => short(value, texts.language)

/** What the server wrote on the page: its choice from the cookie and the browser's wish. */
export function languageOfPage(): Language {
  const told = document.documentElement.lang as Language
  return LANGUAGES.includes(told) ? told : 'en'
}
