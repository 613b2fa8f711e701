// One's own post as it is shown until the server answers: the text escaped, with links, mentions and tags marked as the
// server will mark them. It is replaced by the server's own rendering a moment later.

import type { Draft, DraftMedia, DraftPoll } from './draft'
import type { OwnAccount, Media, Poll, Status } from './entities'
import { findMentions, findTags, findUrls } from './spans'

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] as string)

/** Paragraphs of escaped text; nothing of what was typed becomes markup. */
export function shownText(text: string): string {
  const paragraphs = text.trim().split(/\n{2,}/)
  return paragraphs.map((paragraph) => `<p>${marked(paragraph)}</p>`).join('')
}

function marked(text: string): string {
  const urls = findUrls(text)
  const spans = [
    ...urls.map((span) => ({ ...span, html: `<a href="${escaped(span.text)}" rel="nofollow noopener" target="_blank">${escaped(span.text)}</a>` })),
    ...findMentions(text, urls).map((span) => ({ ...span, html: `<a class="mention" href="/${escaped(span.text)}">${escaped(span.text)}</a>` })),
    ...findTags(text, urls).map((span) => ({
      ...span,
      html: `<a class="mention" href="/tags/${encodeURIComponent(span.name)}">${escaped(span.text)}</a>`,
    })),
  ].sort((a, b) => a.start - b.start)
  let out = ''
  let at = 0
  for (const span of spans) {
    if (span.start < at) continue
    out += escaped(text.slice(at, span.start)) + span.html
    at = span.end
  }
  return (out + escaped(text.slice(at))).replace(/\n/g, '<br>')
}

/** What is on the screen already and belongs to the post: an address to show a file by, and the post that it quotes. */
export interface Known {
  addressOf: (media: DraftMedia) => string
  quoted: Status | null
}

/** The status that stands for part `index` of a draft, as high as the server's will be. */
export function shownStatus(draft: Draft, index: number, account: OwnAccount, now: Date, known: Known): Status {
  const part = draft.parts[index]
  const quoted = index === 0 && draft.quote !== null ? known.quoted : null
  return {
    id: `sending-${part?.key}`,
    created_at: now.toISOString(),
    edited_at: null,
    in_reply_to_id: index === 0 ? (draft.replyTo?.id ?? null) : `sending-${draft.parts[index - 1]?.key}`,
    in_reply_to_account_id: null,
    sensitive: draft.sensitive || draft.warning !== null,
    spoiler_text: draft.warning ?? '',
    visibility: draft.visibility,
    language: draft.language,
    uri: '',
    url: null,
    replies_count: 0,
    reblogs_count: 0,
    favourites_count: 0,
    content: shownText(part?.text ?? ''),
    reblog: null,
    account,
    media_attachments: (part?.media ?? []).map((media) => shownMedia(media, known.addressOf(media))),
    mentions: [],
    tags: [],
    emojis: [],
    card: null,
    poll: part?.poll ? shownPoll(part.poll, now) : null,
    quote: quoted && { state: 'accepted', quoted_status: quoted },
    weft: { reply_policy: draft.replyPolicy, can_reply: true },
  }
}

function shownMedia(media: DraftMedia, url: string): Media {
  const [x, y] = media.focus ?? [0, 0]
  return {
    id: media.key,
    type: media.kind === 'gifv' ? 'image' : media.kind,
    url,
    preview_url: url,
    description: media.alt || null,
    blurhash: null,
    meta: { focus: { x, y }, ...(media.size && { original: { width: media.size[0], height: media.size[1] } }) },
  }
}

function shownPoll(poll: DraftPoll, now: Date): Poll {
  return {
    id: '',
    expires_at: new Date(now.getTime() + poll.seconds * 1000).toISOString(),
    expired: false,
    multiple: poll.multiple,
    votes_count: 0,
    voters_count: 0,
    options: poll.options.map((title) => ({ title, votes_count: 0 })),
    emojis: [],
  }
}
