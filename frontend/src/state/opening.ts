// What a composer begins with: nothing, an answer, a quote, a post to change or to write anew, or a kept draft.

import { get, remove } from '../lib/api'
import { newDraft, newKey, newPart, type Draft, type DraftMedia, type DraftPoll, type PostRef, type QuotePolicy } from '../lib/draft'
import type { Media, Poll, Status, Visibility } from '../lib/entities'
import { sizeOf } from '../lib/media-box'
import { Composing } from './composing.svelte'
import type { Opening } from './composer.svelte'
import { texts } from './language.svelte'
import { look } from './look.svelte'
import { session } from './session.svelte'

const ORDER: Visibility[] = ['public', 'unlisted', 'private', 'direct']
const EXCERPT = 240

/** Ask for what is missing, and make the composer. Raises ApiError where the server says no. */
export async function begin(opening: Opening): Promise<Composing> {
  if (opening.draft) return new Composing(opening.draft)
  if (opening.edit) return beginEdit(opening.edit)
  if (opening.redraft) return beginRedraft(opening.redraft)
  const given = givenText(opening)
  const draft = fresh({ parts: [newPart(given)] })
  if (opening.replyTo) {
    draft.replyTo = refOf(opening.replyTo)
    draft.visibility = narrower(draft.visibility, opening.replyTo.visibility)
    draft.warning = opening.replyTo.spoiler_text || null
  }
  if (opening.quote) draft.quote = refOf(opening.quote)
  return new Composing(draft, given)
}

function fresh(values: Partial<Draft>): Draft {
  const own = session.account
  const { visibility, sensitive, language } = session.preferences
  const quotePolicy = (own?.source.quote_policy ?? 'public') as QuotePolicy
  return newDraft(own?.id ?? '', { visibility, sensitive, language: language ?? texts.language, quotePolicy, replyPolicy: look.wishes.replies, ...values })
}

/** The names that must stand in it so that they get it: those of a message. The answered author is told anyway. */
function givenText({ text, replyTo }: Opening): string {
  if (text !== undefined) return text
  const isNarrow = (one: Visibility | undefined) => one === 'direct' || one === 'private'
  if (!replyTo || !(isNarrow(replyTo.visibility) || isNarrow(session.preferences.visibility))) return ''
  const own = session.account?.acct
  const names = [replyTo.account.acct, ...replyTo.mentions.map((mention) => mention.acct)]
  const others = [...new Set(names)].filter((name) => name !== own)
  return others.map((name) => `@${name} `).join('')
}

const narrower = (one: Visibility, other: Visibility): Visibility => (ORDER.indexOf(one) > ORDER.indexOf(other) ? one : other)

export function refOf(status: Status): PostRef {
  const { account } = status
  return {
    id: status.id,
    handle: account.acct,
    name: account.display_name || account.username,
    avatar: account.avatar_static,
    excerpt: status.spoiler_text || plainText(status.content).slice(0, EXCERPT),
    visibility: status.visibility,
  }
}

export function plainText(html: string): string {
  const page = new DOMParser().parseFromString(html.replace(/<br\s*\/?>|<\/p>/g, ' '), 'text/html')
  return (page.body.textContent ?? '').replace(/\s+/g, ' ').trim()
}

async function beginEdit(status: Status): Promise<Composing> {
  const source = await get<{ text: string; spoiler_text: string }>(`/api/v1/statuses/${status.id}/source`)
  return new Composing({ ...fromStatus(status, source.text, source.spoiler_text), edits: status.id }, source.text)
}

/** It is deleted first; what it held is kept at once, so that nothing can be lost. */
async function beginRedraft(status: Status): Promise<Composing> {
  const gone = status.text === undefined ? await remove<Status>(`/api/v1/statuses/${status.id}`) : status
  const draft = fromStatus(gone, gone.text ?? plainText(gone.content), gone.spoiler_text)
  const composing = new Composing(draft)
  composing.touch()
  return composing
}

function fromStatus(status: Status, text: string, warning: string): Draft {
  const part = { ...newPart(text), media: status.media_attachments.map(fromMedia), poll: status.poll ? fromPoll(status.poll) : null }
  const quoted = status.quote?.quoted_status
  return fresh({
    parts: [part],
    warning: warning || null,
    sensitive: status.sensitive,
    visibility: status.visibility,
    language: status.language ?? texts.language,
    languageChosen: status.language !== null,
    replyPolicy: status.weft?.reply_policy ?? 'everyone',
    quotePolicy: quotePolicyOf(status),
    quote: quoted ? refOf(quoted) : null,
    replyTo: status.in_reply_to_id === null ? null : { id: status.in_reply_to_id, handle: '', name: '', avatar: '', excerpt: '', visibility: status.visibility },
  })
}

function quotePolicyOf(status: Status): QuotePolicy {
  const automatic = status.quote_approval?.automatic ?? ['public']
  return automatic.includes('public') ? 'public' : automatic.includes('followers') ? 'followers' : 'nobody'
}

function fromMedia(media: Media): DraftMedia {
  const focus = media.meta?.focus ? ([media.meta.focus.x, media.meta.focus.y] as [number, number]) : null
  const alt = media.description ?? ''
  return {
    key: newKey(),
    name: '',
    type: '',
    kind: media.type,
    blob: null,
    id: media.id,
    uploadedAt: null,
    alt,
    savedAlt: alt,
    focus,
    savedFocus: focus,
    captions: null,
    preview: media.preview_url ?? media.url,
    size: sizeOf(media),
  }
}

/** What is left of its time, and at least the shortest there is. */
function fromPoll(poll: Poll): DraftPoll {
  const left = poll.expires_at === null ? 86_400 : Math.round((Date.parse(poll.expires_at) - Date.now()) / 1000)
  return { options: poll.options.map((option) => option.title), seconds: Math.max(300, left), multiple: poll.multiple, hideTotals: false }
}
