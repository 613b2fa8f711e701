// One's own post as it is shown until the server answers: the text escaped, with links, mentions and tags marked as the
// server will mark them. It is replaced by the server's own rendering a moment later.

import type { Draft, DraftMedia } from './draft'
import type { OwnAccount, Media, Status } from './entities'
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

/** The status that stands for part `index` of a draft; `addressOf` gives a file an address to be shown by. */
export function shownStatus(draft: Draft, index: number, account: OwnAccount, now: Date, addressOf: (media: DraftMedia) => string): Status {
  const part = draft.parts[index]
  const media = (part?.media ?? []).map((one): Media => {
    const url = addressOf(one)
    return { id: one.key, type: one.kind === 'gifv' ? 'image' : one.kind, url, preview_url: url, description: one.alt || null, blurhash: null, meta: null }
  })
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
    media_attachments: media,
    mentions: [],
    tags: [],
    emojis: [],
    card: null,
    poll: null,
    weft: { reply_policy: draft.replyPolicy, can_reply: true },
  }
}
