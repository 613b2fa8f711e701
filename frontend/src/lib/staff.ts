// What the assistant tells the staff: which reports wait, and what its models were shown to be able to do.

export interface Alike {
  reports: string[]
  accounts: number
  quote: string
}

export interface Digest {
  waiting: number
  automatic: number
  today: number
  categories: Record<string, number>
  oldest: string | null
  oldest_hours: number
  most_reported: { account: string; reports: number }[]
  groups: Alike[]
}

export interface Score {
  capability: string
  part: string
  /** Or a direction, such as `en-ko`. */
  language: string
  model: string
  score: number
  bar: number
  passed: boolean
  asked: number
  items: number
  at: string
}

export interface Ability {
  name: string
  on: boolean
  languages: string[]
  scores: Score[]
}

/** A language, or both of a direction, as the screen's language names them. */
export function namesOf(language: string, screen: string): string {
  const names = new Intl.DisplayNames([screen], { type: 'language', fallback: 'code' })
  return language.split('-').map((code) => names.of(code) ?? code).join(' → ')
}
