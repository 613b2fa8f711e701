import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { newDraft, newPart, type Draft, type PostRef } from './draft'
import { Autosave, listDrafts, saveDraft } from './drafts'
import { keepAll } from './ended'
import { leaseLock, lockFor } from './locks'
import { NoAnswer, type Answer, type Net } from './net'
import { Outbox, type OutboxEvents } from './outbox'
import { Shelf } from './shelf'

const HOUR = 3_600_000
const parent: PostRef = { id: '900', handle: '@bob', name: 'Bob', avatar: '', excerpt: 'x', visibility: 'public' }

type Stored = { id: string; text: string; replyTo: string | null; at: number; edited: boolean; media: number }

/** A server of a few lines with the one property that matters here: keys are remembered for an hour. */
class World implements Net {
  now = Date.UTC(2026, 0, 1)
  /** This device's clock is wrong by as much. */
  skew = 0
  posts: Stored[] = []
  keys = new Map<string, { id: string; at: number }>()
  isOnline = true
  who: string | null = '1'
  /** What happens to the next posts: lost on the way there, lost on the way back, or a refusal. */
  fates: ('lost' | 'unanswered' | Answer)[] = []
  uploads = 0
  asked: string[] = []

  account = (): string | null => this.who
  online = (): boolean => this.isOnline
  clock = (): number => this.now + this.skew

  async request(method: string, path: string, options: { json?: unknown; key?: string } = {}): Promise<Answer> {
    if (!this.isOnline) throw new NoAnswer('offline')
    this.asked.push(`${method} ${path.split('?')[0]}`)
    await Promise.resolve()
    if (method === 'POST' && path === '/api/v1/statuses') return this.#post(options.json as Record<string, unknown>, options.key ?? '')
    if (path === '/api/v2/media') return this.#answer(200, { id: `m${++this.uploads}` })
    const source = path.match(/statuses\/(\d+)\/source/)
    if (source) return this.#answer(200, { text: this.posts.find((post) => post.id === source[1])?.text })
    if (path.startsWith('/api/v1/accounts/1/statuses')) return this.#own(path)
    return this.#answer(200, [])
  }

  #post(body: Record<string, unknown>, key: string): Answer {
    const fate = this.fates.shift()
    if (fate === 'lost') throw new NoAnswer('lost')
    if (fate && fate !== 'unanswered') return fate
    const earlier = this.keys.get(key)
    const known = earlier && this.now - earlier.at < HOUR ? earlier.id : null
    const id = known ?? String(1000 + this.posts.length)
    if (known === null) {
      this.keys.set(key, { id, at: this.now })
      const replyTo = (body.in_reply_to_id as string | undefined) ?? null
      const media = ((body.media_ids as unknown[] | undefined) ?? []).length
      this.posts.push({ id, text: String(body.status), replyTo, at: this.now, edited: false, media })
    }
    if (fate === 'unanswered') throw new NoAnswer('unanswered')
    return this.#answer(200, { id })
  }

  #own(path: string): Answer {
    const before = Number(path.match(/max_id=(\d+)/)?.[1] ?? Number.MAX_SAFE_INTEGER)
    const shown = this.posts.filter((post) => Number(post.id) < before).reverse().slice(0, 40)
    return this.#answer(200, shown.map((post) => ({
      id: post.id,
      created_at: new Date(post.at).toISOString(),
      edited_at: post.edited ? new Date(post.at + 1).toISOString() : null,
      in_reply_to_id: post.replyTo,
      media_attachments: new Array(post.media).fill({}),
    })))
  }

  #answer = (status: number, body: unknown): Answer => ({ status, body, retryAfter: null, date: this.now })
}

let world: World
let shelf: Shelf
let count = 0

beforeEach(() => {
  world = new World()
  shelf = new Shelf(`test-${++count}`)
})

const tab = (events: OutboxEvents = {}): Outbox => new Outbox(shelf, world, leaseLock(shelf, Date.now, 5), events, world.clock)
const write = (text: string, values: Partial<Draft> = {}): Draft => newDraft('1', { parts: [newPart(text)], ...values })
const thread = (...texts: string[]): Draft => newDraft('1', { parts: texts.map((text) => newPart(text)) })
const texts = (): string[] => world.posts.map((post) => post.text)
const refusal = (status: number, error = 'no'): Answer => ({ status, body: { error }, retryAfter: null, date: null })
const later = (ms: number): void => void (world.now += ms)

