import { expect, it } from 'vitest'
import { newDraft, newPart, type DraftMedia } from './draft'
import type { OwnAccount, Status } from './entities'
import { boxOf } from './media-box'
import { shownStatus, shownText } from './optimistic'

it('what was typed never becomes markup', () => {
  expect(shownText('<img src=x onerror=alert(1)> & "q"')).toBe('<p>&lt;img src=x onerror=alert(1)&gt; &amp; &quot;q&quot;</p>')
  expect(shownText('https://a.example/"><script>')).not.toContain('<script')
})

it('links, names, tags and lines are marked', () => {
  expect(shownText('hi @ann\n#việt\n\nhttps://a.example/x')).toBe(
    '<p>hi <a class="mention" href="/@ann">@ann</a><br><a class="mention" href="/tags/vi%E1%BB%87t">#việt</a></p>' +
      '<p><a href="https://a.example/x" rel="nofollow noopener" target="_blank">https://a.example/x</a></p>',
  )
})

it('a poll, a picture and a quote are there from the first, so that nothing grows when the answer comes', () => {
  const picture: DraftMedia = { key: 'p', name: '', type: '', kind: 'image', blob: null, id: '7', uploadedAt: 0, alt: 'A hill', savedAlt: '', focus: null, savedFocus: null, captions: null, preview: '/p', size: [400, 500] }
  const quoted = { id: '9' } as Status
  const ref = { id: '9', handle: '@ann', name: 'Ann', avatar: '', excerpt: '', visibility: 'public' } as const
  const parts = [
    { ...newPart('One'), media: [picture] },
    { ...newPart('Two'), poll: { options: ['Tea', 'Coffee'], seconds: 60, multiple: false, hideTotals: false } },
  ]
  const draft = newDraft('1', { parts, quote: ref })
  const [first, second] = parts.map((_, index) => shownStatus(draft, index, {} as OwnAccount, new Date(0), { addressOf: () => '/p', quoted }))
  expect(boxOf(first!.media_attachments[0]!)).toBe(4 / 5)
  expect(first!.quote?.quoted_status?.id).toBe('9')
  expect(second!.poll).toMatchObject({ options: [{ title: 'Tea' }, { title: 'Coffee' }], expires_at: '1970-01-01T00:01:00.000Z' })
  expect(second!.quote).toBeNull()
})
