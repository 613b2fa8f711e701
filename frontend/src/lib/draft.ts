// What a person is writing: the parts of a thread with their media and polls, to whom it goes, and what it answers.
// Pure values; where they are kept is in `shelf.ts`, how they go out in `outbox.ts`.

import { cleanText, postLength } from './graphemes'

export type Visibility = 'public' | 'unlisted' | 'private' | 'direct'
export type ReplyPolicy = 'everyone' | 'following' | 'mentioned'
export type QuotePolicy = 'public' | 'followers' | 'nobody'
export type MediaKind = 'image' | 'gifv' | 'video' | 'audio' | 'unknown'

/** As much of another post as the composer shows of it, kept so that it can be shown offline. */
export type PostRef = {
  id: string
  handle: string
  name: string
  avatar: string
  excerpt: string
  visibility: Visibility
}

export type DraftMedia = {
  key: string
  name: string
  type: string
  kind: MediaKind
  /** The file, kept until the post is out. Null for what the server already has (edit, redraft). */
  blob: Blob | null
  /** The server's id once it is uploaded. */
  id: string | null
  uploadedAt: number | null
  alt: string
  /** The description that the server knows. */
  savedAlt: string
  focus: [number, number] | null
  savedFocus: [number, number] | null
  captions: { text: string; language: string; saved: boolean } | null
  /** A picture on the server; of a blob the screen makes its own. */
  preview: string | null
  /** Width and height in pixels, once the browser or the server has read them. */
  size: [number, number] | null
}

export type DraftPoll = { options: string[]; seconds: number; multiple: boolean; hideTotals: boolean }

export type DraftPart = { key: string; text: string; media: DraftMedia[]; poll: DraftPoll | null }

export type Draft = {
  id: string
  account: string
  parts: DraftPart[]
  /** The content warning; null where none is asked for. */
  warning: string | null
  sensitive: boolean
  visibility: Visibility
  language: string
  /** The person chose the language: it is not guessed any more. */
  languageChosen: boolean
  replyPolicy: ReplyPolicy
  quotePolicy: QuotePolicy
  replyTo: PostRef | null
  quote: PostRef | null
  /** The post that this changes. */
  edits: string | null
  /** When it shall appear, as RFC 3339; null for at once. */
  scheduledAt: string | null
  updatedAt: number
  /** Why it came back, in the words of the server. */
  reason: string | null
  /** An earlier form of it may have reached the server: looked for before this one goes out. */
  maybeSent: MaybeSent | null
}

/** What may lie on the server already, and when it was first sent there (this device's clock). */
export type MaybeSent = { at: number; text: string; replyTo: string | null; media: number; scheduledAt: string | null }

export type PostLimits = {
  characters: number
  media: number
  pollOptions: number
  pollOptionCharacters: number
  pollShortest: number
  pollLongest: number
}

export const LIMITS: PostLimits = {
  characters: 500,
  media: 4,
  pollOptions: 4,
  pollOptionCharacters: 50,
  pollShortest: 300,
  pollLongest: 2_629_746,
}

export const newPart = (text = ''): DraftPart => ({ key: newKey(), text, media: [], poll: null })
export const newPoll = (): DraftPoll => ({ options: ['', ''], seconds: 86_400, multiple: false, hideTotals: false })

export function newDraft(account: string, values: Partial<Draft> = {}): Draft {
  return {
    id: newKey(),
    account,
    parts: [newPart()],
    warning: null,
    sensitive: false,
    visibility: 'public',
    language: 'en',
    languageChosen: false,
    replyPolicy: 'everyone',
    quotePolicy: 'public',
    replyTo: null,
    quote: null,
    edits: null,
    scheduledAt: null,
    updatedAt: 0,
    reason: null,
    maybeSent: null,
    ...values,
  }
}

/** Random, and made here: it names the request even where no answer came. */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  // Without https browsers leave randomUUID out.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const isPartEmpty = (part: DraftPart): boolean =>
  part.text.trim() === '' && part.media.length === 0 && (part.poll?.options ?? []).every((option) => option.trim() === '')