describe('a queued post', () => {
  it('goes out once and leaves nothing behind', async () => {
    const sent: string[] = []
    const outbox = tab({ onSent: (kept) => sent.push(kept.id), onPart: (_kept, _index, status) => sent.push((status as { id: string }).id) })
    const { id } = await outbox.queue(write('hello'))
    await outbox.run()
    await outbox.run()
    expect(texts()).toEqual(['hello'])
    expect(sent).toEqual(['1000', id])
    expect(await shelf.all('1')).toEqual([])
  })

  it('waits while offline, and goes when the network is back', async () => {
    world.isOnline = false
    const outbox = tab()
    await outbox.queue(write('one'))
    later(5)
    await outbox.queue(write('two'))
    await outbox.run()
    expect((await outbox.list('1')).map((kept) => kept.sending?.state)).toEqual(['waiting', 'waiting'])
    world.isOnline = true
    await outbox.wake()
    expect(texts()).toEqual(['one', 'two'])
  })

  it('goes out once though the answer was lost', async () => {
    world.fates = ['unanswered']
    const outbox = tab()
    await outbox.queue(write('hello'))
    await outbox.run()
    expect((await outbox.list('1'))[0]?.sending?.state).toBe('waiting')
    later(40 * 60_000)
    await outbox.wake()
    expect(texts()).toEqual(['hello'])
    expect(await outbox.list('1')).toEqual([])
    outbox.stop()
  })

  it('is looked for when its key is too old, and found whatever this clock says', async () => {
    for (const skew of [0, -7 * HOUR, 30 * HOUR]) {
      world.posts = []
      world.skew = skew
      world.fates = ['unanswered']
      const outbox = tab()
      await outbox.queue(write('hello', { replyTo: parent }))
      await outbox.run()
      later(3 * HOUR)
      await outbox.wake()
      expect(texts()).toEqual(['hello'])
      expect(await outbox.list('1')).toEqual([])
      outbox.stop()
    }
  })

  it('is sent again when its key is too old and it is not there', async () => {
    world.posts.push({ id: '1', text: 'hello', replyTo: null, at: world.now - HOUR, edited: false, media: 0 })
    world.fates = ['lost']
    const outbox = tab()
    await outbox.queue(write('hello'))
    await outbox.run()
    later(3 * HOUR)
    await outbox.wake()
    expect(texts()).toEqual(['hello', 'hello'])
    outbox.stop()
  })

  it('asks where it cannot tell', async () => {
    world.fates = ['unanswered']
    const outbox = tab()
    const { id } = await outbox.queue(write('hello'))
    await outbox.run()
    world.posts[0]!.edited = true
    later(3 * HOUR)
    await outbox.wake()
    expect((await outbox.list('1'))[0]?.sending).toMatchObject({ state: 'asking', found: '1000' })
    await outbox.answer(id, true)
    expect(texts()).toEqual(['hello'])
    expect(await outbox.list('1')).toEqual([])
    outbox.stop()
  })

  it('is sent once by two tabs at the same time', async () => {
    const [one, two] = [tab(), tab()]
    await one.queue(thread('a', 'b', 'c'))
    await Promise.all([one.run(), two.run(), one.run(), two.run()])
    expect(texts()).toEqual(['a', 'b', 'c'])
    expect(world.asked.filter((line) => line === 'POST /api/v1/statuses')).toHaveLength(3)
  })

  it('is not sent for another account than the one that wrote it', async () => {
    world.who = '2'
    const outbox = tab()
    await outbox.queue(write('hello'))
    await outbox.run()
    expect(texts()).toEqual([])
  })

  it('pressed twice is one', async () => {
    const outbox = tab()
    const draft = write('hello')
    await Promise.all([outbox.queue(draft), outbox.queue(draft)])
    await outbox.run()
    expect(texts()).toEqual(['hello'])
  })

  it('of a tab that died while sending goes on', async () => {
    const outbox = tab()
    const { id } = await outbox.queue(write('hello'))
    await shelf.change(id, (kept) => kept && { ...kept, sending: { ...kept.sending!, state: 'sending' } })
    expect(await outbox.takeBack(id)).toBeUndefined()
    world.isOnline = false
    await outbox.run()
    expect((await outbox.list('1'))[0]?.sending?.state).toBe('waiting')
  })

  it('waits as long as the server asks', async () => {
    world.fates = [{ ...refusal(429), retryAfter: 60 }]
    const outbox = tab()
    await outbox.queue(write('hello'))
    await outbox.run()
    await outbox.run()
    expect(texts()).toEqual([])
    later(61_000)
    await outbox.run()
    expect(texts()).toEqual(['hello'])
    outbox.stop()
  })

  it('waits where the session has ended, and goes out by itself once somebody is signed in again', async () => {
    world.fates = [refusal(401)]
    const outbox = tab()
    await outbox.queue(write('hello'))
    await outbox.run()
    expect((await outbox.list('1'))[0]?.sending).toMatchObject({ state: 'waiting', tries: 1 })
    expect(texts()).toEqual([])
    await tab().run()
    expect(texts()).toEqual(['hello'])
  })
})

