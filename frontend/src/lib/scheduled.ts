// Posts that wait for their time: when they may go out, and as a draft to change them.

import { newDraft, newPart, type Draft, type DraftMedia, type PostRef, type QuotePolicy } from './draft'
import type { Media, ScheduledPost } from './entities'
import { sizeOf } from './media-box'

/** The server takes no time that is nearer. */
export const SOONEST_MS = 5 * 60_000

/** A time as `<input type=datetime-local>` has it, in the reader's own zone. */
export function localTime(when: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const date = `${String(when.getFullYear()).padStart(4, '0')}-${two(when.getMonth() + 1)}-${two(when.getDate())}`
  return `${date}T${two(when.getHours())}:${two(when.getMinutes())}`
}

/** The moment that such a text names; null where it is none or comes too soon. */
export function laterThan(text: string, now: number): Date | null {
  const when = new Date(text)
  return text && !Number.isNaN(when.getTime()) && when.getTime() >= now + SOONEST_MS ? when : null
}

const mediaOf = (media: Media): DraftMedia => ({
  key: media.id,
  name: '',
  type: '',
  kind: media.type,
  blob: null,
  id: media.id,
  uploadedAt: null,
  alt: media.description ?? '',
  savedAlt: media.description ?? '',
  focus: null,
  savedFocus: null,
  captions: null,
  preview: media.preview_url,
  size: sizeOf(media),
})

/** The post as a draft, for the composer. */
export function draftOf(post: ScheduledPost, account: string, near: { replyTo: PostRef | null; quote: PostRef | null }): Draft {
  const { params } = post
  const part = newPart(params.text)
  part.media = post.media_attachments.map(mediaOf)
  if (params.poll) part.poll = { options: [...params.poll.options], seconds: params.poll.expires_in, multiple: params.poll.multiple, hideTotals: params.poll.hide_totals }
  return newDraft(account, {
    ...near,
    parts: [part],
    warning: params.spoiler_text || null,
    sensitive: params.sensitive,
    visibility: params.visibility,
    ...(params.language && { language: params.language, languageChosen: true }),
    quotePolicy: params.quote_approval_policy as QuotePolicy,
    replyPolicy: post.weft.reply_policy,
    scheduledAt: post.scheduled_at,
  })
}
