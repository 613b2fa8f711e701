// What the assistant tells the staff: what happened in moderation and what waits, and what its models were shown to do.

export interface Counted {
  name: string
  count: number
}

export interface Alike {
  reports: string[]
  accounts: number
  quote: string
}

export interface Digest {
  days: number
  filed: number
  /** In as many days before these. */
  filed_before: number
  resolved: number
  resolved_before: number
  categories: Counted[]
  outcomes: Counted[]
  suggested: { filed: number; upheld: number; unfounded: number; waiting: number }
  median_hours: number | null
  waiting: {
    count: number
    suggested: number
    today: number
    categories: Counted[]
    oldest: { report: string; hours: number } | null
    most_reported: { account: { id: string; acct: string }; reports: number }[]
    alike: Alike[]
  }
}

export interface Part {
  part: string
  /** Or a direction, such as `en-ko`. */
  language: string
  score: number
  bar: number
  passed: boolean
  asked: number
  items: number
}

export interface Capability {
  name: string
  on: boolean
  languages: string[]
  /** Empty where none serves this. */
  model: string
  checked_at: string | null
  parts: Part[]
}

export interface Classifier {
  kind: string
  serves: boolean
  /** Why it does not: few, wrong, misses. */
  why: string
  model: string
  decided: number
  precision: number | null
  precision_bar: number
  recall: number | null
  recall_bar: number
  learnt_at: string
}

export interface Scores {
  golden: string
  capabilities: Capability[]
  classifiers: Classifier[]
}

/** A language, or both of a direction, as the screen's language names them. */
export function namesOf(language: string, screen: string): string {
  const names = new Intl.DisplayNames([screen], { type: 'language', fallback: 'code' })
  return language.split('-').map((code) => names.of(code) ?? code).join(' → ')
}

/** So many hours, in days from two on. */
export function hoursOf(hours: number, screen: string): string {
  const [value, unit] = hours < 48 ? [hours, 'hour'] : [hours / 24, 'day']
  return new Intl.NumberFormat(screen, { style: 'unit', unit: unit as string, unitDisplay: 'long', maximumFractionDigits: hours < 10 ? 1 : 0 }).format(value as number)
}