describe('a thread', () => {
  it('goes out in order, each part answering the one before', async () => {
    const outbox = tab()
    await outbox.queue({ ...thread('a', 'b', 'c'), replyTo: parent })
    await outbox.run()
    expect(world.posts.map((post) => post.replyTo)).toEqual(['900', '1000', '1001'])
  })

  it('goes on where it was cut off', async () => {
    const outbox = tab()
    await outbox.queue(thread('a', 'b', 'c'))
    world.fates = ['unanswered', 'lost']
    await outbox.run()
    await outbox.wake()
    await outbox.wake()
    expect(texts()).toEqual(['a', 'b', 'c'])
    expect(world.posts.map((post) => post.replyTo)).toEqual([null, '1000', '1001'])
    outbox.stop()
  })

  it('refused in the middle keeps the rest as a draft that answers what is out', async () => {
    const returned: Draft[] = []
    const outbox = tab({ onReturned: (draft) => returned.push(draft) })
    world.fates = ['unanswered', refusal(422, 'too long')]
    await outbox.queue(thread('a', 'b', 'c'))
    await outbox.run()
    await outbox.wake()
    world.fates = [refusal(422, 'too long')]
    await outbox.wake()
    const [draft] = await listDrafts(shelf, '1')
    expect(draft).toMatchObject({ reason: 'too long', maybeSent: null })
    expect(draft?.replyTo).toBeNull()
    expect(returned).toHaveLength(1)
    outbox.stop()
  })

  it('half sent keeps what is not out', async () => {
    const outbox = tab()
    await outbox.queue(thread('a', 'b', 'c'))
    const post = world.request
    world.request = async function (this: World, method, path, options) {
      if (this.posts.length === 1 && path === '/api/v1/statuses') return refusal(422, 'no room')
      return post.call(this, method, path, options)
    }
    await outbox.run()
    const [draft] = await listDrafts(shelf, '1')
    expect(draft?.parts.map((part) => part.text)).toEqual(['b', 'c'])
    expect(draft?.replyTo?.id).toBe('1000')
    expect(draft?.reason).toBe('no room')
  })
})

describe('taking back', () => {
  it('makes it a draft again, and cancelling drops it', async () => {
    world.isOnline = false
    const outbox = tab()
    const one = await outbox.queue(write('one'))
    const two = await outbox.queue(write('two'))
    expect((await outbox.takeBack(one.id))?.parts[0]?.text).toBe('one')
    expect(await outbox.cancel(two.id)).toBe(true)
    world.isOnline = true
    await outbox.wake()
    expect(texts()).toEqual([])
    expect(await listDrafts(shelf, '1')).toHaveLength(1)
  })

  it('of what may have arrived asks before a second one is made', async () => {
    world.fates = ['unanswered']
    const outbox = tab()
    const { id } = await outbox.queue(write('helo'))
    await outbox.run()
    const draft = (await outbox.takeBack(id)) as Draft
    expect(draft.maybeSent).toMatchObject({ text: 'helo' })
    await outbox.queue({ ...draft, parts: [newPart('hello')] })
    await outbox.run()
    expect((await outbox.list('1'))[0]?.sending).toMatchObject({ state: 'asking', found: '1000' })
    expect(texts()).toEqual(['helo'])
    await outbox.answer(id, false)
    expect(texts()).toEqual(['helo', 'hello'])
    outbox.stop()
  })

  it('of what did not arrive sends the new text', async () => {
    world.fates = ['lost']
    const outbox = tab()
    const { id } = await outbox.queue(write('helo'))
    await outbox.run()
    const draft = (await outbox.takeBack(id)) as Draft
    await outbox.queue({ ...draft, parts: [newPart('hello')] })
    await outbox.run()
    expect(texts()).toEqual(['hello'])
    outbox.stop()
  })
})

