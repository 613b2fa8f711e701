import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../lib/api'
import type { Turn } from '../lib/assistant'
import { Talk } from './talk.svelte'

const CHATS = '/api/weft/v1/assistant/chats'

const turn = (id: string, role: Turn['role'], values: Partial<Turn> = {}): Turn => ({
  id, role, text: '', created_at: '2026-01-01T00:00:00Z', state: 'done', sources: [], label: { generated: false, model: '', sources: 0 }, judged: null, about_post_id: null, ...values,
})
const asked = turn('1', 'person', { text: 'When?' })
const made = turn('2', 'assistant', { text: 'On Monday.', label: { generated: true, model: 'm', sources: 1 } })
const frame = (name: string, value: unknown) => new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`)
const start = frame('start', { asked, turn: turn('2', 'assistant') })

type Answer = Response | Promise<Response>

/** A server that answers by method and path; what it was asked is kept. */
function server(answers: Record<string, (signal?: AbortSignal) => Answer>): string[] {
  const calls: string[] = []
  vi.stubGlobal('fetch', async (path: string, request: RequestInit = {}) => {
    const call = `${request.method ?? 'GET'} ${path}`
    calls.push(call)
    return (await answers[call]?.(request.signal ?? undefined)) ?? Response.json({})
  })
  return calls
}

/** A stream that says this, and then ends as `end` does. */
const stream = (frames: Uint8Array[], end: (controller: ReadableStreamDefaultController<Uint8Array>) => void = (controller) => controller.close()): Response => {
  const left = [...frames]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = left.shift()
      if (next) controller.enqueue(next)
      else end(controller)
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const asking = { [`POST ${CHATS}`]: () => Response.json({ id: '7', title: '', created_at: '', updated_at: '' }) }

afterEach(() => vi.unstubAllGlobals())

describe('a conversation with the assistant', () => {
  it('that loses its connection says so, keeps what arrived, and claims nothing of how that was made', async () => {
    server({ ...asking, [`POST ${CHATS}/7/turns`]: () => stream([start, frame('delta', { text: 'On Mon' })], (controller) => controller.error(new TypeError('network error'))) })
    const talk = new Talk()
    expect(await talk.say('When?', null)).toBe(true)
    expect((talk.problem as ApiError).problem).toBe('offline')
    expect(talk.turns.map((one) => [one.text, one.state])).toEqual([['When?', 'done'], ['On Mon', 'failed']])
    expect(talk.turns[1]?.label).toBeNull()
    expect(talk.busy).toBe(false)
  })

  it('asks once more by the question, for the server may never have written the answer down', async () => {
    const calls = server({
      ...asking,
      [`POST ${CHATS}/7/turns`]: () => stream([start]),
      [`POST ${CHATS}/7/turns/1/again`]: () => stream([frame('start', { asked, turn: turn('3', 'assistant') }), frame('done', { turn: { ...made, id: '3' } })]),
    })
    const talk = new Talk()
    await talk.say('When?', null)
    await talk.again(talk.turns[1] as Turn)
    expect(calls).toContain(`POST ${CHATS}/7/turns/1/again`)
    expect(talk.turns.map((one) => one.id)).toEqual(['1', '3'])
    expect(talk.problem).toBeNull()
  })

  it('that was left in the middle waits for what the server writes down of it', async () => {
    const stopped = { ...made, state: 'stopped' as const }
    let looks = 0
    server({
      [`GET ${CHATS}/7`]: () => Response.json({ id: '7', title: 'When?' }),
      [`GET ${CHATS}/7/turns`]: () => Response.json((looks += 1) === 1 ? [asked] : [asked, stopped]),
    })
    const talk = new Talk()
    await talk.open('7')
    expect(talk.settling).toBe(true)
    await vi.waitFor(() => expect(talk.settling).toBe(false), 2000)
    expect(talk.turns.map((one) => one.state)).toEqual(['done', 'stopped'])
    expect(looks).toBe(2)
  })

  it('answers a question that has no answer', async () => {
    server({
      [`GET ${CHATS}/7`]: () => Response.json({ id: '7', title: 'When?' }),
      [`GET ${CHATS}/7/turns`]: () => Response.json([asked]),
      [`POST ${CHATS}/7/turns/1/again`]: () => stream([start, frame('done', { turn: made })]),
    })
    const talk = new Talk()
    await talk.open('7')
    await talk.again(talk.turns[0] as Turn)
    expect(talk.turns.map((one) => one.text)).toEqual(['When?', 'On Monday.'])
  })

  it('holds nothing but what the server told while the next question is on its way', async () => {
    let go = () => {}
    const gate = new Promise<void>((done) => (go = done))
    server({
      [`GET ${CHATS}/7`]: () => Response.json({ id: '7', title: 'When?' }),
      [`GET ${CHATS}/7/turns`]: () => Response.json([asked, made]),
      [`POST ${CHATS}/7/turns/2/judged`]: () => Response.json({ ...made, judged: true }),
      [`POST ${CHATS}/7/turns`]: async () => {
        await gate
        return stream([frame('start', { asked: turn('4', 'person', { text: 'Where?' }), turn: turn('5', 'assistant') }), frame('done', { turn: { ...made, id: '5', text: 'Here.' } })])
      },
    })
    const talk = new Talk()
    await talk.open('7')
    const saying = talk.say('Where?', null)
    await talk.judge(made, true)
    go()
    await saying
    expect(talk.turns.map((one) => one.id)).toEqual(['1', '2', '4', '5'])
    expect(talk.turns[1]?.judged).toBe(true)
  })

  it('that is stopped is what the server wrote down, and until then what arrived', async () => {
    const stopped = { ...made, text: 'On', state: 'stopped' as const }
    for (const written of [[asked], [asked, stopped]]) {
      const talk = new Talk()
      server({
        ...asking,
        [`GET ${CHATS}/7/turns`]: () => Response.json(written),
        [`POST ${CHATS}/7/turns`]: (signal) =>
          stream([start, frame('delta', { text: 'On Mon' })], (controller) => {
            signal?.addEventListener('abort', () => controller.error(new DOMException('stopped', 'AbortError')))
            talk.stop()
          }),
      })
      await talk.say('When?', null)
      expect(talk.problem).toBeNull()
      expect(talk.turns.map((one) => one.state)).toEqual(['done', 'stopped'])
      expect(talk.turns[1]?.label).toEqual(written.length > 1 ? stopped.label : null)
    }
  })

  it('forgets what another tab forgot before', async () => {
    server({
      [`GET ${CHATS}/7`]: () => Response.json({ id: '7', title: 'When?' }),
      [`GET ${CHATS}/7/turns`]: () => Response.json([asked, made]),
      [`DELETE ${CHATS}/7/turns/1`]: () => Response.json({ error: 'Record not found' }, { status: 404 }),
    })
    const talk = new Talk()
    await talk.open('7')
    await talk.forget(asked)
    expect(talk.turns).toEqual([])
  })
})
