// Texts with places and plurals: `{name}` is filled in, and an entry with forms is chosen by `count`
// (Intl.PluralRules). Entries are plain strings or `{one, other}`; nothing here makes HTML.

export type Text = string | { one?: string; other: string }
export type Values = Record<string, string | number>

/** The text in `language`; numbers are written as that language writes them. */
export function fill(text: Text, language: string, values: Values = {}): string {
  const form = typeof text === 'string' ? text : choose(text, language, Number(values['count'] ?? 0))
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return typeof value === 'number' ? numbers(language).format(value) : value
  })
}

function choose(text: { one?: string; other: string }, language: string, count: number): string {
  return plurals(language).select(count) === 'one' ? (text.one ?? text.other) : text.other
}

const memo = <T>(make: (language: string) => T) => {
  const made = new Map<string, T>()
  return (language: string): T => {
    let one = made.get(language)
    if (one === undefined) made.set(language, (one = make(language)))
    return one
  }
}

const plurals = memo((language) => new Intl.PluralRules(language))
const numbers = memo((language) => new Intl.NumberFormat(language))
const compact = memo((language) => new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }))

/** 1,204 becomes 1.2K: for counts beside icons. */
export const short = (count: number, language: string): string => (count < 1000 ? String(count) : compact(language).format(count))