describe('files', () => {
  const photo = () => ({
    key: 'k',
    name: 'a.png',
    type: 'image/png',
    kind: 'image' as const,
    blob: new Blob(['x'], { type: 'image/png' }),
    id: null,
    uploadedAt: null,
    alt: 'a cat',
    savedAlt: '',
    focus: null,
    savedFocus: null,
    captions: null,
    preview: null,
    size: null,
  })

  it('are brought first, and once though the post is tried again', async () => {
    const outbox = tab()
    world.fates = ['lost']
    await outbox.queue(newDraft('1', { parts: [{ ...newPart('look'), media: [photo()] }] }))
    await outbox.run()
    await outbox.wake()
    expect(world.uploads).toBe(1)
    expect(world.posts[0]).toMatchObject({ text: 'look', media: 1 })
    outbox.stop()
  })

  it('are brought again when the server has thrown them away', async () => {
    const outbox = tab()
    world.fates = ['lost']
    await outbox.queue(newDraft('1', { parts: [{ ...newPart('look'), media: [photo()] }] }))
    await outbox.run()
    later(25 * HOUR)
    await outbox.wake()
    expect(world.uploads).toBe(2)
    expect(world.posts).toHaveLength(1)
    outbox.stop()
  })
})

describe('a draft', () => {
  it('is saved a moment after it changed, and never sent', async () => {
    const autosave = new Autosave(shelf, { around: null })
    const draft = write('hello')
    autosave.touch(() => draft)
    await autosave.flush()
    expect(await listDrafts(shelf, '1')).toHaveLength(1)
    await tab().wake()
    expect(world.asked).toEqual([])
  })

  it('that was emptied is gone', async () => {
    const autosave = new Autosave(shelf, { around: null, given: '@bob ' })
    const draft = write('hello')
    await saveDraft(shelf, draft, 1)
    autosave.touch(() => ({ ...draft, parts: [newPart('@bob ')] }))
    await autosave.flush()
    expect(await listDrafts(shelf, '1')).toEqual([])
  })

  it('saved late does not call back what was queued', async () => {
    const outbox = tab()
    const draft = write('hello')
    world.isOnline = false
    await outbox.queue(draft)
    await saveDraft(shelf, draft, 2)
    expect(await outbox.list('1')).toHaveLength(1)
    expect(await listDrafts(shelf, '1')).toEqual([])
  })

  it('is saved at once when the page is left', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
    const window = new EventTarget()
    const autosave = new Autosave(shelf, { around: { page, window } as never })
    autosave.touch(() => write('hello'))
    window.dispatchEvent(new Event('pagehide'))
    await autosave.drop()
    expect(await listDrafts(shelf, '1')).toHaveLength(1)
  })

  it('is kept before the page goes whose session has ended', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
    const window = new EventTarget()
    const autosave = new Autosave(shelf, { around: { page, window } as never })
    autosave.touch(() => write('hello'))
    await keepAll(window)
    expect(await listDrafts(shelf, '1')).toHaveLength(1)
    await autosave.close()
  })

  it('waits for whoever wrote it, until somebody else is signed in', async () => {
    await saveDraft(shelf, write('hello'), 1)
    await saveDraft(shelf, { ...write('other'), account: '2' }, 1)
    await shelf.keepOnly(['1', '2'])
    expect(await listDrafts(shelf, '2')).toHaveLength(1)
    await shelf.keepOnly(['1'])
    expect(await listDrafts(shelf, '1')).toHaveLength(1)
    expect(await listDrafts(shelf, '2')).toEqual([])
  })

  it('goes with its account', async () => {
    await saveDraft(shelf, write('hello'), 1)
    await saveDraft(shelf, { ...write('other'), account: '2' }, 1)
    await shelf.clear('1')
    expect(await listDrafts(shelf, '1')).toEqual([])
    expect(await listDrafts(shelf, '2')).toHaveLength(1)
    await shelf.clear()
    expect(await listDrafts(shelf, '2')).toEqual([])
  })
})

describe('locks', () => {
  it('let one in at a time', async () => {
    const locks = [leaseLock(shelf, Date.now, 3), leaseLock(shelf, Date.now, 3), lockFor(shelf, undefined)]
    let inside = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 5))
      inside -= 1
    }
    await Promise.all(locks.slice(0, 2).flatMap((lock) => [lock('x', work), lock('x', work)]))
    expect(most).toBe(1)
  })
})
