import { describe, expect, it } from 'vitest'
import type { ScheduledPost } from './entities'
import { draftOf, laterThan, localTime, SOONEST_MS } from './scheduled'

const post: ScheduledPost = {
  id: '1',
  scheduled_at: '2026-12-01T10:00:00.000Z',
  params: { text: 'Later', poll: null, media_ids: ['9'], sensitive: true, spoiler_text: 'w', visibility: 'private', language: 'ko', quoted_status_id: null, quote_approval_policy: 'nobody' },
  media_attachments: [{ id: '9', type: 'image', url: '/a', preview_url: '/b', description: 'Red', blurhash: null, meta: null }],
  weft: { reply_policy: 'following', in_reply_to_id: null },
}

describe('a post that waits', () => {
  it('becomes a draft with everything it had', () => {
    const draft = draftOf(post, '7', { replyTo: null, quote: null })
    expect(draft).toMatchObject({ account: '7', warning: 'w', sensitive: true, visibility: 'private', language: 'ko', languageChosen: true, replyPolicy: 'following', quotePolicy: 'nobody', scheduledAt: post.scheduled_at })
    expect(draft.parts[0]).toMatchObject({ text: 'Later', poll: null, media: [{ id: '9', alt: 'Red', savedAlt: 'Red', preview: '/b' }] })
  })

  it('goes out five minutes from now at the soonest', () => {
    const now = new Date(2026, 0, 2, 3, 4).getTime()
    expect(localTime(new Date(now))).toBe('2026-01-02T03:04')
    expect(laterThan(localTime(new Date(now + SOONEST_MS - 60_000)), now)).toBeNull()
    expect(laterThan(localTime(new Date(now + SOONEST_MS)), now)?.getTime()).toBe(now + SOONEST_MS)
    for (const text of ['', 'soon', '2026-13-40T00:00']) expect(laterThan(text, now)).toBeNull()
  })
})
