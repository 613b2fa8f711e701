import { describe, expect, test } from 'vitest'
import { addressed, asMessage, byDay, daysAgo, isNewer, plain } from './messages'

const mention = (name: string) => `<span class="h-card" translate="no"><a href="https://x.example/@${name}" class="u-url mention">@<span>${name}</span></a></span>`

describe('a post as a message', () => {
  test('leaves out the names it is addressed to', () => {
    expect(asMessage(`<p>${mention('ann')} hello</p>`)).toEqual({ html: '<p>hello</p>', noted: '' })
    expect(asMessage(`<p>${mention('ann')} ${mention('bob')}<br />hello</p><p>more</p>`).html).toBe('<p>hello</p><p>more</p>')
  })

  test('keeps names inside it, and what begins without one', () => {
    expect(asMessage(`<p>ask ${mention('ann')}</p>`).html).toBe(`<p>ask ${mention('ann')}</p>`)
    expect(asMessage('<p>hello</p>').html).toBe('<p>hello</p>')
  })

  test('takes the note apart that it answers', () => {
    expect(asMessage(`<p>&gt; tea &amp; @\u2060someone?<br>${mention('ann')} yes</p>`)).toEqual({ html: '<p>yes</p>', noted: 'tea & @someone?' })
    expect(asMessage('<p>&gt; only this</p>').noted).toBe('')
  })

  test('is empty where there is only a picture', () => {
    expect(asMessage(`<p>${mention('ann')}</p>`).html).toBe('')
    expect(asMessage('').html).toBe('')
  })

  test('is one line of plain words in a list', () => {
    expect(plain('<p>a &lt;b&gt;<br>c</p><p><a href="https://x"><span class="invisible">https://</span><span>x.example</span></a></p>')).toBe('a <b> c x.example')
  })
})

describe('addressing', () => {
  const people = [{ acct: 'ann' }, { acct: 'bob' }]
  test('names everybody who is not named yet', () => {
    expect(addressed('hi', people)).toBe('@ann @bob hi')
    expect(addressed('hi @Ann!', people)).toBe('@bob hi @Ann!')
    expect(addressed('mail x@ann and @anna', people)).toBe('@ann @bob mail x@ann and @anna')
    expect(addressed('to myself', [])).toBe('to myself')
  })
})

describe('order', () => {
  test('ids compare as numbers do', () => {
    expect(isNewer('10', '9')).toBe(true)
    expect(isNewer('117654321634171466', '117654321634171465')).toBe(true)
    expect(isNewer('9', '10')).toBe(false)
  })

  test('messages are grouped by day and by who wrote them', () => {
    const item = (author: string, at: Date) => ({ created_at: at.toISOString(), account: { id: author } })
    const items = [
      item('a', new Date(2026, 0, 1, 23, 58)),
      item('a', new Date(2026, 0, 1, 23, 59)),
      item('b', new Date(2026, 0, 1, 23, 59)),
      item('b', new Date(2026, 0, 2, 0, 1)),
      item('b', new Date(2026, 0, 2, 1, 1)),
    ]
    expect(byDay(items, (one) => one).map((day) => day.runs.map((run) => [run.author, run.items.length]))).toEqual([
      [['a', 2], ['b', 1]],
      [['b', 1], ['b', 1]],
    ])
  })

  test('days are the reader’s', () => {
    const now = new Date(2026, 2, 29, 12).getTime()
    expect(daysAgo(new Date(2026, 2, 29, 0, 1), now)).toBe(0)
    expect(daysAgo(new Date(2026, 2, 28, 23, 59), now)).toBe(1)
    expect(daysAgo(new Date(2026, 1, 28), now)).toBe(29)
  })
})