/** Nothing would be lost with it. A mention that the composer itself put there is nothing. */
export function isEmpty(draft: Draft, given = ''): boolean {
  const [first, ...others] = draft.parts
  if (others.some((part) => !isPartEmpty(part)) || (draft.warning ?? '').trim() !== '') return false
  return !first || isPartEmpty(first) || (first.text.trim() === given.trim() && !first.media.length && !first.poll)
}

/** What a part has used of the limit: the server counts the warning with the text. */
export const partLength = (part: DraftPart, warning: string | null): number =>
  postLength(cleanText(part.text)) + (warning ? postLength(warning) : 0)

export type Problem = 'empty' | 'too_long' | 'too_many_media' | 'poll_blank' | 'poll_twice' | 'poll_long'

/** Why a part cannot go out as it is; null if it can. */
export function problemOf(draft: Draft, index: number, limits: PostLimits = LIMITS): Problem | null {
  const part = draft.parts[index]
  if (!part) return 'empty'
  const quotes = index === 0 && draft.quote !== null
  if (part.text.trim() === '' && !part.media.length && !part.poll && !quotes) return 'empty'
  if (partLength(part, draft.warning) > limits.characters) return 'too_long'
  if (part.media.length > limits.media) return 'too_many_media'
  return part.poll ? pollProblem(part.poll, limits) : null
}

function pollProblem(poll: DraftPoll, limits: PostLimits): Problem | null {
  const options = poll.options.map((option) => option.trim().replace(/\s+/g, ' '))
  if (options.length < 2 || options.some((option) => option === '')) return 'poll_blank'
  if (options.some((option) => postLength(option) > limits.pollOptionCharacters)) return 'poll_long'
  return new Set(options).size < options.length ? 'poll_twice' : null
}

/** The draft as it goes out: empty parts left out, ends trimmed. */
export function tidied(draft: Draft): Draft {
  const parts = draft.parts.filter((part, index) => !isPartEmpty(part) || (index === 0 && draft.quote !== null))
  return {
    ...draft,
    warning: draft.warning?.trim() ? draft.warning.trim() : null,
    parts: parts.map((part) => ({ ...part, text: cleanText(part.text).trim() })),
  }
}

/** Pictures and films of it that nobody has described. */
export const undescribed = (draft: Draft): DraftMedia[] =>
  draft.parts.flatMap((part) => part.media).filter((media) => media.kind !== 'audio' && media.alt.trim() === '')

/** The body of `POST /api/v1/statuses` for one part. */
export function requestOf(draft: Draft, index: number, replyTo: string | null): Record<string, unknown> {
  const part = draft.parts[index] as DraftPart
  const body: Record<string, unknown> = {
    status: part.text,
    visibility: draft.visibility,
    language: draft.language,
    sensitive: draft.sensitive || draft.warning !== null,
    spoiler_text: draft.warning ?? '',
    quote_approval_policy: draft.quotePolicy,
    weft: { reply_policy: draft.replyPolicy },
  }
  if (part.media.length) body.media_ids = part.media.map((media) => media.id)
  if (part.poll) body.poll = pollRequest(part.poll)
  if (replyTo !== null) body.in_reply_to_id = replyTo
  if (index === 0 && draft.quote) body.quoted_status_id = draft.quote.id
  if (draft.scheduledAt !== null) body.scheduled_at = draft.scheduledAt
  return body
}

export const pollRequest = (poll: DraftPoll): Record<string, unknown> => ({
  options: poll.options.map((option) => option.trim()),
  expires_in: poll.seconds,
  multiple: poll.multiple,
  hide_totals: poll.hideTotals,
})

/** The body of `PUT /api/v1/statuses/:id`. */
export function editRequestOf(draft: Draft): Record<string, unknown> {
  const part = draft.parts[0] as DraftPart
  const body: Record<string, unknown> = {
    status: part.text,
    sensitive: draft.sensitive || draft.warning !== null,
    spoiler_text: draft.warning ?? '',
    language: draft.language,
    quote_approval_policy: draft.quotePolicy,
    media_ids: part.media.map((media) => media.id),
    media_attributes: part.media.map((media) => ({
      id: media.id,
      description: media.alt,
      ...(media.focus ? { focus: media.focus.join(',') } : {}),
    })),
    weft: { reply_policy: draft.replyPolicy },
  }
  if (part.poll) body.poll = pollRequest(part.poll)
  return body
}
