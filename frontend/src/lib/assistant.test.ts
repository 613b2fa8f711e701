import { describe, expect, it } from 'vitest'
import { aboutOf, after, asPost, isPage, piecesOf, questionOf, quotedIn, stoppedAs, tightest, unshown, type Left, type Source, type Summary, type Talk, type Turn } from './assistant'

const turn = (id: string, role: Turn['role'] = 'assistant', values: Partial<Turn> = {}): Turn => ({
  id, role, text: '', created_at: '2026-01-01T00:00:00Z', state: 'done', sources: [], label: { generated: false, model: '', sources: 0 }, judged: null, about_post_id: null, ...values,
})
const source = (post: string, name: string, quote: string): Source => ({ post, url: `http://x.example/@${name}/${post}`, account: { acct: name, display_name: name }, quote })
const event = (name: string, value: unknown) => ({ name, data: JSON.stringify(value) })
const all = (talk: Talk, events: { name: string; data: string }[], instead = '') => events.reduce((now, one) => after(now, one, instead), talk)

describe('a conversation', () => {
  const asked = turn('1', 'person', { text: 'When?' })
  const answered = all({ turns: [], refused: null }, [
    event('start', { asked, turn: turn('2') }),
    event('delta', { text: 'Posts:' }),
    event('delta', { text: '\n“On Monday.” — Mai' }),
    event('sources', [source('9', 'Mai', 'On Monday.')]),
  ])

  it('grows by what arrives', () => {
    expect(answered.turns.map((one) => one.text)).toEqual(['When?', 'Posts:\n“On Monday.” — Mai'])
    expect(answered.turns[1]?.sources[0]?.post).toBe('9')
  })

  it('is what the server says at the end', () => {
    expect(after(answered, event('done', { turn: turn('2', 'assistant', { text: 'Kept' }) })).turns[1]?.text).toBe('Kept')
  })

  it('has one answer when it is answered once more', () => {
    const again = all(answered, [event('start', { asked, turn: turn('3') }), event('delta', { text: 'Anew' })])
    expect(again.turns.map((one) => one.id)).toEqual(['1', '3'])
  })

  it('goes on from what is said otherwise', () => {
    const more = all(answered, [event('start', { asked: turn('4', 'person'), turn: turn('5') })])
    const edited = all(more, [event('start', { asked: turn('6', 'person'), turn: turn('7') })], '1')
    expect(edited.turns.map((one) => one.id)).toEqual(['6', '7'])
  })

  it('says why a model did not write, and no longer when it begins anew', () => {
    const refused = after(answered, event('refused', { code: 'model.busy', sentence: 'Busy', retry_after: 7 }))
    expect(refused.refused?.retry_after).toBe(7)
    expect(after(refused, event('start', { asked, turn: turn('3') })).refused).toBeNull()
  })

  it('does not know how an answer came to be before it is whole', () => {
    expect(answered.turns[1]?.label).toBeNull()
    expect(after(answered, event('done', { turn: turn('2') })).turns[1]?.label).not.toBeNull()
  })

  it('is about what the last question was about', () => {
    const about = (id: string | null) => turn('1', 'person', { about_post_id: id })
    expect(aboutOf([about('9'), turn('2')])).toBe('9')
    expect(aboutOf([about('9'), turn('2'), about(null), turn('4')])).toBeNull()
    expect(aboutOf([])).toBeNull()
  })

  it('knows which question a turn answers', () => {
    const turns = [asked, turn('2'), turn('3', 'person'), turn('4')]
    expect(turns.map((one) => questionOf(turns, one)?.id)).toEqual(['1', '1', '3', '3'])
    expect(questionOf([turn('2')], turn('2'))).toBeUndefined()
  })

  it('keeps the part of a stopped answer that the server has not written down yet', () => {
    const here = [asked, turn('2')]
    expect(stoppedAs([asked], here, true)).toBe(here)
    expect(stoppedAs([asked], here, false)).toEqual([asked])
    expect(stoppedAs([asked, turn('2', 'assistant', { text: 'Kept' })], here, true)[1]?.text).toBe('Kept')
  })

  it('leaves alone what it does not know', () => {
    expect(after(answered, event('news', {}))).toBe(answered)
  })
})

describe('the pieces of an answer', () => {
  const mai = source('9', 'Mai', 'On Monday.')

  it('are words and quotes of its sources', () => {
    const pieces = piecesOf(turn('2', 'assistant', { text: 'Posts:\n“On Monday.” — Mai\n“Another.” — Mai\n“Never.” — Nobody', sources: [mai] }))
    expect(pieces.map((one) => one.kind)).toEqual(['words', 'quote', 'quote', 'words'])
    expect(unshown([mai, source('8', 'Ada', 'x')], pieces).map((one) => one.post)).toEqual(['8'])
  })

  it('name each of several people who said the same under one name', () => {
    const two = [source('9', 'Mai', 'Yes.'), { ...source('8', 'Mai', 'Yes.'), account: { acct: 'mai@b.example', display_name: 'Mai' } }]
    const pieces = piecesOf(turn('2', 'assistant', { text: '“Yes.” — Mai\n“Yes.” — Mai', sources: two }))
    expect(pieces.map((one) => one.kind === 'quote' && one.source.post)).toEqual(['9', '8'])
  })

  it('hold no quote that a model made up', () => {
    const made = turn('2', 'assistant', { text: '“I love it.” — Mai\n“On Monday.” — Mai', sources: [mai], label: { generated: true, model: 'm', sources: 1 } })
    expect(piecesOf(made).map((one) => one.kind)).toEqual(['words', 'quote'])
  })
})

describe('around an answer', () => {
  const left = (limit: number, spent: number, held = 0): Left => ({ scope: 'account', unit: 'token', per: 'day', limit, spent, held, resets_at: '' })

  it('the budget that ends first is told', () => {
    expect(tightest([left(100, 10), left(1000, 700, 100), left(0, 0)])?.share).toBeCloseTo(0.2)
    expect(tightest([left(10, 20)])?.share).toBe(0)
    expect(tightest([])).toBeNull()
  })

  it('only pages are linked', () => {
    expect(['https://a.example/', 'http://a.example', 'javascript:alert(1)', 'data:text/html,x', ''].map(isPage)).toEqual([true, true, false, false, false])
  })

  it('a summary counts the posts that it quotes, not those that it read', () => {
    const line = (post: string) => ({ text: 'x', post, url: '', account: null })
    const summary: Summary = { lines: [line('1'), line('2'), line('1')], made: 'quotes', model: null, cached: false, label: '', posts: 12 }
    expect(quotedIn(summary)).toBe(2)
  })

  it('a post made of what was cut off says that a model may have made it', () => {
    expect(asPost(turn('2', 'assistant', { text: 'On Mon', label: null }), 'May be AI-generated')).toBe('On Mon\n\nMay be AI-generated')
  })

  it('a post made of it says what made it and where it is from', () => {
    const made = turn('2', 'assistant', { text: 'On Monday.', sources: [source('9', 'Mai', '')], label: { generated: true, model: 'm', sources: 1 } })
    expect(asPost(made, 'AI-generated')).toBe('On Monday.\n\nAI-generated\n\nhttp://x.example/@Mai/9')
    expect(asPost(turn('2', 'assistant', { text: 'Nothing' }), 'AI-generated')).toBe('Nothing')
  })
})
