// What the assistant's routes answer, and what a conversation with it becomes by the events of a stream.

export interface Source {
  post: string
  url: string
  account: { acct: string; display_name: string }
  quote: string
}

export interface Label {
  generated: boolean
  model: string
  sources: number
}

export interface Turn {
  id: string
  role: 'person' | 'assistant'
  text: string
  created_at: string
  state: 'done' | 'stopped' | 'failed'
  sources: Source[]
  /** Null while nobody knows how it came to be: it is arriving, or it was cut off. */
  label: Label | null
  judged: boolean | null
  about_post_id: string | null
}

export interface ChatInfo {
  id: string
  title: string
  created_at: string
  updated_at: string
}

export interface Refusal {
  code: string
  sentence: string
  retry_after?: number
}

export interface Left {
  scope: string
  unit: string
  per: 'day' | 'quarter'
  limit: number
  spent: number
  held: number
  resets_at: string
}

export interface Standing {
  on: boolean
  model: { name: string; sha256: string } | null
  capabilities: { name: string; on: boolean; score: number }[]
  offers: string[]
  left: Left[]
  opted_out: boolean
  /** After how many days without a word a conversation is forgotten. */
  keep_days: number
}

export interface Summary {
  /** `account` is who wrote the post; a line of an article has neither. */
  lines: { text: string; post: string | null; url: string; account: Source['account'] | null }[]
  made: 'quotes' | 'model'
  model: string | null
  cached: boolean
  label: string
  posts: number
  refused?: Refusal | null
}

export interface Asked {
  answer: { sentences: { text: string; source: Source }[] } | null
  quotes: (Source & { score: number })[]
  label: Label
  refused?: Refusal | null
}

export interface Suggested {
  suggestions: string[]
  sentence: string | null
  model: string | null
}

export interface Talk {
  turns: readonly Turn[]
  /** Why the model did not write; quotes follow all the same. */
  refused: Refusal | null
}

type Told =
  | { name: 'start'; value: { turn: Turn; asked: Turn } }
  | { name: 'delta'; value: { text: string } }
  | { name: 'sources'; value: Source[] }
  | { name: 'refused'; value: Refusal }
  | { name: 'done'; value: { turn: Turn } }

/** What is asked about: the thread that the last question was about, and none where that was about everything. */
export const aboutOf = (turns: readonly Turn[]): string | null => turns.findLast((turn) => turn.role === 'person')?.about_post_id ?? null

/** The question that a turn answers; a question is its own. */
export const questionOf = (turns: readonly Turn[], turn: Turn): Turn | undefined =>
  turns.slice(0, turns.findIndex((one) => one.id === turn.id) + 1).findLast((one) => one.role === 'person')

/**
 * The conversation as the server has it, after an answer was stopped. It may not have seen yet that nobody listens: the
 * part of the answer that arrived stays until then.
 */
export function stoppedAs(told: readonly Turn[], here: readonly Turn[], begun: boolean): readonly Turn[] {
  const answer = here.at(-1)
  return begun && answer?.role === 'assistant' && !told.some((turn) => turn.id === answer.id) ? here : told
}

/** The conversation after an event. `instead` is the turn that is said otherwise: it and all after it go. */
export function after(talk: Talk, event: { name: string; data: string }, instead = ''): Talk {
  const told = { name: event.name, value: JSON.parse(event.data) as unknown } as Told
  switch (told.name) {
    case 'start':
      return { turns: begun(talk.turns, told.value, instead), refused: null }
    case 'delta':
      return { ...talk, turns: changed(talk.turns, (turn) => ({ ...turn, text: turn.text + told.value.text })) }
    case 'sources':
      return { ...talk, turns: changed(talk.turns, (turn) => ({ ...turn, sources: told.value })) }
    case 'done':
      return { ...talk, turns: changed(talk.turns, () => told.value.turn) }
    case 'refused':
      return { ...talk, refused: told.value }
    default:
      return talk
  }
}

function begun(turns: readonly Turn[], { turn, asked }: { turn: Turn; asked: Turn }, instead: string): Turn[] {
  const at = turns.findIndex((one) => one.id === (instead || asked.id))
  return [...(at < 0 ? turns : turns.slice(0, at)), asked, { ...turn, label: null }]
}

const changed = (turns: readonly Turn[], change: (turn: Turn) => Turn): Turn[] => turns.map((turn, index) => (index === turns.length - 1 ? change(turn) : turn))

export type Piece = { kind: 'words'; text: string } | { kind: 'quote'; source: Source; text: string }

const QUOTED = /^“(.+)” — (.+)$/

/**
 * An answer as words and quotes. A line counts as a quote only if it names one of the sources; where a model wrote the
 * answer it must also be what that source says, so that no model can put words into somebody's mouth.
 */
export function piecesOf({ text, sources, label }: Pick<Turn, 'text' | 'sources' | 'label'>): Piece[] {
  const left = new Set(sources)
  // Several people may have one name, and may have said the same: each post stands for one line first.
  const sourceOf = (name: string, words: string): Source | undefined => {
    const named = sources.filter((one) => one.account.display_name === name)
    const exact = named.filter((one) => one.quote === words)
    const found = exact.find((one) => left.has(one)) ?? exact[0] ?? (label?.generated === false ? named[0] : undefined)
    if (found) left.delete(found)
    return found
  }
  return text
    .split('\n')
    .filter((line) => line.trim())
    .map((line) => {
      const [, words = '', name = ''] = QUOTED.exec(line) ?? []
      const source = words ? sourceOf(name, words) : undefined
      return source ? { kind: 'quote', source, text: words } : { kind: 'words', text: line }
    })
}

/** The sources that no piece shows already. */
export function unshown(sources: readonly Source[], pieces: readonly Piece[]): Source[] {
  const shown = new Set(pieces.flatMap((piece) => (piece.kind === 'quote' ? [piece.source.post] : [])))
  return sources.filter((one) => !shown.has(one.post))
}

/** From how many posts a summary quotes. */
export const quotedIn = (summary: Summary): number => new Set(summary.lines.map((line) => line.post)).size

/** The budget that ends first, and which part of it is left, from 0 to 1. */
export function tightest(left: readonly Left[]): { share: number; budget: Left } | null {
  let found: { share: number; budget: Left } | null = null
  for (const budget of left) {
    if (budget.limit <= 0) continue
    const share = Math.max(0, budget.limit - budget.spent - budget.held) / budget.limit
    if (!found || share < found.share) found = { share, budget }
  }
  return found
}

/** Only pages may be linked to; what is anything else is no link. */
export const isPage = (url: string): boolean => /^https?:\/\//i.test(url)

/** An answer as the beginning of a post: its words, and where they are from. Only what surely is a quote goes unlabelled. */
export function asPost(turn: Turn, label: string): string {
  const links = turn.sources.slice(0, 4).map((source) => source.url)
  return [turn.text, ...(turn.label?.generated === false ? [] : [label]), links.join('\n')].filter(Boolean).join('\n\n')
}
