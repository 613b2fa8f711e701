// Times as people say them: "3h" for a week, then dates.

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Short, beside a name: 5m, 3h, 2d, then 4 Mar, then 4 Mar 2025. Empty below a minute: the caller says "now". */
export function ago(when: Date, now: number, language: string): string {
  const past = now - when.getTime()
  if (past < MINUTE) return ''
  if (past < 7 * DAY) {
    const [value, unit] = past < HOUR ? [past / MINUTE, 'minute'] : past < DAY ? [past / HOUR, 'hour'] : [past / DAY, 'day']
    return format(`${language} ${unit}`, () => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'narrow' })).format(Math.floor(value))
  }
  return day(when, now, language)
}

/** A date without its year where that is this year's. */
export function day(when: Date, now: number, language: string): string {
  const thisYear = new Date(now).getFullYear() === when.getFullYear()
  const shape: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', ...(!thisYear && { year: 'numeric' }) }
  return format(`${language} day ${thisYear}`, () => new Intl.DateTimeFormat(language, shape)).format(when)
}

/** The whole date and time, for a title and for the focused post. */
export function whole(when: Date, language: string): string {
  return format(`${language} whole`, () => new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short' })).format(when)
}

/** How long until then: "in 2 days". */
export function until(when: Date, now: number, language: string): string {
  const left = when.getTime() - now
  const [value, unit] = left < HOUR ? [left / MINUTE, 'minute'] : left < DAY ? [left / HOUR, 'hour'] : [left / DAY, 'day']
  const words = relative.get(language) ?? new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  relative.set(language, words)
  return words.format(Math.max(unit === 'minute' ? 1 : 0, Math.round(value as number)), unit as Intl.RelativeTimeFormatUnit)
}

type Format = { format: (value: never) => string }
const made = new Map<string, Format>()
const relative = new Map<string, Intl.RelativeTimeFormat>()

function format<F>(key: string, make: () => F): F {
  let one = made.get(key) as F | undefined
  if (one === undefined) made.set(key, (one = make()) as Format)
  return one
}
